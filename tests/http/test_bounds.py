"""No body is so deep or so large that it stops the server, or cannot be written again."""

import asyncio
import base64
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from contracts.wire.schema import load
from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import WorldWait
from fake_runway.admin_api.scenarios import MOST_BOUND, MOST_FAULTS
from fake_runway.admin_api.waits import WaitTimedOut, await_calls
from fake_runway.clock import next_turn
from fake_runway.core.draws import Draws
from fake_runway.core.durations import Fixed
from fake_runway.core.history.journal import Exchange
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.core.types import LARGEST_INTEGER
from fake_runway.replay.record import PREFIX
from fake_runway.room.tokens import LiveKit
from fake_runway.web.bodies import DEEPEST_BODY, LONGEST_BODY, MOST_VALUES, check_extent
from fake_runway.web.errors import BodyTooDeep, BodyTooLarge
from fake_runway.worlds.registry import Retention
from tests.support.checked import Answer
from tests.support.effort import examples
from tests.support.servers import CREATE, MAKE, Fake, StartFake, serving_fake

SESSIONS = "/v1/realtime_sessions"
GROUP = {"type": "object", "name": "group", "description": "Anything"}
TOOL = {"type": "client_event", "name": "show", "description": "Shows"}
READS = ("/journal", "/journal/unmatched", "/findings", "/replay", "/sessions", "/faults")
SHELLS = {"array": lambda inner: [inner], "object": lambda inner: {"a": inner}}


def nested(levels: int, shell: Any = SHELLS["array"]) -> Any:
    """Return a value of that many levels."""
    value: Any = 1
    for _ in range(levels - 1):
        value = shell(value)
    return value


async def ready(fake: Fake) -> tuple[str, str]:
    """Return id and key of a new session that is READY."""
    created = await fake.admin("POST", "/sessions", {"state": "ready"})
    return created.json["id"], created.json["session_key"]


async def consume(fake: Fake, body: Any) -> tuple[str, Answer]:
    """Consume a new session with `body`; return its id and the answer."""
    session, key = await ready(fake)
    answer = await fake.client.post(
        f"{SESSIONS}/{session}/consume", json=body, headers={"Authorization": f"Bearer {key}"}
    )
    return session, answer


async def every_read(fake: Fake, session: str) -> dict[str, int]:
    """Return the status of each way to read what happened."""
    answers = {path: await fake.admin("GET", path) for path in READS}
    answers["timeline"] = await fake.admin("GET", f"/sessions/{session}/timeline")
    answers["wait"] = await fake.admin("POST", "/await/calls", {"timeout": "0s"})
    return {path: answer.status for path, answer in answers.items()}


async def as_json(fake: Fake, method: str, path: str, raw: bytes) -> Answer:
    """Send `raw` as a JSON body to the admin API."""
    headers = {"Content-Type": "application/json", "X-Fake-World": "a"}
    return await fake.client.request(method, f"/__admin{path}", data=raw, headers=headers)


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
async def test_a_body_at_the_limit_can_be_read_back(start_fake: StartFake, shell: Any) -> None:
    """The deepest body that is accepted appears in journal, timeline, replay, waits, findings."""
    fake = await start_fake()
    session, answer = await consume(fake, {"a": nested(DEEPEST_BODY - 1, shell)})
    assert answer.status == 200
    assert set((await every_read(fake, session)).values()) == {200}


@pytest.mark.parametrize("levels", [DEEPEST_BODY + 1, 252, 500, 700])
@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
async def test_a_deeper_body_is_refused(start_fake: StartFake, shell: Any, levels: int) -> None:
    """With a code of its own, and the world stays readable."""
    fake = await start_fake()
    deep = nested(levels - 1, shell)
    tool = {**TOOL, "parameters": [{**GROUP, "properties": [deep]}]}
    session, consumed = await consume(fake, {"a": deep})
    created = await fake.call("POST", SESSIONS, json={**CREATE, "tools": [tool]})
    for answer in (consumed, created):
        assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "body_too_deep")
        assert f"{DEEPEST_BODY} levels" in answer.json["error"]
    assert set((await every_read(fake, session)).values()) == {200}


