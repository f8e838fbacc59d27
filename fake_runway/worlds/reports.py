"""What a room reports, checked: texts and values in it come from clients and from scripts.

The admin API checks its bodies itself, by the same shape.
"""

from functools import cache

import orjson

from contracts.wire.problems import levels
from contracts.wire.schema import BodyValidator, load
from fake_runway.core.errors import Refused
from fake_runway.core.types import Json

LARGEST_REPORT = 1 << 17  # bytes of JSON
DEEPEST_REPORT = 60
"""Levels of JSON: a record has to hold it as the body of an act."""


class BadReport(Refused):
    """A report that is not of the shape `CallReport`."""

    code = "bad_report"


def checked_report(report: Json) -> Json:
    """Return a copy of `report` that holds JSON alone, checked.

    Raises:
        BadReport: it is too large or too deep, no JSON, or not of the shape.
    """
    try:
        raw = orjson.dumps(report)
        given = orjson.loads(raw)
    except (TypeError, ValueError) as error:
        raise BadReport(f"Expected a report that is JSON, got another value: {error}.") from error
    if len(raw) > LARGEST_REPORT:
        raise BadReport(f"Expected a report of at most {LARGEST_REPORT} bytes, got {len(raw)}.")
    if sum(1 for _ in levels(given)) > DEEPEST_REPORT:
        raise BadReport(f"Expected a report of at most {DEEPEST_REPORT} levels, got more.")
    validator = _shape()
    if not validator.is_valid(given):
        sentence = validator.problems(given)[0].sentence()
        raise BadReport(f"{sentence[0].upper()}{sentence[1:]} of the report.")
    return dict(given)


@cache
def _shape() -> BodyValidator:
    return BodyValidator(load("admin").schema("CallReport"))
