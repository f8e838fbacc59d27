"""Findings: each rule has a client that breaks it and one that comes close and is right.

A client that calls the service of a real world makes the histories; the test alone moves the
clock.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.clock import VirtualClock
from fake_runway.core.durations import Fixed
from fake_runway.core.errors import Refused
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.history.findings import MOST_NUMBERS, RULES, Finding, finding_body, findings
from fake_runway.core.history.journal import DEFAULT_CAPACITY, Act, Entry, Exchange, Move, Rejection
from fake_runway.core.lifecycles.session import Event, State
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Happening, Plan
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.bodies import check_version
from fake_runway.web.errors import BadVersion
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from tests.unit.fake_runway.core.playing import LAW, START

BY_ID = {operation.id: operation for operation in OPERATIONS}
BODY = {"model": "gwm1_avatars", "avatar": {"type": "runway-preset", "presetId": "influencer"}}
OTHER_BODY = {**BODY, "maxDuration": 60}
CATALOGUE = Catalogue.builtin()
UNKNOWN_ROUTE = Rejection("unknown_route", 404, "Not found.")
USER = {"participant": "user:1"}
ROOM = (
    {"event": "joined", **USER, "hidden": False},
    {"event": "tool_called", "call": "1", "tool": "price", "args": {}},
    {"event": "tool_answered", "call": "1", "result": None, "error": "timeout", "seconds": 4},
    {"event": "unheard", "seconds": 4},
    {"event": "joined", **USER, "hidden": False},
    {"event": "left", **USER, "how": "lost"},
)
"""A call in which everything goes wrong."""
LONG = 1_000.0
"""Longer than any wait of a rule."""


class Client:
    """Calls the service of one world; time passes by the test's moves alone."""

    def __init__(self, plan: Plan | None = None, *, rate: float = 1.0) -> None:
        self.rate = rate
        self.clock = VirtualClock(lambda: 0.0, rate=rate, start=START)
        self.world = World(
            "w",
            origin="w",
            seed="1",
            base=Settings(plan=plan or Plan(provision=Fixed(1.5))),
            scenario=DEFAULT_SCENARIO,
            catalogue=CATALOGUE,
            clock=self.clock,
        )
        self.id = ""

    def wait(self, seconds: float) -> None:
        """Let time pass by itself."""
        self.clock.jump(seconds)

    def move_clock(self, seconds: float) -> None:
        """Move the clock from outside, as an admin does."""
        self._act("moveClock", {"by": f"{seconds}s"})
        self.clock.jump(seconds)

    def set_rate(self, rate: float) -> None:
        """Let time pass at another rate, as an admin does."""
        self._act("setClockRate", {"rate": rate})
        self.clock.set_rate(rate)

    def _act(self, what: str, body: dict[str, object]) -> None:
        log = self.world.log
        log.add_act(Act(log.number(), self.clock.now(), what, NO_SUBJECT, body))

    def fault(self, operation: str, times: int = 1, **effect: object) -> None:
        """Place a fault on the next calls of an operation; `acted` is no effect."""
        data: dict[str, Any] = {"match": {"operation": operation}, "times": times}
        if "acted" in effect:
            data["acted"] = effect.pop("acted")
        name = f"fault-{len(self.world.placed)}"
        fault = parse_fault({**data, "effect": effect}, name=name, per_session=False)
        self.world.place(fault, at=self.clock.now())

    def forget(self, *, all_at_once: bool) -> None:
        """Let the journal lose every act so far: cleared, or full of others."""
        if all_at_once:
            self.world.log.clear()
            return
        for _ in range(DEFAULT_CAPACITY):
            self._act("removeFaults", {})

    def occur(self, event: Event) -> None:
        """Apply an event to the session, as an admin does."""
        self.world.account.apply_event(self.id, event, at=self.clock.now())

    def report(self, event: str, **facts: Any) -> Act:
        """Report what happened in the room, as the room does; return the act."""
        self.world.report(self.id, {"event": event, **facts})
        return self.world.log.acts[-1]

    def join(self, who: str = "user:1", *, hidden: bool = False) -> Act:
        """Report a join."""
        return self.report("joined", participant=who, hidden=hidden)

    def leave(self, how: str, who: str = "user:1") -> Act:
        """Report a leave."""
        return self.report("left", participant=who, how=how)

    def call(self, operation: str, **facts: Any) -> Exchange:
        """Make a call and return its exchange."""
        known = BY_ID[operation]
        path = known.template.replace("{id}", self.id)
        facts = {"versioned": True, "agent": "a", "unread": (), **facts}
        token = facts.pop("token", "")
        exchange = Exchange(operation, known.method, path, **facts)
        apply_call(RunwayCall(self.world, LiveKit(), known, exchange, token))
        return self.world.log.exchanges[-1]

    def create(self, body: dict[str, Any] | None = None, **facts: Any) -> Exchange:
        """Create a session and go on with it."""
        made = self.call("createSession", body=body or BODY, **facts)
        self.id = made.subject.id or self.id
        return made

    def get(self, times: int = 1, *, every: float = 1.0, **facts: Any) -> Exchange:
        """Poll `times` times."""
        for number in range(times):
            if number:
                self.wait(every)
            got = self.call("getSession", subject=Subject("session", self.id), **facts)
        return got

    def delete(self) -> Exchange:
        """Cancel."""
        return self.call("deleteSession", subject=Subject("session", self.id))

    def consume(self, key: str | None = None, **facts: Any) -> Exchange:
        """Consume, as a browser does."""
        account = self.world.account
        token = key or account.session_key(account.sessions[self.id])
        facts = {"versioned": False, **facts}
        return self.call(
            "consumeSession", subject=Subject("session", self.id), token=token, **facts
        )

    def ready(self) -> None:
        """Create a session and poll until READY."""
        self.create()
        self.wait(2.0)
        self.get()

    def found(self, after: float = 0.0) -> list[Finding]:
        """Return the findings, so many seconds later."""
        self.wait(after)
        now = self.clock.now()
        self.world.account.advance(now)
        log = self.world.log
        return findings(
            log.entries(),
            resources=self.world.account.sessions,
            now=now,
            rate=self.rate if log.rate_before is None else log.rate_before,
            clock_lost=log.clock_lost,
            acts_lost=log.deleted or log.evicted.acts > 0,
        )

    def ids(self, after: float = 0.0) -> list[str]:
        """Return the ids of the findings."""
        return [each.id for each in self.found(after)]


@pytest.fixture
def client() -> Client:
    """A client of a world in which a session is READY after 1.5 s and expires 300 s later."""
    return Client()


# Everything right


def test_a_client_that_connects_gives_no_finding(client: Client) -> None:
    """Create, poll each second until READY, consume once: no finding, at any later instant."""
    client.ready()
    client.consume()
    assert client.ids() == []
    assert client.ids(after=LONG) == []