def operations_with_bodies() -> list[tuple[str, str]]:
    """Return method and path of every admin operation that takes a body, names filled in."""
    taking = [each for each in load("admin").operations() if each.request]
    return [
        (each.method.upper(), each.template.removeprefix("/__admin").format(name="x", id="x"))
        for each in taking
    ]


@pytest.mark.parametrize(("method", "path"), operations_with_bodies())
async def test_every_admin_body_has_the_limits(
    start_fake: StartFake, method: str, path: str
) -> None:
    """Too deep, too many values, too many bytes: each is refused with its code."""
    fake = await start_fake()
    await fake.admin("GET", "/world")
    deep = await as_json(fake, method, path, b'{"a":' * 100 + b"1" + b"}" * 100)
    wide = await as_json(fake, method, path, orjson.dumps({"a": [1] * (MOST_VALUES + 1)}))
    assert (deep.status, deep.json["code"]) == (400, "body_too_deep")
    assert (wide.status, wide.json["code"]) == (413, "body_too_large")


HUGE = {
    "a scenario with many unknown keys": (
        *("PUT", "/scenario"),
        {"scenario": {f"key-{n}": 1 for n in range(MOST_VALUES - 10)}},
    ),
    "many faults that are none": (
        *("PUT", "/scenario"),
        {"scenario": {"account": {"faults": [{}] * (MOST_VALUES - 10)}}},
    ),
    "many avatars that are bound to nothing": (
        *("PUT", "/scenario"),
        {"scenario": {"avatars": {f"key-{n}": 1 for n in range(MOST_VALUES - 10)}}},
    ),
    "a key of a megabyte": ("PUT", "/scenario", {"scenario": {"k" * (LONGEST_BODY - 100): 1}}),
    "a name of a megabyte": ("PUT", "/scenario", {"name": "n" * (LONGEST_BODY - 100)}),
    "an avatar of a megabyte": (
        *("PUT", "/scenario"),
        {"scenario": {"avatars": {"k" * (LONGEST_BODY - 100): 1}}},
    ),
}


@pytest.mark.parametrize(("method", "path", "body"), HUGE.values(), ids=HUGE)
async def test_the_refusal_of_a_huge_body_is_short(
    start_fake: StartFake, method: str, path: str, body: Any
) -> None:
    """It names the first problems."""
    fake = await start_fake()
    answer = await fake.admin(method, path, body)
    assert answer.status in (400, 404)
    assert len(answer.body) < 20_000
    assert len(answer.headers) < 20


async def test_a_create_with_many_tools_is_refused_shortly(start_fake: StartFake) -> None:
    """In body, headers and journal, whether it is over the limit of values or just below."""
    fake = await start_fake()
    many = await fake.call("POST", SESSIONS, json={**CREATE, "tools": [{}] * 60_000})
    fewer = await fake.call("POST", SESSIONS, json={**CREATE, "tools": [{}] * (MOST_VALUES - 99)})
    keys = await fake.call("POST", SESSIONS, json={**CREATE, **{f"key{n}": 1 for n in range(9999)}})
    assert (many.status, many.headers["X-Fake-Code"]) == (413, "body_too_large")
    assert (fewer.status, keys.status) == (400, 400)
    assert "and 9979 more" in keys.json["error"]
    journal = await fake.admin("GET", "/journal")
    assert len(fewer.body) + len(keys.body) + len(journal.body) < 20_000


