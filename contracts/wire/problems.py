"""Explain which rules of a schema a value breaks, and where, without the value.

The engines only report *where* a rule failed: the keyword in the schema and the place in the value
(a `BrokenRule`). A `Problem` is looked up from there. Of the value it has only the type and the
unknown keys: a value may be a secret, so it never gets into a message by itself.

If a value fits none of several shapes, the shape of its type is taken for the one that was meant,
and the rules of that one are reported. If the type does not decide, the message names all shapes.

Problems are values; a `Wording` turns them into words. `JSON` is the one for bodies. Scenario
files, and the fake where it answers like the provider, have a wording of their own each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import itemgetter
from typing import Any

import orjson

from contracts.wire.documents import Json

Path = tuple[str | int, ...]
Position = tuple[int, ...]
Rank = tuple[Position, int, str]

_END = re.compile(r"\$$")
_MOST_KEYS = 20  # that a message names
_LONGEST_KEY = 100  # characters of one that a message shows


class Kind(StrEnum):
    """What rule a value breaks, first the rules that say most about a shape.

    The values are keywords of JSON schema. `expected` of a `Problem` means something else for each.
    """

    CONST = "const"
    ENUM = "enum"
    FORMAT = "format"
    PATTERN = "pattern"
    ALTERNATIVES = "anyOf"
    TYPE = "type"
    MINIMUM = "minimum"
    EXCLUSIVE_MINIMUM = "exclusiveMinimum"
    MAXIMUM = "maximum"
    MIN_LENGTH = "minLength"
    MAX_LENGTH = "maxLength"
    MIN_ITEMS = "minItems"
    MAX_ITEMS = "maxItems"
    MIN_KEYS = "minProperties"
    MAX_KEYS = "maxProperties"
    REQUIRED = "required"
    UNKNOWN_KEY = "additionalProperties"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        return cls.ALTERNATIVES if value == "oneOf" else cls.OTHER


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


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that a value breaks, without the value.

    `path` leads to the place, keys and indexes from the root; for a missing key it ends in that
    key, for unknown keys it is the object that has them. `got` is the JSON type of the value, or
    "nothing". `shape` is the schema for the value at `path`; for keys that a rule about names
    forbids, it is that rule. `expected` depends on `kind`:

    - TYPE, REQUIRED: the allowed JSON types, a tuple (empty: any)
    - ENUM: the choices, a tuple; CONST: the one value
    - MINIMUM ... MAX_KEYS: the limit, a number; PATTERN: the regular expression; FORMAT: its name
    - UNKNOWN_KEY: an empty tuple; `keys` has the unknown names, in the order of the value
    - ALTERNATIVES: the titles of the shapes of which one had to fit, a tuple
    - OTHER: the keyword of JSON schema
    """

    path: Path
    kind: Kind
    expected: str | int | float | tuple[str, ...]
    got: str
    keys: tuple[str, ...] = ()
    shape: Json = field(default_factory=dict, compare=False, repr=False)

    def sentence(self, *, value: str = "") -> str:
        """Return what was expected, what came, and where.

        Args:
            value: the value in words, to be quoted; only if it cannot be a secret.
        """
        got = _few_keys(self.keys, JSON.quoted) or JSON.types[self.got]
        got = f"{got} {value}".rstrip()
        return f"expected {JSON.expected(self)}, got {got} at {where(self.path)}"


def in_json(value: object) -> str:
    """Write a value as JSON."""
    return orjson.dumps(value).decode()


def where(path: Path) -> str:
    """Write `path` as a JSON path, such as `$.tools[2].name`."""
    return "$" + "".join(map(_step, path))


def _step(step: str | int) -> str:
    if isinstance(step, str):
        step = _cut(step)
        if step.isidentifier():
            return f".{step}"
    return f"[{in_json(step)}]"


def _cut(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}..."


