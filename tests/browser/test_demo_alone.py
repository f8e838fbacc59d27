"""The demo page beside `serve` alone: an endpoint that is typed, and a fake with an admin token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fake_runway.core.durations import NO_TIME
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Plan
from gateway.access.cors import Origins
from gateway.web.app import PATH
from tests.browser.pages import ZOOM, opened
from tests.support.checked import serve
from tests.support.room import HOSTED
from tests.support.servers import Fake, gateway_application, serving_fake
from tests.support.threads import in_a_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TOKEN = "an-admin-token-0123456789"


@asynccontextmanager
async def fake_and_endpoint() -> AsyncIterator[tuple[Fake, str]]:
    """Run a fake, and an endpoint of a developer's own that allows the page's origin."""
    settings = Settings(plan=Plan(provision=NO_TIME))
    async with serving_fake(settings, rate=1.0, livekit=HOSTED) as fake:
        application = gateway_application(fake.url, origins=Origins.parse(fake.url))
        async with serve(application, "gateway") as url:
            yield fake, f"{url}{PATH}"


def test_an_endpoint_that_is_typed_is_called(browser: Browser) -> None:
    """The page asks for itself again, so that its policy allows the endpoint, and remembers it."""
    with in_a_thread(fake_and_endpoint) as (fake, endpoint), opened(browser) as tab:
        page = tab.page
        page.goto(fake.url)
        page.wait_for_selector("#call:enabled")
        page.click("#call")
        assert page.evaluate("document.activeElement.id") == "endpoint"
        page.fill("#endpoint", endpoint)
        page.press("#endpoint", "Tab")
        page.wait_for_url("**/?endpoint=*")
        page.wait_for_selector("#call:enabled")
        assert page.input_value("#endpoint") == endpoint
        page.click("#call")
        page.wait_for_selector('call-view[state="ready"]')
        page.click("#hang-up")
        page.locator("#rows li.of-state", has_text="COMPLETED").first.wait_for()


def test_the_demo_asks_for_an_admin_token_once(browser: Browser) -> None:
    """A wrong one is asked for again; none is in the page or in an address. It fits 320 x 256."""
    with (
        in_a_thread(lambda: serving_fake(admin_token=TOKEN, livekit=HOSTED)) as locked,
        opened(browser, ZOOM) as tab,
    ):
        page = tab.page
        page.goto(locked.url)
        for token in ("wrong", TOKEN):
            page.get_by_label("Admin token of this fake").fill(token)
            assert tab.beyond_its_width() == []
            page.get_by_role("button", name="Use it").click()
            page.wait_for_function("!document.getElementById('token').value")
        page.wait_for_selector("#call:enabled")
        assert page.is_hidden("#token-form")
        page.reload()
        page.wait_for_selector("#call:enabled")
        assert tab.beyond_its_width() == []
        tab.shot("demo-zoom", whole=True)
        assert TOKEN not in page.content()
        assert not any(TOKEN in address for address in tab.requests)
        tab.complaints[:] = [each for each in tab.complaints if "401" not in each]
