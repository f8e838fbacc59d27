"""What to do next: pure decisions of the connect flow. No I/O, no clock.

After a poll: hand out, wait, or give up (`read_status`), and how long to wait (`poll_waits`). After
a failed request: retry after so many seconds, or which error the caller gets (`after_failure`).
"""

import math
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from email.utils import parsedate_to_datetime
from enum import Enum

from gateway.errors import (
    CreateRejected,
    GatewayError,
    InsufficientCredits,
    SessionFailed,
    TimedOut,
    UnknownAvatar,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamBusy,
)

FIRST_WAIT_S = 0.1
GROWTH = 1.5
MOST_POLLS_PER_S = 800.0
"""All polls of one process together: well below what a core can do that does nothing else."""
LONGEST_LOADED_WAIT_S = 5.0
LAST_POLL_S = 0.05  # before the deadline, so that a session READY by then is still handed out
BACKOFF_S = 0.2  # before the first retry; doubles each time, and up to half is added at random
DEFAULT_RETRY_AFTER_S = 5.0
LONGEST_RETRY_AFTER_S = 3600.0


class Hop(Enum):
    """One of the four upstream requests."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    CONSUME = "consume"
    CANCEL = "cancel"


class FailureReason(Enum):
    """Why a request brought no usable answer."""

    REFUSED = "refused"  # no connection: the request was never sent
    BROKEN = "broken"  # connection lost on the way
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"  # the body is no JSON, or cut short
    SCHEMA = "schema"  # JSON, but not what the contract says
    STATUS = "status"  # an HTTP status that is no success


@dataclass(eq=False)
class UpstreamFailure(Exception):
    """One upstream request that failed.

    Attributes:
        status: for FailureReason.STATUS.
        retry_after_s: what the server asked for, if it did.
        no_credits: the answer says that credits are missing.
        own_form: the answer is an error in Runway's form, `{"error": ...}`.
    """

    hop: Hop
    reason: FailureReason
    _: KW_ONLY
    status: int = 0
    retry_after_s: float | None = None
    no_credits: bool = False
    own_form: bool = False

    def __str__(self) -> str:
        is_status = self.reason is FailureReason.STATUS
        return f"{self.hop.value}: {f'HTTP {self.status}' if is_status else self.reason.value}"

    @property
    def is_slow_poll(self) -> bool:
        """Whether this is a poll that hung: no failure in a row, only a slow NOT_READY."""
        return self.hop is Hop.RETRIEVE and self.reason is FailureReason.TIMEOUT

    @property
    def reply_lost(self) -> bool:
        """Whether the server may have acted without a reply that shows it."""
        return self.reason not in (FailureReason.REFUSED, FailureReason.STATUS)


MOST_RETRIES: Mapping[Hop, int] = {Hop.CREATE: 2, Hop.RETRIEVE: 5, Hop.CONSUME: 2, Hop.CANCEL: 4}
"""How often each request is retried at most, after its first failure in a row."""


def poll_waits(longest_s: float) -> Iterator[float]:
    """Yield the waits between polls, in seconds: growing, never above `longest_s`."""
    wait = min(FIRST_WAIT_S, longest_s)
    while True:
        yield wait
        wait = min(wait * GROWTH, longest_s)


def slowed_by_load(wait_s: float, *, polling: int) -> float:
    """Return the wait before the next poll when so many connects poll their sessions.

    With thousands in flight a process could not keep the usual pace: it would answer every caller
    late, accept no new one, and have its requests refused upstream. So each connect polls less.
    """
    return max(wait_s, min(polling / MOST_POLLS_PER_S, LONGEST_LOADED_WAIT_S))


def aligned_to_deadline(wait_s: float, *, time_left_s: float) -> float:
    """Return the wait before the next poll, bent so that one poll falls just before the deadline.

    No wait gets shorter than the first one: two polls in quick succession gain nothing.
    """
    last_poll_in = round(time_left_s - LAST_POLL_S, 6)  # else rounding makes 0.1 less than 0.1
    if last_poll_in <= wait_s:
        return last_poll_in if last_poll_in >= FIRST_WAIT_S else wait_s
    if last_poll_in - wait_s >= FIRST_WAIT_S:
        return wait_s
    half = last_poll_in / 2
    return half if half >= FIRST_WAIT_S else last_poll_in


def read_status(status: str, session_key: str | None) -> str | None:
    """Return the session key if the session can be handed out, None if it is not ready yet.

    Raises:
        SessionFailed: it has ended, or it runs already, which is not by us.
        UpstreamFailure: READY without a key, or a status that the contract does not know.
    """
    match status:
        case "NOT_READY":
            return None
        case "READY" if session_key:
            return session_key
        case "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED":
            raise SessionFailed(status)
        case _:
            raise UpstreamFailure(Hop.RETRIEVE, FailureReason.SCHEMA)


def after_failure(
    failure: UpstreamFailure,
    *,
    retried: int,
    time_left_s: float,
    jitter: random.Random,
    custom_avatar: bool = False,
) -> float:
    """Return how many seconds to wait before the next retry.

    Args:
        retried: how often this request has been retried already.
        time_left_s: until the deadline; a retry that does not fit is not waited for.
        custom_avatar: the session was to be made for a custom avatar.

    Raises:
        GatewayError: give up, and this is the answer.
    """
    if failure.is_slow_poll:
        return FIRST_WAIT_S
    if not _may_retry(failure) or retried >= MOST_RETRIES[failure.hop]:
        raise _verdict(failure, custom_avatar=custom_avatar)
    wait = max(math.ldexp(BACKOFF_S, retried), failure.retry_after_s or 0.0)
    wait += jitter.uniform(0.0, min(wait, 1.0) / 2)
    if wait >= time_left_s:
        raise _verdict(failure, custom_avatar=custom_avatar)
    return wait


def _may_retry(failure: UpstreamFailure) -> bool:
    if failure.reason is FailureReason.REFUSED:
        return True
    match failure.hop:
        case Hop.CREATE:  # else a session may exist, and a retry would make a second one, paid for
            return failure.reason is FailureReason.STATUS and failure.status in (429, 503)
        case Hop.CONSUME:
            return False  # its key works once
        case _:  # these change nothing
            return failure.reason is not FailureReason.SCHEMA and (
                failure.reason is not FailureReason.STATUS
                or failure.status in (408, 429)
                or failure.status >= 500
            )


def _verdict(failure: UpstreamFailure, *, custom_avatar: bool) -> GatewayError:
    """Return the row of the contract for a failure that is final."""
    if failure.reason is FailureReason.TIMEOUT:
        return TimedOut()
    if failure.reason is not FailureReason.STATUS or failure.hop is Hop.CONSUME:
        return UpstreamBroken()
    creating = failure.hop is Hop.CREATE
    match failure.status:
        case 401 | 403:
            return UpstreamAuth()
        case 429:
            asked = failure.retry_after_s or DEFAULT_RETRY_AFTER_S
            return UpstreamBusy(retry_after_s=min(asked, LONGEST_RETRY_AFTER_S))
        case 402 if creating:
            return InsufficientCredits()
        case 400 | 422 if creating:
            return InsufficientCredits() if failure.no_credits else CreateRejected()
        case 404 if creating and custom_avatar:
            return UnknownAvatar()
        case _:
            return UpstreamBroken()


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return what the headers `retry-after-ms` and `Retry-After` ask for, in seconds.

    Negative, infinite and unreadable values count as absent. A date counts from the answer's own.
    """
    for name, unit in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        with suppress(ValueError):
            if 0 <= (value := float(headers.get(name, ""))) < float("inf"):
                return value * unit
    with suppress(ValueError, TypeError, OverflowError):  # no date, or one without a time zone
        until = parsedate_to_datetime(headers.get("Retry-After", ""))
        seconds = (until - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
        return seconds if seconds >= 0 else None
    return None
