"""One room without sockets: who is in it, what it reports, and why it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from livekit.protocol.models import DataPacket
from livekit.protocol.rtc import SignalRequest, SignalResponse

from fake_runway.clock import next_turn
from fake_runway.core.history.journal import Act
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from fake_runway.core.sessions.call import Utterance
from fake_runway.room import stage
from fake_runway.room.call import MOST_PARTICIPANTS, Call
from fake_runway.room.clients.participant import Participant
from fake_runway.room.media.loops import CUSTOM
from fake_runway.room.session_room import MOST_DATA_REPORTS, MOST_LATE_TOOLS
from fake_runway.room.stage import ToolFailed, ToolTimeout
from fake_runway.room.tokens import Admission, JoinRefused
from fake_runway.room.wire.signalling import Joining
from fake_runway.worlds.world import World
from tests.support.fake.runs import PRESET, Ask, Do, Player, alone
from tests.support.processes import PATIENCE_S

SINGLE = Joining(single=True)


class Written:
    """A line whose responses are kept. `ended`: how it was closed, if it was."""

    def __init__(self) -> None:
        self.responses: list[SignalResponse] = []
        self.ended = ""

    def send(self, response: SignalResponse) -> None:
        """Keep a response."""
        self.responses.append(response)

    def finish(self) -> None:
        """Close."""
        self.ended = self.ended or "finished"

    def abort(self) -> None:
        """Break."""
        self.ended = self.ended or "aborted"

    @property
    def kinds(self) -> list[str]:
        """The kinds of the responses, in order."""
        return [each.WhichOneof("message") or "" for each in self.responses]

    @property
    def leave(self) -> Any:
        """The last response, which has to be a leave."""
        assert self.kinds[-1] == "leave", self.kinds
        return self.responses[-1].leave


class Room:
    """A room in a world whose clock stands still, and what it reported."""

    def __init__(self, player: Player, **options: Any) -> None:
        self.player = player
        self.id = player.learned.ids[0]
        self.world = player.world
        self.over: list[Call] = []
        self.current = True
        self.call = Call(
            self.world,
            self.id,
            is_current=lambda: self.current,
            over=self.over.append,
            **options,
        )

    def join(self, name: str = "user:1", *, up: bool = True, **grants: Any) -> Participant:
        """Let a client in; its media comes up at once unless said otherwise."""
        who = self.call.join(Admission(name, self.id, **grants), SINGLE, Written())
        if up:
            who.on_connected()
        return who

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What the core has taken."""
        acts = [each for each in self.world.log.entries() if isinstance(each, Act)]
        return [dict(act.given) for act in acts if act.what == "reportCall"]

    @property
    def events(self) -> list[str]:
        """The events that were reported, in order."""
        return [report["event"] for report in self.reports]

    @property
    def status(self) -> str:
        """The state of the session."""
        self.world.account.advance(self.world.clock.now())
        return self.world.account.sessions[self.id].state.value


@pytest.fixture
async def make_room() -> AsyncIterator[Callable[..., Room]]:
    """Rooms of running sessions; they are closed at the end."""
    rooms = []

    def make(
        *, avatar: Mapping[str, str] = PRESET, startScript: str | None = None, **options: Any
    ) -> Room:
        player = alone()
        body: dict[str, Any] = {"model": "gwm1_avatars", "avatar": avatar}
        if startScript is not None:
            body["startScript"] = startScript
        player.ask(Ask("createSession", body=body))
        player.do(Do("moveClock", {"by": "2s"}))
        player.ask(Ask("getSession"))
        player.ask(Ask("consumeSession"))
        rooms.append(Room(player, **options))
        return rooms[-1]

    yield make
    for room in rooms:
        await room.call.end("SERVER_SHUTDOWN", because="server_shutdown")


MakeRoom = Callable[..., Room]


async def closed(room: Room) -> None:
    """Return once a room has closed itself."""
    async with asyncio.timeout(PATIENCE_S):
        while not room.over:
            await next_turn()


async def turns() -> None:
    """Let every task get to where it waits."""
    for _ in range(10):
        await next_turn()


def line(who: Participant) -> Written:
    """Return the line of a client."""
    assert isinstance(who.line, Written)
    return who.line


