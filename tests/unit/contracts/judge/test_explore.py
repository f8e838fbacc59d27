"""Random situations are valid, touch everything soon, and shrink when one breaks."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.cli import main
from contracts.judge import explore
from contracts.judge.case import Context
from contracts.judge.explore import SHRINK_S, Explorer, Smallest, described, simpler
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.run import RunOptions
from contracts.judge.schedule import FIRST, examples, touching_everything
from contracts.judge.situation import Expect, Situation
from contracts.judge.strategies import (
    CREATE,
    ENDINGS,
    HOPS,
    JUST_BEFORE_THE_CONSUME,
    kinds_of,
    situation_of,
    situations,
)
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.effort import examples as effort

TIMEOUT_S = 4.0
CONTEXT = Context(TIMEOUT_S, None, "a-secret", "marker", "wss://media.invalid")
CATALOGUE = Catalogue.builtin()
RIGHT = b'{"error": "no"}'
TIMEOUTS_S = st.sampled_from([1.0, 3.0, 30.0, 120.0])


@settings(max_examples=effort(100), deadline=None)
@given(situations(TIMEOUT_S, "marker"))
def test_every_form_is_one_that_the_fake_takes(situation: Situation) -> None:
    """What is drawn can be bound to an avatar as it is."""
    if situation.session is not None:
        assert CATALOGUE.parse({"session": situation.session}).session.data == situation.session


@settings(max_examples=effort(30), deadline=None)
@given(TIMEOUTS_S.flatmap(lambda timeout_s: touching_everything(timeout_s, "marker")))
def test_the_first_examples_touch_everything(first: Sequence[Situation]) -> None:
    """Each kind of fault at each hop, each ending, each behaviour of a caller, for any seed."""
    assert len(first) == FIRST
    forms = [each.session for each in first if each.session is not None]
    for form in forms:
        CATALOGUE.parse({"session": form})
    names = [fault["name"] for form in forms for fault in form.get("faults", ())]
    for hop in HOPS:
        for kind in kinds_of(hop):
            assert any(name.startswith(f"{hop} {kind}") for name in names), (hop, kind)
    for event in JUST_BEFORE_THE_CONSUME:
        assert any(name.endswith(f"{event} before") for name in names), event
    ends = [tuple((each["in"], each["event"]) for each in form.get("then", ())) for form in forms]
    for events in ENDINGS.values():
        assert tuple((each["in"], each["event"]) for each in events) in ends
    assert "never" in {form.get("provision_time") for form in forms if not form.get("then")} or any(
        form.get("queued") == "never" and not form.get("then") for form in forms
    )
    assert _behaviours(first) == {"waits", "leaves early", "leaves waiting", "leaves late"}


def _behaviours(played: Sequence[Situation]) -> set[str]:
    """Return what callers do: leave while the create is slow, while all is, or the consume."""
    found = set()
    for each in played:
        names = " ".join(fault["name"] for fault in (each.session or {}).get("faults", ()))
        if each.leaves_after_s is None:
            found.add("waits")
        elif f"{CREATE} slow" in names:
            found.add("leaves early")
        else:
            found.add("leaves late" if "slow" in names else "leaves waiting")
    return found


@pytest.mark.parametrize("seed", ["0", "1", "another"])
def test_the_same_seed_gives_the_same_examples(seed: str) -> None:
    """They are plain values, equal from run to run."""
    first, second = (examples(TIMEOUT_S, "marker", count=80, seed=seed) for _ in range(2))

    assert first == second
    assert first[:30] == examples(TIMEOUT_S, "marker", count=30, seed=seed)
    assert examples(TIMEOUT_S, "marker", count=FIRST, seed=f"{seed}2") != first[:FIRST]


def test_as_many_examples_come_as_were_asked_for() -> None:
    """However many: all of them can be told apart by hypothesis, and none is dropped."""
    for count in (1, FIRST, 60, 300):
        assert len(examples(TIMEOUT_S, "marker", count=count, seed="1")) == count


def explored(
    answer: Callable[[Situation], TargetAnswer],
    *,
    about: str = "error.json",
    played: list[Situation],
    shrink_s: float = 20.0,
    takes_s: float = 0.0,
) -> Smallest | None:
    """Explore a target that answers `answer(situation)`; note what was played."""

    async def play(situation: Situation) -> Observation:
        await asyncio.sleep(takes_s)  # noqa: TID251 - gives way, or longer than the shrinking may
        played.append(situation)
        return Observation(situation, "an-avatar", (answer(situation),), (), (), until=9.0)

    explorer = Explorer(
        play,
        CONTEXT,
        [each for each in REQUIREMENTS if each.id.startswith(about)],
        jobs=4,
        notify=lambda *_: None,
        shrink_s=shrink_s,
    )
    return asyncio.run(explorer.explore(examples(TIMEOUT_S, "marker", count=60, seed="1")))


def fails(situation: Situation) -> TargetAnswer:
    """Answer like a right target whose every connect fails."""
    return TargetAnswer(0.0, 1.0, 400 if situation.expect is Expect.REFUSAL else 502, {}, RIGHT)


def test_a_target_that_keeps_everything_is_played_as_often_as_asked() -> None:
    """Nothing is found, and every example was played."""
    played: list[Situation] = []

    assert explored(fails, played=played) is None
    assert len(played) == 60


def breaks_on_faults(situation: Situation) -> TargetAnswer:
    """Answer without a body if a fault was set."""
    broken = bool((situation.session or {}).get("faults"))
    return TargetAnswer(0.0, 1.0, 502, {}, b"" if broken else RIGHT)


def test_the_smallest_breaking_situation_is_reported() -> None:
    """For a target that fails on any fault, the reported situation has one, and nothing else."""
    found = explored(breaks_on_faults, played=[])

    assert found is not None
    session = found.seen.situation.session
    assert session is not None
    assert len(session["faults"]) == 1
    assert session["provision_time"] == "0ms"
    assert session.keys() == {"provision_time", "faults"}
    assert found.seen.situation.leaves_after_s is None
    assert found.broken[0].requirement.id == "error.json"
    assert json.dumps(session) in described(found.situation)


def test_a_must_that_breaks_ends_the_search() -> None:
    """Not all are played: those under way end, and then only smaller ones are."""
    played: list[Situation] = []
    explored(breaks_on_faults, played=played)

    assert len(played) < 40


def test_a_broken_may_does_not_end_the_search() -> None:
    """All are played first: a MUST may be broken, too."""
    played: list[Situation] = []

    def answer(situation: Situation) -> TargetAnswer:
        return TargetAnswer(0.0, 1.0, 502, {"Content-Type": "text/plain"}, RIGHT)

    found = explored(answer, about="shape.content-type", played=played)

    assert found is not None
    drawn = examples(TIMEOUT_S, "marker", count=60, seed="1")
    assert all(each in played for each in drawn)


def test_shrinking_ends_when_its_time_is_up() -> None:
    """What was found first is reported when nothing smaller was found in time."""
    played: list[Situation] = []
    found = explored(breaks_on_faults, played=played, shrink_s=0.0, takes_s=0.001)

    assert found is not None
    assert found.situation in examples(TIMEOUT_S, "marker", count=60, seed="1")


@settings(max_examples=effort(100), deadline=None)
@given(situations(TIMEOUT_S, "marker"))
def test_shrinking_comes_to_an_end(situation: Situation) -> None:
    """Every step is valid and strictly simpler: less text, or an event less."""
    for smaller in simpler(situation):
        assert _size(smaller) < _size(situation)
        assert smaller.session is not None
        CATALOGUE.parse({"session": smaller.session})


def _size(situation: Situation) -> tuple[int, int, int]:
    form = dict(situation.session or {})
    more = (situation.leaves_after_s is not None) + situation.custom
    late = form.get("provision_time") not in (None, "0ms")
    return more, len(json.dumps({**form, "provision_time": ""})), int(late)


def test_a_situation_whose_create_hangs_says_so() -> None:
    """Its avatar is not lent again: a target may repeat that create much later."""
    fault: dict[str, Any] = {"name": f"{CREATE} hang", "effect": {"hang": True}}

    assert situation_of({"faults": [fault]}).retried_late
    assert not situation_of({"faults": [{**fault, "name": "getSession hang"}]}).retried_late


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random situations without hypothesis: how to install it, before anything starts."""
    monkeypatch.setattr(explore, "find_spec", lambda _: None)

    RunOptions(examples=0)
    with pytest.raises(ImportError, match=r"pip install -c constraints\.txt '\.\[examples\]'"):
        RunOptions(examples=1)


def test_the_command_names_the_extra_and_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its help says what random situations need and how long they shrink, its error the first."""
    said = " ".join(CliRunner().invoke(main, ["check", "--help"]).output.split())
    monkeypatch.setattr(explore, "find_spec", lambda _: None)
    refused = CliRunner().invoke(main, ["check", "--examples", "1"])

    assert "pip install -c constraints.txt '.[examples]'" in said
    assert f"for {SHRINK_S:g}s at most" in said
    assert refused.exit_code == 2
    assert "pip install -c constraints.txt '.[examples]'" in refused.output
