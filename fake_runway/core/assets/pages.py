"""Pages of a list that may change while it is read.

A cursor says behind which position the next page begins, and in which list and order; it does not
say how many items come before. So what is made or removed between two pages neither repeats an item
nor leaves one out that was there all the time. A position is a tuple of numbers and texts that no
two items share; an item that is gone keeps its place.

A cursor is opaque and signed by a draw of the world: that of another world, of another list or of
another order is told from a good one, and so is one that a client made up. What to do with it is a
switch, because the real API is unknown there.
"""

import base64
import binascii
import heapq
import json
import math
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from fake_runway.core.draws import Draws, draw
from fake_runway.core.errors import BadCursor, ExpiredCursor
from fake_runway.core.values import dataclass

_T = TypeVar("_T")
_SIGNATURE = 12  # hexadecimal digits

Position = tuple[Any, ...]
"""Numbers and texts, in the order in which they decide."""


@dataclass(frozen=True, slots=True)
class CursorRules:
    """What becomes of cursors that are not as this world made them.

    Attributes:
        refuse_unknown: one that is unknown is refused; False: it begins at the first page.
        lifetime_s: how long one can be used, in seconds of the world; inf: for ever.
    """

    refuse_unknown: bool = True
    lifetime_s: float = math.inf


class Page(NamedTuple, Generic[_T]):
    """Some items of a list, in its order.

    Attributes:
        end: the position of the last item, if there are more behind it; else None.
    """

    items: list[_T]
    end: Position | None


def page_of(
    items: Iterable[_T],
    *,
    position: Callable[[_T], Position],
    limit: int,
    after: Position | None = None,
    descending: bool = False,
) -> Page[_T]:
    """Return the first `limit` items behind `after`. O(items), whatever their order."""

    def is_behind(item: _T) -> bool:
        if after is None:
            return True
        at = position(item)
        return at < after if descending else at > after

    choose = heapq.nlargest if descending else heapq.nsmallest
    found = choose(limit + 1, filter(is_behind, items), key=position)
    page = found[:limit]
    return Page(page, position(page[-1]) if len(found) > limit else None)


def write_cursor(position: Position, *, of: str, draws: Draws, at: float) -> str:
    """Return the cursor of a page that ends at `position`.

    Args:
        of: the name of the list and of its order.
        at: now.
    """
    text = json.dumps([of, at, *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(f"{_signature(draws, text)}{text}".encode()).decode()


def read_cursor(
    cursor: str | None, *, of: str, draws: Draws, at: float, rules: CursorRules
) -> Position | None:
    """Return the position in a cursor; None: the list begins with its first item.

    Args:
        cursor: None if the call has none.

    Raises:
        BadCursor: no page of this list, in this order and world, had it.
        ExpiredCursor.
    """
    if cursor is None:
        return None
    known = _read(cursor, draws)
    if known is None or known[0] != of:
        if rules.refuse_unknown:
            raise BadCursor("Invalid cursor")
        return None
    if at >= known[1] + rules.lifetime_s:
        raise ExpiredCursor("The cursor has expired")
    return tuple(known[2:])


def _read(cursor: str, draws: Draws) -> list[Any] | None:
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    signature, text = text[:_SIGNATURE], text[_SIGNATURE:]
    if signature != _signature(draws, text):
        return None
    known = json.loads(text)
    return known if isinstance(known, list) else None


def _signature(draws: Draws, text: str) -> str:
    return draw(draws.seed, draws.world, f"cursor {text}", 0).hex()[:_SIGNATURE]
