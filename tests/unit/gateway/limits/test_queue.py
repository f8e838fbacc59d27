"""The fair queue: never too many at once, and fair turns for all callers."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Overloaded
from gateway.limits.queue import FairQueue

CALLERS = st.sampled_from(["ann", "bob", "eve"])


async def settle() -> None:
    """Run every task until it has to wait for an event."""
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - no time passes


class HeldConnects:
    """Connects that hold their place until the test ends them."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.running: list[str] = []
        self.began: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._ends: dict[asyncio.Task[None], asyncio.Event] = {}

    def start(self, caller: str) -> asyncio.Task[None]:
        """Start one more connect."""
        end = asyncio.Event()

        async def connect() -> None:
            async with self.queue.turn(caller):
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

    def end(self, number: int) -> None:
        """End one connect as soon as it runs."""
        self._ends[self.tasks[number % len(self.tasks)]].set()


@given(
    places=st.integers(1, 2),
    most_waiting=st.sampled_from([0, 1, 3, 1_000]),
    steps=st.lists(
        st.one_of(
            *[st.tuples(st.just("start"), CALLERS)] * 3,  # else no caller ever waits
            st.tuples(st.sampled_from(["end", "cancelled", "both"]), st.integers(0, 9)),
            *[st.tuples(st.just("settle"), st.none())] * 2,
        ),
        min_size=8,
        max_size=40,
    ),
)
async def test_laws(
    places: int, most_waiting: int, steps: list[tuple[str, str | int | None]]
) -> None:
    """For any starts, ends and cancellations: the bound holds, and no place is ever lost."""
    queue = FairQueue(places, most_waiting)
    connects = HeldConnects(queue)
    for what, which in steps:
        if isinstance(which, str):
            connects.start(which)
        elif what == "settle":
            await settle()
            unfinished = sum(not task.done() for task in connects.tasks)
            assert len(connects.running) == min(places, unfinished)
            assert queue.waiting == unfinished - len(connects.running)
        elif connects.tasks and which is not None:
            if what in ("end", "both"):
                connects.end(which)
            if what in ("cancelled", "both"):
                connects.tasks[which % len(connects.tasks)].cancel()
        assert len(connects.running) <= places
    for number in range(len(connects.tasks)):
        connects.end(number)
    ends = await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert {type(each) for each in ends} <= {type(None), Overloaded, asyncio.CancelledError}
    await settle()
    assert (connects.running, queue.waiting) == ([], 0)
    for _ in range(places + 1):
        connects.start("ann")
    await settle()
    assert (len(connects.running), queue.waiting) == (places, min(1, most_waiting))
    for task in connects.tasks:
        task.cancel()
    await asyncio.gather(*connects.tasks, return_exceptions=True)


async def test_many_connects_delay_another_caller_by_one() -> None:
    """Of two callers who wait, each gets every other place, however many connects one has."""
    connects = HeldConnects(FairQueue(1, most_waiting=100))
    for caller in ("eve", *["eve"] * 20, "bob", "bob"):
        connects.start(caller)
        await settle()
    for number in range(len(connects.tasks)):
        connects.end(number)
    await asyncio.gather(*connects.tasks)
    assert connects.began[:6] == ["eve", "eve", "bob", "eve", "bob", "eve"]


async def test_one_caller_is_served_in_order() -> None:
    """First come, first served."""
    queue, order = FairQueue(1, most_waiting=100), []

    async def connect(number: int) -> None:
        async with queue.turn("ann"):
            order.append(number)
            await settle()

    await asyncio.gather(*(connect(number) for number in range(10)))
    assert order == list(range(10))


