"""The judge's side of the fake: starting it, telling it what to do, reading what it saw.

By HTTP alone: the fake may be another version, or run on another port that was chosen beforehand.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import aiohttp

from contracts.judge.clock import now, sleep
from contracts.judge.observation import TERMINAL, Session, Upstream

Json = dict[str, Any]
ADMIN = "/__admin"
VERSION = "2024-11-06"
_START_S = 20.0
_END_S = 5.0

ACCOUNT: Mapping[str, Any] = MappingProxyType(
    {
        "credits": "unlimited",
        "concurrency": "unlimited",
        "daily": "unlimited",
        "version_header": "ignored",  # a requirement of its own looks at it
    }
)


class ControlError(Exception):
    """The fake cannot be started, or does not do what it is told. One line for people."""


class Control:
    """One world of a fake, by its admin API.

    Args:
        url: of the fake.
        secret: the API secret that leads to the world.
        admin_token: that the fake demands of admins; None: it demands none.
    """

    def __init__(
        self, url: str, secret: str, http: aiohttp.ClientSession, admin_token: str | None = None
    ) -> None:
        self.url = url
        self.secret = secret
        self._http = http
        self._headers = {"Authorization": f"Bearer {secret}"}
        if admin_token is not None:
            self._headers["X-Fake-Admin-Token"] = admin_token

    async def begin(self, name: str, custom_avatars: Sequence[str]) -> None:
        """Make the world new, with an account that has no limits."""
        await self._call("POST", "/reset", {})
        account = {**ACCOUNT, "custom_avatars": list(custom_avatars)}
        await self._call("PUT", "/scenario", {"scenario": {"name": name, "account": account}})

    async def media_url(self) -> str:
        """Return where the tokens of this fake lead, by consuming a session; forgets it again."""
        await self._call("PUT", "/avatars/music-superstar", {"provision_time": "0s"})
        wanted = {
            "model": "gwm1_avatars",
            "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
        }
        session = (await self._use("POST", "", wanted))["id"]
        give_up_at = now() + _START_S
        while "sessionKey" not in (seen := await self._use("GET", f"/{session}")):
            if now() > give_up_at:
                raise ControlError(f"the fake at {self.url} makes no session READY")
            await sleep(0.05)
        room = await self._use("POST", f"/{session}/consume", {}, key=seen["sessionKey"])
        await self._call("DELETE", "/avatars/music-superstar")
        return str(room["url"])

    async def _use(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None
    ) -> Json:
        headers = {"Authorization": f"Bearer {key or self.secret}", "X-Runway-Version": VERSION}
        status, answer = await self._request(method, f"/v1/realtime_sessions{path}", body, headers)
        if status >= 400:
            raise ControlError(f"the fake at {self.url} answers {status} to a {method}")
        return answer

    async def bind(self, avatar: str, session: Mapping[str, Any]) -> None:
        """Let sessions of an avatar go as `session` says."""
        await self._call("PUT", f"/avatars/{avatar}", dict(session))

    async def unbind(self, avatar: str) -> None:
        """Let sessions of an avatar go as usual again."""
        await self._call("DELETE", f"/avatars/{avatar}")

    async def calls(self) -> int:
        """Return how many requests came, whatever they were."""
        return int((await self._call("GET", "/world"))["calls"])

    async def calls_elsewhere(self) -> int:
        """Return how many requests came that belong to other secrets."""
        mine = (await self._call("GET", "/world"))["name"]
        worlds = (await self._call("GET", "/worlds"))["worlds"]
        return sum(int(each["calls"]) for each in worlds if each["name"] != mine)

    async def creates(self) -> list[Upstream]:
        """Return every create that came."""
        answer = await self._call("GET", "/journal?operation=createSession&limit=100000")
        return [Upstream.of(entry) for entry in answer["exchanges"]]

    async def timeline(self, session: str) -> tuple[list[Upstream], Session]:
        """Return what was asked about a session, and what became of it."""
        answer = await self._call("GET", f"/sessions/{session}/timeline")
        entries = answer["entries"]
        moves = tuple(
            (entry["at"], entry["event"], entry["after"])
            for entry in entries
            if entry["kind"] == "move"
        )
        calls = [Upstream.of(entry) for entry in entries if entry["kind"] == "exchange"]
        return calls, Session(session, moves[-1][2] if moves else "unknown", moves)

    async def ended(self, session: str, *, within_s: float) -> bool:
        """Return whether a session ends within a time, as soon as it does."""
        wanted = {"session": session, "states": sorted(TERMINAL), "timeout": f"{within_s:g}s"}
        status, _ = await self._send("POST", "/await/session", wanted)
        return status == 200

    async def replay_token(self) -> str:
        """Return what replays everything that the fake has seen; empty if it is too much."""
        status, answer = await self._send("GET", "/replay")
        return str(answer["token"]) if status == 200 else ""

    async def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        status, answer = await self._send(method, path, body)
        if status >= 400:
            raise ControlError(f"the fake refuses {method} {path}: {answer.get('error', status)}")
        return answer

    async def _send(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        return await self._request(method, f"{ADMIN}{path}", body, self._headers)

    async def _request(
        self, method: str, path: str, body: Json | None, headers: Mapping[str, str]
    ) -> tuple[int, Json]:
        try:
            async with self._http.request(
                method, f"{self.url}{path}", json=body, headers=headers
            ) as response:
                answer = await response.json() if response.status != 204 else {}
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ControlError(f"no fake answers at {self.url}: {_said(error)}") from error
        if not isinstance(answer, dict):
            raise ControlError(f"no fake answers at {self.url}: its JSON is no object")
        return response.status, answer


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


@dataclass(frozen=True)
class Fake:
    """A fake that was started here."""

    url: str
    process: asyncio.subprocess.Process

    async def lost(self) -> str:
        """Return once it has ended, which it should not: what to say."""
        code = await self.process.wait()
        return f"the fake ended with code {code} in the middle of the run"


@asynccontextmanager
async def fake(*, port: int, seed: str, media_url: str) -> AsyncIterator[str]:
    """Run a fake as a child process until the block ends; yield its URL.

    Raises:
        ControlError: it does not start; the message is its own.
    """
    async with started_fake(port=port, seed=seed, media_url=media_url) as one:
        yield one.url


@asynccontextmanager
async def started_fake(*, port: int, seed: str, media_url: str) -> AsyncIterator[Fake]:
    """Run a fake as a child process until the block ends; it can be watched.

    Raises:
        ControlError: it does not start; the message is its own.
    """
    command = [sys.executable, "-m", "fake_runway", "serve", f"--port={port}", f"--seed={seed}"]
    command += ["--journal=100000", f"--livekit-url={media_url}", "--log-level=error"]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for the judge, which then ends it
    )
    if process.stdout is None or process.stderr is None:
        raise ControlError("the fake was started without pipes")
    try:
        try:
            async with asyncio.timeout(_START_S):
                line = (await process.stdout.readline()).decode()
        except TimeoutError:
            raise ControlError(f"the fake did not start within {_START_S:g}s") from None
        if not line.startswith("fake Runway: "):
            said = (await process.stderr.read()).decode().strip().splitlines() or ["did not start"]
            raise ControlError(said[-1].replace("with --port", "with --fake-port"))
        streams = (process.stdout, process.stderr)  # what nobody reads would fill the pipes
        readers = [asyncio.ensure_future(_drain(stream)) for stream in streams]
        try:
            yield Fake(line.split()[-1], process)
        finally:
            await _stop(process)
            await asyncio.gather(*readers)
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            # Not process.terminate(), which may take the exit code away from asyncio's watcher.
            os.kill(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await process.wait()
                return


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass


@asynccontextmanager
async def control(url: str, secret: str, admin_token: str | None = None) -> AsyncIterator[Control]:
    """Use the world of `secret` on the fake at `url` until the block ends."""
    timeout = aiohttp.ClientTimeout(total=130)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        yield Control(url.rstrip("/"), secret, http, admin_token)
