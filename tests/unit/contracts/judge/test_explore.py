"""Random situations are valid, have the traits that are certain, and shrink when one breaks."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings

from contracts.judge.case import Context
from contracts.judge.explore import Smallest, explore
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Situation, Trait
from contracts.judge.strategies import forms, situation_of
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.effort import examples

TIMEOUT_S = 4.0
CONTEXT = Context(TIMEOUT_S, None, "a-secret", "marker", "wss://media.invalid")
CATALOGUE = Catalogue.builtin()


@settings(max_examples=examples(100), deadline=None)
@given(form=forms(TIMEOUT_S, "marker"))
def test_every_form_is_one_that_the_fake_takes(form: dict[str, Any]) -> None:
    """What is drawn can be bound to an avatar as it is."""
    assert CATALOGUE.parse({"session": form}).session.data == form


@pytest.mark.parametrize(
    ("form", "traits"),
    [
        ({"provision_time": "500ms"}, {Trait.SUCCESS, Trait.SLOW}),
        ({"provision_time": "never"}, {Trait.ERROR, Trait.DEADLINE}),
        ({"provision_time": "500ms", "queued": "3500ms"}, set()),
        (
            {
                "provision_time": "0ms",
                "faults": [{"match": {"operation": "getSession"}, "effect": {"reset": True}}],
            },
            {Trait.ERROR, Trait.POLL},
        ),
        (
            {
                "provision_time": "0ms",
                "faults": [
                    {
                        "match": {"operation": "createSession"},
                        "effect": {"reset": True},
                        "times": 1,
                    }
                ],
            },
            {Trait.ERROR},
        ),
    ],
)
def test_traits_are_those_that_are_certain(form: dict[str, Any], traits: set[Trait]) -> None:
    """A trait about handing out a session is set only where the form decides it."""
    assert situation_of(form, TIMEOUT_S).traits == traits


def explored(answer: Any, *, examples: int = 60) -> tuple[Smallest | None, int]:
    """Explore a target that answers `answer(situation)`; return the result and the count."""
    counted: list[int] = []

    async def play(situation: Situation) -> Observation:
        return Observation(situation, "an-avatar", (answer(situation),), (), (), until=9.0)

    async def main() -> Smallest | None:
        return await explore(
            play,
            context=CONTEXT,
            requirements=[each for each in REQUIREMENTS if each.id == "error.json"],
            examples=examples,
            seed="1",
            notify=lambda number, *_: counted.append(number),
        )

    return asyncio.run(main()), len(counted)


def test_a_target_that_keeps_everything_is_played_as_often_as_asked() -> None:
    """Nothing is found, and every example was played."""
    found, played = explored(lambda _: TargetAnswer(0.0, 1.0, 500, {}, b'{"error": "no"}'))

    assert found is None
    assert played == 60


def test_the_smallest_breaking_situation_is_reported() -> None:
    """For a target that fails on any fault, the reported situation has one fault."""

    def answer(situation: Situation) -> TargetAnswer:
        broken = bool((situation.session or {}).get("faults"))
        return TargetAnswer(0.0, 1.0, 500, {}, b"" if broken else b'{"error": "no"}')

    found, _ = explored(answer)

    assert found is not None
    assert found.seen.situation.session is not None
    assert len(found.seen.situation.session["faults"]) == 1
    assert "queued" not in found.seen.situation.session
    assert found.broken[0].requirement.id == "error.json"
