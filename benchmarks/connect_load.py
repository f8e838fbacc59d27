"""Callers of a connect endpoint, for `connects.py`: one after another, or very many at once.

All of them live in this process, pinned to the load's core. What they cost is reported beside the
answers, because the fake sits on that core too: where both together fill it, a gateway waits for
them and its rate says little. Its CPU time still does.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import uvloop

from benchmarks.children import LOAD_CORE, pinned

BODY = {"avatarId": "music-superstar"}
PATIENCE_S = 90.0  # longer than any gateway's own deadline

_FORMS = ({"sessionId", "sessionKey"}, {"sessionId", "serverUrl", "token", "roomName"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and as whom.

    Attributes:
        tokens: one bearer token for each caller, dealt in turn; none: the target needs none.
        minted: one for each connect instead, without an end.
    """

    url: str
    tokens: Sequence[str] = field(default=(), repr=False)
    minted: Iterator[str] | None = field(default=None, repr=False)

    def headers(self, caller: int) -> dict[str, str]:
        """Return what this caller sends."""
        if self.minted is not None:
            return {"Authorization": f"Bearer {next(self.minted)}"}
        if not self.tokens:
            return {}
        return {"Authorization": f"Bearer {self.tokens[caller % len(self.tokens)]}"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one call. Instants are `time.monotonic`'s, in seconds.

    Attributes:
        outcome: `handed out`, or the kind of failure.
        session_id: of the session that was handed out, else empty.
    """

    outcome: str
    session_id: str
    asked_at: float
    answered_at: float


@dataclass(frozen=True, slots=True)
class Burst:
    """The answers to many callers, the seconds all of it took, and the callers' CPU seconds."""

    answers: Sequence[Answer]
    seconds: float
    cpu_s: float

    @property
    def failures(self) -> Counter[str]:
        """The number of failures by kind."""
        return Counter(each.outcome for each in self.answers if not each.session_id)

    @property
    def failed(self) -> str:
        """The number and the kinds of failures, for a cell of a table."""
        counted = self.failures
        how = ", ".join(f"{number} x {what}" for what, number in counted.most_common(3))
        return f"{counted.total()} ({how})" if counted else "0"

    @property
    def most_at_once(self) -> int:
        """The largest number of callers that waited at the same time."""
        steps = [(each.asked_at, 1) for each in self.answers]
        steps += [(each.answered_at, -1) for each in self.answers]
        most = waiting = 0
        for _, step in sorted(steps):
            waiting += step
            most = max(most, waiting)
        return most


def in_turns(target: Target, connects: int, *, callers: int) -> Burst:
    """Connect so often, so many at a time, each caller on a keep-alive connection of its own."""

    async def run() -> list[Answer]:
        left = iter(range(connects))
        async with asyncio.TaskGroup() as group:
            each = [group.create_task(_again_and_again(target, n, left)) for n in range(callers)]
        return [answer for task in each for answer in task.result()]

    return _burst(run)


def spread(target: Target, callers: int, *, over_s: float) -> Burst:
    """Let each caller connect once, on a new connection, their starts spread evenly over a time."""

    async def run() -> list[Answer]:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with _client(connector) as http, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_later(over_s * number / callers, http, target, number))
                for number in range(callers)
            ]
        return [task.result() for task in tasks]

    return _burst(run)


@contextmanager
def _counting(spent: list[float]) -> Iterator[None]:
    """Add the real and the CPU seconds of the block to `spent`."""
    begin, cpu = time.monotonic(), time.process_time()
    yield
    spent += [time.monotonic() - begin, time.process_time() - cpu]


def _burst(run: Callable[[], Coroutine[Any, Any, list[Answer]]]) -> Burst:
    spent: list[float] = []
    with (
        pinned(LOAD_CORE),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        _counting(spent),
    ):
        answers = runner.run(run())
    return Burst(answers, *spent)


def _client(connector: aiohttp.BaseConnector | None = None) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    return aiohttp.ClientSession(connector=connector, timeout=timeout)


async def _again_and_again(target: Target, caller: int, left: Iterator[int]) -> list[Answer]:
    async with _client() as http:
        # `left` is shared: the next free caller takes the next one
        return [await _ask(http, target, caller) for _ in left]


async def _later(
    delay_s: float, http: aiohttp.ClientSession, target: Target, caller: int
) -> Answer:
    await asyncio.sleep(delay_s)
    return await _ask(http, target, caller)


async def _ask(http: aiohttp.ClientSession, target: Target, caller: int) -> Answer:
    asked_at = time.monotonic()
    session_id = ""
    try:
        async with http.post(target.url, json=BODY, headers=target.headers(caller)) as response:
            outcome = f"HTTP {response.status}"
            body = json.loads(await response.read())
    except TimeoutError:
        outcome = f"no answer in {PATIENCE_S:g} s"
    except (aiohttp.ClientError, ValueError) as error:
        outcome = type(error).__name__
    else:
        if outcome == "HTTP 200" and set(body) in _FORMS:
            outcome, session_id = "handed out", body["sessionId"]
        else:
            outcome += f" {body.get('code', body.get('error', ''))}"
    return Answer(outcome, session_id, asked_at, time.monotonic())
