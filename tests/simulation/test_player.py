"""The player of scripts, on virtual time, in a room that only writes down what is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.clock import next_turn
from fake_runway.core.durations import NO_TIME
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.script import describe_script, parse_script
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.call import ToolAnswer, ToolUse, Utterance
from fake_runway.core.sessions.script import (
    AvatarAppears,
    CallSetup,
    DataDelivery,
    Step,
)
from fake_runway.core.sessions.session import Plan
from fake_runway.core.types import Json
from fake_runway.room.player import NO_ANSWER_ANY_MORE, pieces, play
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World
from tests.support.fake.stage import Tool, WrittenRoom, broken, in_a_call
from tests.support.simulation import simulate

TOOLS = [
    {"type": "client_event", "name": "show", "description": "Shows it."},
    {"type": "backend_rpc", "name": "look_up", "description": "Finds it.", "timeoutSeconds": 2},
    {"type": "backend_rpc", "name": "count", "description": "Counts it."},
]


class Played(NamedTuple):
    """A call whose script is played."""

    world: World
    room: WrittenRoom
    playing: asyncio.Task[None]

    @property
    def said(self) -> list[tuple[int, str]]:
        """What the session's call has in its transcript of the avatar's words, with the turns."""
        call = self.world.account.call(self.room.session_id)
        return [(each.turn, each.text) for each in call.transcript if isinstance(each, Utterance)]

    @property
    def used(self) -> list[ToolUse]:
        """The tools that were used, as the session's call has them."""
        call = self.world.account.call(self.room.session_id)
        return [each for each in call.transcript if isinstance(each, ToolUse)]

    @property
    def state(self) -> State:
        """Of the session."""
        return self.world.account.sessions[self.room.session_id].state

    def direct(self, *steps: Json) -> None:
        """Tell the avatar what to do."""
        self.world.directions[self.room.session_id].put_nowait(parse_script(steps))


Meanwhile = Callable[[Played], Awaitable[None]]


async def settled() -> None:
    """Let everything that needs no time run."""
    for _ in range(50):
        await next_turn()


def played(
    *steps: Json,
    seconds: float = 60.0,
    rate: float = 1.0,
    body: Json | None = None,
    call: CallSetup | None = None,
    tools: Mapping[str, Tool] | None = None,
    meanwhile: Meanwhile | None = None,
) -> Played:
    """Play a script for some seconds of the loop's time, or until the player stops.

    Args:
        body: of the session's create; by default one with the tools above.
        meanwhile: runs beside it; the player is stopped when that is done.
    """

    async def main() -> Played:
        source = asyncio.get_running_loop().time
        world = Worlds(seed="0", settings=Settings(), source=source, rate=rate).named("a-world")
        plan = Plan(provision=NO_TIME, call=call or CallSetup(), script=parse_script(steps))
        session_id = in_a_call(world, plan, {"tools": TOOLS} if body is None else body)
        room = WrittenRoom(world, session_id, tools)
        one = Played(world, room, asyncio.ensure_future(play(room, world)))
        if meanwhile is None:
            await asyncio.wait({one.playing}, timeout=seconds)
        else:
            await settled()
            await meanwhile(one)
        one.playing.cancel()
        await asyncio.wait({one.playing})
        if not one.playing.cancelled():
            one.playing.result()
        assert session_id not in world.directions
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return one

    return simulate(main())


# What is said


@given(st.text(max_size=40))
def test_the_pieces_of_a_text_are_its_words_and_together_the_text(text: str) -> None:
    """No space is lost, and no piece is more than a word with the space around it."""
    assert "".join(pieces(text)) == text
    assert all(len(piece.split()) <= 1 for piece in pieces(text))


def test_a_line_is_said_word_by_word_while_the_mouth_moves() -> None:
    """At its pace, in one turn, and then it stands in the call's transcript."""
    one = played({"say": {"text": "Good day, dear  friend.", "words_per_s": 2}})

    assert one.room.written == [
        (0, "talks"),
        (0, "assistant 1:Good"),
        (0.5, "assistant 1: day,"),
        (1.0, "assistant 1: dear"),
        (1.5, "assistant 1:  friend."),
        (2.0, "is silent"),
    ]
    assert one.said == [(1, "Good day, dear  friend.")]
    assert one.world.log.acts[-1].given["seconds"] == 2.0