async def test_waiters_beyond_the_limit_are_refused() -> None:
    """The refusal has a time to retry, and takes no place."""
    connects = HeldConnects(FairQueue(1, most_waiting=2))
    for _ in range(3):
        connects.start("ann")
    await settle()
    with pytest.raises(Overloaded) as refused:
        await connects.start("ann")
    assert refused.value.retry_after_s == 1.0
    assert connects.queue.waiting == 2
    for number in range(3):
        connects.end(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["ann"] * 3


async def test_a_busy_caller_starves_no_other() -> None:
    """With a full queue the newest waiter of the busiest caller is evicted for another one."""
    connects = HeldConnects(FairQueue(1, most_waiting=3))
    eves = [connects.start("eve") for _ in range(4)]
    await settle()
    connects.start("bob")
    await settle()
    with pytest.raises(Overloaded):
        await eves[-1]
    with pytest.raises(Overloaded):  # eve has two waiting, bob would have as many
        await connects.start("bob")
    assert connects.queue.waiting == 3
    for number in range(len(connects.tasks)):
        connects.end(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["eve", "eve", "bob", "eve"]


async def test_a_refused_caller_changes_no_turn() -> None:
    """With one waiter of each caller there is no busier one to evict, and the order stays."""
    connects = HeldConnects(FairQueue(1, most_waiting=2))
    for caller in ("ann", "bob", "eve"):
        connects.start(caller)
    await settle()
    for caller in ("sam", "bob"):
        with pytest.raises(Overloaded):
            await connects.start(caller)
    assert connects.queue.waiting == 2
    for number in range(len(connects.tasks)):
        connects.end(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["ann", "bob", "eve"]


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_a_waiter_who_is_cancelled_as_its_turn_comes_is_passed_over(
    cancelled_first: bool,
) -> None:
    """The next one gets the turn, and no place is lost or won."""
    connects = HeldConnects(FairQueue(1, most_waiting=9))
    for caller in ("ann", "bob", "eve"):
        connects.start(caller)
    await settle()
    ends: list[Callable[[], object]] = [lambda: connects.end(0), connects.tasks[1].cancel]
    for each in reversed(ends) if cancelled_first else ends:
        each()
    await settle()
    assert (connects.running, connects.queue.waiting) == (["eve"], 0)
    connects.end(2)
    await settle()
    for _ in range(2):
        connects.start("sam")
    await settle()
    assert (connects.running, connects.queue.waiting) == (["sam"], 1)
    for task in connects.tasks:
        task.cancel()
    await asyncio.gather(*connects.tasks, return_exceptions=True)


async def test_the_second_waiter_gets_the_turn_of_a_first_one_who_is_cancelled() -> None:
    """The turn goes on to it, and the cancelled one ends as cancelled ones do."""
    connects = HeldConnects(FairQueue(1, most_waiting=9))
    for caller in ("ann", "bob", "bob", "bob"):
        connects.start(caller)
    await settle()
    connects.tasks[1].cancel()
    connects.end(0)
    await settle()
    assert (connects.running, connects.queue.waiting) == (["bob"], 1)
    assert connects.tasks[1].cancelled()
    for number in (2, 3):
        connects.end(number)
    await asyncio.gather(*connects.tasks[2:])


async def test_a_waiter_who_is_evicted_and_cancelled_at_once_passes_no_place_on() -> None:
    """It never had one: no more connects run than there are places."""
    connects = HeldConnects(FairQueue(1, most_waiting=2))
    for _ in range(3):
        connects.start("eve")
    await settle()
    connects.start("bob")
    await asyncio.sleep(0)  # noqa: TID251 - bob has evicted eve's newest, who does not know yet
    connects.tasks[2].cancel()
    await settle()
    assert (connects.running, connects.queue.waiting) == (["eve"], 2)
    assert connects.tasks[2].cancelled()
    for task in connects.tasks:
        task.cancel()
    await asyncio.gather(*connects.tasks, return_exceptions=True)


async def test_places_are_free_at_once() -> None:
    """A connect that finds a free place does not wait for any other task."""
    queue = FairQueue(2, most_waiting=0)
    async with queue.turn("ann"), queue.turn("ann"):
        with pytest.raises(Overloaded):
            async with queue.turn("ann"):
                raise AssertionError("entered")
    async with queue.turn("ann"):
        assert queue.waiting == 0


async def test_a_waiter_who_leaves_makes_room_in_the_queue() -> None:
    """Others wait in its place, and its caller counts as less busy."""
    connects = HeldConnects(FairQueue(1, most_waiting=2))
    for caller in ("ann", "bob", "bob"):
        connects.start(caller)
    await settle()
    for number in (1, 2):
        connects.tasks[number].cancel()
        await settle()
        assert connects.queue.waiting == 2 - number
    for caller in ("eve", "bob"):
        connects.start(caller)
    await settle()
    assert connects.queue.waiting == 2
    for number in range(len(connects.tasks)):
        connects.end(number)
    await asyncio.gather(*connects.tasks, return_exceptions=True)
    assert connects.began == ["ann", "eve", "bob"]
