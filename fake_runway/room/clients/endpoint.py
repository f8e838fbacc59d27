"""The endpoint that LiveKit's clients connect to: a WebSocket, and the question why it failed.

A browser cannot read the answer to a failed upgrade. So its client asks `validate` with the same
query, and shows the text of that answer to the application.
"""

import asyncio
from contextlib import suppress

from aiohttp import ClientConnectionResetError, WSMsgType, web
from livekit.protocol.rtc import SignalResponse

from fake_runway.core.lifecycles.session import TERMINAL, State
from fake_runway.room.addresses import is_whep
from fake_runway.room.call import Call
from fake_runway.room.clients.whep import Whep
from fake_runway.room.media.caption import Caption, Keyframes, encoder
from fake_runway.room.media.loops import CUSTOM
from fake_runway.room.tokens import Admission, JoinRefused, LiveKit, admit
from fake_runway.room.wire.signalling import (
    LARGEST_FRAME,
    PING_TIMEOUT_S,
    BadSignal,
    Joining,
    goodbye,
    joining,
)
from fake_runway.web import cors
from fake_runway.web.callers import bearer
from fake_runway.web.paths import Path
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

MOST_CLIENTS = 500
"""Clients of one server at the same time."""
_MOST_UNSENT = 1_000  # responses that wait for a client
_CLOSE_S = 1.0
_SILENCE_S = PING_TIMEOUT_S + 5.0  # a client that pings every 5 s is silent for so long: it is gone
_TOO_EARLY = frozenset({State.QUEUED, State.PROVISIONING})


def warm_up() -> None:
    """Draw a picture that no client gets: the first one of a program takes a tenth of a second."""
    Keyframes(CUSTOM).of(0, Caption())


