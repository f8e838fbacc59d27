"""The demo page in Chromium, as `fake-runway up` brings it: calls, and failure modes as shown.

One command and one browser serve all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import wave
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from tests.browser.calls import ARGUMENTS, CHROMIUM, PAGE
from tests.browser.pages import DARK, LIGHT, PHONE, SIZES, WIDE, ZOOM, opened
from tests.clients.npm import Node, find_node, node_with_packages
from tests.support.processes import FEW_PLUGINS, PATIENCE_S

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

    def until_true(self, expression: str) -> None:
        """Wait until an expression is true; Playwright's own way needs eval, which pages forbid."""
        for _ in range(round(PATIENCE_S * 20)):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(expression)

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
    with shown(browser, address) as demo:
        yield demo


@contextmanager
def shown(browser: Browser, address: str, **options: Any) -> Iterator[Demo]:
    """Open the page in a context of its own until the block ends."""
    context = browser.new_context(viewport={"width": 1000, "height": 700}, **options)
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
        demo.until_true(played.format(what, least))
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
    demo.until_true("sessionStorage.length === 0")
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


@pytest.fixture
def talkative(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A browser whose microphone hears a second of a voice and two of silence, again and again.

    Pages have to ask for it, and each context decides.
    """
    hears = tmp_path / "voice.wav"
    rate = 48_000
    with wave.open(str(hears), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        voice = (8_000 if at // 60 % 2 else -8_000 for at in range(rate))
        file.writeframes(array("h", voice).tobytes() + bytes(2 * 2 * rate))
    arguments = [each for each in ARGUMENTS if "fake-ui" not in each]
    chromium = browser.browser_type.launch(
        executable_path=str(CHROMIUM),
        args=[*arguments, f"--use-file-for-fake-audio-capture={hears}"],
    )
    yield chromium
    chromium.close()


def test_the_avatar_hears_a_user_who_lets_it(talkative: Browser, address: str) -> None:
    """Its script goes on once the user has spoken; the browser shows no use of it afterwards."""
    with shown(talkative, address, permissions=["microphone"]) as demo:
        demo.call("call-waits-for-the-user")
        demo.until('call-view[state="ready"]')
        demo.page.click("#microphone")
        demo.until('#microphone[aria-pressed="true"]', "It hears you")
        demo.until("#rows li.of-room", "the user spoke for")
        demo.until("#said li", "I am listening")
        assert demo.page.locator("#rows li.of-room", has_text="microphone").count() == 1
        demo.page.click("#hang-up")
        demo.until("#call:enabled")
        assert demo.page.get_attribute("#microphone", "aria-pressed") == "false"


def test_a_user_who_gives_no_microphone_is_told_and_stays_in_the_call(
    talkative: Browser, address: str
) -> None:
    """The avatar goes on as before."""
    with shown(talkative, address) as demo:
        demo.call()
        demo.until('call-view[state="ready"]')
        demo.page.click("#microphone")
        demo.until("#said li", "it is not allowed to this page")
        assert demo.page.get_attribute("#microphone", "aria-pressed") == "false"
        assert demo.page.get_attribute("call-view", "state") == "ready"


def test_an_avatar_that_ends_the_call_ends_it_for_the_user(demo: Demo) -> None:
    """Its goodbye is shown, and that the call is over."""
    demo.call("call-ended-by-the-avatar")
    demo.until("#poster-text", "The call is over.")
    demo.until("#said li", "avatar")
    assert demo.step("Hang up") == "done"
    assert not demo.page.is_visible("#problem")


def test_what_the_avatar_is_to_say_is_only_text(demo: Demo) -> None:
    """Markup is shown as it was written, in the call and in the journal."""
    demo.call("call-greets")
    demo.until('call-view[state="ready"]')
    demo.page.fill("#words", "<img src=x>")
    demo.page.click("#say button")
    demo.until("#said li", "<img src=x>")
    demo.until("#rows li.of-room", "<img src=x>")
    assert demo.page.locator("img").count() == 0


def test_everyone_can_use_the_page(browser: Browser, address: str) -> None:
    """No violation of axe in a call and with an error, in any look; pictures may be kept."""
    with opened(browser, policy=False) as tab:
        page = tab.page
        page.goto(address)
        for name, mode, until in (
            ("call", "default", "#said li:has-text('fake avatar')"),
            ("error", "create-429-always", "#problem"),
        ):
            page.wait_for_selector("#call:enabled")
            page.fill("#search", mode.replace("-", " "))
            page.click(f"#mode-{mode}")
            page.fill("#search", "")
            page.click("#call")
            page.wait_for_selector(until)
            for look in (ZOOM, PHONE, DARK, LIGHT):
                page.emulate_media(color_scheme="dark" if look == DARK else "light")
                width, height = SIZES.get(look, WIDE)
                page.set_viewport_size({"width": width, "height": height})
                assert tab.beyond_its_width() == []
                tab.shot(f"demo-{name}-{look}")
                assert look == ZOOM or tab.violations(look) == []  # ZOOM's layout is PHONE's
            if name == "call":
                page.click("#hang-up")
        tab.complaints[:] = [each for each in tab.complaints if "503" not in each]


# The code that the page shows, and the page with the official component


def code(demo: Demo, language: str) -> str:
    """Return what the page shows in a language."""
    demo.page.click(f"#language-{language}")
    return demo.page.text_content("#snippet") or ""


def output(*command: str | Path, **options: Any) -> tuple[int, str]:
    """Run a program; return its exit code and all that it printed."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        env=os.environ | {"PATH": tools},
        **options,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("by_key", [False, True], ids=["credentials", "session key"])
def test_the_code_for_a_call_gets_one(demo: Demo, tmp_path: Path, *, by_key: bool) -> None:
    """By curl and by fetch, as copied."""
    if by_key:
        demo.page.check("input[value=session-key]")
    status, text = output("bash", "-c", code(demo, "curl"))
    assert (status, text.splitlines()[-1]) == (0, "200"), text
    assert '"token"' in text
    if (node := find_node()) is not None:
        (tmp_path / "call.mjs").write_text(code(demo, "fetch"))
        status, text = output(node.binary, tmp_path / "call.mjs")
        assert status == 0, text
        assert text.startswith("ws://127.0.0.1:")


def test_the_code_for_a_failure_mode_fails_as_the_page_did(demo: Demo, tmp_path: Path) -> None:
    """By curl, by fetch, and in a test, which expects the status that the page has seen."""
    demo.call("create-429-always")
    demo.until("#problem", "503 from")
    assert output("bash", "-c", code(demo, "curl"))[1].splitlines()[-1] == "503"
    if (node := find_node()) is not None:
        (tmp_path / "call.mjs").write_text(code(demo, "fetch"))
        status, text = output(node.binary, tmp_path / "call.mjs")
        assert (status, "503: Too many sessions" in text) == (1, True), text
    (tmp_path / "test_connect.py").write_text(code(demo, "pytest"))
    pytest_ = (sys.executable, "-m", "pytest", "-q", *FEW_PLUGINS)
    status, text = output(*pytest_, tmp_path, cwd=tmp_path)
    assert (status, "1 passed" in text) == (0, True), text


def test_code_for_the_account_says_how_the_fake_has_to_be_started(demo: Demo) -> None:
    """No avatar can bring it."""
    demo.choose("out-of-credits")
    for language in ("react", "fetch", "curl"):
        assert "fake-runway up --scenario out-of-credits\n" in code(demo, language)
    assert '@pytest.mark.fake_runway(scenario="out-of-credits")' in code(demo, "pytest")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder until the block ends; yield the address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def bundled(node: Node, main: Path, folder: Path) -> None:
    """Bundle a module with the packages of the tests' page."""
    esbuild = node.script("node_modules/.bin/esbuild")
    options = ("--bundle", "--jsx=automatic", "--format=esm", "--log-level=error")
    subprocess.run(
        (esbuild, main, *options, f"--outfile={folder / 'bundle.js'}"),
        check=True,
        timeout=PATIENCE_S,
        env=os.environ | {"NODE_PATH": str(node.folder / "node_modules")},
    )


READY = '[data-avatar-status="ready"]'


def test_the_component_of_the_code_shows_the_avatar(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    """The React code, rendered as it is."""
    node = node_with_packages(PAGE)
    (tmp_path / "Call.jsx").write_text(code(demo, "react"))
    (tmp_path / "main.jsx").write_text(
        'import { createRoot } from "react-dom/client";\n'
        'import { Call } from "./Call.jsx";\n'
        'createRoot(document.getElementById("root")).render(<Call />);\n'
    )
    bundled(node, tmp_path / "main.jsx", tmp_path)
    page = (
        '<!doctype html><title>x</title><div id="root"></div><script type="module" src="bundle.js">'
    )
    (tmp_path / "index.html").write_text(page + "</script>")
    with served(tmp_path) as site:
        tab = browser.new_page()
        tab.goto(site)
        tab.wait_for_selector(READY, state="attached", timeout=PATIENCE_S * 1000)
        tab.close()


def test_the_example_page_calls_and_says_why_it_cannot(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    """As built by its own command: an avatar, then a gateway that is not there."""
    node = node_with_packages(PAGE)
    example = Path(__file__).parents[2] / "examples" / "avatar_page"
    bundled(node, example / "main.jsx", tmp_path)
    for name in ("index.html", "page.css"):
        (tmp_path / name).write_bytes((example / name).read_bytes())
    endpoint = json.loads(demo.page.evaluate("fetch('/__pages/setup.json').then(a => a.text())"))
    with served(tmp_path) as site:
        tab = browser.new_page()
        tab.goto(f"{site}?connect={endpoint['endpoint']}")
        tab.click("button")
        tab.wait_for_selector(READY, state="attached", timeout=PATIENCE_S * 1000)
        tab.click('[data-avatar-control="end-call"]')
        tab.wait_for_selector("button:enabled", timeout=PATIENCE_S * 1000)
        tab.goto(f"{site}?connect={site}/nothing")
        tab.click("button")
        tab.wait_for_selector('[role="alert"]', timeout=PATIENCE_S * 1000)
        tab.close()
