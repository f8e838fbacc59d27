"""The page of the judge in a real browser, as its reader sees it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts.report import Format, write
from tests.browser.pages import DARK, LIGHT, PHONE, ZOOM
from tests.browser.pages import opened as opened_tab
from tests.support.judge import made_reports as reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def complaints() -> list[str]:
    """The browser's errors, and its requests beyond the page."""
    return []


@pytest.fixture(params=["light", "dark"])
def page(
    browser: "Browser", complaints: list[str], request: pytest.FixtureRequest
) -> "Iterator[Page]":
    """A tab without JavaScript and without a network."""
    context = browser.new_context(
        java_script_enabled=False,
        offline=True,
        color_scheme=request.param,
        viewport={"width": 1200, "height": 900},
    )
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url))
    yield page
    context.close()


def opened(page: "Page", file: Path, complaints: list[str]) -> None:
    """Open a page; its further requests stay among the complaints."""
    page.goto(file.as_uri())
    complaints.remove(file.as_uri())


def test_a_failing_situation_is_visible_with_its_diagram(
    page: "Page", complaints: list[str], tmp_path: Path
) -> None:
    """Open at once, drawn wide enough to be read, and with nothing that spills over the window."""
    file = tmp_path / "report.html"
    write(reports.mixed(), Format.HTML, file, strict=False)
    opened(page, file, complaints)
    failing = page.locator("#never-ready")
    drawing = failing.locator("svg.sequence")

    assert drawing.is_visible()
    assert failing.get_by_text("got: 2, the first 0.5s later").is_visible()
    assert failing.get_by_text("504 too late").is_visible()
    box = drawing.bounding_box()
    assert box is not None
    assert box["width"] > 800
    assert box["height"] > 300
    for text in drawing.locator("text").all():
        place = text.bounding_box()
        assert place is not None
        assert box["x"] <= place["x"]
        assert place["x"] + place["width"] <= box["x"] + box["width"]
    whole = page.locator("html").bounding_box()
    assert whole is not None
    assert whole["width"] <= 1200
    assert complaints == []


def test_a_situation_that_is_right_opens_on_a_click(
    page: "Page", complaints: list[str], tmp_path: Path
) -> None:
    """Without JavaScript."""
    file = tmp_path / "report.html"
    write(reports.mixed(), Format.HTML, file, strict=False)
    opened(page, file, complaints)
    fine = page.locator("#ready-at-once")

    assert not fine.locator("svg").is_visible()
    fine.locator("summary").first.click()
    assert fine.locator("svg").is_visible()


def test_bytes_of_a_hostile_target_are_only_text(
    page: "Page", complaints: list[str], tmp_path: Path
) -> None:
    """Nothing of it becomes an element, asks for anything, or breaks the drawing."""
    file = tmp_path / "report.html"
    write(reports.hostile(), Format.HTML, file, strict=False)
    opened(page, file, complaints)

    assert page.locator("script, main img, iframe, u").count() == 0
    assert page.locator("#bad-json svg.sequence").is_visible()
    assert page.get_by_text("<script>alert(1)</script>").count() > 0
    assert complaints == []


OPEN = "all => all.forEach(each => (each.open = true))"


@pytest.mark.parametrize("look", [LIGHT, DARK, PHONE, ZOOM])
def test_everyone_can_read_the_page(browser: "Browser", tmp_path: Path, look: str) -> None:
    """At 400 % drawings alone scroll sideways, in boxes of their own; axe finds no violation."""
    file = tmp_path / "report.html"
    hostile = (("hostile", reports.hostile()),) if look == ZOOM else ()
    for name, report in (("mixed", reports.mixed()), *hostile):
        write(report, Format.HTML, file, strict=False)
        with opened_tab(browser, look, policy=False) as tab:
            tab.page.goto(file.as_uri())
            tab.page.eval_on_selector_all("details", OPEN)
            tab.shot(f"report-{name}-{look}", whole=True)
            assert tab.beyond_its_width() == []
            assert tab.violations(look) == []


def test_everything_can_be_reached_by_keyboard(browser: "Browser", tmp_path: Path) -> None:
    """A drawing that is wider than the window scrolls by arrows; details open by Enter."""
    file = tmp_path / "report.html"
    write(reports.mixed(), Format.HTML, file, strict=False)
    with opened_tab(browser, ZOOM) as tab:
        page = tab.page
        page.goto(file.as_uri())
        seen = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.tagName")
            if focused == "BODY":
                break
            seen.add(focused)
            page.keyboard.press("ArrowRight")
            if focused == "SUMMARY" and not page.evaluate("document.activeElement.parentNode.open"):
                page.keyboard.press("Enter")
        assert seen == {"A", "DIV", "SUMMARY"}
        assert page.locator("details:not([open])").count() == 0
        page.wait_for_function(SCROLLED)


SCROLLED = "[...document.querySelectorAll('.drawing')].every(each => each.scrollLeft > 0)"