def test_a_client_that_does_nothing_gives_no_finding(client: Client) -> None:
    """An empty journal has no finding."""
    assert client.ids(after=LONG) == []


# abandoned-ready


def test_a_session_that_became_ready_unseen_is_abandoned(client: Client) -> None:
    """The client stopped polling before READY and did not cancel."""
    made = client.create()
    last = client.get(times=2)
    assert client.ids(after=59.0) == []
    [found] = client.found(after=1.0)
    assert found.id == "abandoned-ready"
    assert found.subject == Subject("session", client.id)
    assert found.at == last.at
    assert found.numbers == (made.number, last.number)
    assert client.ids(after=LONG) == ["abandoned-ready"]  # it has expired meanwhile


def test_a_session_that_expired_soon_is_abandoned_at_once() -> None:
    """Once it has expired unconsumed, the finding needs no further wait."""
    client = Client(Plan(provision=Fixed(1.5), expires_in_s=5.0))
    client.create()
    client.get()
    assert client.ids(after=6.0) == []
    assert client.ids(after=1.0) == ["abandoned-ready"]


def test_a_cancelled_session_is_not_abandoned(client: Client) -> None:
    """A client that gives up polling and cancels is right, even if the DELETE fails."""
    client.fault("deleteSession", status=500)
    client.create()
    client.get()
    client.delete()
    assert client.ids(after=LONG) == []


def test_a_session_that_is_seen_to_have_expired_is_not_abandoned() -> None:
    """A client that polls slowly, misses READY and gets the end has nothing to cancel."""
    client = Client(Plan(provision=Fixed(1.5), expires_in_s=0.5))
    client.create()
    client.get(times=3)
    assert client.ids(after=LONG) == []


# consume-never-arrived


def test_a_consume_that_goes_elsewhere_is_missed(client: Client) -> None:
    """READY was answered with its key, and no consume arrived within 30 s."""
    client.ready()
    ready = client.world.log.exchanges[-1]
    assert client.ids(after=29.0) == []
    [found] = client.found(after=1.0)
    assert found.id == "consume-never-arrived"
    assert "baseUrl" in found.message
    assert found.at == ready.at
    assert found.numbers[-1] == ready.number
    assert client.ids(after=LONG) == ["consume-never-arrived"]


def test_a_consume_that_is_missed_by_expiry_needs_no_wait() -> None:
    """A key that expires within the 30 s is reported when it has."""
    client = Client(Plan(provision=Fixed(1.5), expires_in_s=5.0))
    client.ready()
    assert client.ids(after=3.0) == []
    assert client.ids(after=3.0) == ["consume-never-arrived"]


def test_a_late_consume_has_arrived(client: Client) -> None:
    """The finding goes away when the consume arrives after all, even if the key expired."""
    client.ready()
    assert client.ids(after=40.0) == ["consume-never-arrived"]
    client.consume()
    assert client.ids(after=LONG) == []
    client.ready()
    client.wait(LONG)
    assert client.consume().status == 401
    assert client.ids(after=LONG) == []


def test_a_session_that_is_cancelled_or_seen_to_be_over_needs_no_consume(client: Client) -> None:
    """The caller went away and the client cancelled; or the session failed and was polled on."""
    client.ready()
    client.delete()
    client.ready()
    client.occur(Event.FAILED)
    client.get()
    assert client.ids(after=LONG) == []


def test_a_session_consumed_by_an_admin_needs_no_consume(client: Client) -> None:
    """A test that plays the browser through the admin API gets no finding."""
    client.ready()
    client.occur(Event.CONSUMED)
    assert client.ids(after=LONG) == []


def test_a_use_is_seen_in_the_journal_and_in_the_session(client: Client) -> None:
    """The session shows a use without a join, the journal one of an evicted session."""
    client.ready()
    client.occur(Event.CLAIMED)
    assert client.ids(after=LONG) == []
    client.ready()
    client.occur(Event.CONSUMED)
    client.wait(LONG)
    client.world.log.moves.clear()
    assert "consume-never-arrived" not in [
        each.id for each in client.found() if each.subject.id == client.id
    ]


def test_ready_that_may_have_been_unreadable_is_no_missing_consume(client: Client) -> None:
    """Behind a fault it is unknown what the client read: it should have cancelled, no more."""
    client.create()
    client.wait(2.0)
    client.fault("getSession", malformed=True)
    client.get()
    assert client.ids(after=LONG) == ["never-cancelled"]


def test_ready_without_a_key_is_no_missing_consume(client: Client) -> None:
    """A session that cannot be consumed has to be cancelled."""
    client.create()
    client.wait(2.0)
    client.fault("getSession", omit=["sessionKey"])
    client.get()
    assert client.ids(after=LONG) == ["never-cancelled"]


# never-cancelled


def test_a_session_given_up_after_a_failure_should_be_cancelled(client: Client) -> None:
    """A poll failed, the client gave up, and the session is still there."""
    made = client.create()
    client.fault("getSession", status=500)
    last = client.get()
    assert client.ids(after=59.0) == []
    [found] = client.found(after=1.0)
    assert (found.id, found.numbers) == ("never-cancelled", (made.number, last.number))
    assert "getSession, was answered 500" in found.message
    assert client.ids(after=LONG) == ["never-cancelled"]


def test_a_session_that_never_gets_ready_should_be_cancelled() -> None:
    """The client stopped polling while it was not READY, and it never was."""
    client = Client(Plan(provision=Fixed(LONG * 9)))
    client.create()
    client.get(times=31)
    assert client.ids(after=60.0) == ["never-cancelled"]


def test_a_session_that_runs_on_after_a_lost_consume_should_be_cancelled(client: Client) -> None:
    """The reply to the consume was lost: the session runs to its end, with no participant."""
    client.ready()
    client.fault("consumeSession", lost=True)
    client.consume()
    [found] = client.found(after=60.0)
    assert found.id == "never-cancelled"
    assert "consumeSession, was not answered" in found.message
    client.consume()  # refused, and still without a participant
    assert client.ids(after=LONG) == ["never-cancelled"]


def test_a_session_that_ran_to_its_end_needs_no_further_wait() -> None:
    """Once it has run to its end without a participant, the finding is certain."""
    client = Client(Plan(provision=Fixed(1.5), session_cap_s=10.0))
    client.ready()
    client.fault("consumeSession", lost=True)
    client.consume()
    assert client.ids(after=9.0) == []
    assert client.ids(after=1.0) == ["never-cancelled"]


def test_a_lost_consume_that_is_repeated_and_cancelled_is_no_finding(client: Client) -> None:
    """The second try is refused; that the session is cancelled then is what counts."""
    client.ready()
    client.fault("consumeSession", lost=True)
    client.consume()
    client.wait(1.0)
    assert client.consume().status == 400
    client.delete()
    assert client.ids(after=LONG) == []


