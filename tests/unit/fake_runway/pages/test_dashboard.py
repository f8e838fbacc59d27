"""What the scripts of the dashboard repeat of the fake."""

import json
import re
from pathlib import Path
from typing import Any

import fake_runway.pages
from fake_runway.core.faults.effects.catalogue import EFFECTS
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.scenarios.catalogue import Catalogue

FOLDER = Path(fake_runway.pages.__file__).parent / "dashboard"
ROW = re.compile(r"""^  \["(\w+)", ".*?", "(\w+)"(?:, (["'])(.*)\3)?\],$""", re.MULTILINE)


def test_the_form_of_faults_offers_every_effect_and_operation() -> None:
    """A new one needs a row in the form, whose first value makes a fault."""
    script = (FOLDER / "faults.js").read_text()
    lists = r"export const (?:EFFECTS|OPERATIONS) = \[(.*?)\];\n"
    rows, operations = re.findall(lists, script, re.DOTALL)
    effects = {name: value(kind, text) for name, kind, _, text in ROW.findall(rows)}

    assert set(effects) == {effect.name for effect in EFFECTS}
    assert re.findall(r'"(\w+)"', operations) == [each.id for each in RUNWAY_API.operations]
    for name, given in effects.items():
        Catalogue.builtin().parse_fault({"effect": {name: given}}, name="of-the-form")


def value(kind: str, text: str) -> Any:
    """Return the value that the form sends for what is typed."""
    return {"true": True, "text": text}[kind] if kind in ("true", "text") else json.loads(text)
