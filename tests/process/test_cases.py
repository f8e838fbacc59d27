"""A fake for a decorated function, and for the test cases of unittest and Django."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from runwayml import AsyncRunwayML, RunwayML

from fake_runway import FakeRunway
from fake_runway.client import Fake

AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}
FAILING = """
import unittest
from runwayml import RunwayML
from fake_runway.testing.cases import FakeRunwayMixin

class A(FakeRunwayMixin):
    fake_runway_options = {"credits": 2}

    def create(self):
        with RunwayML(max_retries=0) as runway:
            avatar = {"type": "runway-preset", "presetId": "music-superstar"}
            return runway.realtime_sessions.create(model="gwm1_avatars", avatar=avatar)

    def test_a_world_of_its_own(self):
        self.create()

    def test_another_world_with_credits_of_its_own(self):
        self.create()

    def test_that_fails(self):
        self.create()
        self.assertEqual(self.fake_runway.credits.get().left, 99)

    def test_with_an_error(self):
        self.create()
        self.create()

unittest.main()
"""


def test_a_decorated_function_reaches_its_fake() -> None:
    """Its arguments and its result are its own; the variables are as before afterwards."""
    before = dict(os.environ)

    @FakeRunway(credits=5)
    def create(times: int, *, fake_runway: Fake) -> tuple[int, int | None]:
        """Make sessions."""
        with RunwayML() as runway:
            for _ in range(times):
                runway.realtime_sessions.create(model="gwm1_avatars", avatar=AVATAR)  # type: ignore[arg-type]
        return len(fake_runway.sessions.list()), fake_runway.credits.get().left

    assert create(2) == (2, 1)  # type: ignore[call-arg]
    assert create(1) == (1, 3)  # type: ignore[call-arg]  # a fake of its own each time
    assert create.__name__ == "create"
    assert create.__doc__ == "Make sessions."
    assert dict(os.environ) == before


def test_an_error_of_the_function_is_its_own() -> None:
    """And the variables are put back."""

    @FakeRunway()
    def fail() -> None:
        raise KeyError(os.environ["RUNWAYML_BASE_URL"])

    with pytest.raises(KeyError, match=r"http://127\.0\.0\.1"):
        fail()
    assert "RUNWAYML_BASE_URL" not in os.environ


def test_an_async_function_is_awaited() -> None:
    """On its own loop."""

    @FakeRunway()
    async def create() -> str:
        async with AsyncRunwayML() as runway:
            made = await runway.realtime_sessions.create(model="gwm1_avatars", avatar=AVATAR)  # type: ignore[arg-type]
            return made.id

    assert len(asyncio.run(create())) == 36


def test_each_test_of_a_case_has_a_world_and_a_report(tmp_path: Path) -> None:
    """The report of one that fails shows its own sessions and calls, and no others."""
    file = tmp_path / "cases.py"
    file.write_text(FAILING)
    run = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert "Ran 4 tests" in run.stderr
    assert "FAILED (failures=1, errors=1)" in run.stderr
    assert run.stderr.count("\nfake Runway\nscenario: ") == 2
    assert run.stderr.count("replay the calls:   fake-runway replay fr1.") == 2
    assert "-> 402" in run.stderr


def test_djangos_test_case_works_with_it(tmp_path: Path) -> None:
    """In its own order of bases."""
    pytest.importorskip("django", reason="needs Django")
    file = tmp_path / "cases.py"
    settings = "import django.conf; django.conf.settings.configure(DATABASES={})\n"
    file.write_text(
        settings
        + FAILING.replace(
            "class A(FakeRunwayMixin)", "class A(FakeRunwayMixin, SimpleTestCase)"
        ).replace("import unittest\n", "import unittest\nfrom django.test import SimpleTestCase\n")
    )
    run = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert "FAILED (failures=1, errors=1)" in run.stderr