def test_the_start_script_is_said_before_the_script() -> None:
    """It is the first turn; turns rise."""
    one = played({"say": "What now?"}, body={"startScript": "Welcome.", "tools": []})

    assert one.said == [(1, "Welcome."), (2, "What now?")]


def test_turns_rise_over_the_whole_session() -> None:
    """A second player of the same session goes on where the first one stopped."""

    async def again(one: Played) -> None:
        await one.world.clock.sleep(5)
        one.playing.cancel()
        await settled()
        second = asyncio.ensure_future(play(one.room, one.world))
        await one.world.clock.sleep(5)
        second.cancel()
        await asyncio.wait({second})

    one = played({"say": "Hello."}, meanwhile=again)

    assert one.said == [(1, "Hello."), (2, "Hello.")]


def test_an_interrupted_line_is_reported_as_far_as_it_was_said() -> None:
    """The mouth stops, and the words that were said are kept."""
    one = played({"say": {"text": "One two three four", "words_per_s": 1}}, seconds=1.5)

    assert one.room.deeds[-1] == "is silent"
    assert one.said == [(1, "One two")]
    assert one.world.log.acts[-1].given["seconds"] == 1.5


# Time


def test_waits_pass_on_the_worlds_clock() -> None:
    """Ten times as fast a world plays ten times as fast."""
    one = played({"wait": "20s"}, {"freeze_video": True}, rate=10.0, seconds=2.5)

    assert one.room.written == [(20, "freezes")]


def test_a_frozen_world_stands_still_and_a_jump_plays_what_was_due() -> None:
    """A jump to the middle of a line plays the first half of it, whatever came before."""

    async def jumps(one: Played) -> None:
        await asyncio.sleep(3_600)  # noqa: TID251  # the loop's time, not the world's
        assert one.room.deeds == []
        one.world.clock.jump(11.2)
        await settled()

    one = played(
        {"wait": "5s"},
        {"silence": "5s"},
        {"say": {"text": "a b c", "words_per_s": 1}},
        rate=0.0,
        meanwhile=jumps,
    )

    assert one.room.deeds == ["talks", "assistant 1:a", "assistant 1: b", "is silent"]


def test_a_script_that_is_late_takes_no_longer() -> None:
    """The length of a line is that of its words, also if all were due at once."""

    async def jumps(one: Played) -> None:
        one.world.clock.jump(60)
        await settled()

    one = played(
        {"wait": "5s"},
        {"say": {"text": "a b c d", "words_per_s": 7}},
        rate=0.0,
        meanwhile=jumps,
    )

    assert one.said == [(1, "a b c d")]
    assert one.world.log.acts[-1].given["seconds"] == 0.571


# Tools


def test_a_client_event_is_sent_and_reported() -> None:
    """With its arguments."""
    one = played({"client_event": {"tool": "show", "args": {"euros": 5}}})

    assert one.room.deeds == ["event show {'euros': 5}"]
    assert [(each.tool, each.args, each.id) for each in one.used] == [("show", {"euros": 5}, "")]


THEN = {
    "answered": [{"say": "Found."}],
    "failed": [{"say": "Broken."}],
    "timeout": [{"say": "Late."}],
}


@pytest.mark.parametrize(
    ("tools", "text", "result", "error"),
    [
        ({"look_up": lambda args: {"price": args["item"]}}, "Found.", {"price": 7}, None),
        ({"look_up": broken("out of stock")}, "Broken.", None, "out of stock"),
        ({}, "Late.", None, "timeout"),
    ],
    ids=["answered", "failed", "timeout"],
)
def test_what_comes_of_a_tool_call_decides_what_follows(
    tools: Mapping[str, Tool], text: str, result: Any, error: str | None
) -> None:
    """An answer, an error, neither in time: each has its steps, and then the script goes on."""
    call = {"tool": "look_up", "args": {"item": 7}, "timeout": "3s", "then": THEN}
    one = played({"wait": "1s"}, {"call_tool": call}, {"mute_audio": True}, tools=tools)

    assert one.room.deeds[0] == "calls look_up {'item': 7} for 3s"
    assert one.said == [(1, text)]
    assert one.room.deeds[-1] == "mutes"
    (use,) = one.used
    assert use.answer is not None
    assert (use.tool, use.args) == ("look_up", {"item": 7})
    assert (use.answer.result, use.answer.error) == (result, error)
    assert use.answer.seconds == (3.0 if error == "timeout" else 0.0)


