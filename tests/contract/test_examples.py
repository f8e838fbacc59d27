"""Random judging judged: it catches most broken gateways by itself, and accuses no correct one."""

from contextlib import AbstractAsyncContextManager

import pytest

from contracts.judge.output import Output
from contracts.judge.situation import Shape
from contracts.judge.verdict import Report
from tests.contract.broken.catalogue import BROKEN
from tests.contract.broken.table import Broken
from tests.contract.judged import SECRET, SimulatedJudge, findings
from tests.contract.small_gateway import Gateway, served
from tests.contract.test_no_false_alarms import DEADLINE_S, KINDS, ours

EXAMPLES = 60
MANY = 2_400
ENOUGH = 0.8
"""The part of the broken gateways that so many examples have to catch."""
SAMPLE = (
    *("CreateErrorIs200", "CreatesBlindly", "PollsOnce", "NothingEnds", "RunningIsReady"),
    *("ConsumeUnchecked", "LateIs200", "LeftAfterAnError", "CallerIgnored", "CancelsAlways"),
)
"""Broken gateways of several families; the first 40 examples have to catch each."""
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
each_shape = pytest.mark.parametrize("shape", Shape, ids=lambda shape: shape.value)


def explored(
    broken: Broken, *, examples: int = EXAMPLES, deadline_s: float | None = None
) -> Report:
    """Judge a broken gateway by random situations alone."""
    own_s = deadline_s or broken.deadline_s

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        return served(broken.kind, fake_url, SECRET, output, shape=broken.shape, deadline_s=own_s)

    declared_s = deadline_s or broken.declared_s or broken.deadline_s
    judge = SimulatedJudge(broken.declared or broken.shape, declared_s, examples=examples)
    return judge.judge(serve)


@pytest.mark.parametrize("name", SAMPLE)
def test_random_situations_catch_a_broken_gateway(name: str) -> None:
    """Without any of the fixed situations."""
    broken = next(each for each in BROKEN if each.name == name)

    assert findings(explored(broken, examples=40)) != {}


@pytest.mark.exhaustive
def test_random_situations_catch_most_broken_gateways() -> None:
    """Sixty of them, and none of the fixed situations, catch four of five."""
    missed = [each.name for each in BROKEN if not findings(explored(each))]

    assert len(missed) <= (1 - ENOUGH) * len(BROKEN), missed


def test_a_session_without_its_key_is_caught_in_seconds() -> None:
    """A deadline of half a minute does not matter: the search ends early, and what breaks is small.

    Seconds are those of the simulated clock.
    """
    broken = next(each for each in BROKEN if each.name == "NoKeyIsFine")
    report = explored(broken, examples=25, deadline_s=30.0)

    assert "state.ready-without-key" in findings(report)
    assert report.took_s < 15.0
    (seen,) = report.observations
    assert [each["effect"] for each in (seen.situation.session or {})["faults"]] in (
        [{"omit": ["sessionKey"]}],
        [{"set": {"sessionKey": None}}],
    )


def _accused(kind: type[Gateway] | None, shape: Shape, examples: int) -> dict[str, list[str]]:
    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        if kind is None:
            return ours(fake_url, shape)
        return served(kind, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)

    return findings(SimulatedJudge(shape, DEADLINE_S, examples=examples).judge(serve))


@each_shape
@each_kind
def test_no_correct_gateway_is_accused(kind: type[Gateway] | None, shape: Shape) -> None:
    """Of the first examples, which touch everything."""
    assert _accused(kind, shape, EXAMPLES) == {}


@pytest.mark.exhaustive
@each_shape
@each_kind
def test_no_correct_gateway_is_accused_in_many_examples(
    kind: type[Gateway] | None, shape: Shape
) -> None:
    """Of two thousand, over all of them."""
    assert _accused(kind, shape, MANY // (len(KINDS) * len(Shape))) == {}
