"""What was learned, for people as a table and for the fake as a scenario."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from fake_runway.calibration.rules import NOT_LEARNED, Learned
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK, Switch
from fake_runway.core.text import printable, short

FORMS: Mapping[str, Sequence[Switch]] = {"account": ACCOUNT, "session": SESSION, "task": TASK}
_WIDEST = 28


def rows(learned: Iterable[Learned]) -> Iterator[tuple[str, str, str, str]]:
    """Yield for every switch its name, what the fake does, what the endpoint does, and why."""
    found = {(each.form, each.key): each for each in learned}
    for form, switches in FORMS.items():
        for switch in switches:
            here = _word(switch.default)
            each = found.get((form, switch.key))
            if each is not None:
                there = _word(each.value)
                same = "" if there != here else "= "
                yield switch.key, here, f"{same}{there}", printable(each.evidence)
            else:
                why = NOT_LEARNED.get(switch.key, "no call told")
                yield switch.key, here, "?", why


def table(learned: Iterable[Learned]) -> str:
    """Return the rows as text, for a terminal."""
    lines = [("SWITCH", "HERE", "THERE", "EVIDENCE"), *rows(learned)]
    widths = [max(len(line[place]) for line in lines) for place in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]
        )
        for line in lines
    )


def scenario(learned: Iterable[Learned], *, name: str, source: str) -> str:
    """Return a scenario file by which the fake answers as the endpoint does.

    Args:
        source: what was learned from.
    """
    document: dict[str, Any] = {
        "name": name,
        "about": f"As {source} answers, as far as its answers tell.",
    }
    for form, switches in FORMS.items():
        defaults = {switch.key: switch.default for switch in switches}
        found = {
            each.key: each.value
            for each in learned
            if each.form == form and each.value != defaults[each.key]
        }
        if found:
            document[form] = found
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return (
        f"# Made by fake-runway calibrate. Use it with: fake-runway serve --scenario FILE\n{text}"
    )


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return short(printable(text), _WIDEST)
