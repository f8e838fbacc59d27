"""The number of examples of a test: in the proportion of its profile's to Hypothesis's own."""

from hypothesis import settings

USUAL = 100  # Hypothesis's own


def examples(usual: int) -> int:
    """Return `usual` in the proportion in which the chosen profile has more or fewer than usual."""
    return max(1, usual * settings().max_examples // USUAL)
