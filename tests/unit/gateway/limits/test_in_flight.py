"""Laws of the connects in flight: in one process, and shared through a storage that can fail.

The storage keeps leases as the script in Redis does; that the script itself does is shown with a
real Redis in tests/process.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.errors import LimitsUnavailable, TooManySessions
from gateway.limits.in_flight import KEY, InFlightLimit
from gateway.limits.storage import ANSWER_S, CONNECTIONS, PROBE_EVERY_S, Outage, Storage
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
    """After a refusal, which says when to retry, the place is free as soon as its holder leaves."""

    async def main() -> None:
        leases = InFlightLimit(1, storage=None, longest_s=90)
        async with leases.held("a"):
            for _ in range(3):
                with pytest.raises(TooManySessions) as refused:
                    async with leases.held("b"):
                        raise AssertionError("entered")
                assert refused.value.retry_after_s == 1.0
        async with leases.held("b"):
            assert leases._taken == 1

    simulate(main())


# Shared through a storage


class LeaseStorage(Storage):
    """A storage without a server: leases in a dictionary, on the loop's virtual time.

    Attributes:
        ends: when each lease ends by itself.
        answers: whether calls are answered; a call that is not has acted if `acts`.
    """

    def __init__(self, policy: Outage) -> None:
        super().__init__("unix:///nowhere", policy=policy, clock=LoopClock())
        self.ends: dict[str, float] = {}
        self.answers = True
        self.acts = True
        self.calls: list[tuple[str | float, ...]] = []

    async def command(self, *words: str | float) -> int:
        """Act as Redis would, and answer, or hang until the call is given up."""
        self.calls.append(words)
        acted = self._act(*words) if self.answers or self.acts else 0
        if not self.answers:
            await asyncio.Event().wait()
        return acted

    def _act(self, *words: str | float) -> int:
        if words[0] == "ZREM":
            names = [str(word) for word in words[2:]]
            return sum(self.ends.pop(name, None) is not None for name in names)
        _, script, keys, key, lease, most, longest_s, *owed = words
        assert (words[0], keys, key) == ("EVAL", 1, KEY)
        assert "ZADD" in str(script)
        now = LoopClock().now()
        self.ends = {name: at for name, at in self.ends.items() if at > now and name not in owed}
        if lease not in self.ends and len(self.ends) >= float(most):
            return 0
        self.ends[str(lease)] = now + float(longest_s)
        return 1


def shared(most: int, policy: Outage = Outage.CLOSED) -> tuple[InFlightLimit, LeaseStorage]:
    """Return a replica's limit, and the storage that it has to itself."""
    storage = LeaseStorage(policy)
    return InFlightLimit(most, storage=storage, longest_s=90.0), storage


async def enter(leases: InFlightLimit, takes_s: float = 0.0) -> str:
    """Hold a lease for a while, and return the outcome."""
    try:
        async with leases.held("caller"):
            await LoopClock().sleep(takes_s)
            return "held"
    except TooManySessions as error:
        return f"full, retry after {error.headers()['Retry-After']}"
    except LimitsUnavailable:
        return "unavailable"


@given(visits, st.integers(1, 6))
def test_leases_in_a_storage_hold_the_limit_and_are_all_given_back(
    visits: list[Visit], most: int
) -> None:
    """For any starts and ends no more connects are inside than allowed, and none is kept out."""

    async def main() -> None:
        leases, storage = shared(most)
        inside = 0

        async def visit(one: Visit) -> None:
            nonlocal inside
            await LoopClock().sleep(one.at)
            with suppress(LookupError):
                try:
                    async with leases.held("caller"):
                        inside += 1
                        assert inside <= len(storage.ends) <= most
                        try:
                            await LoopClock().sleep(one.takes)
                            _ = {"well": 1, "cancelled": 1}[one.ends]
                        finally:
                            inside -= 1
                except TooManySessions:
                    assert len(storage.ends) == most

        tasks = []
        for one in visits:
            tasks.append(asyncio.create_task(visit(one)))
            if one.ends == "cancelled":
                asyncio.get_running_loop().call_later(one.at + one.takes / 2, tasks[-1].cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in results if isinstance(each, Exception)] == []
        await leases.close()
        assert storage.ends == {}

    simulate(main())


def test_every_lease_has_a_name_of_its_own() -> None:
    """Two connects of one caller, and two replicas, hold leases that do not replace each other."""

    async def main() -> list[str]:
        leases, storage = shared(9)
        other = InFlightLimit(9, storage=storage, longest_s=90.0)
        async with leases.held("ann"), leases.held("ann"), other.held("ann"):
            return list(storage.ends)

    names = simulate(main())
    assert len(names) == 3
    assert all(name.startswith("ann:") for name in names)