async def test_the_largest_create_of_the_contract_is_accepted(start_fake: StartFake) -> None:
    """The limit of values is above what 20 tools of 20 parameters of 20 choices need."""
    parameter = {"type": "string", "description": "x", "required": True}
    choices = [f"choice {n}" for n in range(20)]
    parameters = [{**parameter, "name": f"p{n}", "enum": choices} for n in range(20)]
    tools = [{**TOOL, "name": f"t{n}", "parameters": parameters} for n in range(20)]
    fake = await start_fake()
    created = await fake.call("POST", SESSIONS, json={**CREATE, "tools": tools})
    assert created.status == 200


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@effort(max_examples=examples(25), deadline=None)
@given(
    st.dictionaries(st.text(), JSON_VALUES, max_size=4),
    st.integers(1, DEEPEST_BODY + 4),
    st.sampled_from(list(SHELLS.values())),
)
def test_what_is_accepted_can_be_read_back(body: Any, levels: int, shell: Any) -> None:
    """Any body, at any depth: whether it is accepted or not, its world can be read."""

    async def play() -> None:
        async with serving_fake() as fake:
            session, answer = await consume(fake, {**body, "deep": nested(levels, shell)})
            assert answer.status == (200 if levels < DEEPEST_BODY else 400)
            assert set((await every_read(fake, session)).values()) == {200}

    asyncio.run(play())


@given(st.integers(1, 2 * DEEPEST_BODY), st.sampled_from(list(SHELLS.values())))
def test_levels_are_counted(levels: int, shell: Any) -> None:
    """Exactly `DEEPEST_BODY` levels are allowed."""
    if levels <= DEEPEST_BODY:
        check_extent(nested(levels, shell))
    else:
        with pytest.raises(BodyTooDeep):
            check_extent(nested(levels, shell))


@given(JSON_VALUES)
def test_values_are_counted(value: Any) -> None:
    """Each scalar, array and object is one; keys are none."""

    def count(node: Any) -> int:
        match node:
            case dict():
                return 1 + sum(map(count, node.values()))
            case list():
                return 1 + sum(map(count, node))
        return 1

    total = count(value)
    check_extent(value, most=total)
    with pytest.raises(BodyTooLarge):
        check_extent(value, most=total - 1)


CROWD = 8_000
CROWDED = Settings(limits=Limits(None, None, None), plan=Plan(provision=Fixed(1.0)))


async def test_a_long_move_of_a_clock_lets_other_worlds_go_on(start_fake: StartFake) -> None:
    """Calls of another world are answered before it ends; its own come after all that was due."""
    fake = await start_fake(CROWDED)
    for _ in range(CROWD):
        fake.world.account.create(at=fake.world.clock.now())
    others: list[int] = []

    async def other_world() -> None:
        while not move.done():
            answer = await fake.client.get("/w/other/__admin/world", headers=MAKE)
            others.append(answer.status)

    move = asyncio.ensure_future(fake.admin("POST", "/clock/move", {"by": "1h"}))
    before = fake.world.clock.now()
    while fake.world.clock.now() == before:
        await next_turn()
    own = asyncio.ensure_future(fake.admin("GET", "/sessions?limit=100000"))
    await other_world()
    assert len(others) > 2
    assert set(others) == {200}
    assert move.result().json["next_due_at"] is None
    assert {each["state"] for each in (await own).json["sessions"]} == {"failed"}


async def test_a_journal_has_a_limit_of_memory(start_fake: StartFake) -> None:
    """Large bodies push the oldest calls out, and the answer says how many are gone."""
    fake = await start_fake(retention=Retention(journal_bytes=2 << 20))
    for _ in range(6):
        await consume(fake, {"a": "x" * 900_000})
    journal = await fake.admin("GET", "/journal?limit=1000")
    assert len(journal.json["exchanges"]) == 2
    assert journal.json["dropped"] >= 4
    replay = await fake.admin("GET", "/replay")
    assert replay.status == 409
    assert "--journal-mib" in replay.json["error"]


async def test_what_an_admin_puts_in_place_has_limits(start_fake: StartFake) -> None:
    """Faults and bound avatars: the next new one is refused, one of the same name is replaced."""
    fake = await start_fake()
    await fake.admin("GET", "/world")
    world = fake.world
    fault = {"name": "fault-0", "effect": {"status": 503}}
    await fake.admin("POST", "/faults", fault)
    for number in range(MOST_FAULTS - 1):
        world.placed[f"more-{number}"] = world.placed["fault-0"]
    again = await fake.admin("POST", "/faults", fault)
    other = await fake.admin("POST", "/faults", {**fault, "name": "fault-1"})
    assert (again.status, other.status, other.json["code"]) == (201, 409, "conflict")
    ids = [Draws("0", "avatars").uuid("id", number) for number in range(MOST_BOUND)]
    form = {"provision_time": "2s"}
    for avatar in ids:
        world.bind(avatar, world.catalogue.parse_form(form, avatar=avatar), at=world.clock.now())
    refused = await fake.admin("PUT", "/avatars/music-superstar", form)
    replaced = await fake.admin("PUT", f"/avatars/{ids[0]}", form)
    assert (refused.status, replaced.status) == (400, 200)


