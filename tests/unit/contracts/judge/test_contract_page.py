"""The contract is a document, and hangs together: ids, situations, tags."""

import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.cli import main
from contracts.judge.case import Requirement
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situations.catalogue import situations

PAGE = Path(__file__).parents[4] / "docs" / "contract.md"
SITUATIONS = situations(30.0, "marker")


def test_the_page_is_current() -> None:
    """docs/contract.md is what `runway-contracts list --markdown` prints."""
    made = CliRunner().invoke(main, ["list", "--markdown"]).output
    assert PAGE.read_text() == made, "run: runway-contracts list --markdown > docs/contract.md"


def test_ids_are_unique_and_have_a_family() -> None:
    """Each requirement is `family.name`, each situation a name, and none is there twice."""
    ids = [each.id for each in REQUIREMENTS]
    assert [each for each in ids if not re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", each)] == []
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    names = [each.id for each in SITUATIONS]
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []
    assert [name for name, times in Counter(names).items() if times > 1] == []


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.id)
def test_every_requirement_is_whole(requirement: Requirement) -> None:
    """It has a sentence, a reason, a source, and a situation in which it is judged."""
    for text in (requirement.text, requirement.why, requirement.source):
        assert text.strip() == text != ""
    assert any(requirement.is_about(each) for each in SITUATIONS)


def test_every_tag_is_used() -> None:
    """Requirements choose by tags that situations have; each tag of a situation is chosen by."""
    had = {tag for each in SITUATIONS for tag in each.tags}
    chosen = {tag for each in REQUIREMENTS for tag in each.tags | each.unless}
    # These tell readers what a situation is an instance of; the judge does not need them.
    told = {"busy", "half", "hangs", "late", "may-wait", "network", "passing", "unsure", "used"}
    assert chosen - had == set()
    assert had - chosen - told - {"made", "error", "unreadable"} == set()


def test_every_situation_is_judged() -> None:
    """Some requirement that is not about everything is about each situation."""
    for situation in SITUATIONS:
        assert any(each.tags and each.is_about(situation) for each in REQUIREMENTS), situation.id
