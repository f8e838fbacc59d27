"""Scenarios that are selected together, by names and files, and the one that they make.

None is dropped: what two of them say is in the result, and where they contradict each other they
are refused, with the place and both values.
"""

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import Vocabulary
from fake_runway.core.scenario.scenario import Scenario, data_of
from fake_runway.core.text import quoted
from fake_runway.core.values import dataclass
from fake_runway.scenarios.catalogue import Catalogue, ScenarioFileError

_FORMS = ("account", "session", "task", "avatars")
_ADDED = ("faults", "then")  # lists to which each scenario adds
_ABOUT = ("about", "wire", "state")


@dataclass(frozen=True, slots=True)
class Selected:
    """What was selected.

    Attributes:
        scenario: None: nothing was.
        catalogue: the built-in scenarios, and those of the files.
        files: those that were read.
    """

    scenario: Scenario | None
    catalogue: Catalogue
    files: tuple[str, ...] = ()


def selected(wanted: Sequence[str], vocabulary: Vocabulary = RUNWAY_API) -> Selected:
    """Return the scenarios of these names and files, merged into one.

    Args:
        vocabulary: what faults in files may name.

    Raises:
        ScenarioFileError: a file is wrong, there is neither such a file nor such a name, or they
            contradict each other.
    """
    catalogue, scenarios, files = Catalogue.builtin(vocabulary), list[Scenario](), list[str]()
    for each in dict.fromkeys(wanted):
        scenario = catalogue.get(each)
        if scenario is None and (os.path.exists(each) or each.endswith((".yaml", ".yml"))):
            catalogue = catalogue.with_file(each)
            scenario = catalogue.get(catalogue.added[0])
            files.append(each)
        if scenario is None:
            nearest = catalogue.nearest(each)
            hint = f"; did you mean {nearest}?" if nearest else ""
            raise ScenarioFileError(f"there is no scenario and no file named {each}{hint}")
        scenarios.append(scenario)
    if not scenarios:
        return Selected(None, catalogue)
    one = scenarios[0] if len(scenarios) == 1 else catalogue.parse(merged(scenarios))
    return Selected(one, catalogue, tuple(files))


def merged(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Return the data of the scenario that says what each of these says.

    Raises:
        ScenarioFileError: two of them say different things of the same.
    """
    whole: dict[str, Any] = {"name": "-and-".join(each.name for each in scenarios)}
    said: dict[tuple[str, ...], str] = {}  # who has set what stands at a place
    for scenario in scenarios:
        data = data_of(scenario)
        for key in _ABOUT:
            if key in data:
                whole[key] = f"{whole[key]} {data[key]}" if key in whole else data[key]
        for form in _FORMS:
            into = whole.setdefault(form, {})
            for key, value in data.get(form, {}).items():
                if key in _ADDED:
                    into[key] = [*into.get(key, ()), *_checked(into, key, value, form, scenario)]
                else:
                    _put(into, (form, key), value, scenario, said)
        if "seed" in data:
            _put(whole, ("seed",), data["seed"], scenario, said)
    return {key: value for key, value in whole.items() if value != {}}


def _put(
    into: dict[str, Any],
    path: tuple[str, ...],
    value: Any,
    scenario: Scenario,
    said: dict[tuple[str, ...], str],
) -> None:
    key = path[-1]
    if key in into and into[key] != value:
        place = ".".join(path)
        raise ScenarioFileError(
            f"--scenario: {said[path]} and {scenario.name} contradict each other at {place}:"
            f" {quoted(into[key])} and {quoted(value)}"
        )
    into[key], said[path] = value, scenario.name


def _checked(
    into: Mapping[str, Any], key: str, added: Sequence[Any], form: str, scenario: Scenario
) -> Sequence[Any]:
    """Return what is added to a list.

    Raises:
        ScenarioFileError: two scenarios say what happens by itself in one state.
    """
    if key == "then":
        states = {each["in"] for each in into.get(key, ())}
        if twice := sorted(states & {each["in"] for each in added}):
            raise ScenarioFileError(
                f"--scenario: {scenario.name} and one before it both say what happens in"
                f" {twice[0]}, at {form}.then"
            )
    return added
