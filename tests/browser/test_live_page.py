"""The page of a run that goes on, in a real browser."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contracts.judge.case import Breach
from contracts.judge.runner import RunBegan, RunEnded, RunEvent, SituationPlayed
from contracts.judge.verdict import Finding
from contracts.live.messages import failed, message, starting
from contracts.live.server import LivePage
from contracts.report import Format, render
from tests.browser.pages import LIGHT, ZOOM, opened
from tests.support.judge import made_reports as reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Judge:
    """Plays the judge for a page that is served in a thread of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, page: LivePage) -> None:
        self._loop = loop
        self._page = page
        self.url = page.url

    def begin(self, run: int, why: str = "") -> None:
        """Begin a run."""
        first = starting(run, "http://target/connect", why=why, watches=True)
        self._loop.call_soon_threadsafe(self._page.begin, first)

    def tell(self, event: RunEvent) -> None:
        """Tell an event of the first run."""
        told = message(event, 1, reports.SECRET, strict=False)
        self._loop.call_soon_threadsafe(self._page.tell, told)

    def fail(self, text: str) -> None:
        """End the run without a verdict."""
        self._loop.call_soon_threadsafe(self._page.tell, failed(text))

    def keep(self) -> None:
        """Keep the report of the first run."""
        page = render(reports.mixed(), Format.HTML, strict=False)
        self._loop.call_soon_threadsafe(self._page.keep, 1, page)


@contextmanager
def judging() -> Iterator[tuple[Judge, list[str]]]:
    """Serve a page; yield its judge, and how often its button was pressed."""
    pressed: list[str] = []
    ready, over = threading.Event(), asyncio.Event()
    found: list[Judge] = []

    async def serve() -> None:
        async with LivePage(lambda: pressed.append("again")).served() as page:
            found.append(Judge(asyncio.get_running_loop(), page))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    yield found[0], pressed
    found[0]._loop.call_soon_threadsafe(over.set)
    thread.join()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of."""
    return []


@pytest.fixture
def page(browser: "Browser", complaints: list[str]) -> "Iterator[Page]":
    """A tab as wide as a phone's."""
    context = browser.new_context(viewport={"width": 400, "height": 800})
    tab = context.new_page()
    tab.on("console", lambda said: complaints.append(said.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()


def played(id_: str, done: int, *breaches: Breach) -> SituationPlayed:
    """Return a situation, with a broken requirement if there are breaches."""
    seen = reports.observation(id_, reports.answer(500))
    found = Finding(reports.requirement("error.json"), seen, breaches)
    return SituationPlayed(seen, done, 2, (found,) if breaches else ())


def test_the_page_fills_while_the_run_goes_on(page: "Page", complaints: list[str]) -> None:
    """What is broken stands first, as soon as it is known; then comes the report itself."""
    with judging() as (judge, pressed):
        page.goto(judge.url)
        judge.begin(1)
        page.get_by_text("Starting the target").wait_for()
        assert page.get_by_role("button", name="Run again").is_disabled()
        judge.tell(RunBegan(2, 40))
        page.get_by_text("Playing 2 situations").wait_for()
        judge.tell(played("ready", 1))
        judge.tell(played("create-500", 2, Breach("a JSON error", "an empty body")))
        broken = page.locator("#broken li")
        broken.get_by_text("an empty body").wait_for()
        assert page.locator("#fine li").count() == 1
        assert page.get_by_text("2 of 2, 1 broken").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        judge.keep()
        judge.tell(RunEnded(reports.mixed()))
        report = page.frame_locator("#report")
        report.locator("#never-ready svg.sequence").wait_for()
        assert not broken.is_visible()
        page.get_by_role("button", name="Run again").press("Enter")
        judge.begin(2, "app.js changed")
        page.get_by_text("Run 2: app.js changed").wait_for()
        assert pressed == ["again"]
        assert broken.count() == 0
        assert not page.locator("#report").is_visible()
    assert complaints == []


@pytest.mark.parametrize("look", [LIGHT, ZOOM])
def test_everyone_can_follow_a_run(browser: "Browser", look: str) -> None:
    """At 400 % too: nothing is cut off, and the report has the whole window to scroll in."""
    with judging() as (judge, _), opened(browser, look, policy=False) as tab:
        page = tab.page
        judge.begin(1)
        judge.tell(RunBegan(2, 40))
        judge.tell(played("create-500", 2, Breach("a JSON error", "an empty body")))
        page.goto(judge.url)
        page.locator("#broken li").get_by_text("an empty body").wait_for()
        tab.shot(f"judge-live-{look}", whole=True)
        assert tab.beyond_its_width() == []
        assert tab.violations() == []
        judge.keep()
        judge.tell(RunEnded(reports.mixed()))
        page.frame_locator("#report").locator("#never-ready svg.sequence").wait_for()
        tab.shot(f"judge-live-report-{look}", whole=True)
        assert tab.beyond_its_width() == []
        report = page.locator("#report").bounding_box()
        assert report is not None
        assert report["height"] >= 250


def test_a_tab_that_comes_later_sees_the_same(page: "Page") -> None:
    """Nothing is doubled; a situation that was played again stands once, as it was last."""
    with judging() as (judge, _):
        judge.begin(1)
        judge.tell(RunBegan(2, 40))
        judge.tell(played("ready", 1, Breach("a", "b")))
        judge.tell(played("ready", 1))
        page.goto(judge.url)
        page.locator("#fine li").wait_for()
        page.reload()
        page.locator("#fine li").wait_for()
        assert (page.locator("#fine li").count(), page.locator("#broken li").count()) == (1, 0)


def test_what_a_target_sends_is_only_text(page: "Page", complaints: list[str]) -> None:
    """Markup in an answer makes no element, and an error that ends the run neither."""
    hostile = reports.HOSTILE.decode(errors="replace")
    with judging() as (judge, _):
        judge.begin(1, hostile)
        judge.tell(played("x", 1, Breach(hostile, hostile)))
        judge.fail(hostile)
        page.goto(judge.url)
        page.locator("#notice").get_by_text("<script>alert(1)</script>").wait_for()
        assert page.locator("main img, main script, #notice *").count() == 0
        assert page.locator("#broken").get_by_text("<img src=x onerror=alert(2)>").count() > 0
    assert complaints == []


def test_the_page_says_that_the_judge_has_ended(page: "Page") -> None:
    """And shows no button that could do nothing."""
    with judging() as (judge, _):
        judge.begin(1)
        page.goto(judge.url)
        page.get_by_text("Starting the target").wait_for()
    page.get_by_text("ended before the run was over").wait_for()
    assert not page.get_by_role("button").is_visible()
