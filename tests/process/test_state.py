"""`serve --state FILE` as real processes, which end by SIGKILL."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.processes import Program, running
from tests.support.servers import CREATE, HEADERS

CLIENTS = 8


@asynccontextmanager
async def serving(path: Path, *options: str) -> AsyncIterator[tuple[Program, str]]:
    """Serve the worlds of a file."""
    arguments = ("serve", "--port", "0", "--state", str(path), "--provision-time", "0s", *options)
    async with running("fake_runway", *arguments) as program:
        url = (await program.line(containing="fake Runway:")).split()[-1]
        await program.line(containing="see it in a browser")
        yield program, url


async def told(url: str) -> dict[str, Any]:
    """Return all that can be seen of the world of the test's secret."""
    async with aiohttp.ClientSession(headers=HEADERS) as client:
        paths = ("/journal?limit=1000", "/credits", "/clock", "/snapshots", "/replay", "/sessions")
        answers = {}
        for path in paths:
            async with client.get(f"{url}/__admin{path}") as answer:
                answers[path] = await answer.json()
        return answers


async def _creating(url: str, ids: list[str]) -> None:
    """Create sessions, and use and cancel some, until the server is gone."""
    async with aiohttp.ClientSession(headers=HEADERS) as client:
        try:
            while True:
                sessions = f"{url}/v1/realtime_sessions"
                async with client.post(sessions, json=CREATE) as answer:
                    created = await answer.json()
                ids.append(created["id"])
                async with client.get(f"{sessions}/{created['id']}") as answer:
                    await answer.read()
                async with client.delete(f"{sessions}/{created['id']}") as answer:
                    await answer.read()
        except (aiohttp.ClientError, OSError):
            return


async def test_survives_being_killed(tmp_path: Path) -> None:
    """What was answered before a SIGKILL is true after it, in every part that can be seen."""
    path, ids = tmp_path / "state", list[str]()
    async with serving(path) as (program, url):
        clients = [asyncio.ensure_future(_creating(url, ids)) for _ in range(CLIENTS)]
        while len(ids) < 100:
            await asyncio.wait(clients, timeout=0.01)
        await program.stop(signal.SIGKILL)
        await asyncio.gather(*clients)
    with path.open("ab") as file:
        file.write(b"half of what comes next")
    async with serving(path) as (program, url):
        listed = f"{url}/__admin/sessions?limit=100000"
        async with aiohttp.request("GET", listed, headers=HEADERS) as answer:
            known = {session["id"] for session in (await answer.json())["sessions"]}
        assert known >= set(ids)
        assert len(known) <= len(ids) + CLIENTS
        async with aiohttp.ClientSession(headers=HEADERS) as client:
            for path_, body in (("clock", {"rate": 0}), ("clock/move", {"by": "9s"})):
                method = "PUT" if path_ == "clock" else "POST"
                await (await client.request(method, f"{url}/__admin/{path_}", json=body)).read()
            await (await client.post(f"{url}/__admin/snapshots", json={"name": "one"})).read()
        before = await told(url)
        await program.stop(signal.SIGKILL)
        assert "the last 23 bytes are no whole entry and were dropped" in await program.errors()
    async with serving(path, "--state-sync", "always") as (program, url):
        assert await told(url) == before
        assert before["/clock"]["rate"] == 0
        assert before["/credits"]["spent"] == 2 * len(known)
        assert await program.stop() == 0
