"""Every regular expression of the packages, and texts on which a bad one takes quadratic time."""

import ast
import importlib
import pkgutil
import re
import re._constants as ops  # type: ignore[import-not-found]  # typeshed has no such module
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import contracts
import fake_runway
import gateway
from contracts.wire.schema import load

PACKAGES = (contracts, fake_runway, gateway)
SEARCHES = frozenset(
    {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
)
_STRANGE = "\x00"  # a character that ends every match


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return every module of the three packages; those that start a program are left out."""
    return tuple(
        importlib.import_module(found.name)
        for package in PACKAGES
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    )


def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every compiled pattern of a module, and every pattern of a JSON document, by place."""
    found: dict[str, re.Pattern[Any]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                found[f"{module.__name__}.{name}"] = value
    for document in ("runway", "runway-api", "admin", "gateway"):
        for text in sorted(set(_in_schema(load(document).raw))):
            found[f"{document}: {text}"] = re.compile(text)
    return found


def _in_schema(node: Any) -> Iterator[str]:
    match node:
        case dict():
            if isinstance(node.get("pattern"), str):
                yield str(node["pattern"])
            for value in node.values():
                yield from _in_schema(value)
        case list():
            for value in node:
                yield from _in_schema(value)


def methods_of(place: str) -> set[str]:
    """Return how a pattern is used in its module: fullmatch, sub ...; search in a JSON schema."""
    module, _, name = place.rpartition(".")
    if ":" in place or not name.isupper():
        return {"search"}
    used = set()
    for other in modules():
        if getattr(other, name, None) is getattr(importlib.import_module(module), name):
            source = Path(str(other.__file__)).read_text(encoding="utf-8")
            used |= set(re.findall(rf"\b{name}\.(\w+)\(", source))
    return used & SEARCHES or {"search"}


def inline() -> list[str]:
    """Return the places where a literal is searched for without being compiled to a constant."""
    places = []
    for package in PACKAGES:
        for root in package.__path__:
            for file in sorted(Path(root).rglob("*.py")):
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    match node:
                        case ast.Call(
                            func=ast.Attribute(value=ast.Name("re"), attr=attribute),
                            args=[ast.Constant() | ast.JoinedStr(), *_],
                        ) if attribute in SEARCHES:
                            places.append(f"{file}:{node.lineno}")
    return places


def worst_texts(pattern: re.Pattern[Any], size: int) -> Iterator[str]:
    """Yield texts of about `size` characters on which `pattern` would backtrack, if it can.

    From the pattern itself: what leads to each repetition, then what it repeats, many times, then
    something that fits nowhere; the same with the way there repeated too, so that there are many
    beginnings; and each piece of the pattern alone.
    """
    tree = parser.parse(pattern.pattern, pattern.flags)
    pumps = {(before, body) for before, body in _pumps(tree, "") if body}
    for before, body in sorted(pumps):
        for text in (
            before + body * (size // len(body)),
            before * (size // (2 * len(before)) if before else 0)
            + body * (size // (2 * len(body))),
            (before + body) * (size // len(before + body)),
            (before + body * 3) * (size // len(before + body * 3)),
            (body + before) * (size // len(before + body)),
        ):
            for end in ("", _STRANGE, body + _STRANGE, before):
                yield text + end


def _pumps(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """Yield what leads to each piece of a pattern, and a text that the piece matches."""
    way = before
    for piece in tree:
        operation, argument = piece
        sample = _sample([piece])
        yield way, sample
        match operation:
            case ops.MAX_REPEAT | ops.MIN_REPEAT | ops.POSSESSIVE_REPEAT:
                for character in _characters(argument[2]):
                    yield way, character
                yield from _pumps(argument[2], way)
            case ops.SUBPATTERN:
                yield from _pumps(argument[-1], way)
            case ops.ATOMIC_GROUP:
                yield from _pumps(argument, way)
            case ops.BRANCH:
                for branch in argument[1]:
                    yield from _pumps(branch, way)
        way += sample


def _characters(tree: Any) -> list[str]:
    """Return one character for each member of a class that is repeated."""
    if len(tree) == 1 and tree[0][0] is ops.IN and tree[0][1][0][0] is not ops.NEGATE:
        return [text for each in tree[0][1] if (text := _sample([(ops.IN, [each])]))]
    return []


def _sample(tree: Any) -> str:
    """Return a short text that a piece of a pattern matches."""
    return "".join(map(_sample_of, tree))


def _sample_of(piece: Any) -> str:
    operation, argument = piece
    match operation:
        case ops.LITERAL:
            return chr(argument)
        case ops.NOT_LITERAL:
            return "x" if argument != ord("x") else "y"
        case ops.ANY:
            return "x"
        case ops.IN:
            return _of_class(argument)
        case ops.CATEGORY:
            return {ops.CATEGORY_SPACE: " ", ops.CATEGORY_DIGIT: "1"}.get(argument, "w")
        case ops.RANGE:
            return chr(argument[0])
        case ops.MAX_REPEAT | ops.MIN_REPEAT | ops.POSSESSIVE_REPEAT:
            return _sample(argument[2]) * int(max(argument[0], 1))
        case ops.SUBPATTERN:
            return _sample(argument[-1])
        case ops.ATOMIC_GROUP:
            return _sample(argument)
        case ops.BRANCH:
            return _sample(argument[1][0])
        case ops.ASSERT if argument[0] < 0:  # what has to stand before
            return _sample(argument[1])
    return ""


def _of_class(members: Any) -> str:
    if members[0][0] is not ops.NEGATE:
        return _sample_of(members[0])
    fits = re.compile(_written(members))
    return next(text for text in "x1 :/=-\"'" if fits.fullmatch(text))


def _written(members: Any) -> str:
    def one(member: Any) -> str:
        operation, argument = member
        if operation is ops.LITERAL:
            return re.escape(chr(argument))
        if operation is ops.RANGE:
            return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
        names = {ops.CATEGORY_SPACE: r"\s", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_DIGIT: r"\d"}
        names |= {ops.CATEGORY_NOT_SPACE: r"\S", ops.CATEGORY_NOT_WORD: r"\W"}
        return str(names[argument])

    return "[^" + "".join(map(one, members[1:])) + "]"
