"""The form of a failure."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Situation, requirement
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
def error_json(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the bodies of failures; nothing more is demanded of them."""
    for answer in arrived(seen):
        error = answer.fields.get("error")
        if not answer.ok and not (isinstance(error, str) and error):
            came = f"the keys {sorted(answer.fields)}" if answer.fields else "no JSON object"
            yield Breach("{error: text}", f"{answer} with {came}")
