"""What tests of the catalogue share."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.support.fake.catalogue import Chosen, choosing


@pytest.fixture
async def chosen(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Chosen]:
    """A caller of a world in which the test's scenario was chosen; nothing may go wrong unasked."""
    async with choosing(request.param) as chosen:
        yield chosen
    complaints = [each for each in caplog.get_records("call") if each.levelno >= logging.WARNING]
    assert not complaints
