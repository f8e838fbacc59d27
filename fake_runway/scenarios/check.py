"""What is wrong with a scenario's data: every place, what was expected there, and what it got.

The schema of `core/scenario/schema.py` decides; `contracts.wire` finds what breaks it, and `YAML`
has the words for that. What only parsing shows (contradictions) is found by `parse_scenario`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from contracts.wire.problems import Kind, Problem, Wording, at, levels, where
from contracts.wire.schema import MANY_PARTS, MOST_PROBLEMS, BodyValidator, load
from fake_runway.core.durations import DURATION_PATTERN, SPAN_PATTERN, parse_duration, parse_span
from fake_runway.core.durations import EXPECTED as A_DURATION
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import ApiOperation, Vocabulary
from fake_runway.core.problems import ScenarioProblem
from fake_runway.core.scenario.schema import NAME_PATTERN, scenario_schema
from fake_runway.core.text import quoted, short
from fake_runway.core.types import Json

_LONGEST_NAME = 200  # characters of one that may be meant for another
_A_SPAN = "a span such as 1.5s, 200ms or 5m"
YAML = Wording(
    phrases={
        Kind.CONST: "{}",
        Kind.ENUM: "one of {}",
        Kind.MINIMUM: "at least {}",
        Kind.EXCLUSIVE_MINIMUM: "more than {}",
        Kind.MAXIMUM: "at most {}",
        Kind.TYPE: "{}",
        Kind.REQUIRED: "{}",
        Kind.ALTERNATIVES: "{}",
        Kind.PATTERN: "text like {}",
        Kind.MAX_LENGTH: "at most {} characters",
        Kind.MAX_ITEMS: "a list of at most {}",
        Kind.MAX_KEYS: "a mapping with one key",
    },
    otherwise="something in it",  # the smallest lengths, which are always 1
    types={
        "object": "a mapping",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
    },
    quoted=lambda value: quoted(value).strip('"'),
    texts={
        "duration": A_DURATION,
        "span": _A_SPAN,
        f"^-?{SPAN_PATTERN}$": f"{_A_SPAN}, with a minus sign for the past",
        f"^{NAME_PATTERN}$": "a name of small letters, digits and single hyphens",
        "^[0-9a-fA-F-]{36}$": "a UUID",
        "^[A-Za-z0-9-]+$": "a header's name",
        "^[a-zA-Z_][a-zA-Z0-9_]{0,63}$": "a tool's name",
    },
    in_full=True,
)
"""The words for files of scenarios."""

_FORMATS: Mapping[str, Callable[[str], Any]] = {"duration": parse_duration, "span": parse_span}
_OF_PATTERN: Mapping[str, str] = {DURATION_PATTERN: "duration", f"^{SPAN_PATTERN}$": "span"}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return which of the `known` names was probably meant, None if none is like it."""
    from difflib import get_close_matches  # for mistakes only

    close = get_close_matches(name, list(known), n=1) if len(name) <= _LONGEST_NAME else ()
    return next(iter(close), None)


def meant(name: object, known: Iterable[str]) -> str:
    """Return the end of a sentence about a mistyped name; empty if nothing is like it."""
    near = nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean {near}?" if near else ""


def broken_rules(given: object, vocabulary: Vocabulary = RUNWAY_API) -> list[ScenarioProblem]:
    """Return each rule of the schema that `given` breaks, with its place; of very many, the first.

    Empty only if it breaks none.

    Args:
        vocabulary: what faults may name.
    """
    return breaches(_validator(vocabulary.operations), given)


def breaches(validator: BodyValidator, given: object) -> list[ScenarioProblem]:
    """Return the same for any schema."""
    if validator.is_valid(given):
        return []
    places = (each for problem in validator.problems(given) for each in _at_places(problem, given))
    return list(islice(places, MOST_PROBLEMS))


@lru_cache(maxsize=4)  # of the servers in one process, few have a document of their own
def _validator(operations: tuple[ApiOperation, ...]) -> BodyValidator:
    schema = scenario_schema(Vocabulary(RUNWAY_API.kinds, operations))
    return BodyValidator(_with_formats(schema), formats=_FORMATS)


