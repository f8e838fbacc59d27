"""What was learned, for people as a table and for the fake as a scenario."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from fake_runway.calibration.history import CONSUME, History, Seen
from fake_runway.calibration.measures import Learned
from fake_runway.calibration.rules import NOT_LEARNED
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK, Switch
from fake_runway.core.text import printable, short
from fake_runway.core.types import Json
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.web.paths import path_of
from fake_runway.web.routes import Routes

FORMS: Mapping[str, Sequence[Switch]] = {"account": ACCOUNT, "session": SESSION, "task": TASK}
_WIDEST = 28
_TOO_MANY, _SERVER_ERROR = 429, 500
_MOST_FAULTS = 50
_WRONG_TYPE = 415
_REFUSALS = (400, 401, 413, _WRONG_TYPE)
_PLAIN = re.compile(r"[0-9]{1,6}")


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
        if (shares := found.get((form, "then"))) is not None:
            yield f"{form}.then", "[]", _word(shares.value), printable(shares.evidence)


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


def document(
    learned: Iterable[Learned], *, name: str, source: str, faults: Sequence[Json] = ()
) -> dict[str, Any]:
    """Return the data of a scenario by which the fake answers as the endpoint does.

    Args:
        source: what was learned from.
        faults: what goes wrong beside that.
    """
    data: dict[str, Any] = {
        "name": name,
        "about": f"As {source} answers, as far as its answers tell.",
    }
    for form, switches in FORMS.items():
        defaults = {switch.key: switch.default for switch in switches}
        found = {
            each.key: each.value
            for each in learned
            if each.form == form and each.value != defaults.get(each.key)
        }
        if found:
            data[form] = found
    if faults:
        data.setdefault("account", {})["faults"] = list(faults)
    return data


def scenario(learned: Iterable[Learned], *, name: str, source: str) -> str:
    """Return the text of a scenario file by which the fake answers as the endpoint does."""
    data = document(learned, name=name, source=source)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return f"# Made by fake-runway calibrate, for: fake-runway serve --scenario FILE\n{text}"


def failures(history: History) -> list[Json]:
    """Return faults by which the same calls fail as they did: each 429 and 5xx, at its place.

    Calls are counted for each operation, from the first one on, without those that were refused
    before anything could go wrong with them, because the fake does not count these either.
    """
    counts: dict[str, int] = {}
    places: dict[tuple[str, int, str], list[int]] = {}
    routes = Routes(OPERATIONS)
    for each in history.calls:
        match = routes.match(path_of(each.path))
        operation = None if match is None else match.operations.get(each.method)
        if operation is None or _refused_at_once(each):
            continue
        nth = counts[operation.id] = counts.get(operation.id, 0) + 1
        if each.status == _TOO_MANY or each.status >= _SERVER_ERROR:
            wait = each.headers.get("retry-after", "")
            places.setdefault((operation.id, each.status, wait), []).append(nth)
    return [
        {
            "name": f"{operation} was answered {status}",
            "match": {"operation": operation, "nth": nths},
            "effect": {
                "status": status,
                **({"headers": {"Retry-After": wait}} if _PLAIN.fullmatch(wait) else {}),
            },
        }
        for (operation, status, wait), nths in list(places.items())[:_MOST_FAULTS]
    ]


def _refused_at_once(call: Seen) -> bool:
    """Return whether a call was refused for its secret, its version or its body."""
    if call.path.endswith(f"/{CONSUME}"):
        return call.status == _WRONG_TYPE
    return call.status in _REFUSALS


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return short(printable(text), _WIDEST)
