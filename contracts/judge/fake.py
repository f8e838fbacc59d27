"""The judge's side of the fake: start it, set what goes wrong, read its journal.

By HTTP alone: the fake may be another version, or run already.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import aiohttp

from contracts.judge.clock import now, sleep
from contracts.judge.observation import TERMINAL, ObservedSession, UpstreamCall
from contracts.judge.situation import Json

ADMIN = "/__admin"
ANY_AVATAR = ""
"""In place of an avatar, where the endpoint chooses it: what is bound holds for every session."""
VERSION = "2024-11-06"
_START_S = 20.0
_END_S = 5.0
_PAGE = 10
_LONGEST_WAIT_S = 100.0

ACCOUNT: Json = MappingProxyType(
    {
        "credits": "unlimited",
        "concurrency": "unlimited",
        "daily": "unlimited",
        "version_header": "ignored",  # checked by header.version
    }
)


class FakeError(Exception):
    """The fake cannot be started, or refuses an operation. One line for people."""


class FakeClient:
    """One world of a fake, by its admin API.

    Args:
        url: of the fake.
        secret: the API secret that leads to the world.
        admin_token: the fake's; None: it has none.
    """

    def __init__(
        self, url: str, secret: str, http: aiohttp.ClientSession, admin_token: str | None = None
    ) -> None:
        self.url = url
        self.secret = secret
        self._http = http
        self._admin_token = admin_token
        self._account: Json = ACCOUNT
        # the world is ours, also before the target's first call: a read makes it
        self._headers = {"Authorization": f"Bearer {secret}", "X-Fake-Make-World": "yes"}
        if admin_token is not None:
            self._headers["X-Fake-Admin-Token"] = admin_token

    def of(self, secret: str) -> "FakeClient":
        """Return a client of the world of another secret."""
        return FakeClient(self.url, secret, self._http, self._admin_token)

    async def begin(self, custom_avatars: Sequence[str] | str) -> None:
        """Make the world new, with an account that has no limits.

        Args:
            custom_avatars: those that exist, or "any".
        """
        await self._call("POST", "/reset", {})
        custom = custom_avatars if isinstance(custom_avatars, str) else list(custom_avatars)
        self._account = {**ACCOUNT, "custom_avatars": custom}
        await self._follow({})

    async def _follow(self, session: Json) -> None:
        scenario = {"name": "judged", "account": self._account, "session": dict(session)}
        await self._call("PUT", "/scenario", {"scenario": scenario})

    async def media_url(self) -> str:
        """Return where the tokens of this fake lead, as the consume of a session shows."""
        await self._call("PUT", "/avatars/music-superstar", {"provision_time": "0s"})
        wanted = {
            "model": "gwm1_avatars",
            "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
        }
        session = (await self._use("POST", "", wanted))["id"]
        give_up_at = now() + _START_S
        while "sessionKey" not in (seen := await self._use("GET", f"/{session}")):
            if now() > give_up_at:
                raise FakeError(f"the fake at {self.url} makes no session READY")
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
            raise FakeError(f"the fake at {self.url} answers {status} to a {method}")
        return answer

    async def bind(self, avatar: str, session: Json) -> None:
        """Bind the sessions of an avatar, or of `ANY_AVATAR`, to a session form."""
        if avatar == ANY_AVATAR:
            await self._follow(session)
        else:
            await self._call("PUT", f"/avatars/{avatar}", dict(session))

    async def unbind(self, avatar: str) -> None:
        """Take back what `bind` did."""
        if avatar == ANY_AVATAR:
            await self._follow({})
        else:
            await self._call("DELETE", f"/avatars/{avatar}")

    async def calls(self) -> int:
        """Return how many requests the world got."""
        return int((await self._call("GET", "/world"))["calls"])

    async def calls_anywhere(self) -> int:
        """Return how many requests the fake got, with any API secret."""
        worlds = (await self._call("GET", "/worlds"))["worlds"]
        return sum(int(each["calls"]) for each in worlds)

    async def newest_create(self) -> int:
        """Return the number of the newest create, 0 if there was none."""
        newest = await self._page("createSession", limit=1)
        return newest[-1].number if newest else 0

    async def creates(self, *, after: int) -> list[UpstreamCall]:
        """Return the creates that are newer than the one of this number, oldest first.

        They are read in pages, newest first: a run asks often, and a few are new each time.
        """
        found = await self._page("createSession", limit=_PAGE)
        page = found
        while len(page) == _PAGE and page[0].number > after:
            page = await self._page("createSession", limit=_PAGE, before=page[0].number)
            found = page + found
        return [each for each in found if each.number > after]

    async def cancels(self) -> list[UpstreamCall]:
        """Return every cancel."""
        return await self._page("deleteSession", limit=100_000)

    async def _page(
        self, operation: str, *, limit: int, before: int | None = None
    ) -> list[UpstreamCall]:
        path = f"/journal?operation={operation}&limit={limit}"
        answer = await self._call("GET", path if before is None else f"{path}&before={before}")
        return [UpstreamCall.of(entry) for entry in answer["exchanges"]]

    async def timeline(self, session: str) -> tuple[list[UpstreamCall], ObservedSession]:
        """Return the requests about a session, and what became of it."""
        answer = await self._call("GET", f"/sessions/{session}/timeline")
        entries = answer["entries"]
        moves = tuple(
            (entry["at"], entry["event"], entry["after"])
            for entry in entries
            if entry["kind"] == "move"
        )
        calls = [UpstreamCall.of(entry) for entry in entries if entry["kind"] == "exchange"]
        state = moves[-1][2] if moves else "unknown"
        return calls, ObservedSession(session, state, moves, answer.get("key_sha256"))

    async def ended(self, session: str, *, within_s: float) -> bool:
        """Wait until a session ends, and return whether it did within this time."""
        wanted: Json = {"session": session, "states": sorted(TERMINAL)}
        while within_s > 0:
            wait_s = min(within_s, _LONGEST_WAIT_S)
            body = {**wanted, "timeout": f"{wait_s:.3f}s"}
            if (await self._send("POST", "/await/session", body))[0] == 200:
                return True
            within_s -= wait_s
        return False

    async def replay_token(self) -> str:
        """Return what replays all requests to the fake; empty if there are too many."""
        status, answer = await self._send("GET", "/replay")
        return str(answer["token"]) if status == 200 else ""

    async def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        status, answer = await self._send(method, path, body)
        if status >= 400:
            raise FakeError(f"the fake refuses {method} {path}: {answer.get('error', status)}")
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
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise FakeError(f"no fake answers at {self.url}: {reason}") from error
        if not isinstance(answer, dict):
            raise FakeError(f"no fake answers at {self.url}: expected a JSON object")
        return response.status, answer


@dataclass(frozen=True)
class FakeProcess:
    """A fake that the judge has started.

    Attributes:
        variables: with these, a program's calls to Runway's own hosts reach it as well.
    """

    url: str
    process: asyncio.subprocess.Process
    variables: Mapping[str, str]

    async def lost(self) -> FakeError:
        """Return once the process has ended, which it should not: with what code."""
        code = await self.process.wait()
        return FakeError(f"the fake ended with code {code} in the middle of the run")


@asynccontextmanager
async def started_fake(
    *, port: int, seed: str, media_url: str, intercept: bool = False
) -> AsyncIterator[FakeProcess]:
    """Run a fake as a child process until the block ends.

    Args:
        intercept: Runway's own hosts lead to it too.

    Raises:
        FakeError: it does not start; the message is its own.
    """
    command = [sys.executable, "-m", "fake_runway", "serve", f"--port={port}", f"--seed={seed}"]
    command += [
        "--journal=100000",
        "--journal-mib=1024",
        f"--livekit-url={media_url}",
        "--log-level=error",
    ]
    folder = Path(tempfile.mkdtemp(prefix="runway-contracts-")) if intercept else None
    ready = None if folder is None else folder / "ready.json"
    command += ["--intercept", f"--ready-file={ready}"] if intercept else []
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for the judge, which then ends it
    )
    if process.stdout is None or process.stderr is None:
        raise FakeError("the fake was started without pipes")
    readers: list[asyncio.Future[None]] = []
    try:
        try:
            async with asyncio.timeout(_START_S):
                line = (await process.stdout.readline()).decode()
        except TimeoutError:
            raise FakeError(f"the fake did not start within {_START_S:g}s") from None
        if not line.startswith("fake Runway: "):
            errors = (await process.stderr.read()).decode().strip() or "the fake did not start"
            raise FakeError(errors.splitlines()[-1].replace("with --port", "with --fake-port"))
        streams = (process.stdout, process.stderr)  # unread output would fill the pipes
        readers = [asyncio.ensure_future(_drain(stream)) for stream in streams]
        variables = {} if ready is None else await _variables_in(ready)
        yield FakeProcess(line.split()[-1], process, variables)
    finally:
        await _stop(process)
        await asyncio.gather(*readers)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


async def _variables_in(ready: Path) -> Mapping[str, str]:
    """Return the variables in the ready file of a fake that has just started to serve."""
    give_up_at = now() + _START_S
    while (text := _text_of(ready)) is None:
        if now() > give_up_at:
            raise FakeError(f"the fake did not start within {_START_S:g}s")
        await sleep(0.02)
    return dict(json.loads(text)["variables"])


def _text_of(file: Path) -> str | None:
    return file.read_text() if file.exists() else None


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
async def connected(
    url: str, secret: str, admin_token: str | None = None
) -> AsyncIterator[FakeClient]:
    """Use the world of `secret` on the fake at `url` until the block ends."""
    timeout = aiohttp.ClientTimeout(total=130)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        yield FakeClient(url.rstrip("/"), secret, http, admin_token)
