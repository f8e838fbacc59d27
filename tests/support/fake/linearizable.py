"""Whether what concurrent clients saw can have happened one call after the other.

A history is linearizable if each call can be given an instant between its beginning and its end, so
that all calls in the order of these instants are what one client alone could have seen. Found by
trying: from the calls that may be next, each whose answer fits the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Seen(NamedTuple):
    """One call about one session, and its answer.

    Attributes:
        begun, ended: numbers that grow with time; infinite if no answer came.
        what: `consume`, `delete` or `get`.
        answer: the status of the answer, for a `get` the status of the session; None: none came.
    """

    begun: float
    ended: float
    what: str
    answer: int | str | None


READY, RUNNING, CANCELLED = "READY", "RUNNING", "CANCELLED"


def after(state: str, what: str) -> tuple[str, int | str]:
    """Return the state of a session after a call, and the answer."""
    match what:
        case "consume":
            return (RUNNING, 200) if state == READY else (state, 400)
        case "delete":
            return CANCELLED, 204
        case _:
            return state, state


def linearizable(calls: Sequence[Seen], state: str = READY) -> bool:
    """Return whether the calls about one session can have happened one after the other."""
    tried: set[tuple[frozenset[int], str]] = set()

    def possible(left: frozenset[int], state: str) -> bool:
        if all(calls[each].answer is None for each in left):
            return True  # without an answer, it may not have happened
        if (left, state) in tried:
            return False
        tried.add((left, state))
        first_end = min(calls[each].ended for each in left)
        for each in left:
            if calls[each].begun > first_end:
                continue
            follows, answer = after(state, calls[each].what)
            if calls[each].answer in (None, answer) and possible(left - {each}, follows):
                return True
        return False

    return possible(frozenset(range(len(calls))), state)
