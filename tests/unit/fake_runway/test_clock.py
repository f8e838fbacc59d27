"""The virtual clock: one arithmetic for frozen, scaled and real time; no test really sleeps.

Readings are tested with a source that is moved by hand, sleeps on an event loop whose time jumps
as soon as nothing can run.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar

import async_solipsism
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.clock import VirtualClock, loop_time_as_wall_clock
from tests.unit.fake_runway.core.playing import LAW, START

Result = TypeVar("Result")

A_LONG_TIME_S = 80_000.0  # the simulated loop takes a whole day for a deadlock
rates = st.sampled_from([0.0, 0.25, 1.0, 2.0, 60.0, 1024.0])


@dataclass(slots=True)
class Hand:
    """A source of time that is moved by hand."""

    at: float = START

    def __call__(self) -> float:
        return self.at


@dataclass(frozen=True, slots=True)
class Step:
    """Let the source move, then jump, then change the rate."""

    passes_s: float
    jump_s: float
    rate: float


def simulate(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `main` on a loop of its own, whose time jumps when nothing can run."""
    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        return runner.run(main())


# Reading


quarters = st.integers(0, 4000).map(lambda quarter: quarter / 4)  # exact in binary
exact_steps = st.lists(st.builds(Step, quarters, quarters, rates), max_size=10)
any_steps = st.lists(
    st.builds(Step, st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e4)), max_size=10
)


@LAW
@given(rate=rates, steps=exact_steps, start=st.one_of(st.none(), quarters))
def test_every_rate_is_the_same_arithmetic(
    rate: float, steps: list[Step], start: float | None
) -> None:
    """A reading is the start, plus the source's moves times the rates of then, plus the jumps."""
    source = Hand()
    clock = VirtualClock(source, rate=rate, start=start)
    expected = source.at if start is None else start

    for step in steps:
        source.at += step.passes_s
        expected += step.passes_s * rate
        assert clock.now() == expected
        clock.jump(step.jump_s)
        expected += step.jump_s
        assert clock.now() == expected
        clock.set_rate(rate := step.rate)
        assert (clock.now(), clock.rate) == (expected, rate)


@LAW
@given(rate=st.floats(0, 1e4), steps=any_steps)
def test_time_is_monotone_under_any_change(rate: float, steps: list[Step]) -> None:
    """No jump and no change of rate ever takes a reading back, not even by rounding."""
    source = Hand()
    clock = VirtualClock(source, rate=rate)
    readings = [clock.now()]

    for step in steps:
        source.at += step.passes_s
        readings.append(clock.now())
        clock.jump(step.jump_s)
        readings.append(clock.now())
        clock.set_rate(step.rate)
        readings.append(clock.now())

    assert all(before <= after for before, after in pairwise(readings))


@LAW
@given(st.floats(0, 1e9))
def test_a_frozen_clock_stands_still(passes_s: float) -> None:
    """At rate 0 nothing but a jump moves it."""
    source = Hand()
    clock = VirtualClock(source, rate=0)

    source.at += passes_s

    assert clock.now() == START
    clock.jump(5)
    assert clock.now() == START + 5


def test_a_clock_shows_the_time_of_its_source_by_default() -> None:
    """At rate 1, without a start of its own, it is the source."""
    source = Hand()
    clock = VirtualClock(source)

    source.at += 12.5

    assert clock.now() == source.at
    assert repr(clock) == "<VirtualClock 1800000012.750 rate 1>"


@pytest.mark.parametrize("bad", [-1.0, -1e-9, math.inf, -math.inf, math.nan])
def test_bad_rates_and_jumps_are_refused(bad: float) -> None:
    """Time has a finite rate from 0 and jumps forward; a refusal leaves the clock as it was."""
    clock = VirtualClock(Hand(), rate=2.0)

    with pytest.raises(ValueError, match="rate"):
        VirtualClock(Hand(), rate=bad)
    with pytest.raises(ValueError, match="rate"):
        clock.set_rate(bad)
    with pytest.raises(ValueError, match="jumps forward"):
        clock.jump(bad)

    assert (clock.now(), clock.rate) == (START, 2.0)


