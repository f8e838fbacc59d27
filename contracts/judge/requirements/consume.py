"""How the target consumes a session."""

from contracts.judge.case import Breach, Breaches, Case, Level, NotJudged, requirement
from contracts.judge.requirements.common import counted, sent, shape_of, target_consumes
from contracts.judge.situation import Shape, Trait


@requirement(
    "consume.once",
    "A key is used once: no consume follows one that Runway has acted on.",
    why="Runway rejects the second, and the credentials of the first are gone.",
    source="observed (single use)",
    premise=sent("consumeSession"),
)
def consume_once(case: Case) -> Breaches:
    """Check the consumes of each session."""
    if not case.seen.consumes:
        target_consumes(case)
    for session in case.seen.sessions:
        consumes = [each for each in case.seen.consumes if each.session == session.id]
        if any(each.acted and each.status == 200 for each in consumes[:-1]):
            yield Breach("one consume of a session", counted(len(consumes), "consume"))


def _key_checked(case: Case) -> str:
    """Runway looked at the key of a consume."""
    if any(each.key_fits is not None for each in case.seen.consumes):
        return ""
    return f"Runway looked at the key of no consume: {case.stopped_at}"


@requirement(
    "consume.with-the-key",
    "consume is authorised by the session's key, not by the API secret.",
    why="The API secret opens the whole account; the key opens one session, once.",
    source="seed B; SDK",
    premise=_key_checked,
    traits={Trait.SUCCESS},
)
def consume_with_the_key(case: Case) -> Breaches:
    """Check the bearer token of consumes."""
    target_consumes(case)
    if wrong := sum(each.key_fits is False for each in case.seen.consumes):
        yield Breach("the session's key", f"another bearer token, {wrong} times")


@requirement(
    "consume.content-type",
    "consume declares JSON, or has no body and no content type.",
    why="Runway refuses a form's content type, which some HTTP libraries send by themselves.",
    source="observed (415 for a form's content type; {} as application/json is accepted)",
    premise=sent("consumeSession"),
    traits={Trait.SUCCESS},
)
def consume_content_type(case: Case) -> Breaches:
    """Check that Runway does not answer 415."""
    target_consumes(case)
    if wrong := [each for each in case.seen.consumes if each.status == 415 and not each.faults]:
        expected = "Content-Type: application/json with {}, or neither content type nor body"
        yield Breach(expected, f"a content type that Runway refuses: {wrong[0]}")


@requirement(
    "consume.declared-type",
    "consume declares application/json, also without a body.",
    why="One report says that Runway refuses a consume without a content type; the guides' servers"
    " send none.",
    source="observed (a refusal); SDK (browsers declare JSON); seed B (declares nothing)",
    premise=sent("consumeSession"),
    traits={Trait.SUCCESS},
    level=Level.MAY,
)
def consume_declared_type(case: Case) -> Breaches:
    """Check that a content type is declared; a wrong one is for consume.content-type."""
    target_consumes(case)
    consumes = case.seen.consumes
    if consumes and all(each.content_type == "" for each in consumes):
        raise NotJudged("this fake does not say which content type a request declares")
    if bare := [each for each in case.seen.consumes if each.content_type is None]:
        yield Breach("Content-Type: application/json", f"none with {counted(len(bare), 'consume')}")


@requirement(
    "consume.arrives",
    "Credentials come from a consume at the configured host, with the session's key.",
    why="A host in the source code is production, in tests too.",
    source="observed (consume sent to a hard-coded host)",
    premise=sent("consumeSession"),
    traits={Trait.SUCCESS},
    unless={Trait.LAST_MOMENT},  # the deadline may come between the poll and the consume
)
def consume_arrives(case: Case) -> Breaches:
    """Check that the fake got the consume of each session that was handed out."""
    target_consumes(case)
    ours = {session.id for session in case.seen.sessions}
    consumed = {each.session for each in case.seen.consumes}
    for answer in case.handed_out:
        session = answer.fields.get("sessionId")
        if shape_of(answer) is Shape.CREDENTIALS and session in ours - consumed:
            yield Breach("a consume upstream", "credentials without one")
    if case.went_elsewhere:
        expected = "a consume upstream after READY, with the session's key"
        yield Breach(expected, f"none, and the caller got {case.seen.answer}")