class Endpoint:
    """The rooms of one server; arguments as of `Rooms`."""

    def __init__(self, worlds: Worlds, livekit: LiveKit, *, grace_s: float) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._grace_s = grace_s
        self._calls: dict[tuple[str, str], Call] = {}  # by world and session
        self._conversations: set[asyncio.Task[web.StreamResponse]] = set()
        self._encoder = encoder(keyframes_only=True)
        self._whep = Whep(self)

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a join, or whether one would be answered."""
        if is_whep(path):
            return await self._whep.handle(request, path)
        if request.method != "GET":
            return _text(405, f"expected GET, got {request.method[:20]}")
        try:
            token = bearer(request.headers) or request.query.get("access_token", "")
            admission, world = await self.admitted(token, path)
            wanted = joining(request.query, single="v1" in path.in_world)
        except JoinRefused as refusal:
            return _text(refusal.status, refusal.message)
        except BadSignal as error:
            return _text(400, str(error))
        if "validate" in path.in_world:
            return _text(200, "success")
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return _text(400, "expected a WebSocket, got a request without Upgrade: websocket")
        if len(self._conversations) >= MOST_CLIENTS:
            return _text(503, f"this fake serves {MOST_CLIENTS} clients already")
        conversation = asyncio.ensure_future(self._converse(request, world, admission, wanted))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)
        try:
            return await asyncio.shield(conversation)
        except asyncio.CancelledError:  # the client is gone: what it has is closed by its task
            if request.transport is not None:
                request.transport.abort()
            raise

    async def admitted(self, token: str, path: Path) -> tuple[Admission, World]:
        """Return who asks to join, and in which world.

        Raises:
            JoinRefused.
        """
        world = self._worlds.used(path.world) if path.world is not None else None
        # an unknown world has no clock; its caller learns first whether the token is any good
        now = self._worlds.now() if world is None else world.clock.now()
        admission = admit(token, self._livekit, now=now)
        if world is None:
            named = "none" if path.world is None else "one that does not exist"
            raise JoinRefused(
                403,
                f"expected the URL of a world (/w/<name>), as consume answers it; got {named}",
                plain_status=404,
            )
        await world.catch_up()
        session = world.account.sessions.get(admission.room)
        if session is None:
            raise JoinRefused(
                403, "expected a token for the room of a session of this world, got another room"
            )
        if session.state in TERMINAL or session.state in _TOO_EARLY:
            raise JoinRefused(
                403, f"the session of this room is {session.state.value}", plain_status=409
            )
        return admission, world

    def call(self, world: str, session_id: str) -> Call | None:
        """Return the room of a session that a client has joined, None if there is none."""
        return self._calls.get((world, session_id))

    def used(self, world: World) -> None:
        """Note that a world is used."""
        self._worlds.used(world.name)

    def opened(self, world: World, session_id: str) -> Call:
        """Return the room of a session, a new one before the first join."""
        key = world.name, session_id
        call = self._calls.get(key)
        if call is None or call.world is not world:
            call = self._calls[key] = Call(
                world,
                session_id,
                is_current=lambda: self._worlds.get(world.name) is world,
                grace_s=self._grace_s,
                over=self._forget,
                keyframes=self._encoder,
            )
        return call

    def _forget(self, call: Call) -> None:
        key = call.world.name, call.session_id
        if self._calls.get(key) is call:
            del self._calls[key]

    async def _converse(
        self, request: web.BaseRequest, world: World, admission: Admission, wanted: Joining
    ) -> web.StreamResponse:
        """Serve one client until its socket is closed."""
        socket = web.WebSocketResponse(max_msg_size=LARGEST_FRAME, timeout=_CLOSE_S, compress=False)
        await socket.prepare(request)
        line = _SocketLine(socket, request.transport)
        writing = asyncio.ensure_future(line.write())
        try:
            if wanted.reconnect:  # there is nothing to resume with
                line.send(goodbye("STATE_MISMATCH", again=True))
                line.finish()
                await writing
                return socket
            await self._attend(socket, line, world, admission, wanted)
        finally:
            line.finish()
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * _CLOSE_S):
                    await writing
        return socket

    async def _attend(
        self,
        socket: web.WebSocketResponse,
        line: "_SocketLine",
        world: World,
        admission: Admission,
        wanted: Joining,
    ) -> None:
        call = self.opened(world, admission.room)
        try:
            who = call.join(admission, wanted, line)
        except JoinRefused:
            line.send(goodbye("JOIN_FAILURE"))
            return
        try:
            await who.begin()
            while True:
                message = await socket.receive(timeout=_SILENCE_S)
                if message.type is not WSMsgType.BINARY:
                    break  # it is closed, or no LiveKit client
                self.used(world)
                await who.receive(message.data)
        except TimeoutError:
            pass
        finally:
            await call.lost(who)

    async def close(self) -> None:
        """End every call: the server stops."""
        for call in list(self._calls.values()):
            await call.end("SERVER_SHUTDOWN", because="server_shutdown")
        await self._whep.close()
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=2 * _CLOSE_S)


class _SocketLine:
    """The responses to one client, written one after the other."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._socket = socket
        self._transport = transport
        self._unsent: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._finished = False

    def send(self, response: SignalResponse) -> None:
        """Send a response, some time soon; a client that is far behind is lost."""
        if self._finished:
            return
        if self._unsent.qsize() >= _MOST_UNSENT:
            self.abort()
            return
        self._unsent.put_nowait(response.SerializeToString())

    def finish(self) -> None:
        """Close the socket once everything is sent."""
        if not self._finished:
            self._finished = True
            self._unsent.put_nowait(None)

    def abort(self) -> None:
        """Lose the socket at once."""
        self.finish()
        if self._transport is not None:
            self._transport.abort()

    async def write(self) -> None:
        """Write until the line is finished."""
        with suppress(ClientConnectionResetError):
            while (raw := await self._unsent.get()) is not None:
                await self._socket.send_bytes(raw)
        await self._socket.close()


def _text(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=cors.ORIGIN)