def test_an_answer_that_comes_late_is_reported_beside_the_timeout() -> None:
    """With the time since the call began; what the script goes on with stays the same."""

    async def answers(one: Played) -> None:
        await one.world.clock.sleep(7.5)
        (late,) = one.room.late
        late({"price": 7}, None)

    call = {"tool": "look_up", "timeout": "3s", "then": THEN}
    one = played({"call_tool": call}, {"wait": "60s"}, meanwhile=answers)

    assert one.said == [(1, "Late.")]
    assert [each.answer and each.answer.error for each in one.used] == ["timeout"]
    begun, *ends = [
        each.given for each in one.world.log.acts if each.given["event"].startswith("tool_")
    ]
    assert [(each["call"], each["error"], each["seconds"]) for each in ends] == [
        (begun["call"], "timeout", 3.0),
        (begun["call"], None, 7.5),
    ]
    assert ends[1]["result"] == {"price": 7}


def test_a_tool_call_begins_when_it_is_made() -> None:
    """Not at an earlier instant at which a late script would have made it."""

    async def jumps(one: Played) -> None:
        one.world.clock.jump(60)
        await settled()

    call = {"call_tool": {"tool": "count"}}
    one = played({"wait": "5s"}, call, tools={"count": lambda _: 1}, rate=0.0, meanwhile=jumps)

    assert [each.answer and each.answer.seconds for each in one.used] == [0.0]


@pytest.mark.parametrize(("tool", "timeout_s"), [("look_up", 2), ("count", 4)])
def test_a_tool_has_the_time_that_it_declared(tool: str, timeout_s: int) -> None:
    """Where the script gives none: its own timeout, or that of tools that declare none."""
    one = played({"call_tool": {"tool": tool}})

    assert one.room.deeds == [f"calls {tool} {{}} for {timeout_s}s"]


def test_the_calls_of_a_session_have_ids_of_their_own() -> None:
    """Also those of the same tool."""
    one = played(*[{"call_tool": {"tool": "count"}}] * 3, tools={"count": lambda _: 1})

    assert len({each.id for each in one.used}) == 3


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            {"call_tool": {"tool": "find", "then": THEN}},
            "expected a backend_rpc tool that the session declared (look_up, count), got find",
        ),
        (
            {"client_event": {"tool": "count"}},
            "expected a client_event tool that the session declared (show), got count",
        ),
    ],
)
def test_a_tool_that_was_not_declared_is_not_called_and_reported(step: Json, sentence: str) -> None:
    """The call counts as failed, with a sentence that names those that were declared."""
    one = played(step, {"freeze_video": True}, tools={"find": lambda _: 1})

    assert one.room.deeds[-1] == "freezes"
    assert not [deed for deed in one.room.deeds if deed.startswith(("calls", "event"))]
    assert [each.answer and each.answer[1:] for each in one.used] == [(sentence, 0.0)]
    assert one.said == ([(1, "Broken.")] if "call_tool" in step else [])


# Listening


async def speaks_after_5_s(one: Played) -> None:
    """A user speaks."""
    await one.world.clock.sleep(5)
    one.room.spoken.set()
    await one.world.clock.sleep(20)


@pytest.mark.parametrize(
    ("listening", "at", "unheard"),
    [({}, 5, []), ({"at_most": "10s"}, 5, []), ({"at_most": "3s"}, 3, [3.0])],
)
def test_a_script_waits_for_a_user_to_speak(
    listening: Json, at: float, unheard: list[float]
) -> None:
    """As long as that takes, or at most so long; that nobody was heard is reported."""
    one = played({"wait_for_speech": listening}, {"freeze_video": True}, meanwhile=speaks_after_5_s)

    assert one.room.written == [(at, "freezes")]
    reports = [each.given for each in one.world.log.entries() if isinstance(each, Act)]
    assert [each["seconds"] for each in reports if each["event"] == "unheard"] == unheard


