"""The sentence of a problem."""

from __future__ import annotations

import pytest

from contracts.wire.problems import Kind, Path, Problem, where


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "$"),
        (("tools", 2, "name"), "$.tools[2].name"),
        (("models", "gen4.5"), '$.models["gen4.5"]'),
        (("",), '$[""]'),
        (('a"b',), '$["a\\"b"]'),
    ],
)
def test_where(path: Path, expected: str) -> None:
    """A path is written as a JSON path; keys that are no plain words are quoted."""
    assert where(path) == expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            Problem(("maxDuration",), Kind.TYPE, ("integer",), "string"),
            "expected an integer, got a string at $.maxDuration",
        ),
        (
            Problem((), Kind.TYPE, ("integer", "null"), "array"),
            "expected an integer or null, got an array at $",
        ),
        (
            Problem(("avatar",), Kind.REQUIRED, ("object",), "nothing"),
            "expected an object, got nothing at $.avatar",
        ),
        (
            Problem(("anything",), Kind.REQUIRED, (), "nothing"),
            "expected a value, got nothing at $.anything",
        ),
        (
            Problem((), Kind.UNKNOWN_KEY, (), "object", keys=("a", "b c")),
            'expected no other keys, got "a", "b c" at $',
        ),
        (Problem((), Kind.CONST, "x", "null"), 'expected "x", got null at $'),
        (
            Problem((), Kind.ENUM, ("x", "y"), "string"),
            'expected one of "x", "y", got a string at $',
        ),
        (
            Problem((), Kind.MAXIMUM, 1800, "integer"),
            "expected a number of at most 1800, got an integer at $",
        ),
        (
            Problem((), Kind.MIN_LENGTH, 1, "string"),
            "expected a string of length 1 or more, got a string at $",
        ),
        (
            Problem((), Kind.MAX_ITEMS, 20, "array"),
            "expected an array of length 20 or less, got an array at $",
        ),
        (
            Problem((), Kind.PATTERN, "^a$", "string"),
            "expected a string like ^a$, got a string at $",
        ),
        (
            Problem((), Kind.ALTERNATIVES, ("Key", "Credentials"), "object"),
            "expected Key or Credentials, got an object at $",
        ),
        (
            Problem((), Kind.OTHER, "multipleOf", "integer"),
            "expected a value that satisfies 'multipleOf', got an integer at $",
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Problem) else "",
)
def test_sentence(problem: Problem, expected: str) -> None:
    """A sentence has the form "expected ..., got ... at ..."."""
    assert problem.sentence() == expected