async def test_a_client_has_joined_once_its_media_is_up(make_room: MakeRoom) -> None:
    """Before that, others do not see it, and its leaving ends nothing."""
    room = make_room()
    other = room.join("backend:1", hidden=True)
    who = room.join(up=False)
    await room.call.lost(who)
    assert room.events == ["joined"]
    assert (room.status, line(other).kinds) == ("running", ["join"])
    again = room.join()
    assert line(other).kinds == ["join", "update"]
    assert [each.identity for each in line(again).responses[0].join.other_participants] == [
        f"worker:{room.id}"
    ]


async def test_users_see_each_other_and_no_backend(make_room: MakeRoom) -> None:
    """Joins and departures are told to those who are there."""
    room = make_room()
    first = room.join("user:1")
    room.join("backend:1", hidden=True)
    second = room.join("user:2")
    identities = [each.identity for each in line(second).responses[0].join.other_participants]
    assert identities == [f"worker:{room.id}", "user:1"]
    room.call.departed(second, "leave")
    news = [each.update.participants[0] for each in line(first).responses[1:]]
    assert [(each.identity, each.state) for each in news] == [("user:2", 2), ("user:2", 3)]
    assert room.status == "running"


@pytest.mark.parametrize("hidden", [False, True])
async def test_end_call_is_the_word_of_users(make_room: MakeRoom, *, hidden: bool) -> None:
    """From a backend it is data like any other; a leave after it is not reported again."""
    room = make_room()
    room.join("user:1")
    who = room.join("some:2", hidden=hidden) if hidden else room.join("user:1")
    who.on_packet(DataPacket(user={"payload": b'{"type":"END_CALL"}'}).SerializeToString())
    await who.receive(SignalRequest(leave={}).SerializeToString())
    left = [report for report in room.reports if report["event"] == "left"]
    assert [each["how"] for each in left] == (["leave"] if hidden else ["end_call"])
    assert room.status == ("running" if hidden else "completed")


async def test_a_client_may_send_data_only_with_the_grant(make_room: MakeRoom) -> None:
    """Without it, not even END_CALL counts."""
    room = make_room()
    who = room.join(can_publish_data=False)
    who.on_packet(DataPacket(user={"payload": b'{"type":"END_CALL"}'}).SerializeToString())
    assert room.events == ["joined"]


async def test_a_lost_client_that_comes_back_in_time_has_not_left(make_room: MakeRoom) -> None:
    """The grace is of real time: the world's clock stands still here."""
    room = make_room(grace_s=60.0)
    who = room.join()
    await turns()
    before = len(asyncio.all_tasks())
    await room.call.lost(who)
    room.join()
    await turns()
    assert len(asyncio.all_tasks()) == before  # the grace is over
    assert room.events == ["joined", "away", "back"]
    assert room.status == "running"


async def test_a_lost_client_that_stays_away_has_left(make_room: MakeRoom) -> None:
    """The session ends, and the room with it."""
    room = make_room(grace_s=0.001)
    await room.call.lost(room.join())
    await closed(room)
    assert room.events == ["joined", "away", "left", "closed"]
    assert room.reports[2]["how"] == "lost"
    assert room.status == "completed"


async def test_a_second_client_of_an_identity_takes_over(make_room: MakeRoom) -> None:
    """The first is told why; its socket's end is nothing to report."""
    room = make_room()
    first, second = room.join(), room.join()
    await room.call.lost(first)
    assert (line(first).leave.reason, line(first).ended) == (2, "finished")
    assert room.events == ["joined", "joined"]
    assert room.call.identities == ["user:1"]
    assert line(second).ended == ""
    assert room.status == "running"


async def test_a_room_is_full_at_some_point(make_room: MakeRoom) -> None:
    """One who is there already may still come anew."""
    room = make_room()
    for number in range(MOST_PARTICIPANTS):
        room.join(f"user:{number}")
    with pytest.raises(JoinRefused, match="the room is full"):
        room.join("user:more")
    room.join("user:0")
    assert len(room.call.identities) == MOST_PARTICIPANTS


