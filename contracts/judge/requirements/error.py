"""The form of a failure."""

from collections.abc import Iterable

from contracts.judge.case import Context, Situation, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import (
    arrived,
)


@requirement(
    "error.json",
    "Every failure is a JSON object with a text as `error`.",
    why="The page shows it, and programs look at it.",
    source="seed A; seed B ({error})",
    unless="gone big",
)
def error_json(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the bodies of failures; nothing more is demanded of them."""
    for answer in arrived(seen):
        error = answer.fields.get("error")
        if not answer.ok and not (isinstance(error, str) and error):
            came = f"the keys {sorted(answer.fields)}" if answer.fields else "no JSON object"
            yield f"allowed: {{error: text}}; came: {answer} with {came}"
