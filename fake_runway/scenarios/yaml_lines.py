"""YAML as scenario files write it: plain data, and the line of everything in it.

PyYAML's loaders know no lines, keep the last of two equal keys, and read `no`, `0x1F` and `1:30` as
something else than editors do, which follow YAML 1.2. So the parser's events are turned into data
here, by rules on which both versions of YAML agree; where they do not, a file has to say what it
means. Aliases and tags are refused: scenarios need none, and aliases make small files huge.

JSON is YAML, so JSON files are read by the same rules.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fake_runway.core.problems import Path, ScenarioProblem
from fake_runway.core.text import LONGEST, short
from fake_runway.core.types import LARGEST_INTEGER

if TYPE_CHECKING:
    import yaml

DEEPEST = 32
MOST_DOCUMENTS = 1_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_HALF_BOOLEAN = re.compile("yes|no|on|off", re.IGNORECASE)
_INTEGER = re.compile("-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_ODD_NUMBER = re.compile(
    r"[-+]?(\.inf|\.nan|0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[0-9][0-9_]*+\.?[0-9_]*+(e[-+]?[0-9]+)?|\.[0-9_]+(e[-+]?[0-9]+)?)",
    re.IGNORECASE,
)
_NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What YAML forbids, and the three characters that only YAML 1.1 takes for the end of a line."""


class NotYaml(Exception):
    """The text is no YAML: only the first line that makes no sense can be named."""

    def __init__(self, sentence: str, *, line: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


@dataclass(slots=True)
class Document:
    """One document of a file.

    Attributes:
        value: its data; None where `problems` say that something cannot be read.
        lines: the line of every value; of one in a mapping, that of its key.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[ScenarioProblem] = field(default_factory=list)

    def line_of(self, path: Path) -> int | None:
        """Return the line of a value; of one that is missing, the line of what lacks it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_documents(text: str) -> list[Document]:
    """Return the documents of a YAML text; empty ones between `---` are left out.

    Raises:
        NotYaml: with the first line that makes no sense.
    """
    import yaml  # 20 ms that a server without scenarios need not pay

    strange = _NO_TEXT.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        raise NotYaml(f"expected text, got the character {strange[0]!r}", line=line)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(_Reading(yaml.parse(text, loader)).documents())
    except yaml.MarkedYAMLError as error:
        # A parser reads ahead, and may refuse nesting of which it has shown us no event yet. What
        # it took before it stopped is read once more, so that our own limit comes first.
        if error.problem_mark is not None:
            with suppress(yaml.MarkedYAMLError):
                list(_Reading(yaml.parse(text[: error.problem_mark.index], loader)).documents())
        raise _not_yaml(error, text) from error
    return [each for each in documents if each.value is not None or each.problems]


def _not_yaml(error: "yaml.MarkedYAMLError", text: str) -> NotYaml:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    number = min(mark.line if mark is not None else 0, len(lines) - 1)  # the end lies behind
    line = lines[number]
    why = ", ".join(part for part in (error.context, error.problem) if part)
    hint = "; it holds a tab, and only spaces can indent" if "\t" in line else ""
    return NotYaml(f"expected YAML, got a line that is none ({why}){hint}", line=number + 1)


class _Reading:
    """Turns events into documents. Goes down at most `DEEPEST` levels."""

    def __init__(self, events: "Iterator[yaml.Event]") -> None:
        self._events: Iterator[Any] = iter(events)
        self._document = Document()
        self._count = 0
        self._wrong_lines: set[int] = set()

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if type(event).__name__ == "DocumentStartEvent":
                self._count += 1
                if self._count > MOST_DOCUMENTS:
                    line = event.start_mark.line + 1
                    raise NotYaml(
                        f"expected at most {MOST_DOCUMENTS} documents, got more", line=line
                    )
                self._document = Document()
                self._document.value = self._value(next(self._events), ())
                yield self._document

    def _value(self, event: Any, path: Path) -> Any:
        line = event.start_mark.line + 1
        if len(path) > DEEPEST:
            raise NotYaml(f"expected at most {DEEPEST} levels, got more", line=line)
        kind = type(event).__name__
        self._document.lines.setdefault(path, line)
        if kind == "AliasEvent":
            self._wrong(path, f"expected the value itself, got the alias *{event.anchor}", line)
            return None
        if event.tag is not None:
            self._wrong(path, f"expected a value without a tag, got {event.tag}", line)
        if kind == "ScalarEvent":
            return self._scalar(event, path)
        return self._mapping(path) if kind == "MappingStartEvent" else self._list(path)

    def _list(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            line = event.start_mark.line + 1
            key = self._key(event, path)
            inside = (*path, key)
            if key in entries:
                first = self._document.lines[inside]
                again = f"expected each key once, got {key} again (first on line {first})"
                self._wrong(inside, again, line)
                self._value(next(self._events), (*path, f"{key} again"))
                continue
            self._document.lines[inside] = line
            entries[key] = self._value(next(self._events), inside)
        return entries

    def _key(self, event: Any, path: Path) -> str:
        line = event.start_mark.line + 1
        if type(event).__name__ == "ScalarEvent" and event.tag is None:
            key = self._scalar(event, (*path, event.value))
            if isinstance(key, str) and key:
                return key
            got = event.value or "nothing"
        else:
            self._value(event, (*path, "?"))
            got = "something else"
        if line not in self._wrong_lines:
            self._wrong((*path, got), f"expected text as a key, got {got}", line)
        return got

    def _scalar(self, event: Any, path: Path) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block of text
            return text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        wrong = ""
        if _HALF_BOOLEAN.fullmatch(text):
            wrong = f"expected true, false or quoted text, got {text}, which YAML reads as either"
        elif _NUMBER.fullmatch(text):
            number = int(text[:20]) if _INTEGER.fullmatch(text) else float(text)
            if abs(number) <= LARGEST_INTEGER:
                return number
            wrong = f"expected a number up to {LARGEST_INTEGER} or quoted text, got {short(text)}"
        elif len(text) < LONGEST and _ODD_NUMBER.fullmatch(text):
            wrong = f"expected a plain decimal number or quoted text, got {short(text)}"
        if wrong:
            self._wrong(path, wrong, event.start_mark.line + 1)
            return None
        return text

    def _wrong(self, path: Path, sentence: str, line: int) -> None:
        self._document.problems.append(ScenarioProblem(path, sentence, line))
        self._wrong_lines.add(line)