async def test_a_large_run_is_recorded_and_replayed(start_fake: StartFake) -> None:
    """With bodies of some megabytes, whose token takes long to make."""
    fake = await start_fake()
    for _ in range(4):
        await consume(fake, {"a": "x" * 900_000})
    recorded = await fake.admin("GET", "/replay")
    assert recorded.status == 200
    body = {"name": "again", "token": recorded.json["token"]}
    replayed = await fake.admin("POST", "/replay", body)
    assert (replayed.status, replayed.json["identical"]) == (200, True)


@pytest.mark.parametrize("setting", ["credits", "concurrency", "daily", "retained"])
async def test_the_largest_numbers_of_a_scenario_can_be_written(
    start_fake: StartFake, setting: str
) -> None:
    """Beyond what JSON can write a number is refused, not kept for all answers to break on."""
    fake = await start_fake()
    for number in (2.0**53, 2**64, 1e308):
        wrong = await fake.admin("PUT", "/scenario", {"scenario": {"account": {setting: number}}})
        assert (wrong.status, f"$.account.{setting}" in wrong.json["error"]) == (400, True)
    largest = {"scenario": {"account": {setting: LARGEST_INTEGER}}}
    assert (await fake.admin("PUT", "/scenario", largest)).status == 200
    await fake.create()
    assert (await fake.call("GET", "/v1/organization")).status == 200
    reads = [await fake.admin("GET", path) for path in (*READS, "/credits", "/scenario")]
    assert {each.status for each in reads} == {200}


def _packed(record: Any) -> str:
    raw = record if isinstance(record, bytes) else orjson.dumps(record)
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode().rstrip("=")


