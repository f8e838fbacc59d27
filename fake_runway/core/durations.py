"""Spans of time as scenarios write them: `1.5s`, `200ms`, `uniform(1s, 3s)`, `lognormal(5s, 0.3)`.

A duration is a value that turns a draw (a number in (0, 1)) into seconds by its inverse
distribution function, so the same draw always gives the same span.
"""

import math
import re

from fake_runway.core.values import dataclass

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_S = 10 * 366 * 86_400.0
"""Ten years: far beyond any use, and within the years that the wire can write."""

LARGEST_SIGMA = 10.0
_EXACT_TO_A_QUARTER = 2.0**51
_SHOWN = 60  # characters of a wrong text

SPAN_PATTERN = r"[0-9]+(\.[0-9]+)?(ms|s|m|h)"
DURATION_PATTERN = (
    rf"^\s*(never|{SPAN_PATTERN}|uniform\(\s*{SPAN_PATTERN}\s*,\s*{SPAN_PATTERN}\s*\)"
    rf"|lognormal\(\s*{SPAN_PATTERN}\s*,\s*[0-9]+(\.[0-9]+)?\s*\))\s*$"
)
"""The notation of spans and durations, for schemas; the parsers below also check sizes."""

_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_CALL = re.compile(r"(uniform|lognormal)\(([^,()]+),([^,()]+)\)")
EXPECTED = "a duration such as 1.5s, 200ms, 5m, never, uniform(1s, 3s) or lognormal(5s, 0.3)"


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always `seconds`; `inf` means never."""

    seconds: float

    def sample(self, number: float) -> float:
        """Return the span in seconds."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Evenly spread between `low` and `high` seconds."""

    low: float
    high: float

    def sample(self, number: float) -> float:
        """Return the span in seconds for a draw in (0, 1)."""
        return self.low + (self.high - self.low) * number


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Log-normal with this median (seconds) and this standard deviation of the logarithm."""

    median: float
    sigma: float

    def sample(self, number: float) -> float:
        """Return the span in seconds for a draw in (0, 1)."""
        from statistics import NormalDist  # slow to import, and few runs need it

        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(number))


Duration = Fixed | Uniform | Lognormal
NEVER = Fixed(math.inf)
NO_TIME = Fixed(0.0)


def parse_span(text: str) -> float:
    """Return the seconds of a plain span: a number with the unit ms, s, m or h.

    Raises:
        ValueError: `text` is anything else.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a span such as 1.5s, 200ms or 5m, got {text[:_SHOWN]!r}")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > LONGEST_S:
        raise ValueError(f"expected a span of at most ten years, got {text[:_SHOWN]!r}")
    return seconds


def parse_duration(text: str) -> Duration:
    """Return the duration that `text` writes.

    Raises:
        ValueError: `text` is no duration; the message shows every accepted form.
    """
    stripped = text.strip()
    if stripped == "never":
        return NEVER
    call = _CALL.fullmatch(stripped)
    try:
        if call is None:
            return Fixed(parse_span(stripped))
        first = parse_span(call[2])
        if call[1] == "lognormal":
            return Lognormal(first, _sigma(call[3]))
        return _ordered(first, parse_span(call[3]))
    except ValueError as error:
        raise ValueError(f"expected {EXPECTED}, got {text[:_SHOWN]!r} ({error})") from error


def _ordered(low: float, high: float) -> Uniform:
    if low > high:
        raise ValueError(f"uniform wants the smaller span first: {low}s > {high}s")
    return Uniform(low, high)


def _sigma(text: str) -> float:
    number = text.strip()  # `strip` removes more kinds of space than `float` accepts
    if not _NUMBER.fullmatch(number) or float(number) > LARGEST_SIGMA:
        raise ValueError(
            f"expected a number up to {LARGEST_SIGMA:g}, such as 0.3, got {text[:_SHOWN]!r}"
        )
    return float(number)


def later(at: float, span_s: float) -> float:
    """Return the instant `span_s` seconds after `at`, in whole microseconds.

    A float resolves today's POSIX seconds to a quarter of a microsecond, so that sums depend on the
    order of their parts: fifteen jumps of 100 ms would end just before a due time of 1.5 s. Whole
    microseconds make both sums equal. A span of 0 gives exactly `at`, the same object, which then
    takes memory once.
    """
    if span_s == 0:
        return at
    if math.isinf(span_s):
        return at + span_s
    return max(at, _whole_microseconds(at + span_s))


def _whole_microseconds(instant: float) -> float:
    """Return `round(instant, 6)`, in a fifth of the time.

    `round` goes through the digits of the number, because the product below has an error: at most
    an eighth of a microsecond until the year 2041, where a float of microseconds resolves a
    quarter. So only what lies near a half, where that could matter, is left to `round`.
    """
    microseconds = instant * 1e6
    if 0.0 <= microseconds < _EXACT_TO_A_QUARTER:
        whole = int(microseconds)
        rest = microseconds - whole
        if rest <= 0.25:
            return whole / 1e6
        if rest >= 0.75:
            return (whole + 1) / 1e6
    return round(instant, 6)


def written(duration: Duration) -> str:
    """Return the text from which `parse_duration` makes `duration`."""
    match duration:
        case Uniform(low, high):
            return f"uniform({written_span(low)}, {written_span(high)})"
        case Lognormal(median, sigma):
            return f"lognormal({written_span(median)}, {_plain(sigma)})"
        case Fixed(seconds):
            return "never" if math.isinf(seconds) else written_span(seconds)


def written_span(seconds: float) -> str:
    """Return the text from which `parse_span` makes exactly `seconds`."""
    return f"{_plain(seconds)}s"


def _plain(number: float) -> str:
    text = repr(number)
    if not _NUMBER.fullmatch(text):
        from decimal import Decimal  # the text has an exponent, as a span's may not; rare

        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
