"""Every built-in scenario has a test, in every way that can select it.

The tests are in the files `test_catalogue_*.py` beside this one, a file for each theme.
"""

from importlib import import_module
from pathlib import Path

import pytest

from tests.support.fake.catalogue import CATALOGUE, Choice, Selection, shown_in

THEMES = [path.stem for path in sorted(Path(__file__).parent.glob("test_catalogue_*.py"))]


@pytest.fixture(scope="module")
def choices() -> set[Choice]:
    """The scenarios that the tests are about, each with its way of selection."""
    modules = [import_module(f"tests.http.{theme}") for theme in THEMES]
    return {choice for module in modules for _, choice, _ in shown_in(vars(module))}


def test_every_scenario_has_a_test(choices: set[Choice]) -> None:
    """A scenario without a test fails the build, and so does a test without a scenario."""
    names = {choice.name for choice in choices if choice.way is Selection.SECRET}
    assert sorted(set(CATALOGUE.names) - names) == []
    assert sorted(names - set(CATALOGUE.names)) == []


def test_every_avatar_has_a_test(choices: set[Choice]) -> None:
    """Each scenario that an avatar can select has a test that selects it so."""
    names = {choice.name for choice in choices if choice.way is Selection.AVATAR}
    assert sorted(names) == sorted(scenario.name for scenario in CATALOGUE.with_avatars)