@pytest.mark.parametrize(
    ("ending", "reported", "reason"),
    [
        (Ask("deleteSession"), "cancelled", 5),  # ROOM_DELETED
        (Do("occur", {"event": "ended"}), "ended", 5),
        (Do("occur", {"event": "failed"}), "failed", 16),  # AGENT_ERROR
        (Do("moveClock", {"by": "600s"}), "capped", 10),  # ROOM_CLOSED
    ],
)
async def test_what_ends_the_session_closes_the_room(
    make_room: MakeRoom, ending: Ask | Do, reported: str, reason: int
) -> None:
    """With a reason of its own for each."""
    room = make_room()
    who = room.join()
    if isinstance(ending, Ask):
        room.player.ask(ending)
    else:
        room.player.do(ending)
    await closed(room)
    assert room.reports[-1] == {"event": "closed", "reason": reported}
    assert (line(who).leave.reason, line(who).leave.action) == (reason, 0)
    assert room.call.closed


async def test_a_world_that_is_gone_closes_the_room(make_room: MakeRoom) -> None:
    """Its session may live on in it, unseen."""
    room = make_room()
    who = room.join()
    room.current = False
    room.world.release()
    await closed(room)
    assert line(who).leave.reason == 5


async def test_a_room_that_the_avatar_closes_ends_the_session(make_room: MakeRoom) -> None:
    """Everyone gets the reason that the script gave."""
    room = make_room()
    who, backend = room.join(), room.join("backend:1", hidden=True)
    await room.call.close("USER_REJECTED")
    assert (line(who).leave.reason, line(backend).leave.reason) == (12, 12)
    assert room.status == "completed"


@pytest.mark.parametrize(
    "ending", [None, Ask("deleteSession"), Do("moveClock", {"by": "600s"})], ids=str
)
async def test_an_interrupted_line_is_kept_as_far_as_it_was_said(
    make_room: MakeRoom, ending: Ask | Do | None
) -> None:
    """Whatever ends the call: a hang-up, a cancel, the longest duration."""
    room = make_room(startScript="One two three " + "x " * 950)
    who = room.join()
    await turns()
    room.player.do(Do("moveClock", {"by": "500ms"}))
    await turns()
    if ending is None:
        hang_up = DataPacket(user={"payload": b'{"type":"END_CALL"}'})
        who.on_packet(hang_up.SerializeToString())
    elif isinstance(ending, Ask):
        room.player.ask(ending)
    else:
        room.player.do(ending)
    await closed(room)
    (spoken,) = room.world.account.call(room.id).transcript
    assert isinstance(spoken, Utterance)
    ended_at = room.world.account.sessions[room.id].changed_at
    assert spoken.at == ended_at
    if isinstance(ending, Do):
        assert spoken.text.startswith("One two three x x")
        assert len(spoken.text.split()) <= 3 + 2.5 * 300
    else:
        assert spoken.text == "One two"
    assert room.events[-2:] == ["said", "closed"]


async def test_packets_are_reported_up_to_a_number(make_room: MakeRoom) -> None:
    """The others are one report at the end."""
    room = make_room()
    who = room.join()
    for _ in range(MOST_DATA_REPORTS + 7):
        who.on_packet(b"\xff")
    await room.call.end("SERVER_SHUTDOWN", because="server_shutdown")
    assert room.events == ["joined", *["data"] * MOST_DATA_REPORTS, "data_ignored", "closed"]
    assert room.reports[-2] == {"event": "data_ignored", "count": 7}


async def test_tracks_are_reported_once_their_publisher_has_joined(make_room: MakeRoom) -> None:
    """A client may publish before its media is up."""
    room = make_room()
    who = room.join(up=False)
    track = {"cid": "mic", "type": "AUDIO", "source": "MICROPHONE"}
    await who.receive(SignalRequest(add_track=track).SerializeToString())
    assert room.events == []
    who.on_connected()
    await who.receive(SignalRequest(add_track={"cid": "cam", "type": "VIDEO"}).SerializeToString())
    assert [each.get("source") for each in room.reports] == [None, "microphone", "other"]


async def test_the_avatar_begins_with_the_first_user(make_room: MakeRoom) -> None:
    """Not with a backend, and not again with another user."""
    began: list[str] = []

    async def play(room: stage.Room, _: World) -> None:
        began.append(room.session_id)

    room = make_room(play=play)
    room.join("backend:1", hidden=True)
    await next_turn()
    assert began == []
    room.join("user:1")
    room.join("user:2")
    await next_turn()
    assert began == [room.id]


