"""Where scenarios come from: the catalogue in this package, files of users, the admin API.

A `Catalogue` is a value: adding a file makes another one. Built-in documents are found by their
`name:` lines and read when somebody asks for them, because a server that starts has no time to read
all of them, and most of its worlds need one. Tests read every one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Self

from fake_runway.core.scenario.forms import Json
from fake_runway.core.scenario.scenario import Scenario, avatar_of, parse_scenario
from fake_runway.core.scenario.schema import NAME_PATTERN
from fake_runway.scenarios.check import (
    broken_rules,
    contradictions,
    nearest,
    sound_parts,
    written,
    wrong_avatar,
)
from fake_runway.scenarios.yaml_lines import Document, FileProblem, NotYaml, read_documents

LARGEST_FILE = 1024 * 1024

_NAME = re.compile(r"^name: (\S+)$", re.MULTILINE)
_TITLE = re.compile(r"^# (?!yaml-)(.+)$", re.MULTILINE)
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)


class ScenarioFileError(Exception):
    """Scenarios that cannot be used. The message has one line for each problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One document of the catalogue: the text it stands in, and what that says once it is read."""

    theme: str
    text: str
    data: Json | None = None


class Catalogue:
    """Scenarios by name, in a stable order: the built-in ones, then those of added files.

    Attributes:
        added: the names in the file that was added last, in its order.
    """

    def __init__(self, entries: Mapping[str, _Entry], *, added: tuple[str, ...] = ()) -> None:
        self._entries = entries
        self._read: dict[str, Scenario] = {}
        self.added = added

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self._entries)} scenarios>"

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Scenario]:
        for name in self._entries:
            scenario = self.get(name)
            if scenario is not None:
                yield scenario

    @classmethod
    def builtin(cls) -> Self:
        """Return the scenarios of this package."""
        entries: dict[str, _Entry] = {}
        folder = files("fake_runway.scenarios") / "builtin"
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if not file.name.endswith(".yaml"):
                continue
            head, *documents = _BETWEEN.split(file.read_text(encoding="utf-8"))
            title = _TITLE.search(head)
            for text in documents:
                name = _NAME.search(text)
                if name is None or title is None:
                    raise ValueError(f"{file.name}: a document without a name, or no title")
                entries[name[1]] = _Entry(title[1], text)
        return cls(entries)

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._entries)

    @property
    def themes(self) -> Mapping[str, tuple[str, ...]]:
        """The names by what they are about; those of added files by the file's path."""
        themes: dict[str, tuple[str, ...]] = {}
        for name, entry in self._entries.items():
            themes[entry.theme] = (*themes.get(entry.theme, ()), name)
        return themes

    def get(self, name: str) -> Scenario | None:
        """Return the scenario called `name`, None if there is none."""
        if name not in self._entries:
            return None
        if name not in self._read:
            data = self._data(name)
            self._read[name] = parse_scenario(data, default_name=name, named=self._unbound)
        return self._read[name]

    def of_avatar(self, avatar: str) -> Scenario | None:
        """Return the scenario whose ready-made avatar has this UUID and may choose it."""
        name = self._avatars.get(avatar.lower())
        scenario = None if name is None else self.get(name)
        return scenario if scenario is not None and "avatar" in scenario.selectable_by else None

    def text(self, name: str) -> str:
        """Return the text that the scenario called `name` stands in, as it was written.

        Of a built-in one that is its own document, of a user's the whole file.

        Raises:
            KeyError: there is none.
        """
        return self._entries[name].text

    def nearest(self, name: str) -> str | None:
        """Return the name that was probably meant, None if none is like it."""
        return nearest(name, self._entries)

    def with_file(self, path: str | Path) -> "Catalogue":
        """Return a catalogue that has the documents of a user's file as well.

        Avatars in them may be bound to any scenario here and in the file.

        Raises:
            ScenarioFileError: with all that is wrong with the file, line by line.
        """
        shown = str(path)
        text = _text_of(Path(path), shown)
        try:
            documents = read_documents(text)
        except NotYaml as error:
            raise ScenarioFileError([f"{shown}:{error.line}: $: {error.sentence}"]) from error
        if not documents:
            raise ScenarioFileError([f"{shown}:1: $: expected a scenario, got nothing"])
        problems: list[FileProblem] = []
        found: dict[str, tuple[Json, _Entry | None]] = {}
        for index, document in enumerate(documents):
            wrong = _wrong_with(document)
            parts = sound_parts(document.value, wrong)
            name = self._name(document, Path(path).stem if index == 0 else None, found, wrong)
            found[name] = (parts, None if wrong else _Entry(shown, text, document.value))
            problems += wrong
        entries = {name: entry for name, (_, entry) in found.items() if entry is not None}
        grown = Catalogue({**self._entries, **entries}, added=tuple(entries))
        known = (*self._entries, *found)
        for document, (parts, _) in zip(documents, found.values(), strict=True):
            refused = contradictions(parts, known=known, named=grown._unbound)
            problems += [_placed(each, document) for each in refused]
        if problems:
            problems.sort(key=lambda each: each.line or 0)
            raise ScenarioFileError([written(each, file=shown) for each in problems])
        return grown

    def parse(self, given: Json, *, default_name: str = "unnamed") -> Scenario:
        """Return the scenario that data describes; avatars may be bound to any scenario here.

        Shape: JSON as `orjson.loads` gives it.

        Raises:
            ScenarioFileError: its lines have no file and no line number.
        """
        problems = broken_rules(given) or contradictions(
            given, known=self._entries, named=self._unbound
        )
        if problems:
            raise ScenarioFileError([written(each) for each in problems])
        return parse_scenario(given, default_name=default_name, named=self._unbound)

    def check_fault(self, given: Json) -> None:
        """Check the data of one fault by the rules for scenarios.

        Raises:
            ScenarioFileError: its lines begin with the place in the fault.
        """
        try:
            self.parse({"account": {"faults": [given]}})
        except ScenarioFileError as error:
            lines = [line.replace("$.account.faults[0]", "$", 1) for line in error.problems]
            raise ScenarioFileError(lines) from None

    @staticmethod
    def check_avatar(avatar: str) -> None:
        """Check the id of an avatar that a form shall be bound to.

        Raises:
            ScenarioFileError: no create can name it.
        """
        if (wrong := wrong_avatar(avatar)) is not None:
            raise ScenarioFileError([wrong])

    @property
    def own(self) -> tuple[str, ...]:
        """The names that are not built in."""
        return tuple(name for name, entry in self._entries.items() if entry.data is not None)

    @cached_property
    def with_avatars(self) -> tuple[Scenario, ...]:
        """The scenarios that have a ready-made avatar."""
        return tuple(scenario for scenario in self if "avatar" in scenario.selectable_by)

    def with_data(self, documents: Iterable[Json]) -> "Catalogue":
        """Return a catalogue that has these documents as well, as a record carries them."""
        entries = {data["name"]: _Entry("a record", "", data) for data in documents}
        return Catalogue({**self._entries, **entries}) if entries else self

    @cached_property
    def _avatars(self) -> Mapping[str, str]:
        return {avatar_of(name): name for name in self._entries}

    def _data(self, name: str) -> Json:
        entry = self._entries[name]
        if entry.data is not None:
            return entry.data
        data: Json = read_documents(entry.text)[0].value
        return data

    def _unbound(self, name: str) -> Scenario | None:
        """Return a scenario without what its own avatars are bound to: that may be itself."""
        if name not in self._entries:
            return None
        data = {key: each for key, each in self._data(name).items() if key != "avatars"}
        try:
            return parse_scenario(data, default_name=name, named=lambda _: None)
        except ValueError:  # a document beside the one that is looked at; told where it stands
            return None

    def _name(
        self,
        document: Document,
        stem: str | None,
        found: Mapping[str, object],
        problems: list[FileProblem],
    ) -> str:
        """Return the name of a document; add to `problems` what is wrong with it."""
        given = document.value.get("name") if isinstance(document.value, dict) else None
        name = given if isinstance(given, str) else stem
        line = document.line_of(("name",))
        if name is None:
            if not problems:
                wanted = "expected a name, which every document after the first needs, got nothing"
                problems.append(FileProblem(("name",), wanted, line))
            return f"document {len(found) + 1}"
        if given is None and re.fullmatch(NAME_PATTERN, name) is None:
            wanted = f"expected a name, because the file's own is none, got {name}"
            problems.append(FileProblem(("name",), wanted, line))
        if name in found or name in self._entries:
            where = "this file" if name in found else "the catalogue"
            wanted = f"expected a name of its own, got {name}, which {where} already has"
            problems.append(FileProblem(("name",), wanted, line))
        return name if name not in found else f"{name} {len(found) + 1}"


def _text_of(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ScenarioFileError([f"{shown}: cannot be read: {error.strerror}"]) from error
    if len(raw) > LARGEST_FILE:
        raise ScenarioFileError([f"{shown}: expected at most {LARGEST_FILE} bytes, got more"])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        wrong = f"expected text in UTF-8, got the byte 0x{raw[error.start]:02x}"
        raise ScenarioFileError([f"{shown}:{line}: $: {wrong}"]) from error


def _wrong_with(document: Document) -> list[FileProblem]:
    """Return what cannot be read, and which rules the rest breaks."""
    unread = {each.path for each in document.problems}
    broken = [
        _placed(each, document)
        for each in broken_rules(document.value)
        if not any(each.path[:length] in unread for length in range(len(each.path) + 1))
    ]
    return [*document.problems, *broken]


def _placed(problem: FileProblem, document: Document) -> FileProblem:
    return problem._replace(line=document.line_of(problem.path))
