"""A participant of a call, for tests without a browser. It needs the package `livekit`.

It uses the session's key as a browser does, joins the room, and keeps what the avatar sends. With
tools it also joins a second time, as the hidden backend that serves them. Neither sends sound or
pictures. What it hears goes by Runway's own data; LiveKit's transcription packets are left out.
"""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from fake_runway.client.answers import Conflict, Span
from fake_runway.client.transport import DEFAULT_WAIT_S, span_seconds
from fake_runway.core.types import Json

Tool = Callable[[Json], Any]
"""A tool of the backend: takes the arguments and returns any JSON value, or can be awaited for it.

An exception that it raises reaches the avatar as an error.
"""

_VERSION = "2024-11-06"


class NoLiveKit(ImportError):
    """The package that joins rooms is not installed."""


class ClientEvent(NamedTuple):
    """A call of a tool in the browser."""

    tool: str
    args: Json


class Participant:
    """A user in the room of a session.

    Attributes:
        events: the client events that came, in order.
        lines: what was said in each turn, by role and turn, in order.
        left: why the call is over, as LiveKit calls it; empty while it lasts.
        room: LiveKit's own `rtc.Room`, for all else.
    """

    def __init__(self, room: Any = None) -> None:
        self.room = room
        self.events: list[ClientEvent] = []
        self.lines: dict[tuple[str, int], str] = {}
        self.left = ""
        self._taken = 0
        self._news = asyncio.Event()

    def __repr__(self) -> str:
        state = self.left or "in the call"
        return f"<Participant {state}, {len(self.lines)} lines, {len(self.events)} events>"

    @property
    def heard(self) -> str:
        """All that the avatar has said, a line for each turn."""
        return "\n".join(text for (role, _), text in self.lines.items() if role == "assistant")

    def receive(self, packet: bytes) -> None:
        """Take a data packet; what is neither a transcript nor a client event is ignored."""
        try:
            message = json.loads(packet)
        except (ValueError, RecursionError):
            return
        match message:
            case {"type": "transcription", "role": str(role), "turn": int(turn), "text": str(text)}:
                self.lines[role, turn] = self.lines.get((role, turn), "") + text
            case {"type": "client_event", "tool": str(tool), "args": dict(args)}:
                self.events.append(ClientEvent(tool, args))
        self._news.set()

    def end(self, reason: str) -> None:
        """Note that the call is over."""
        self.left = self.left or reason
        self._news.set()

    async def client_event(self, tool: str, *, within: Span = DEFAULT_WAIT_S) -> Json:
        """Return the arguments of the next client event for a tool.

        "Next" counts from the last event that this method returned.

        Args:
            within: real time; seconds, or a text such as `500ms`.

        Raises:
            TimeoutError: none came in time; the message says what came.
        """

        def found() -> int | None:
            later = range(self._taken, len(self.events))
            return next((index for index in later if self.events[index].tool == tool), None)

        index: int = await self._until(found, f"a client event for {tool}", within)
        self._taken = index + 1
        return self.events[index].args

    async def hears(self, text: str, *, within: Span = DEFAULT_WAIT_S) -> None:
        """Return once the avatar has said a text.

        Raises:
            TimeoutError: as of `client_event`.
        """
        await self._until(lambda: text in self.heard or None, f"{text!r}", within)

    async def ended(self, *, within: Span = DEFAULT_WAIT_S) -> str:
        """Return why the call is over, as soon as it is, as LiveKit calls it.

        Raises:
            TimeoutError: as of `client_event`.
        """
        reason: str = await self._until(lambda: self.left or None, "the end of the call", within)
        return reason

    async def hang_up(self) -> None:
        """End the call, as the button of Runway's page does."""
        await self.room.local_participant.publish_data(json.dumps({"type": "END_CALL"}))
        await self.room.disconnect()

    async def _until(self, found: Callable[[], Any], what: str, within: Span) -> Any:
        try:
            async with asyncio.timeout(span_seconds(within)):
                while (result := found()) is None:
                    self._news.clear()
                    await self._news.wait()
                return result
        except TimeoutError:
            events = ", ".join(each.tool for each in self.events) or "none"
            raise TimeoutError(
                f"waited for {what}; heard {self.heard!r}, client events: {events}"
            ) from None


@asynccontextmanager
async def in_the_room(
    base_url: str, secret: str, session: Any, tools: Mapping[str, Tool] | None = None
) -> AsyncIterator[Participant]:
    """Join the room of a READY session as its user, until the block ends.

    Args:
        session: its id, or something with an `id`, such as an answer of an SDK.
        tools: by name; they are served by a hidden backend that joins first.

    Raises:
        NoLiveKit.
        Conflict: the session is not READY, or does not let anybody in.
    """
    rtc = _livekit()
    one = f"/v1/realtime_sessions/{getattr(session, 'id', session)}"
    async with AsyncExitStack() as stack:
        if tools:
            credentials = await _asked(base_url, "POST", f"{one}/connect_backend", secret)
            backend = await _connected(stack, rtc, credentials)
            for name, tool in tools.items():
                backend.local_participant.register_rpc_method(name, _handler(tool))
        found = await _asked(base_url, "GET", one, secret)
        if "sessionKey" not in found:
            raise Conflict("room", f"expected a session that is READY, got {found['status']}")
        credentials = await _asked(base_url, "POST", f"{one}/consume", found["sessionKey"])
        participant = Participant()
        participant.room = await _connected(stack, rtc, credentials, participant)
        yield participant


def _livekit() -> Any:
    try:
        from livekit import rtc  # a large package, which most users do without
    except ImportError as error:
        raise NoLiveKit(
            "expected the package livekit, with which a test joins a room: pip install livekit"
        ) from error
    return rtc


async def _asked(base_url: str, method: str, path: str, secret: str) -> dict[str, Any]:
    """Return the answer to a call of the Runway API.

    Raises:
        Conflict: it was refused.
    """
    import aiohttp

    headers = {"Authorization": f"Bearer {secret}", "X-Runway-Version": _VERSION}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        # a POST has to declare its type, and the empty object is the least that fits all
        http.request(method, base_url + path, json={} if method == "POST" else None) as response,
    ):
        body: dict[str, Any] = await response.json()
        if response.status != 200:
            raise Conflict("room", str(body.get("error", "")), status=response.status)
        return body


async def _connected(
    stack: AsyncExitStack, rtc: Any, credentials: Json, participant: Participant | None = None
) -> Any:
    room = rtc.Room()
    if participant is not None:
        room.on("data_received", lambda packet: participant.receive(packet.data))
        room.on("disconnected", lambda reason: participant.end(rtc.DisconnectReason.Name(reason)))
    await room.connect(credentials["url"], credentials["token"])
    stack.push_async_callback(room.disconnect)
    return room


def _handler(tool: Tool) -> Callable[[Any], Any]:
    async def answer(invocation: Any) -> str:
        given = json.loads(invocation.payload or "{}")
        result = tool(given.get("args", given))
        return json.dumps(await result if inspect.isawaitable(result) else result)

    return answer
