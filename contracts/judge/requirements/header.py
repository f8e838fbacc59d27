"""The headers of the requests to Runway."""

from contracts.judge.case import Breach, Breaches, Case, Level, requirement
from contracts.judge.requirements.common import counted, sent, target_consumes
from contracts.judge.situation import Trait


@requirement(
    "header.version",
    "Every request with the API secret carries X-Runway-Version: 2024-11-06.",
    why="Runway requires it on every operation that is authorised by the secret.",
    source="published OpenAPI",
    premise=sent("createSession", "getSession"),
    traits={Trait.SUCCESS, Trait.DEADLINE, Trait.GONE, Trait.POLL, Trait.PASSING},
)
def header_version(case: Case) -> Breaches:
    """Check all requests but consumes, where browsers leave the header out."""
    rest = (each for each in case.seen.upstream if each.operation != "consumeSession")
    if bare := [each for each in rest if not each.versioned]:
        got = f"{counted(len(bare), 'request')} without it, such as {bare[0]}"
        yield Breach("X-Runway-Version: 2024-11-06 on every request", got)


@requirement(
    "header.version-on-consume",
    "consume carries the version header too.",
    why="Runway's guide sends it there; the browser SDK does not, so both work today.",
    source="seed B; SDK (leaves it out); observed (missing on consume)",
    premise=sent("consumeSession"),
    traits={Trait.SUCCESS},
    level=Level.MAY,
)
def header_version_on_consume(case: Case) -> Breaches:
    """Check consumes."""
    target_consumes(case)
    if bare := sum(not each.versioned for each in case.seen.consumes):
        yield Breach("X-Runway-Version on a consume too", f"{counted(bare, 'consume')} without it")
