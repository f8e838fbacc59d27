"""The admin API: its acts, its refusals, and the state that a refusal leaves unchanged."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fake_runway.admin_api.worlds import MOST_SNAPSHOTS
from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.worlds.registry import Retention
from tests.support.checked import Answer
from tests.support.fake.waiting import WAIT_S
from tests.support.servers import CREATE, MAKE, SECRET, Fake, StartFake, provisioned_in

NOBODY = "00000000-0000-4000-8000-000000000000"
STATES = [state.value for state in State]
STANDS_STILL = "The world's clock stands still, and the next event is due in 1.500s."
EMPTY_RECORD: dict[str, Any] = {
    "format": 1,
    **dict.fromkeys(("world", "origin", "seed"), "a"),
    **dict.fromkeys(("epoch", "rate", "now"), 0),
    "account": {},
    "session": {},
    "scenarios": {},
    "scenario": "default",
    "steps": [],
    "journal": [],
    "seal": "a.a",
}


async def standing(fake: Fake) -> dict[str, Any]:
    """Return everything about the world of `SECRET` that an act could change."""
    looked_at = ("world", "clock", "scenario", "faults", "sessions", "credits", "snapshots")
    answers = {each: (await fake.admin("GET", f"/{each}")).json for each in looked_at}
    return {**answers, "next": fake.world.log.next_number}


# Health, worlds


async def test_health_and_the_document_can_be_asked_for(start_fake: StartFake) -> None:
    """Both answer without a world, and by no other method."""
    fake = await start_fake()
    health = await fake.client.get("/__admin/health")
    document = await fake.client.get("/__admin/openapi.json")
    put = await fake.client.put("/__admin/health")
    unknown = await fake.client.get("/__admin/sesions")
    worlds = len(fake.worlds)
    assert health.json["status"] == "ok"
    assert document.json["openapi"] == "3.1.0"
    assert (put.status, put.headers["Allow"]) == (405, "GET")
    assert (unknown.status, unknown.json["code"]) == (404, "unknown_route")
    assert unknown.headers["X-Fake-Nearest-Route"] == "/__admin/sessions"
    assert worlds == 0


async def test_worlds_are_listed_newest_use_first(start_fake: StartFake) -> None:
    """The list has names and numbers of all worlds, and is no use of any."""
    fake = await start_fake()
    await fake.create()
    await fake.client.get("/w/other/__admin/world", headers=MAKE)
    worlds = (await fake.client.get("/__admin/worlds")).json["worlds"]
    names = [each["name"] for each in worlds]
    again = (await fake.client.get("/__admin/worlds")).json["worlds"]
    name = fake.world.name
    assert names == ["other", name]
    assert [each["name"] for each in again] == names
    assert (worlds[1]["sessions"], worlds[1]["active"], worlds[1]["calls"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/w/mine", {}),
        ("", {"X-Fake-World": "mine"}),
        ("", {"X-Test-Id": "mine"}),
        ("/w/mine", {"X-Fake-World": "other", "Authorization": "Bearer another"}),
        ("", {"X-Fake-World": "mine", "Authorization": "Bearer another"}),
    ],
)
async def test_a_world_is_named_as_for_the_runway_api(
    start_fake: StartFake, path: str, headers: dict[str, str]
) -> None:
    """By prefix, then by header, then by the secret."""
    fake = await start_fake()
    answer = await fake.client.get(f"{path}/__admin/world", headers=MAKE | headers)
    assert answer.json["name"] == "mine"


async def test_the_secret_or_being_alone_names_a_world(start_fake: StartFake) -> None:
    """A secret selects its world by its hash; the only world of a server needs no name."""
    fake = await start_fake()
    by_secret = await fake.admin("GET", "/world")
    alone = await fake.client.get("/__admin/world")
    assert by_secret.json["name"] == alone.json["name"]
    assert SECRET not in by_secret.body.decode()


async def test_no_or_several_worlds_are_a_clear_error(start_fake: StartFake) -> None:
    """The refusal reports how many there are and how to name one, and creates none."""
    fake = await start_fake()
    none = await fake.client.get("/__admin/world")
    for name in ("a", "b"):
        await fake.client.get(f"/w/{name}/__admin/world", headers=MAKE)
    several = await fake.client.get("/__admin/world")
    worlds = len(fake.worlds)
    assert (none.status, none.json["code"]) == (400, "which_world")
    assert several.json["error"].startswith("Which world? There are 2. Name one: /w/<world>")
    assert worlds == 2


@pytest.mark.parametrize("name", ["", "-", "a b", "x" * 101])
async def test_a_bad_name_names_no_world(start_fake: StartFake, name: str) -> None:
    """A bad name is rejected, also an empty one, which is usually an unset variable."""
    fake = await start_fake()
    answer = await fake.admin("GET", "/world", headers={"X-Fake-World": name})
    assert (answer.status, answer.json["code"]) == (400, "bad_world_name")


async def test_a_dropped_world_is_gone(start_fake: StartFake) -> None:
    """Its sessions are gone with it, and the next call gets a new world of its name."""
    fake = await start_fake()
    session_id = await fake.create()
    dropped = await fake.admin("DELETE", "/world")
    worlds = len(fake.worlds)
    after = await fake.call("GET", f"/v1/realtime_sessions/{session_id}")
    assert (dropped.status, worlds, after.status) == (204, 0, 404)


async def test_a_reset_world_begins_anew(start_fake: StartFake) -> None:
    """Scenario, faults, sessions, journal and snapshots are as in a new world."""
    fake = await start_fake()
    fresh = await standing(fake)
    await fake.create()
    await fake.admin("PUT", "/scenario", {"name": "slow"})
    await fake.admin("POST", "/faults", {"effect": {"status": 500}})
    await fake.admin("POST", "/snapshots")
    reset = await fake.admin("POST", "/reset")
    after = await standing(fake)
    assert reset.status == 200
    assert (fresh["world"].pop("only_admin"), after["world"].pop("only_admin")) == (True, False)
    for each in (fresh, after):
        del each["clock"]["now"], each["world"]["clock"]["now"]
        del each["world"]["epoch"]
    assert after == fresh


async def test_a_reset_releases_held_answers(start_fake: StartFake) -> None:
    """An answer that waits on a frozen clock is sent."""
    fake = await start_fake()
    await fake.admin("POST", "/faults", {"effect": {"delay": "1h"}})
    calling = asyncio.ensure_future(fake.call("GET", "/v1/organization"))
    await fake.admin("POST", "/await/calls", {"match": {"operation": "getOrganization"}})
    held_back = fake.world.held_back
    await fake.admin("POST", "/reset")
    answer = await calling
    assert (held_back, answer.status) == (1, 200)


# Forks and snapshots


async def test_a_fork_goes_on_by_itself(start_fake: StartFake) -> None:
    """What happens in a fork does not happen in the world, nor the other way round."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    forked = await fake.admin("POST", "/fork", {"name": "fork"})
    consumed = await fake.client.post(
        f"/w/fork/v1/realtime_sessions/{session_id}/consume",
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    await fake.create()
    await fake.admin("POST", "/faults", {"effect": {"status": 500}, "name": "here"})
    there = (await fake.client.get("/w/fork/__admin/world")).json
    state = (await fake.client.get(f"/w/fork/__admin/sessions/{session_id}")).json["state"]
    here = (await fake.admin("GET", f"/sessions/{session_id}")).json["state"]
    assert (forked.status, forked.json["name"]) == (201, "fork")
    assert consumed.status == 200
    assert (state, here) == ("running", "ready")
    assert (there["sessions"], there["faults"]) == (1, 0)


async def test_a_fork_needs_a_name_of_its_own(start_fake: StartFake) -> None:
    """A name that is taken or badly formed is refused, and nothing is made."""
    fake = await start_fake()
    name = (await fake.admin("GET", "/world")).json["name"]
    taken = await fake.admin("POST", "/fork", {"name": name})
    bad = await fake.admin("POST", "/fork", {"name": "a/b"})
    worlds = len(fake.worlds)
    assert (taken.status, bad.status, worlds) == (409, 400, 1)


async def test_a_snapshot_is_gone_back_to_any_number_of_times(start_fake: StartFake) -> None:
    """The world is as it was, its clock included; later events are forgotten."""
    fake = await start_fake()
    session_id, _ = await fake.ready()
    taken = await fake.admin("POST", "/snapshots", {"name": "ready"})
    before = await standing(fake)
    for _ in range(2):
        await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}")
        await fake.admin("POST", "/clock/move", {"by": "1h"})
        restored = await fake.admin("POST", "/snapshots/ready/restore")
        assert restored.status == 200
        assert await standing(fake) == before
    assert taken.json == {"name": "ready", "at": before["clock"]["now"]}


