"""Outcomes of which at most one comes: each with a probability, picked by one draw."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

_ROUNDING = 1e-9  # shares of a whole rarely add up to exactly 1


class Likely(Protocol):
    """Something that comes with a probability."""

    @property
    def probability(self) -> float:
        """Above 0, at most 1."""


T = TypeVar("T", bound=Likely)


def picked(outcomes: Sequence[T], number: Callable[[], float]) -> T | None:
    """Return the outcome that comes, None if none does.

    Args:
        outcomes: their probabilities add up to 1 at most.
        number: a draw between 0 and 1, asked for only if it decides anything.
    """
    if not outcomes:
        return None
    if outcomes[0].probability >= 1:
        return outcomes[0]
    left = number()
    for outcome in outcomes:
        left -= outcome.probability
        if left < 0:
            return outcome
    whole = sum(each.probability for each in outcomes) > 1 - _ROUNDING
    return outcomes[-1] if whole else None


def probabilities(given: Sequence[tuple[float | None, float | None]]) -> tuple[float, ...]:
    """Return the probabilities of outcomes that have a probability or a weight each.

    Args:
        given: the one and the other, as they were written; alone and with neither: certain.

    Raises:
        ValueError: some have weights and some have not, one of several has neither, or the
            probabilities add up to more than 1.
    """
    weights = [weight for _, weight in given if weight is not None]
    if len(weights) == len(given) and not any(part is not None for part, _ in given):
        whole = sum(weights)
        return tuple(weight / whole for weight in weights)
    if weights:
        raise ValueError("expected a weight for each outcome of a state, or for none; got both")
    parts = [part for part, _ in given if part is not None]
    if len(given) == 1:
        return (parts[0] if parts else 1.0,)
    if len(parts) < len(given):
        raise ValueError(
            "expected a probability or a weight for each of several outcomes, got one without"
        )
    if sum(parts) > 1 + _ROUNDING:
        raise ValueError(f"expected probabilities of at most 1 together, got {sum(parts):g}")
    return tuple(parts)
