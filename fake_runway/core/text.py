"""Values of others in sentences for people: short, on one line, and safe for a terminal."""

import json
import math
from collections.abc import Mapping

LONGEST = 60


def shown(value: object) -> str:
    """Write a value for a sentence: short, on one line."""
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return short(printable(json.dumps(value, ensure_ascii=False)))


def printable(text: str) -> str:
    """Return `text` fit for a terminal: on one line, what moves a cursor escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(text: str) -> str:
    """Return the beginning of a `text` that is too long for a sentence."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