BOMBS = {
    "bytes": b" " * (60 << 20),
    "values": b"[" + b"[]," * 4_000_000 + b"[]]",
    "objects": b"[" + b'{"a":1},' * 1_500_000 + b"{}]",
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
async def test_a_small_token_that_unpacks_to_very_much_is_refused(
    start_fake: StartFake, raw: bytes
) -> None:
    """Before its values are made: they would take a hundred times the memory of their text."""
    fake = await start_fake()
    token = _packed(raw)
    assert len(token) < 200_000
    answer = await fake.admin("POST", "/replay", {"name": "again", "token": token})
    assert answer.status == 400
    assert "large" in answer.json["error"] or "at most" in answer.json["error"]


DAMAGE: dict[str, tuple[tuple[Any, ...], Any]] = {
    "an operation of another type": (("steps", 0, "operation"), {"a": 1}),
    "an avatar that is a list": (("steps", 0, "avatar"), [[]]),
    "a media URL that is a number": (("media_url",), 5),
    "a query of numbers": (("steps", 0, "request", "query"), {"limit": 5}),
    "a key of another type": (("steps", 2, "request", "key_fits"), {"a": 1}),
    "an agent that is a list": (("steps", 0, "request", "agent"), ["x"]),
    "a create without an avatar": (("steps", 0, "request", "body"), {"model": "gwm1_avatars"}),
    "a create that runs forever": (("steps", 0, "request", "body", "maxDuration"), 10**9),
    "an act of another shape": (("steps", 3, "given"), {"left": "x"}),
    "an act that runs forever": (("steps", 4, "given"), {"max_duration_s": 10**9}),
    "a number that is too large": (("account", "concurrency"), 1e308),
    "a seed that is a list": (("seed",), []),
    "a step that is none": (("steps", 0), {}),
}


@pytest.mark.parametrize(("path", "value"), DAMAGE.values(), ids=DAMAGE)
async def test_a_record_of_another_shape_is_refused(
    start_fake: StartFake, path: tuple[Any, ...], value: Any
) -> None:
    """It is text from outside like any body: what is made of it is shown in later answers."""
    fake = await start_fake()
    await fake.create()
    session = await fake.admin("POST", "/sessions", {"state": "ready"})
    await fake.consume(session.json["id"], session.json["session_key"])
    await fake.admin("PUT", "/credits", {"left": 5})
    await fake.admin("POST", "/sessions", {"state": "running", "max_duration_s": 60})
    recorded = (await fake.admin("GET", "/replay")).json["record"]
    assert [each.get("act") for each in recorded["steps"]] == [
        *(None, "makeSession", None, "putCredits", "makeSession")
    ]
    given = {**recorded, "digests": []}
    del given["journal"]
    place: Any = given
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    answer = await fake.admin("POST", "/replay", {"name": "again", "token": _packed(given)})
    assert (answer.status, answer.json.get("where")) == (400, "$.token")


async def test_a_replayed_world_keeps_no_more_than_another(start_fake: StartFake) -> None:
    """The replay needs a journal without a limit; what comes after it does not."""
    fake = await start_fake(retention=Retention(journal_bytes=3_000_000))
    await consume(fake, {"a": "x" * 900_000})
    token = (await fake.admin("GET", "/replay")).json["token"]
    await fake.admin("POST", "/replay", {"name": "again", "token": token})
    again = fake.worlds.named("again")
    for _ in range(6):
        again.log.add_exchange(Exchange("x", "GET", "/x", reply="x" * 900_000))
    assert again.log.bytes <= 3_000_000


async def test_waits_that_end_together_leave_others_their_turns(start_fake: StartFake) -> None:
    """Each looks through the journal in a turn of its own, and does not look again in vain."""
    fake = await start_fake()
    await fake.create()
    world = fake.world
    seen: list[int] = []
    turns = 0

    class Counted(deque[Exchange]):
        def __iter__(self) -> Iterator[Exchange]:
            seen.append(turns)
            return super().__iter__()

    world.log.exchanges = Counted(world.log.exchanges)
    body = {"timeout": "0.2s", "count": 9}

    async def wait() -> None:
        call = AdminCall(fake.worlds, world, LiveKit(), world.clock.now(), "", body, {})
        assert isinstance(await_calls.scope, WorldWait)
        with pytest.raises(WaitTimedOut, match="there are 1"):
            await await_calls.scope.answer(call)

    waits = asyncio.gather(*[wait() for _ in range(40)])
    while not waits.done():
        turns += 1
        await next_turn()
    await waits
    assert len(seen) == 40
    assert max(Counter(seen).values()) == 1


@pytest.mark.parametrize("kind", ["text/plain" + "(" * 7_000, "(" * 7_000, "a/b" + ';"' * 3_500])
async def test_a_content_type_is_read_up_to_its_parameters(
    start_fake: StartFake, kind: str
) -> None:
    """Whatever follows: the readers of e-mail headers need long for that, or do not end."""
    fake = await start_fake()
    for path in (SESSIONS, "/__admin/faults"):
        refused = await fake.call("POST", path, data=b"{}", headers={"Content-Type": kind})
        assert refused.status in (400, 415)
    good = {"Content-Type": "Application/JSON ;" + kind}
    created = await fake.call("POST", SESSIONS, data=orjson.dumps(CREATE), headers=good)
    assert created.status == 200


@pytest.mark.parametrize("header", ["User-Agent", "Content-Type"])
async def test_no_part_of_a_secret_is_left_where_a_header_is_cut(
    start_fake: StartFake, header: str
) -> None:
    """The journal has the beginning of a long header, cut after its secrets are redacted."""
    fake = await start_fake()
    key = "stk_0123456789ab_" + "5eed" * 8
    for filler in range(60, 125, 7):
        await fake.call("POST", SESSIONS, headers={header: "a" * filler + key}, data=b"{}")
    journal = await fake.admin("GET", "/journal?limit=100")
    assert journal.json["exchanges"]
    assert "stk_0" not in str(journal.json)
