"""Spans of time as people write them: `3`, `3s`, `500ms`.

The units are those of the fake's scenarios; a number without one is in seconds.
"""

import re

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|)")

DEADLINES_S = (0.5, 120.0)
"""The shortest and the longest deadline of a target for which the judge has situations."""


def seconds(text: str, low_s: float, high_s: float) -> float:
    """Return the seconds of a span: a number with the unit ms, s, m or h, or with none.

    Raises:
        ValueError: `text` is anything else, or outside of these bounds.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected seconds or a duration such as 3s or 500ms, got {text!r}")
    found = float(match[1]) * _UNITS[match[2]]
    if not low_s <= found <= high_s:
        raise ValueError(f"expected a duration from {low_s:g}s to {high_s:g}s, got {text!r}")
    return found
