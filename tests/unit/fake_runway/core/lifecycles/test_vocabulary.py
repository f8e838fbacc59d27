"""The vocabulary: a kind of resource that only this file declares is used everywhere.

Kettles are filled, get hot, and may break. Nothing of the product knows them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import jsonschema
import pytest

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.waits import WaitTimedOut, await_resource
from fake_runway.core.draws import Draws
from fake_runway.core.faults.deciding import Key, Tally, decide
from fake_runway.core.faults.effects.base import Effect
from fake_runway.core.faults.fault import ActiveFault, Fault
from fake_runway.core.faults.matching import CallFacts
from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.faults.schema import fault_schema, match_schema
from fake_runway.core.history.findings import Finding, finding_body, findings
from fake_runway.core.history.journal import Act, Entry, Exchange, Log
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import entry_body
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION, Failure
from fake_runway.core.lifecycles.session import State as SessionState
from fake_runway.core.lifecycles.vocabulary import (
    NO_SUBJECT,
    ApiOperation,
    Custody,
    Moment,
    Phase,
    ResourceKind,
    Role,
    Subject,
    Vocabulary,
)
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.registry import Worlds
from tests.unit.fake_runway.core.playing import START

# The declaration


class Heat(Enum):
    """Where a kettle is."""

    COLD = "cold"
    HOT = "hot"
    FAILED = "failed"


class Steam(Enum):
    """What can happen to a kettle."""

    WARMED = "warmed"
    BOILED = "boiled"
    BROKE = "broke"


KETTLE = ResourceKind(
    "kettle",
    {
        Heat.COLD: {Steam.WARMED: Heat.COLD, Steam.BOILED: Heat.HOT, Steam.BROKE: Heat.FAILED},
        Heat.HOT: {Steam.BROKE: Heat.FAILED},
        Heat.FAILED: {},
    },
    moments=(
        Moment(
            "filled",
            "it holds water, the reply not out",
            operation="fillKettle",
            phase=Phase.AFTER,
            statuses=frozenset({201}),
        ),
        Moment("hot", "any call about a hot kettle", state=Heat.HOT),
    ),
    automatic=frozenset({Steam.WARMED}),
    unrecorded=frozenset({Steam.WARMED}),
    reasons={Steam.BOILED: "the water boiled"},
    custody=Custody(
        waiting="COLD",
        ready="HOT",
        over=frozenset({"FAILED"}),
        key="water",
        used=frozenset(),
        expired=Steam.BROKE,
        ran_out=frozenset({Steam.BROKE}),
        cancelled=Heat.FAILED,
    ),
)
FILL = ApiOperation("fillKettle", "PUT", "/v1/kettles", "kettle", Role.CREATE)
LOOK = ApiOperation("getKettle", "GET", "/v1/kettles/{id}", "kettle", Role.POLL, versioned=False)
BOTH = Vocabulary((*RUNWAY_API.kinds, KETTLE), (*RUNWAY_API.operations, FILL, LOOK))


@dataclass(frozen=True, slots=True)
class Kettle:
    """A kettle."""

    id: str
    state: Heat = Heat.COLD
    event: Steam | None = None
    changed_at: float = START
    ready_at: float | None = None
    started_at: float | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Boiling:
    """A change of a kettle."""

    at: float
    event: Steam | None
    before: Kettle | None
    after: Kettle
    charge: int = 0


# Faults


def kettle_fault(match: dict[str, Any], **more: Any) -> Fault:
    """Return a fault in the words of both kinds; without an effect, it answers 503."""
    given = {"effect": {"status": 503}, "match": match, **more}
    jsonschema.validate(given, fault_schema(vocabulary=BOTH))
    return parse_fault(given, name="a fault", per_session=False, vocabulary=BOTH)


def strikes(fault: Fault, facts: CallFacts) -> bool:
    """Return whether a fault in place since START strikes a call."""
    tallies: dict[Key, Tally] = {}
    standing, draws = [ActiveFault(fault, START)], Draws("seed", "world")
    return bool(decide(standing, facts, phase=fault.phase, tallies=tallies, draws=draws)[0])


POLL = CallFacts(
    LOOK.id, "GET", LOOK.path, START, place=("kettle", 2), addressed=True, state=Heat.HOT
)
OF_A_SESSION = CallFacts(
    "getSession",
    "GET",
    "/v1/realtime_sessions/{id}",
    START,
    place=("session", 2),
    addressed=True,
    state=SessionState.FAILED,
)


def test_the_schema_of_faults_lists_what_is_declared() -> None:
    """Operations, methods, paths, states, events, moments and the key of the new kind are in it."""
    usual, more = match_schema()["properties"], match_schema(BOTH)["properties"]

    def added(name: str) -> list[str]:
        known = usual[name]["anyOf"][0]["enum"]
        return [each for each in more[name]["anyOf"][0]["enum"] if each not in known]

    assert added("operation") == ["fillKettle", "getKettle"]
    assert added("method") == ["PUT"]
    assert added("path") == ["/v1/kettles", "/v1/kettles/{id}"]
    assert added("state") == ["cold", "hot"]
    assert set(more) - set(usual) == {"kettle"}
    assert more["moment"]["enum"] == [*usual["moment"]["enum"], "filled", "hot"]
    assert "filled: it holds water, the reply not out." in more["moment"]["description"]
    effects = fault_schema(vocabulary=BOTH)["properties"]["effect"]["properties"]
    assert {"boiled", "broke", "failed"} <= set(effects["event"]["enum"])
    assert not {"warmed", "admitted"} & set(effects["event"]["enum"])


@pytest.mark.parametrize(
    "match",
    [
        {"operation": "getKettle"},
        {"path": "/v1/kettles/{id}"},
        {"kettle": [0, 2]},
        {"state": "hot"},
        {"moment": "hot"},
        {"moment": "hot", "operation": "getKettle", "state": "hot", "kettle": 2},
    ],
)
def test_faults_match_its_calls(match: dict[str, Any]) -> None:
    """Each condition fits a call about the kettle, and none about a session."""
    assert strikes(kettle_fault(match), POLL)
    assert not strikes(kettle_fault(match), OF_A_SESSION)


def test_an_ordinal_belongs_to_a_kind() -> None:
    """Session 2 and kettle 2 are two resources; no call is about both."""
    assert strikes(kettle_fault({"session": 2}), OF_A_SESSION)
    assert not strikes(kettle_fault({"session": 2}), POLL)
    with pytest.raises(ValueError, match="one kind, got session, kettle"):
        kettle_fault({"session": 2, "kettle": 2})


def test_a_name_that_kinds_share_is_the_state_of_each() -> None:
    """A fault for what has failed strikes calls about either."""
    failed = kettle_fault({"state": "failed"})

    assert strikes(failed, POLL._replace(state=Heat.FAILED))
    assert strikes(failed, OF_A_SESSION)
    assert not strikes(failed, POLL)


def test_moments_are_data() -> None:
    """A moment brings operation, phase and statuses along, and contradictions are refused."""
    filled = kettle_fault({"moment": "filled"}, effect={"lost": True})
    answered = CallFacts(FILL.id, "PUT", FILL.path, START, place=("kettle", 0), status=201)

    assert filled.phase is Phase.AFTER
    assert strikes(filled, answered)
    assert not strikes(filled, answered._replace(status=400))
    with pytest.raises(ValueError, match="the moment filled means acted: true"):
        kettle_fault({"moment": "filled"}, acted=False)
    with pytest.raises(ValueError, match="the moment filled means operation: fillKettle"):
        kettle_fault({"moment": "filled", "operation": "getKettle"}, effect={"lost": True})
    with pytest.raises(ValueError, match="the moment hot means state: hot"):
        kettle_fault({"moment": "hot", "state": "cold"})


def test_an_effect_names_an_event_of_the_kind() -> None:
    """Whether it can happen is what the kind's own table says."""
    effect: Effect
    (effect,) = kettle_fault({"operation": "getKettle"}, effect={"event": "boiled"}).effects

    assert KETTLE.event_in(Heat.COLD, effect.event_before()) is Steam.BOILED
    assert KETTLE.event_in(Heat.HOT, effect.event_before()) is None
    assert SESSION.event_in(SessionState.READY, effect.event_before()) is None


