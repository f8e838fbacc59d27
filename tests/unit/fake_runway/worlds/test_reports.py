"""What a room reports is an act: checked, free of secrets, recorded, replayed, copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from fake_runway.clock import VirtualClock
from fake_runway.core.errors import Refused, UnknownSession, WrongReport
from fake_runway.core.lifecycles.session import State
from fake_runway.core.sessions.call import Utterance
from fake_runway.replay.record import read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.worlds.reports import DEEPEST_REPORT, LARGEST_REPORT, BadReport, checked_report
from fake_runway.worlds.world import World
from tests.support.fake.made_up import LAW, call_reports
from tests.support.fake.runs import FOREIGN_ID, LIVEKIT, PRESET, Ask, Do, Player, alone

Json = Mapping[str, Any]

KEY = f"stk_{'0' * 12}_{'1' * 32}"
JOINED = {"event": "joined", "participant": "user:1", "hidden": False}
LEFT = {"event": "left", "participant": "user:1", "how": "end_call"}


def said(text: str) -> Json:
    """Return the report of an utterance."""
    return {"event": "said", "role": "user", "turn": 1, "text": text, "seconds": 1.0}


def nested(levels: int) -> Any:
    """Return a value of so many levels."""
    value: Any = 1
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def in_a_call() -> tuple[Player, str]:
    """Return a client whose session runs, and the session's id."""
    player = alone()
    player.ask(Ask("createSession", body={"model": "gwm1_avatars", "avatar": PRESET}))
    player.do(Do("moveClock", {"by": "2s"}))
    player.ask(Ask("getSession"))
    player.ask(Ask("consumeSession"))
    return player, player.learned.ids[0]


def forked(world: World) -> World:
    """Return a copy with a clock of its own."""
    clock = VirtualClock(lambda: 0.0, rate=0.0, start=world.clock.now())
    return world.copy("other", clock)


def test_a_report_is_an_act_about_the_session() -> None:
    """It stands in the journal before the move that follows from it, at its instant."""
    player, session_id = in_a_call()
    world = player.world
    world.report(session_id, JOINED)
    world.clock.jump_to(world.clock.now() + 7)
    session = world.report(session_id, LEFT)
    *_, act, move = world.log.entries()

    assert (session.state, session.ran_for_s) == (State.COMPLETED, 7)
    assert world.log.acts[-1] is act
    assert (act.at, act.subject.id) == (world.clock.now(), session_id)
    assert world.log.acts[-1].given == LEFT
    assert move.number == act.number + 1


def test_a_report_wakes_those_who_wait_for_any_act() -> None:
    """The waits of the admin API, and the room's own."""
    player, session_id = in_a_call()
    woken = player.world.watch()
    player.world.report(session_id, JOINED)

    assert woken.is_set()


def test_a_rejected_report_leaves_no_trace() -> None:
    """Neither in the journal nor in the call."""
    player, session_id = in_a_call()
    world = player.world
    number = world.log.next_number
    with pytest.raises(WrongReport):
        world.report(session_id, LEFT)
    with pytest.raises(UnknownSession):
        world.report(FOREIGN_ID, JOINED)
    with pytest.raises(BadReport):
        world.report(session_id, {"event": "jumped"})

    assert world.log.next_number == number
    assert not [act for act in world.log.acts if act.what == "reportCall"]


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"event": "joined"},
        {**JOINED, "extra": 1},
        {**JOINED, "participant": "x" * 201},
        {**JOINED, "participant": b"user:1"},
        {**JOINED, "participant": "\ud800"},
        said("x" * 20_001),
        {**said(""), "seconds": -1},
        {**said(""), "turn": 2**70},
        {"event": "client_event", "tool": "a", "args": {"a": "x" * LARGEST_REPORT}},
        {"event": "client_event", "tool": "a", "args": nested(DEEPEST_REPORT)},
        {"event": "client_event", "tool": "a", "args": nested(300)},
    ],
)
def test_a_report_has_a_closed_shape(report: Json) -> None:
    """Another one is rejected with what was expected, however it is wrong."""
    with pytest.raises(BadReport, match=r"^Expected .*, got .*\.$"):
        checked_report(report)


def test_the_deepest_report_can_be_recorded() -> None:
    """A record nests it once more, and the replay reads it again."""
    player, session_id = in_a_call()
    args = nested(DEEPEST_REPORT - 1)
    player.world.report(session_id, {"event": "client_event", "tool": "a", "args": args})
    recorded = read(token_of(record(player.world)))

    assert replay(recorded, livekit=LIVEKIT).divergence is None


def test_a_report_keeps_no_secret() -> None:
    """Session keys are redacted in the call and in the journal, and a replay is the same."""
    player, session_id = in_a_call()
    player.world.report(session_id, said(f"My key is {KEY}."))
    utterance = player.world.account.call(session_id).transcript[0]
    recorded = record(player.world)

    assert isinstance(utterance, Utterance)
    assert utterance.text == "My key is [covered]."
    assert KEY not in str(recorded)
    assert replay(recorded, livekit=LIVEKIT).divergence is None


@LAW
@given(call_reports, call_reports)
def test_a_replay_needs_no_room(first: list[Json], second: list[Json]) -> None:
    """It has the same bytes and the same call; so has a copy, and both go on alike."""
    player, session_id = in_a_call()
    world = player.world

    def reported(world: World, reports: list[Json]) -> list[str]:
        outcomes = []
        for report in reports:
            world.clock.jump_to(world.clock.now() + 1)
            try:
                outcomes.append(world.report(session_id, report).state.value)
            except Refused as refusal:
                outcomes.append(refusal.message)
        return outcomes

    reported(world, first)
    again = replay(record(world), livekit=LIVEKIT)
    copy = forked(world)
    assert again.divergence is None
    assert again.world.account.call(session_id) == world.account.call(session_id)
    outcomes = reported(world, second)
    assert reported(copy, second) == reported(again.world, second) == outcomes
    for other in (copy, again.world):
        assert other.account.call(session_id) == world.account.call(session_id)
        assert dict(other.account.sessions) == dict(world.account.sessions)


async def test_a_snapshot_has_the_call() -> None:
    """What is reported after it is gone when it is restored."""
    player, session_id = in_a_call()
    player.world.report(session_id, JOINED)
    player.do(Do("takeSnapshot", {"name": "before"}))
    player.world.report(session_id, LEFT)
    snapshot = player.world.snapshots["before"]

    assert snapshot.account.call(session_id).visible == 1
    assert snapshot.account.sessions[session_id].state is State.RUNNING
    assert player.world.account.call(session_id).visible == 0
