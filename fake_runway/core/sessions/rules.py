"""Decisions about sessions and accounts, as pure functions.

They map values to a `Change`, or reject. None of them changes anything: `Account.apply` alone does,
after all checks have passed.
"""

from collections.abc import Sequence
from hmac import compare_digest
from typing import NamedTuple

from fake_runway.core.billing import BLOCK_CREDITS, CREATE_CREDITS, DAY_S, Unpaid
from fake_runway.core.draws import Draws
from fake_runway.core.errors import (
    AlreadyConsumed,
    InsufficientCredits,
    KeyExpired,
    KeyRefused,
    NotReady,
    QuotaReached,
    SessionOver,
)
from fake_runway.core.lifecycles.session import TERMINAL, Event, Failure, State
from fake_runway.core.sessions.session import Session, happening_of, step

UNPAID_FAILURE = Failure("INSUFFICIENT_CREDITS", "The account ran out of credits.")


class Change(NamedTuple):
    """One step of one session: what it was, what it becomes, when, and what it costs.

    Attributes:
        at: POSIX seconds of the world's clock.
        event: what happened; None for a new session.
        before: None for a new session.
        charge: credits.
    """

    at: float
    event: Event | None
    before: Session | None
    after: Session
    charge: int = 0


def transition(
    session: Session, event: Event, at: float, *, draws: Draws, failure: Failure | None = None
) -> Change:
    """Return the change that `event` makes.

    Raises:
        IllegalTransition: the table has no such row.
    """
    after = step(session, event, at, draws=draws, failure=failure)
    return Change(at, event, session, after, BLOCK_CREDITS if event is Event.BILLED else 0)


def due_transition(session: Session, *, draws: Draws, left: int | None, unpaid: Unpaid) -> Change:
    """Return what happens to `session` at its `due_at`, with `left` credits in the account."""
    at, event = session.due_at, session.due_event
    if at is None or event is None:
        raise ValueError("nothing is due")
    unpaid_block = event is Event.BILLED and left is not None and left < BLOCK_CREDITS
    if unpaid_block and unpaid is not Unpaid.OVERDRAW:
        ending = Event.UNPAID if unpaid is Unpaid.COMPLETE else Event.FAILED
        return transition(session, ending, at, draws=draws, failure=UNPAID_FAILURE)
    happening = happening_of(session, draws) if session.stage.plan.happenings else None
    failure = happening.failure if happening is not None else None
    return transition(session, event, at, draws=draws, failure=failure)


def check_create(
    at: float, *, left: int | None, created: Sequence[float], daily: int | None
) -> None:
    """Reject a create that credits or quota do not allow.

    Args:
        left: credits, None for unlimited.
        created: instants of the creates in the last 24 hours, oldest first.
        daily: how many of those there may be, None for unlimited.

    Raises:
        InsufficientCredits.
        QuotaReached: with the seconds until the next create is possible.
    """
    if left is not None and left < CREATE_CREDITS:
        raise InsufficientCredits("You do not have enough credits to run this task.")  # observed
    if daily is None or len(created) < daily:
        return
    frees_at = (created[len(created) - daily] if daily else at) + DAY_S
    message = "Your daily task limit has been reached."  # observed
    raise QuotaReached(message, retry_after_s=frees_at - at)


def check_consume(session: Session, *, expected_key: str, given_key: str) -> Event:
    """Return the event that a consume with `given_key` causes.

    Raises:
        KeyRefused: the key is wrong.
        KeyExpired: the session was not consumed in time.
        NotReady, AlreadyConsumed, SessionOver: the key is right, the state is wrong.
    """
    given = given_key.encode(errors="surrogatepass")  # headers may contain bytes that are not UTF-8
    if not compare_digest(expected_key.encode(), given):
        raise KeyRefused("The session key is not valid for this session.")
    if session.event is Event.EXPIRED:
        raise KeyExpired("The session key has expired.")
    if session.state is State.READY:
        return Event.CONSUMED if session.plan.join is None else Event.CLAIMED
    check_not_over(session)
    if session.state in (State.CLAIMED, State.RUNNING):
        raise AlreadyConsumed("The session has already been consumed.")
    raise NotReady("The session is not ready.")


def check_backend(session: Session) -> None:
    """Reject a backend participant of a session that has no room, not yet or no longer.

    Raises:
        NotReady, SessionOver.
    """
    check_not_over(session)
    if session.state in (State.QUEUED, State.PROVISIONING):
        raise NotReady("The session is not ready.")


def check_not_over(session: Session) -> None:
    """Reject a call that needs a session which has not ended.

    Raises:
        SessionOver.
    """
    if session.state in TERMINAL:
        raise SessionOver(f"The session is {session.state.value}.")