# The journal


class Kitchen:
    """A journal in which kettles are filled, change and are polled."""

    def __init__(self) -> None:
        self.log = Log(vocabulary=BOTH)
        self.at = START
        self.kettles: dict[str, Kettle] = {}

    def call(self, operation: ApiOperation, status: int, id_: str, **more: Any) -> Exchange:
        """Record a call a second after the entry before."""
        self.at += 1.0
        exchange = Exchange(
            number=self.log.number(),
            at=self.at,
            operation=operation.id,
            method=operation.method,
            path=operation.path.replace("{id}", id_),
            subject=Subject("kettle", id_),
            agent="a cook",
            retry=None,
            versioned=False,
            secret_in_url=False,
            body={},
            query={},
            key_fits=None,
            rejection=None,
            status=status,
            reply=None,
            code="",
            faults=(),
            arrives=True,
            wait_s=0.0,
            acted=True,
        )
        self.log.add_exchange(replace(exchange, **more))
        return self.log.exchanges[-1]

    def fill(self, id_: str, **more: Any) -> None:
        """Fill a kettle, which costs two credits."""
        self.kettles[id_] = Kettle(id_)
        self.call(FILL, 201, id_, body={"cups": 4}, **more)
        self.log.add_change(Boiling(self.at, None, None, self.kettles[id_], charge=2))

    def happen(self, id_: str, event: Steam, failure: Failure | None = None) -> None:
        """Apply an event to a kettle."""
        before = self.kettles[id_]
        self.kettles[id_] = replace(
            before,
            state=KETTLE.transitions[before.state][event],
            event=event,
            changed_at=self.at,
            ready_at=self.at if event is Steam.BOILED else before.ready_at,
            failure=failure,
        )
        self.log.add_change(Boiling(self.at, event, before, self.kettles[id_]))

    def poll(self, id_: str, **more: Any) -> None:
        """Poll a kettle, which is answered as it is."""
        status = self.kettles[id_].state.name
        self.call(LOOK, 200, id_, reply={"status": status}, **more)

    def move_clock(self) -> None:
        """Move the clock, as an admin does."""
        self.log.add_act(Act(self.log.number(), self.at, "moveClock", NO_SUBJECT, {"by": "1s"}))

    def found(self) -> list[Finding]:
        """Return the findings, long after the last call."""
        return findings(
            self.log.entries(),
            resources=self.kettles,
            now=self.at + 1000.0,
            rate=1.0,
            vocabulary=BOTH,
        )


