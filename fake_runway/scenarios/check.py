"""What is wrong with a scenario's data: every place, what was expected there, and what came.

The schema of `core/scenario/schema.py` decides, through `jsonschema-rs`. Where none of several
shapes fits, the engine tells all attempts; the one of the right type is what was meant, and its
errors are reported. What only building the scenario shows (contradictions) is asked of
`parse_scenario`, part by part, so that one mistake hides no other.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from contracts.wire.schema import load, where
from fake_runway.core.durations import DURATION_PATTERN, SPAN_PATTERN, parse_duration, parse_span
from fake_runway.core.durations import EXPECTED as A_DURATION
from fake_runway.core.scenario.scenario import Scenario, parse_scenario
from fake_runway.core.scenario.schema import NAME_PATTERN, scenario_schema
from fake_runway.core.text import shown
from fake_runway.core.types import Json
from fake_runway.scenarios.yaml_lines import Path, Problem

_A_SPAN = "a span such as 1.5s, 200ms or 5m"
_PHRASES: Mapping[str, str] = MappingProxyType(
    {
        "duration": A_DURATION,
        "span": _A_SPAN,
        f"^-?{SPAN_PATTERN}$": f"{_A_SPAN}, with a minus sign for the past",
        f"^{NAME_PATTERN}$": "a name of small letters, digits and single hyphens",
        "^[0-9a-fA-F-]{36}$": "a UUID",
        "^[A-Za-z0-9-]+$": "a header's name",
    }
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "object": "a mapping",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
    }
)
_FORMATS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {"duration": parse_duration, "span": parse_span}
)
_OF_PATTERN: Mapping[str, str] = MappingProxyType(
    {DURATION_PATTERN: "duration", f"^{SPAN_PATTERN}$": "span"}
)
_PADDING = re.compile(r"\A\+?0*(?=[0-9])")
_STEP = re.compile(r"(\w+)(?:\[([0-9]+)\])?: ")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return which of the `known` names was probably meant, None if none is like it."""
    from difflib import get_close_matches  # for mistakes only

    return next(iter(get_close_matches(name, list(known), n=1)), None)


def meant(name: object, known: Iterable[str]) -> str:
    """Return the end of a sentence about a mistyped name; empty if nothing is like it."""
    near = nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean {near}?" if near else ""


def broken_rules(given: object) -> list[Problem]:
    """Return each rule of the schema that `given` breaks, with its place."""
    schema, validator = _engine()
    problems = [
        Problem(path, sentence)
        for error in validator.iter_errors(given)
        for path, sentence in _leaves(error, schema, given)
    ]
    return list(dict.fromkeys(problems))


@cache
def _engine() -> tuple[Json, Any]:
    import jsonschema_rs  # 30 ms that `--help` need not pay

    schema = _with_formats(scenario_schema())
    formats = {name: _accepts(parse) for name, parse in _FORMATS.items()}
    return schema, jsonschema_rs.Draft202012Validator(
        schema, formats=formats, validate_formats=True
    )