def _few_keys(keys: tuple[str, ...], quoted: Callable[[Any], str]) -> str:
    more = [f"and {len(keys) - _MOST_KEYS} more"] if len(keys) > _MOST_KEYS else []
    return ", ".join([*(quoted(_cut(key)) for key in keys[:_MOST_KEYS]), *more])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words for one audience.

    Attributes:
        phrases: by kind, with `{}` for the types, choices, keys or limit, `{got}` for the type of
            the value, and `{s}` for the plural of keys.
        otherwise: the phrase for all other kinds.
        types: names of JSON types, where they differ from JSON's.
        quoted: writes a choice or a key.
        between: separates choices.
        texts: descriptions of patterns and formats.
        in_full: describe a shape by its first rule in the order of `Kind`, not by type or title,
            where a value is missing, has another type or fits none of several shapes.
    """

    phrases: Mapping[Kind, str]
    otherwise: str
    types: Mapping[str, str] = field(default_factory=dict)
    quoted: Callable[[Any], str] = str
    between: str = ", "
    texts: Mapping[str, str] = field(default_factory=dict)
    in_full: bool = False

    def expected(self, problem: Problem) -> str:
        """Return the phrase for a problem: what was expected."""
        kind, shape = problem.kind, problem.shape
        expected: Any = problem.expected
        match kind:
            case Kind.TYPE | Kind.REQUIRED:
                if self.in_full and (first := _first_rule(shape)).kind is not Kind.TYPE:
                    return self.expected(first)
                text = " or ".join(self.types.get(name, name) for name in expected) or "a value"
            case Kind.ALTERNATIVES:
                if self.in_full:
                    branches = shape.get("anyOf") or shape["oneOf"]
                    expected = [self.expected(_first_rule(each)) for each in branches]
                text = " or ".join(expected)
            case Kind.UNKNOWN_KEY:
                text = _few_keys(problem.keys, self.quoted)
            case Kind.ENUM:
                text = self.between.join(map(self.quoted, expected))
            case Kind.CONST:
                text = self.quoted(expected)
            case _ if expected in self.texts:
                return self.texts[expected]
            case _:
                text = str(expected)
        phrase = self.phrases.get(kind, self.otherwise)
        return phrase.format(text, got=problem.got, s="s" * (len(problem.keys) > 1))


JSON = Wording(
    phrases={
        Kind.TYPE: "{}",
        Kind.REQUIRED: "{}",
        Kind.UNKNOWN_KEY: "no other keys",
        Kind.CONST: "{}",
        Kind.ENUM: "one of {}",
        Kind.MINIMUM: "a number of at least {}",
        Kind.EXCLUSIVE_MINIMUM: "a number of more than {}",
        Kind.MAXIMUM: "a number of at most {}",
        Kind.MIN_LENGTH: "a string of length {} or more",
        Kind.MAX_LENGTH: "a string of length {} or less",
        Kind.MIN_ITEMS: "an array of length {} or more",
        Kind.MAX_ITEMS: "an array of length {} or less",
        Kind.MIN_KEYS: "an object with {} of its keys or more",
        Kind.MAX_KEYS: "an object with {} of its keys or less",
        Kind.PATTERN: "a string like {}",
        Kind.FORMAT: "a string of the format {}",
        Kind.ALTERNATIVES: "{}",
    },
    otherwise="a value that satisfies '{}'",
    types={
        "null": "null",
        NOTHING: NOTHING,
        "boolean": "a boolean",
        "integer": "an integer",
        "number": "a number",
        "string": "a string",
        "array": "an array",
        "object": "an object",
    },
    quoted=in_json,
)
"""For bodies of requests and answers."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A finding of an engine: `rule` leads to a keyword of the schema, `path` to a place.

    If none of several shapes fits, `branches` has the broken rules of each.
    """

    rule: Path
    path: Path
    branches: tuple[tuple[BrokenRule, ...], ...] = ()

    @property
    def keyword(self) -> str:
        return str(self.rule[-1])

    @property
    def shape(self) -> Path:
        """The way to the schema that holds the keyword."""
        return self.rule[:-1]


def explain(schema: Json, value: object, broken: Iterable[BrokenRule]) -> list[Problem]:
    """Turn broken rules into problems: those of an object or array first, then its parts in order.

    The parts of an object are ordered as the schema lists its properties, missing ones among
    them, unknown keys last. Engines report some problems twice; here each occurs once.
    """
    ranked: list[tuple[Rank, Problem]] = []
    for each in (leaf for rule in broken for leaf in _leaves(schema, value, rule)):
        rule = list(at(schema, each.shape)).index(each.keyword)
        for position, problem in _describe(schema, value, each):
            ranked.append(((position, rule, where(problem.path)), problem))
    ranked.sort(key=itemgetter(0))
    return list(dict.fromkeys(problem for _, problem in ranked))


def at(node: Any, path: Path) -> Any:
    """Return what `path` leads to."""
    return reduce(lambda inner, step: inner[step], path, node)


def levels(value: object) -> Iterator[list[Any]]:
    """Yield the parts of a JSON value level by level, first the value itself. O(parts)."""
    level: list[Any] = [value]
    while level:
        yield level
        values = [inner for each in level if isinstance(each, dict) for inner in each.values()]
        level = values + [inner for each in level if isinstance(each, list) for inner in each]


def _leaves(schema: Json, value: object, broken: BrokenRule) -> Iterator[BrokenRule]:
    """Yield the broken rules of the one alternative of the value's type, else the rule itself."""
    got = TYPES[type(at(value, broken.path))]
    meant = [
        branch
        for branch in broken.branches
        if not any(_is_of_another_type(schema, got, each, broken.path) for each in branch)
    ]
    if len(meant) != 1 or any(
        each.keyword == "const" and each.path == broken.path for each in meant[0]
    ):
        yield broken
        return
    for each in meant[0]:
        yield from _leaves(schema, value, each)


