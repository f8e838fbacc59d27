"""What nobody may get to see."""

from collections.abc import Iterable, Iterator

from contracts.judge.case import Breach, Context, Shape, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import KEY, NotJudged, arrived, shape_of
from contracts.judge.spellings import spellings

# Secrets


def _places(seen: Observation) -> Iterator[tuple[str, str]]:
    for answer in seen.answers:
        yield "an answer's body", answer.body.decode(errors="replace")
        yield "an answer's headers", str(dict(answer.headers))


def _shows(text: str, secret: str) -> bool:
    return any(spelling in text for spelling in spellings(secret))


@requirement(
    "secrecy.api-secret",
    "The API secret is in no answer, and in no URL.",
    why="It opens the whole account.",
    source="seed B (never expose it)",
)
def secrecy_api_secret(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge bodies, headers and addresses."""
    for place, text in _places(seen):
        if _shows(text, context.secret):
            yield Breach(f"no API secret in {place}", "one")
    if any(each.secret_in_url for each in seen.upstream):
        yield Breach("no secret in a URL", "one in a request upstream")


@requirement(
    "secrecy.session-key",
    "The session key is in the session-key shape's answer alone.",
    why="Whoever has it can take the session over until it is consumed.",
    source="seed B (log without credentials); ours",
)
def secrecy_session_key(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge answers of the other kind."""
    for answer in seen.answers:
        entitled = answer.ok and shape_of(answer) is not Shape.CREDENTIALS
        shown = str(dict(answer.headers)) + ("" if entitled else answer.body.decode("latin-1"))
        if KEY.search(shown):
            yield Breach("no session key in this answer", "one")


@requirement(
    "secrecy.output",
    "Neither the API secret nor a session key is in what the target writes.",
    why="Logs are read, shipped and kept by many who must not have either.",
    source="seed B (log without credentials); ours",
)
def secrecy_output(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge what the target wrote meanwhile."""
    if not seen.output:
        raise NotJudged("the target was not heard: the judge did not start it, or it wrote nothing")
    if _shows(seen.output, context.secret):
        yield Breach("no API secret in the target's output", "one")
    if KEY.search(seen.output):
        yield Breach("no session key in the target's output", "one")


@requirement(
    "secrecy.upstream-text",
    "Nothing that Runway says is passed on to the caller.",
    why="It was written for the account's owner: limits, balance, moderation, internals.",
    source="observed (raw upstream bodies sent to browsers); ours",
    tags="error repeat",
)
def secrecy_upstream_text(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge by the marker word in all that the fake says."""
    for answer in arrived(seen):
        if context.marker.encode() in answer.body or context.marker in str(dict(answer.headers)):
            yield Breach("a text of the target's own", f"the upstream's, with {answer}")
