"""The single mistakes of a request, as the API lists them under `issues`.

Generation endpoints answer a body that breaks a rule with `issues`, one for each mistake: observed
live. The codes are those of the provider's validation library, whose sentences `bodies.py` has;
which of them goes with which rule is its documentation's word, and assumed of the API.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.wire.problems import Kind, Problem
from fake_runway.core.text import short
from fake_runway.web.bodies import PROVIDER

VALIDATION_FAILED = "Validation of body failed"
"""What the error of such an answer says. Observed live."""

MOST_ISSUES = 20
"""How many mistakes an answer lists, as the first that were found."""
_LONGEST_MESSAGE = 1_000

CODES: Mapping[Kind, str] = {
    Kind.CONST: "invalid_value",
    Kind.ENUM: "invalid_value",
    Kind.FORMAT: "invalid_format",
    Kind.PATTERN: "invalid_format",
    Kind.ALTERNATIVES: "invalid_union",
    Kind.TYPE: "invalid_type",
    Kind.REQUIRED: "invalid_type",
    Kind.MINIMUM: "too_small",
    Kind.EXCLUSIVE_MINIMUM: "too_small",
    Kind.MIN_LENGTH: "too_small",
    Kind.MIN_ITEMS: "too_small",
    Kind.MIN_KEYS: "too_small",
    Kind.MAXIMUM: "too_big",
    Kind.MAX_LENGTH: "too_big",
    Kind.MAX_ITEMS: "too_big",
    Kind.MAX_KEYS: "too_big",
    Kind.UNKNOWN_KEY: "unrecognized_keys",
    Kind.OTHER: "custom",
}


def issues(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return what is wrong with a body or a query, as the value of the answer's `issues`."""
    return [
        {
            "code": CODES[each.kind],
            "path": list(each.path),
            "message": short(PROVIDER.expected(each), _LONGEST_MESSAGE),
        }
        for each in problems[:MOST_ISSUES]
    ]