async def test_snapshots_are_named_listed_and_deleted(start_fake: StartFake) -> None:
    """One without a name gets one; there are only so many; one of the same name is replaced."""
    fake = await start_fake()
    named = await fake.admin("POST", "/snapshots")
    for number in range(MOST_SNAPSHOTS - 1):
        await fake.admin("POST", "/snapshots", {"name": f"s{number}"})
    too_many = await fake.admin("POST", "/snapshots", {"name": "more"})
    replaced = await fake.admin("POST", "/snapshots", {"name": "s0"})
    deleted = await fake.admin("DELETE", f"/snapshots/{named.json['name']}")
    again = await fake.admin("DELETE", f"/snapshots/{named.json['name']}")
    restored = await fake.admin("POST", "/snapshots/nothing/restore")
    listed = (await fake.admin("GET", "/snapshots")).json["snapshots"]
    assert (too_many.status, replaced.status, deleted.status) == (409, 201, 204)
    assert (again.status, restored.status, restored.json["code"]) == (404, 404, "unknown")
    assert [each["name"] for each in listed][-1] == "s0"
    assert len(listed) == MOST_SNAPSHOTS - 1


# The clock


async def test_a_clock_is_moved_three_ways(start_fake: StartFake) -> None:
    """By a span, to the next due event, to an instant; due events happen."""
    fake = await start_fake(provisioned_in(10))
    session_id = await fake.create()
    start = (await fake.admin("GET", "/clock")).json
    by = (await fake.admin("POST", "/clock/move", {"by": "4s"})).json
    following = (await fake.admin("POST", "/clock/move", {"to": "next"})).json
    ready = await fake.get(session_id)
    to = (await fake.admin("POST", "/clock/move", {"to": start["now"] + 3600})).json
    expired = await fake.get(session_id)
    assert start["next_due_at"] == start["now"] + 10
    assert by["now"] == start["now"] + 4
    assert following["now"] == start["now"] + 10
    assert (ready["status"], expired["status"]) == ("READY", "FAILED")
    assert (to["now"], to["next_due_at"]) == (start["now"] + 3600, None)


