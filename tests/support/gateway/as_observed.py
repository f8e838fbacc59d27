"""A simulated connect as the judge of the contract observes one."""

from contracts.judge.case import Context, Requirement
from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.oracle import by_history
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Json, Shape
from contracts.judge.situation import Situation as Judged
from contracts.judge.verdict import Outcome as Verdict
from contracts.judge.verdict import judge
from fake_runway.core.durations import Fixed
from tests.support.gateway.connecting import Outcome, Situation
from tests.support.gateway.upstream import Attempt, Fault, Hop, Status
from tests.support.servers import SECRET

OPERATIONS = {
    Hop.CREATE: "createSession",
    Hop.POLL: "getSession",
    Hop.CONSUME: "consumeSession",
    Hop.CANCEL: "deleteSession",
}
EFFECTS: dict[Fault, Json] = {
    Fault.REFUSED: {"reset": True},
    Fault.RESET: {"reset": True},
    Fault.HANG: {"hang": True},
    Fault.LOST: {"lost": True},
    Fault.LOST_HANG: {"lost": True},
    Fault.MALFORMED: {"malformed": True},
    Fault.MISSING: {"set": {}},
}
NOT_SIMULATED = ("request.", "header.", "many.", "secrecy.", "consume.with-the-key", "shape.cred")
"""Requirements about what a simulated connect does not record, or never varies."""
BEFORE = float("inf")


def broken(situation: Situation, outcome: Outcome) -> dict[str, list[str]]:
    """Return what of the contract the connect breaks, by its history, each with its breaches."""
    context = Context(situation.deadline_s, Shape(situation.shape), SECRET, "", "")
    seen = by_history(observed(situation, outcome), context)
    verdicts = (judge(each, [seen], context) for each in simulated_requirements())
    return {each.requirement.id: each.lines() for each in verdicts if each.outcome is Verdict.FAIL}


def simulated_requirements() -> list[Requirement]:
    """Return the requirements that a simulated connect can break."""
    return [each for each in REQUIREMENTS if not each.id.startswith(NOT_SIMULATED)]


def observed(situation: Situation, outcome: Outcome) -> Observation:
    """Return what the judge would have observed; the caller's request is instant 0."""
    numbered = list(enumerate(outcome.history, start=1))
    effects = {str(number): _effect(each) for number, each in numbered}
    faults = [{"name": name, "effect": effect} for name, effect in effects.items() if effect]
    plan = situation.settings.plan
    form = {"faults": faults, "provision_time": _span(plan.provision)}
    return Observation(
        situation=Judged(
            "simulated",
            "A simulated connect.",
            Expect.EITHER,
            session=form,
            leaves_after_s=situation.leaves_at,
        ),
        avatar="music-superstar",
        answers=(_answer(outcome),),
        upstream=tuple(_call(number, each, effects[str(number)]) for number, each in numbered),
        sessions=tuple(
            ObservedSession(each.id, each.state.value, outcome.moves[each.id])
            for each in outcome.sessions
        ),
        until=BEFORE,
    )


def _span(duration: object) -> str:
    return f"{duration.seconds}s" if isinstance(duration, Fixed) else "2s"


def _answer(outcome: Outcome) -> TargetAnswer:
    if (answer := outcome.answer) is None:
        return TargetAnswer(0.0, outcome.answered_at, failure="the caller left")
    headers = dict(answer.headers)
    return TargetAnswer(0.0, outcome.answered_at, answer.status, headers, answer.body)


def _effect(attempt: Attempt) -> Json:
    match attempt.got:
        case Status():
            return {"status": attempt.got.status, "headers": dict(attempt.got.headers)}
        case Fault():
            return EFFECTS[attempt.got]
        case _:
            return {}


def _call(number: int, attempt: Attempt, effect: Json) -> UpstreamCall:
    fields = attempt.got if isinstance(attempt.got, dict) else {}
    whole = not isinstance(attempt.got, Fault) or attempt.got in (Fault.MALFORMED, Fault.MISSING)
    ended = attempt.ended if attempt.ended is not None else BEFORE
    return UpstreamCall(
        number=number,
        at=attempt.started,
        operation=OPERATIONS[attempt.hop],
        method=attempt.hop.value.split()[0],
        path=f"/v1/realtime_sessions/{attempt.session}",
        session=attempt.session or str(fields.get("id", "")),
        status=attempt.status or None,
        arrives=whole and attempt.ended is not None,
        acted=attempt.acted,
        wait_s=ended - attempt.started,
        key_fits=True if attempt.hop is Hop.CONSUME else None,
        versioned=True,
        secret_in_url=False,
        body={},
        shown=fields.get("status"),
        faults=(str(number),) if effect else (),
        fields=fields,
    )
