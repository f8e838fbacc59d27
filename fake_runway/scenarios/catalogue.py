"""Where scenarios come from: the catalogue in this package, files of users, the admin API.

A `Catalogue` is a value: adding a file makes another one. Built-in documents are found by their
`name:` lines and parsed when they are first asked for, because a server that starts has no time to
parse all of them, and most of its worlds need one. Tests parse every one.

An avatar may be bound to any scenario, the one that binds it included. So documents are parsed in
two steps: first what each says by itself, then its bindings, which need only the first of others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from fake_runway.core.faults.fault import Fault
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import Vocabulary
from fake_runway.core.problems import Path as Place
from fake_runway.core.problems import ScenarioProblem, noting
from fake_runway.core.scenario.forms import NOTHING
from fake_runway.core.scenario.scenario import Scenario, avatar_of, bind_avatars, parse_scenario
from fake_runway.core.scenario.schema import NAME_PATTERN
from fake_runway.core.sessions.script import Step
from fake_runway.core.sessions.session import Plan
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass
from fake_runway.scenarios.check import (
    broken_rules,
    meant,
    nearest,
    sound_parts,
    written,
    wrong_avatars,
)

if TYPE_CHECKING:
    from fake_runway.scenarios.yaml_lines import Document

LARGEST_FILE = 1024 * 1024
_MOST_LINES = 50  # of a message about what is wrong

_NAME = re.compile(r"^name: (\S+)$", re.MULTILINE)
_TITLE = re.compile(r"^# (?!yaml-)(.+)$", re.MULTILINE)
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)


class ScenarioFileError(Exception):
    """Scenarios that cannot be used. The message has one line for each problem.

    Attributes:
        problems: by their places; empty where nothing could be read, or nothing was found.
    """

    def __init__(self, message: str, problems: Sequence[ScenarioProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)

    @classmethod
    def about(cls, problems: Sequence[ScenarioProblem], *, file: str | None = None) -> Self:
        """Return the error that reports `problems`, with their lines if there is a file."""
        lines = [written(each, file=file) for each in problems[:_MOST_LINES]]
        if (more := len(problems) - _MOST_LINES) > 0:
            lines.append(f"... and {more} more")
        return cls("\n".join(lines), problems)

    def below(self, steps: int) -> Self:
        """Return the same error with places that are counted from further inside."""
        return self.about([each._replace(path=each.path[steps:]) for each in self.problems])


@dataclass(frozen=True, slots=True)
class _Entry:
    """One document of the catalogue: its text, and its data where that is not read on demand."""

    theme: str
    text: str
    data: Json | None = None


class _Draft(NamedTuple):
    """A document of a user's file, and what is wrong with it so far."""

    name: str
    document: "Document"
    problems: list[ScenarioProblem]
    scenario: Scenario
    avatars: Json


