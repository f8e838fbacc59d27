"""The avatar as a guest, with a stand-in for LiveKit's client: what it sends, hears and reports."""

from __future__ import annotations

import array
import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import av
import pytest
from livekit import rtc

from fake_runway.clock import next_turn
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.session import State
from fake_runway.room.elsewhere import Guest, i420_of
from fake_runway.room.named import NamedRoom
from fake_runway.room.stage import ToolFailed, ToolTimeout
from fake_runway.room.tokens import LiveKit, read
from tests.support.fake.runs import PRESET, Ask, Do, Player, alone
from tests.support.processes import PATIENCE_S

NOWHERE = LiveKit(url="ws://127.0.0.1:1", joined=True)
NAMED = NamedRoom(NOWHERE.url, "a token of the agent's", "agents", "agent")
Answer = Callable[[str], Any]


class Server:
    """A stand-in for LiveKit's client, and for the server behind it.

    Attributes:
        tokens: the claims with which the avatar has joined.
        sent: the content of data packets, and transcriptions.
        tools: by identity, what a participant answers to an RPC call.
    """

    def __init__(self) -> None:
        self.tokens: list[dict[str, Any]] = []
        self.sent: list[Any] = []
        self.published: list[str] = []
        self.tools: dict[str, Answer] = {}
        self.handlers: dict[str, Any] = {}
        self.remote_participants: dict[str, Any] = {}
        self.local_participant = self

    def on(self, event: str, handler: Any) -> None:
        """Keep a handler."""
        self.handlers[event] = handler

    async def connect(self, url: str, token: str, options: rtc.RoomOptions) -> None:
        """Let the avatar in."""
        assert (url, options.auto_subscribe) == (NOWHERE.url, False)
        self.tokens.append({} if token == NAMED.token else read(token, NOWHERE.api_secret))

    async def disconnect(self) -> None:
        """Let it go."""
        self.published.clear()

    def register_byte_stream_handler(self, topic: str, handler: Any) -> None:
        """Keep a handler."""
        self.handlers[topic] = handler

    def register_rpc_method(self, method: str, handler: Any) -> None:
        """Keep a handler."""
        self.handlers[method] = handler

    async def publish_track(self, track: Any, options: Any) -> Any:
        """Note what is published."""
        self.published.append(rtc.TrackSource.Name(options.source))
        return SimpleNamespace(sid=f"TR_{len(self.published)}")

    async def publish_data(self, payload: bytes) -> None:
        """Note what is sent."""
        self.sent.append(json.loads(payload))

    async def publish_transcription(self, transcription: rtc.Transcription) -> None:
        """Note what is sent."""
        self.sent.append(transcription)

    async def perform_rpc(self, *, destination_identity: str, payload: str, **_: Any) -> str:
        """Answer as the participant does; one that is not there is not found."""
        answer = self.tools.get(destination_identity)
        if answer is None:
            raise rtc.RpcError(rtc.RpcError.ErrorCode.RECIPIENT_NOT_FOUND, "Recipient not found")
        found = answer(payload)
        return await found if asyncio.isfuture(found) else str(found)

    def come(self, identity: str) -> Any:
        """Let a client in."""
        who = SimpleNamespace(identity=identity, disconnect_reason=None, track_publications={})
        self.remote_participants[identity] = who
        self.handlers["participant_connected"](who)
        return who

    def say(self, who: Any, data: bytes) -> None:
        """Have a client send data."""
        self.handlers["data_received"](SimpleNamespace(participant=who, data=data))


class Visit:
    """An avatar in its room, and what it reported."""

    def __init__(self, player: Player, server: Server, named: NamedRoom | None = None) -> None:
        self.player = player
        self.server = server
        self.id = player.learned.ids[0]
        self.guest = Guest(
            player.world,
            player.world.account.sessions[self.id],
            NOWHERE,
            is_current=lambda: True,
            make_room=lambda: server,
            named=named,
        )

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What was reported so far, in order."""
        entries = self.player.world.log.entries()
        acts = [each for each in entries if isinstance(each, Act)]
        return [dict(act.given) for act in acts if act.what == "reportCall"]


async def until(what: Callable[[], Any]) -> None:
    """Return once `what` is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not what():
            await next_turn()


@pytest.fixture
async def visiting() -> AsyncIterator[Callable[..., Visit]]:
    """Avatars in rooms of running sessions; they leave at the end."""
    visits = []

    def visit(**options: Any) -> Visit:
        player = alone()
        player.ask(Ask("createSession", body={"model": "gwm1_avatars", "avatar": PRESET} | options))
        player.do(Do("moveClock", {"by": "2s"}))
        player.ask(Ask("getSession"))
        player.ask(Ask("consumeSession"))
        visits.append(Visit(player, Server()))
        return visits[-1]

    yield visit
    for each in visits:
        await each.guest.end("server_shutdown")


