"""What is wrong with a value: which rule it breaks and where, without the value.

The engines only tell *where* something failed: the keyword in the schema and the place in the
value (a `Failure`). All that a `Problem` says is looked up from there, and of the value nothing but
its type and its unknown keys: a value may be a secret, and has no way into a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import itemgetter
from typing import Any

import orjson

from contracts.wire.documents import Json

Path = tuple[str | int, ...]
Position = tuple[int, ...]
Rank = tuple[Position, int, str]


class Kind(StrEnum):
    """What rule a value breaks; `expected` of a `Problem` means something else for each."""

    TYPE = "type"
    REQUIRED = "required"
    UNKNOWN_KEY = "unknown_key"
    CONST = "const"
    ENUM = "enum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"
    MIN_ITEMS = "min_items"
    MAX_ITEMS = "max_items"
    MIN_KEYS = "min_keys"
    MAX_KEYS = "max_keys"
    PATTERN = "pattern"
    ALTERNATIVES = "alternatives"
    OTHER = "other"


KINDS: Mapping[str, Kind] = {
    "type": Kind.TYPE,
    "const": Kind.CONST,
    "enum": Kind.ENUM,
    "minimum": Kind.MINIMUM,
    "maximum": Kind.MAXIMUM,
    "minLength": Kind.MIN_LENGTH,
    "maxLength": Kind.MAX_LENGTH,
    "minItems": Kind.MIN_ITEMS,
    "maxItems": Kind.MAX_ITEMS,
    "minProperties": Kind.MIN_KEYS,
    "maxProperties": Kind.MAX_KEYS,
    "pattern": Kind.PATTERN,
}

PHRASES: Mapping[Kind, str] = {
    Kind.CONST: '"{}"',
    Kind.MINIMUM: "a number of at least {}",
    Kind.MAXIMUM: "a number of at most {}",
    Kind.MIN_LENGTH: "a string of length {} or more",
    Kind.MAX_LENGTH: "a string of length {} or less",
    Kind.MIN_ITEMS: "an array of length {} or more",
    Kind.MAX_ITEMS: "an array of length {} or less",
    Kind.MIN_KEYS: "an object with {} of its keys or more",
    Kind.MAX_KEYS: "an object with {} of its keys or less",
    Kind.PATTERN: "a string like {}",
    Kind.OTHER: "a value that satisfies {!r}",
}

TYPES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

NOTHING = "nothing"
WITH_ARTICLE = {"integer": "an integer", "array": "an array", "object": "an object"}
BARE = ("null", NOTHING)


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that a value breaks, without the value.

    `path` leads to the place, keys and indexes from the root; for a missing key it ends in that
    key, for unknown keys it is the object that has them. `got` is the JSON type of what came, or
    "nothing". `expected` depends on `kind`:

    - TYPE, REQUIRED: the allowed JSON types, a tuple (empty: any)
    - ENUM: the choices, a tuple; CONST: the one value
    - MINIMUM ... MAX_KEYS: the limit, a number; PATTERN: the regular expression
    - UNKNOWN_KEY: an empty tuple; `keys` has the unknown names, in the order in which they came
    - ALTERNATIVES: the titles of the shapes of which one had to fit, a tuple
    - OTHER: the keyword of JSON schema
    """

    path: Path
    kind: Kind
    expected: str | int | float | tuple[str, ...]
    got: str
    keys: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say what was expected, what came, and where."""
        return f"expected {self._wanted()}, got {self._came()} at {where(self.path)}"

    def _wanted(self) -> str:
        match self.expected:
            case tuple() if self.kind is Kind.UNKNOWN_KEY:
                return "no other keys"
            case tuple(names) if self.kind in (Kind.TYPE, Kind.REQUIRED):
                return " or ".join(map(_with_article, names)) or "a value"
            case tuple(names) if self.kind is Kind.ENUM:
                return f"one of {_quoted(names)}"
            case tuple(names):
                return " or ".join(names)
            case limit:
                return PHRASES[self.kind].format(limit)

    def _came(self) -> str:
        return _quoted(self.keys) if self.keys else _with_article(self.got)


def where(path: Path) -> str:
    """Write `path` as a JSON path, such as `$.tools[2].name`."""
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, str) and step.isidentifier():
        return f".{step}"
    return f"[{orjson.dumps(step).decode()}]"


def _with_article(name: str) -> str:
    return name if name in BARE else WITH_ARTICLE.get(name, f"a {name}")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(orjson.dumps(name).decode() for name in names)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an engine found: `rule` leads to a keyword of the schema, `path` to a place."""

    rule: Path
    path: Path

    @property
    def keyword(self) -> str | int:
        return self.rule[-1]

    @property
    def shape(self) -> Path:
        """The way to the schema that holds the keyword."""
        return self.rule[:-1]