def test_a_timeline_lists_its_entries() -> None:
    """Its own entries and the clock's while it lasts: with its states, reasons and costs."""
    kitchen = Kitchen()
    kitchen.fill("one")
    kitchen.fill("two")
    kitchen.move_clock()
    kitchen.happen("one", Steam.WARMED)  # which the journal leaves out
    kitchen.happen("one", Steam.BOILED)
    kitchen.poll("one")
    kitchen.happen("one", Steam.BROKE, Failure("LEAK", "It leaks."))
    kitchen.move_clock()

    entries = [*kitchen.log.of_subject(Subject("kettle", "one"))]

    assert [line.partition("s  ")[2] for line in timeline(entries, start=START)] == [
        "PUT /v1/kettles -> 201",
        "* cold: created, 2 credits",
        "! moveClock by 1s",
        "* cold -> hot: the water boiled",
        "GET /v1/kettles/one -> 200 HOT",
        "* hot -> failed: broke (LEAK: It leaks.)",
    ]
    assert list(kitchen.log.of_subject(Subject("session", "one"))) == []


def test_entries_name_it_by_its_kind() -> None:
    """A move has its kind as a key; an exchange has all kinds, and null for the others."""
    kitchen = Kitchen()
    kitchen.fill("one")
    bodies = [entry_body(entry, BOTH) for entry in kitchen.log.entries()]

    exchange, move = bodies
    assert {key: exchange[key] for key in ("session", "avatar", "kettle")} == {
        "session": None,
        "avatar": None,
        "kettle": "one",
    }
    assert (move["kettle"], move["event"], move["after"]) == ("one", "created", "cold")
    assert "session" not in move


def of_the_usual_kinds(entries: list[Entry]) -> list[Finding]:
    """Return what is found with a vocabulary that has no kettles."""
    return findings(entries, resources={}, now=START + 1000.0, rate=1.0)


def test_findings_judge_its_custody() -> None:
    """A cook who polls a failed kettle, and leaves another one hot, gets a finding for each."""
    kitchen = Kitchen()
    kitchen.fill("one")
    kitchen.happen("one", Steam.BROKE)
    kitchen.poll("one")
    kitchen.poll("one")
    kitchen.fill("two")
    kitchen.poll("two")
    kitchen.happen("two", Steam.BOILED)

    versions, after_end, abandoned = kitchen.found()

    assert (after_end.id, after_end.subject.id) == ("polled-after-end", "one")
    assert "FAILED" in after_end.message
    assert (abandoned.id, abandoned.subject) == ("abandoned-ready", Subject("kettle", "two"))
    assert "cancel a kettle with" in abandoned.message
    assert (versions.id, len(versions.numbers)) == ("no-version-header", 2)  # the polls need none
    body = finding_body(abandoned, BOTH)
    assert (body["session"], body["kettle"]) == (None, "two")
    assert of_the_usual_kinds(kitchen.log.entries()) == []


