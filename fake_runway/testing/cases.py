"""A fake for each test of `unittest` and Django.

The variables that lead an application to it are set in this process while a test runs, because
those who inherit a class expect that nothing is left to pass.
"""

import os
import re
import unittest
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from unittest.mock import patch

from fake_runway.client.answers import AdminError
from fake_runway.client.fake import Fake
from fake_runway.testing.embedded import FakeRunway
from fake_runway.testing.worlds_of_tests import failure_report

_LONGEST_NAME = 60
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9]+")


class FakeRunwayMixin(unittest.TestCase):
    """A test case whose tests have a world each: `self.fake_runway`.

    For any `TestCase`, Django's too: `class CallTests(FakeRunwayMixin, django.test.TestCase)`. A
    server is started for each class. The report of a test that fails shows what happened in its
    world.

    Attributes:
        fake_runway_options: the arguments of `FakeRunway` for the server of a class.
        fake_runway: the world of the test that runs.
    """

    fake_runway_options: ClassVar[Mapping[str, Any]] = {}
    fake_runway: Fake
    _server: ClassVar[Fake]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server."""
        super().setUpClass()
        cls._server = cls.enterClassContext(FakeRunway(**cls.fake_runway_options))

    def setUp(self) -> None:
        """Make the world, and set the variables."""
        name = _BETWEEN_WORDS.sub("-", self.id()).strip("-")[-_LONGEST_NAME:].strip("-")
        self.fake_runway = self._server.apart(name)
        self.fake_runway.reset()
        self.enterContext(patch.dict(os.environ, self.fake_runway.env))
        super().setUp()

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test; if it fails, add what happened in its world."""
        result = super().run(result)
        fake = vars(self).get("fake_runway")
        if result is None or fake is None:
            return result
        for kept in (result.failures, result.errors):
            for at, (case, text) in enumerate(kept):
                if case is self:
                    kept[at] = case, f"{text}\nfake Runway\n{failure_report(fake, None, None)}\n"
        with suppress(AdminError):  # the server is gone; the next test says so
            fake.drop()
        return result
