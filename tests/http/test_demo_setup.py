"""What the demo page is told about its server."""

from __future__ import annotations

import aiohttp
import pytest

from fake_runway.pages.setup import Demo, setup
from fake_runway.room.media.loops import PRESETS
from fake_runway.room.rooms import Rooms
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.room import HOSTED
from tests.support.servers import Fake, StartFake

PATH = "/__pages/setup.json"


@pytest.fixture
async def fake(start_fake: StartFake) -> Fake:
    """A fake with a room."""
    return await start_fake(livekit=HOSTED)


async def test_the_page_is_told_what_it_can_choose_from(fake: Fake) -> None:
    """Every scenario in its family, and the presets; without a gateway there is no endpoint."""
    async with aiohttp.ClientSession() as http, http.get(fake.url + PATH) as answer:
        told = await answer.json()
        assert answer.headers["Cache-Control"] == "no-store"
    named = [name for family in told.pop("families") for name in family["names"]]
    assert named == [each.name for each in Catalogue.builtin()]
    assert told == {"endpoint": "", "world": "", "presets": list(PRESETS), "no_room": ""}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 405),
        ("GET", {"Host": "evil.test"}, 403),
        ("GET", {"Origin": "http://evil.test"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("HEAD", {}, 200),
    ],
)
async def test_another_site_is_told_nothing(
    fake: Fake, method: str, headers: dict[str, str], status: int
) -> None:
    """As for the admin API."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, fake.url + PATH, headers=headers) as answer,
    ):
        assert answer.status == status
        assert "families" not in await answer.text()


async def test_the_page_is_told_where_a_gateway_is_and_why_there_is_no_room(fake: Fake) -> None:
    """The sentence is the one that clients of the room get."""
    elsewhere = Rooms(fake.worlds, LiveKit(url="ws://elsewhere.test")).why_none()
    told = setup(Demo("http://127.0.0.1:1/api/avatar/connect", "s-1"), {"a": ("b",)}, elsewhere)
    assert told["endpoint"] == "http://127.0.0.1:1/api/avatar/connect"
    assert told["world"] == "s-1"
    assert told["families"] == [{"title": "a", "names": ["b"]}]
    assert "ws://elsewhere.test" in told["no_room"]
