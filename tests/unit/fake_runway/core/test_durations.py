"""Durations: how they are written, and how long they take for a draw."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.durations import (
    NEVER,
    NO_TIME,
    Duration,
    Fixed,
    Lognormal,
    Uniform,
    parse_duration,
    parse_span,
)
from tests.unit.fake_runway.core.playing import LAW

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

unit_names = st.sampled_from(sorted(UNITS))
amounts = st.decimals(0, 10_000, places=3).map(lambda one: f"{one:f}") | st.integers(0, 10_000).map(
    str
)
spans = st.tuples(amounts, unit_names)
spaces = st.text(" \t", max_size=2)
draws = st.floats(0, 1, exclude_min=True, exclude_max=True)
seconds = st.floats(0, 1e6)
all_durations: st.SearchStrategy[Duration] = st.one_of(
    st.builds(Fixed, seconds),
    st.lists(seconds, min_size=2, max_size=2).map(lambda two: Uniform(min(two), max(two))),
    st.builds(Lognormal, st.floats(0.001, 1e3), st.floats(0, 3)),
)


def in_seconds(span: tuple[str, str]) -> float:
    """Return what a span means."""
    return float(span[0]) * UNITS[span[1]]


@LAW
@given(spans, spaces, spaces)
def test_a_span_is_a_number_and_a_unit(span: tuple[str, str], before: str, after: str) -> None:
    """Milliseconds, seconds, minutes and hours are understood, spaces around do not count."""
    text = before + "".join(span) + after

    assert parse_span(text) == in_seconds(span)
    assert parse_duration(text) == Fixed(in_seconds(span))


@LAW
@given(spans, spans, spaces)
def test_a_uniform_duration_has_two_bounds(
    one: tuple[str, str], other: tuple[str, str], space: str
) -> None:
    """The smaller bound comes first, and each has its unit."""
    low, high = sorted((one, other), key=in_seconds)

    parsed = parse_duration(f"uniform({''.join(low)},{space}{''.join(high)})")

    assert parsed == Uniform(in_seconds(low), in_seconds(high))


@LAW
@given(spans, st.decimals(0, 5, places=2))
def test_a_lognormal_duration_has_a_median_and_a_plain_number(
    median: tuple[str, str], sigma: object
) -> None:
    """The second argument is a number without a unit."""
    parsed = parse_duration(f"lognormal({''.join(median)}, {sigma})")

    assert parsed == Lognormal(in_seconds(median), float(str(sigma)))


def test_never_is_infinitely_long() -> None:
    """`never` is a duration that does not end."""
    assert parse_duration(" never ") == NEVER
    assert NEVER.sample(0.5) == math.inf
    assert NO_TIME.sample(0.5) == 0


BAD = [
    "",
    "5",
    "s",
    "-1s",
    "+1s",
    ".5s",
    "1.s",
    "1e3s",
    "1 s",
    "1sec",
    "1S",
    "1m30s",
    "1.5.5s",
    "inf",
    "nan",
    "never ever",
    "uniform",
    "uniform()",
    "uniform(1s)",
    "uniform(1s, 2s, 3s)",
    "uniform(1, 2)",
    "uniform(3s, 1s)",
    "uniform(never, 1s)",
    "uniform(1s, 2s) ms",
    "Uniform(1s, 2s)",
    "lognormal(5s, 3s)",
    "lognormal(5, 0.3)",
    "lognormal(5s, -0.3)",
    "lognormal(5s, )",
    "normal(1s, 1)",
]


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_refused_with_what_is_expected(text: str) -> None:
    """The message shows every accepted form and what came."""
    with pytest.raises(ValueError, match="expected a duration such as") as refused:
        parse_duration(text)

    message = str(refused.value)
    assert all(form in message for form in ("1.5s", "200ms", "5m", "never", "uniform", "lognormal"))
    assert repr(text) in message


@pytest.mark.parametrize("text", ["never", "uniform(1s, 2s)", *BAD[:14]])
def test_a_span_is_nothing_but_a_span(text: str) -> None:
    """Where a plain span is wanted, distributions and `never` are refused, too."""
    with pytest.raises(ValueError, match=r"expected a span such as 1\.5s, 200ms or 5m"):
        parse_span(text)


def test_bounds_in_the_wrong_order_are_explained() -> None:
    """The message says that the smaller span comes first."""
    with pytest.raises(ValueError, match="smaller span first"):
        parse_duration("uniform(3s, 1s)")


@LAW
@given(st.text(alphabet="0123456789.,() smhuniforlgeva", max_size=20))
def test_any_text_is_parsed_or_refused_with_a_value_error(text: str) -> None:
    """Nothing else is ever raised, and what is accepted takes some time from 0 on."""
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration.sample(0.5) >= 0


# Samples


@LAW
@given(all_durations, draws, draws)
def test_a_larger_draw_never_gives_a_shorter_span(
    duration: Duration, one: float, other: float
) -> None:
    """Every duration is monotone in the draw, and never negative."""
    low, high = sorted((one, other))

    assert 0 <= duration.sample(low) <= duration.sample(high)


@LAW
@given(all_durations, draws)
def test_the_same_draw_gives_the_same_span(duration: Duration, number: float) -> None:
    """A duration keeps nothing between samples."""
    assert duration.sample(number) == duration.sample(number)


@LAW
@given(seconds, draws)
def test_a_fixed_span_does_not_look_at_the_draw(length: float, number: float) -> None:
    """It is always the same."""
    assert Fixed(length).sample(number) == length


@LAW
@given(st.lists(seconds, min_size=2, max_size=2).map(sorted), draws)
def test_a_uniform_span_lies_within_its_bounds(bounds: list[float], number: float) -> None:
    """Whatever the draw, also by rounding."""
    low, high = bounds

    assert low <= Uniform(low, high).sample(number) <= high


def test_a_uniform_span_is_spread_evenly() -> None:
    """A quarter of the way through the draws is a quarter of the way between the bounds."""
    assert [Uniform(1.0, 3.0).sample(number) for number in (0.25, 0.5, 0.75)] == [1.5, 2.0, 2.5]


@LAW
@given(st.floats(0.001, 1e6), st.floats(0, 3))
def test_half_of_the_lognormal_spans_are_below_the_median(median: float, sigma: float) -> None:
    """The draw 0.5 gives the median."""
    assert math.isclose(Lognormal(median, sigma).sample(0.5), median)


@LAW
@given(st.floats(0.001, 1e3), st.floats(0.01, 2), st.floats(-4, 4))
def test_lognormal_spans_are_normal_in_their_logarithm(
    median: float, sigma: float, deviations: float
) -> None:
    """z standard deviations off in the draw are a factor exp(z sigma) off in the span."""
    sample = Lognormal(median, sigma).sample(NormalDist().cdf(deviations))

    assert math.isclose(sample, median * math.exp(sigma * deviations), rel_tol=1e-6)
