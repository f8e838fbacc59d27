"""A whole call in a real browser: the official `<AvatarCall>`, a gateway and the fake, offline.

All of it runs in a network of its own that has nothing but loopback, where that is allowed.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fake_runway.core.billing import BLOCK_CREDITS, CREATE_CREDITS
from fake_runway.core.sessions.script import AvatarAppears, CallSetup
from fake_runway.core.sessions.session import BLOCK_S
from gateway.access.settings import AuthSettings, Mode
from tests.browser.calls import CHROMIUM, PAGE, Visit, bundle, visiting
from tests.browser.network import NoNetwork, alone, interfaces
from tests.clients.npm import node_with_packages

CallPage = Callable[..., None]
"""Opens the page and hands it to a function; arguments are those of `visiting`."""

TOKEN = "a-token-of-the-application-0123"
BEARER = AuthSettings(mode=Mode.BEARER, tokens=(TOKEN,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with all that it needs."""
    if importlib.util.find_spec("playwright") is None or not CHROMIUM.exists():
        pytest.skip(f"needs Playwright's package and {CHROMIUM}")
    folder = tmp_path_factory.mktemp("page")
    bundle(node_with_packages(PAGE), folder)
    return folder


@pytest.fixture
def vanilla(folder: Path, tmp_path: Path) -> Path:
    """A page without a framework."""
    bundle(node_with_packages(PAGE), tmp_path, "vanilla.js")
    return tmp_path


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


@pytest.mark.parametrize(
    ("query", "by_key"),
    [({}, False), ({"strict": "1"}, False), ({"strict": "1"}, True)],
    ids=["plain-credentials", "StrictMode-credentials", "StrictMode-session key"],
)
def test_a_call_from_the_click_to_the_hang_up(
    folder: Path, query: Mapping[str, str], by_key: bool
) -> None:
    """A moving picture without a loss, a voice, words, an event; then the button ends it all."""

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
        assert statistics["video"]["packetsLost"] == 0
        # freezeCount is for benchmarks/browser_call.py: the browser counts each picture that is
        # 0.15 s late, as some are while other tests keep the machine busy

        seen = await visit.seen()
        assert seen["transcript"] == [{"text": "Good morning.", "channel": "custom"}]
        assert [(one["tool"], one["args"]) for one in seen["events"]] == [
            ("show_caption", {"text": "Hello"})
        ]

        visit.fake.world.clock.jump(20)  # the session lasts longer; the picture knows nothing of it
        await visit.page.click('[data-avatar-control="end-call"]')
        await visit.until("window.seen.ended > 0")
        await visit.state("completed")
        session = await visit.session()
        assert session["status"] == "COMPLETED"
        inside = visit.fake.world.account.sessions[visit.session_id]
        assert session["duration"] == round(inside.ran_for_s) >= 20
        blocks = math.ceil(inside.ran_for_s / BLOCK_S)
        assert visit.fake.world.account.spent == CREATE_CREDITS + BLOCK_CREDITS * blocks
        assert (await visit.seen())["errors"] == []
        assert [statistics["opened"], len(visit.sockets)] == [1, 1], "it connected anew"

    call(folder, act, by_key=by_key, query=query)


def test_a_page_without_a_framework_gets_its_call(vanilla: Path) -> None:
    """The official SDK alone: picture, voice, words, an event, and the end by its method."""

    async def act(visit: Visit) -> None:
        await visit.until("window.seen.states.includes('active')")
        await visit.until("document.querySelector('video').videoWidth === 320")
        await visit.frames(5)
        visit.room.talking(True)
        visit.room.transcript("assistant", 1, "Good morning.")
        visit.room.client_event("show_caption", {"text": "Hello"})
        await visit.until("window.seen.transcript.some(({text}) => text === 'Good morning.')")
        await visit.until("window.seen.events.length === 1")
        await visit.until("window.statistics().then(all => all.audio.totalAudioEnergy > 0.001)")
        await visit.page.click("button")
        await visit.state("completed")
        await visit.until("window.seen.states.at(-1) === 'ended'")
        assert (await visit.seen())["errors"] == []
        assert len(visit.sockets) == 1

    call(vanilla, act, by_key=True)


