"""What a history demands, on histories that are easier to write down than to produce."""

from dataclasses import replace

import pytest

from contracts.judge.case import Context
from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.oracle import by_history
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Json, Shape, Situation, Trait
from contracts.judge.verdict import Outcome, judge
from tests.support.judge.made_reports import BEGAN_AT, SESSION, call, session

KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
CONTEXT = Context(8.0, Shape.SESSION_KEY, "a-secret", "marker", "wss://media.invalid")
AVATAR = {"type": "runway-preset", "presetId": "an-avatar"}
HANDED_OUT = f'{{"sessionId": "{SESSION}", "sessionKey": "{KEY}"}}'.encode()
FAILED = b'{"error": "no"}'
FAULTS: dict[str, Json] = {
    "lost": {"lost": True},
    "text": {"content_type": "text/plain"},
    "malformed": {"malformed": True},
    "busy": {"status": 503, "headers": {"Retry-After": "1"}},
    "final": {"status": 401},
    "failing": {"status": 500},
    "odd": {"set": {"status": "FAILED"}},
    "keyless": {"omit": ["sessionKey"]},
}
CREATED = (0.0, "created", "provisioning")
READY_AT_2 = (CREATED, (2.0, "provisioned", "ready"))
CANCELLED_AT_4 = (*READY_AT_2, (4.0, "cancelled", "cancelled"))


def create(number: int, at_s: float = 0.0, **more: object) -> UpstreamCall:
    """Return a create, answered with an id unless `more` says otherwise."""
    body = {"model": "gwm1_avatars", "avatar": AVATAR}
    usual = call(number, at_s, "POST", body=body, fields={"id": SESSION})
    return replace(usual, **more)  # type: ignore[arg-type]  # names are checked when it is called


def poll(number: int, at_s: float, shown: str | None = "NOT_READY", **more: object) -> UpstreamCall:
    """Return a poll; READY comes with its key."""
    key = {"sessionKey": "***"} if shown == "READY" else {}
    fields = {"id": SESSION, "status": shown, **key}
    usual = call(number, at_s, shown=shown, fields=fields)
    return replace(usual, **more)  # type: ignore[arg-type]


def cancel(number: int, at_s: float, **more: object) -> UpstreamCall:
    """Return a cancel that succeeds."""
    usual = call(number, at_s, "DELETE", operation="deleteSession", shown=None, status=204)
    return replace(usual, **more)  # type: ignore[arg-type]


def struck(each: UpstreamCall, fault: str, **more: object) -> UpstreamCall:
    """Return a call that a fault struck."""
    struck_by = replace(each, faults=(f"avatar-x/{fault}",))
    return replace(struck_by, **more)  # type: ignore[arg-type]


def ready_at_2(*more: UpstreamCall) -> tuple[UpstreamCall, ...]:
    """Return the calls of a connect whose session is READY after two seconds."""
    return (create(1), poll(2, 1.0), poll(3, 2.0, "READY"), *more)


def seen(
    status: int | None,
    after_s: float,
    upstream: tuple[UpstreamCall, ...],
    *moves: tuple[float, str, str],
    form: Json | None = None,
    leaves_after_s: float | None = None,
) -> Observation:
    """Return what was observed of a connect that was answered after so many seconds."""
    body = HANDED_OUT if status == 200 else FAILED
    failure = "" if status else "the caller left"
    answered = TargetAnswer(
        BEGAN_AT, BEGAN_AT + after_s, status, {"Content-Type": "application/json"}, body, failure
    )
    faults = [{"name": name, "effect": effect} for name, effect in FAULTS.items()]
    situation = Situation(
        "example",
        "",
        Expect.EITHER,
        session={"provision_time": "2s", "faults": faults, **(form or {})},
        leaves_after_s=leaves_after_s,
    )
    sessions: tuple[ObservedSession, ...] = (session(*moves),) if moves else ()
    return Observation(situation, "an-avatar", (answered,), upstream, sessions, until=BEGAN_AT + 20)


def broken(observed: Observation) -> set[str]:
    """Return the ids of what the history says is broken."""
    judged = by_history(observed, CONTEXT)
    verdicts = (judge(each, [judged], CONTEXT) for each in REQUIREMENTS)
    return {each.requirement.id for each in verdicts if each.outcome is Outcome.FAIL}


NO_KEY = (create(1), struck(poll(2, 2.0, "READY", fields={"status": "READY"}), "keyless"))
ENDED = (CREATED, (1.0, "failed", "failed"))
AT_THE_END = {"provision_time": "6900ms"}
FAILED_POLL = struck(poll(2, 1.0, None, status=500), "failing")
SECOND_CREATE = (
    struck(create(1, acted=True), "lost", status=200, arrives=False),
    create(2, 1.0),
    poll(3, 2.0, "READY"),
)