def test_a_repeated_create_is_found() -> None:
    """A fill whose reply was lost was sent again."""
    kitchen = Kitchen()
    kitchen.fill("one", arrives=False, versioned=True)
    kitchen.fill("two", versioned=True)

    found = {each.id: each for each in kitchen.found()}

    assert found["repeated-create"].subject.id == "one"
    assert "had made a kettle" in found["repeated-create"].message
    assert "create-reply-lost" in found


# Waits


def waiting(**body: Any) -> AdminCall:
    """Return a call that waits in a world whose clock stands still."""
    worlds = Worlds(
        seed="0",
        settings=Settings(),
        source=lambda: 0.0,
        rate=0.0,
        catalogue=Catalogue.builtin(),
    )
    world = worlds.named("kitchen")
    return AdminCall(worlds, world, LiveKit(), world.clock.now(), "", body, {})


async def test_waits_take_its_states() -> None:
    """A wait ends when the kettle is in a state of its own table."""
    kettles = {"one": Kettle("one")}
    call = waiting(states=["hot", "failed"], kettle="one")
    wait = asyncio.create_task(await_resource(call, KETTLE, kettles))
    await asyncio.sleep(0)  # noqa: TID251  # lets the wait begin
    kettles["one"] = Kettle("one", Heat.HOT)
    call.world.notify()

    assert (await wait).state is Heat.HOT


async def test_a_wait_that_times_out_reports_its_state() -> None:
    """In the words of its kind."""
    kettles = {"one": Kettle("one")}

    with pytest.raises(WaitTimedOut, match=r"Waited for kettle one to be hot; it is cold\."):
        await await_resource(waiting(states=["hot"], kettle="one", timeout="1ms"), KETTLE, kettles)
    with pytest.raises(WaitTimedOut, match=r"Waited for a kettle to be hot or failed; none of 1"):
        await await_resource(waiting(states=["failed", "hot"], timeout="1ms"), KETTLE, kettles)


# The vocabulary itself


def test_names_are_declared_once() -> None:
    """Two kinds, operations or moments of one name would shadow each other."""
    for kinds, operations in (
        ((KETTLE, KETTLE), ()),
        ((KETTLE,), (FILL, FILL)),
        ((KETTLE, replace(KETTLE, name="pot")), ()),
    ):
        with pytest.raises(ValueError, match="expected different names, got"):
            Vocabulary(kinds, operations)


def test_every_event_and_state_of_a_declaration_is_in_its_table() -> None:
    """Each event and state that sessions declare is in their table."""
    events = {event for row in SESSION.transitions.values() for event in row}
    custody = SESSION.custody

    assert custody is not None
    assert SESSION.automatic | SESSION.unrecorded | set(SESSION.reasons) <= events
    assert custody.used | custody.ran_out | {custody.expired} <= events
    assert SESSION.is_terminal(custody.cancelled)
    for moment in SESSION.moments:
        assert moment.state in (None, *SESSION.transitions)
        assert not moment.operation or RUNWAY_API.operation[moment.operation].kind == "session"


def test_a_vocabulary_has_each_name_once() -> None:
    """Of an operation, of a moment, of a kind; different ones are fine beside each other."""
    one, other = ApiOperation("one", "GET", "/1"), ApiOperation("other", "GET", "/2")
    first, second = ResourceKind("first"), ResourceKind("second")
    assert Vocabulary((first, second), (one, other)).role_of("one") is None
    for kinds, operations in (((first, first), (one,)), ((first,), (one, one))):
        with pytest.raises(ValueError, match="expected different names, got"):
            Vocabulary(kinds, operations)


def test_every_operation_but_consume_needs_the_version_header() -> None:
    """Browsers send none with it, and no client sends one to the storage of uploads."""
    bare = {each.id for each in RUNWAY_API.operations if not each.versioned}
    assert bare == {"consumeSession", "storeUpload"}
    assert ApiOperation("one", "GET", "/1").versioned
