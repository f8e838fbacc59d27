"""What must not leave the target."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from contracts.judge.case import Breach, Breaches, Case, Level, NotJudged, requirement
from contracts.judge.observation import TargetAnswer
from contracts.judge.requirements.common import (
    answered,
    created,
    every,
    failed,
    failure_met,
    handed_out,
    in_connects,
    ready_was_shown,
    requested,
    shape_of,
    took_place,
)
from contracts.judge.situation import Shape, Trait
from contracts.judge.spellings import API_SECRET, KEY, PART_OF_SECRET, TOKEN, Searched, spellings

_SEARCHED = 65_536  # characters of an answer that are searched for a trace
_TRACE = re.compile(
    r"Traceback \(most recent|goroutine \d{1,9} \[|\bat node:internal/"
    r"|\.(?:[cm]?[jt]sx?|py|rb|php|go|java|kt|cs|rs|exs?)"
    r"(?::\d|\(\d|:line \d| on line \d|\\?\"[ ,]{1,2}line \d|&quot;, line \d)"
)


def _contains(text: str, secret: str) -> bool:
    return any(spelling in text for spelling in spellings(secret))


def _has_part(text: str, case: Case) -> bool:
    found = Searched(case.context.secret).found_in(text)
    return any(each.what == PART_OF_SECRET for each in found)


def _sent(answer: TargetAnswer) -> str:
    """Return all that a caller gets, as text."""
    headers = "\n".join(f"{name}: {text}" for name, text in answer.headers.items())
    return f"{headers}\n\n{answer.body.decode(errors='replace')}"


def _failures(case: Case) -> Iterator[TargetAnswer]:
    return (answer for answer in case.answered if not answer.ok)


@requirement(
    "secrecy.api-secret",
    "No answer and no URL contains the API secret, in any encoding, or a part of it.",
    why="It opens the whole account.",
    source="seed B (never expose it)",
    premise=in_connects(every(requested, answered)),
    stands_alone=True,
)
def secrecy_api_secret(case: Case) -> Breaches:
    """Check bodies, headers and addresses."""
    for answer in case.seen.answers:
        if _contains(answer.body.decode(errors="replace"), case.context.secret):
            yield Breach("no API secret in an answer's body", "one")
        elif _contains(str(dict(answer.headers)), case.context.secret):
            yield Breach("no API secret in an answer's headers", "one")
        elif _has_part(_sent(answer), case):
            yield Breach("no part of the API secret in an answer", "one")
    if any(each.secret_in_url for each in case.seen.upstream):
        yield Breach("no secret in a URL", "one in a request upstream")


@requirement(
    "secrecy.session-key",
    "Only an answer of the session-key shape contains the session key.",
    why="Any holder of the key can take the session over until it is consumed.",
    source="seed B (log without credentials); ours",
    premise=every(ready_was_shown, answered),
    stands_alone=True,
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
    "The target's output contains no API secret, no session key and no token.",
    why="Many people and systems read, ship and keep logs.",
    source="seed B (log without credentials); ours",
    premise=requested,
    stands_alone=True,
)
def secrecy_output(case: Case) -> Breaches:
    """Check what the target wrote during the situation, a line for each kind of secret."""
    yield from _leaked(case, lambda what: what != PART_OF_SECRET)


@requirement(
    "secrecy.output-parts",
    "The target's output contains no part of the API secret: not its beginning, not its end, not"
    " twelve characters in a row.",
    why="The fewer people know a part, the less is left to guess; a name tells keys apart as well.",
    source="ours",
    premise=requested,
    level=Level.SHOULD,
    stands_alone=True,
)
def secrecy_output_parts(case: Case) -> Breaches:
    """Check what the target wrote during the situation, unless it wrote the whole secret."""
    if all(leak.what != API_SECRET for leak in case.seen.leaks):
        yield from _leaked(case, lambda what: what == PART_OF_SECRET)


def _leaked(case: Case, is_meant: Callable[[str], bool]) -> Breaches:
    """Yield the secrets of some kinds in the output, a line for each kind."""
    if not case.seen.output and not case.seen.leaks:
        why = "the target wrote no output"
        raise NotJudged(why if case.context.started else "the judge did not start the target")
    for what, leak in {leak.what: leak for leak in reversed(case.seen.leaks)}.items():
        if is_meant(what):
            beside = f" (while {', '.join(leak.beside)} ran, too)" if leak.beside else ""
            yield Breach(f"no {what} in the target's output", f"one{beside}: {leak.line}")


@requirement(
    "secrecy.token",
    "A token is in the `token` of credentials and nowhere else.",
    why="It opens the room, and headers, cookies and failures are kept and logged on the way.",
    source="seed B (log without credentials); ours",
    premise=in_connects(every(requested, answered)),
)
def secrecy_token(case: Case) -> Breaches:
    """Check headers, failures, and what else is in a success."""
    for answer in case.answered:
        text, token = _sent(answer), answer.fields.get("token")
        if answer.ok and isinstance(token, str):
            text = text.replace(token, "", 1)
        if TOKEN.search(text):
            yield Breach("no token in this part of an answer", f"one, with {answer}")


@requirement(
    "secrecy.callers-credentials",
    "The caller's own credentials are in no answer and not in the target's output.",
    why="They open what the caller may do elsewhere, and logs are kept and read by many.",
    source="seed A (a caller may send its own Authorization); ours",
    premise=answered,
    traits={Trait.OWN_CREDENTIALS},
    level=Level.SHOULD,
)
def secrecy_callers_credentials(case: Case) -> Breaches:
    """Check answers and output for the tokens that the caller of the situation sent."""
    for token in case.caller_tokens:
        if any(_contains(_sent(answer), token) for answer in case.answered):
            yield Breach("no credentials of the caller in an answer", "some")
        if _contains(case.seen.output, token):
            yield Breach("no credentials of the caller in the target's output", "some")


@requirement(
    "secrecy.cached",
    "No success is declared as something that a cache may keep for others.",
    why="The key in it works once, and its token opens the room of one caller.",
    source="RFC 9111; ours",
    premise=handed_out,
    traits={Trait.SUCCESS},
)
def secrecy_cached(case: Case) -> Breaches:
    """Check Cache-Control and Expires; a POST without either is kept by no cache."""
    for answer in case.handed_out:
        headers = {name.lower(): text.lower() for name, text in answer.headers.items()}
        control = {each.strip() for each in headers.get("cache-control", "").split(",")}
        if control & {"no-store", "private", "no-cache"}:
            continue
        lasting = [
            each
            for each in sorted(control)
            if each in ("public", "immutable")
            or (each.startswith(("max-age=", "s-maxage=")) and not each.endswith("=0"))
        ]
        if lasting or (not control - {""} and headers.get("expires", "0") not in ("0", "-1")):
            got = ", ".join(lasting) or f"Expires: {headers['expires']}"
            yield Breach("no-store, or no declaration", got[:100])


@requirement(
    "secrecy.upstream-address",
    "A failure does not name the address of Runway's API, or a path of it.",
    why="It shows how the target is built and which proxy it uses, and the page can do nothing.",
    source="ours (texts of HTTP libraries sent to browsers)",
    premise=every(failure_met, failed),
    level=Level.SHOULD,
)
def secrecy_upstream_address(case: Case) -> Breaches:
    """Check bodies and headers of failures."""
    parts = urlsplit(case.context.upstream_url)
    port = [f"port={parts.port}", f"port {parts.port}"] if parts.port else []
    named = ["/v1/realtime_sessions", *filter(None, [parts.netloc]), *port]
    for answer in _failures(case):
        if found := [each for each in named if each in _sent(answer)]:
            yield Breach("a text of the target's own", f"{found[0]}, with {answer}")


@requirement(
    "secrecy.trace",
    "A failure shows no stack trace and no line of source code.",
    why="It shows how the target is built, to everybody.",
    source="ours (error pages of development modes)",
    premise=failed,
    level=Level.SHOULD,
)
def secrecy_trace(case: Case) -> Breaches:
    """Check bodies and headers of failures for files with line numbers."""
    for answer in _failures(case):
        if _TRACE.search(_sent(answer)[:_SEARCHED]):
            yield Breach("a text without a trace", f"one with a trace, with {answer}")


@requirement(
    "secrecy.session-id",
    "A failure does not contain the id of a session.",
    why="A session that is not handed out is the target's own, and its log is the place for it.",
    source="ours",
    premise=every(created, failed),
    level=Level.SHOULD,
)
def secrecy_session_id(case: Case) -> Breaches:
    """Check bodies and headers of failures for the ids of the sessions of the situation."""
    for answer in _failures(case):
        if any(session.id in _sent(answer) for session in case.seen.sessions):
            yield Breach("a failure without the id of a session", f"one, with {answer}")


@requirement(
    "secrecy.upstream-text",
    "The caller gets no text, header or request id of Runway's.",
    why="Runway writes it for the account's owner: limits, balance, moderation, internals.",
    source="observed (raw upstream bodies sent to browsers); ours",
    premise=every(took_place, answered),
    traits={Trait.ERROR, Trait.NEW_FIELDS, Trait.PASSING},
)
def secrecy_upstream_text(case: Case) -> Breaches:
    """Check for the marker word that all texts of the fake contain."""
    for answer in case.answered:
        if case.context.marker in f"{answer.body!r} {dict(answer.headers)}":
            yield Breach("a text of the target's own", f"the upstream's, with {answer}")
