"""The application against a fake Runway: minutes of waiting take no time, and nothing is paid."""

import time
from pathlib import Path
from typing import Any

import pytest
from app import create_app  # type: ignore[import-not-found]  # pytest.ini says where it is
from flask.testing import FlaskClient

from fake_runway.client.fake import Fake

OVER = {"done", "refused", "busy", "unpaid", "lost", "failed"}


@pytest.fixture
def browser(fake_runway: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FlaskClient:
    """A browser in front of the application, which finds the fake by its environment."""
    fake_runway.use(monkeypatch)
    fake_runway.no_waiting(monkeypatch)
    client: FlaskClient = create_app(tmp_path).test_client()
    return client


def ask(browser: FlaskClient, prompt: str = "A cat that plays the piano.") -> str:
    """Ask for a video; return its address."""
    answer = browser.post("/videos", json={"prompt": prompt})
    return f"/videos/{answer.get_json()['id']}"


def followed(browser: FlaskClient, address: str) -> list[dict[str, Any]]:
    """Follow a video to its end, as the page does; return all that was shown."""
    shown = [browser.get(address).get_json()]
    while shown[-1]["state"] not in OVER:
        time.sleep(0.02)
        shown.append(browser.get(address).get_json())
    return shown


def test_a_video_is_made_and_saved(browser: FlaskClient, fake_runway: Fake) -> None:
    """Its progress grows, and the file is ours, so it can be seen when Runway's link is over."""
    address = ask(browser)
    shown = followed(browser, address)
    fake_runway.clock.jump("48h")
    film = browser.get(f"{address}/file")

    progress = [each["progress"] for each in shown]
    assert shown[-1]["state"] == "done"
    assert progress == sorted(progress)
    assert film.mimetype == "video/mp4"
    assert b"ftyp" in film.data[:16]
    assert fake_runway.findings() == []


def test_moderation_asks_for_another_text(browser: FlaskClient) -> None:
    """The tag in the prompt lets this one task fail."""
    shown = followed(browser, ask(browser, "A cat. [fake:safety-input-text]"))

    assert shown[-1]["state"] == "refused"
    assert "describe something else" in shown[-1]["text"]


def test_a_video_waits_for_a_free_place(browser: FlaskClient, fake_runway: Fake) -> None:
    """THROTTLED is no failure: the page says so, and the video is made."""
    shown = followed(browser, ask(browser, "A cat. [fake:throttled-for-a-minute]"))

    assert shown[-1]["state"] == "done"
    assert fake_runway.findings() == []


@pytest.mark.parametrize(
    ("scenario", "state"),
    [
        ("no-more-tasks-today", "busy"),
        ("no-credits-for-tasks", "unpaid"),
        ("credits-gone-meanwhile", "unpaid"),
        ("output-expired", "lost"),
        ("output-truncated", "lost"),
        ("output-of-another-type", "lost"),
        ("output-downloads-at-second-try", "done"),
    ],
)
def test_what_goes_wrong_is_shown(
    browser: FlaskClient, fake_runway: Fake, scenario: str, state: str
) -> None:
    """And nothing is paid twice: there is one create, whatever happens."""
    fake_runway.scenario(scenario)
    shown = followed(browser, ask(browser))

    assert shown[-1]["state"] == state
    fake_runway.verify(1, operation="createTextToVideo")
    assert fake_runway.findings() == []


def test_a_video_that_never_ends_is_cancelled(browser: FlaskClient, fake_runway: Fake) -> None:
    """After five minutes, in no time."""
    fake_runway.scenario("stuck-at-50")
    followed(browser, ask(browser))

    assert [task.state for task in fake_runway.tasks.list()] == ["cancelled"]


@pytest.mark.parametrize("body", [None, {"prompt": " "}, {"prompt": "x" * 1001}])
def test_a_wrong_prompt_never_reaches_runway(
    browser: FlaskClient, fake_runway: Fake, body: Any
) -> None:
    """It is refused with what was expected."""
    assert browser.post("/videos", json=body).status_code == 400
    assert len(fake_runway.journal.list()) == 0
