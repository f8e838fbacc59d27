"""The demo page in Chromium, as `fake-runway up` brings it: calls, and failure modes as shown.

One command and one browser serve all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.browser.calls import ARGUMENTS, CHROMIUM
from tests.support.processes import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CREDITS = 100_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the screen of `up` says that the page is."""
    command = [sys.executable, "-P", "-m", "fake_runway", "up", "--port=0", "--gateway-port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        try:
            lines = iter(up.stdout.readline, "")
            assert any("Open this in a browser" in line for line in lines)
            yield next(lines).strip()
        finally:
            up.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright's package")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@dataclass(frozen=True, slots=True)
class Demo:
    """The page, and what it should never do.

    Attributes:
        noise: exceptions, and what breaks its policy.
        urls: all that it asked for.
    """

    page: Page
    address: str
    noise: list[str]
    urls: list[str]

    def choose(self, mode: str) -> None:
        """Choose a failure mode as a person does, by words of it."""
        self.page.fill("#search", mode.replace("-", " "))
        self.page.click(f"#mode-{mode}")

    def call(self, mode: str = "default", *, by_key: bool = False) -> None:
        """Choose, and press the button."""
        if by_key:
            self.page.check("input[value=session-key]")
        self.choose(mode)
        self.page.click("#call")

    def until(self, selector: str, text: str = "") -> Locator:
        """Wait until something is visible, with a text in it."""
        found = self.page.locator(selector).filter(has_text=text).first
        found.wait_for(state="visible", timeout=PATIENCE_S * 1000)
        return found

    def step(self, title: str) -> str:
        """Return how a step of the application stands."""
        found = self.page.locator(".step", has_text=title)
        return found.get_attribute("data-state") or ""

    def admin(self, path: str) -> Any:
        """Ask the admin API about the world of the gateway."""
        world = self.page.text_content("#fact-world")
        with urlopen(Request(f"{self.address}w/{world}/__admin{path}")) as answer:
            return json.load(answer)


@pytest.fixture
def demo(browser: Browser, address: str) -> Iterator[Demo]:
    """A tab of its own; its page is closed at the end, which hangs up."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    noise: list[str] = []
    urls: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("console", lambda said: noise.append(said.text) if "Policy" in said.text else None)
    page.on("request", lambda asked: urls.append(asked.url))
    page.goto(address)
    page.wait_for_selector("#call:enabled")
    yield Demo(page, address, noise, urls)
    assert noise == []
    assert not [url for url in urls if "eyJ" in url or "stk_" in url]
    context.close()


@pytest.mark.parametrize("by_key", [False, True], ids=["credentials", "session key"])
def test_a_call_from_the_press_of_the_button_to_the_hang_up(demo: Demo, *, by_key: bool) -> None:
    """The avatar moves and speaks, its words are shown, and both hops are seen as they happen."""
    demo.call(by_key=by_key)
    demo.until('call-view[state="ready"]')
    demo.until("#said li", "I am a fake avatar")
    played = "document.querySelector('call-view').statistics().then(all => {} > {})"
    for what, least in (("all.video.framesDecoded", 20), ("all.audio.totalAudioEnergy", 0.001)):
        demo.page.wait_for_function(played.format(what, least), timeout=PATIENCE_S * 1000)
    demo.page.fill("#words", "Grüezi")
    demo.page.click("#say button")
    demo.until("#rows li", "page → your server")
    demo.until("#rows li", "your server → fake")
    demo.until("#rows li.of-state", "RUNNING")
    hop = "page → fake" if by_key else "your server → fake"
    demo.until("#rows li", "/consume").filter(has_text=hop).wait_for(state="visible")
    assert demo.step("Consume the session") == "done" if by_key else True
    demo.page.click("#hang-up")
    demo.until("#rows li.of-state", "COMPLETED")
    demo.until("#call:enabled")
    assert demo.step("Hang up") == "done"
    demo.until("#poster-text", "You have hung up.")


def test_a_refused_create_is_the_error_that_a_user_gets(demo: Demo) -> None:
    """Status and body as they came; the fault is named where it struck."""
    demo.call("create-429-always")
    problem = demo.until("#problem", "503 from http")
    assert '"code": "upstream_busy"' in problem.inner_text()
    demo.until("#rows li", "\u00d7 3").get_by_text("fault create-429-always/1").wait_for()
    assert demo.step("Ask your server") == "failed"
    assert demo.page.text_content("#fact-faults") == "3"


def test_two_refusals_and_then_a_call(demo: Demo) -> None:
    """The gateway tries again, and that can be seen."""
    demo.call("create-429-twice")
    demo.until('call-view[state="ready"]')
    demo.until("#rows li", "\u00d7 2").get_by_text("fault create-429-twice/1").wait_for()
    demo.page.click("#hang-up")
    demo.until("#call:enabled")


def test_a_failure_mode_of_the_account_is_put_back(demo: Demo) -> None:
    """It has no avatar, so it is set on the world; afterwards that is as before, credits too."""
    before = demo.admin("/credits")["left"]
    demo.call("out-of-credits")
    assert "insufficient_credits" in demo.until("#problem", "503 from").inner_text()
    demo.page.wait_for_function("sessionStorage.length === 0", timeout=PATIENCE_S * 1000)
    assert demo.admin("/scenario")["name"] == "default"
    assert demo.admin("/credits")["left"] == before <= CREDITS


def test_a_consume_that_fails_in_the_browser_is_told_there(demo: Demo) -> None:
    """By the session key it is the page's own call that is refused."""
    demo.call("consume-500-always", by_key=True)
    problem = demo.until("#problem", "500 from")
    assert "/consume" in problem.inner_text()
    demo.until("#rows li", "page → fake").get_by_text("fault consume-500-always/1").wait_for()
    assert [demo.step("Ask your server"), demo.step("Consume")] == ["done", "failed"]


def test_a_room_that_lets_nobody_in_says_so(demo: Demo) -> None:
    """The words of the room are shown."""
    demo.call("call-join-refused")
    demo.until("#problem", "The room answered 403: the room lets no participant in")
    assert demo.step("Join the room") == "failed"


def test_a_call_that_breaks_is_joined_again(demo: Demo) -> None:
    """The picture comes back by itself."""
    demo.call("call-socket-dropped")
    demo.until('call-view[state="ready"]')
    demo.until("#rows li.of-room", "the user is back")
    demo.until('call-view[state="ready"]')
    demo.page.click("#hang-up")
    demo.until("#rows li.of-state", "COMPLETED")


def test_an_avatar_that_ends_the_call_ends_it_for_the_user(demo: Demo) -> None:
    """Its goodbye is shown, and that the call is over."""
    demo.call("call-ended-by-the-avatar")
    demo.until("#poster-text", "The call is over.")
    demo.until("#said li", "avatar")
    assert demo.step("Hang up") == "done"
    assert not demo.page.is_visible("#problem")
