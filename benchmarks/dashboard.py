"""The dashboard with a long history in Chromium: the work of the page's thread, and its elements.

The fake runs in a thread of this process, with 1,000 sessions and 10,000 calls in one world: they
are put there directly. For each step of a user the page says how long its scripts ran, how long
style and layout took, and the longest task of its thread: what is longer than 50 ms can be felt,
and beyond 200 ms a click waits. Times are CPU of one thread, but a busy machine stretches tasks.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script: find the other modules

from benchmarks.report import Row, against, progress, table
from fake_runway.client import Admin
from tests.browser.calls import ARGUMENTS, CHROMIUM
from tests.browser.histories import long_history
from tests.browser.pages import World
from tests.support.servers import Fake, serving_fake
from tests.support.threads import in_a_thread

MOST_ELEMENTS = 3_000
LONGEST_TASK_MS = 200
SETTLE_MS = 600
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.tasks.push(entry.duration);
}).observe({ type: "longtask", buffered: true });
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--calls", type=int, default=10, help="of each session")
    options = parser.parse_args()
    with in_a_thread(serving_fake) as fake, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        with Admin(fake.url, world="long") as admin:
            admin.look()
            long_history(fake.worlds.named("long"), options.sessions, options.calls)
            rows = list(measured(browser, fake, World(fake, "long", admin), options))
        browser.close()
    title = f"The dashboard with {options.sessions:,} sessions and {options.calls} calls of each"
    table(title, ("step", "scripts", "style, layout", "longest task", "elements", "goal"), rows)


def measured(
    browser: Browser, fake: Fake, world: World, options: argparse.Namespace
) -> Iterator[Row]:
    """Yield a row for each step."""
    page = browser.new_page(viewport={"width": 1360, "height": 840})
    page.add_init_script(WATCH)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    sessions, calls = f"{options.sessions} sessions", options.sessions * options.calls

    def open_it() -> None:
        page.goto(world.url)
        page.get_by_text(sessions).first.wait_for()
        page.get_by_text(f"{calls:,}").first.wait_for()

    def scroll(label: str) -> None:
        page.get_by_role("listbox", name=label).evaluate(
            "async list => { for (let at = 0; at < 40; at++) { list.scrollTop = at * 900;"
            " await new Promise(requestAnimationFrame); } }"
        )

    def come(count: int) -> None:
        for _ in range(count):
            world.call("GET", "/v1/organization")
        page.get_by_text(f"{calls + come.count + count:,}").first.wait_for()  # type: ignore[attr-defined]
        come.count += count  # type: ignore[attr-defined]

    come.count = 0  # type: ignore[attr-defined]

    def search(label: str, text: str) -> None:
        page.get_by_label(label).press_sequentially(text, delay=60)

    steps: list[tuple[str, Callable[[], object]]] = [
        ("open the world", open_it),
        ("scroll through the lanes", lambda: scroll("Sessions")),
        ("60 calls come, lanes shown", lambda: come(60)),
        ("search the lanes, 6 letters", lambda: search("Search sessions", "cancel")),
        ("open the journal", lambda: page.get_by_role("tab", name="Journal").click()),
        ("scroll through the journal", lambda: scroll("Journal")),
        ("60 calls come, journal shown", lambda: come(60)),
        ("search the journal, 6 letters", lambda: search("Search the journal", "getses")),
    ]
    for name, step in steps:
        progress(name)
        with counted(page, devtools) as cost:
            step()
        yield (
            name,
            f"{cost['ScriptDuration'] * 1_000:.0f} ms",
            f"{(cost['RecalcStyleDuration'] + cost['LayoutDuration']) * 1_000:.0f} ms",
            f"{cost['longest']:.0f} ms",
            f"{cost['elements']:.0f}",
            against(
                f"{LONGEST_TASK_MS} ms, {MOST_ELEMENTS} elements",
                met=cost["longest"] <= LONGEST_TASK_MS and cost["elements"] <= MOST_ELEMENTS,
            ),
        )


@contextmanager
def counted(page: Page, devtools: CDPSession) -> Iterator[dict[str, Any]]:
    """Give what a block costs the page, once it has ended."""
    cost: dict[str, Any] = {}
    before = metrics(devtools)
    page.evaluate("window.tasks = []")
    yield cost
    page.wait_for_timeout(SETTLE_MS)
    after = metrics(devtools)
    cost.update({name: value - before.get(name, 0) for name, value in after.items()})
    if cost["ScriptDuration"] < 0:  # another document counts anew
        cost.update(after)
    cost["longest"] = max(page.evaluate("window.tasks"), default=0)
    cost["elements"] = page.evaluate("document.querySelectorAll('*').length")


def metrics(devtools: CDPSession) -> dict[str, float]:
    """Return what the browser counts of the page, in seconds."""
    found = devtools.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


if __name__ == "__main__":
    main()