async def test_a_clock_runs_at_its_rate(start_fake: StartFake) -> None:
    """The rate is the world's own; a clock that runs needs no moves."""
    fake = await start_fake(provisioned_in(60))
    session_id = await fake.create()
    clock = (await fake.admin("PUT", "/clock", {"rate": 10_000})).json
    waited = await fake.admin(
        "POST", "/await/session", {"states": ["ready", "failed"], "session": session_id}
    )
    frozen = (await fake.admin("PUT", "/clock", {"rate": 0})).json
    later = (await fake.admin("GET", "/clock")).json
    assert (clock["rate"], waited.status) == (10_000, 200)
    assert frozen == later


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"to": "next"}, 409),
        ({"to": 1}, 409),
        ({"by": "87841h"}, 400),
        ({"to": 1e300}, 409),
        ({"by": "-1s"}, 400),
        ({}, 400),
        ({"by": "1s", "to": "next"}, 400),
        ({"by": 1}, 400),
        ({"for": "1s"}, 400),
    ],
)
async def test_a_refused_move_leaves_the_clock(
    start_fake: StartFake, body: dict[str, Any], status: int
) -> None:
    """Not backward, not too far, not to nothing, not in two ways."""
    fake = await start_fake()
    before = await standing(fake)
    answer = await fake.admin("POST", "/clock/move", body)
    after = await standing(fake)
    assert answer.status == status
    assert after == before


async def test_a_clock_moves_ten_years_at_the_most(start_fake: StartFake) -> None:
    """Twice six years are too many, in one step or in several."""
    fake = await start_fake()
    answers = [await fake.admin("POST", "/clock/move", {"by": "52560h"}) for _ in range(2)]
    assert [each.status for each in answers] == [200, 409]


# Scenario and faults


async def test_a_scenario_is_selected_by_name_or_by_data(start_fake: StartFake) -> None:
    """Later sessions follow it; existing ones keep their plan."""
    fake = await start_fake(provisioned_in(1))
    first = await fake.create()
    by_name = await fake.admin("PUT", "/scenario", {"name": "slow"})
    second = await fake.create()
    data = {"name": "mine", "session": {"provision_time": "100s"}}
    put = await fake.admin("PUT", "/scenario", {"scenario": data})
    got = await fake.admin("GET", "/scenario")
    await fake.admin("POST", "/clock/move", {"by": "1s"})
    states = [(await fake.get(each))["status"] for each in (first, second)]
    assert by_name.json["name"] == "slow"
    assert put.json == got.json == {"name": "mine", "about": "", "data": data}
    assert states == ["READY", "NOT_READY"]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"name": "slwo"}, 404, "Did you mean slow?"),
        ({"name": "slow", "scenario": {}}, 400, "of the keys name, scenario, got name, scenario"),
        ({}, 400, "of the keys name, scenario, got none at $."),
        ({"scenario": {"sesion": {}}}, 400, "did you mean session?"),
        ({"scenario": {"session": {"provision_time": "soon"}}}, 400, "provision_time"),
        ({"scenario": {"avatars": {"cat-character": "nothing"}}}, 400, "nothing"),
    ],
)
async def test_a_refused_scenario_changes_nothing(
    start_fake: StartFake, body: dict[str, Any], status: int, sentence: str
) -> None:
    """The refusal reports the mistake in it."""
    fake = await start_fake()
    before = await standing(fake)
    answer = await fake.admin("PUT", "/scenario", body)
    after = await standing(fake)
    assert answer.status == status
    assert sentence in answer.json["error"]
    assert after == before


async def test_scenarios_are_listed(start_fake: StartFake) -> None:
    """Each has a description and the ways to select it; each name can be put."""
    fake = await start_fake()
    listed = (await fake.admin("GET", "/scenarios")).json["scenarios"]
    chosen = await fake.admin("PUT", "/scenario", {"name": listed[-1]["name"]})
    assert len(listed) >= 40
    assert all(each["about"] and "tools" in each["doors"] for each in listed)
    assert all((each["avatar"] is not None) == ("avatar" in each["doors"]) for each in listed)
    assert chosen.status == 200


async def test_a_fault_strikes_until_it_is_removed(start_fake: StartFake) -> None:
    """Its tally counts matching calls; a fault of the same name replaces it."""
    fake = await start_fake()
    fault = {"name": "busy", "match": {"operation": "getOrganization"}}
    added = await fake.admin("POST", "/faults", {**fault, "effect": {"status": 503}})
    first = await fake.call("GET", "/v1/organization")
    (seen,) = (await fake.admin("GET", "/faults")).json["faults"]
    await fake.admin("POST", "/faults", {**fault, "effect": {"status": 500}})
    second = await fake.call("GET", "/v1/organization")
    removed = await fake.admin("DELETE", "/faults/busy")
    again = await fake.admin("DELETE", "/faults/busy")
    third = await fake.call("GET", "/v1/organization")
    assert added.status == 201
    assert added.json["by_hand"]
    assert (seen["name"], seen["seen"], seen["struck"]) == ("busy", 1, 1)
    assert [each.status for each in (first, second, third)] == [503, 500, 200]
    assert (removed.status, again.status) == (204, 404)


