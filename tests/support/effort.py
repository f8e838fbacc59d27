"""The number of examples of a test: its own, and more in an exhaustive run."""

from hypothesis import settings

USUAL = 100  # Hypothesis's own, in the profile that tests usually run in


def examples(usual: int) -> int:
    """Return `usual` in the proportion in which the chosen profile has more than usual."""
    return usual * settings().max_examples // USUAL
