"""For any scenario and any client, the world keeps its laws, and can be run again."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.errors import Refused
from fake_runway.core.faults.effects.base import Delivery
from fake_runway.core.lifecycles.session import TERMINAL
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.rules import Change
from fake_runway.core.tasks.rules import TaskChange
from fake_runway.replay.record import PREFIX, NotReplayable, journal_bytes, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.web.sending import whole
from fake_runway.worlds.world import World
from tests.support.checked import check
from tests.support.fake.made_up import CATALOGUE, LAW, PLANTED, runs, scenarios
from tests.support.fake.runs import (
    LIVEKIT,
    Ask,
    Do,
    Player,
    Step,
    alone,
    call_of,
    method_of,
    parsed,
    path_of,
)

Data = Mapping[str, Any]


def begun(scenario: Data) -> Player:
    """Return the client of a new world that follows a scenario."""
    return alone(scenario=CATALOGUE.parse(scenario), catalogue=CATALOGUE)


def played(scenario: Data, run: list[Step]) -> Player:
    """Return a client after its run."""
    player = begun(scenario)
    player.play_all(run)
    return player


def sight(world: World) -> dict[str, Any]:
    """Return everything that an act could change, copied."""
    account = world.account
    return {
        "now": world.clock.now(),
        "rate": world.clock.rate,
        "scenario": world.scenario,
        "settings": account.settings,
        "sessions": dict(account.sessions),
        "tasks": dict(account.tasks.by_id),
        "rooms": {each: account.call(each) for each in account.sessions},
        "created_count": account.created_count,
        "active": account.active,
        "queued": account.queued,
        "spent": account.spent,
        "used_today": account.used_today,
        "due": account.next_due_at,
        "faults": dict(world.placed),
        "active_faults": world.active_faults,
        "tallies": dict(world.tallies),
        "calls": world.calls,
        "number": world.log.next_number,
        "journal": journal_bytes(world),
    }


def watched(player: Player) -> tuple[list[Change], list[TaskChange]]:
    """Return the lists that every change of a session and of a task is added to."""
    changes: list[Change] = []
    of_tasks: list[TaskChange] = []
    world = player.world

    def note(change: Change) -> None:
        changes.append(change)
        world.log.add_change(change)

    def note_task(change: TaskChange) -> None:
        of_tasks.append(change)
        world.log.add_change(change)

    world.account = world.account.copy(note, note_task)
    return changes, of_tasks


def refused(player: Player, act: Do) -> Refused | None:
    """Carry out an act; return why it was refused, None if it was not."""
    try:
        player.do(act)
    except Refused as refusal:
        return refusal
    return None


def check_answer(player: Player, asked: Ask, path: str, delivery: Delivery) -> None:
    """Check an answer against the contract, unless a fault altered it."""
    last = player.world.log.exchanges[-1]
    assert last.code != "internal"
    if last.faults:
        return
    assert delivery.status < 500
    response = whole(delivery)
    body = response.body if isinstance(response.body, bytes) else b""
    check(
        "runway",
        method_of(asked),
        path,
        status=delivery.status,
        headers=response.headers,
        body=body,
    )


@LAW
@given(scenarios, runs)
def test_a_world_keeps_its_laws(scenario: Data, run: list[Step]) -> None:
    """Capacity, credits, terminal states, one consume, valid answers, a log without gaps."""
    player = begun(scenario)
    world, account = player.world, player.world.account
    changes, of_tasks = watched(player)
    account = world.account
    for step in run:
        account.advance(world.clock.now())
        active = account.active
        limits = [account.settings.limits.concurrency]
        before = sight(world)
        if isinstance(step, Ask):
            path = path_of(step, player.learned)[0]
            check_answer(player, step, path, player.ask(step))
        else:
            refusal = refused(player, step)
            if refusal is not None:
                assert refusal.status < 500, refusal
                assert sight(world) == before
        limits.append(account.settings.limits.concurrency)
        if None not in limits:
            assert account.active <= max(active, *[limit or 0 for limit in limits])
        by_tasks = sum(change.charge for change in of_tasks)
        assert account.spent == sum(change.charge for change in changes) + by_tasks
        assert account.spent == sum(account.spent_by_day.values()) + by_tasks
        assert by_tasks == sum(account.tasks.spent.values())
        granted = account.settings.limits.credits
        assert account.left == (None if granted is None else granted - account.spent)
    last: dict[tuple[int, str], Change] = {}
    for change in changes:
        key = (change.after.ordinal, change.after.id)
        assert (change.before is None) == (key not in last)
        if change.before is not None:
            assert change.before == last[key].after
            assert change.before.state not in TERMINAL
        last[key] = change
    consumed = Counter(
        exchange.subject
        for exchange in world.log.exchanges
        if exchange.operation == "consumeSession" and exchange.acted and not exchange.code
    )
    assert all(count == 1 for count in consumed.values())
    numbers = [entry.number for entry in world.log.entries()]
    assert numbers == list(range(world.log.next_number))


@LAW
@given(scenarios, runs)
def test_no_kept_data_shows_a_secret(scenario: Data, run: list[Step]) -> None:
    """Journal, record and token hold no key, no token and no secret of a body."""
    player = begun(scenario)
    handed_out: set[str] = set()
    for step in run:
        try:
            answer = player.play(step)
        except Refused:
            continue
        body = parsed(answer.body)
        if isinstance(body, dict):
            secrets = (body.get(name) for name in ("sessionKey", "session_key", "token"))
            handed_out |= {each for each in secrets if isinstance(each, str)}
    world = player.world
    keys = {world.account.session_key(each) for each in world.account.sessions.values()}
    given_record = record(world)
    token = orjson.dumps(read(token_of(given_record)))
    kept = b"\n".join([journal_bytes(world), orjson.dumps(given_record), token]).decode()
    for secret in {PLANTED, *handed_out, *keys}:
        assert secret not in kept


@LAW
@given(scenarios, runs, runs)
def test_a_restored_world_goes_on_as_the_first(
    scenario: Data, before: list[Step], after: list[Step]
) -> None:
    """Going on from a snapshot gives the same bytes as going on without it, as often as wanted."""
    player = played(scenario, before)
    learned, first = player.learned.copy(), player.world
    player.worlds.snapshot(first, "here")
    player.play_all(after)
    expected = journal_bytes(first)
    for _ in range(2):
        restored = player.worlds.restore(player.worlds.named(first.name), "here")
        again = Player(player.worlds, restored, learned.copy())
        again.play_all(after)
        assert journal_bytes(restored) == expected


@LAW
@given(scenarios, runs, runs)
def test_a_fork_never_touches_its_origin(
    scenario: Data, before: list[Step], after: list[Step]
) -> None:
    """It goes on as its origin would have, and the origin does not notice."""
    player = played(scenario, before)
    seen = sight(player.world)
    fork = player.worlds.fork(player.world, "a-fork")
    other = Player(player.worlds, fork, player.learned.copy())
    other.play_all(after)
    assert sight(player.world) == seen
    player.play_all(after)
    assert journal_bytes(player.world) == journal_bytes(fork)


@LAW
@given(scenarios, runs)
def test_a_record_and_its_token_replay_to_the_same_bytes(scenario: Data, run: list[Step]) -> None:
    """Also a second time, from the record of the replay."""
    world = played(scenario, run).world
    given_record = record(world)
    for text in (token_of(given_record), orjson.dumps(given_record)):
        done = replay(read(text), livekit=LIVEKIT, catalogue=CATALOGUE)
        assert done.divergence is None
        assert journal_bytes(done.world) == journal_bytes(world)
    assert token_of(record(done.world)) == token_of(given_record)


# Records that were tampered with


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value that holds no others."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, (*path, index))
    else:
        yield path


others = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text('ab{\u00e9"', max_size=4),
    st.sampled_from([[], {}, [None], {"a": 1}, "occur", "failed", "getSession", "never"]),
)


def tampered(given_record: Data, path: tuple[Any, ...], other: Any) -> dict[str, Any] | None:
    """Return a record with another value at a place; None: it would be the same record."""
    changed = copy.deepcopy(dict(given_record))
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    if orjson.dumps(place[path[-1]]) == orjson.dumps(other):
        return None
    place[path[-1]] = other
    return changed


def outcome(text: str | bytes) -> str:
    """Return the divergence of a replay, or why there was none; nothing else is raised."""
    try:
        done = replay(read(text), livekit=LIVEKIT, catalogue=CATALOGUE)
    except NotReplayable as error:
        return f"not replayable: {error}"
    return "identical" if done.divergence is None else str(done.divergence)


@LAW
@given(scenarios, runs, st.data())
def test_a_record_that_was_tampered_with_is_never_identical(
    scenario: Data, run: list[Step], data: st.DataObject
) -> None:
    """In its steps, its journal or anywhere else: it diverges, or is not replayable."""
    given_record = read(orjson.dumps(record(played(scenario, run).world)))
    places = [path for path in leaves(given_record) if path != ("fake_runway",)]
    path = data.draw(st.sampled_from(places))
    changed = tampered(given_record, path, data.draw(others))
    if changed is None:
        return
    assert outcome(orjson.dumps(changed)) != "identical"
    if path[0] != "journal":
        assert outcome(token_of(changed)) != "identical"


@LAW
@given(scenarios, runs, st.data())
def test_a_divergence_names_the_place(scenario: Data, run: list[Step], data: st.DataObject) -> None:
    """What was changed in the journal of a record is found where it was changed."""
    given_record = read(orjson.dumps(record(played(scenario, run).world)))
    if not given_record["journal"]:
        return
    path = data.draw(st.sampled_from([*leaves(given_record["journal"])]))
    changed = tampered(given_record, ("journal", *path), data.draw(others))
    if changed is None:
        return
    number = given_record["journal"][path[0]]["number"]
    verdict = outcome(orjson.dumps(changed))
    if "the record is damaged" in verdict:  # it is no journal any more
        assert f" at $.journal[{path[0]}]" in verdict
        return
    assert verdict.startswith(f"exchange {number} (")
    where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path[1:])
    assert f" diverges at ${where}" in verdict
    shortened = {**given_record, "journal": given_record["journal"][:-1]}
    assert f"exchange {given_record['journal'][-1]['number']} (" in outcome(orjson.dumps(shortened))


@LAW
@given(st.integers(0, 5), st.data())
def test_a_damaged_token_is_refused_or_harmless(number: int, data: st.DataObject) -> None:
    """A change of its characters makes it no record, or leaves the same one."""
    token = TOKENS[number]
    expected = read(token)
    at = data.draw(st.integers(0, len(token) - 1))
    how_many = data.draw(st.integers(0, 3))
    inserted = data.draw(st.binary(max_size=3))
    damaged = token[:at].encode() + inserted + token[at + how_many :].encode()
    try:
        assert read(damaged) == expected
    except NotReplayable:
        return


TOKENS = [
    token_of(record(played({"name": "made-up"}, [Do("makeSession", {"state": state})]).world))
    for state in ("queued", "provisioning", "ready", "running", "completed", "failed")
]


def _recorded(scenario: Data, *run: Step) -> dict[str, Any]:
    return record(played(scenario, list(run)).world)


CREATE = Ask(
    "createSession",
    body={
        "model": "gwm1_avatars",
        "avatar": {"type": "runway-preset", "presetId": "cat-character"},
    },
)


def test_avatars_bound_in_place_are_replayed_as_they_were_bound_then() -> None:
    """Two scenarios bind the same avatar to other forms; each create follows its own."""
    one, other = (
        {"name": "made-up", "avatars": {"cat-character": {"provision_time": time}}}
        for time in ("5s", "1s")
    )
    given_record = _recorded(
        one,
        CREATE,
        Do("putScenario", {"scenario": other}),
        CREATE,
        Ask("listAvatars"),
        Do("moveClock", {"by": "2s"}),
        Ask("getSession"),
        Ask("getSession", 1),
    )
    statuses = [each["response"]["body"].get("status") for each in given_record["journal"][-2:]]
    assert statuses == ["READY", "NOT_READY"]
    assert outcome(token_of(given_record)) == "identical"


def test_more_moves_than_calls_are_replayed() -> None:
    """One jump moves many sessions; a replay of few steps keeps all of that."""
    run = [CREATE] * 60 + [Do("moveClock", {"by": "30s"})]
    scenario = {
        "name": "made-up",
        "account": {"concurrency": "unlimited"},
        "session": {"queued": "1s", "expires_in": "5s"},
    }
    world = played(scenario, run).world
    done = replay(read(token_of(record(world))), livekit=LIVEKIT, catalogue=CATALOGUE)
    assert done.divergence is None
    assert journal_bytes(done.world) == journal_bytes(world)


def test_a_call_that_a_record_makes_endless_is_refused() -> None:
    """Billing a call of a thousand years block by block would take nearly as long."""
    given_record = _recorded({"name": "made-up", "account": {"credits": "unlimited"}}, CREATE)
    given_record["steps"][0]["request"]["body"]["maxDuration"] = 10**12
    assert "maxDuration" in outcome(orjson.dumps(given_record))


@pytest.mark.parametrize(
    "change",
    [
        {"journal": []},
        {"steps": []},
        {"seal": "0" * 12 + "." + "0" * 12},
        {"account": {"retained": -1}},
        {"world": "another"},
        {"now": 1e300},
        {"epoch": -1e300},
        {"scenario": "no-such-scenario"},
        {"scenarios": {"": {"unknown": 1}}},
    ],
)
def test_a_record_whose_frame_was_changed_is_not_identical(change: Data) -> None:
    """What is around the steps is sealed as well."""
    assert (
        outcome(orjson.dumps(_recorded({"name": "made-up"}, CREATE) | dict(change))) != "identical"
    )


@pytest.mark.parametrize("without", ["journal", "seal", "steps"])
def test_a_record_without_a_part_is_refused(without: str) -> None:
    """A missing part to compare with never counts as identical."""
    given_record = _recorded({"name": "made-up"}, CREATE)
    del given_record[without]
    assert outcome(orjson.dumps(given_record)) == f"not replayable: the record lacks {without}"


def test_a_token_that_a_terminal_garbled_is_refused() -> None:
    """Bytes that are no text reach a program as surrogates."""
    assert outcome(f"{PREFIX}\udcff").startswith("not replayable")


def test_a_fault_of_a_scenario_counts_from_the_instant_it_was_put() -> None:
    """On a clock that runs, as well: a replay has one instant for an act, and not two."""
    readings = iter(range(1_000))
    player = alone(source=lambda: next(readings) * 0.25)
    player.world.clock.set_rate(1.0)
    fault = {"effect": {"status": 503}, "from": "1s"}
    scenario = CATALOGUE.parse({"name": "made-up", "account": {"faults": [fault]}})
    at = player.world.clock.now()
    player.world.follow_scenario(scenario, at=at)
    assert [each.since for each in player.world.active_faults] == [at]
    begun_with = World(
        "another",
        origin="another",
        seed="0",
        base=Settings(),
        scenario=scenario,
        catalogue=CATALOGUE,
        clock=player.world.clock,
    )
    assert [each.since for each in begun_with.active_faults] == [begun_with.epoch]


def test_a_header_that_is_no_text_can_be_kept_and_shown() -> None:
    """Bytes of a User-Agent that are no UTF-8 spoil neither the journal nor the record."""
    player = begun({"name": "made-up"})
    call = call_of(Ask("getOrganization"), player.learned, player.world)
    call.exchange.agent = "\udcff agent \u00e9"
    apply_call(call)
    assert player.world.log.exchanges[-1].agent == "? agent \u00e9"
    assert outcome(token_of(record(player.world))) == "identical"
