"""The form of a failure."""

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.requirements.common import failed
from contracts.judge.situation import Trait


@requirement(
    "error.json",
    "Every failure is a JSON object whose `error` is a non-empty string.",
    why="The page shows it, and programs read it.",
    source="seed A; seed B ({error})",
    premise=failed,
    unless={Trait.GONE, Trait.BIG_BODY, Trait.UNEXPECTED},
)
def error_json(case: Case) -> Breaches:
    """Check the bodies of failures."""
    for answer in case.answered:
        error = answer.fields.get("error")
        if not answer.ok and not (isinstance(error, str) and error):
            body = f"the keys {sorted(answer.fields)}" if answer.fields else "no JSON object"
            yield Breach("a body {error: string}", f"{answer} with {body}")
