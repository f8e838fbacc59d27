"""A fake in a process of its own, with and without what a room needs."""

from __future__ import annotations

import subprocess
import sys

from fake_runway.room.addresses import PATHS
from fake_runway.room.rooms import NO_CLIENT, NO_EXTRA
from tests.support.processes import PATIENCE_S

OF_THE_EXTRA = "('aiortc', 'aioice', 'av', 'livekit', 'google')"
ASKING = f"""
import asyncio, sys
sys.modules["aiortc"] = None  # what Python takes for a package that is not there
import aiohttp
from fake_runway.server.serving import Configuration, serving

async def main():
    async with serving(Configuration()) as fake, aiohttp.ClientSession() as http:
        async with http.get(f"{{fake.url}}/__pages/setup.json") as answer:
            print((await answer.json())["no_room"])
        for path in {sorted("/".join(each) for each in PATHS)}:
            async with http.get(f"{{fake.url}}/w/a-world/{{path}}") as answer:
                origin = answer.headers["Access-Control-Allow-Origin"]
                print(answer.status, origin, await answer.text())

asyncio.run(main())
"""


def output_of(program: str) -> str:
    """Return what a Python program prints; fail with its errors."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_without_the_extra_a_sentence_says_how_to_get_a_room() -> None:
    """Every route answers 401 with it, to any origin, as the client shows that text."""
    first, *others = output_of(ASKING).splitlines()
    assert others == [f"401 * {NO_EXTRA}"] * len(PATHS)
    assert first == NO_EXTRA  # for the demo page


def test_a_fake_imports_nothing_of_the_extra() -> None:
    """Neither the package nor the server; a room does so later."""
    program = (
        "import sys, fake_runway, fake_runway.server.serving, fake_runway.__main__;"
        f"print([name for name in sys.modules if name.partition('.')[0] in {OF_THE_EXTRA}])"
    )
    assert output_of(program) == "[]\n"


def test_an_avatar_elsewhere_needs_the_client_before_the_server_starts() -> None:
    """One line names what to install."""
    program = """
import sys
sys.modules["livekit"] = None  # what Python takes for a package that is not there
from click.testing import CliRunner
from fake_runway.cli.main import main
done = CliRunner().invoke(main, ["serve", "--livekit-url=ws://127.0.0.1:1", "--livekit-avatar"])
print(done.exit_code, done.output.splitlines()[-1])
"""
    assert output_of(program) == f"2 Error: {NO_CLIENT}\n"