# What the admin API tells


async def hello_after_2_s(one: Played) -> None:
    """The admin API tells the avatar to say something."""
    await one.world.clock.sleep(2)
    one.direct({"say": {"text": "Hello.", "words_per_s": 1}})
    await one.world.clock.sleep(20)


@pytest.mark.parametrize(
    ("step", "said_at", "goes_on_at"),
    [
        ({"wait": "5s"}, 2, 5),
        ({"wait": "2500ms"}, 2, 3),
        ({"wait_for_speech": {"at_most": "5s"}}, 2, 5),
        ({"silence": "5s"}, 5, 5),
    ],
)
def test_the_avatar_does_what_it_is_told_during_waits(
    step: Json, said_at: float, goes_on_at: float
) -> None:
    """The wait goes on meanwhile, and the script after both; silence is kept to its end."""
    one = played(step, {"freeze_video": True}, meanwhile=hello_after_2_s)

    at = {deed: at for at, deed in one.room.written}
    assert at["assistant 1:Hello."] == said_at
    assert at["freezes"] == goes_on_at


def test_the_avatar_does_what_it_is_told_after_the_script() -> None:
    """Then it listens, until the call is over."""

    async def tells(one: Played) -> None:
        await one.world.clock.sleep(30)
        one.direct({"wait": "1s"}, {"send": {"data": "x\ud800", "times": 2}})
        one.direct({"end": True})
        await one.world.clock.sleep(5)
        assert one.playing.done()

    one = played({"say": "Hi."}, meanwhile=tells)

    assert one.room.written[-2:] == [(31, "sends b'x?' 2 times"), (31, "closed for ROOM_DELETED")]
    assert one.state is State.COMPLETED


def test_many_directions_during_a_wait_are_done_one_after_the_other() -> None:
    """Also if they wait themselves; the script goes on between them once its wait is over."""

    async def tells(one: Played) -> None:
        for _ in range(90):
            one.direct({"wait": "1s"})
        one.direct({"mute_audio": True})
        await one.world.clock.sleep(200)

    one = played({"wait": "10s"}, {"freeze_video": True}, meanwhile=tells)

    assert one.room.written == [(10, "freezes"), (90, "mutes")]


# The setup of the call, and its end


def test_a_late_avatar_appears_after_its_time() -> None:
    """And says nothing before."""
    one = played({"say": "Hi."}, call=CallSetup(avatar=AvatarAppears.LATE, avatar_after_s=3))

    assert one.room.written[:2] == [(3, "announced"), (3, "talks")]


def test_without_an_avatar_no_script_is_played() -> None:
    """What the admin API tells is still done, such as the end of the call."""

    async def tells(one: Played) -> None:
        await one.world.clock.sleep(30)
        one.direct({"end": True})
        await one.world.clock.sleep(1)

    one = played(
        {"say": "Hi."},
        body={"startScript": "Welcome."},
        call=CallSetup(avatar=AvatarAppears.NEVER),
        meanwhile=tells,
    )

    assert one.room.deeds == ["closed for ROOM_DELETED"]


@pytest.mark.parametrize(
    ("step", "deed", "reason"),
    [
        ({"end": True}, "closed for ROOM_DELETED", "ended"),
        (
            {"leave": {"reason": "SERVER_SHUTDOWN"}},
            "closed for SERVER_SHUTDOWN",
            "server_shutdown",
        ),
        (
            {"leave": {"reason": "PARTICIPANT_REMOVED"}},
            "closed for PARTICIPANT_REMOVED",
            "dropped",
        ),
    ],
)
def test_a_script_can_end_the_call(step: Json, deed: str, reason: str) -> None:
    """The session is completed, the room closed, and no step follows."""
    one = played({"wait": "3s"}, step, {"say": "Still there?"})

    assert one.room.written == [(3, deed)]
    assert one.world.account.call(one.room.session_id).closed == reason
    assert one.state is State.COMPLETED
    assert one.playing.done()
    assert not one.playing.cancelled()


