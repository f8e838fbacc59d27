"""Pages of the fake in Chromium: one browser and one server for all tests of a file."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fake_runway.client import Admin
from tests.browser.calls import ARGUMENTS, CHROMIUM
from tests.clients.npm import node_with_packages
from tests.support.processes import PATIENCE_S
from tests.support.servers import CREATE, VERSION, Fake

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARTIFACTS = Path(__file__).parent / "artifacts"
AXE = Path(__file__).parent / "axe"
LIGHT, DARK, PHONE, ZOOM = "light", "dark", "phone", "zoom"
WIDE = (1360, 840)
SIZES: Mapping[str, tuple[int, int]] = {
    PHONE: (390, 844),
    ZOOM: (320, 256),  # of 1280 x 1024 at 400 %, as WCAG 1.4.10 has it
}


FAULT = {"name": "of-the-form", "match": {"operation": "getSession"}, "effect": {"status": 500}}

BEYOND = """() => {
    const wide = document.scrollingElement.scrollWidth - innerWidth;
    const found = wide > 0 ? [`the page is ${wide} px too wide`] : [];
    for (const one of document.querySelectorAll('button, input, select, textarea, a[href], h2')) {
        const { left, right, width, height } = one.getBoundingClientRect();
        if (!width || !height) continue;
        if (one.closest('[role=tablist], .skip-link, pre, .list, .drawing')) continue;
        if (getComputedStyle(one).visibility === 'hidden' || one.matches('.skip-link')) continue;
        if (left < -1 || right > innerWidth + 1) found.push(one.outerHTML.slice(0, 120));
    }
    return found;
}"""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Give Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright's package")
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser, look: str = LIGHT, *, policy: bool = True) -> Iterator[Tab]:
    """Open a tab until the block ends, and fail if the page complained.

    Args:
        policy: whether the page's own policy holds; what tests put into the page may need it off.
    """
    width, height = SIZES.get(look, WIDE)
    context = browser.new_context(
        color_scheme="dark" if look == DARK else "light",
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        bypass_csp=not policy,
    )
    context.set_default_timeout(PATIENCE_S * 1_000)
    tab = Tab(context.new_page())
    tab.page.on("console", lambda message: tab.complaints.append(message.text))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on("request", lambda request: tab.requests.append(request.url))
    try:
        yield tab
    finally:
        context.close()
    assert tab.complaints == []


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab. `complaints`: errors on the console; `requests`: the addresses that it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shot(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture of the page for people to look at, if there is a folder for them."""
        if ARTIFACTS.exists():
            self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=whole)

    def beyond_its_width(self) -> list[str]:
        """Return what can be reached by scrolling sideways alone, and controls that are cut off."""
        found: list[str] = self.page.evaluate(BEYOND)
        return found

    def violations(self, look: str = LIGHT) -> list[str]:
        """Return what axe finds in the page: rule, place, reason. In the dark, colours alone."""
        if not self.page.evaluate("'axe' in window"):
            node = node_with_packages(AXE)
            self.page.evaluate(node.script("node_modules/axe-core/axe.min.js").read_text())
        options: dict[str, object] = {"resultTypes": ["violations"]}
        if look == DARK:
            options["runOnly"] = ["color-contrast", "link-in-text-block"]
        found = self.page.evaluate("options => axe.run(options)", options)
        return [
            f"{each['id']}: {part['target']} {part['failureSummary']}"
            for each in found["violations"]
            for part in each["nodes"]
        ]

    def hide(self, *, hidden: bool) -> None:
        """Let the page think that its tab went to the background, or came back."""
        self.page.evaluate(
            "hidden => { Object.defineProperty(document, 'hidden', {value: hidden,"
            " configurable: true}); document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )


@dataclass(frozen=True, slots=True)
class World:
    """A world of a served fake, used over HTTP as an application does, and by its client."""

    fake: Fake
    name: str
    admin: Admin

    @property
    def url(self) -> str:
        """The address of its part of the dashboard."""
        return f"{self.fake.url}/__admin/#/{self.name}"

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Call the Runway API; return the body of the answer, None if there was none."""
        sent = {"Authorization": "Bearer any-secret", **VERSION, **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.fake.url}/w/{self.name}{path}",
            method=method,
            data=data,
            headers={"Content-Type": "application/json", **sent},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raw = error.read()
        except OSError:
            return None
        return json.loads(raw) if raw else None

    def create(self, **body: Any) -> str:
        """Create a session and return its id."""
        created: str = self.call("POST", "/v1/realtime_sessions", {**CREATE, **body})["id"]
        return created

    def ready(self, preset: str) -> tuple[str, str]:
        """Create a session, poll it until it is READY; return its id and key."""
        session = self.create(avatar={"type": "runway-preset", "presetId": preset})
        for _ in range(3):
            self.admin.clock.jump(0.6)
            polled = self.call("GET", f"/v1/realtime_sessions/{session}")
        return session, polled["sessionKey"]

    def consume(self, session: str, key: str) -> Any:
        """Consume a session as a browser does; return the credentials."""
        path = f"/v1/realtime_sessions/{session}/consume"
        return self.call("POST", path, {}, {"Authorization": f"Bearer {key}"})


def option(page: Page, label: str, text: str) -> None:
    """Click the row of a list that has a text."""
    page.get_by_role("listbox", name=label).get_by_role("option").filter(
        has_text=text
    ).first.click()


def shows(page: Page, text: str) -> None:
    """Wait until a text is visible."""
    page.get_by_text(text).first.wait_for()


def executed(python: str) -> None:
    """Run what the dashboard shows as Python."""
    names: dict[str, Any] = {}
    exec(python, names)
    names["fake"].close()


def running(world: World) -> str:
    """Return a session whose call goes on; its avatar takes directions, and does nothing."""
    session = world.admin.sessions.make("running").id
    inside = world.fake.worlds.named(world.name)
    inside.directions[session] = asyncio.Queue()
    return session


def fault(world: World) -> str:
    """Place a fault and return its name."""
    world.admin.fault(FAULT)
    return str(FAULT["name"])


def bound(world: World) -> str:
    """Bind an avatar and return its id."""
    world.admin.bind_avatar("cat-character", {"provision_time": "never"})
    return "cat-character"


def snapshot(world: World) -> str:
    """Take a snapshot, let something happen, and return its name."""
    world.admin.snapshot("before")
    world.admin.sessions.make("ready")
    return "before"


def stocked(world: World) -> dict[str, str]:
    """Let a world have avatars, voices, documents and a router; return the id of one of each."""
    admin, ids = world.admin, {}
    handbook = {"name": "Handbook", "content": "Be kind."}
    ids["document"] = world.call("POST", "/v1/documents", handbook)["id"]
    ids["router"] = world.call("POST", "/v1/routers", {"slug": "films"})["id"]
    admin.clock.jump(3)
    changed = {**handbook, "content": "Be kind, and quick."}
    world.call("PATCH", f"/v1/documents/{ids['document']}", changed)
    world.call("GET", f"/v1/documents/{ids['document']}")
    ids["voice"] = admin.assets.make("voice", "processing", name="Deep voice").id
    ids["avatar"] = admin.assets.make("avatar", "processing", name="Museum guide").id
    world.call("GET", f"/v1/avatars/{ids['avatar']}")
    admin.clock.jump(4)
    reason = ("NO_FACE", "No face was detected in the reference image.")
    admin.assets.make("avatar", "failed", name="Coach", failure=reason)
    admin.assets.make("avatar", "ready", name="Receptionist")
    admin.assets.make("avatar", "deleted", name="Old guide")
    world.call("DELETE", f"/v1/voices/{ids['voice']}")
    return ids


def lively(world: World) -> list[str]:
    """Let a lot happen in a world: sessions in all ways, faults, a near miss, findings."""
    admin = world.admin
    sessions = []
    for index, preset in enumerate(("music-superstar", "cat-character", "influencer") * 2):
        session, key = world.ready(preset)
        sessions.append(session)
        if index % 3 == 2:
            continue  # never consumed
        world.consume(session, key)
        admin.clock.jump(2)
        admin.sessions.report(session, "joined", participant="user:1", hidden=False)
        said = {"role": "assistant", "turn": 1, "text": "Hello.", "seconds": 1.0}
        admin.sessions.report(session, "said", **said)
        admin.clock.jump(3)
        if index == 1:
            admin.sessions.fail(session)
        elif index != 4:
            world.call("DELETE", f"/v1/realtime_sessions/{session}")
    fault = {"name": "too-many", "match": {"operation": "createSession"}, "times": 1}
    admin.fault({**fault, "effect": {"status": 429, "headers": {"Retry-After": "2"}}})
    world.call("POST", "/v1/realtime_sessions", CREATE)
    world.call("GET", "/v1/realtime_session")
    admin.clock.jump(60)
    return sessions