def test_a_failure_that_is_overcome_is_no_finding(client: Client) -> None:
    """A poll that fails and is repeated at once, and a failure after the consume, do no harm."""
    client.fault("getSession", status=500)
    client.create()
    client.get(times=2, every=0.0)
    client.wait(2.0)
    client.get()
    client.consume()
    client.fault("getSession", reset=True)
    client.get()
    assert client.ids(after=LONG) == []


def test_what_is_over_before_the_failure_needs_no_cancelling(client: Client) -> None:
    """There was nothing left to cancel when the call failed."""
    client.create()
    client.occur(Event.FAILED)
    client.fault("getSession", status=503)
    client.get()
    assert client.ids(after=LONG) == []


def test_an_answer_on_its_way_is_waited_for(client: Client) -> None:
    """The client is not quiet while a slow answer is held back."""
    client.create()
    client.fault("getSession", delay="100s")
    client.get()
    assert client.ids(after=100.0) == []
    assert client.ids(after=60.0) != []


def test_a_session_that_the_test_made_is_not_the_clients(client: Client) -> None:
    """Without a create in the journal, no client is blamed for leaving a session behind."""
    client.id = client.world.account.create(at=client.clock.now()).id
    client.get()
    assert client.ids(after=LONG) == []


# create-reply-lost


@pytest.mark.parametrize("effect", [{"lost": True}, {"status": 500, "acted": True}])
def test_a_session_whose_create_reply_was_lost_is_listed(
    client: Client, effect: dict[str, Any]
) -> None:
    """No client can know its id: the finding is an information, not a mistake."""
    client.fault("createSession", **effect)
    made = client.create()
    [found] = client.found()
    assert (found.id, found.subject.id, found.severity.value) == (
        "create-reply-lost",
        client.id,
        "info",
    )
    assert found.numbers == (made.number,)
    assert client.ids(after=LONG) == ["create-reply-lost"]


def test_a_create_reply_behind_a_fault_is_lost_if_the_id_is_never_used(client: Client) -> None:
    """A broken reply counts as lost; one that was only slow does not."""
    client.fault("createSession", malformed=True)
    client.create()
    assert client.ids(after=59.0) == []
    assert client.ids(after=1.0) == ["create-reply-lost"]
    client = Client()
    client.fault("createSession", delay="1s")
    client.ready()
    client.consume()
    assert client.ids(after=LONG) == []


def test_a_session_whose_id_is_used_was_not_lost(client: Client) -> None:
    """A client that uses the id, from any source, is the one to cancel it."""
    client.fault("createSession", lost=True)
    client.create()
    client.get()
    assert client.ids(after=LONG) == ["abandoned-ready"]


def test_a_create_that_did_not_act_lost_nothing(client: Client) -> None:
    """A reset before the server acted leaves no session behind, nor does a refusal."""
    client.fault("createSession", reset=True)
    client.create()
    client.fault("createSession", status=429)
    client.create()
    assert client.ids(after=LONG) == []


def test_a_lost_session_that_was_cancelled_by_hand_is_not_listed(client: Client) -> None:
    """A session that an admin cancelled needs no cancel of the client."""
    client.fault("createSession", lost=True)
    client.create()
    client.occur(Event.CANCELLED)
    assert client.ids(after=LONG) == []


# never-polled


@pytest.mark.parametrize("length_s", [5.0, 300.0])
def test_a_session_that_is_created_and_forgotten_was_never_polled(length_s: float) -> None:
    """Nothing followed the create for a minute, or until the session expired."""
    client = Client(Plan(provision=Fixed(1.5), expires_in_s=length_s))
    made = client.create()
    assert client.ids(after=6.0) == []
    [found] = client.found(after=54.0)
    assert (found.id, found.subject) == ("never-polled", Subject("session", client.id))
    assert (found.at, found.numbers) == (made.at, (made.number,))
    assert client.ids(after=LONG) == ["never-polled"]


def test_a_session_that_only_a_backend_joins_was_never_polled(client: Client) -> None:
    """A call of another kind shows nothing of the session's status."""
    client.create()
    client.call("connectBackend", subject=Subject("session", client.id))
    assert client.ids(after=LONG) == ["never-polled"]


def test_a_session_that_is_polled_consumed_or_cancelled_was_not_forgotten(client: Client) -> None:
    """One call that looks after it is enough; what it leaves undone has another finding."""
    for step, expected in (
        ("get", ["abandoned-ready"]), ("consume", ["never-cancelled"]), ("delete", []),
    ):  # fmt: skip
        client = Client()
        client.create()
        getattr(client, step)()
        assert client.ids(after=LONG) == expected


@pytest.mark.parametrize("key", ["integration", "livekit"])
def test_a_session_that_is_handed_over_needs_no_poll(client: Client, key: str) -> None:
    """The public agent plugins create a session for a room of their own, and call nothing else."""
    client.create({**BODY, key: {"url": "wss://example.com"}})
    assert client.ids(after=LONG) == []


def test_a_session_that_an_admin_uses_needs_no_poll(client: Client) -> None:
    """Another party has taken it up."""
    client.create()
    client.wait(2.0)
    client.occur(Event.CONSUMED)
    assert client.ids(after=LONG) == []


# polled-too-fast


def polled(client: Client, *, times: int, every: float, **facts: Any) -> list[str]:
    """Return the findings about a session that is never READY, polled so and then cancelled."""
    client.create()
    client.get(times=times, every=every, **facts)
    client.delete()
    return client.ids()


def patient(**more: Any) -> Client:
    """Return a client of a world in which nothing is ever READY."""
    return Client(Plan(provision=Fixed(LONG * 9)), **more)


def test_polls_without_a_pause_are_too_fast() -> None:
    """Three gaps below 100 ms are too many; the evidence is the calls that were too early."""
    client = patient()
    assert polled(client, times=4, every=0.05) == ["polled-too-fast"]
    [found] = client.found()
    numbers = [each.number for each in client.world.log.exchanges if each.operation == "getSession"]
    assert found.numbers == tuple(numbers[1:])
    assert found.message.startswith("3 polls")


def test_evidence_is_bounded() -> None:
    """Of very many calls the first are named."""
    client = patient()
    polled(client, times=100, every=0.05)
    [found] = client.found()
    assert len(found.numbers) == MOST_NUMBERS
    assert found.message.startswith("99 polls")


def fast_polls(first: int) -> list[Entry]:
    """Return four polls that came 50 ms apart, numbered from `first` on."""
    subject, waiting = Subject("session", "one"), {"status": "NOT_READY"}
    return [
        Exchange(
            *("getSession", "GET", "/"),
            subject=subject,
            number=first + number,
            at=START + 0.05 * number,
            status=200,
            reply=waiting,
            versioned=True,
        )
        for number in range(4)
    ]