def test_a_tool_calls_steps_can_end_the_call() -> None:
    """From inside of them, too."""
    then = {"timeout": [{"end": True}]}
    one = played({"call_tool": {"tool": "count", "then": then}}, {"say": "Still there?"})

    assert one.said == []
    assert one.state is State.COMPLETED


def test_the_other_steps_do_what_they_say() -> None:
    """Picture, sound, connection and raw data."""
    one = played(
        {"freeze_video": True},
        {"freeze_video": False},
        {"mute_audio": True},
        {"mute_audio": False},
        {"drop_socket": True},
        {"send": {"data": "{", "times": 3}},
    )

    assert one.room.deeds == [
        *("freezes", "moves", "mutes", "sounds", "drops"),
        "sends b'{' 3 times",
    ]


def test_a_session_that_ends_meanwhile_refuses_reports() -> None:
    """The avatar does what takes no time; it is the room that stops the player."""

    async def ends(one: Played) -> None:
        one.world.account.delete(one.room.session_id, at=one.world.clock.now())
        one.direct({"client_event": {"tool": "show"}}, {"freeze_video": True})
        await one.world.clock.sleep(20)

    one = played(meanwhile=ends)

    assert one.room.deeds == ["event show {}", "freezes"]
    assert one.used == []


def test_no_script_goes_on_after_the_end_of_its_session() -> None:
    """A clock that jumps over the end plays what was due before, and no more."""

    async def jumps(one: Played) -> None:
        one.world.clock.jump(900)
        await settled()

    one = played(
        {"wait": "299s"},
        {"say": {"text": "a b c d", "words_per_s": 1}},
        {"freeze_video": True},
        rate=0.0,
        meanwhile=jumps,
    )

    assert one.said == [(1, "a b")]
    assert one.world.log.acts[-1].given["seconds"] == 1.0
    assert one.room.deeds[-1] == "is silent"


@pytest.mark.parametrize(
    ("data", "count"), [(DataDelivery.ONCE, 1), (DataDelivery.LOST, 0), (DataDelivery.DOUBLED, 2)]
)
def test_data_is_kept_as_said_however_it_arrives(data: DataDelivery, count: int) -> None:
    """What becomes of packets is the room's affair; the transcript has what was said."""
    one = played({"say": "Hi."}, call=CallSetup(data=data))

    assert one.room.deeds.count("assistant 1:Hi.") == count
    assert one.said == [(1, "Hi.")]


STEPS: list[Step] = list(
    parse_script(
        [
            {"say": "One two three."},
            {"wait": "3s"},
            {"silence": "2s"},
            {"call_tool": {"tool": "look_up", "then": THEN}},
            {"wait_for_speech": {"at_most": "3s"}},
            {"wait_for_speech": {}},
        ]
    )
)


@given(st.permutations(range(len(STEPS))), st.floats(0, 20))
def test_a_player_can_be_cancelled_at_any_time(order: list[int], after_s: float) -> None:
    """It leaves no task behind, a closed mouth, and no entry in the world."""
    one = played(*describe_script([STEPS[index] for index in order]), seconds=after_s)

    mouth = [deed for deed in one.room.deeds if deed in ("talks", "is silent")]
    assert mouth[-1:] != ["talks"]


def test_a_tool_that_has_not_answered_at_hang_up_has_an_end_in_the_transcript() -> None:
    """It says that the call ended first, after the time until then, and is no timeout."""

    async def hang_up(one: Played) -> None:
        await one.world.clock.sleep(0.5)
        user = f"user:{one.room.session_id}"
        one.world.report(
            one.room.session_id, {"event": "left", "participant": user, "how": "end_call"}
        )
        await one.world.clock.sleep(0.5)

    one = played({"call_tool": {"tool": "look_up"}}, meanwhile=hang_up)

    assert one.state is State.COMPLETED
    assert [each.answer for each in one.used] == [ToolAnswer(None, NO_ANSWER_ANY_MORE, 0.5)]