async def test_faults_without_a_name_get_one(start_fake: StartFake) -> None:
    """Several can be active, a scenario's too; only those placed by hand are removed."""
    fake = await start_fake()
    account = {"faults": [{"effect": {"delay": "0s"}}]}
    await fake.admin("PUT", "/scenario", {"scenario": {"name": "own", "account": account}})
    for _ in range(2):
        await fake.admin("POST", "/faults", {"effect": {"delay": "0s"}})
    odd = {"name": "a/b c", "effect": {"delay": "0s"}}
    await fake.admin("POST", "/faults", odd)
    await fake.admin("DELETE", "/faults/a%2Fb%20c")
    listed = (await fake.admin("GET", "/faults")).json["faults"]
    kept = await fake.admin("DELETE", f"/faults/{listed[0]['name'].replace('/', '%2F')}")
    await fake.admin("DELETE", "/faults")
    after = (await fake.admin("GET", "/faults")).json["faults"]
    assert [each["name"] for each in listed][1:] == ["fault-1", "fault-2"]
    assert [each["by_hand"] for each in listed] == [False, True, True]
    assert kept.status == 404
    assert [each["by_hand"] for each in after] == [False]


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"effect": {}},
        {"effect": {"statsu": 500}},
        {"effect": {"status": 500}, "times": 0},
        {"effect": {"delay": "1s"}, "acted": False},
        {"effect": {"status": 500}, "from": "2s", "until": "1s"},
        {"effect": {"headers": {"a b": "c"}}},
        {"effect": {"headers": {"a\n": "c"}}},
        {"effect": {"set": {"a": [[[]]]}}, "match": {"moment": "never"}},
        {"name": "\n", "effect": {"status": 500}},
    ],
)
async def test_a_refused_fault_is_not_put_in_place(
    start_fake: StartFake, fault: dict[str, Any]
) -> None:
    """For each kind of mistake, nothing changes."""
    fake = await start_fake()
    before = await standing(fake)
    answer = await fake.admin("POST", "/faults", fault)
    after = await standing(fake)
    assert answer.status == 400
    assert after == before


async def test_a_body_that_is_nested_too_deeply_is_refused(start_fake: StartFake) -> None:
    """It could be read but never be written again."""
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    fake = await start_fake()
    fault = await fake.admin("POST", "/faults", {"effect": {"set": deep}})
    scenario = await fake.admin("PUT", "/scenario", {"scenario": deep})
    assert (fault.status, scenario.status) == (400, 400)
    assert "64 levels" in fault.json["error"]


# Sessions


@pytest.mark.parametrize("state", STATES)
async def test_a_session_is_created_in_any_state(start_fake: StartFake, state: str) -> None:
    """By the events of the table; a READY one comes with its key, no other does."""
    fake = await start_fake()
    created = await fake.admin("POST", "/sessions", {"state": state, "max_duration_s": 60})
    got = (await fake.admin("GET", f"/sessions/{created.json['id']}")).json
    key = created.json.get("session_key")
    consumed = await fake.consume(created.json["id"], key) if key else None
    assert created.status == 201
    assert (got["state"], got["max_duration_s"]) == (state, 60)
    assert {**got, "session_key": key} == {"session_key": None, **created.json}
    assert (key is not None) == (state == "ready")
    assert consumed is None or consumed.status == 200


@pytest.mark.parametrize(
    ("scenario", "state"),
    [
        ({"account": {"credits": 1}}, "ready"),
        ({"account": {"credits": 3}}, "running"),
        ({"account": {"daily": 0}}, "ready"),
        ({"account": {"concurrency": 0}}, "provisioning"),
        ({"session": {"provision_time": "0s"}}, "provisioning"),
        ({"session": {"expires_in": "0s"}}, "ready"),
        ({"session": {"then": [{"in": "provisioning", "event": "failed"}]}}, "provisioning"),
    ],
)
async def test_a_refused_session_leaves_nothing(
    start_fake: StartFake, scenario: dict[str, Any], state: str
) -> None:
    """A session that account or scenario does not allow is refused as a whole."""
    fake = await start_fake()
    await fake.admin("PUT", "/scenario", {"scenario": {"name": "against-it", **scenario}})
    before = await standing(fake)
    answer = await fake.admin("POST", "/sessions", {"state": state})
    after = await standing(fake)
    assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert after == before


@pytest.mark.parametrize("state", ["provisioning", "ready", "running"])
async def test_a_session_is_created_under_any_plan(start_fake: StartFake, state: str) -> None:
    """A plan that keeps sessions queued does not hold a session created by hand."""
    fake = await start_fake()
    scenario = {"name": "later", "session": {"queued": "1h"}}
    await fake.admin("PUT", "/scenario", {"scenario": scenario})
    created = await fake.admin("POST", "/sessions", {"state": state})
    assert (created.status, created.json.get("state")) == (201, state)


async def test_events_are_applied_by_hand(start_fake: StartFake) -> None:
    """An event of the table is applied, with its failure; any other is refused."""
    failure = {"code": "WORKER", "text": "It fell over."}
    fake = await start_fake()
    session_id = await fake.create()
    path = f"/sessions/{session_id}/events"
    with_failure = await fake.admin("POST", path, {"event": "provisioned", "failure": failure})
    before = await standing(fake)
    illegal = await fake.admin("POST", path, {"event": "joined"})
    unknown = await fake.admin("POST", path, {"event": "admitted"})
    unknown_session = await fake.admin("POST", f"/sessions/{NOBODY}/events", {"event": "failed"})
    after = await standing(fake)
    failed = await fake.admin("POST", path, {"event": "failed", "failure": failure})
    wire = await fake.get(session_id)
    assert [each.status for each in (with_failure, illegal, unknown, unknown_session)] == [
        400,
        409,
        400,
        404,
    ]
    assert after == before
    assert failed.json["failure"] == failure
    assert (wire["status"], wire["failureCode"]) == ("FAILED", "WORKER")


