"""The configuration of a project: `fake-runway.yaml`, or `[tool.fake-runway]` of `pyproject.toml`.

The file that is nearest counts alone: of the working directory, else of a folder above it; in one
folder `fake-runway.yaml` comes first. Its keys are the options of `fake-runway serve`, with `_` or
`-`. Paths in it are relative to it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from fake_runway.core.scenario.schema import NAME_PATTERN
from fake_runway.core.text import quoted
from fake_runway.core.values import dataclass
from fake_runway.scenarios.check import meant

YAML, TOML = "fake-runway.yaml", "pyproject.toml"
_SECTION = b"tool.fake-runway"
_FILES = ("scenario", "seed_file")
"""The options that name files."""


class ProjectError(ValueError):
    """A project's file is wrong. The message is a line for people, and names it."""


@dataclass(frozen=True, slots=True)
class Project:
    """The configuration of a project.

    Attributes:
        file: where it stands, for people; empty: there is none.
        options: by their names with `_`.
    """

    file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def project_of(folder: Path, known: Callable[[], Iterable[str]]) -> Project:
    """Return the configuration that holds in a folder.

    Args:
        known: returns the names of all options, with `_`; not called where there is no file.

    Raises:
        ProjectError.
    """
    for place in (folder, *folder.parents):
        if (file := place / YAML).is_file():
            return _checked(file, str(file), _of_yaml(file), set(known()))
        if (file := place / TOML).is_file() and _SECTION in (raw := _raw(file)):
            given = _of_toml(file, raw)
            if given is not None:
                return _checked(file, f"{file} [tool.fake-runway]", given, set(known()))
    return Project()


def _raw(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ProjectError(f"{file}: cannot be read: {error.strerror}") from error


def _of_yaml(file: Path) -> Any:
    from fake_runway.scenarios.yaml_lines import NotYaml, read_documents

    try:
        documents = read_documents(_raw(file).decode())
    except NotYaml as error:
        raise ProjectError(f"{file}:{error.line}: {error.sentence}") from error
    except UnicodeDecodeError as error:
        raise ProjectError(f"{file}: expected text in UTF-8, got other bytes") from error
    problems = [each for document in documents for each in document.problems]
    if problems:
        raise ProjectError(f"{file}:{problems[0].line or 1}: {problems[0].sentence}")
    if len(documents) > 1:
        raise ProjectError(f"{file}: expected one document, got {len(documents)}")
    return documents[0].value if documents else {}


def _of_toml(file: Path, raw: bytes) -> Any:
    """Return the section, None if there is none."""
    import tomllib

    try:
        tools = tomllib.loads(raw.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: {error}") from error
    return tools.get("fake-runway") if isinstance(tools, Mapping) else None


def _checked(file: Path, name: str, given: Any, known: set[str]) -> Project:
    if not isinstance(given, Mapping):
        raise ProjectError(f"{name}: expected options of `serve`, got {quoted(given)}")
    options: dict[str, Any] = {}
    for key, value in given.items():
        option = str(key).replace("-", "_")
        if option not in known:
            hint = meant(option.replace("_", "-"), [each.replace("_", "-") for each in known])
            raise ProjectError(f"{name}: expected an option of `serve`, got {quoted(key)}{hint}")
        if option in options:
            raise ProjectError(f"{name}: expected {option} once, got it twice")
        each = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | int | float | bool) for part in each):
            wrong = f"expected a text, a number or a list of them as {option}"
            raise ProjectError(f"{name}: {wrong}, got {quoted(value)}")
        options[option] = _placed(file, option, value)
    return Project(name, options)


def _placed(file: Path, option: str, value: Any) -> Any:
    """Return a value whose paths begin at the file's folder."""
    if option not in _FILES:
        return value
    if isinstance(value, list):
        return [_placed(file, option, each) for each in value]
    text = str(value)
    return text if re.fullmatch(NAME_PATTERN, text) else str(file.parent / text)
