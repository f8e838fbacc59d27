"""Files that creates name by URL: fetched by `--fetch-assets` alone, and checked as documented."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from fake_runway.replay.record import record
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.fetching import AssetFetcher
from fake_runway.runway_api.inputs import BadInput
from tests.support.checked import Answer
from tests.support.fake.files import made
from tests.support.servers import Fake, StartFake

PICTURE = made("png")
PNG = {"Content-Type": "image/png"}


class Host:
    """A host with files, of which each request is counted."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.agents: set[str] = set()
        self.base = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the path says."""
        self.asked.append((request.method, request.path))
        self.agents.add(request.headers.get("User-Agent", ""))
        match request.path:
            case "/small.png":
                return web.Response(body=made("png", 200, 200), headers=PNG)
            case "/text.png":
                return web.Response(body=b"no picture", headers=PNG)
            case "/cat.jpg":
                return web.Response(body=PICTURE, headers={"Content-Type": "image/jpeg"})
            case "/any":
                return web.Response(body=PICTURE)
            case "/moved":
                return web.Response(status=302, headers={"Location": f"{self.base}/cat.png"})
            case "/no-head" if request.method == "HEAD":
                return web.Response(status=405)
            case "/long.png":
                return web.Response(headers={**PNG, "Content-Length": str(17_000_000)})
            case "/chunks.png":
                response = web.StreamResponse(headers=PNG)
                response.enable_chunked_encoding()
                await response.prepare(request)
                return response
        return web.Response(body=PICTURE, headers=PNG)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A host that is called by a name."""
    host, app = Host(), web.Application()
    app.router.add_route("*", "/{path:.*}", host.answer)
    async with TestServer(app) as server:
        host.base = f"http://localhost:{server.port}"
        yield host


async def upscale(fake: Fake, url: str) -> Answer:
    """Ask for a larger picture."""
    body = {"model": "magnific_precision_upscaler_v2", "imageUri": url}
    return await fake.call("POST", "/v1/image_upscale", json=body)


async def fetched(host: Host, url: str, key: str = "imageUri") -> Any:
    """Fetch the file of a body, and return the address with what is known of it."""
    return (await AssetFetcher(schemes=("http",)).with_facts({key: url}))[key]


async def test_a_file_is_read_and_its_facts_stand_behind_the_url(host: Host) -> None:
    """By HEAD and GET, with the agent that the documentation names."""
    text = await fetched(host, f"{host.base}/cat.png")
    facts = f"image/png;bytes={len(PICTURE)};width=640;height=480"
    assert text == f"{host.base}/cat.png#{facts}"
    assert host.asked == [("HEAD", "/cat.png"), ("GET", "/cat.png")]
    assert all(agent.startswith("RunwayML API/") for agent in host.agents)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/text.png", "Expected a picture"),
        ("/cat.jpg", "expected Content-Type: image/png, got image/jpeg"),
        ("/any", "expected a Content-Type"),
        ("/moved", "expected 200 to a HEAD of the URL, got 302"),
        ("/no-head", "expected 200 to a HEAD of the URL, got 405"),
        ("/long.png", "expected at most 16000000 bytes"),
        ("/chunks.png", "expected a Content-Length"),
    ],
)
async def test_what_breaks_a_rule_is_refused(host: Host, path: str, says: str) -> None:
    """No redirect is followed."""
    with pytest.raises(BadInput) as refused:
        await fetched(host, host.base + path)
    [issue] = refused.value.issues
    assert says.lower() in issue["message"].lower()
    assert ("GET", "/cat.png") not in host.asked


@pytest.mark.parametrize(
    "url", ["ftp://example.com/cat.png", "http://127.0.0.1:9/cat.png", "http://localhost:1/cat.png"]
)
async def test_other_addresses_are_not_asked(host: Host, url: str) -> None:
    """Another scheme, an IP address, and a port where nothing listens."""
    with pytest.raises(BadInput):
        await fetched(host, url)


async def test_only_https_is_fetched_by_the_command(host: Host) -> None:
    """The scheme of the tests is theirs alone."""
    with pytest.raises(BadInput) as refused:
        await AssetFetcher().with_facts({"imageUri": f"{host.base}/cat.png"})
    assert "https" in refused.value.issues[0]["message"]
    assert host.asked == []


async def test_nothing_is_fetched_without_the_option(start_fake: StartFake) -> None:
    """A URL of a host that does not exist makes a task."""
    fake = await start_fake()
    assert (await upscale(fake, "https://nothing.invalid/cat.png")).status == 200


async def test_a_fetched_file_counts_as_any_other(start_fake: StartFake) -> None:
    """A create waits for it, and is refused where there is none; a record of that runs again."""
    fake = await start_fake(fetcher=AssetFetcher())
    answer = await upscale(fake, "https://localhost:1/cat.png")
    assert answer.status == 400
    assert answer.json["issues"][0]["path"] == ["imageUri"]
    given = orjson.loads(orjson.dumps(record(fake.world)))
    assert replay(given, livekit=LiveKit()).divergence is None