def explain(schema: Json, value: object, failures: Iterable[Failure]) -> list[Problem]:
    """Turn `failures` into problems: those of an object or array first, then its parts in order.

    The parts of an object are ordered as the schema lists its properties, missing ones among
    them, unknown keys last. Engines report the same thing twice at times; that is left out.
    """
    ranked: list[tuple[Rank, Problem]] = []
    for failure in failures:
        rule = list(_at(schema, failure.shape)).index(failure.keyword)
        for position, problem in _describe(schema, value, failure):
            ranked.append(((position, rule, where(problem.path)), problem))
    ranked.sort(key=itemgetter(0))
    return list(dict.fromkeys(problem for _, problem in ranked))


def _describe(schema: Json, value: object, failure: Failure) -> Iterator[tuple[Position, Problem]]:
    """Yield each problem behind `failure` with its position for sorting."""
    shape: Json = _at(schema, failure.shape)
    came = _at(value, failure.path)
    here = _position(schema, failure.shape, failure.path)
    properties: Json = shape.get("properties", {})
    numbers = {name: number for number, name in enumerate(properties)}
    last = (*here, len(numbers))
    match failure.keyword:
        case "required":
            for name in shape["required"]:
                if name not in came:
                    place = (*here, numbers.get(name, len(numbers)))
                    wanted = _types(properties.get(name, {}))
                    yield place, Problem((*failure.path, name), Kind.REQUIRED, wanted, NOTHING)
        case "additionalProperties":
            yield last, _unknown_keys(failure.path, came, properties)
        case _ if failure.shape[-1:] == ("propertyNames",):
            yield last, _unknown_keys(failure.path, came, _allowed(shape, came))
        case "oneOf" | "anyOf" as keyword:
            names = tuple(branch["title"] for branch in shape[keyword])
            yield here, Problem(failure.path, Kind.ALTERNATIVES, names, TYPES[type(came)])
        case keyword:
            yield here, _broken_rule(failure.path, came, str(keyword), shape)


def _unknown_keys(path: Path, came: Json, known: Iterable[str]) -> Problem:
    names = set(known)
    return Problem(path, Kind.UNKNOWN_KEY, (), "object", tuple(k for k in came if k not in names))


def _allowed(names: Json, came: Json) -> Iterable[str]:
    """Return the keys that a rule about `names`, a list or a pattern, allows."""
    if "enum" in names:
        return tuple(names["enum"])
    rule = re.compile(re.sub(r"\$$", r"\\Z", names["pattern"]))
    return tuple(key for key in came if rule.search(key))


def _broken_rule(path: Path, came: object, keyword: str, shape: Json) -> Problem:
    kind = KINDS.get(keyword, Kind.OTHER)
    expected: Any = shape[keyword]
    match kind:
        case Kind.TYPE:
            expected = _types(shape)
        case Kind.ENUM:
            expected = tuple(expected)
        case Kind.OTHER:
            expected = keyword
    return Problem(path, kind, expected, TYPES[type(came)])


def _types(shape: Json) -> tuple[str, ...]:
    """Return the JSON types that `shape` allows; a const or an enum speaks for itself."""
    if "const" in shape:
        return (TYPES[type(shape["const"])],)
    if "enum" in shape:
        return tuple(dict.fromkeys(TYPES[type(choice)] for choice in shape["enum"]))
    allowed = shape.get("type", ())
    return (allowed,) if isinstance(allowed, str) else tuple(allowed)


def _position(schema: Json, shape: Path, path: Path) -> Position:
    """Rank a place: for each step into an object its property's number, into an array its index."""
    position: list[int] = []
    node: Any = schema
    steps, places = iter(shape), iter(path)
    for step in steps:
        node = node[step]
        match step:
            case "properties":
                name = next(steps)
                position.append(list(node).index(name))
                node = node[name]
                next(places)
            case "items":
                position.append(int(next(places)))
            case "additionalProperties":  # an open map: its entries have no number
                next(places)
    return tuple(position)


def _at(node: Any, path: Sequence[str | int]) -> Any:
    return reduce(lambda inner, step: inner[step], path, node)
