"""One Chromium for the tests of each file, and a fake for those of the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from fake_runway.client import Admin
from fake_runway.client.transport import Transport
from tests.browser.pages import World, running_chromium
from tests.support.room import HOSTED
from tests.support.servers import Fake, serving_fake
from tests.support.threads import in_a_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Not for the whole run: no loop can run beside it."""
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """One fake for all; each test has a world of its own."""
    with in_a_thread(lambda: serving_fake(livekit=HOSTED)) as served:
        yield served


@pytest.fixture
def world(fake: Fake, request: pytest.FixtureRequest) -> Iterator[World]:
    """A new world whose clock stands still."""
    name = re.sub(r"\W+", "-", request.node.name)[:60].strip("-")
    with Admin(fake.url, transport=Transport(fake.url, name, None).owning()) as admin:
        yield World(fake, name, admin)
