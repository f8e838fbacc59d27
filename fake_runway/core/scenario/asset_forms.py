"""How settings of stored resources are written: failures, and the lifetime of a cursor."""

import math
from typing import Any

from fake_runway.core.assets.kinds import ASSET_FAILURES, asset_failure
from fake_runway.core.durations import SPAN_PATTERN, parse_span, written_span
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.notations import Notation


def _parse_failure(given: Any) -> Failure | None:
    if given is None:
        return None
    return asset_failure(given) if isinstance(given, str) else Failure(given["code"], given["text"])


def _describe_failure(failure: Failure | None) -> Any:
    if failure is None:
        return None
    if ASSET_FAILURES.get(failure.code) == failure.text:
        return failure.code
    return {"code": failure.code, "text": failure.text}


ASSET_FAILURE = Notation(
    {
        "anyOf": [
            {"type": "null"},
            {"enum": list(ASSET_FAILURES)},
            {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "minLength": 1},
                    "text": {"type": "string", "minLength": 1},
                },
                "required": ["code", "text"],
                "additionalProperties": False,
            },
        ]
    },
    _parse_failure,
    _describe_failure,
)
LIFETIME = Notation(
    {"anyOf": [{"const": "forever"}, {"type": "string", "pattern": f"^{SPAN_PATTERN}$"}]},
    lambda text: math.inf if text == "forever" else parse_span(text),
    lambda lifetime_s: "forever" if math.isinf(lifetime_s) else written_span(lifetime_s),
    metavar="span|forever",
)
