"""Calls in Chromium with the official `<AvatarCall>`: the first picture, and a minute of them.

The fake and the gateway are the real commands. The page is that of `tests/browser`, with the SDK
that its lockfile names; Chromium publishes a made-up camera and microphone.

1. Some calls one after the other, each in a page of its own: from the click to the first picture
   that the page shows, with a session that is READY at once and with one that takes its time.
2. One call in which the avatar talks: what the browser counts in its statistics. A freeze is its
   word: a picture that comes 0.15 s later than usual, or three times as late.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.children import Server, installed, serving
from benchmarks.report import Row, against, progress, table
from fake_runway.client.aio import AsyncAdmin
from tests.browser.calls import ARGUMENTS, CHROMIUM, PAGE, bundle
from tests.clients.npm import find_node, install
from tests.support.checked import listening

FIRST_GOAL_S = 2.0
WAIT_MS = 30_000
LINE = "One two three four five six seven eight nine ten. " * 8
AVATAR = "cat-character"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10, help="for the first picture, of each kind")
    parser.add_argument("--seconds", type=int, default=60, help="of the long call")
    options = parser.parse_args()
    node = find_node(PAGE)
    if node is None:
        parser.error("needs Node and npm")
    install(PAGE)
    with tempfile.TemporaryDirectory() as folder:
        bundle(node, Path(folder))
        rows = []
        for provision in ("0s", "1.5s"):
            with servers(provision) as (fake, gateway):
                progress(f"{options.calls} calls, READY after {provision}")
                rows.append(asyncio.run(first_pictures(folder, fake, gateway, provision, options)))
                if provision == "0s":
                    progress(f"a call of {options.seconds} s")
                    rows.append(asyncio.run(long_call(folder, fake, gateway, options.seconds)))
    table("Calls in Chromium", ("what", "measured", "goal"), rows)


@contextmanager
def servers(provision: str) -> Iterator[tuple[Server, Server]]:
    """Run the fake and a gateway until the block ends."""
    command = [installed("fake-runway"), "serve", "--port=0", f"--provision-time={provision}"]
    with serving("fake", command) as fake:
        environment = {
            "RUNWAYML_BASE_URL": fake.url,
            "RUNWAYML_API_SECRET": "benchmark",
            "GATEWAY_CORS_ORIGINS": "*",
        }
        command = [installed("runway-gateway"), "serve", "--port=0"]
        with serving("gateway", command, environment=environment) as gateway:
            yield fake, gateway


@asynccontextmanager
async def chromium(folder: str) -> AsyncIterator[tuple[Browser, str]]:
    """Serve the page and run a browser until the block ends; yield it and the page's address."""
    site = web.Application()
    site.router.add_static("/", folder)
    async with listening(web.AppRunner(site)) as at, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        try:
            yield browser, f"{at}/index.html"
        finally:
            await browser.close()


async def called(browser: Browser, at: str, fake: Server, gateway: Server) -> tuple[Page, float]:
    """Open the page and click; return it with the seconds until its first picture."""
    page = await browser.new_page(viewport={"width": 720, "height": 520})
    query = {"connect": gateway.url, "base": fake.url, "avatar": AVATAR, "click": "1"}
    await page.goto(f"{at}?{urlencode(query)}")
    await page.click("button")
    found = await page.wait_for_function("window.seen.firstPicture", timeout=WAIT_MS)
    return page, await found.json_value() / 1_000


async def first_pictures(
    folder: str, fake: Server, gateway: Server, provision: str, options: argparse.Namespace
) -> Row:
    """Hold calls until their first picture."""
    async with chromium(folder) as (browser, at):
        times = []
        for _ in range(options.calls + 1):
            page, first_s = await called(browser, at, fake, gateway)
            times.append(first_s)
            await page.click('[data-avatar-control="end-call"]')
            await page.wait_for_function("window.seen.ended", timeout=WAIT_MS)
            await page.close()
    first, *others = times  # the first call fills the caches of all programs
    return (
        f"from the click to the first picture, READY after {provision}: median, worst, very first",
        f"{median(others):.2f}, {max(others):.2f}, {first:.2f} s",
        against(f"within {FIRST_GOAL_S:g} s", met=max(times) <= FIRST_GOAL_S),
    )


async def long_call(folder: str, fake: Server, gateway: Server, seconds: int) -> Row:
    """Hold a call in which the avatar talks."""
    async with chromium(folder) as (browser, at), AsyncAdmin(fake.url) as admin:
        page, _ = await called(browser, at, fake, gateway)
        (session,) = await admin.sessions.list(state="running")
        avatar = await admin.sessions.get(session.id)
        before, cpu_s = await statistics(page), fake.cpu_s()
        for _ in range(-(-seconds // 32)):  # a line takes 32 s
            await avatar.say(LINE)
        await page.wait_for_timeout(seconds * 1_000)
        cpu_s = fake.cpu_s() - cpu_s
        after = await statistics(page)
    grown = {
        name: after["video"][name] - before["video"][name]
        for name in ("framesDecoded", "freezeCount", "framesDropped", "packetsLost")
    }
    shown = f"{grown['framesDecoded'] / seconds:.1f}"
    counts = ", ".join(str(grown[name]) for name in ("freezeCount", "framesDropped", "packetsLost"))
    heard = after["audio"]["totalAudioEnergy"] > before["audio"]["totalAudioEnergy"]
    met = grown["freezeCount"] == 0 and heard and after["opened"] == 1
    return (
        f"a call of {seconds} s: pictures a second; freezes, dropped, lost; CPU of the fake",
        f"{shown}; {counts}; {cpu_s / seconds:.1%} of a core",
        against("no freeze, one connection, a voice", met=met),
    )


async def statistics(page: Page) -> dict[str, Any]:
    """Return what the browser counts of what it receives."""
    found: dict[str, Any] = await page.evaluate("window.statistics()")
    return found


if __name__ == "__main__":
    main()