async def test_sessions_are_listed_newest_first(start_fake: StartFake) -> None:
    """The query can filter by state and limit the number."""
    fake = await start_fake()
    created = [
        (await fake.admin("POST", "/sessions", {"state": each})).json["id"]
        for each in ("ready", "running", "ready")
    ]

    async def listed(query: str) -> list[str]:
        answer = await fake.admin("GET", f"/sessions{query}")
        return [each["id"] for each in answer.json["sessions"]]

    every, ready = await listed(""), await listed("?state=ready")
    newest = await listed("?state=ready&limit=1")
    assert every == created[::-1]
    assert ready == [created[2], created[0]]
    assert newest == [created[2]]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/sessions?state=READY", 'one of queued, provisioning, ready, claimed, * got "READY".'),
        ("/sessions?limit=0", 'a whole number from 1 to 100000 as limit *, got "0".'),
        ("/sessions?limit=1e3", 'a whole number * got "1e3".'),
        ("/sessions?limit=100001", 'a whole number * got "100001".'),
        ("/sessions?limit=1&limit=2", "one value as limit in the query, got 2."),
        ("/sessions?stat=ready", 'state, limit in the query, got "stat".'),
        ("/journal?operation=getSesion", 'one of createSession, getSession, * got "getSesion".'),
        ("/journal?status=ok", 'an HTTP status *, got "ok".'),
        ("/journal?session=1", 'the id of a session *, got "1".'),
        ("/journal?method=get", 'a method in capitals *, got "get".'),
        ("/journal?fault=", 'the name of a fault *, got "".'),
        ("/world?verbose=1", 'nothing in the query, got "verbose".'),
        ("/clock?now=", 'nothing in the query, got "now".'),
    ],
)
async def test_a_query_that_is_not_known_is_refused(
    start_fake: StartFake, path: str, sentence: str
) -> None:
    """An ignored filter would let a test pass for the wrong reason."""
    fake = await start_fake()
    answer = await fake.admin("GET", path)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")
    assert fnmatchcase(answer.json["error"], f"Expected {sentence}")


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", "/sessions", {"state": "redy"}, '"cancelled", got a string "redy" at $.state.'),
        ("POST", "/clock/move", {"by": "5 minutes"}, ', got a string "5 minutes" at $.by.'),
        ("POST", "/clock/move", {"to": "\x1b\x9b" * 99}, r'*got a string "\u001b\x9b*... at $.to.'),
        ("PUT", "/clock", {"rate": -1}, "got an integer -1 at $.rate."),
        ("PUT", "/clock", {"rate": [1]}, "got an array at $.rate."),
        (
            "PUT",
            "/credits",
            {"lef": 3},
            'nothing at $.left; expected no other keys, got "lef" at $.',
        ),
        ("PUT", "/clock", "planted", "got a string at $."),
    ],
)
async def test_a_refused_body_is_quoted_in_brief(
    start_fake: StartFake, method: str, path: str, body: object, sentence: str
) -> None:
    """The refusal shows the value, short and printable; for a body that is no object its type."""
    fake = await start_fake()
    answer = await fake.admin(method, path, body)
    assert (answer.status, answer.json["code"]) == (400, "bad_body")
    assert fnmatchcase(answer.json["error"], f"Expected *{sentence}")


async def test_a_refused_content_type_names_the_expected_one(start_fake: StartFake) -> None:
    """Curl's default type and a missing one are refused; the Runway API keeps its own sentence."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    fake = await start_fake()
    admin = await fake.call("POST", "/__admin/clock/move", data=b"{}", headers=form)
    runway = await fake.call("POST", "/v1/realtime_sessions", data=b"{}", headers=form)
    sentence = "Expected the content type application/json, got application/x-www-form-urlencoded."
    assert (admin.status, admin.json["error"]) == (415, sentence)
    assert runway.json["error"] == "Incorrect content type"


async def test_calls_are_filtered_by_the_full_name_of_a_fault(
    start_fake: StartFake,
) -> None:
    """The full name joins those of scenario and fault, and may be longer than either limit."""
    fault = {"name": "f" * 100, "effect": {"status": 503}}
    scenario = {"name": "s" * 60, "account": {"faults": [fault]}}
    fake = await start_fake()
    await fake.admin("PUT", "/scenario", {"scenario": scenario})
    await fake.call("GET", "/v1/organization")
    [name] = fake.world.log.exchanges[0].faults
    found = await fake.admin("GET", "/journal", params={"fault": name})
    assert len(name) > 160
    assert (found.status, found.json["total"]) == (200, 1)


async def test_a_timeline_reports_what_happened_and_why(start_fake: StartFake) -> None:
    """Calls, changes, acts and clock moves of one session, in order, as data and for people."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    other = await fake.create()
    await fake.admin("POST", "/clock/move", {"by": "10s"})
    await fake.consume(session_id, key)
    await fake.admin("POST", f"/sessions/{session_id}/events", {"event": "ended"})
    reported = (await fake.admin("GET", f"/sessions/{session_id.upper()}/timeline")).json
    unknown_session = await fake.admin("GET", f"/sessions/{NOBODY}/timeline")
    numbers = [each["number"] for each in reported["entries"]]
    acts = [each["act"] for each in reported["entries"] if each["kind"] == "act"]
    assert reported["session"] == session_id
    assert numbers == sorted(numbers)
    assert acts == ["moveClock", "occur"]
    assert not any(each["session"] == other for each in reported["entries"])
    assert len(reported["lines"]) == len(reported["entries"])
    assert "RUNNING" not in reported["lines"][0]
    assert unknown_session.status == 404
    assert reported["key_sha256"] == sha256(key.encode()).hexdigest()


# Journal, findings, credits