# Sleeping


@dataclass(slots=True)
class Bed:
    """A clock in simulation, and when each sleeper woke, in seconds of the loop from the start."""

    clock: VirtualClock
    woke: dict[str, float] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _since: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def lie_down(self, name: str, seconds: float) -> None:
        """Start a sleeper on the clock."""
        asleep = asyncio.Event()

        async def sleeper() -> None:
            asleep.set()  # no other task runs before the sleep below has begun
            due = self.clock.now() + seconds
            await self.clock.sleep(seconds)
            assert self.clock.now() >= due, "woke early"
            self.woke[name] = asyncio.get_running_loop().time() - self._since

        self._tasks.append(asyncio.create_task(sleeper()))
        await asleep.wait()

    async def wait(self, seconds: float) -> None:
        """Let the loop's own time pass."""
        await VirtualClock(asyncio.get_running_loop().time).sleep(seconds)

    async def all_awake(self) -> None:
        """Wait for every sleeper."""
        await asyncio.gather(*self._tasks)

    async def throw_out(self) -> None:
        """Cancel the remaining sleepers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@LAW
@given(
    offset=st.floats(1.7e9, 2.1e9),
    seconds=st.lists(st.floats(0, 100), min_size=1, max_size=5),
    rate=st.sampled_from([0.25, 1.0, 3.0, 60.0]),
)
def test_a_sleep_takes_its_time_divided_by_the_rate(
    offset: float, seconds: list[float], rate: float
) -> None:
    """No sleeper wakes early, hangs on a last fraction of a microsecond, or oversleeps."""

    async def main() -> dict[str, float]:
        loop = asyncio.get_running_loop()
        bed = Bed(VirtualClock(lambda: loop.time() + offset, rate=rate))
        for number, length in enumerate(seconds):
            await bed.lie_down(str(number), length)
        await bed.all_awake()
        return bed.woke

    woke = simulate(main)

    for number, length in enumerate(seconds):
        assert woke[str(number)] == pytest.approx(length / rate, abs=2e-5)


@LAW
@given(
    rate=rates,
    steps=exact_steps,
    seconds=st.lists(quarters, min_size=1, max_size=5),
)
def test_sleeps_follow_every_jump_and_change_of_rate(
    rate: float, steps: list[Step], seconds: list[float]
) -> None:
    """Each sleeper wakes at the instant at which the clock gets to its due time."""
    steps = [*steps, Step(1.0, 0.0, 1.0)]  # at last it runs

    async def main() -> dict[str, float]:
        bed = Bed(VirtualClock(loop_time_as_wall_clock(), rate=rate))
        for number, length in enumerate(seconds):
            await bed.lie_down(str(number), length)
        for step in steps:
            await bed.wait(step.passes_s)
            bed.clock.jump(step.jump_s)
            bed.clock.set_rate(step.rate)
        await bed.all_awake()
        return bed.woke

    woke = simulate(main)

    for number, length in enumerate(seconds):
        assert woke[str(number)] == pytest.approx(reached(length, rate, steps), abs=1e-4)


def reached(seconds: float, rate: float, steps: list[Step]) -> float:
    """Return when a clock that goes through `steps`, then on at its rate, has moved `seconds`."""
    wall = moved = 0.0
    for step in steps:
        if moved + step.passes_s * rate >= seconds:
            break
        wall += step.passes_s
        moved += step.passes_s * rate + step.jump_s
        rate = step.rate
        if moved >= seconds:
            return wall
    return wall + max(0.0, seconds - moved) / (rate or 1.0)


def test_a_sleep_on_a_frozen_clock_ends_with_a_jump_that_is_long_enough() -> None:
    """At rate 0 no time of the loop wakes a sleeper, and a jump wakes only those that are due."""

    async def main() -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        bed = Bed(VirtualClock(loop_time_as_wall_clock(), rate=0))
        await bed.lie_down("short", 5)
        await bed.lie_down("long", 10)
        await bed.wait(A_LONG_TIME_S)
        frozen = dict(bed.woke)
        bed.clock.jump(4)
        bed.clock.jump(1)
        await bed.wait(1)
        jumped = dict(bed.woke)
        bed.clock.jump(4.75)
        await bed.wait(1)
        almost = dict(bed.woke)
        await bed.throw_out()
        return frozen, jumped, almost

    frozen, jumped, almost = simulate(main)

    assert frozen == {}
    assert jumped == {"short": pytest.approx(A_LONG_TIME_S)}
    assert almost == jumped


def test_thawing_wakes_by_time() -> None:
    """A change of rate takes effect for current sleepers."""

    async def main() -> dict[str, float]:
        bed = Bed(VirtualClock(loop_time_as_wall_clock(), rate=0))
        await bed.lie_down("one", 10)
        await bed.wait(100)
        bed.clock.set_rate(2)
        await bed.all_awake()
        return bed.woke

    assert simulate(main) == {"one": pytest.approx(105)}


def test_freezing_holds_back_current_sleepers() -> None:
    """The rest of a sleep stays the same until the clock goes on."""

    async def main() -> dict[str, float]:
        bed = Bed(VirtualClock(loop_time_as_wall_clock()))
        await bed.lie_down("one", 10)
        await bed.wait(9)
        bed.clock.set_rate(0)
        await bed.wait(100)
        bed.clock.set_rate(1)
        await bed.all_awake()
        return bed.woke

    assert simulate(main) == {"one": pytest.approx(110)}


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_sleep_of_no_time_returns_at_once(seconds: float) -> None:
    """Not even a frozen clock holds it."""

    async def main() -> float:
        await VirtualClock(loop_time_as_wall_clock(), rate=0).sleep(seconds)
        return asyncio.get_running_loop().time()

    assert simulate(main) == 0


def test_a_sleep_can_be_cancelled() -> None:
    """A cancelled sleeper ends at once and disturbs no other."""

    async def main() -> dict[str, float]:
        bed = Bed(VirtualClock(loop_time_as_wall_clock()))
        await bed.lie_down("gone", 10)
        await bed.wait(1)
        await bed.throw_out()
        return bed.woke

    assert simulate(main) == {}


def test_the_source_is_the_wall_clock_and_moves_with_the_loop() -> None:
    """It begins at the time of day, and a loop that jumps takes it along."""

    async def main() -> tuple[float, float]:
        source = loop_time_as_wall_clock()
        first = source()
        await VirtualClock(source).sleep(A_LONG_TIME_S)
        return first, source()

    first, second = simulate(main)

    assert abs(first - datetime.now(UTC).timestamp()) < 3600
    assert second - first == pytest.approx(A_LONG_TIME_S)


def test_a_jump_until_an_instant_that_has_passed_changes_nothing() -> None:
    """A running clock may pass its target between two readings; a later one is reached exactly."""
    source = iter([0.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0])
    clock = VirtualClock(lambda: next(source), start=100.0)

    clock.jump_until(105.0)
    passed = clock.now()
    clock.jump_until(120.0)

    assert (passed, clock.now()) == (110.0, 120.0)


def test_a_released_clock_holds_no_sleeper() -> None:
    """Every sleeper on it, for any span and rate, is released; so is a later one."""

    async def main() -> list[str]:
        clock = VirtualClock(lambda: 0.37, rate=0.0, start=1_800_000_000.123)
        sleeping = [asyncio.ensure_future(clock.sleep(span)) for span in (1e9, math.inf)]
        await asyncio.sleep(0)  # noqa: TID251 - lets them begin
        clock.release()
        await asyncio.gather(*sleeping)
        await clock.sleep(5)
        return ["let go"]

    assert asyncio.run(main()) == ["let go"]