@pytest.mark.parametrize("first", [0, 1, 5])
def test_polls_are_judged_from_the_first_entry_on(first: int) -> None:
    """The journal may have lost the create; by default nothing about the clock was lost."""
    polls = fast_polls(first)
    found = findings(polls, resources={}, now=START + 1, rate=1.0)
    assert [each.id for each in found] == ["polled-too-fast"]
    assert found[0].numbers == (first + 1, first + 2, first + 3)
    slow = findings(polls, resources={}, now=START + 1, rate=0.25)
    assert slow == []
    later = Act(first + 9, START + 1, "setClockRate", NO_SUBJECT, {"rate": 0.25})
    assert findings([*polls, later], resources={}, now=START + 1, rate=1.0) == found


def test_the_newest_rate_goes_on_over_a_move_of_the_clock() -> None:
    """Each rate holds until the next one is set."""
    client = patient()
    client.set_rate(100.0)
    client.move_clock(5.0)
    assert polled(client, times=5, every=1.0) == ["polled-too-fast"]
    client = patient(rate=100.0)
    client.set_rate(1.0)
    client.move_clock(5.0)
    assert polled(client, times=5, every=1.0) == []


def test_a_resource_without_custody_is_not_judged() -> None:
    """An avatar may be read as often as one likes."""
    avatar = Subject("avatar", "one")
    calls = [
        Exchange("getAvatar", "GET", "/", subject=avatar, number=each, at=START, status=200)
        for each in range(9)
    ]
    found = findings(calls, resources={}, now=START + LONG, rate=1.0)
    assert [each.id for each in found] == ["no-version-header"]


def test_two_polls_that_are_too_close_may_happen() -> None:
    """Two gaps are chance."""
    assert polled(patient(), times=3, every=0.05) == []


def test_polls_each_100_ms_are_not_too_fast() -> None:
    """The limit itself is allowed, for any rounding of floats."""
    assert polled(patient(), times=50, every=0.1) == []


def test_polls_repeated_at_once_after_failures_are_not_too_fast() -> None:
    """Only what comes too soon after NOT_READY counts."""
    client = patient()
    client.create()
    effects: list[dict[str, Any]] = [{"status": 500}, {"reset": True}, {"malformed": True}]
    for effect in effects * 3:
        client.fault("getSession", **effect)
        client.get(times=2, every=0.01)
        client.wait(1.0)
    client.delete()
    assert client.ids() == []


def test_polls_of_two_clients_are_judged_apart() -> None:
    """Each of them waits a second."""
    client = patient()
    client.create()
    for _ in range(10):
        client.get(agent="gateway")
        client.wait(0.02)
        client.get(agent="browser")
        client.wait(0.98)
    client.delete()
    assert client.ids() == []


@pytest.mark.parametrize(
    ("rate", "every", "expected"),
    [
        (1000.0, 99.0, ["polled-too-fast"]),
        (1000.0, 100.0, []),
        (0.1, 0.009, ["polled-too-fast"]),
        (0.1, 0.01, []),
    ],
)
def test_gaps_are_measured_in_the_callers_own_time(
    rate: float, every: float, expected: list[str]
) -> None:
    """Virtual time is divided by the rate."""
    assert polled(patient(rate=rate), times=10, every=every) == expected


def test_gaps_across_a_change_of_the_rate_are_put_together() -> None:
    """Each part of a gap counts at its own rate."""
    for last_part, expected in ((5.9, ["polled-too-fast"]), (6.0, [])):
        client = patient()
        client.create()
        for _ in range(4):
            client.get()
            client.wait(0.04)
            client.set_rate(100.0)
            client.wait(last_part)
            client.set_rate(1.0)
        client.delete()
        assert client.ids() == expected


def test_speed_is_not_judged_while_the_clock_stands_still() -> None:
    """At rate 0 the time that has passed for the caller is unknown."""
    assert polled(patient(rate=0.0), times=10, every=0.0) == []
    client = patient()
    client.create()
    for _ in range(10):
        client.get()
        client.set_rate(0.0)
        client.set_rate(1.0)
    client.delete()
    assert client.ids() == []


def test_speed_is_not_judged_across_a_move_of_the_clock() -> None:
    """A test that moves the clock between polls does not sleep; before and after, speed counts."""
    client = patient()
    client.create()
    for _ in range(10):
        client.get()
        client.move_clock(0.05)
    client.delete()
    assert client.ids() == []
    assert polled(client, times=4, every=0.05) == ["polled-too-fast"]


@pytest.mark.parametrize("all_at_once", [True, False])
@pytest.mark.parametrize(
    ("rate", "every", "expected"),
    [(0.0, 0.0, []), (100.0, 10.0, []), (100.0, 9.9, ["polled-too-fast"])],
)
def test_a_rate_counts_that_the_journal_no_longer_shows(
    rate: float, every: float, expected: list[str], all_at_once: bool
) -> None:
    """Speed is judged by the rate that was set last, also at 0, though the act is gone."""
    client = patient()
    client.set_rate(5.0)
    client.set_rate(rate)
    client.forget(all_at_once=all_at_once)
    assert polled(client, times=10, every=every) == expected


def test_speed_is_not_judged_across_a_move_that_the_journal_no_longer_shows() -> None:
    """Polls that are kept longer than the moves between them say nothing about speed."""
    client = patient()
    client.create()
    for _ in range(10):
        client.get()
        client.move_clock(0.05)
    client.forget(all_at_once=False)
    client.delete()
    assert client.ids() == []
    assert polled(client, times=4, every=0.05) == ["polled-too-fast"]


# polled-after-end


def test_polling_on_after_the_end_is_useless(client: Client) -> None:
    """A GET had answered FAILED, and another followed."""
    client.create()
    client.occur(Event.FAILED)
    end = client.get()
    late = client.get()
    [found] = client.found(after=LONG)
    assert (found.id, found.at) == ("polled-after-end", late.at)
    assert found.numbers == (end.number, late.number)
    assert "FAILED" in found.message


@pytest.mark.parametrize(
    "effect", [{"status": 502}, {"reset": True}, {"malformed": True}, {"page": "<p>"}]
)
def test_an_end_that_was_not_readable_may_be_asked_for_again(
    client: Client, effect: dict[str, Any]
) -> None:
    """The client cannot know that the session is over."""
    client.create()
    client.occur(Event.FAILED)
    client.fault("getSession", **effect)
    client.get(times=2)
    assert client.ids(after=LONG) == []


def test_one_poll_after_a_delete_or_by_another_client_is_fine(client: Client) -> None:
    """A GET that shows CANCELLED is the first to show it; another client sees the end as well."""
    client.create()
    client.get()
    client.delete()
    client.get()
    client.get(agent="another")
    assert client.ids(after=LONG) == []


