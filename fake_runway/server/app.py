"""The fake as one aiohttp application: the Runway API and the admin API behind one port."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from fake_runway.admin_api.paths import owns
from fake_runway.media.handler import MediaHandler, is_media
from fake_runway.room.rooms import PATHS, Rooms
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Applied, RequestHead
from fake_runway.runway_api.handler import RunwayHandler
from fake_runway.web.bodies import LONGEST_BODY
from fake_runway.web.paths import path_of
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds

if TYPE_CHECKING:
    from fake_runway.admin_api.handler import AdminHandler


class FakeApp:
    """The handler of every request: to admin API, rooms or media, else to the Runway API.

    Args:
        livekit: where tokens lead and who signs them.
        token: as of `AdminHandler`.
        hosts: as of `AdminHandler`.

    Attributes:
        rooms: they are to be closed at the end.
    """

    def __init__(
        self,
        worlds: Worlds,
        livekit: LiveKit,
        *,
        token: str | None = None,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._token = token
        self._hosts = hosts
        self.rooms = Rooms(worlds, livekit)
        self._media = MediaHandler(worlds)
        self._runway = RunwayHandler(worlds, livekit, admitted=self.rooms.invite)

    def answer_at_once(
        self, head: RequestHead, body: Callable[[], bytes]
    ) -> Reply | Applied | None:
        """Answer a request as `RunwayHandler.answer_at_once` does; None also for the admin API."""
        path = path_of(head.target)
        return None if owns(path) else self._runway.answer_at_once(head, path, body)

    async def send(self, answer: Reply | Applied, request: web.BaseRequest) -> web.StreamResponse:
        """Send what `answer_at_once` returned for a request."""
        return await self._runway.send(answer, request)

    @cached_property
    def _admin(self) -> "AdminHandler":
        # a quarter of what a start would import, and an application never asks for it
        from fake_runway.admin_api.handler import AdminHandler
        from fake_runway.replay.routes import REPLAY_OPERATIONS

        return AdminHandler(
            self._worlds,
            self._livekit,
            token=self._token,
            hosts=self._hosts,
            more=REPLAY_OPERATIONS,
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        path = path_of(request.raw_path)
        if owns(path):
            return await self._admin.handle(request, path)
        if path.in_world in PATHS:
            return await self.rooms.handle(request, path)
        if is_media(path):
            return await self._media.handle(request, path)
        return await self._runway.handle(request, path)


def create_app(worlds: Worlds, *, livekit: LiveKit, token: str | None = None) -> web.Application:
    """Return the fake as an aiohttp application, to be served or mounted."""
    app = web.Application(client_max_size=LONGEST_BODY)
    fake = FakeApp(worlds, livekit, token=token)

    async def close_rooms(_: web.Application) -> None:
        await fake.rooms.close()

    app.on_shutdown.append(close_rooms)
    # not `.*`: a path may hold a line break, and that is a 404 of ours too
    app.router.add_route("*", r"/{path:[\s\S]*}", fake.handle)
    return app