async def test_the_journal_is_filtered(start_fake: StartFake) -> None:
    """Of the matching calls, the newest are listed, and all are counted."""
    fake = await start_fake()
    session_id, _ = await fake.ready()
    await fake.create()
    await fake.get(session_id)
    await fake.call("GET", f"/v1/realtime_sessions/{NOBODY}")
    await fake.admin("POST", "/faults", {"name": "f", "effect": {"delay": "0s"}})
    await fake.call("GET", "/v1/organization")

    async def found(query: str) -> tuple[int, int]:
        journal = (await fake.admin("GET", f"/journal?{query}")).json
        return journal["total"], len(journal["exchanges"])

    counts = {
        query: await found(query)
        for query in (
            "",
            "operation=createSession",
            "method=GET&limit=2",
            "status=404",
            f"session={session_id.upper()}",
            f"session={session_id}&operation=getSession&status=200",
            "fault=f",
            "fault=g",
        )
    }
    newest = (await fake.admin("GET", "/journal?limit=1")).json["exchanges"]
    assert list(counts.values()) == [
        (6, 6),
        (2, 2),
        (4, 2),
        (1, 1),
        (3, 3),
        (2, 2),
        (1, 1),
        (0, 0),
    ]
    assert newest[0]["operation"] == "getOrganization"


async def test_requests_for_unknown_routes_are_listed(start_fake: StartFake) -> None:
    """With the route that was probably meant."""
    fake = await start_fake()
    await fake.call("GET", "/v1/realtime_session")
    await fake.call("GET", "/v1/organization")
    unmatched = (await fake.admin("GET", "/journal/unmatched")).json
    assert unmatched["total"] == 1
    assert unmatched["exchanges"][0]["path"] == "/v1/realtime_session"
    assert unmatched["exchanges"][0]["nearest"] == "/v1/realtime_sessions"


async def test_a_cleared_journal_is_empty_and_counts_dropped_entries(start_fake: StartFake) -> None:
    """Dropped entries are counted; the run cannot be recorded any more, but the next one can."""
    fake = await start_fake()
    await fake.create()
    await fake.admin("POST", "/clock/move", {"by": "1s"})
    cleared = await fake.admin("DELETE", "/journal")
    journal = (await fake.admin("GET", "/journal")).json
    recorded = await fake.admin("GET", "/replay")
    await fake.admin("POST", "/reset")
    again = await fake.admin("GET", "/replay")
    assert cleared.status == 204
    assert (journal["exchanges"], journal["total"], journal["dropped"]) == ([], 0, 2)
    assert recorded.status == 409
    assert "was deleted" in recorded.json["error"]
    assert "--journal" not in recorded.json["error"]
    assert again.status == 200


async def test_findings_report_mistakes_of_a_client(start_fake: StartFake) -> None:
    """A careless run has findings, each in the documented form."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    for _ in range(3):
        await fake.consume(session_id, key)
        await fake.admin("POST", "/clock/move", {"by": "1s"})
    await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}")
    await fake.get(session_id)
    await fake.call("GET", f"/v1/organization?api_key={SECRET}")
    found = (await fake.admin("GET", "/findings")).json["findings"]
    assert {each["id"] for each in found} >= {"consumed-twice", "secret-in-url"}


async def test_credits_are_set_to_a_remainder(start_fake: StartFake) -> None:
    """Earlier spending does not count; a world without a limit gets one."""
    unlimited = Settings(limits=Limits(credits=None))
    fake = await start_fake(unlimited)
    await fake.create()
    before = (await fake.admin("GET", "/credits")).json
    after = await fake.admin("PUT", "/credits", {"left": 1.0})
    refused = await fake.call("POST", "/v1/realtime_sessions", json=CREATE)
    negative = await fake.admin("PUT", "/credits", {"left": -1})
    last = (await fake.admin("GET", "/credits")).json
    assert before == {"left": None, "spent": 2, "sessions_today": 1}
    assert after.json == last == {"left": 1, "spent": 2, "sessions_today": 1}
    assert isinstance(last["left"], int)
    assert (refused.status, negative.status) == (402, 400)


# Acts


async def test_acts_are_numbered_and_a_refused_one_leaves_no_gap(start_fake: StartFake) -> None:
    """Acts stand in one sequence with calls and changes, and nothing is numbered twice."""
    fake = await start_fake()
    await fake.create()
    for path, body in (
        ("/clock/move", {"by": "1s"}),
        ("/clock/move", {"to": 1}),
        ("/faults", {"effect": {"delay": "0s"}}),
        ("/faults", {"effect": {"delay": "0s"}, "acted": False}),
        ("/sessions", {"state": "running"}),
        (f"/sessions/{NOBODY}/events", {"event": "failed"}),
    ):
        await fake.admin("POST", path, body)
    await fake.admin("DELETE", "/faults/nothing")
    await fake.admin("DELETE", "/faults/fault-1")
    await fake.admin("PUT", "/credits", {"left": 9})
    await fake.admin("PUT", "/clock", {"rate": 0})
    await fake.admin("PUT", "/scenario", {"name": "slow"})
    entries = fake.world.log.entries()
    acts = [each.what for each in fake.world.log.acts]
    assert [each.number for each in entries] == list(range(len(entries)))
    assert acts == [
        "moveClock",
        "addFault",
        "makeSession",
        "removeFault",
        "putCredits",
        "setClockRate",
        "putScenario",
    ]


# Replay


async def test_a_run_is_recorded_and_run_again(start_fake: StartFake) -> None:
    """The new world exists, its clock is frozen, and its journal is the same."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    await fake.admin("POST", "/faults", {"effect": {"status": 503}, "times": 1})
    await fake.call("GET", "/v1/organization")
    await fake.consume(session_id, key)
    recorded = (await fake.admin("GET", "/replay")).json
    body = {"name": "again", "token": recorded["token"]}
    replayed = await fake.admin("POST", "/replay", body)
    taken = await fake.admin("POST", "/replay", body)
    journal = (await fake.admin("GET", "/journal")).json
    same = (await fake.client.get("/w/again/__admin/journal")).json
    clock = (await fake.client.get("/w/again/__admin/clock")).json
    assert replayed.json == {
        "name": "again",
        "exchanges": 4,
        "identical": True,
        "divergence": None,
    }
    assert taken.status == 409
    assert same == journal
    assert clock["rate"] == 0


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "fr1.",
        "fr1.eNo",
        "{}",
        '{"format": 1}',
        json.dumps({**EMPTY_RECORD, "steps": [{"at": 0, "act": "nothing"}]}),
        json.dumps({**EMPTY_RECORD, "now": -1}),
    ],
)
async def test_a_malformed_record_is_refused(start_fake: StartFake, token: str) -> None:
    """A text other than a record is 400, and creates no world."""
    fake = await start_fake()
    await fake.admin("GET", "/world")
    answer = await fake.admin("POST", "/replay", {"name": "again", "token": token})
    worlds = len(fake.worlds)
    assert (answer.status, answer.json["where"]) == (400, "$.token")
    assert worlds == 1


