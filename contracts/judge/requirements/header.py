"""The headers of the requests to Runway."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Level, Shape, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import NotJudged


@requirement(
    "header.version",
    "Every request with the API secret carries X-Runway-Version: 2024-11-06.",
    why="Runway requires it on every operation that is authorised by the secret.",
    source="published OpenAPI",
    tags="success deadline gone poll repeat",
)
def header_version(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge all but consumes, where browsers leave it out."""
    bare = [each for each in seen.upstream if not each.versioned and each not in seen.consumes]
    if bare:
        yield Breach("the header on every request", f"{len(bare)} without, such as {bare[0]}")


@requirement(
    "header.version-on-consume",
    "consume carries the version header too.",
    why="Runway's guide sends it there; the browser SDK does not, so both work today.",
    source="seed B; SDK (leaves it out); observed (missing on consume)",
    tags="success",
    level=Level.MAY,
)
def header_version_on_consume(
    seen: Observation, _: Situation, context: Context
) -> Iterable[Breach]:
    """Judge consumes."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    bare = [each for each in seen.consumes if not each.versioned]
    if bare:
        yield Breach("the header", f"{len(bare)} consumes without it")