def test_polls_sent_together_may_all_show_the_end(client: Client) -> None:
    """The one that is answered later was sent before the end was known, at any speed."""
    client.create()
    client.occur(Event.FAILED)
    end = client.get()
    client.get(unread=(end.number,))
    assert client.ids(after=LONG) == []


def test_polls_on_their_way_together_may_all_show_the_end(client: Client) -> None:
    """The second was sent before the first was answered."""
    client.world.account.change_settings(Settings(latency=Fixed(2.0)), at=START)
    client.create()
    client.occur(Event.FAILED)
    client.get(times=2)
    assert client.ids(after=LONG) == []


# consumed-twice


def test_a_key_that_is_used_again_is_consumed_twice(client: Client) -> None:
    """The credentials had arrived, and the same key was used a second later."""
    client.ready()
    first = client.consume()
    client.wait(1.0)
    second = client.consume()
    [found] = client.found(after=LONG)
    assert (found.id, found.at) == ("consumed-twice", second.at)
    assert found.numbers == (first.number, second.number)


def test_a_gateway_and_a_browser_that_both_consume_are_two(client: Client) -> None:
    """Two agents are no effect that runs twice, however close they are."""
    client.ready()
    client.consume(agent="gateway")
    client.consume(agent="browser")
    assert client.ids(after=LONG) == ["consumed-twice"]


@pytest.mark.parametrize("apart", [0.0, 0.05, 0.99])
def test_an_effect_that_runs_twice_is_no_second_consume(client: Client, apart: float) -> None:
    """React mounts twice in development: two consumes sent together, of which one wins."""
    client.ready()
    first = client.consume()
    assert first.status == 200
    client.wait(apart)
    assert client.consume(unread=(first.number,)).status == 400
    assert client.ids(after=LONG) == []


@pytest.mark.parametrize("rate", [0.0, 1.0, 1_000.0])
def test_a_consume_after_the_answer_was_read_is_a_second_one_at_any_speed(rate: float) -> None:
    """No time at all has to pass between them, not even on a clock that stands still."""
    client = Client(Plan(provision=Fixed(0.0)), rate=rate)
    client.create()
    client.get()
    first = client.consume()
    second = client.consume()
    [found] = client.found()
    assert (found.id, found.numbers) == ("consumed-twice", (first.number, second.number))


@pytest.mark.parametrize("unread", ["the answer", "not known"])
def test_consumes_that_may_have_been_sent_together_are_two_after_a_second(
    client: Client, unread: str
) -> None:
    """A consume on another connection, or of an old record: only much time is certain."""
    for apart, expected in ((0.99, []), (1.0, ["consumed-twice"])):
        client = Client()
        client.ready()
        first = client.consume()
        client.wait(apart)
        client.consume(unread=(first.number,) if unread == "the answer" else None)
        assert client.ids(after=LONG) == expected


def test_consumes_that_may_have_been_sent_together_are_two_across_a_move_of_the_clock() -> None:
    """On a clock that stands still nothing is known; who moves it lies between the two."""
    client = Client(Plan(provision=Fixed(0.0)), rate=0.0)
    client.create()
    client.get()
    first = client.consume()
    client.consume(unread=(first.number,))
    assert client.ids() == []
    client.move_clock(0.01)
    client.consume(unread=(first.number,))
    assert client.ids() == ["consumed-twice"]


def test_a_consume_that_comes_before_the_answer_is_no_second_one(client: Client) -> None:
    """The first was held back, so no client had credentials yet."""
    client.world.account.change_settings(Settings(latency=Fixed(3.0)), at=START)
    client.ready()
    client.consume(agent="one")
    client.wait(2.0)
    client.consume(agent="two")
    assert client.ids(after=LONG) == []


def test_another_key_or_a_broken_answer_is_no_second_consume(client: Client) -> None:
    """A wrong key uses nothing, and unreadable credentials may be asked for again."""
    client.ready()
    client.consume()
    client.wait(1.0)
    client.consume(key="stk_wrong")
    client.ready()
    client.fault("consumeSession", malformed=True)
    client.consume()
    client.wait(1.0)
    client.consume()
    assert client.ids(after=LONG) == []


# repeated-create


def test_a_create_that_is_repeated_blindly_costs_twice(client: Client) -> None:
    """The first was carried out, its reply was lost, and the same one followed."""
    client.fault("createSession", lost=True)
    first = client.create()
    client.wait(1.0)
    second = client.create(retry=1)
    client.delete()
    repeated, lost = sorted(client.found(after=LONG), key=lambda found: found.id, reverse=True)
    assert (repeated.id, lost.id) == ("repeated-create", "create-reply-lost")
    assert (repeated.subject, repeated.at) == (first.subject, second.at)
    assert repeated.numbers == (first.number, second.number)
    assert "retry 1 of an SDK" in repeated.message


def test_a_create_that_failed_after_it_had_acted_is_not_to_be_repeated(client: Client) -> None:
    """A 500 does not mean that nothing was done; no header is needed to detect the repetition."""
    client.fault("createSession", status=500, acted=True)
    client.create()
    client.wait(119.0)
    client.create()
    client.delete()
    assert client.ids() == ["create-reply-lost", "repeated-create"]


@pytest.mark.parametrize(("after", "expected"), [(120.0, True), (120.1, False)])
def test_a_create_counts_as_repeated_within_two_minutes(
    client: Client, after: float, expected: bool
) -> None:
    """The limit itself is within; the order of the keys in the body says nothing."""
    client.fault("createSession", lost=True)
    client.create()
    client.wait(after)
    client.create(dict(reversed(BODY.items())))
    assert ("repeated-create" in client.ids()) == expected


def test_a_retry_that_comes_with_the_answer_is_no_repetition() -> None:
    """It was sent before, but by then the answer was there as well."""
    for after, expected in ((20.0, False), (19.9, True)):
        client = Client()
        client.world.account.change_settings(Settings(latency=Fixed(20.0)), at=START)
        client.create()
        client.wait(after)
        client.create(retry=1)
        assert ("repeated-create" in client.ids()) == expected


def test_other_calls_that_are_repeated_are_no_creates(client: Client) -> None:
    """A consume with a body may be sent again if it failed."""
    client.ready()
    client.fault("consumeSession", status=500)
    for _ in range(2):
        client.consume(body={"a": 1})
        client.wait(1.0)
    assert client.ids(after=LONG) == []


@pytest.mark.parametrize(
    ("status", "at_once"), [(199, True), (200, False), (299, False), (300, True)]
)
def test_a_good_answer_has_a_status_from_200_to_299(
    client: Client, status: int, at_once: bool
) -> None:
    """A create that was answered anything else has lost its session at once."""
    made = client.create()
    made.status, made.faults = status, ("a fault",)
    assert client.ids() == (["create-reply-lost"] if at_once else [])
    assert client.ids(after=LONG) == ["create-reply-lost"]


