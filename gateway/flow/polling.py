"""What to do next: pure decisions of the connect flow. No I/O, no clock.

Two questions are answered here. After a look at the session: hand out, wait, or give up
(`read_status`), and how long to wait (`poll_waits`). After a failed request: try again after so
many seconds, or which row of the contract the caller gets (`after_failure`).

The create call is repeated only when the server certainly did not act: nobody listened, 429 or 503.
After 500, 502, 504, a reset, a timeout or an unreadable answer a session may exist, and repeating
would make a second one that nobody knows and somebody pays. Looking at a session changes nothing,
so a look is repeated after anything that may pass. Consume is sent once: its key works once.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
MOST_LOOKS_PER_S = 800.0
"""All looks of one process together; a core does some 2,000 with nothing else to do."""
LONGEST_CROWDED_WAIT_S = 5.0
LAST_LOOK_S = 0.05  # before the deadline, so that a session READY by then is still handed out
DEFAULT_RETRY_AFTER_S = 5.0
LONGEST_RETRY_AFTER_S = 3600.0


class Hop(Enum):
    """One of the four upstream requests."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    CONSUME = "consume"
    CANCEL = "cancel"


class Fault(Enum):
    """Why a request brought no usable answer."""

    REFUSED = "refused"  # nobody listens: the request was never sent
    BROKEN = "broken"  # connection lost on the way
    TIMEOUT = "timeout"
    UNREADABLE = "unreadable"  # the body is no JSON, or cut short
    SCHEMA = "schema"  # JSON, but not what the contract says
    STATUS = "status"  # an HTTP status that is no success


class UpstreamFailure(Exception):
    """One upstream request that failed.

    Attributes:
        status: for Fault.STATUS.
        retry_after_s: what the server asked for, if it did.
        no_credits: the answer says that credits are missing.
    """

    def __init__(
        self,
        hop: Hop,
        fault: Fault,
        *,
        status: int = 0,
        retry_after_s: float | None = None,
        no_credits: bool = False,
    ) -> None:
        shown = f"HTTP {status}" if fault is Fault.STATUS else fault.value
        super().__init__(f"{hop.value}: {shown}")
        self.hop = hop
        self.fault = fault
        self.status = status
        self.retry_after_s = retry_after_s
        self.no_credits = no_credits

    @property
    def reply_lost(self) -> bool:
        """Whether the server may have acted, and nobody can tell by its reply."""
        return self.fault not in (Fault.REFUSED, Fault.STATUS)


@dataclass(frozen=True, slots=True)
class Retries:
    """How failed requests are repeated.

    Attributes:
        create, retrieve, consume, cancel: repeats after the first failure in a row.
        backoff_s: wait before the first repeat; doubles each time. Up to half is added at random.
    """

    create: int = 2
    retrieve: int = 5
    consume: int = 2
    cancel: int = 4
    backoff_s: float = 0.2

    def allowed(self, hop: Hop) -> int:
        """Return how often a request of this kind may be repeated at all."""
        match hop:
            case Hop.RETRIEVE:
                return self.retrieve
            case Hop.CONSUME:
                return self.consume
            case Hop.CANCEL:
                return self.cancel
            case Hop.CREATE:
                return self.create


def poll_waits(longest_s: float) -> Iterator[float]:
    """Yield the pauses between looks, in seconds: growing, never above `longest_s`."""
    wait = min(FIRST_WAIT_S, longest_s)
    while True:
        yield wait
        wait = min(wait * GROWTH, longest_s)


def slowed_by_load(wait_s: float, *, looking: int) -> float:
    """Return the pause before the next look when so many connects look at their sessions.

    With thousands under way a process could not keep the usual pace: it would answer everybody
    late, accept nobody new, and have its requests refused upstream. So it looks less often.
    """
    return max(wait_s, min(looking / MOST_LOOKS_PER_S, LONGEST_CROWDED_WAIT_S))


def aligned_to_deadline(wait_s: float, *, time_left_s: float) -> float:
    """Return the pause before the next look, bent so that one look falls just before the deadline.

    No pause gets shorter than the first one: two looks in quick succession help nobody.
    """
    last_look_in = round(time_left_s - LAST_LOOK_S, 6)  # else rounding makes 0.1 less than 0.1
    if last_look_in <= wait_s:
        return last_look_in if last_look_in >= FIRST_WAIT_S else wait_s
    if last_look_in - wait_s >= FIRST_WAIT_S:
        return wait_s
    half = last_look_in / 2
    return half if half >= FIRST_WAIT_S else last_look_in


def read_status(status: str, session_key: str | None) -> str | None:
    """Return the session key if the session can be handed out, None if it is not ready yet.

    Raises:
        SessionFailed: it has ended, or somebody else runs it.
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
            raise UpstreamFailure(Hop.RETRIEVE, Fault.SCHEMA)


def after_failure(
    failure: UpstreamFailure,
    *,
    repeats: int,
    time_left_s: float,
    retries: Retries,
    jitter: random.Random,
    custom_avatar: bool = False,
) -> float:
    """Return how many seconds to wait before trying again.

    Args:
        repeats: how often this request has been repeated already.
        time_left_s: until the deadline; a repeat that does not fit is not waited for.
        custom_avatar: the session was to be made for a custom avatar.

    Raises:
        GatewayError: give up, and this is the answer.
    """
    if failure.hop is Hop.RETRIEVE and failure.fault is Fault.TIMEOUT:
        return FIRST_WAIT_S  # a look that hung is no more than a slow NOT_READY
    if not _may_repeat(failure) or repeats >= retries.allowed(failure.hop):
        raise _verdict(failure, custom_avatar=custom_avatar)
    wait = max(math.ldexp(retries.backoff_s, repeats), failure.retry_after_s or 0.0)
    wait += jitter.uniform(0.0, min(wait, 1.0) / 2)
    if wait >= time_left_s:
        raise _verdict(failure, custom_avatar=custom_avatar)
    return wait


def _may_repeat(failure: UpstreamFailure) -> bool:
    if failure.fault is Fault.REFUSED:
        return True
    match failure.hop:
        case Hop.CREATE:
            return failure.fault is Fault.STATUS and failure.status in (429, 503)
        case Hop.CONSUME:
            return False
        case _:
            return failure.fault is not Fault.SCHEMA and (
                failure.fault is not Fault.STATUS
                or failure.status in (408, 429)
                or failure.status >= 500
            )


def _verdict(failure: UpstreamFailure, *, custom_avatar: bool) -> GatewayError:
    """Return the row of the contract for a failure that is final."""
    if failure.fault is Fault.TIMEOUT:
        return TimedOut()
    if failure.fault is not Fault.STATUS or failure.hop is Hop.CONSUME:
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


def parse_retry_after(
    milliseconds: str | None, seconds: str | None, date_difference: Callable[[str], float | None]
) -> float | None:
    """Return what the headers `retry-after-ms` and `Retry-After` ask for, in seconds.

    Args:
        date_difference: seconds from the answer's own date to the HTTP date it is given, None if
            either is no date.

    Negative, infinite and unreadable values count as absent.
    """
    for text, unit in ((milliseconds, 0.001), (seconds, 1.0)):
        value = _number(text)
        if value is not None:
            return value * unit
    if seconds is None:
        return None
    difference = date_difference(seconds)
    return difference if difference is not None and difference >= 0 else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
