"""The connect flow: create, poll until READY, consume if asked, hand out or cancel.

A session that is not handed out is cancelled upstream, whatever ended the connect, because it costs
credits until it ends. It is in custody from the moment the create request is sent, and cancelling
runs after the answer and does not delay it.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.clock import LoopClock
from gateway.errors import GatewayError, SessionFailed, ShuttingDown, TimedOut
from gateway.flow.avatars import Avatar
from gateway.flow.credentials import HandedOut, Shape
from gateway.flow.options import NO_OPTIONS, SessionOptions
from gateway.flow.polling import (
    UpstreamFailure,
    after_failure,
    aligned_to_deadline,
    poll_waits,
    read_status,
    slowed_by_load,
)
from gateway.flow.runway_client import RunwayClient
from gateway.flow.watch import Watch

CLEANUP_S = 15.0  # for the wait for a session's id, and again for cancelling it

T = TypeVar("T")
Admission = Callable[[str], AbstractAsyncContextManager[None]]
"""Lets a caller, by name, have a connect in flight while a block runs, or raises a GatewayError."""

_log = logging.getLogger("gateway")


class CallerGone(Exception):
    """The caller has left before the answer."""


@dataclass(slots=True)
class _Custody:
    """The session that one connect answers for, as far as it is known yet.

    Attributes:
        place: what the connect was admitted to; held for as long as the session may live unused,
            or hanging up and calling again would make more sessions than are allowed.
    """

    place: AsyncExitStack
    creating: asyncio.Task[str] | None = None


@dataclass(frozen=True, slots=True)
class _Deadline:
    """How long one piece of work may go on: until an instant, or until its caller leaves."""

    at: float
    is_gone: Callable[[], bool]

    def check(self) -> None:
        """Raise CallerGone if the caller has left."""
        if self.is_gone():
            raise CallerGone


class ConnectFlow:
    """All connects of one gateway, and the cancellations that they leave behind.

    Use `drain` before the upstream's HTTP session is closed.

    Args:
        deadline_s: from a request to its answer, in seconds.
        longest_wait_s: between two polls of a session.
    """

    def __init__(
        self,
        upstream: RunwayClient,
        *,
        deadline_s: float,
        longest_wait_s: float,
        clock: LoopClock,
        jitter: random.Random,
        admission: Admission = lambda caller: nullcontext(),
        watch: Watch | None = None,
    ) -> None:
        self._upstream = upstream
        self._admission = admission
        self._watch = watch or Watch()
        self._deadline_s = deadline_s
        self._longest_wait_s = longest_wait_s
        self._clock = clock
        self._jitter = jitter
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open: set[asyncio.Timeout] = set()
        self._polling = 0
        self._closing = False  # no new ones
        self._ending = False  # and those in flight end now
        self._all_answered = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """How many callers wait for an answer, those included who wait for their turn."""
        return len(self._open)

    @property
    def closing(self) -> bool:
        """Whether new connects are refused."""
        return self._closing

    @asynccontextmanager
    async def session(
        self,
        avatar: Avatar,
        shape: Shape,
        *,
        is_gone: Callable[[], bool] = lambda: False,
        options: SessionOptions = NO_OPTIONS,
        caller: str = "",
    ) -> AsyncIterator[HandedOut]:
        """Hold a session that is ready for its caller, while the block hands it over.

        The block belongs to the connect: its deadline holds, and a session whose block does not end
        well is cancelled.

        Args:
            is_gone: whether the caller has left.
            options: what the session shall be besides its avatar.
            caller: whose connect it is, for fair waiting.

        Raises:
            GatewayError: the row of the contract; the session, if there is one, gets cancelled.
            CallerGone: `is_gone` returned True; the same.
        """
        deadline = _Deadline(self._clock.now() + self._deadline_s, is_gone)
        async with self._answered_by(deadline.at), self._custody() as custody:
            await custody.place.enter_async_context(self._admission(caller))
            deadline.check()
            session_id = await self._create(avatar, options, custody, deadline)
            key = await self._until_ready(session_id, deadline)
            handed_out = HandedOut(session_id, key)
            if shape is Shape.CREDENTIALS:
                room = await self._retry(lambda: self._upstream.consume(session_id, key), deadline)
                handed_out = HandedOut(session_id, room)
            # may take a moment; a caller who has the answer finds the place free
            await custody.place.aclose()
            yield handed_out

    async def connect(
        self,
        avatar: Avatar,
        shape: Shape,
        *,
        options: SessionOptions = NO_OPTIONS,
        caller: str = "",
    ) -> HandedOut:
        """Return a session that is ready for its caller, who has it then. See `session`."""
        async with self.session(avatar, shape, options=options, caller=caller) as handed_out:
            return handed_out

    async def finish(self, *, within_s: float) -> None:
        """Refuse new connects, and return when those in flight are answered or the time is up."""
        self._closing = True
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._all_answered.wait()

    def shut_down(self) -> None:
        """End every connect now, each with an answer, and refuse new ones."""
        self._closing = self._ending = True
        for timeout in self._open:
            if not timeout.expired():  # one that ends already cannot be rescheduled
                timeout.reschedule(self._clock.now())

    async def drain(self) -> None:
        """Wait until nothing is left to cancel. Each cancellation is bounded by itself."""
        if self._ending and self._open:  # their custody begins its cancellations as they end
            await self._all_answered.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _create(
        self, avatar: Avatar, options: SessionOptions, custody: _Custody, deadline: _Deadline
    ) -> str:
        async def create() -> str:
            session_id = await self._upstream.create(avatar, options)
            self._watch.created()
            return session_id

        async def attempt() -> str:
            # a task that outlives the connect: only its reply has the id that cancelling needs
            custody.creating = self._own(create())
            return await asyncio.shield(custody.creating)

        return await self._retry(attempt, deadline, custom_avatar=avatar.custom)

    async def _until_ready(self, session_id: str, deadline: _Deadline) -> str:
        async def poll() -> str | None:
            return read_status(*await self._upstream.retrieve(session_id))

        waits = poll_waits(self._longest_wait_s)
        began, polls = self._clock.now(), 0
        self._polling += 1
        try:
            while True:
                polls += 1
                key = await self._retry(poll, deadline)
                if key is not None:
                    self._watch.ready(self._clock.now() - began, polls)
                    return key
                left = deadline.at - self._clock.now()
                wait = slowed_by_load(next(waits), polling=self._polling)
                await self._clock.sleep(aligned_to_deadline(wait, time_left_s=left))
                deadline.check()
        finally:
            self._polling -= 1

    async def _retry(
        self,
        attempt: Callable[[], Coroutine[Any, Any, T]],
        deadline: _Deadline,
        *,
        custom_avatar: bool = False,
    ) -> T:
        """Return what `attempt` returns, retried as far as the rules and the deadline allow.

        The deadline is checked after each attempt and each wait; the caller of this has done so
        before the first.
        """
        retried = 0
        while True:
            try:
                result = await attempt()
            except UpstreamFailure as failure:
                _log.warning("upstream: %s", failure)
                self._watch.upstream_failed(failure)
                wait = after_failure(
                    failure,
                    retried=retried,
                    time_left_s=deadline.at - self._clock.now(),
                    jitter=self._jitter,
                    custom_avatar=custom_avatar,
                )
                retried += not failure.is_slow_poll
            else:
                deadline.check()
                return result
            await self._clock.sleep(wait)
            deadline.check()

    @asynccontextmanager
    async def _answered_by(self, deadline: float) -> AsyncIterator[None]:
        # timeout_at, because aiohttp's own timeouts above 5 s round up to whole seconds
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout:
                if self._closing:
                    raise ShuttingDown
                self._open.add(timeout)
                yield
        except TimeoutError:
            raise (ShuttingDown if self._ending else TimedOut)() from None
        finally:
            self._open.discard(timeout)
            if self._closing and not self._open:
                self._all_answered.set()

    @asynccontextmanager
    async def _custody(self) -> AsyncIterator[_Custody]:
        """Have the session cancelled unless the block ends well or the session is over anyway."""
        async with AsyncExitStack() as place:
            custody = _Custody(place)
            try:
                yield custody
            except BaseException as error:
                over = isinstance(error, SessionFailed) and error.over
                if custody.creating is not None and not over:
                    self._own(self._cancel(custody.creating, place.pop_all()))
                raise

    async def _cancel(self, creating: asyncio.Task[str], place: AsyncExitStack) -> None:
        """Cancel the session that `creating` makes, once its id is known, and give its place back.

        Raises nothing, since no task awaits this: what goes wrong goes to log and watch.
        """
        async with place:
            try:
                async with asyncio.timeout(CLEANUP_S):
                    session_id = await creating
            except Exception as failure:
                if not isinstance(failure, UpstreamFailure) or failure.reply_lost:
                    _log.warning("a session whose id is unknown may be left behind")
                    self._watch.lost()
                return
            deadline = _Deadline(self._clock.now() + CLEANUP_S, lambda: False)
            try:
                async with asyncio.timeout_at(deadline.at):
                    await self._retry(lambda: self._upstream.cancel(session_id), deadline)
            except Exception as failure:
                unforeseen = not isinstance(failure, GatewayError | TimeoutError)
                text = "session %s could not be cancelled and may be left behind"
                _log.warning(text, session_id, exc_info=unforeseen)
                self._watch.left_behind(session_id)
            else:
                _log.info("session %s cancelled", session_id)
                self._watch.cancelled(session_id)

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
