"""Files are made once, beside the event loop, and the newest are kept."""

import asyncio
import sys
from threading import Event, current_thread

import pytest

from fake_runway.media import workshop as room
from fake_runway.media.making import nearest_reel
from fake_runway.media.wanted import Made, Wanted
from fake_runway.media.workshop import Workshop, best_reels

PNG = Wanted(format="png", width=32, height=32)


class Maker:
    """Stands for `make`: counts, and waits if it is to."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.allowed = Event()
        self.allowed.set()

    def __call__(self, wanted: Wanted, reel_of: object) -> Made:
        """Return a file of ten bytes, or fail for the seed 13."""
        self.allowed.wait(10)
        self.threads.append(current_thread().name)
        if wanted.seed == 13:
            raise RuntimeError("no film today")
        return Made(bytes(10), "image/png", "png")


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    """The maker that the workshop uses."""
    found = Maker()
    monkeypatch.setattr(room, "make", found)
    return found


async def test_a_file_is_made_in_a_thread_and_once(maker: Maker) -> None:
    """Callers that come at the same time and later get the same file."""
    workshop = Workshop()
    maker.allowed.clear()
    both = [asyncio.create_task(workshop.get(PNG)) for _ in range(2)]
    await asyncio.sleep(0)  # noqa: TID251  # lets both begin
    maker.allowed.set()
    first, second = await asyncio.gather(*both)

    assert first is second is await workshop.get(PNG)
    assert maker.threads == ["media_0"]
    workshop.close()


async def test_a_caller_that_gives_up_leaves_the_file_to_others(maker: Maker) -> None:
    """Being cancelled does not cancel the making."""
    workshop = Workshop()
    maker.allowed.clear()
    both = [asyncio.create_task(workshop.get(PNG)) for _ in range(2)]
    await asyncio.sleep(0)  # noqa: TID251  # lets both begin
    both[0].cancel()
    maker.allowed.set()

    assert (await both[1]).content == bytes(10)
    assert both[0].cancelled()
    workshop.close()


async def test_a_failure_is_told_and_not_kept(maker: Maker) -> None:
    """The next caller tries again."""
    workshop = Workshop()
    wanted = Wanted(format="png", seed=13)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no film today"):
            await workshop.get(wanted)

    assert len(maker.threads) == 2
    workshop.close()


async def test_what_is_kept_is_bounded(maker: Maker) -> None:
    """The file that was asked for longest ago goes first; a large one is never kept."""
    workshop = Workshop(kept_bytes=25)
    for seed in (1, 2, 1, 3, 1, 2):
        await workshop.get(Wanted(format="png", seed=seed))
    assert len(maker.threads) == 4

    small = Workshop(kept_bytes=15)
    await small.get(PNG)
    await small.get(PNG)
    assert len(maker.threads) == 6
    workshop.close()
    small.close()


async def test_a_workshop_that_never_worked_can_be_closed() -> None:
    """It has no thread then."""
    Workshop().close()


def test_films_are_made_to_size_if_pyav_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, or without the codec in it, the nearest film is taken."""
    from fake_runway.media import encoding

    assert best_reels() is encoding.reel_of
    monkeypatch.setattr(encoding, "available", lambda: False)
    assert best_reels() is nearest_reel
    monkeypatch.setitem(sys.modules, "fake_runway.media.encoding", None)
    assert best_reels() is nearest_reel
