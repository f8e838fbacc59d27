"""The words of the project: one term per thing, and the field's term where the field has one.

`docs/glossary.md` explains the words that are the project's own. What was renamed stays renamed.
Words of the wire are exempt, because files and tools of users hold them: keys of the admin API, of
reports, records and scenarios.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

RENAMED = {
    *("Door", "OF_THE_DOOR", "born", "newborn", "_bear", "fallen_due", "Standing", "THE_WORLD"),
    *("_Story", "_OwnTime", "_heard", "covering", "Cover", "COVER", "stir", "Upkeep"),
    *("_say_nothing", "_linger_not", "_Family", "_Face", "WaitedInVain", "Wish", "_DESK", "desk"),
    *("Unwatched", "in_a_crowd", "towards_last_look", "_Patience", "Connects", "Turns", "Leases"),
    *("_epitaph", "Lateness"),
}
"""Identifiers that have a better name now."""

PHRASES = (
    *("four doors", "the door", "the affair of", "says so in vain", "in a crowd", "last look"),
    *("nobody", "somebody", "whoever"),
)
"""Phrases of the private dialect: an engineer of the field would not search for them.

The built-in scenarios keep theirs, and so do the tables made of them: they are data of the admin
API.
"""


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository that match."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this is no checkout, so that nothing says which files are ours")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every name that a Python file binds, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield node.lineno, name
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def test_what_was_renamed_stays_renamed() -> None:
    """No Python file of ours binds one of the old identifiers."""
    any_of_them = re.compile(rf"\b({'|'.join(RENAMED)})\b")
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in tracked("*.py")
        if any_of_them.search(path.read_text())  # to parse all of them takes long
        for line, name in names(path)
        if name in RENAMED
    ]

    assert not found, "\n".join(found)


def test_no_phrase_of_the_dialect_stands_in_a_document_or_docstring() -> None:
    """Documents, and the product's docstrings, comments and messages, are in plain words."""
    # ids such as `cancel.delays-nobody`, and values, are data
    phrase = re.compile(rf"(?<![-_\w\"])({'|'.join(PHRASES)})(?![-_\w\"])", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in [*tracked("*.md"), *tracked("fake_runway", "gateway", "contracts", "examples")]
        if path.suffix in (".md", ".py", ".mjs")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := phrase.search(line)) and not (path.name == "scenarios.md" and line[:1] == "|")
    ]

    assert not found, "\n".join(found)


def test_the_glossary_is_a_sentence_for_each_word() -> None:
    """Each row has a word, once, and a sentence."""
    rows = re.findall(
        r"^\| ([a-z -]+) \| (.+) \|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE
    )
    words = [word for word, _ in rows if word != "Word"]

    assert len(words) == len(set(words)) > 15
    assert [word for word, meaning in rows if not re.fullmatch(r"[A-Z].*\.", meaning)] == []