Visiting = Callable[..., Visit]


async def test_it_joins_as_the_avatar_with_camera_and_microphone(visiting: Visiting) -> None:
    """Its identity is one that the published backend package accepts."""
    visit = visiting()
    await until(lambda: len(visit.server.published) == 2)
    claims = visit.server.tokens[0]
    assert (claims["sub"], claims["kind"]) == (f"worker:{visit.id}", "agent")
    assert claims["video"]["room"] == visit.id
    assert claims["video"]["canPublish"]
    assert not claims["video"]["hidden"]
    assert visit.server.published == ["SOURCE_MICROPHONE", "SOURCE_CAMERA"]


async def test_another_avatar_is_no_user(visiting: Visiting) -> None:
    """Nothing is reported of it."""
    visit = visiting()
    await until(lambda: visit.server.published)
    visit.server.come("worker:other")
    visit.server.come("user:1")
    assert visit.reports == [{"event": "joined", "participant": "user:1", "hidden": False}]


async def test_end_call_ends_the_call_and_what_comes_after_it_is_of_no_use(
    visiting: Visiting,
) -> None:
    """Other data is counted by its bytes."""
    visit = visiting()
    await until(lambda: visit.server.published)
    who = visit.server.come("user:1")
    visit.server.say(who, b"hello")
    visit.server.say(who, b'{"type":"END_CALL"}')
    visit.server.handlers["participant_disconnected"](who)
    await until(lambda: visit.reports[-1]["event"] == "closed")
    assert visit.reports[1:] == [
        {"event": "data", "participant": "user:1", "bytes": 5, "known": False},
        {"event": "left", "participant": "user:1", "how": "end_call"},
        {"event": "closed", "reason": "ended"},
    ]


async def test_the_greeting_is_sent_word_by_word(visiting: Visiting) -> None:
    """The script of an own room is played here too, from the first join on."""
    visit = visiting(startScript="Hello there")
    await until(lambda: visit.server.published)
    assert visit.server.sent == []
    visit.server.come("user:1")
    await until(lambda: len(visit.server.sent) == 1)
    assert visit.server.sent[0]["text"] == "Hello"
    visit.player.do(Do("moveClock", {"by": "2s"}))
    await until(lambda: visit.reports[-1]["event"] == "said")
    assert visit.reports[-1]["text"] == "Hello there"


async def test_a_tool_is_asked_of_users_and_then_of_the_backend(visiting: Visiting) -> None:
    """A refusal ends the search, a participant without the tool does not."""
    visit = visiting()
    await until(lambda: visit.server.published)
    visit.server.come("user:1")
    call = visit.guest.call_tool
    with pytest.raises(ToolFailed, match="not found"):
        await call("weather", {}, 5.0)
    visit.server.tools[f"backend:{visit.id}"] = lambda payload: payload
    assert await call("weather", {"city": "Bern"}, 5.0) == {"args": {"city": "Bern"}}

    def broken(_: str) -> str:
        raise rtc.RpcError(4_000, "no such city")

    visit.server.tools["user:1"] = broken
    with pytest.raises(ToolFailed, match="no such city"):
        await call("weather", {}, 5.0)


async def test_the_clock_of_the_world_ends_a_tool_call(visiting: Visiting) -> None:
    """A tool that has not answered times out when that clock says so; its answer is taken late."""
    visit = visiting()
    await until(lambda: visit.server.published)
    visit.server.come("user:1")
    never = asyncio.get_running_loop().create_future()
    asked: list[str] = []

    def silent(payload: str) -> Any:
        asked.append(payload)
        return never

    visit.server.tools["user:1"] = silent
    late: list[Any] = []
    asking = asyncio.ensure_future(
        visit.guest.call_tool("weather", {}, 5.0, late=lambda *answer: late.append(answer))
    )
    await until(lambda: asked)
    visit.player.do(Do("moveClock", {"by": "5s"}))
    with pytest.raises(ToolTimeout):
        async with asyncio.timeout(PATIENCE_S):
            await asking
    never.set_result('"after all"')
    await until(lambda: late == [("after all", None)])


async def test_a_late_avatar_watches_unseen_and_comes_back_to_be_seen(visiting: Visiting) -> None:
    """Who came and went between is reported once."""
    visit = visiting()
    await until(lambda: len(visit.server.published) == 2)
    visit.server.come("user:1")
    visit.server.come("user:2")
    del visit.server.remote_participants["user:2"]
    visit.guest.announce()
    await until(lambda: len(visit.server.tokens) == 2 and len(visit.server.published) == 2)
    await until(lambda: visit.reports[-1]["event"] == "left")
    assert [each["participant"] for each in visit.reports] == ["user:1", "user:2", "user:2"]