def _is_of_another_type(schema: Json, got: str, each: BrokenRule, path: Path) -> bool:
    """Return whether a rule breaks because it is not about values of the type `got`."""
    if each.path != path:
        return False
    if each.branches:
        return all(
            any(_is_of_another_type(schema, got, inner, path) for inner in branch)
            for branch in each.branches
        )
    return each.keyword in ("type", "const", "enum") and got not in _types(at(schema, each.shape))


def _describe(
    schema: Json, value: object, broken: BrokenRule
) -> Iterator[tuple[Position, Problem]]:
    """Yield each problem behind a broken rule with its position for sorting."""
    shape: Json = at(schema, broken.shape)
    inner = at(value, broken.path)
    here = _position(schema, broken.shape, broken.path)
    properties: Json = shape.get("properties", {})
    numbers = {name: number for number, name in enumerate(properties)}
    if broken.keyword == "required":
        for name in (name for name in shape["required"] if name not in inner):
            place = (*here, numbers.get(name, len(numbers)))
            missing = properties.get(name, {})
            path = (*broken.path, name)
            yield place, Problem(path, Kind.REQUIRED, _types(missing), NOTHING, shape=missing)
        return
    unknown: tuple[str, ...] = ()
    if broken.keyword == "additionalProperties":
        unknown = tuple(key for key in inner if key not in properties)
    elif broken.shape[-1:] == ("propertyNames",):
        unknown = tuple(key for key in inner if not _is_allowed(shape, key))
    if unknown:
        last = (*here, len(numbers))
        yield last, Problem(broken.path, Kind.UNKNOWN_KEY, (), "object", unknown, shape)
    else:
        yield here, _problem(broken.path, broken.keyword, shape, TYPES[type(inner)])


def _is_allowed(names: Json, key: str) -> bool:
    """Return whether a rule about names, a list or a pattern, allows a key."""
    return key in names["enum"] if "enum" in names else is_like(names["pattern"], key)


def is_like(pattern: str, text: str) -> bool:
    """Return whether `text` matches a `pattern` by the rules of JSON schema."""
    # There `$` is the end of the text; in Python one line break may follow it.
    return re.search(_END.sub(r"\\Z", pattern), text) is not None


def _problem(path: Path, keyword: str, shape: Json, got: str) -> Problem:
    kind = Kind(keyword)
    expected: Any = shape[keyword]
    match kind:
        case Kind.TYPE:
            expected = _types(shape)
        case Kind.ENUM:
            expected = tuple(expected)
        case Kind.ALTERNATIVES:
            expected = tuple(
                branch.get("title") or " or ".join(_types(branch)) or "another"
                for branch in expected
            )
        case Kind.OTHER:
            expected = keyword
    return Problem(path, kind, expected, got, shape=shape)


def _first_rule(shape: Json) -> Problem:
    """Return the first rule of a shape, as the problem of a missing value."""
    keyword = next((each for each in Kind if each in shape), None)
    if keyword is None:
        return Problem((), Kind.TYPE, (), NOTHING)
    return _problem((), keyword, shape, NOTHING)


def _types(shape: Json) -> tuple[str, ...]:
    """Return the JSON types that `shape` allows, also those of a const or an enum."""
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
