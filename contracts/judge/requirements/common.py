"""What the checks of several families share, and the premises on which they rest.

A premise returns what did not happen, in a clause that fits after the id of a situation: "the
create got 400". It is empty if it happened.
"""

from contracts.judge.case import Breach, Breaches, Case, NotJudged, Premise
from contracts.judge.observation import TERMINAL, ObservedSession, TargetAnswer
from contracts.judge.situation import Expect, Shape

SHORTEST_INTERVAL_S = 0.1
FINAL_STATUSES = (400, 401, 402, 403, 404)
"""After these, the next attempt gets the same answer."""
_HOPS = {
    **{"createSession": "create", "getSession": "poll"},
    **{"consumeSession": "consume", "deleteSession": "cancel"},
}


def shape_of(answer: TargetAnswer) -> Shape | None:
    """Return which shape an answer has, None if it is neither or both."""
    return answer.shape


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which takes an s: `1 poll`, `2 polls`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def target_consumes(case: Case) -> None:
    """Raise `NotJudged` where the browser consumes."""
    if case.context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")


def never_a_success(case: Case) -> Breaches:
    """Check that no answer is a success, if what goes wrong can have reached the target.

    A target that sent nothing about the situation has met none of its faults.
    """
    if not case.seen.upstream:
        return
    for answer in case.in_time:
        if answer.ok:
            yield Breach("a non-2xx answer", f"{answer} with the keys {sorted(answer.fields)}")


def hands_out(case: Case) -> Breaches:
    """Check that every answer is a success."""
    for answer in case.answered:
        if not answer.ok and not case.mistake:
            yield Breach("2xx with credentials", f"{answer}: {case.stopped_at}")


# Premises


def every(*premises: Premise) -> Premise:
    """Return the premise that all of them hold; the first that does not is the cause."""
    return lambda case: next((why for each in premises if (why := each(case))), "")


def answered(case: Case) -> str:
    """A caller got an answer by the deadline."""
    if any(case.in_time):
        return ""
    return f"no caller got an answer by the deadline: {case.seen.answer}"


def failed(case: Case) -> str:
    """A caller got a failure."""
    failures = any(not answer.ok for answer in case.answered)
    return "" if failures else f"no caller got a failure: {case.seen.answer}"


def handed_out(case: Case) -> str:
    """A caller got a success."""
    return "" if any(case.handed_out) else _none_handed_out(case)


def _none_handed_out(case: Case) -> str:
    return f"no credentials were handed out: {case.stopped_at}, the caller {_got(case)}"


def several_handed_out(case: Case) -> str:
    """Two callers at least got a success."""
    return "" if len([*case.handed_out]) > 1 else _none_handed_out(case)


def connects(case: Case) -> str:
    """The connect was answered, and no mistake stopped it that another requirement is about."""
    if mistake := case.mistake:
        return f"{mistake.text}, which {mistake.about} judges"
    return answered(case)


def sent(*operations: str) -> Premise:
    """Return the premise that the target sent a request of each operation."""

    def premise(case: Case) -> str:
        missing = [_HOPS[each] for each in operations if not case.seen.calls(each)]
        return f"it sent no {missing[0]}: {case.stopped_at}" if missing else ""

    return premise


def requested(case: Case) -> str:
    """The target sent a request upstream."""
    return "" if case.seen.upstream else case.stopped_at


def struck(*operations: str) -> Premise:
    """Return the premise that a request of one of these operations met the injected fault."""

    def premise(case: Case) -> str:
        if any(call.faults for each in operations for call in case.seen.calls(each)):
            return ""
        hops = " or ".join(_HOPS[each] for each in operations)
        return f"no {hops} met the injected fault: {case.stopped_at}"

    return premise


def showed(*statuses: str) -> Premise:
    """Return the premise that a poll showed one of these statuses to the target."""

    def premise(case: Case) -> str:
        if any(each.shown in statuses and each.arrives for each in case.seen.polls):
            return ""
        return f"no poll showed {' or '.join(statuses)}: {case.stopped_at}"

    return premise


over_was_shown = showed("FAILED", "CANCELLED", "COMPLETED", "RUNNING")
ready_was_shown = showed("READY")


def failure_met(case: Case) -> str:
    """The target met what goes wrong in the situation: a fault, or a session that is over."""
    met = any(each.faults for each in case.seen.upstream) or not over_was_shown(case)
    return "" if met else f"the target met nothing of what goes wrong: {case.stopped_at}"


def took_place(case: Case) -> str:
    """The target met what the situation is about: its fault, or else a session."""
    if case.seen.known or any(each.faults for each in case.seen.upstream):
        return ""
    return f"nothing of the situation took place: {case.stopped_at}"


def created(case: Case) -> str:
    """The target learned of a session that it created."""
    return "" if case.seen.known else f"the target learned of no session: {case.stopped_at}"


def deadline_came(case: Case) -> str:
    """The target waited: a create was sent, and the answer did not come in half of the time."""
    if not case.seen.creates:
        return case.stopped_at
    if case.seen.answer.took_s < case.context.timeout_s / 2:
        return f"the caller {_got(case)}, long before the deadline: {case.stopped_at}"
    return answered(case)


def caller_left(case: Case) -> str:
    """The caller hung up before it got an answer."""
    return "" if case.seen.answer.status is None else f"the caller {_got(case)} before it left"


def left_over(case: Case) -> str:
    """A session was there to be cancelled: known to the target, not over, not handed out."""
    if any(case.handed_out):
        return "the session was handed out"
    if not case.seen.known:
        return created(case)
    alive = [each for each in case.seen.known if not _ended_by_itself(case, each)]
    return "" if alive else "the session was over before the target could cancel it"


def _ended_by_itself(case: Case, session: ObservedSession) -> bool:
    """Tell whether it ended otherwise than by a cancel of the target."""
    if session.state not in TERMINAL or session.ended_at is None:
        return False
    cancels = (each.at for each in case.seen.cancels if each.session == session.id)
    return all(at > session.ended_at for at in cancels)


def right_ones_are_taken(case: Case) -> str:
    """The target creates sessions for right requests, so that a rejection tells them apart."""
    if case.context.creates is False:
        return "the target created no session for a right request either"
    closed = any("closed" in answer.failure for answer in case.seen.answers)
    return "" if closed else answered(case)


def _got(case: Case) -> str:
    """Return what the first caller got, after its noun."""
    return f"got {case.seen.answer}"


def in_connects(premise: Premise) -> Premise:
    """Return the premise, which no wrong request fulfils."""

    def in_connect(case: Case) -> str:
        if case.seen.situation.expect is Expect.REFUSAL:
            return "the request was wrong, and nothing was connected"
        return premise(case)

    return in_connect
