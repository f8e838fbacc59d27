"""Spans of time in options of the judge."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.durations import seconds
from fake_runway.core.durations import parse_span


@pytest.mark.parametrize(("text", "found"), [("3", 3), ("3s", 3), ("500ms", 0.5), ("0.5", 0.5)])
def test_seconds_have_no_unit_or_one(text: str, found: float) -> None:
    """A number alone is in seconds, as it always was."""
    assert seconds(text, 0, 120) == found


@given(
    st.integers(0, 99), st.sampled_from(["", ".5", ".25"]), st.sampled_from(["ms", "s", "m", "h"])
)
def test_spans_are_those_of_scenarios(whole: int, part: str, unit: str) -> None:
    """The judge reads a span with a unit as the fake does."""
    text = f"{whole}{part}{unit}"

    assert seconds(text, 0, 1e9) == parse_span(text)


@pytest.mark.parametrize("text", ["", "s", "3 s", "3sec", "-1", "1e3", "nan", "inf", "\u0663s"])
def test_anything_else_is_rejected(text: str) -> None:
    """The error has what was expected and what came."""
    with pytest.raises(ValueError, match=r"expected .* 3s or 500ms, got") as error:
        seconds(text, 0, 120)

    assert repr(text) in str(error.value)


@pytest.mark.parametrize("text", ["2m", "100ms"])
def test_a_span_outside_of_the_bounds_is_rejected(text: str) -> None:
    """The bounds are in the error."""
    with pytest.raises(ValueError, match=re.escape("from 0.5s to 60s")):
        seconds(text, 0.5, 60)