def _accepts(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return accepts


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


def _leaves(error: Any, schema: Json, given: Any) -> Iterator[tuple[Path, str]]:
    """Yield the places and sentences of one error."""
    path = _path(given, error.instance_path)
    rule: Any = schema
    for step in error.schema_path[:-1]:
        rule = rule[step]
    keyword = str(error.schema_path[-1])
    if keyword == "anyOf":
        yield from _of_alternatives(error, rule["anyOf"], schema, given)
    elif keyword == "required":
        missing = error.kind.property
        yield (*path, missing), f"expected {_wanted(rule['properties'][missing])}, got nothing"
    elif keyword == "additionalProperties":
        known = list(rule["properties"])
        for key in error.kind.unexpected:
            choice = f"expected one of {', '.join(known)}, got {key}"
            yield (*path, key), choice + meant(key, known)
    elif error.schema_path[-2:-1] == ["propertyNames"]:
        yield path, f"expected {_wanted(rule)} as a key, got {shown(error.kind.error.instance)}"
    elif keyword == "format":
        yield path, _refused(rule["format"], error.instance)
    else:
        end = meant(error.instance, map(str, rule["enum"])) if keyword == "enum" else ""
        wanted = _wanted(rule, None if keyword == "type" else keyword)
        yield path, f"expected {wanted}, got {shown(error.instance)}{end}"


def _refused(name: str, text: str) -> str:
    try:
        _FORMATS[name](text)
    except ValueError as error:
        return str(error)
    raise AssertionError(text)  # the engine has just heard the contrary


def _of_alternatives(
    error: Any, branches: list[Json], schema: Json, given: Any
) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the one alternative whose type is right, or that none is."""
    fitting = [
        errors
        for branch, errors in zip(branches, error.kind.context, strict=True)
        if not any(
            list(each.instance_path) == list(error.instance_path)
            and str(each.schema_path[-1]) in ("type", "const")
            for each in errors
        )
        or _same_type(branch.get("const"), error.instance)
    ]
    constants = any("const" in branch for branch in branches)
    if len(fitting) == 1 and not (constants and isinstance(error.instance, str)):
        for each in fitting[0]:
            yield from _leaves(each, schema, given)
        return
    wanted = " or ".join(_wanted(branch) for branch in branches)
    yield _path(given, error.instance_path), f"expected {wanted}, got {shown(error.instance)}"


def _same_type(constant: object, value: object) -> bool:
    return constant is not None and type(constant) is type(value)


def _path(given: Any, steps: Iterable[str | int]) -> Path:
    """Return `steps` with text for the keys: the engine makes a number of "7", "007" and "+7"."""
    path: list[str | int] = []
    for step in steps:
        exact = _key(given, step) if isinstance(given, Mapping) else step
        path.append(exact)
        given = given[exact]
    return tuple(path)


def _key(given: Mapping[str, Any], step: str | int) -> str:
    if str(step) in given:
        return str(step)
    return next(key for key in given if _PADDING.sub("", key) == str(step))


def _wanted(rule: Json, keyword: str | None = None) -> str:
    """Say what a rule wants: all of it in short, or what one keyword of it says."""
    for name in (keyword,) if keyword else ("const", "enum", "format", "pattern", "anyOf", "type"):
        value = rule.get(name or "")
        match name:
            case _ if value is None:
                continue
            case "const":
                return shown(value).strip('"')
            case "enum":
                return f"one of {', '.join(map(str, value))}"
            case "format" | "pattern":
                return _PHRASES.get(value, f"text like {value}")
            case "anyOf":
                return " or ".join(_wanted(branch) for branch in value)
            case "type":
                return _TYPES[value]
            case "minimum":
                return f"at least {value}"
            case "exclusiveMinimum":
                return f"more than {value}"
            case "maximum":
                return f"at most {value}"
            case _:  # minLength, minItems, minProperties: always 1
                return "something in it"
    return "a value"


def contradictions(
    given: object, *, known: Iterable[str], named: Callable[[str], Scenario | None]
) -> list[Problem]:
    """Return what is wrong with data that keeps the schema.

    Args:
        known: the names that avatars may be bound to.
        named: finds those scenarios, None for one that is itself wrong.
    """
    if not isinstance(given, Mapping):
        return []
    parts: list[Json] = [{part: given[part]} for part in ("account", "session") if part in given]
    problems: list[Problem] = []
    names = list(known)
    for avatar, target in given.get("avatars", {}).items():
        if (sentence := wrong_avatar(avatar)) is not None:
            problems.append(Problem(("avatars", avatar), sentence))
        if not isinstance(target, str) or named(target) is not None:
            parts.append({"avatars": {avatar: target}})
        elif target not in names:
            sentence = f"expected the name of a scenario, got {target}{meant(target, names)}"
            problems.append(Problem(("avatars", avatar), sentence))
    problems += [problem for part in parts if (problem := _refusal(part, named))]
    if not problems and (problem := _refusal(given, named)):
        problems.append(problem)
    return problems


def wrong_avatar(avatar: str) -> str | None:
    """Say what is wrong with an id that a form is bound to: no create could name it; else None."""
    shapes = load("runway").raw["components"]["schemas"]
    presets = shapes["PresetId"]["enum"]
    if avatar.lower() in presets or re.fullmatch(shapes["AvatarId"]["pattern"], avatar):
        return None
    choices = ", ".join(presets)
    end = meant(avatar, presets)
    return f"expected a version 4 UUID or a preset id ({choices}), got {shown(avatar)}{end}"


def sound_parts(given: object, problems: Iterable[Problem]) -> Json:
    """Return the forms, and the bindings of avatars, in which nothing is wrong so far."""
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


def _refusal(given: Json, named: Callable[[str], Scenario | None]) -> Problem | None:
    try:
        parse_scenario(given, default_name="unnamed", named=named)
    except ValueError as error:
        return _with_place(given, str(error))
    return None


def _with_place(given: Json, message: str) -> Problem:
    """Return a message such as `session: then[0]: ...` as a problem at that place of `given`."""
    path: Path = ()
    node: Any = given
    for avatar in given.get("avatars", {}):
        if message.startswith(prefix := f"avatars.{avatar}: "):
            path, node = ("avatars", avatar), given["avatars"][avatar]
            message = message.removeprefix(prefix).removeprefix("session: ")
    while (step := _STEP.match(message)) and isinstance(node, Mapping):
        if step[1] not in node and step[1] in node.get("effect", {}):
            path, node = (*path, "effect"), node["effect"]
        if isinstance(node.get(step[1], True), bool):  # nothing, or words such as `acted: false`
            break
        path, node, message = (*path, step[1]), node[step[1]], message[step.end() :]
        if step[2] is not None:
            path, node = (*path, int(step[2])), node[int(step[2])]
    return Problem(path, message)


def written(problem: Problem, *, file: str | None = None) -> str:
    """Write a problem on one line: `file:line: $.path: expected ..., got ...`."""
    sentence = f"{where(problem.path)}: {problem.sentence}"
    if file is None:
        return sentence
    return f"{file}:{problem.line or 1}: {sentence}"
