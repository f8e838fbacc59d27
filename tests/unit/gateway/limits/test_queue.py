"""Places: never more than there are, everybody comes to one, and nobody waits behind a crowd."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Overloaded
from gateway.limits.queue import FairQueue

CALLERS = st.sampled_from(["ann", "bob", "eve"])


async def settle() -> None:
    """Let every task come as far as it can without anybody else's help."""
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - no time passes


class Crowd:
    """ConnectFlow that hold their place until they are told to end."""

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
    """Whatever comes, ends and is cancelled when: the bound holds, and no place is ever lost."""
    turns = FairQueue(places, most_waiting)
    crowd = Crowd(turns)
    for what, which in steps:
        if isinstance(which, str):
            crowd.comes(which)
        elif what == "settle":
            await settle()
            unfinished = sum(not task.done() for task in crowd.tasks)
            assert len(crowd.running) == min(places, unfinished)
            assert turns.waiting == unfinished - len(crowd.running)
        elif crowd.tasks and which is not None:
            if what in ("ends", "both"):
                crowd.ends(which)
            if what in ("cancelled", "both"):
                crowd.tasks[which % len(crowd.tasks)].cancel()
        assert len(crowd.running) <= places
    for number in range(len(crowd.tasks)):
        crowd.ends(number)
    await asyncio.gather(*crowd.tasks, return_exceptions=True)
    await settle()
    assert (crowd.running, turns.waiting) == ([], 0)
    for _ in range(places + 1):
        crowd.comes("ann")
    await settle()
    assert (len(crowd.running), turns.waiting) == (places, min(1, most_waiting))
    for task in crowd.tasks:
        task.cancel()
    await asyncio.gather(*crowd.tasks, return_exceptions=True)


async def test_a_crowd_delays_nobody_else_by_more_than_one() -> None:
    """Of two callers who wait, each gets every other place, however many connects one has."""
    crowd = Crowd(FairQueue(1, most_waiting=100))
    for caller in ("eve", *["eve"] * 20, "bob", "bob"):
        crowd.comes(caller)
        await settle()
    for number in range(len(crowd.tasks)):
        crowd.ends(number)
    await asyncio.gather(*crowd.tasks)
    assert crowd.began[:6] == ["eve", "eve", "bob", "eve", "bob", "eve"]


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
    """The refusal says when to try again, and takes nobody's place."""
    crowd = Crowd(FairQueue(1, most_waiting=2))
    for _ in range(3):
        crowd.comes("ann")
    await settle()
    with pytest.raises(Overloaded) as refused:
        await crowd.comes("ann")
    assert refused.value.headers() == {"Retry-After": "1"}
    assert crowd.turns.waiting == 2
    for number in range(3):
        crowd.ends(number)
    await asyncio.gather(*crowd.tasks, return_exceptions=True)
    assert crowd.began == ["ann"] * 3


async def test_a_crowd_keeps_nobody_out() -> None:
    """With a full queue the last of whoever has most waiting makes room for somebody else."""
    crowd = Crowd(FairQueue(1, most_waiting=3))
    eves = [crowd.comes("eve") for _ in range(4)]
    await settle()
    crowd.comes("bob")
    await settle()
    with pytest.raises(Overloaded):
        await eves[-1]
    with pytest.raises(Overloaded):  # eve has two waiting, bob would have as many
        await crowd.comes("bob")
    assert crowd.turns.waiting == 3
    for number in range(len(crowd.tasks)):
        crowd.ends(number)
    await asyncio.gather(*crowd.tasks, return_exceptions=True)
    assert crowd.began == ["eve", "eve", "bob", "eve"]
