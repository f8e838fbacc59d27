"""The fake as one aiohttp application: both APIs, the room and the pages behind one port."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from fake_runway.admin_api.paths import owns
from fake_runway.core.types import Json
from fake_runway.media.handler import MediaHandler, is_media
from fake_runway.pages import paths as pages
from fake_runway.room.addresses import leads_to_room
from fake_runway.room.rooms import Rooms
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Applied, ReadHead, RequestHead
from fake_runway.runway_api.handler import RunwayHandler
from fake_runway.runway_api.storage import StorageHandler, is_storage
from fake_runway.web.bodies import LONGEST_BODY
from fake_runway.web.large import LargeBodies
from fake_runway.web.paths import path_of
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds

if TYPE_CHECKING:
    from fake_runway.admin_api.access import Access
    from fake_runway.admin_api.handler import AdminHandler
    from fake_runway.pages.handler import PagesHandler
    from fake_runway.pages.setup import Demo
    from fake_runway.runway_api.fetching import AssetFetcher


class FakeApp:
    """The handler of every request: for pages, admin API, rooms or media, else the Runway API.

    Args:
        livekit: where tokens lead and who signs them.
        token: as of `Access`.
        hosts: as of `Access`.
        fetcher: as of `RunwayHandler`.

    Attributes:
        rooms: of its calls.
        demo: what the demo page calls.
    """

    def __init__(
        self,
        worlds: Worlds,
        livekit: LiveKit,
        *,
        token: str | None = None,
        hosts: frozenset[str] = frozenset(),
        fetcher: "AssetFetcher | None" = None,
    ) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._token = token
        self._hosts = hosts
        self.rooms = Rooms(worlds, livekit)
        self.demo: Demo | None = None
        self._media = MediaHandler(worlds)
        bodies = LargeBodies()
        self._storage = StorageHandler(worlds, livekit, bodies)
        self._runway = RunwayHandler(
            worlds,
            livekit,
            admitted=self.rooms.invite,
            named=self.rooms.join_named,
            large=bodies,
            fetcher=fetcher,
        )

    def read_at_once(self, head: RequestHead) -> ReadHead | None:
        """Read a head as `RunwayHandler.read_at_once` does; None also for all others."""
        path = path_of(head.target)
        if owns(path) or pages.may_own(path):
            return None
        return self._runway.read_at_once(head, path)

    def answer_at_once(self, head: ReadHead, body: Callable[[], bytes]) -> Reply | Applied | None:
        """Answer a request as `RunwayHandler.answer_at_once` does."""
        return self._runway.answer_at_once(head, body)

    async def send(self, answer: Reply | Applied, request: web.BaseRequest) -> web.StreamResponse:
        """Send what `answer_at_once` returned for a request."""
        return await self._runway.send(answer, request)

    @cached_property
    def _access(self) -> "Access":
        from fake_runway.admin_api.access import Access

        return Access(self._token, self._hosts)

    @cached_property
    def _admin(self) -> "AdminHandler":
        # a quarter of what a start would import, and an application never asks for it
        from fake_runway.admin_api.handler import AdminHandler
        from fake_runway.replay.routes import REPLAY_OPERATIONS

        return AdminHandler(self._worlds, self._livekit, self._access, more=REPLAY_OPERATIONS)

    @cached_property
    def _pages(self) -> "PagesHandler":
        from fake_runway.pages.handler import PagesHandler  # an application asks for no page

        return PagesHandler(self._access, self._called_by_pages, self._told)

    def _called_by_pages(self) -> Sequence[str]:
        return self.demo.endpoint if self.demo else "", self._livekit.url

    def _told(self) -> Json:
        from fake_runway.pages.setup import Demo, setup  # as late as the pages themselves

        return setup(self.demo or Demo(), self._worlds.catalogue.themes, self.rooms.why_none())

    async def close(self) -> None:
        """End every call and every stream of events: the server stops."""
        if "_admin" in self.__dict__:
            await self._admin.close()
        self._media.close()
        await self.rooms.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer any request."""
        path = path_of(request.raw_path)
        if pages.owns(path, request.headers.get("Accept", "")):
            return await self._pages.handle(request, path)
        if owns(path):
            return await self._admin.handle(request, path)
        if leads_to_room(path):
            return await self.rooms.handle(request, path)
        if is_media(path):
            return await self._media.handle(request, path)
        if is_storage(path):
            return await self._storage.handle(request, path)
        return await self._runway.handle(request, path)


def create_app(worlds: Worlds, *, livekit: LiveKit, token: str | None = None) -> web.Application:
    """Return the fake as an aiohttp application, to be served or mounted."""
    app = web.Application(client_max_size=LONGEST_BODY)
    fake = FakeApp(worlds, livekit, token=token)

    async def close(_: web.Application) -> None:
        await fake.close()

    app.on_shutdown.append(close)
    # not `.*`: a path may hold a line break, and that is a 404 of ours too
    app.router.add_route("*", r"/{path:[\s\S]*}", fake.handle)
    return app