@pytest.mark.parametrize(
    ("status", "reply"), [(500, {"status": "COMPLETED"}), (200, ["COMPLETED"]), (200, None)]
)
def test_what_is_no_good_answer_shows_no_end(client: Client, status: int, reply: object) -> None:
    """An error's body may have a status as well, and a good answer none."""
    client.create()
    poll = client.get()
    poll.status, poll.reply = status, reply
    expected = "never-cancelled" if status == 500 else "abandoned-ready"
    assert client.ids(after=LONG) == [expected]


def test_a_create_that_is_repeated_while_its_answer_is_held_back_costs_twice(
    client: Client,
) -> None:
    """An SDK whose timeout ended marks its retry; another user's create has no such mark."""
    for retry, expected in ((0, []), (1, ["repeated-create"])):
        client = Client()
        client.world.account.change_settings(Settings(latency=Fixed(20.0)), at=START)
        client.create()
        client.delete()
        client.wait(10.0)
        client.create(retry=retry)
        client.delete()
        assert client.ids(after=LONG) == expected


@pytest.mark.parametrize(
    ("effect", "later", "after"),
    [
        ({"status": 503}, {}, 1.0),  # it had not acted
        ({"reset": True}, {}, 1.0),
        ({"delay": "1s"}, {"retry": 1}, 2.0),  # the reply arrived
        ({"lost": True}, {"body": OTHER_BODY}, 1.0),
        ({"lost": True}, {"agent": "another"}, 1.0),
        ({"lost": True}, {}, 121.0),
    ],
)
def test_another_create_is_no_repetition(
    client: Client, effect: dict[str, Any], later: dict[str, Any], after: float
) -> None:
    """It is right to repeat what did not act, and to ask for something else, or much later."""
    client.fault("createSession", **effect)
    client.create()
    client.get()
    if client.id:
        client.delete()
    client.wait(after)
    client.create(**later)
    client.delete()
    assert "repeated-create" not in client.ids(after=LONG)


# secret-in-url, no-version-header


def test_a_secret_in_a_url_is_found(client: Client) -> None:
    """Once for each session and once for all calls that are about none."""
    client.create()
    client.get(times=2, secret_in_url=True)
    client.delete()
    unknown = Exchange("", "GET", "/v1/x", rejection=UNKNOWN_ROUTE, secret_in_url=True)
    apply_call(RunwayCall(client.world, LiveKit(), None, unknown, ""))
    found = client.found()
    assert [each.id for each in found] == ["secret-in-url"] * 2
    assert [(each.subject.id, len(each.numbers)) for each in found] == [(client.id, 2), ("", 1)]


def test_calls_without_the_version_header_are_found_once(client: Client) -> None:
    """One finding names them all, refused or not."""
    with pytest.raises(BadVersion) as refused:
        check_version(None)
    rejection = Rejection(refused.value.code, refused.value.status, refused.value.message)
    client.create(versioned=False, rejection=rejection)
    [found] = client.found()
    assert found.message.startswith("1 call came")
    client.call("getOrganization", versioned=False)
    client.call("getOrganization")
    [found] = client.found()
    assert (found.id, found.subject) == ("no-version-header", NO_SUBJECT)
    assert found.numbers == tuple(each.number for each in client.world.log.exchanges)[:2]
    assert found.message.startswith("2 calls")


def test_browsers_and_strangers_need_no_version_header(client: Client) -> None:
    """Consume has none, and a request for an unknown path is another matter."""
    client.ready()
    client.consume(versioned=False)
    unknown = Exchange("", "GET", "/", rejection=UNKNOWN_ROUTE)
    apply_call(RunwayCall(client.world, LiveKit(), None, unknown, ""))
    assert client.ids(after=LONG) == []


# consume-without-type


def test_consumes_that_declare_no_content_type_are_found_once(client: Client) -> None:
    """An information with both sources; one finding for the world."""
    consumes = []
    for _ in range(2):
        client.ready()
        consumes.append(client.consume(content_type=""))
    [found] = client.found(after=LONG)
    assert (found.id, found.severity.value) == ("consume-without-type", "info")
    assert found.subject == NO_SUBJECT
    assert found.numbers == tuple(each.number for each in consumes)
    assert "setup guide" in found.message
    assert "live API" in found.message
    assert found.message.startswith("2 consumes")


@pytest.mark.parametrize("declared", ["application/json", "text/plain", None])
def test_another_call_or_a_declared_type_is_no_such_consume(
    client: Client, declared: str | None
) -> None:
    """Nor is a consume of an old record, of which the type is not known."""
    client.create(content_type="")
    client.wait(2.0)
    client.get(content_type="")
    client.consume(content_type=declared)
    assert client.ids(after=LONG) == []


# In the room


@pytest.fixture
def caller() -> Client:
    """A client whose session runs."""
    client = Client()
    client.ready()
    client.consume()
    return client


def tool(
    caller: Client, call: str, *answers: tuple[str | None, float], name: str = "price"
) -> None:
    """Report a tool call, and its answers with their errors and seconds."""
    caller.report("tool_called", call=call, tool=name, args={})
    for error, seconds in answers:
        caller.report("tool_answered", call=call, result=None, error=error, seconds=seconds)


def test_a_call_that_is_hung_up_is_no_finding(caller: Client) -> None:
    """By END_CALL or by leaving, also after a lost connection that came back."""
    caller.join()
    caller.join("backend:1", hidden=True)
    caller.report("published", participant="user:1", source="microphone")
    caller.report("away", participant="user:1")
    caller.report("back", participant="user:1")
    tool(caller, "1", (None, 0.5))
    tool(caller, "2", ("it broke", 0.5))
    caller.leave("end_call")
    caller.report("closed", reason="ended")

    assert caller.world.account.sessions[caller.id].state is State.COMPLETED
    assert caller.ids(after=LONG) == []


def test_a_call_that_ends_by_losing_its_participant_was_never_hung_up(caller: Client) -> None:
    """The report that ended the session is the evidence."""
    caller.join()
    caller.report("away", participant="user:1")
    caller.wait(10.0)
    lost = caller.leave("lost")
    [found] = caller.found(after=LONG)

    assert (found.id, found.at, found.numbers) == ("never-hung-up", lost.at, (lost.number,))
    assert found.subject == Subject("session", caller.id)


def test_a_lost_participant_who_was_not_the_last_ends_nothing(caller: Client) -> None:
    """Nor does a hidden one; what ends the session later is judged by itself."""
    caller.join()
    caller.join("user:2")
    caller.join("backend:1", hidden=True)
    caller.leave("lost")
    caller.leave("lost", "backend:1")
    caller.leave("leave", "user:2")

    assert caller.ids(after=LONG) == []


