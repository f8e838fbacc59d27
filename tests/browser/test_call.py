"""A whole call in a real browser: the official `<AvatarCall>`, a gateway and the fake, offline.

All of it runs in a network of its own that has nothing but loopback, where that is allowed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.browser.calls import CHROMIUM, PAGE, Visit, bundle, visiting
from tests.browser.network import NoNetwork, alone, interfaces
from tests.clients.npm import node_with_packages

CallPage = Callable[..., None]
"""Opens the page and hands it to a function; arguments are those of `visiting`."""

TOKEN = "a-token-of-the-application-0123"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with all that it needs."""
    if importlib.util.find_spec("playwright") is None or not CHROMIUM.exists():
        pytest.skip(f"needs Playwright's package and {CHROMIUM}")
    folder = tmp_path_factory.mktemp("page")
    bundle(node_with_packages(PAGE), folder)
    return folder


def call(folder: Path, act: Callable[[Visit], Awaitable[None]], **options: Any) -> None:
    """Open the page offline and let `act` use it."""

    async def main() -> None:
        assert interfaces() == ["lo"]
        async with visiting(folder, **options) as visit:
            await act(visit)

    try:
        alone(main)
    except NoNetwork as error:
        pytest.skip(f"needs the right to make a network: {error}")


@pytest.mark.parametrize("by_key", [False, True], ids=["credentials", "session key"])
@pytest.mark.parametrize("query", [{}, {"strict": "1"}], ids=["plain", "StrictMode"])
def test_a_call_from_the_click_to_the_hang_up(
    folder: Path, query: Mapping[str, str], by_key: bool
) -> None:
    """A moving picture without a freeze, a voice, words, an event; then the button ends it all."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        start = (await visit.frames(1))["audio"]["totalAudioEnergy"]
        assert await visit.page.evaluate(
            "(({videoWidth, videoHeight}) => [videoWidth, videoHeight])"
            "(document.querySelector('[data-avatar-video] video'))"
        ) == [320, 180]
        assert (await visit.session())["status"] == "RUNNING"

        visit.room.talking(True)
        visit.room.transcript("assistant", 1, "Good ")
        visit.room.transcript("assistant", 1, "morning.")
        visit.room.client_event("show_caption", {"text": "Hello"})
        await visit.until("window.seen.transcript.some(({text}) => text === 'Good morning.')")
        await visit.until("window.seen.events.length === 1")
        await visit.until(
            f"window.statistics().then(all => all.audio.totalAudioEnergy > {start} + 0.001)"
        )
        statistics = await visit.frames(30)
        assert statistics["video"]["freezeCount"] == 0
        assert statistics["video"]["framesPerSecond"] >= 10

        seen = await visit.seen()
        assert seen["transcript"] == [{"text": "Good morning.", "channel": "custom"}]
        assert [(one["tool"], one["args"]) for one in seen["events"]] == [
            ("show_caption", {"text": "Hello"})
        ]

        await visit.page.click('[data-avatar-control="end-call"]')
        await visit.until("window.seen.ended > 0")
        await visit.state("completed")
        session = await visit.session()
        assert session["status"] == "COMPLETED"
        assert (await visit.seen())["errors"] == []
        assert [statistics["opened"], len(visit.sockets)] == [1, 1], "it connected anew"

    call(folder, act, by_key=by_key, query=query)
