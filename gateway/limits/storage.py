"""The memory that replicas share, Redis, and what happens while it cannot be reached.

A connect must not become slow, or fail in unforeseen ways, because Redis does. So every question is
bounded, and after one that failed the storage counts as down: everybody is decided at once by the
operator's policy, except that every two seconds one question goes out to see whether it is back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from gateway.clock import LoopClock, within
from gateway.errors import LimitsUnavailable

T = TypeVar("T")
_log = logging.getLogger("gateway")

CONNECTIONS = 32  # to Redis, and so questions at the same time; the others wait for their turn
MEMORY = "memory://"


class Outage(Enum):
    """What an unreachable storage means for those who want to connect."""

    OPEN = "open"  # nobody is limited
    CLOSED = "closed"  # nobody connects


class Unreachable(Exception):
    """The storage did not answer, or is known to be down. Says nothing about why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How patient the gateway is with its storage, in seconds.

    Attributes:
        answer_s: for one question, connecting to Redis included.
        probe_every_s: between two questions while it is down. The longer one, so that no question
            from before an outage is left when the first probe goes out.
    """

    answer_s: float = 1.0
    probe_every_s: float = 2.0


BOUNDS = Bounds()


class Outages:
    """Notices when a storage goes away and comes back, and says so once each.

    Args:
        shown: the storage's name in log lines, without a password.
        failures: the exceptions that mean that it cannot be reached or used.
    """

    def __init__(
        self,
        shown: str,
        *,
        policy: Outage,
        clock: LoopClock,
        failures: tuple[type[Exception], ...] = (OSError,),
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._shown = shown
        self._policy = policy
        self._clock = clock
        self._failures: tuple[type[Exception], ...] = (*failures, TimeoutError)
        self._bounds = bounds
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._down_since: float | None = None
        self._next_probe = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """Return the answer, or None if there is none and everybody may pass.

        Raises:
            LimitsUnavailable: there is none, and the policy is to refuse.
        """
        try:
            return await self.attempt(question)
        except Unreachable:
            if self._policy is Outage.CLOSED:
                raise LimitsUnavailable(retry_after_s=self._bounds.probe_every_s) from None
            return None

    async def attempt(self, question: Callable[[], Awaitable[T]]) -> T:
        """Return the answer.

        Raises:
            Unreachable: no answer within the bound, or the storage is down and it is not yet time
                to look again.
        """
        self._check()
        async with self._slots:  # the wait for a turn is ours, not Redis', so it is not bounded
            self._check()
            probing = self._down_since is not None
            if probing:  # said before it goes out, so that there is one at a time
                self._next_probe = self._clock.now() + self._bounds.probe_every_s
            try:
                answer = await within(self._bounds.answer_s, question())
            except self._failures as error:
                self._failed(error)
                raise Unreachable from None
            if probing:
                self._recovered()
            return answer

    def _check(self) -> None:
        if self._down_since is not None and self._clock.now() < self._next_probe:
            raise Unreachable

    def _failed(self, error: Exception) -> None:
        now = self._clock.now()
        self._next_probe = now + self._bounds.probe_every_s
        if self._down_since is None:
            self._down_since = now
            meaning = "nobody is limited" if self._policy is Outage.OPEN else "nobody can connect"
            _log.warning("%s cannot be reached (%s): %s", self._shown, _kind(error), meaning)

    def _recovered(self) -> None:
        if self._down_since is not None:
            lasted_s = self._clock.now() - self._down_since
            self._down_since = None
            _log.info("%s can be reached again after %.1f s", self._shown, lasted_s)


class Storage:
    """A connection pool to one Redis, and its outages. Nothing is sent before the first question.

    Args:
        url: as `parse_storage` returns it; may hold a password.
    """

    def __init__(
        self, url: str, *, policy: Outage, clock: LoopClock, bounds: Bounds = BOUNDS
    ) -> None:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        # RESP2: every Redis speaks it. One repeat, at once: a connection that a restarted server
        # has closed is only noticed by using it.
        self._redis = Redis.from_url(
            url, max_connections=CONNECTIONS, protocol=2, retry=Retry(NoBackoff(), 1)
        )
        self.outages = Outages(
            shown(url),
            policy=policy,
            clock=clock,
            failures=(RedisError, OSError, ValueError),  # the last: an answer that is no number
            bounds=bounds,
        )

    async def command(self, *words: str | float) -> Any:
        """Return Redis' answer to one command. Bounded by nothing: ask through `outages`."""
        return await self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # theirs

    async def ready(self) -> bool:
        """Tell whether Redis answers. Asks at most every two seconds while it does not."""
        try:
            await self.outages.attempt(lambda: self.command("PING"))
        except Unreachable:
            return False
        return True

    async def close(self) -> None:
        """Close all connections. Nobody may ask any more."""
        await self._redis.aclose()


def _kind(error: BaseException) -> str:
    """Name what is at the bottom of an error; its text may tell more than a log should hold."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return type(error).__name__


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
        raise ValueError("it needs: pip install 'fake-runway[redis]'")
    return url


def shown(url: str) -> str:
    """Return what a log line may say of a storage: scheme, and host and port or path."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}" + (f":{parts.port or 6379}" if host else "")


def _is_redis(url: str) -> bool:
    """Tell whether redis-py reads the URL as it was meant: what it does not know, it ignores."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a ValueError if it is none
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
