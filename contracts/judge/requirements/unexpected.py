"""Requests that no page of the site sends, and what of them may reach Runway."""

from contracts.judge.case import (
    Breach,
    Breaches,
    Case,
    Level,
    NotJudged,
    rejected_body,
    requirement,
)
from contracts.judge.requirements.common import (
    answered,
    connects,
    counted,
    every,
    hands_out,
    right_ones_are_taken,
    shape_of,
)
from contracts.judge.situation import Trait

_SENT = {"model", "avatar"}
"""The keys of a create that the contract names."""


def _creates_nothing(case: Case) -> Breaches:
    """Check the creates for the avatar of the situation, and credentials for another one."""
    method = case.seen.answer.method
    if created := sum(each.status == 200 for each in case.seen.creates):
        yield Breach("no session", f"{counted(created, 'session')} after {method}")
    elif any(shape_of(answer) for answer in case.handed_out):
        yield Breach("no session", f"credentials of a session after {method}")


@requirement(
    "unexpected.method",
    "Only a POST creates a session.",
    why="Links, images and crawlers send GET and HEAD, and each create costs credits.",
    source="RFC 9110 (GET, HEAD and OPTIONS are safe); seed A; seed B (POST)",
    premise=every(right_ones_are_taken, answered),
    traits={Trait.OTHER_METHOD},
)
def unexpected_method(case: Case) -> Breaches:
    """Check what another method does upstream."""
    if case.context.method != "POST":
        raise NotJudged(f"a right request to this target is a {case.context.method}")
    yield from _creates_nothing(case)


def _foreign(case: Case) -> Breaches:
    """Check what such a request does upstream."""
    if case.context.method != "POST":
        raise NotJudged(f"a right request to this target is a {case.context.method}")
    yield from _creates_nothing(case)


_WHY = "Pages of other sites can send these without a preflight, with the cookies of the user."
_SOURCE = "ours; Fetch standard (no preflight for forms and text); seed A (calls send JSON)"
unexpected_foreign = requirement(
    "unexpected.foreign-request",
    "A form, or a query alone, creates no session.",
    why=_WHY,
    source=_SOURCE,
    premise=every(right_ones_are_taken, answered),
    traits={Trait.FOREIGN_REQUEST},
    level=Level.SHOULD,
)(_foreign)
unexpected_undeclared = requirement(
    "unexpected.undeclared-json",
    "JSON that is declared as text or as a form, or not at all, creates no session.",
    why=_WHY,
    source=_SOURCE,
    premise=every(right_ones_are_taken, answered),
    traits={Trait.UNDECLARED_JSON},
    level=Level.MAY,  # most frameworks read any body as JSON, and so do the guides' routes
)(_foreign)


def _reaches_runway(case: Case, allowed: set[str]) -> Breaches:
    """Check which keys a create has, and that the connect is unharmed by those of the caller."""
    ours = {session.id for session in case.seen.sessions}
    others_succeed = case.context.alone_s is not None  # else poll.waits says what is wrong
    for create in case.seen.creates:
        if rejected_body(create) and others_succeed:
            yield Breach("a create that Runway accepts", f"one that it rejects: {create.status}")
        elif more := sorted(create.body.keys() - allowed):
            yield Breach("model and avatar in a create", f"also {', '.join(more)}")
    for answer in case.answered:
        if answer.ok and answer.fields.get("sessionId") not in ours:
            yield Breach("a session created with the target's own API secret", "another session")
        elif answer.status is not None and answer.status >= 500 and others_succeed:
            yield Breach("a success or a rejection", f"{answer}: {case.stopped_at}")


@requirement(
    "unexpected.extra-keys",
    "Of the body, only the avatar reaches Runway: model, secret, host and session are not chosen by"
    " the caller.",
    why="A page could use other models, or make the target send its secret to another host.",
    source="ours; OWASP (mass assignment, request forgery)",
    premise=every(right_ones_are_taken, answered),
    traits={Trait.EXTRA_KEYS},
)
def unexpected_extra_keys(case: Case) -> Breaches:
    """Check the creates, and that calls go where they should."""
    yield from _reaches_runway(case, _SENT | {"maxDuration", "personality", "startScript", "tools"})


@requirement(
    "unexpected.options",
    "Options of a session in the body do not reach Runway, unless the target offers them.",
    why="maxDuration decides what a session costs, and personality what it says.",
    source="ours; OWASP (mass assignment)",
    premise=every(right_ones_are_taken, answered),
    traits={Trait.EXTRA_OPTIONS},
    level=Level.MAY,  # the judge cannot know what a target offers on purpose
)
def unexpected_options(case: Case) -> Breaches:
    """Check the keys of creates."""
    yield from _reaches_runway(case, _SENT)


@requirement(
    "unexpected.own-credentials",
    "The caller's own Authorization, cookies and X- headers are not used with Runway.",
    why="Runway knows the API secret only; a forwarded token is given to another company.",
    source="seed A (a caller may send its own Authorization); seed B; ours",
    premise=every(right_ones_are_taken, answered),
    traits={Trait.OWN_CREDENTIALS},
)
def unexpected_own_credentials(case: Case) -> Breaches:
    """Check that the session was created with the configured secret and version, and no cookies."""
    yield from _reaches_runway(case, _SENT)
    rest = (each for each in case.seen.upstream if each.operation != "consumeSession")
    sent = {name.lower() for name in case.seen.situation.request.headers}
    if "x-runway-version" in sent and any(not each.versioned for each in rest):
        yield Breach("X-Runway-Version of the target's own", "the caller's, or none")
    if "cookie" in sent and any(each.cookies for each in case.seen.upstream):
        yield Breach("no cookies of the caller in requests to Runway", "a Cookie header")


@requirement(
    "unexpected.foreign-origin",
    "No page of any other site may read answers with the credentials of the user.",
    why="Every page could start sessions in the name of a user who is logged in.",
    source="Fetch standard (CORS with credentials); OWASP",
    premise=answered,
    traits={Trait.FOREIGN_ORIGIN},
)
def unexpected_foreign_origin(case: Case) -> Breaches:
    """Check the CORS headers; `*` without credentials is a choice of the target."""
    for answer in case.answered:
        headers = {name.lower(): text.strip() for name, text in answer.headers.items()}
        allowed = headers.get("access-control-allow-origin", "")
        if allowed and headers.get("access-control-allow-credentials", "").lower() == "true":
            yield Breach("no credentials for an origin that is not known", f"{allowed} with them")


unexpected_charset = requirement(
    "unexpected.charset",
    "application/json with a charset is JSON.",
    why="HTTP libraries add a charset by themselves.",
    source="RFC 9110",
    premise=connects,
    traits={Trait.CHARSET},
)(hands_out)