def test_a_page_that_shows_its_token_to_the_gateway_gets_its_call(folder: Path) -> None:
    """The first setup guide: a `connect` callback of its own, with an Authorization header."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        await visit.frames(5)

    call(folder, act, gateway={"auth": BEARER}, query={"bearer": TOKEN})


def test_a_page_without_a_token_says_why_there_is_no_call(folder: Path) -> None:
    """The gateway's refusal, and no room is opened."""

    async def act(visit: Visit) -> None:
        await visit.status("error")
        await visit.until("window.seen.errors.length > 0")
        (error,) = (await visit.seen())["errors"]
        assert "401" in error
        assert visit.sockets == []
        assert not visit.fake.world.account.sessions

    call(folder, act, gateway={"auth": BEARER}, query={"bearer": "another-token-0123456789"})


def test_a_call_that_the_server_ends_is_over_for_the_page(folder: Path) -> None:
    """The session is cancelled from elsewhere: the page hears that it ended, as an end."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        await visit.fake.call("DELETE", f"/v1/realtime_sessions/{visit.session_id}")
        await visit.until("window.seen.ended > 0")
        assert (await visit.seen())["errors"] == []
        assert (await visit.session())["status"] == "CANCELLED"

    call(folder, act)


def test_an_avatar_that_is_late_is_waited_for(folder: Path) -> None:
    """The page is connected and says that it waits, then shows the avatar."""
    late = CallSetup(avatar=AvatarAppears.LATE, avatar_after_s=1.0)

    async def act(visit: Visit) -> None:
        await visit.status("waiting")
        await visit.status("ready")
        await visit.frames(10)
        assert (await visit.seen())["errors"] == []

    call(folder, act, setup=late)


def test_a_frozen_picture_is_a_freeze_for_the_browser(folder: Path) -> None:
    """It counts one when the picture moves again; the call goes on."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        await visit.frames(20)
        visit.room.freeze_video(True)
        shown = (await visit.statistics())["video"]["framesDecoded"]
        await visit.page.wait_for_timeout(1500)
        assert (await visit.statistics())["video"]["framesDecoded"] <= shown + 3
        visit.room.freeze_video(False)
        await visit.until("window.statistics().then(all => all.video.freezeCount >= 1)")
        await visit.frames(15)
        assert (await visit.session())["status"] == "RUNNING"

    call(folder, act)


def test_a_muted_avatar_moves_its_mouth_without_a_sound(folder: Path) -> None:
    """Pictures go on, the energy of the sound does not grow."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        visit.room.mute_audio(True)
        visit.room.talking(True)
        start = (await visit.frames(10))["audio"]["totalAudioEnergy"]
        after = (await visit.frames(30))["audio"]["totalAudioEnergy"]
        assert after - start < 1e-6
        visit.room.mute_audio(False)
        await visit.until(
            f"window.statistics().then(all => all.audio.totalAudioEnergy > {after} + 0.001)"
        )

    call(folder, act)


def test_a_page_comes_back_by_itself_when_its_socket_breaks(folder: Path) -> None:
    """As a broken network does it: the picture comes back, the session never ended."""

    async def act(visit: Visit) -> None:
        await visit.status("ready")
        await visit.frames(5)
        visit.room.drop_socket()
        await visit.until("window.peers.length >= 2")
        await visit.until(
            "window.peers.at(-1).getStats().then(all => [...all.values()]"
            ".some(one => one.kind === 'video' && one.framesDecoded > 10))"
        )
        await visit.status("ready")
        assert (await visit.session())["status"] == "RUNNING"
        assert (await visit.seen())["ended"] == 0

    call(folder, act)
