"""Foreign values inside messages: short, on one line, and safe for a terminal."""

import json
import math
from collections.abc import Mapping

LONGEST = 60


def quoted(value: object) -> str:
    """Return a value as part of a message: short, on one line."""
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        value = value[:LONGEST]  # first: a long text is slow to print
    return short(printable(json.dumps(value, ensure_ascii=False)))


def printable(text: str) -> str:
    """Return `text` safe for a terminal: on one line, control characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(text: str, most: int = LONGEST) -> str:
    """Return `text`, cut if it is too long for a message."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