def _with_formats(node: Any) -> Any:
    """Say `format` where the schema only says how spans are spelt: the size counts as well."""
    if isinstance(node, list):
        return [_with_formats(each) for each in node]
    if not isinstance(node, dict):
        return node
    named = _OF_PATTERN.get(str(node.get("pattern")))
    if named is None:
        return {key: _with_formats(each) for key, each in node.items()}
    return {key: each for key, each in node.items() if key != "pattern"} | {"format": named}


def _at_places(problem: Problem, given: Any) -> Iterator[ScenarioProblem]:
    """Yield a problem with each place that it is about, in the words for files."""
    path, expected = problem.path, YAML.expected(problem)
    match problem.kind:
        case Kind.UNKNOWN_KEY if known := list(problem.shape.get("properties", ())):
            for key in problem.keys:
                wrong = f"expected one of {', '.join(known)}, got {short(key)}{meant(key, known)}"
                yield ScenarioProblem((*path, key), wrong)
        case Kind.UNKNOWN_KEY:
            for key in problem.keys:
                name = YAML.texts[problem.shape["pattern"]]
                yield ScenarioProblem(path, f"expected {name} as a key, got {quoted(key)}")
        case Kind.REQUIRED:
            yield ScenarioProblem(path, f"expected {expected}, got nothing")
        case Kind.FORMAT:
            try:
                _FORMATS[str(problem.expected)](at(given, path))
            except ValueError as error:
                yield ScenarioProblem(path, str(error))
        case kind:
            value = at(given, path)
            choices = problem.expected if isinstance(problem.expected, tuple) else ()
            end = meant(value, map(str, choices)) if kind is Kind.ENUM else ""
            yield ScenarioProblem(path, f"expected {expected}, got {quoted(value)}{end}")


def wrong_avatar(avatar: str) -> str | None:
    """Say what is wrong with an id that a form is bound to: no create could name it; else None."""
    shapes = load("runway").raw["components"]["schemas"]
    presets = shapes["PresetId"]["enum"]
    if avatar.lower() in presets or re.fullmatch(shapes["AvatarId"]["pattern"], avatar):
        return None
    choices = ", ".join(presets)
    end = meant(avatar, presets)
    return f"expected a version 4 UUID or a preset id ({choices}), got {quoted(avatar)}{end}"


def wrong_avatars(avatars: Iterable[str]) -> list[ScenarioProblem]:
    """Return what is wrong with the ids that a scenario binds."""
    return [
        ScenarioProblem(("avatars", avatar), sentence)
        for avatar in avatars
        if (sentence := wrong_avatar(avatar)) is not None
    ]


def sound_parts(given: object, problems: Iterable[ScenarioProblem]) -> Json:
    """Return the forms, and the bindings of avatars, in which nothing is wrong so far.

    Nothing of data with so many problems that some were not looked for.
    """
    problems = list(problems)
    if len(problems) >= MOST_PROBLEMS or sum(map(len, levels(given))) > MANY_PARTS:
        return {}
    wrong = {each.path[:2] for each in problems}
    wrong |= {path[:1] for path in wrong if path[:1] != ("avatars",)}
    if not isinstance(given, Mapping) or () in wrong:
        return {}
    parts = {part: given[part] for part in ("account", "session") if part in given}
    sound = {part: form for part, form in parts.items() if (part,) not in wrong}
    avatars = given.get("avatars")
    if isinstance(avatars, Mapping):
        bound = {key: each for key, each in avatars.items() if ("avatars", key) not in wrong}
        return {**sound, "avatars": bound}
    return sound


def written(problem: ScenarioProblem, *, file: str | None = None, mark: str = "") -> str:
    """Write a problem on one line: `file:line: $.path: expected ..., got ...`."""
    sentence = f"{mark}{where(problem.path)}: {problem.sentence}"
    if file is None:
        return sentence
    return f"{file}:{problem.line or 1}: {sentence}"