@pytest.mark.parametrize("acts", [True, False])
def test_a_lease_whose_answer_was_lost_is_given_back(acts: bool) -> None:
    """Whether it was taken is not known, so it is given back as soon as the storage answers."""

    async def main() -> None:
        leases, storage = shared(1)
        storage.answers, storage.acts = False, acts
        assert await enter(leases) == "unavailable"
        assert len(storage.ends) == acts
        storage.answers = True
        await LoopClock().sleep(PROBE_EVERY_S)
        assert await enter(leases) == "held"
        assert storage.ends == {}

    simulate(main())


def test_a_lease_that_could_not_be_given_back_is_owed() -> None:
    """It frees its place with the next call that gets through, whichever that is."""

    async def main() -> None:
        leases, storage = shared(2)
        async with leases.held("caller"):
            storage.answers = storage.acts = False
        (owed,) = storage.ends
        storage.answers = True
        await LoopClock().sleep(PROBE_EVERY_S)
        calls = len(storage.calls)
        async with leases.held("caller"):
            assert await enter(leases) == "held"
            taking, again, giving_back = storage.calls[calls:]
            assert (taking[7:], owed in storage.ends) == ((owed,), False)
            assert again[7:] == (), "nothing is owed any more"
            assert giving_back == ("ZREM", KEY, again[4])
        assert storage.ends == {}

    simulate(main())


def test_what_is_owed_without_being_surely_held_is_bounded() -> None:
    """An outage of any length leaves a bounded number of names to give back."""

    async def main() -> int:
        leases, storage = shared(3)
        storage.answers = storage.acts = False
        for _ in range(40):
            await asyncio.gather(*(enter(leases) for _ in range(5)))
            await LoopClock().sleep(PROBE_EVERY_S)
        storage.answers = True
        assert await enter(leases) == "held"
        return max(len(words) for words in storage.calls)

    # an outage can begin with so many calls out, and as many leases given back as taken
    assert simulate(main()) == 2 * 3 + CONNECTIONS + 7


def test_a_lease_that_is_surely_held_is_always_owed() -> None:
    """However many others an outage has left, it is given back, or its place would be lost."""

    async def main() -> None:
        leases, storage = shared(1)
        async with leases.held("caller"):
            storage.answers = storage.acts = False
            others = await asyncio.gather(*(enter(leases) for _ in range(2 * CONNECTIONS)))
            assert set(others) == {"unavailable"}
        storage.answers = True
        await LoopClock().sleep(PROBE_EVERY_S)
        assert await enter(leases) == "held"
        assert storage.ends == {}

    simulate(main())


@pytest.mark.parametrize(
    ("policy", "outcome"), [(Outage.OPEN, "held"), (Outage.CLOSED, "unavailable")]
)
def test_the_policy_decides_while_the_storage_does_not_answer(policy: Outage, outcome: str) -> None:
    """Open lets a connect pass without a lease, closed refuses it."""

    async def main() -> list[str]:
        leases, storage = shared(1, policy)
        storage.answers = storage.acts = False
        return [await enter(leases), *await asyncio.gather(enter(leases, 1.0), enter(leases, 1.0))]

    assert simulate(main()) == [outcome] * 3


def test_a_refused_connect_gives_nothing_back() -> None:
    """It holds no lease, so it sends no second call."""

    async def main() -> None:
        leases, storage = shared(1)
        async with leases.held("caller"):
            calls = len(storage.calls)
            assert await enter(leases) == "full, retry after 1"
            assert len(storage.calls) == calls + 1
        assert await enter(leases) == "held"

    simulate(main())


def test_a_lease_ends_by_itself_when_its_replica_has_died() -> None:
    """After the time that is longer than any connect its place is free for others."""

    async def main() -> list[str]:
        died, storage = shared(1)
        other = InFlightLimit(1, storage=storage, longest_s=90.0)
        held = died.held("caller")
        await held.__aenter__()
        seen = [await enter(other)]
        await LoopClock().sleep(89.0)
        seen.append(await enter(other))
        await LoopClock().sleep(1.0)
        seen.append(await enter(other))
        await held.__aexit__(None, None, None)  # what it gives back is not there any more
        return seen

    assert simulate(main()) == ["full, retry after 1", "full, retry after 1", "held"]


def test_closing_waits_for_what_is_being_given_back() -> None:
    """A lease whose holder was cancelled twice is given back before the storage is closed."""

    async def main() -> None:
        leases, storage = shared(1)
        task = asyncio.create_task(enter(leases, 5.0))
        await LoopClock().sleep(1.0)
        storage.answers = False  # it acts late
        task.cancel()
        await LoopClock().sleep(0)
        task.cancel()
        await asyncio.wait([task])
        began = LoopClock().now()
        await leases.close()
        assert LoopClock().now() - began == pytest.approx(ANSWER_S, abs=0.1)

    simulate(main())