CASES: dict[str, tuple[Observation, set[str]]] = {
    "a session that was READY is handed out": (
        seen(200, 2.0, ready_at_2(), *READY_AT_2),
        set(),
    ),
    "one that could have been is not": (
        seen(502, 2.0, ready_at_2(cancel(4, 2.1)), *CANCELLED_AT_4),
        {"poll.waits"},
    ),
    "the target gives up before the session is READY": (
        seen(504, 1.0, (create(1), cancel(2, 1.0)), CREATED, (1.0, "cancelled", "cancelled")),
        {"poll.waits"},
    ),
    "READY has no key, and is handed out": (
        seen(200, 2.0, NO_KEY, *READY_AT_2),
        {"state.ready-without-key"},
    ),
    "READY has no key, and nothing is cancelled": (
        seen(502, 2.0, NO_KEY, *READY_AT_2),
        {"cancel.after-a-failure"},
    ),
    "what is RUNNING is handed out": (
        seen(
            200,
            2.0,
            (create(1), poll(2, 2.0, "RUNNING")),
            *READY_AT_2,
            (2.0, "consumed", "running"),
        ),
        {"state.running"},
    ),
    "the end of a session is overlooked": (
        seen(504, 8.0, (create(1), *(poll(n, n - 1.0, "FAILED") for n in range(3, 9))), *ENDED),
        {"terminal.ends-the-wait"},
    ),
    "the end of a session is a failure at once": (
        seen(502, 1.2, (create(1), poll(2, 1.2, "FAILED")), *ENDED),
        set(),
    ),
    "an upstream error is a success": (
        seen(200, 1.0, (create(1), struck(poll(2, 1.0), "malformed")), *READY_AT_2[:1]),
        {"upstream.poll"},
    ),
    "a doubtful answer may be refused": (
        seen(
            502,
            2.0,
            (create(1), struck(poll(2, 2.0, "READY"), "text"), cancel(3, 2.1)),
            *CANCELLED_AT_4,
        ),
        set(),
    ),
    "a doubtful answer may be taken": (
        seen(200, 2.0, (create(1), struck(poll(2, 2.0, "READY"), "text")), *READY_AT_2),
        set(),
    ),
    "a session whose reply was broken cannot be cancelled": (
        seen(502, 0.1, (struck(create(1), "malformed"),), *READY_AT_2),
        set(),
    ),
    "a create is repeated whose reply was lost": (
        seen(200, 2.0, SECOND_CREATE, *READY_AT_2),
        {"retry.create-not-blindly"},
    ),
    "one poll that fails costs the session": (
        seen(502, 1.0, (create(1), FAILED_POLL, cancel(3, 1.1)), *CANCELLED_AT_4),
        {"retry.passing-error"},
    ),
    "READY at the last moment is not seen in time": (
        seen(
            504,
            8.0,
            (create(1), *(poll(n, n - 1.0) for n in range(2, 8)), cancel(9, 8.0)),
            CREATED,
            (7.3, "provisioned", "ready"),
            (8.0, "cancelled", "cancelled"),
            form={"provision_time": "7300ms"},
        ),
        set(),
    ),
    "READY a second before the deadline is not handed out": (
        seen(
            504,
            8.0,
            (create(1), *(poll(n, n - 1.0) for n in range(2, 8)), cancel(9, 8.0)),
            CREATED,
            (6.9, "provisioned", "ready"),
            (8.0, "cancelled", "cancelled"),
            form=AT_THE_END,
        ),
        {"time.last-moment"},
    ),
    "the deadline is called the caller's fault": (
        seen(
            404,
            8.0,
            (create(1), *(poll(n, n - 1.0) for n in range(2, 9)), cancel(9, 8.0)),
            CREATED,
            (8.0, "cancelled", "cancelled"),
            form={"provision_time": "never"},
        ),
        {"time.status"},
    ),
    "a cancel that Runway refuses is owed no more": (
        seen(
            502,
            2.0,
            (*NO_KEY, struck(cancel(3, 2.1), "final", status=401)),
            *READY_AT_2,
        ),
        set(),
    ),
    "a session that is over, as a poll says, needs no cancel": (
        seen(502, 2.0, (create(1), struck(poll(2, 2.0, "FAILED"), "odd")), *READY_AT_2),
        set(),
    ),
    "Runway's 401 is passed on": (
        seen(
            401,
            1.0,
            (create(1), struck(poll(2, 1.0, None, status=401), "final"), cancel(3, 1.1)),
            *CANCELLED_AT_4,
        ),
        {"upstream.not-the-callers-fault"},
    ),
    "a caller leaves, and the session goes on": (
        seen(
            None,
            1.0,
            (create(1), poll(2, 0.5), poll(3, 2.0, "READY")),
            *READY_AT_2,
            leaves_after_s=1.0,
        ),
        {"cancel.caller-gone"},
    ),
    "a caller leaves as the answer is written": (
        seen(None, 2.0, ready_at_2(), *READY_AT_2, leaves_after_s=2.0),
        set(),
    ),
    "a create that is too busy once is not repeated": (
        seen(503, 0.1, (struck(create(1, status=503, acted=False), "busy"),)),
        {"retry.busy"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_history_demands_what_is_certain(name: str) -> None:
    """What a right target must have done is demanded, and nothing where it may do either."""
    observed, expected = CASES[name]

    assert broken(observed) == expected


def test_a_wrong_request_is_judged_by_what_is_wrong_with_it() -> None:
    """Its traits are known before, and stay."""
    refused = Situation("example", "", Expect.REFUSAL, {Trait.REFUSED, Trait.BAD_JSON})
    observed = replace(seen(200, 0.1, ()), situation=refused)

    assert by_history(observed, CONTEXT).situation.traits == refused.traits


def test_a_last_moment_needs_a_machine_that_was_on_time() -> None:
    """Where a second decides, a busy machine cannot judge."""
    observed, _ = CASES["READY a second before the deadline is not handed out"]

    assert by_history(observed, CONTEXT).situation.to_the_second
    assert broken(replace(observed, lost_s=0.5)) == set()
