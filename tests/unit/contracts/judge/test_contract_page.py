"""The contract is a document, and hangs together: ids, situations, traits."""

import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.cli import main
from contracts.judge.case import Requirement
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Expect, Situation, Trait
from contracts.judge.situations.callers import cancel_errors, leaving, several
from contracts.judge.situations.catalogue import QUICK, situations
from contracts.judge.situations.endings import endings, never_ready
from contracts.judge.situations.slow_upstream import slow_upstream
from contracts.judge.situations.statuses import statuses
from contracts.judge.situations.successes import successes
from contracts.judge.situations.unexpected_requests import unexpected_requests
from contracts.judge.situations.upstream_errors import consume_errors, create_errors, poll_errors
from contracts.judge.situations.wrong_requests import wrong_requests

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


def test_every_trait_is_used() -> None:
    """Some situation has each trait, and some requirement selects situations by it.

    A right target may do either where the caller leaves at the hand-over, so that a fixed situation
    would judge nothing: only histories of random ones have that trait.
    """
    fixed = {trait for each in SITUATIONS for trait in each.traits}
    assert fixed == set(Trait) - {Trait.GONE_AT_THE_HAND_OVER}
    assert {trait for each in REQUIREMENTS for trait in each.traits | each.unless} == set(Trait)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.id)
def test_traits_agree_with_what_the_runner_branches_on(situation: Situation) -> None:
    """A trait that requirements select by agrees with the field that the runner reads."""
    assert {
        Trait.SUCCESS: situation.expect is Expect.SUCCESS,
        Trait.REFUSED: situation.expect is Expect.REFUSAL,
        Trait.GONE: situation.leaves_after_s is not None,
        Trait.CUSTOM_AVATAR: situation.custom,
        Trait.LAST_MOMENT: situation.to_the_second,
        Trait.MANY: situation.callers > 1 and not situation.slow,
        Trait.MANY_ONE_SLOW: bool(situation.slow),
    } == {
        trait: trait in situation.traits
        for trait in (
            *(Trait.SUCCESS, Trait.REFUSED, Trait.GONE, Trait.CUSTOM_AVATAR, Trait.LAST_MOMENT),
            *(Trait.MANY, Trait.MANY_ONE_SLOW),
        )
    }


def test_every_situation_is_judged() -> None:
    """Some requirement that is not about everything is about each situation."""
    for situation in SITUATIONS:
        assert any(each.traits and each.is_about(situation) for each in REQUIREMENTS), situation.id


def test_the_quick_profile_has_a_situation_of_every_family() -> None:
    """A success, a wrong request, an ending, an error of each hop, callers who leave, several."""
    families = (
        *(successes(4, ""), wrong_requests(), unexpected_requests(), endings(""), statuses()),
        *(never_ready(4), slow_upstream(4), leaving(), several(4, "")),
        *(create_errors(""), poll_errors(""), consume_errors(4, ""), cancel_errors("")),
    )

    assert [
        ids for family in families if not (ids := {each.id for each in family}) & {*QUICK}
    ] == []
    assert {*QUICK} <= {each.id for each in situations(4, "")}
