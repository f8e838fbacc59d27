"""Durations: how they are written, and how long they take for a draw."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from statistics import NormalDist

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_runway.core.durations import (
    DURATION_PATTERN,
    LARGEST_SIGMA,
    LONGEST_S,
    NEVER,
    NO_TIME,
    SPAN_PATTERN,
    Duration,
    Fixed,
    Lognormal,
    Uniform,
    later,
    parse_duration,
    parse_span,
    written,
    written_span,
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
    """The message shows every accepted form and the text that was passed."""
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


@pytest.mark.parametrize("start", ["", "9h9", "uniform(1s, ", "lognormal(1s, "])
def test_of_a_long_text_the_message_shows_the_beginning(start: str) -> None:
    """Sixty characters of what was wrong, and of the part of it that was."""
    text = start + "9" * 100 + ")" * ("(" in start)
    with pytest.raises(ValueError, match=r"^expected") as refused:
        parse_duration(text)

    shown = re.findall(r"got '(.*?)'", str(refused.value))
    assert [len(each) for each in shown] == [60, 60]
    assert shown[0] == text[:60]
    assert shown[1] in text


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
def test_a_fixed_span_ignores_the_draw(length: float, number: float) -> None:
    """It is always the same."""
    assert Fixed(length).sample(number) == length


@LAW
@given(st.lists(seconds, min_size=2, max_size=2).map(sorted), draws)
def test_a_uniform_span_lies_within_its_bounds(bounds: list[float], number: float) -> None:
    """The span lies within the bounds for any draw, rounding included."""
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


# Back to text

spans_s = st.floats(0, LONGEST_S)
writable: st.SearchStrategy[Duration] = st.one_of(
    st.just(NEVER),
    st.builds(Fixed, spans_s),
    st.lists(spans_s, min_size=2, max_size=2).map(lambda two: Uniform(min(two), max(two))),
    st.builds(Lognormal, spans_s, st.floats(0, LARGEST_SIGMA)),
)


@LAW
@given(spans_s)
@example(LONGEST_S)
@example(5e-324)
@example(1e-7)
def test_a_written_span_is_read_to_the_last_bit(seconds: float) -> None:
    """No span is rounded, and none is written with an exponent."""
    assert parse_span(written_span(seconds)) == seconds


@LAW
@given(writable)
def test_a_written_duration_is_read_as_itself(duration: Duration) -> None:
    """Every duration within the limits can be written down, `never` included."""
    assert parse_duration(written(duration)) == duration


def test_durations_are_written_as_people_write_them() -> None:
    """Whole seconds have no fraction."""
    assert written(NO_TIME) == "0s"
    assert written(Fixed(90.0)) == "90s"
    assert written(Uniform(1.0, 2.5)) == "uniform(1s, 2.5s)"
    assert written(Lognormal(5.0, 0.3)) == "lognormal(5s, 0.3)"
    assert written(NEVER) == "never"


def test_a_span_of_ten_years_is_allowed() -> None:
    """Ten leap years: it is the longest that is."""
    assert parse_span("87840h") == LONGEST_S


@pytest.mark.parametrize("text", ["87841h", "999999999999999999999h", f"{'9' * 400}s"])
def test_a_span_of_more_than_ten_years_is_refused(text: str) -> None:
    """No test waits that long, and the wire could not write the year."""
    with pytest.raises(ValueError, match="at most ten years"):
        parse_span(text)


@LAW
@example("lognormal(5s, 0.3\x1f)")
@given(st.from_regex(DURATION_PATTERN) | st.text("0123456789.,() smhuniforlgeva", max_size=20))
def test_the_pattern_for_schemas_is_the_spelling(text: str) -> None:
    """What is parsed matches it; what matches is parsed, or is refused for its size alone."""
    sizes = ("at most ten years", "smaller span first", "a number up to 10")
    refusal = refusal_of(parse_duration, text)

    if re.search(DURATION_PATTERN, text):
        assert refusal is None or any(size in refusal for size in sizes)
    else:
        assert refusal is not None


@LAW
@given(st.from_regex(f"^{SPAN_PATTERN}$") | st.text("0123456789. smh", max_size=12))
def test_the_pattern_for_schemas_is_the_spelling_of_spans(text: str) -> None:
    """What matches is parsed or too long; what is parsed matches but for the spaces around."""
    refusal = refusal_of(parse_span, text)

    if re.fullmatch(SPAN_PATTERN, text.strip()):
        assert refusal is None or "at most ten years" in refusal
    else:
        assert refusal is not None


def refusal_of(parse: Callable[[str], object], text: str) -> str | None:
    """Return why `parse` refuses `text`, None if it does not."""
    try:
        parse(text)
    except ValueError as refused:
        return str(refused)
    return None


@given(
    start=st.integers(0, 4_000_000_000_000_000).map(lambda micros: micros / 1e6),
    parts=st.lists(st.integers(1, 5_000_000).map(lambda micros: micros / 1e6), min_size=1),
)
def test_spans_add_up_however_they_are_cut(start: float, parts: list[float]) -> None:
    """Many small steps end at the same number as one that is as long as all of them."""
    stepped = start
    for part in parts:
        stepped = later(stepped, part)
    assert stepped == later(start, sum(round(part * 1e6) for part in parts) / 1e6)


@given(at=st.floats(0, 4e9), span=st.floats(0, 1e9))
def test_an_instant_later_is_never_earlier(at: float, span: float) -> None:
    """Rounding may not take an instant back; no span at all is the same instant."""
    assert later(at, span) >= at
    assert later(at, 0.0) == at


in_microseconds = st.builds(
    lambda whole, quarters, nudge: (whole + quarters / 4) / 1e6 + nudge * 2.0**-24,
    st.integers(0, 2**52),
    st.integers(0, 3),
    st.integers(-4, 4),
)
"""Instants until 2112, most of them near a half of a microsecond, where rounding is delicate."""


@LAW
@given(st.floats(-4e9, 4e9) | in_microseconds)
@example(0.0000005)
@example(2.0**51 / 1e6 + 0.0000005)
@example(-0.0000008)
@example(10_614_231_452.208353)  # of the year 2306: the float nearest to its whole microseconds
def test_an_instant_is_rounded_as_its_decimal_digits_are(instant: float) -> None:
    """The quick way gives what `round` gives, which goes through the digits, to the last bit.

    That holds for every instant, also before 1970 and where floats no longer resolve microseconds.
    """
    span_s = abs(instant)

    assert later(instant - span_s, span_s) == round(instant, 6)


@pytest.mark.parametrize("at", [1_770_000_000, 1_770_000_000.25])
def test_no_span_at_all_makes_no_new_number(at: float) -> None:
    """A session that becomes READY at once keeps one instant, and not an equal one for each use."""
    assert later(at, 0.0) is at


def test_the_largest_sigma_is_allowed() -> None:
    """It is the last one that is."""
    assert parse_duration("lognormal(1s, 10)") == Lognormal(1.0, 10.0)
    with pytest.raises(ValueError, match="expected a number up to 10"):
        parse_duration("lognormal(1s, 10.001)")


@LAW
@given(st.floats(1e9, 4e9), st.floats(0, LONGEST_S))
def test_an_instant_later_is_in_whole_microseconds(at: float, span_s: float) -> None:
    """It is not earlier, and off by less than one; an endless span leads to no instant."""
    instant = later(at, span_s)

    assert instant >= at
    assert abs(instant - (at + span_s)) <= 1e-6
    assert instant == at or instant == round(instant, 6)
    assert later(at, 0) == at
    assert later(at, math.inf) == math.inf