# Waits


async def waiting(fake: Fake, path: str, body: dict[str, Any]) -> "asyncio.Future[Answer]":
    """Start a wait, and return once the server handles it."""
    body = {"timeout": f"{WAIT_S:g}s", **body}
    answer = asyncio.ensure_future(fake.admin("POST", f"/await/{path}", body))
    await until(lambda: fake.world._watched)
    return answer


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run on until `condition` holds; no time passes."""
    while not condition():  # noqa: ASYNC110 - what happens inside a server has no event here
        await asyncio.sleep(0)  # noqa: TID251 - no time passes


async def test_waits_end_when_their_condition_holds(start_fake: StartFake) -> None:
    """On a frozen clock a wait ends by a jump, by a call, by an act."""
    fake = await start_fake()
    session_id = await fake.create()
    about = {"session": session_id.upper()}
    ready = await waiting(fake, "session", {"states": ["ready"], **about})
    await fake.admin("POST", "/clock/move", {"to": "next"})
    first = await ready
    polled = await waiting(fake, "calls", {"match": {"operation": "getSession", **about}})
    await fake.get(session_id)
    second = await polled
    failed = await waiting(fake, "session", {"states": ["failed", "cancelled"], **about})
    await fake.admin("POST", f"/sessions/{session_id}/events", {"event": "failed"})
    third = await failed
    assert (first.json["state"], third.json["state"]) == ("ready", "failed")
    assert [each["operation"] for each in second.json["exchanges"]] == ["getSession"]


async def test_a_wait_ends_by_time_alone(start_fake: StartFake) -> None:
    """On a clock that runs, a session becomes READY without any call."""
    settings = provisioned_in(20)
    for_days = replace(settings, plan=replace(settings.plan, expires_in_s=9e6))
    fake = await start_fake(for_days, rate=1_000)
    session_id = await fake.create()
    wait = {"states": ["ready"], "session": session_id, "timeout": f"{WAIT_S:g}s"}
    answer = await fake.admin("POST", "/await/session", wait)
    assert (answer.status, answer.json["state"]) == (200, "ready")


async def test_a_wait_for_the_past_ends_at_once(start_fake: StartFake) -> None:
    """A late wait ends at once, also with a timeout of 0."""
    fake = await start_fake()
    await fake.ready()
    session = await fake.admin("POST", "/await/session", {"states": ["ready"], "timeout": "0s"})
    calls = await fake.admin("POST", "/await/calls", {"count": 2, "timeout": "0s"})
    last = calls.json["exchanges"][-1]["number"]
    later = await fake.admin("POST", "/await/calls", {"since": last, "timeout": "0s"})
    assert (session.status, calls.status) == (200, 200)
    assert [each["number"] for each in later.json["exchanges"]] == [last]


async def test_no_event_is_missed_between_check_and_wait(start_fake: StartFake) -> None:
    """However the steps of many waits and calls are interleaved, every wait ends."""
    fake = await start_fake()
    await fake.admin("GET", "/world")

    async def one(number: int) -> int:
        wait = {"match": {"operation": "getOrganization"}, "count": number + 1}
        answers = await asyncio.gather(
            fake.admin("POST", "/await/calls", {**wait, "timeout": f"{WAIT_S:g}s"}),
            fake.call("GET", "/v1/organization"),
        )
        return answers[0].status

    statuses = await asyncio.gather(*map(one, range(20)))
    assert set(statuses) == {200}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        (
            "session",
            {"states": ["ready"], "session": NOBODY},
            f"Waited for session {NOBODY} to be ready; there is no such session. {STANDS_STILL}",
        ),
        (
            "session",
            {"states": ["failed", "ready"]},
            f"Waited for a session to be ready or failed; none of 1 is. {STANDS_STILL}",
        ),
        (
            "calls",
            {"match": {"operation": "createSession"}, "count": 3},
            f"Waited for 3 matching calls; there are 1. {STANDS_STILL}",
        ),
    ],
)
async def test_a_wait_that_timed_out_reports_what_is_missing(
    start_fake: StartFake, path: str, body: dict[str, Any], sentence: str
) -> None:
    """The message has the count so far, and says that the clock is frozen."""
    fake = await start_fake()
    await fake.create()
    answer = await fake.admin("POST", f"/await/{path}", {**body, "timeout": "1ms"})
    assert (answer.status, answer.json["code"]) == (408, "waited_in_vain")
    assert answer.json["error"] == sentence


@pytest.mark.parametrize("longest", ["121s", "1h", "99999999h", "soon", 5])
async def test_a_wait_has_its_limit(start_fake: StartFake, longest: object) -> None:
    """Two minutes at the most; the refusal has the path of the mistake."""
    fake = await start_fake()
    answer = await fake.admin("POST", "/await/session", {"states": ["ready"], "timeout": longest})
    assert (answer.status, answer.json["where"]) == (400, "$.timeout")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/world"), ("POST", "/reset")])
async def test_a_wait_ends_with_its_world(start_fake: StartFake, method: str, path: str) -> None:
    """A wait is refused when its world is dropped, and does not go on in a new one."""
    fake = await start_fake()
    await fake.create()
    wait = await waiting(fake, "session", {"states": ["ready", "failed"]})
    await fake.admin(method, path)
    answer = await wait
    assert (answer.status, answer.json["code"]) == (409, "conflict")


async def test_a_waiter_who_hangs_up_leaves_nothing(start_fake: StartFake) -> None:
    """No task and no timer of the wait is left on the server."""
    fake = await start_fake()
    await fake.create()
    before = len(asyncio.all_tasks())
    async with aiohttp.ClientSession() as http:
        body = {"states": ["failed"], "timeout": "120s"}
        headers = {"Authorization": f"Bearer {SECRET}"}
        url = f"{fake.url}/__admin/await/session"
        wait = asyncio.ensure_future(http.post(url, json=body, headers=headers))
        await until(lambda: fake.world._watched)
        wait.cancel()
    await until(lambda: len(asyncio.all_tasks()) <= before)
    states = [each.state for each in fake.world.account.sessions.values()]
    assert states == [State.PROVISIONING]


# Metrics and retention


async def metrics(fake: Fake) -> dict[str, float]:
    """Return the fake's own samples by name and labels."""
    answer = await fake.client.get("/metrics")
    families = text_string_to_metric_families(answer.body.decode())
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("fake_runway")
    }


