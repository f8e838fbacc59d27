"""Query parameters that several operations take. The texts of refusals are assumed."""

import re
from datetime import UTC, datetime

from fake_runway.core.errors import Refused
from fake_runway.runway_api.calls import RunwayCall

LARGEST_PAGE = 100
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)", re.ASCII)
"""Published with Z alone; the official Python SDK writes an offset of zero."""


class BadQuery(Refused):
    """A query parameter is not what the operation takes."""

    code = "bad_query"
    status = 400


def page_limit(call: RunwayCall, *, default: int) -> int:
    """Return how many items the page may have that a call asks for.

    Raises:
        BadQuery.
    """
    text = call.exchange.query.get("limit")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadQuery(f"Invalid input: expected number, received {'string' if text else 'NaN'}")
    limit = default if text is None else int(text)
    if limit < 1:
        raise BadQuery("Too small: expected number to be >=1")
    if limit > LARGEST_PAGE:
        raise BadQuery(f"Too big: expected number to be <={LARGEST_PAGE}")
    return limit


def refuse_cursor(call: RunwayCall) -> None:
    """Refuse a cursor that no page has given; where the world allows it, the first page is meant.

    Raises:
        BadQuery.
    """
    if call.world.settings.cursors.refuse_unknown:
        raise BadQuery("Invalid cursor")


def choice_in(call: RunwayCall, name: str, choices: tuple[str, ...]) -> str:
    """Return which of the choices a query parameter names, the first if there is none.

    Raises:
        BadQuery.
    """
    text = call.exchange.query.get(name, choices[0])
    if text not in choices:
        expected = "|".join(f'"{each}"' for each in choices)
        raise BadQuery(f"Invalid option: expected one of {expected}")
    return text


def instant_in(call: RunwayCall, name: str) -> datetime | None:
    """Return the instant in a query parameter, None if there is none.

    Raises:
        BadQuery: it is no RFC 3339 instant in UTC, or there is no such day.
    """
    text = call.exchange.query.get(name)
    if text is None:
        return None
    if _INSTANT.fullmatch(text) is None:
        raise BadQuery("Invalid ISO datetime")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:  # the form is right, the day is not
        raise BadQuery("Invalid ISO datetime") from error


def needed_instant_in(call: RunwayCall, name: str) -> datetime:
    """Return the instant in a query parameter.

    Raises:
        BadQuery: as of `instant_in`, or there is none.
    """
    instant = instant_in(call, name)
    if instant is None:
        raise BadQuery("Invalid input: expected string, received undefined")
    return instant
