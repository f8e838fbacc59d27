"""The page of a run that goes on, over HTTP: who may ask, and what a reader gets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from contracts.live.messages import failed, starting
from contracts.live.server import LivePage


@asynccontextmanager
async def served(*, again: list[str] | None = None) -> AsyncIterator[LivePage]:
    """Serve a page; presses of its button end up in `again`."""
    pressed = None if again is None else (lambda: again.append("pressed"))
    async with LivePage(pressed).served() as page:
        yield page


async def messages(page: LivePage, count: int) -> list[Any]:
    """Return so many messages as a new reader gets them."""
    found: list[Any] = []
    async with aiohttp.ClientSession() as client, client.get(f"{page.url}events") as response:
        assert response.content_type == "text/event-stream"
        while len(found) < count:
            line = (await response.content.readline()).decode()
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
    return found


async def test_every_reader_gets_the_run_from_its_beginning() -> None:
    """Whenever it comes; what a run before had told is gone."""
    async with served() as page:
        page.begin(starting(1, "http://t/", why="", watches=False))
        page.tell(failed("it is down"))
        early = asyncio.ensure_future(messages(page, 4))
        assert [each["kind"] for each in await messages(page, 2)] == ["starting", "failed"]
        page.begin(starting(2, "http://t/", why="a.js changed", watches=False))
        page.tell(failed("still down"))

        assert [each.get("why") for each in await messages(page, 2)] == ["a.js changed", None]
        assert [each.get("run") for each in await early] == [1, None, 2, None]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("path", ["", "events", "report/1", "again"])
async def test_other_pages_and_other_names_are_refused(path: str, headers: dict[str, str]) -> None:
    """A page elsewhere, or a name that was pointed at this machine, learns and does nothing."""
    again: list[str] = []
    async with served(again=again) as page, aiohttp.ClientSession() as client:
        page.keep(1, "<p>report</p>")
        method = "POST" if path == "again" else "GET"
        async with client.request(method, page.url + path, headers=headers) as response:
            assert (response.status, again) == (403, [])
            assert "report" not in await response.text()


async def test_every_page_has_a_policy_and_is_not_kept() -> None:
    """No script but its own, nobody may frame it, and no cache keeps what a target sent."""
    async with served() as page, aiohttp.ClientSession() as client:
        page.keep(7, "<p>report</p>")
        for path in ("", "live.js", "live.css", "tokens.css", "report/7"):
            async with client.get(page.url + path) as response:
                assert response.status == 200
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'")
                assert "frame-ancestors 'none'" in policy or path == "report/7"
                assert response.headers["Cache-Control"] == "no-store"
        async with client.get(f"{page.url}report/6") as response:
            assert response.status == 404


async def test_the_button_runs_again_where_something_is_watched() -> None:
    """A single run says that it is one."""
    again: list[str] = []
    async with aiohttp.ClientSession() as client:
        async with served(again=again) as page:
            origin = {"Origin": page.url.rstrip("/")}
            pressed = await client.post(f"{page.url}again", headers=origin)
        async with served() as page:
            alone = await client.post(f"{page.url}again")
            text = await alone.text()

    assert (pressed.status, again) == (204, ["pressed"])
    assert (alone.status, "--watch" in text) == (409, True)


async def test_the_end_waits_for_an_open_page_to_fetch_the_report() -> None:
    """And for nobody if none is open."""
    async with served() as page, aiohttp.ClientSession() as client:
        page.begin(starting(1, "http://t/", why="", watches=False))
        await page.read()
        async with client.get(f"{page.url}events") as events:
            await events.content.readline()
            page.keep(1, "<p>report</p>")
            reading = asyncio.ensure_future(page.read())
            async with client.get(f"{page.url}report/1") as response:
                assert await response.text() == "<p>report</p>"
            await reading
