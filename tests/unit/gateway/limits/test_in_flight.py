"""Laws of the connects in flight, in one process (with Redis: tests/process)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.errors import TooManySessions
from gateway.limits.in_flight import InFlightLimit
from tests.support.simulation import simulate


@dataclass(frozen=True)
class Visit:
    """One connect: its start, its duration, and how it ends."""

    at: float
    takes: float
    ends: str


visits = st.lists(
    st.builds(
        Visit,
        st.integers(0, 20).map(float),
        st.integers(1, 9).map(lambda tenths: tenths * 1.1),
        st.sampled_from(["well", "badly", "cancelled"]),
    ),
    max_size=40,
)


@given(visits, st.integers(1, 6))
def test_never_more_are_held_than_allowed_and_in_the_end_none(
    visits: list[Visit], most: int
) -> None:
    """For any starts and ends, a refusal means that all places were taken."""
    leases = InFlightLimit(most, storage=None, longest_s=90)
    clock = LoopClock()
    held: list[int] = []
    refused_at: list[int] = []

    async def visit(one: Visit) -> None:
        await clock.sleep(one.at)
        before = leases._taken
        with suppress(LookupError):
            try:
                async with leases.held("caller"):
                    held.append(leases._taken)
                    await clock.sleep(one.takes)
                    _ = {"well": 1, "cancelled": 1}[one.ends]  # a LookupError if it ends badly
            except TooManySessions:
                refused_at.append(before)

    async def main() -> int:
        tasks = []
        for one in visits:
            tasks.append(asyncio.create_task(visit(one)))
            if one.ends == "cancelled":
                asyncio.get_running_loop().call_later(one.at + one.takes / 2, tasks[-1].cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [each for each in results if isinstance(each, Exception)]
        assert wrong == []
        await leases.close()
        return leases._taken

    assert simulate(main()) == 0
    assert max(held, default=0) <= most
    assert set(refused_at) <= {most}


def test_no_limit_counts_nothing() -> None:
    """Without a limit no connect is refused."""

    async def main() -> int:
        leases = InFlightLimit(0, storage=None, longest_s=90)
        async with leases.held("a"), leases.held("b"):
            return leases._taken

    assert simulate(main()) == 0


def test_a_refused_connect_takes_no_place() -> None:
    """After a refusal the place is free as soon as its holder leaves."""

    async def main() -> None:
        leases = InFlightLimit(1, storage=None, longest_s=90)
        async with leases.held("a"):
            for _ in range(3):
                with pytest.raises(TooManySessions):
                    async with leases.held("b"):
                        raise AssertionError("entered")
        async with leases.held("b"):
            assert leases._taken == 1

    simulate(main())
