"""Foreign values in messages: short, on one line, and recognisable."""

import json
import math
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.text import LONGEST, printable, quoted, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping"),
        (MappingProxyType({}), "an empty mapping"),
        ([], "an empty list"),
        ([[]], "a list"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ("é", '"é"'),
        ("a\nb", '"a\\nb"'),
        ("\x9b", '"\\x9b"'),
    ],
)
def test_a_value_is_quoted_as_json(value: object, text: str) -> None:
    """Large ones are only named, and control characters are escaped."""
    assert quoted(value) == text


@given(st.recursive(st.none() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_what_is_quoted_is_short_and_safe(value: object) -> None:
    """Whatever it is."""
    assert len(quoted(value)) <= LONGEST
    assert quoted(value).isprintable()


@given(st.text())
def test_a_short_text_is_quoted_whole(text: str) -> None:
    """As JSON says it, as long as there is room for that; else its beginning, and dots."""
    whole = printable(json.dumps(text, ensure_ascii=False))
    if len(whole) <= LONGEST:
        assert quoted(text) == whole
    else:
        assert quoted(text) == whole[: LONGEST - 3] + "..."


@given(st.text(), st.integers(4, 80))
def test_a_text_is_cut_only_if_it_is_too_long(text: str, most: int) -> None:
    """And then to just the most that it may be."""
    cut = short(text, most)
    if len(text) <= most:
        assert cut == text
    else:
        assert len(cut) == most
        assert cut.endswith("...")
        assert text.startswith(cut[:-3])


@pytest.mark.parametrize("length", range(LONGEST - 3, LONGEST + 3))
def test_the_quotes_count(length: int) -> None:
    """A text is cut as soon as it has no room with its quotes, and never before."""
    text = quoted("x" * length)
    assert text == (f'"{"x" * length}"' if length + 2 <= LONGEST else f'"{"x" * (LONGEST - 4)}...')


@given(st.text())
def test_printable_text_stays(text: str) -> None:
    """What is made printable stays so, and nothing else was changed."""
    made = printable(text)
    assert made.isprintable()
    assert printable(made) == made
    assert made == text or not text.isprintable()