async def test_speech_is_heard_by_all_who_listen(make_room: MakeRoom) -> None:
    """One utterance ends every wait for one."""
    room = make_room()
    who = room.join()
    waits = [asyncio.ensure_future(room.call.user_spoke()) for _ in range(2)]
    await next_turn()
    for level in (0.5, 0.0):
        who.on_sound(level, 1.0)
    assert await asyncio.gather(*waits) == [1.0, 1.0]
    assert room.reports[-1] == {"event": "spoke", "participant": "user:1", "seconds": 1.0}


async def test_a_tool_call_needs_someone_who_serves_it(make_room: MakeRoom) -> None:
    """One who leaves meanwhile has failed."""
    room = make_room()
    with pytest.raises(ToolFailed, match="no participant"):
        await room.call.call_tool("weather", {}, 10.0)
    who = room.join("backend:1", hidden=True)
    calling = asyncio.ensure_future(room.call.call_tool("weather", {}, 10.0))
    await next_turn()
    room.call.departed(who, "leave")
    with pytest.raises(ToolFailed, match="has left"):
        await calling


async def test_an_answer_that_comes_late_is_handed_over_once(make_room: MakeRoom) -> None:
    """After the timeout, while the participant is there; that it leaves is no answer."""
    room = make_room()
    late: list[tuple[Any, str | None]] = []

    async def timed_out(who: Participant) -> str:
        calling = asyncio.ensure_future(
            room.call.call_tool("weather", {}, 5.0, late=lambda *answer: late.append(answer))
        )
        await turns()
        room.player.do(Do("moveClock", {"by": "5s"}))
        with pytest.raises(ToolTimeout):
            await calling
        return next(iter(room.call._asked))  # the id that the participant was asked by

    def answer(who: Participant, request_id: str) -> None:
        packet = DataPacket(rpc_response={"request_id": request_id, "payload": '{"sun": true}'})
        who.on_packet(packet.SerializeToString())

    who = room.join("backend:1", hidden=True)
    request_id = await timed_out(who)
    for _ in range(2):
        answer(who, request_id)
        await turns()
    assert late == [({"sun": True}, None)]

    request_id = await timed_out(who)
    room.call.departed(who, "leave")
    await turns()
    answer(who, request_id)
    assert late == [({"sun": True}, None)]


async def test_so_many_late_answers_are_waited_for(make_room: MakeRoom) -> None:
    """A tool that is called again and again and never answers costs no more."""
    room = make_room()
    room.join("backend:1", hidden=True)
    for _ in range(MOST_LATE_TOOLS + 5):
        with pytest.raises(ToolTimeout):
            await room.call.call_tool("weather", {}, 0.0)
    await turns()
    assert len(room.call._asked) == MOST_LATE_TOOLS
    await room.call.end("SERVER_SHUTDOWN", because="server_shutdown")
    await turns()
    assert not room.call._asked


async def test_a_lost_socket_is_aborted(make_room: MakeRoom) -> None:
    """The users' alone."""
    room = make_room()
    who, backend = room.join(), room.join("backend:1", hidden=True)
    room.call.drop_socket()
    assert (line(who).ended, line(backend).ended) == ("aborted", "")


async def test_media_that_breaks_is_joined_anew_and_media_that_never_came_is_not(
    make_room: MakeRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says where the room can be reached, and how to get another."""
    room = make_room()
    broken, never = room.join("user:1"), room.join("user:2", up=False)
    broken.on_disconnected()
    never.on_disconnected()
    assert line(broken).leave.action == 2  # RECONNECT
    assert (line(never).leave.action, line(never).leave.reason) == (0, 14)  # CONNECTION_TIMEOUT
    assert "--livekit-url" in caplog.text


async def test_the_avatar_shows_who_it_is_and_what_the_session_does(make_room: MakeRoom) -> None:
    """Its preset, the state, the world's clock and the session's id, as they are at that moment."""
    room = make_room()
    before = room.call.caption()
    assert room.call.look == "music-superstar"
    assert (before.name, before.lower) == ("Music Superstar", room.id)
    assert before.upper.startswith("RUNNING  ")

    room.player.do(Do("moveClock", {"by": "7s"}))
    assert room.call.caption().upper != before.upper


async def test_a_custom_avatar_says_that_it_is_one(make_room: MakeRoom) -> None:
    """Its look is that of all custom avatars."""
    room = make_room(avatar={"type": "custom", "avatarId": EXAMPLE_AVATAR})
    assert room.call.look == CUSTOM
    assert room.call.caption().name == "Custom avatar"
