"""The form of a failure."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Situation, Trait, requirement
from contracts.judge.observation import Observation
from contracts.judge.requirements.common import answered


@requirement(
    "error.json",
    "Every failure is a JSON object whose `error` is a non-empty string.",
    why="The page shows it, and programs read it.",
    source="seed A; seed B ({error})",
    unless={Trait.GONE, Trait.BIG_BODY},
)
def error_json(seen: Observation, _: Situation, __: Context) -> Iterable[Breach]:
    """Check the bodies of failures."""
    for answer in answered(seen):
        error = answer.fields.get("error")
        if not answer.ok and not (isinstance(error, str) and error):
            body = f"the keys {sorted(answer.fields)}" if answer.fields else "no JSON object"
            yield Breach("{error: string}", f"{answer} with {body}")
