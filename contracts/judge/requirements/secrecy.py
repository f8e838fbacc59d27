"""What must not leave the target."""

from contracts.judge.case import Breach, Breaches, Case, NotJudged, requirement
from contracts.judge.requirements.common import (
    answered,
    every,
    failure_met,
    in_connects,
    ready_was_shown,
    requested,
    shape_of,
)
from contracts.judge.situation import Shape, Trait
from contracts.judge.spellings import KEY, spellings


def _contains(text: str, secret: str) -> bool:
    return any(spelling in text for spelling in spellings(secret))


@requirement(
    "secrecy.api-secret",
    "No answer and no URL contains the API secret.",
    why="It opens the whole account.",
    source="seed B (never expose it)",
    premise=in_connects(every(requested, answered)),
)
def secrecy_api_secret(case: Case) -> Breaches:
    """Check bodies, headers and addresses."""
    for answer in case.seen.answers:
        if _contains(answer.body.decode(errors="replace"), case.context.secret):
            yield Breach("no API secret in an answer's body", "one")
        if _contains(str(dict(answer.headers)), case.context.secret):
            yield Breach("no API secret in an answer's headers", "one")
    if any(each.secret_in_url for each in case.seen.upstream):
        yield Breach("no secret in a URL", "one in a request upstream")


@requirement(
    "secrecy.session-key",
    "Only an answer of the session-key shape contains the session key.",
    why="Any holder of the key can take the session over until it is consumed.",
    source="seed B (log without credentials); ours",
    premise=every(ready_was_shown, answered),
)
def secrecy_session_key(case: Case) -> Breaches:
    """Check headers, and the bodies of other answers."""
    for answer in case.seen.answers:
        entitled = answer.ok and shape_of(answer) is not Shape.CREDENTIALS
        body = "" if entitled else answer.body.decode("latin-1")
        if KEY.search(f"{dict(answer.headers)} {body}"):
            yield Breach("no session key in this answer", "one")


@requirement(
    "secrecy.output",
    "The target's output contains neither the API secret nor a session key.",
    why="Many people and systems read, ship and keep logs.",
    source="seed B (log without credentials); ours",
    premise=requested,
)
def secrecy_output(case: Case) -> Breaches:
    """Check what the target wrote during the situation, a line for each kind of secret."""
    if not case.seen.output and not case.seen.leaks:
        raise NotJudged("there is no output: the judge did not start the target, or it wrote none")
    for what, leak in {leak.what: leak for leak in reversed(case.seen.leaks)}.items():
        beside = f" (while {', '.join(leak.beside)} ran, too)" if leak.beside else ""
        yield Breach(f"no {what} in the target's output", f"one{beside}: {leak.line}")


@requirement(
    "secrecy.upstream-text",
    "The caller gets no text of Runway's.",
    why="Runway writes it for the account's owner: limits, balance, moderation, internals.",
    source="observed (raw upstream bodies sent to browsers); ours",
    premise=every(failure_met, answered),
    traits={Trait.ERROR},
)
def secrecy_upstream_text(case: Case) -> Breaches:
    """Check for the marker word that all texts of the fake contain."""
    for answer in case.answered:
        if case.context.marker in f"{answer.body!r} {dict(answer.headers)}":
            yield Breach("a text of the target's own", f"the upstream's, with {answer}")