async def test_metrics_count_the_state_of_the_server(start_fake: StartFake) -> None:
    """Worlds, sessions by state, calls by operation and status, faults, snapshots."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    await fake.consume(session_id, key)
    await fake.create()
    await fake.call("GET", "/v1/nothing")
    await fake.client.get("/v1/organization")
    await fake.admin("POST", "/faults", {"effect": {"status": 503}, "times": 1})
    await fake.call("GET", "/v1/organization")
    await fake.admin("POST", "/snapshots")
    await fake.client.get("/w/other/__admin/world", headers=MAKE)
    await fake.client.request("DELETE", "/w/other/__admin/world")
    samples = await metrics(fake)
    entries = len(fake.world.log)
    expected = {
        "fake_runway_worlds": 1,
        "fake_runway_worlds_dropped_total asked": 1,
        "fake_runway_worlds_dropped_total idle": 0,
        "fake_runway_sessions running": 1,
        "fake_runway_sessions provisioning": 1,
        "fake_runway_sessions ready": 0,
        "fake_runway_journal_entries": entries,
        "fake_runway_snapshots": 1,
        "fake_runway_held_back": 0,
        "fake_runway_calls_total createSession 200": 2,
        "fake_runway_calls_total getSession 200": 1,
        "fake_runway_calls_total consumeSession 200": 1,
        "fake_runway_calls_total getOrganization 503": 1,
        "fake_runway_calls_total none 404": 1,
        "fake_runway_calls_total none 401": 1,
        "fake_runway_faults_struck_total": 1,
    }
    assert {name: samples.get(name) for name in expected} == expected


async def test_worlds_beyond_the_limit_are_evicted(start_fake: StartFake) -> None:
    """The least recently used goes first, forks count too, and the metrics count them."""
    fake = await start_fake(retention=Retention(most=3))
    for name in ("a", "b", "c"):
        await fake.client.get(f"/w/{name}/__admin/world", headers=MAKE)
    await fake.client.get("/w/a/__admin/world")
    await fake.client.get("/w/d/__admin/world", headers=MAKE)
    await fake.client.post("/w/a/__admin/fork", json={"name": "e"})
    names = [each.name for each in fake.worlds]
    samples = await metrics(fake)
    assert names == ["d", "a", "e"]
    assert samples["fake_runway_worlds"] == 3
    assert samples["fake_runway_worlds_dropped_total count"] == 2


async def test_unused_worlds_are_dropped(start_fake: StartFake) -> None:
    """All but the newest, and those that hold an answer back, are dropped."""
    fake = await start_fake(provisioned_in(1), retention=Retention(idle_s=0))
    await fake.client.post("/w/busy/__admin/faults", json={"effect": {"delay": "1h"}})
    calling = asyncio.ensure_future(
        fake.call("GET", "/v1/organization", headers={"X-Fake-World": "busy"})
    )
    await fake.client.post("/w/busy/__admin/await/calls", json={})
    for name in ("idle", "newest"):
        await fake.client.get(f"/w/{name}/__admin/world", headers=MAKE)
    listed = (await fake.client.get("/__admin/worlds")).json["worlds"]
    samples = await metrics(fake)
    await fake.client.request("DELETE", "/w/busy/__admin/world")
    await calling
    assert [each["name"] for each in listed] == ["newest", "busy"]
    assert samples["fake_runway_worlds_dropped_total idle"] == 1
    assert samples["fake_runway_held_back"] == 1


async def test_latency_is_not_for_the_admin_api(start_fake: StartFake) -> None:
    """A world whose answers are held back for ever can still be inspected."""
    fake = await start_fake(Settings(latency=Fixed(3600)))
    answer = await fake.admin("GET", "/world")
    assert answer.status == 200