def test_a_participant_who_is_lost_as_the_session_ends_otherwise_is_no_finding() -> None:
    """A session that reached its cap is over, so its room reports nothing but its end."""
    client = Client(Plan(provision=Fixed(1.5), session_cap_s=10.0))
    client.ready()
    client.consume()
    client.join()
    client.wait(10.0)
    client.report("closed", reason="capped")

    assert client.ids(after=LONG) == []


def test_an_identity_that_joins_twice_is_found(caller: Client) -> None:
    """Each join while the one before was connected counts; all of them are the evidence."""
    first = caller.join()
    caller.wait(1.0)
    second = caller.join()
    caller.wait(1.0)
    third = caller.join()
    caller.leave("leave")
    [found] = caller.found()

    assert (found.id, found.at) == ("joined-twice", second.at)
    assert found.numbers == (first.number, second.number, third.number)
    assert found.message.startswith("2 joins")


def test_joins_one_after_the_other_are_fine(caller: Client) -> None:
    """After a leave, a lost connection or the end of a room; and under different identities."""
    caller.join("backend:1", hidden=True)
    caller.leave("leave", "backend:1")
    caller.join("backend:1", hidden=True)
    caller.report("closed", reason="dropped")
    caller.join("backend:1", hidden=True)
    caller.join()
    caller.join("user:2")
    caller.report("away", participant="user:2")
    caller.join("user:2")

    assert caller.ids() == []
    caller.report("away", participant="user:2")
    caller.report("back", participant="user:2")
    caller.join("user:2")
    assert caller.ids() == ["joined-twice"]


def test_a_tool_that_never_answers_is_found(caller: Client) -> None:
    """Once for the session, with the names of the tools, as of the first timeout."""
    caller.join()
    tool(caller, "1", ("timeout", 4.0))
    first = caller.world.log.acts[-1]
    caller.wait(1.0)
    tool(caller, "2", ("timeout", 4.0), name="weather")
    tool(caller, "3", (None, 4.0))
    [found] = caller.found()

    assert (found.id, found.at) == ("tool-unanswered", first.at)
    assert len(found.numbers) == 4
    assert found.message.startswith("2 calls of price, weather got no answer in time")


def test_a_tool_that_answers_late_is_found(caller: Client) -> None:
    """Until the answer comes it is one that never does."""
    caller.join()
    tool(caller, "1", ("timeout", 4.0))
    assert caller.ids() == ["tool-unanswered"]
    caller.wait(2.0)
    late = caller.report("tool_answered", call="1", result=5, error=None, seconds=6.0)
    [found] = caller.found()

    assert (found.id, found.at) == ("tool-answered-late", late.at)
    assert len(found.numbers) == 2
    assert found.message.startswith("1 call of price got an answer after")


def test_a_microphone_is_missing_where_speech_is_awaited(caller: Client) -> None:
    """The avatar heard nothing, and nobody published one before that."""
    joined = caller.join()
    caller.join("user:2")
    caller.report("published", participant="user:1", source="camera")
    unheard = caller.report("unheard", seconds=10.0)
    caller.report("published", participant="user:1", source="microphone")
    caller.report("unheard", seconds=10.0)
    [found] = caller.found()

    assert (found.id, found.at) == ("no-microphone", unheard.at)
    assert found.numbers == (joined.number, unheard.number)
    assert "awaited speech for 10s" in found.message


def test_a_silent_user_or_an_empty_room_is_no_missing_microphone(caller: Client) -> None:
    """A user may say nothing; and where acts are lost, a microphone may be among them."""
    caller.join("backend:1", hidden=True)
    caller.report("unheard", seconds=10.0)
    caller.join()
    caller.report("published", participant="user:1", source="microphone")
    caller.report("unheard", seconds=10.0)
    assert caller.ids() == []


def test_what_a_journal_has_lost_is_no_missing_microphone(caller: Client) -> None:
    """Another participant, whose reports are gone, may have published one."""
    caller.forget(all_at_once=True)
    caller.join()
    caller.report("unheard", seconds=10.0)

    assert caller.ids() == []


# All together

poll_faults = st.lists(
    st.none()
    | st.sampled_from(
        [
            {"status": 500},
            {"status": 429},
            {"reset": True},
            {"hang": True},
            {"empty": True},
            {"malformed": True},
            {"truncate": 5},
            {"delay": "3s"},
            {"page": "<p>no</p>"},
            {"content_type": "text/html"},
            {"omit": ["sessionKey"]},
            {"omit": ["status"]},
            {"set": {"status": "PAUSED"}},
            {"lost": True},
        ]
    ),
    max_size=12,
)
plans = st.builds(
    Plan,
    queued=st.builds(Fixed, st.floats(0.0, 40.0)),
    provision=st.builds(Fixed, st.floats(0.0, 40.0)),
    expires_in_s=st.sampled_from([0.0, 0.5, 5.0, 300.0]),
    happenings=st.sampled_from(
        [
            (),
            (Happening(State.PROVISIONING, Event.FAILED, Fixed(3.0)),),
            (Happening(State.PROVISIONING, Event.CANCELLED),),
            (Happening(State.READY, Event.CONSUMED, Fixed(0.2)),),
            (Happening(State.READY, Event.FAILED, Fixed(0.2)),),
        ]
    ),
)


def connect(client: Client, *, faults: Sequence[dict[str, Any] | None], pause: float) -> None:
    """Connect as an ideal client does: poll at a fair pace, cancel each broken session."""
    client.create()
    deadline = client.clock.now() + 30.0
    left = list(faults)
    while client.clock.now() < deadline:
        if left and (effect := left.pop(0)):
            client.fault("getSession", **effect)
        poll = client.get()
        readable = (
            poll.arrives and poll.status == 200 and not {"malformed", "page"} & broken(client)
        )
        body = poll.reply if readable and isinstance(poll.reply, dict) else {}
        client.wait(poll.wait_s)
        if body.get("sessionKey"):
            if client.consume().status != 200:
                client.delete()
            return
        if body.get("status") in ("COMPLETED", "FAILED", "CANCELLED"):
            return
        if body.get("status") == "RUNNING":
            break
        client.wait(pause)
    client.delete()


def broken(client: Client) -> set[str]:
    """Return the effects on the newest call."""
    struck = client.world.log.exchanges[-1].faults
    return {name for each in struck for name in client.world.placed[each].fault.given["effect"]}