async def test_a_user_is_heard(visiting: Visiting) -> None:
    """Loud sound and then silence from a microphone is one utterance."""
    visit = visiting()
    await until(lambda: visit.server.published)
    visit.server.come("user:1")
    hearing = asyncio.ensure_future(visit.guest.user_spoke())
    await next_turn()
    await visit.guest._listen(Sound([8_000] * 10 + [0] * 10), "user:1")
    await until(hearing.done)
    assert hearing.result() == pytest.approx(1.0)
    assert visit.reports[-1] == {"event": "spoke", "participant": "user:1", "seconds": 1.0}


class Sound:
    """A stream of frames of 0.1 s, each with samples of one value."""

    def __init__(self, values: list[int]) -> None:
        self._values = values

    async def __aiter__(self) -> AsyncIterator[rtc.AudioFrameEvent]:
        """Yield the frames."""
        for value in self._values:
            samples = array.array("h", [value] * 4_800).tobytes()
            yield rtc.AudioFrameEvent(rtc.AudioFrame(samples, 48_000, 1, 4_800))

    async def aclose(self) -> None:
        """Do nothing."""


async def test_what_is_native_is_closed_with_the_call(visiting: Visiting) -> None:
    """The sources of sound and pictures do not wait for the garbage collector."""
    visit = visiting()
    await until(lambda: len(visit.server.published) == 2)
    sources = list(visit.guest._sources)
    await visit.guest.end("ended")
    assert [each._ffi_handle.disposed for each in sources] == [True, True]


async def test_a_server_that_is_lost_ends_the_call(visiting: Visiting) -> None:
    """Everybody is lost with it."""
    visit = visiting()
    await until(lambda: visit.server.published)
    visit.server.come("user:1")
    visit.server.handlers["disconnected"](0)
    await until(lambda: visit.reports[-1]["event"] == "closed")
    assert visit.reports[1:] == [
        {"event": "left", "participant": "user:1", "how": "lost"},
        {"event": "closed", "reason": "ended"},
    ]


@pytest.fixture
async def invited() -> AsyncIterator[Visit]:
    """An avatar that awaits the room which a create has named; it leaves at the end."""
    player = alone()
    player.ask(Ask("createSession", body={"model": "gwm1_avatars", "avatar": PRESET}))
    visit = Visit(player, Server(), NAMED)
    yield visit
    await visit.guest.end("server_shutdown")


async def test_the_room_of_a_create_is_joined_when_the_session_is_ready(invited: Visit) -> None:
    """By the token of the create; that the avatar is there starts the session."""
    await next_turn()
    assert invited.server.tokens == []
    invited.player.do(Do("moveClock", {"by": "2s"}))
    await until(lambda: len(invited.server.published) == 2)
    assert invited.server.tokens == [{}]
    assert invited.reports == [{"event": "entered", "room": "agents"}]
    assert invited.player.world.account.sessions[invited.id].state is State.RUNNING


@pytest.mark.parametrize("how", ["leave", "end_call"])
async def test_the_agent_that_was_named_ends_the_call(invited: Visit, how: str) -> None:
    """Others come and go; anyone's END_CALL ends it too."""
    invited.player.do(Do("moveClock", {"by": "2s"}))
    await until(lambda: invited.server.published)
    agent, user = invited.server.come("agent"), invited.server.come("user")
    if how == "leave":
        invited.server.handlers["participant_disconnected"](user)
        await next_turn()
        assert invited.player.world.account.sessions[invited.id].state is State.RUNNING
        invited.server.handlers["participant_disconnected"](agent)
    else:
        invited.server.say(user, b'{"type":"END_CALL"}')
    await until(lambda: invited.reports[-1]["event"] == "closed")
    assert invited.player.world.account.sessions[invited.id].state is State.COMPLETED


async def test_a_session_that_ends_before_it_is_ready_joins_nothing(invited: Visit) -> None:
    """Nor does a fake that stops wait for it."""
    invited.player.ask(Ask("deleteSession"))
    await until(lambda: invited.guest.closed)
    assert invited.server.tokens == []


def test_a_picture_is_its_rows_without_what_lies_beside_them() -> None:
    """PyAV pads rows; LiveKit's client takes none of that."""
    frame = av.VideoFrame(10, 6, "yuv420p")
    for plane, value in zip(frame.planes, (1, 2, 3), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    assert i420_of(frame) == bytes([1]) * 60 + bytes([2]) * 15 + bytes([3]) * 15
