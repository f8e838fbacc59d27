"""Pages of a list: they make up the whole, whatever is made and removed while it is read."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.assets.pages import (
    CursorRules,
    Position,
    page_of,
    read_cursor,
    write_cursor,
)
from fake_runway.core.draws import Draws
from fake_runway.core.errors import BadCursor, ExpiredCursor
from tests.unit.fake_runway.core.playing import SLOW_LAW, START

DRAWS = Draws("1", "w")
STRICT = CursorRules()

Item = tuple[float, int]
items = st.sets(st.tuples(st.sampled_from([0.0, 1.5, 2.0]), st.integers(0, 20)), max_size=25)


def position(item: Item) -> Position:
    """Return an item itself: it is a position already."""
    return item


def sent(end: Position) -> Position | None:
    """Return a position as it comes back in a cursor."""
    cursor = write_cursor(end, of="things", draws=DRAWS, at=START)
    return read_cursor(cursor, of="things", draws=DRAWS, at=START, rules=STRICT)


@SLOW_LAW
@given(items, st.lists(st.tuples(items, items)), st.integers(1, 7), st.booleans())
def test_pages_have_all_that_stays_exactly_once(
    first: set[Item], changes: list[tuple[set[Item], set[Item]]], limit: int, descending: bool
) -> None:
    """Whatever is made and removed between pages, in the order of the list."""
    present, always, ever = set(first), set(first), set(first)
    seen: list[Item] = []
    after: Position | None = None
    for number in range(100):
        page = page_of(present, position=position, limit=limit, after=after, descending=descending)
        assert len(page.items) <= limit
        seen += page.items
        if page.end is None:
            break
        after = sent(page.end)
        if number < len(changes):
            made, removed = changes[number]
            present = (present | made) - removed
            always -= removed
            ever |= made
    else:
        raise AssertionError("the list has no end")
    assert seen == sorted(set(seen), reverse=descending)
    assert always <= set(seen) <= ever


def test_a_whole_page_at_the_end_has_no_more_behind_it() -> None:
    """No client has to ask for an empty page."""
    assert page_of([(1.0, 1), (2.0, 2)], position=position, limit=2).end is None


def test_a_cursor_of_another_list_order_or_world_is_unknown() -> None:
    """So is one that was made up; the switch takes all of them for no cursor."""
    good = write_cursor((1, "a"), of="voices", draws=DRAWS, at=START)
    raw = base64.urlsafe_b64decode(good)
    changed = base64.urlsafe_b64encode(raw.replace(b'"a"', b'"b"')).decode()
    for cursor, of, draws in [
        (good, "avatars", DRAWS),
        (good, "voices", Draws("1", "another")),
        (changed, "voices", DRAWS),
        ("x", "voices", DRAWS),
        ("", "voices", DRAWS),
        ("é" * 8, "voices", DRAWS),
        (base64.urlsafe_b64encode(b"\xff" * 30).decode(), "voices", DRAWS),
    ]:
        with pytest.raises(BadCursor):
            read_cursor(cursor, of=of, draws=draws, at=START, rules=STRICT)
        lenient = CursorRules(refuse_unknown=False)
        assert read_cursor(cursor, of=of, draws=draws, at=START, rules=lenient) is None
    assert read_cursor(good, of="voices", draws=DRAWS, at=START, rules=STRICT) == (1, "a")
    assert read_cursor(None, of="voices", draws=DRAWS, at=START, rules=STRICT) is None


def test_a_cursor_expires_after_its_lifetime() -> None:
    """Counted from its page, in time of the world; by default it never does."""
    cursor = write_cursor((1,), of="voices", draws=DRAWS, at=START)
    rules = CursorRules(lifetime_s=60)
    assert read_cursor(cursor, of="voices", draws=DRAWS, at=START + 59, rules=rules) == (1,)
    with pytest.raises(ExpiredCursor):
        read_cursor(cursor, of="voices", draws=DRAWS, at=START + 60, rules=rules)
    assert read_cursor(cursor, of="voices", draws=DRAWS, at=START + 1e9, rules=STRICT) == (1,)


def test_a_cursor_with_another_character_in_it_is_unknown() -> None:
    """None is passed over, as base64 may do."""
    cursor = write_cursor((1, 2), of="things", draws=DRAWS, at=START)
    with pytest.raises(BadCursor):
        read_cursor(f"{cursor[:8]}!{cursor[8:]}", of="things", draws=DRAWS, at=START, rules=STRICT)
