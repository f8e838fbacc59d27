"""How many examples a test takes: its own number, and more where everything is swept through."""

from hypothesis import settings

USUAL = 100  # Hypothesis's own, in the profile that tests usually run in


def examples(usual: int) -> int:
    """Return `usual` in the proportion in which the chosen profile has more than usual."""
    return usual * settings().max_examples // USUAL
