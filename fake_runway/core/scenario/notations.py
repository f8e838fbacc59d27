"""How the values of settings are written, in scenarios and as options."""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from fake_runway.core.durations import (
    DURATION_PATTERN,
    SPAN_PATTERN,
    Fixed,
    parse_duration,
    parse_span,
    written,
    written_span,
)
from fake_runway.core.types import LARGEST_INTEGER
from fake_runway.core.values import dataclass

DEFAULT_JOIN = Fixed(1.0)
_LONGEST_NUMBER = 24  # characters, with those of a number that JSON wrote as 1e3
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Notation:
    """How the values of one kind are written.

    Attributes:
        schema: the data of a scenario, as JSON Schema.
        parse: from such data, or from the text of an option, to the value; may raise ValueError.
        write: from the value back to data.
        metavar: what `--help` calls the text; empty where the schema lists the choices.
        shows_default: whether the JSON Schema of scenarios names the default.
    """

    schema: Mapping[str, Any]
    parse: Callable[[Any], Any]
    write: Callable[[Any], Any]
    metavar: str = ""
    shows_default: bool = False


def choice(words: Mapping[Any, Any]) -> Notation:
    """Return the notation of a choice, from what is written to the value that it means."""
    by_text = {str(word): value for word, value in words.items()}
    by_value = {value: word for word, value in words.items()}
    return Notation(
        {"enum": list(words)},
        parse=lambda word: by_text[str(word)],
        write=by_value.__getitem__,
        shows_default=True,
    )


def member(kind: type[Enum]) -> Notation:
    """Return the notation of a choice among the members of an enum, each written as its value."""
    return choice({each.value: each for each in kind})


def _parse_count(count: int | str) -> int | None:
    if count == "unlimited":
        return None
    if isinstance(count, str) and not (count.isascii() and count.isdigit()):
        raise ValueError(f"expected a whole number from 0 or `unlimited`, got {count!r}")
    return _parse_whole(count)


def _parse_whole(number: int | str) -> int:
    # the size first: Python refuses to read thousands of digits, in words for programmers
    if len(str(number)) > _LONGEST_NUMBER or not 0 <= int(number) <= LARGEST_INTEGER:
        raise ValueError(f"expected a whole number from 0 to {LARGEST_INTEGER}, got another")
    return int(number)


def _parse_avatars(ids: str | Iterable[str]) -> frozenset[str] | None:
    avatars = [ids] if isinstance(ids, str) else list(ids)
    for avatar in avatars:
        if avatar != "any" and not _UUID.fullmatch(avatar):
            raise ValueError(f"expected a UUID or `any`, got {avatar!r}")
    return None if "any" in avatars else frozenset(map(str.lower, avatars))


_WHOLE = {"type": "integer", "minimum": 0, "maximum": LARGEST_INTEGER}
_SPAN_TEXT = {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}
_UUIDS = {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"}}

NUMBER = Notation(_WHOLE, _parse_whole, int)
COUNT = Notation(
    {"anyOf": [_WHOLE, {"const": "unlimited"}]},
    _parse_count,
    lambda count: "unlimited" if count is None else count,
    metavar="number|unlimited",
    shows_default=True,
)
FLAG = Notation({"type": "boolean"}, bool, bool, shows_default=True)
DURATION = Notation(
    {"type": "string", "pattern": DURATION_PATTERN}, parse_duration, written, metavar="duration"
)
SPAN = Notation(_SPAN_TEXT, parse_span, written_span, metavar="span")
CAP = Notation(
    {"anyOf": [{"const": "none"}, _SPAN_TEXT]},
    lambda text: None if text == "none" else parse_span(text),
    lambda cap_s: "none" if cap_s is None else written_span(cap_s),
    metavar="span|none",
)
AVATARS = Notation(
    {"anyOf": [{"const": "any"}, _UUIDS]},
    _parse_avatars,
    lambda avatars: "any" if avatars is None else sorted(avatars),
    metavar="uuid|any",
)
ROOM = Notation(
    {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
    lambda room: room,
    lambda room: room,
)
RUNNING_ON = Notation(
    {"enum": ["consume", "join"]},
    str,
    lambda join: "consume" if join is None else "join",
    shows_default=True,
)
JOIN_TIME = Notation(
    DURATION.schema, parse_duration, lambda join: written(join or DEFAULT_JOIN), metavar="duration"
)
