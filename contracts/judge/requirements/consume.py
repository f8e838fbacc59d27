"""consume, and the headers of every request."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Shape, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import NotJudged, handed_out, shape_of, went_elsewhere

# Consume


@requirement(
    "consume.once",
    "A key is used once: no consume follows one that the server has acted on.",
    why="The second is refused, and the credentials of the first are gone.",
    source="observed (single use)",
)
def consume_once(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the consumes of each session."""
    for session in seen.sessions:
        consumes = [each for each in seen.consumes if each.session == session.id]
        acted = [index for index, each in enumerate(consumes) if each.acted and each.status == 200]
        if acted and len(consumes) > acted[0] + 1:
            yield Breach("one consume", str(len(consumes)))


@requirement(
    "consume.with-the-key",
    "consume is authorised by the session's key, and not by the API secret.",
    why="The API secret opens the whole account; the key opens one session, once.",
    source="seed B; SDK",
    tags="success",
)
def consume_with_the_key(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge what came with the consumes."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    wrong = [each for each in seen.consumes if not each.key_fits]
    if wrong:
        yield Breach("the session's key", f"another bearer token, {len(wrong)} times")


@requirement(
    "consume.arrives",
    "Credentials come from a consume that went to the configured host, with a session's key.",
    why="A host that is written into the code is production, also in tests.",
    source="observed (consume sent to a hard-coded host)",
    tags="success",
    unless="last",  # the deadline may come between the look and the consume
)
def consume_arrives(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge whether the consume of each handed out session was seen."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    ours = {session.id for session in seen.sessions}
    consumed = {each.session for each in seen.consumes}
    for answer in handed_out(seen):
        session = answer.fields.get("sessionId")
        if shape_of(answer) is Shape.CREDENTIALS and session in ours - consumed:
            yield Breach("a consume upstream", "credentials without one")
    if went_elsewhere(seen, context):
        yield Breach(
            "a consume upstream after READY, with the session's key", f"none, and {seen.answer}"
        )


# Headers
