"""The rooms of one server, before anything that they need is imported.

What a room needs (aiortc, PyAV, protobuf) takes 0.4 s to import and comes with an extra. So it is
imported in a thread, some time after the start or with the first join, and a fake without the extra
answers joins with a sentence that says how to get a room.
"""

import asyncio
import importlib
import logging
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from aiohttp import web

from fake_runway.clock import pause
from fake_runway.room.addresses import methods_of
from fake_runway.room.named import NamedRoom, OutOfReach, within_reach
from fake_runway.room.stage import GRACE_S
from fake_runway.room.tokens import LiveKit
from fake_runway.web import cors
from fake_runway.web.paths import Path
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

if TYPE_CHECKING:
    from fake_runway.room.call import Call
    from fake_runway.room.clients.endpoint import Endpoint
    from fake_runway.room.elsewhere import Avatars

NO_EXTRA = (
    "This fake serves no room for calls: install it with the extra room (pip install -c"
    " constraints.txt '.[room]' in the checkout) and start it again, or give the URL of a LiveKit"
    " server as --livekit-url."
)
NO_CLIENT_FOR_NAMED = (
    "The avatar joins no room that a create names: install the extra livekit (pip install -c"
    " constraints.txt '.[livekit]' in the checkout) and start again."
)
NO_CLIENT = (
    "The avatar joins no room on a LiveKit server: install the extra livekit (pip install -c"
    " constraints.txt '.[livekit]' in the checkout) and start again, or leave out"
    " --livekit-avatar."
)
_MOST_INVITATIONS = 50
_IMPORT_AFTER_S = 0.5  # the first answers come first, and a server that stops at once imports none
_OF_THE_EXTRA = frozenset({"aiortc", "aioice", "av", "livekit", "google"})

_log = logging.getLogger("fake_runway")


def has_client() -> bool:
    """Return whether what an avatar needs on a LiveKit server is installed; none is imported."""
    return _are_installed("aiortc", "livekit.rtc")


def _has_extra() -> bool:
    return _are_installed("aiortc", "livekit.protocol")


def _are_installed(*names: str) -> bool:
    try:
        return all(find_spec(name) is not None for name in names)
    except (ModuleNotFoundError, ValueError):  # no package livekit, or none of that name
        return False


class Rooms:
    """The rooms of one server.

    Args:
        livekit: where tokens lead; if that is elsewhere, no room is served, and the avatars join
            there if they are to.
        grace_s: seconds of real time in which a client whose socket was lost can come back.
    """

    def __init__(self, worlds: Worlds, livekit: LiveKit, *, grace_s: float = GRACE_S) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._grace_s = grace_s
        self._endpoint: Endpoint | None = None
        self._avatars: Avatars | None = None
        self._invitations: set[asyncio.Task[None]] = set()
        self._importing: asyncio.Task[None] | None = None
        self._has_extra = True

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request that `leads_to_room`."""
        if request.method == "OPTIONS":
            requested = request.headers.get("Access-Control-Request-Headers", "")
            headers = cors.preflight(methods_of(path), requested)
            return web.Response(status=204, headers=headers)
        if self._livekit.hosted:
            await self._imported()
        if self._endpoint is None:
            return self._text(401, self.why_none())
        return await self._endpoint.handle(request, path)

    def why_none(self) -> str:
        """Return why a client cannot join a room of this server, empty if it can."""
        if not self._livekit.hosted:
            return f"This fake serves no room for calls: its tokens lead to {self._livekit.url}."
        return "" if self._has_extra and _has_extra() else NO_EXTRA

    def _text(self, status: int, text: str) -> web.Response:
        return web.Response(status=status, text=text, headers=cors.ORIGIN)

    async def import_later(self) -> None:
        """Import what a room needs once the server has been up for a moment."""
        if self._livekit.hosted or self._livekit.joined:
            await pause(_IMPORT_AFTER_S)
            await self._imported()

    async def _imported(self) -> None:
        there = self._endpoint if self._livekit.hosted else self._avatars
        if there is None and self._has_extra:
            if self._importing is None:
                self._importing = asyncio.ensure_future(self._import())
            await asyncio.shield(self._importing)

    async def _import(self) -> None:
        name = "fake_runway.room." + ("clients.endpoint" if self._livekit.hosted else "elsewhere")
        try:
            module = await asyncio.to_thread(importlib.import_module, name)
            if self._livekit.hosted:
                await asyncio.to_thread(module.warm_up)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
                raise
            self._has_extra = False
            if not self._livekit.hosted:
                _log.error(NO_CLIENT)
            return
        if self._livekit.hosted:
            self._endpoint = module.Endpoint(self._worlds, self._livekit, grace_s=self._grace_s)
        elif self._avatars is None:
            self._avatars = module.Avatars(self._worlds, self._livekit)

    def invite(self, world: World, session_id: str) -> None:
        """Have the avatar join a session's room, some time soon, if it joins rooms elsewhere.

        To be called when someone was given credentials for the room, or was refused them.
        """
        if not self._livekit.joined:
            return
        if self._avatars is not None:
            self._avatars.invite(world, session_id)
        elif self._has_extra:
            self._start(self._invite(world, session_id))

    def join_named(self, world: World, session_id: str, room: NamedRoom) -> None:
        """Have the avatar join the room that a session's create names, once that is READY.

        What keeps it from doing so is logged: the create was answered, as Runway answers it.
        """
        if len(self._invitations) >= _MOST_INVITATIONS:
            _log.warning("session %s gets no avatar: too many await one", session_id)
            return
        self._start(self._join_named(world, session_id, room))

    async def _join_named(self, world: World, session_id: str, room: NamedRoom) -> None:
        try:
            url = await within_reach(room.url, self._livekit.reach)
        except OutOfReach as error:
            _log.warning("session %s: the avatar joins no room: %s", session_id, error)
            return
        if self._avatars is None:
            if not has_client():
                _log.warning("session %s: %s", session_id, NO_CLIENT_FOR_NAMED)
                return
            name = "fake_runway.room.elsewhere"
            module = await asyncio.to_thread(importlib.import_module, name)
            if self._avatars is None:
                self._avatars = module.Avatars(self._worlds, self._livekit)
        self._avatars.invite(world, session_id, room._replace(url=url))

    def _start(self, invitation: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(invitation)
        self._invitations.add(task)
        task.add_done_callback(self._invitations.discard)

    async def _invite(self, world: World, session_id: str) -> None:
        await self._imported()
        if self._avatars is not None:
            self._avatars.invite(world, session_id)

    def call(self, world: str, session_id: str) -> "Call | None":
        """Return the room of a session that a client has joined, None if there is none."""
        return None if self._endpoint is None else self._endpoint.call(world, session_id)

    async def close(self) -> None:
        """End every call: the server stops."""
        for invitation in self._invitations:
            invitation.cancel()
        if self._importing is not None:
            await asyncio.gather(self._importing, return_exceptions=True)
        if self._endpoint is not None:
            await self._endpoint.close()
        if self._avatars is not None:
            await self._avatars.close()
