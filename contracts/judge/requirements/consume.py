"""How the target consumes a session."""

from contracts.judge.case import Breach, Breaches, Case, requirement
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


@requirement(
    "consume.with-the-key",
    "consume is authorised by the session's key, not by the API secret.",
    why="The API secret opens the whole account; the key opens one session, once.",
    source="seed B; SDK",
    premise=sent("consumeSession"),
    traits={Trait.SUCCESS},
)
def consume_with_the_key(case: Case) -> Breaches:
    """Check the bearer token of consumes."""
    target_consumes(case)
    if wrong := sum(not each.key_fits for each in case.seen.consumes):
        yield Breach("the session's key", f"another bearer token, {wrong} times")


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
