"""LiveKit's native clients, of Python and of Node, in a network that has no way out."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.browser.network import PAIR, NoNetwork, alone, interfaces
from tests.support.processes import PATIENCE_S

ROOT = Path(__file__).parents[2]
TESTS = ("tests/http/test_room.py", "tests/browser/test_backend_tools.py")


@pytest.mark.exhaustive
def test_native_clients_need_nothing_outside_this_machine() -> None:
    """The tests with these clients pass there as they do elsewhere."""

    async def main() -> str:
        assert sorted(interfaces()) == sorted(["lo", *PAIR])
        tests = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(10 * PATIENCE_S):
            output, _ = await tests.communicate()
        return output.decode()

    try:
        output = alone(main, paired=True)
    except NoNetwork as error:
        pytest.skip(f"needs the right to make a network: {error}")
    assert re.search(r"^\d+ passed in ", output, re.MULTILINE), output
