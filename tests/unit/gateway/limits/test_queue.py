"""The fair queue: never too many at once, and a turn for each caller."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Overloaded
from gateway.limits.queue import FairQueue

CALLERS = st.sampled_from(["ann", "bob", "eve"])


async def settle() -> None:
    """Let every task run until it has to wait for something else."""
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - no time passes


class HeldConnects:
    """Connects that hold their place until the test ends them."""

    def __init__(self, turns: FairQueue) -> None:
        self.turns = turns
        self.running: list[str] = []
        self.began: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._ends: dict[asyncio.Task[None], asyncio.Event] = {}

    def comes(self, caller: str) -> asyncio.Task[None]:
        """Let one more connect come."""
        end = asyncio.Event()

        async def connect() -> None:
            async with self.turns.turn(caller):
                self.running.append(caller)
                self.began.append(caller)
                try:
                    await end.wait()
                finally:
                    self.running.remove(caller)

        task = asyncio.ensure_future(connect())
        self._ends[task] = end
        self.tasks.append(task)
        return task

    def ends(self, number: int) -> None:
        """Tell one connect to end as soon as it runs."""
        self._ends[self.tasks[number % len(self.tasks)]].set()


@given(
    places=st.integers(1, 3),
    most_waiting=st.sampled_from([0, 1, 3, 1_000]),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("comes"), CALLERS),
            st.tuples(st.sampled_from(["ends", "cancelled", "both"]), st.integers(0, 30)),
            st.tuples(st.just("settle"), st.none()),
        ),
        max_size=40,
    ),
)
async def test_laws(
    places: int, most_waiting: int, steps: list[tuple[str, str | int | None]]
) -> None:
    """However connects come, end and are cancelled: the bound holds, and no place is ever lost."""
    turns = FairQueue(places, most_waiting)
    connects = HeldConnects(turns)
    for what, which in steps:
        if isinstance(which, str):
            connects.comes(which)
        elif what == "settle":
            await settle()
            unfinished = sum(not task.done() for task in connects.tasks)
            assert len(connects.running) == min(places, unfinished)
            assert turns.waiting == unfinished - len(connects.running)
        elif connects.tasks and which is not None:
            if what in ("ends", "both"):
                connects.ends(which)
            if what in ("cancelled", "both"):
                connects.tasks[which % len(connects.tasks)].cancel()
        assert len(connects.running) <= places
    for number in range(len(connects.tasks)):
        connects.ends(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    await settle()
    assert (connects.running, turns.waiting) == ([], 0)
    for _ in range(places + 1):
        connects.comes("ann")
    await settle()
    assert (len(connects.running), turns.waiting) == (places, min(1, most_waiting))
    for task in connects.tasks:
        task.cancel()
    await asyncio.gather(*connects.tasks, return_exceptions=True)


async def test_many_connects_delay_another_caller_by_one() -> None:
    """Of two callers who wait, each gets every other place, however many connects one has."""
    connects = HeldConnects(FairQueue(1, most_waiting=100))
    for caller in ("eve", *["eve"] * 20, "bob", "bob"):
        connects.comes(caller)
        await settle()
    for number in range(len(connects.tasks)):
        connects.ends(number)
    await asyncio.gather(*connects.tasks)
    assert connects.began[:6] == ["eve", "eve", "bob", "eve", "bob", "eve"]


async def test_one_caller_is_served_in_order() -> None:
    """First come, first served."""
    turns, order = FairQueue(1, most_waiting=100), []

    async def connect(number: int) -> None:
        async with turns.turn("ann"):
            order.append(number)
            await settle()

    await asyncio.gather(*(connect(number) for number in range(10)))
    assert order == list(range(10))


async def test_too_many_who_wait_are_refused() -> None:
    """The refusal has a time to retry, and takes no place."""
    connects = HeldConnects(FairQueue(1, most_waiting=2))
    for _ in range(3):
        connects.comes("ann")
    await settle()
    with pytest.raises(Overloaded) as refused:
        await connects.comes("ann")
    assert refused.value.headers() == {"Retry-After": "1"}
    assert connects.turns.waiting == 2
    for number in range(3):
        connects.ends(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["ann"] * 3


async def test_a_busy_caller_starves_no_other() -> None:
    """With a full queue the newest waiter of the busiest caller is evicted for another one."""
    connects = HeldConnects(FairQueue(1, most_waiting=3))
    eves = [connects.comes("eve") for _ in range(4)]
    await settle()
    connects.comes("bob")
    await settle()
    with pytest.raises(Overloaded):
        await eves[-1]
    with pytest.raises(Overloaded):  # eve has two waiting, bob would have as many
        await connects.comes("bob")
    assert connects.turns.waiting == 3
    for number in range(len(connects.tasks)):
        connects.ends(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["eve", "eve", "bob", "eve"]
