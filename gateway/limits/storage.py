"""The storage that replicas share, Redis, and what happens while it cannot be reached.

A connect must not become slow because Redis does. So every call is bounded, and after one that
failed the storage counts as down: the operator's policy decides every connect at once, except that
now and then one call goes out as a probe. Connects that would be refused wait for the outcome of a
probe that is out, so that the end of an outage lets all of them in, and not the first alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from gateway.clock import LoopClock, within
from gateway.errors import LimitsUnavailable

T = TypeVar("T")
_log = logging.getLogger("gateway")

ANSWER_S = 1.0  # for one call, connecting to Redis included
PROBE_EVERY_S = 2.0
"""Between two probes while the storage is down. Longer than `ANSWER_S`, so that no call from before
an outage is left when the first probe goes out."""
CONNECTIONS = 32  # to Redis, and so calls at the same time; the others wait for their turn
MEMORY = "memory://"


class Outage(Enum):
    """What happens to connects while the storage cannot be reached."""

    OPEN = "open"  # they pass without limits
    CLOSED = "closed"  # they are refused


class StorageUnreachable(Exception):
    """The storage did not answer, or is known to be down. The text gives no reason."""


class Outages:
    """Notices when a storage goes away and comes back, and logs each once.

    Args:
        shown: the storage's name in log lines, without a password.
        failures: the exceptions that mean that it cannot be reached or used.
        answer_s: how long one call may take.
    """

    def __init__(
        self,
        shown: str,
        *,
        policy: Outage,
        clock: LoopClock,
        failures: tuple[type[Exception], ...] = (OSError,),
        answer_s: float = ANSWER_S,
    ) -> None:
        self._shown = shown
        self._policy = policy
        self._clock = clock
        self._failures: tuple[type[Exception], ...] = (*failures, TimeoutError)
        self._answer_s = answer_s
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._down_since: float | None = None
        self._next_probe = float("-inf")
        self._probe: asyncio.Event | None = None  # set when the one that is out has ended

    async def call(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Return the answer, or None if there is none and the policy is to let connects pass.

        Raises:
            LimitsUnavailable: there is none, and the policy is to refuse.
        """
        try:
            return await self.attempt(command)
        except StorageUnreachable:
            if self._policy is Outage.CLOSED:
                raise LimitsUnavailable(retry_after_s=PROBE_EVERY_S) from None
            return None

    async def attempt(self, command: Callable[[], Awaitable[T]]) -> T:
        """Return the answer.

        Raises:
            StorageUnreachable: no answer within the bound, or the storage is down and the next
                probe is not due.
        """
        await self._up_or_due()
        async with self._slots:  # the wait for a turn is ours, not Redis', so it is not bounded
            await self._up_or_due()
            if self._down_since is None:
                return await self._bounded(command)
            self._probe = probe = asyncio.Event()  # before it goes out, so there is one at a time
            try:
                answer = await self._bounded(command)
            finally:
                self._probe = None
                probe.set()
            self._recovered()
            return answer

    async def _up_or_due(self) -> None:
        """Return if a call may go out. One that ended without an outcome leaves the probe due."""
        while self._down_since is not None:
            if self._probe is None and self._clock.now() >= self._next_probe:
                return
            if self._probe is None or self._policy is Outage.OPEN:
                raise StorageUnreachable
            await self._probe.wait()

    async def _bounded(self, command: Callable[[], Awaitable[T]]) -> T:
        try:
            return await within(self._answer_s, command())
        except self._failures as error:
            self._failed(error)
            raise StorageUnreachable from None

    def _recovered(self) -> None:
        if self._down_since is not None:
            lasted_s = self._clock.now() - self._down_since
            self._down_since = None
            _log.info("%s can be reached again after %.1f s", self._shown, lasted_s)

    def _failed(self, error: Exception) -> None:
        now = self._clock.now()
        self._next_probe = now + PROBE_EVERY_S
        if self._down_since is None:
            self._down_since = now
            while isinstance(error.__cause__, Exception):
                error = error.__cause__
            # the class only: the text of an error may hold more than a log should
            text = "%s cannot be reached (%s): connects %s"
            meaning = "pass without limits" if self._policy is Outage.OPEN else "are refused"
            _log.warning(text, self._shown, type(error).__name__, meaning)


class Storage:
    """A connection pool to one Redis, and its outages. Nothing is sent before the first call.

    Args:
        url: as `parse_storage` returns it; may hold a password.
    """

    def __init__(
        self, url: str, *, policy: Outage, clock: LoopClock, answer_s: float = ANSWER_S
    ) -> None:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        # RESP2: every Redis speaks it. One retry, at once: a connection that a restarted server
        # has closed is only noticed by using it.
        self._redis = Redis.from_url(
            url, max_connections=CONNECTIONS, protocol=2, retry=Retry(NoBackoff(), 1)
        )
        self.outages = Outages(
            shown(url),
            policy=policy,
            clock=clock,
            failures=(RedisError, OSError, ValueError),  # the last: an answer that is no number
            answer_s=answer_s,
        )

    async def command(self, *words: str | float) -> Any:
        """Return Redis' answer to one command. Not bounded: call it through `outages`."""
        return await self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # theirs

    async def problem(self) -> str | None:
        """Return None if Redis answers; while it does not, probe at most every two seconds."""
        try:
            await self.outages.attempt(lambda: self.command("PING"))
        except StorageUnreachable:
            return "the storage of the limits cannot be reached"
        return None

    async def close(self) -> None:
        """Close all connections. No call may follow."""
        await self._redis.aclose()


def parse_storage(text: str) -> str:
    """Return the URL of a storage: `memory://`, `redis://`, `rediss://` or `unix://` (a path).

    Raises:
        ValueError: it is none of them, or the package for Redis is missing. Never shows the text,
            which may hold a password.
    """
    from importlib.util import find_spec

    url = text.strip().removeprefix("redis+")
    if not unquote(url).isprintable():
        raise ValueError("it holds control characters (not shown: it may hold a password)")
    if url in ("", "memory", MEMORY):
        return MEMORY
    if not _is_redis(url):
        raise ValueError("it is no such URL (not shown: it may hold a password)")
    if find_spec("redis") is None:
        raise ValueError("it needs: pip install -c constraints.txt '.[redis]' in the checkout")
    return url


def shown(url: str) -> str:
    """Return what a log line may show of a storage: scheme, and host and port or path."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}" + (f":{parts.port or 6379}" if host else "")


def _is_redis(url: str) -> bool:
    """Return whether redis-py reads the URL as it was meant: it ignores what it does not know."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a ValueError if it is no number
    except ValueError:
        return False
    database = parts.query.removeprefix("db=")
    if parts.fragment or not (database.isdigit() or not parts.query):
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1 and "@" not in parts.path
    number = parts.path.removeprefix("/")
    in_path = not number or (number.isascii() and number.isdigit())
    return parts.scheme in ("redis", "rediss") and bool(parts.hostname) and in_path