class Catalogue:
    """Scenarios by name, in a stable order: the built-in ones, then those of added files.

    Attributes:
        vocabulary: what faults may name: more, if a server has a newer document.
        added: the names in the file that was added last, in its order.
    """

    def __init__(
        self,
        entries: Mapping[str, _Entry],
        *,
        vocabulary: Vocabulary = RUNWAY_API,
    ) -> None:
        self._entries = entries
        self.vocabulary = vocabulary
        self._unbound: dict[str, tuple[Scenario, Json]] = {}  # with the bindings, as data
        self._bound: dict[str, Scenario] = {}
        self.added: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self._entries)} scenarios>"

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Scenario]:
        for name in self._entries:
            if (scenario := self.get(name)) is not None:
                yield scenario

    @classmethod
    def builtin(cls, vocabulary: Vocabulary = RUNWAY_API) -> Self:
        """Return the scenarios of this package."""
        entries: dict[str, _Entry] = {}
        folder = Path(__file__).with_name("builtin")  # see `contracts.wire.documents.load`
        for file in sorted(folder.iterdir(), key=lambda each: (each.name.find("-"), each.name)):
            if not file.name.endswith(".yaml"):
                continue
            head, *documents = _BETWEEN.split(file.read_text(encoding="utf-8"))
            title = _TITLE.search(head)
            for text in documents:
                name = _NAME.search(text)
                if name is None or title is None:
                    raise ValueError(f"{file.name}: a document without a name, or no title")
                entries[name[1]] = _Entry(title[1], text)
        return cls(entries, vocabulary=vocabulary)

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
        if name not in self._bound:
            scenario, avatars = self._parsed(name)
            self._bound[name] = replace(scenario, avatars=bind_avatars(avatars, self._named))
        return self._bound[name]

    def of_avatar(self, avatar: str) -> Scenario | None:
        """Return the scenario that the ready-made avatar with this UUID selects, if any."""
        name = self._avatars.get(avatar.lower())
        scenario = None if name is None else self.get(name)
        return scenario if scenario is not None and "avatar" in scenario.selectable_by else None

    def text(self, name: str) -> str:
        """Return the text of the scenario called `name`, as it was written.

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
        from fake_runway.scenarios.yaml_lines import NotYaml, read_documents

        file = str(path)
        text = text_of(file)
        try:
            documents = read_documents(text)
        except NotYaml as error:
            raise ScenarioFileError(f"{file}:{error.line}: $: {error.sentence}") from error
        if not documents:
            raise ScenarioFileError(f"{file}:1: $: expected a scenario, got nothing")
        drafts: dict[str, _Draft] = {}
        for index, document in enumerate(documents):
            draft = self._drafted(document, Path(path).stem if index == 0 else None, drafts)
            drafts[draft.name] = draft
        entries = {name: _Entry(file, text, each.document.value) for name, each in drafts.items()}
        grown = self._grown(entries)
        grown.added = tuple(entries)
        grown._unbound = {name: (each.scenario, each.avatars) for name, each in drafts.items()}
        wrong = {name for name, each in drafts.items() if each.problems}
        for name, draft in drafts.items():
            draft.problems.extend(wrong_avatars(draft.avatars))
            sound = {
                avatar: target
                for avatar, target in draft.avatars.items()
                if not (isinstance(target, str) and target in wrong)
            }
            with noting(draft.problems):
                bound = bind_avatars(sound, grown._named)
                grown._bound[name] = replace(draft.scenario, avatars=bound)
        problems = [
            each if each.line else each._replace(line=draft.document.line_of(each.path))
            for draft in drafts.values()
            for each in draft.problems
        ]
        if problems:
            problems.sort(key=lambda each: each.line or 0)
            raise ScenarioFileError.about(problems, file=file)
        return grown

    def _drafted(
        self, document: "Document", stem: str | None, before: Mapping[str, object]
    ) -> _Draft:
        """Return a document without its bindings, which may be to documents after it."""
        unread = {each.path for each in document.problems}
        broken = [
            each
            for each in broken_rules(document.value, self.vocabulary)
            if not any(each.path[:length] in unread for length in range(len(each.path) + 1))
        ]
        problems = [*document.problems, *broken]
        data = sound_parts(document.value, problems) if problems else document.value
        name = self._name(document, stem, before, problems)
        scenario = Scenario(name)
        with noting(problems):
            scenario = parse_scenario(data, default_name=name)
        return _Draft(name, document, problems, scenario, data.get("avatars", NOTHING))

    def parse(self, data: Json, *, default_name: str = "unnamed") -> Scenario:
        """Return the scenario that data describes; avatars may be bound to any scenario here.

        Shape: JSON as `orjson.loads` gives it.

        Raises:
            ScenarioFileError: its lines have no file and no line number.
        """
        problems = broken_rules(data, self.vocabulary)
        if not problems:
            problems = wrong_avatars(data.get("avatars", NOTHING))
            with noting(problems):
                scenario = parse_scenario(data, default_name=default_name)
            with noting(problems):
                avatars = bind_avatars(data.get("avatars", NOTHING), self._named)
        if problems:
            raise ScenarioFileError.about(problems)
        return replace(scenario, avatars=avatars)

    def parse_fault(self, data: Json, *, name: str) -> Fault:
        """Return the fault about all calls that data describes, by the rules for scenarios.

        Raises:
            ScenarioFileError: with places in the fault.
        """
        try:
            (fault,) = self.parse({"account": {"faults": [data]}}).account_faults
        except ScenarioFileError as error:
            raise error.below(3) from error
        return replace(fault, name=name)

    def parse_form(self, form: Json, *, avatar: str) -> Scenario:
        """Return the session form that is to be bound to an avatar.

        Raises:
            ScenarioFileError: with places in the form.
        """
        try:
            return self.parse({"avatars": {avatar: form}}).avatars[avatar.lower()]
        except ScenarioFileError as error:
            raise error.below(2) from error

    def parse_steps(self, data: Json) -> tuple[Step, ...]:
        """Return the step that data describes, or those that it holds as `steps`.

        Raises:
            ScenarioFileError: with places in the data.
        """
        several = data.keys() == {"steps"}
        form = {"session": {"script": data["steps"] if several else [data]}}
        try:
            return self.parse(form).plan_over(Plan()).script
        except ScenarioFileError as error:
            start: Place = ("steps",) if several else ()
            length = 2 if several else 3
            raise error.about(
                [each._replace(path=(*start, *each.path[length:])) for each in error.problems]
            ) from error

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
        return self._grown(entries) if entries else self

    def _grown(self, entries: Mapping[str, _Entry]) -> "Catalogue":
        return Catalogue({**self._entries, **entries}, vocabulary=self.vocabulary)

    @cached_property
    def _avatars(self) -> Mapping[str, str]:
        return {avatar_of(name): name for name in self._entries}

    def _parsed(self, name: str) -> tuple[Scenario, Json]:
        """Return a scenario without what its own avatars are bound to, and that as data."""
        if name not in self._unbound:
            from fake_runway.scenarios.yaml_lines import (
                read_documents,
            )  # no server without scenarios needs it

            entry = self._entries[name]
            data: Json = read_documents(entry.text)[0].value if entry.data is None else entry.data
            scenario = parse_scenario(data, default_name=name)
            self._unbound[name] = (scenario, data.get("avatars", NOTHING))
        return self._unbound[name]

    def _named(self, name: str) -> Scenario:
        """Return the scenario that an avatar is bound to.

        Raises:
            ValueError: there is none.
        """
        if name not in self._entries:
            hint = meant(name, self._entries)
            raise ValueError(f"expected the name of a scenario, got {name}{hint}")
        return self._parsed(name)[0]

    def _name(
        self,
        document: "Document",
        stem: str | None,
        found: Mapping[str, object],
        problems: list[ScenarioProblem],
    ) -> str:
        """Return the name of a document; add to `problems` what is wrong with it."""
        own = document.value.get("name") if isinstance(document.value, dict) else None
        name = own if isinstance(own, str) else stem
        wrong = ""
        if name is None:
            name = f"document {len(found) + 1}"
            if not problems:
                wrong = "expected a name, which every document after the first needs, got nothing"
        elif own is None and re.fullmatch(NAME_PATTERN, name) is None:
            wrong = f"expected a name, because the file's own is none, got {name}"
        elif name in found or name in self._entries:
            where = "this file" if name in found else "the catalogue"
            wrong = f"expected a name of its own, got {name}, which {where} already has"
        if wrong:
            problems.append(ScenarioProblem(("name",), wrong, document.line_of(("name",))))
        return name if name not in found else f"{name} {len(found) + 1}"


def text_of(file: str) -> str:
    """Return the text of a file.

    Raises:
        ScenarioFileError: it cannot be read, is too large, or no UTF-8.
    """
    try:
        with Path(file).open("rb") as opened:
            raw = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ScenarioFileError(f"{file}: cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST_FILE:
        raise ScenarioFileError(f"{file}: expected at most {LARGEST_FILE} bytes, got more")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        wrong = f"expected text in UTF-8, got the byte 0x{raw[error.start]:02x}"
        raise ScenarioFileError(f"{file}:{line}: $: {wrong}") from error


def useless_in(path: str | Path) -> list[str]:
    """Return a line for each setting without effect in a file in which nothing is wrong."""
    from fake_runway.scenarios.useless import useless_settings
    from fake_runway.scenarios.yaml_lines import read_documents

    return [
        written(each._replace(line=document.line_of(each.path)), file=str(path), mark="warning: ")
        for document in read_documents(text_of(str(path)))
        for each in useless_settings(document.value)
    ]