@LAW
@given(
    plan=plans, faults=poll_faults, pause=st.sampled_from([0.1, 0.4, 1.0, 2.0]), again=st.booleans()
)
def test_an_ideal_client_gives_no_finding(
    plan: Plan, faults: list[dict[str, Any] | None], pause: float, again: bool
) -> None:
    """For any provisioning time and any failures of polls, there is no finding."""
    client = Client(plan)
    connect(client, faults=faults, pause=pause)
    if again:
        connect(client, faults=faults[::-1], pause=pause)
    assert client.found() == []
    assert client.found(after=LONG) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["create", "get", "consume", "delete", "lose", "break", "rate", "move"])
        | st.just("room"),
        st.sampled_from([0.0, 0.01, 0.05, 0.2, 1.0, 40.0, 400.0]),
    ),
    max_size=25,
)


def careless(history: Sequence[tuple[str, float]], plan: Plan | None = None) -> Client:
    """Return a client with an arbitrary history."""
    client = Client(plan)
    client.create()
    for what, gap in history:
        match what:
            case "lose":
                client.fault("createSession", lost=True)
            case "break":
                client.fault("getSession", status=500)
            case "rate":
                client.set_rate(gap * 10)
            case "move":
                client.move_clock(gap)
            case "room":
                for report in ROOM:
                    with suppress(Refused):
                        client.world.report(client.id, report)
            case _:
                getattr(client, what)()
        client.wait(gap)
    return client


@LAW
@given(history=steps)
def test_findings_follow_from_the_journal_alone(history: list[tuple[str, float]]) -> None:
    """The same entries say the same, in order, once for each session and rule, with evidence."""
    client = careless(history)
    found = client.found(after=70.0)
    entries = client.world.log.entries()
    numbers = {entry.number for entry in entries}
    now = client.clock.now()

    assert client.found() == found
    assert client.world.log.entries() == entries
    assert found == sorted(found, key=lambda each: (each.at, each.id, each.subject))
    assert len({(each.id, each.subject) for each in found}) == len(found)
    for each in found:
        assert each.severity is RULES[each.id].severity
        assert each.numbers
        assert set(each.numbers) <= numbers
        assert START <= each.at <= now
        assert "{" not in each.message
        assert json.loads(json.dumps(finding_body(each)))["severity"] == each.severity.value


@LAW
@given(history=steps)
def test_moves_show_the_fate_of_evicted_sessions(history: list[tuple[str, float]]) -> None:
    """Nothing is lost when the account has dropped a session."""
    client = careless(history)
    found = client.found(after=70.0)
    entries, now = client.world.log.entries(), client.clock.now()

    assert findings(entries, resources={}, now=now, rate=client.rate) == found


def spread(entries: Sequence[Entry], *, by: int) -> list[Entry]:
    """Return entries with room between their numbers, and `by` added."""
    return [changed(entry, number=entry.number * 2 + by) for entry in entries]


def changed(entry: Entry, **values: Any) -> Entry:
    """Return an entry with other values."""
    return replace(entry, **values) if isinstance(entry, Exchange) else entry._replace(**values)


def renamed(entry: Entry) -> Entry:
    """Return an entry of a stranger's session, which has another id, body and agent."""
    match entry:
        case Exchange():
            kind, id_ = entry.subject
            subject = Subject(kind, f"other-{id_}") if id_ else NO_SUBJECT
            return changed(entry, subject=subject, agent="another")
        case Act(subject=Subject("session", id_)):
            return changed(entry, subject=Subject("session", f"other-{id_}"))
        case _:
            return entry


@LAW
@given(history=steps, strangers=steps)
def test_other_sessions_do_not_matter(
    history: list[tuple[str, float]], strangers: list[tuple[str, float]]
) -> None:
    """The findings of a session stay the same when calls of others come in between."""
    client = careless(history)
    client.wait(70.0)
    client.world.account.advance(client.clock.now())
    others = careless([step for step in strangers if step[0] not in ("rate", "move")])
    foreign = [
        renamed(entry)
        for entry in spread(others.world.log.entries(), by=1)
        if not isinstance(entry, Move)
    ]
    ours = spread(client.world.log.entries(), by=0)
    both = sorted([*ours, *foreign], key=lambda entry: entry.number)
    given_ = {"resources": client.world.account.sessions, "now": client.clock.now(), "rate": 1.0}

    mine = [each for each in findings(both, **given_) if not each.subject.id.startswith("o")]  # type: ignore[arg-type]  # a dict of three kinds

    assert mine == findings(ours, **given_)  # type: ignore[arg-type]  # as above


# Its form


def test_a_finding_is_of_the_instant_of_the_first_wrong_call() -> None:
    """However many followed; the evidence before it is what the client had been told."""
    client = patient()
    client.create()
    client.get(times=6, every=0.05, agent="hasty", versioned=False)
    client.wait(1.0)
    client.occur(Event.FAILED)
    client.get(agent="late")
    client.get(agent="later")
    client.wait(2.0)
    client.get(agent="later")
    client.wait(2.0)
    client.get(agent="late")
    client.get(agent="late", secret_in_url=True)
    client.wait(2.0)
    client.get(agent="late", secret_in_url=True)
    at = {each.number: each.at for each in client.world.log.exchanges}
    found = {each.id: each for each in client.found()}
    wrong = {
        "polled-too-fast": 0,
        "polled-after-end": 1,
        "no-version-header": 0,
        "secret-in-url": 0,
    }
    assert set(found) == set(wrong)
    for rule, place in wrong.items():
        assert found[rule].at == at[found[rule].numbers[place]]
        assert found[rule].at < at[found[rule].numbers[-1]]
    shown = found["polled-after-end"].numbers[0]
    agents = {each.number: each.agent for each in client.world.log.exchanges}
    assert agents[shown] == agents[found["polled-after-end"].numbers[1]] == "later"


def test_a_finding_about_consumes_is_of_the_instant_of_the_first_wrong_one(client: Client) -> None:
    """For a key that is used again, and for a type that is not declared."""
    client.ready()
    calls = []
    for _ in range(3):
        calls.append(client.consume(content_type=""))
        client.wait(5.0)
    found = {each.id: each for each in client.found()}
    assert (found["consumed-twice"].at, found["consumed-twice"].numbers) == (
        calls[1].at,
        tuple(each.number for each in calls),
    )
    assert found["consume-without-type"].at == calls[0].at


def test_the_body_of_a_finding_is_json(client: Client) -> None:
    """All its attributes, in snake_case, with plain values."""
    client.fault("createSession", lost=True)
    made = client.create()
    [found] = client.found()
    assert finding_body(found) == {
        "id": "create-reply-lost",
        "severity": "info",
        "session": client.id,
        "message": found.message,
        "at": START,
        "numbers": [made.number],
    }


def test_findings_are_sorted_by_instant_then_id(client: Client) -> None:
    """The earliest first; of one instant, by id."""
    client.create(secret_in_url=True, versioned=False)
    client.delete()
    client.wait(1.0)
    client.create(secret_in_url=True)
    client.delete()
    assert client.ids() == ["no-version-header", "secret-in-url", "secret-in-url"]
