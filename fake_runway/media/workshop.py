"""Make files beside the event loop: one at a time, in a thread, each once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from fake_runway.media.film import Reel
from fake_runway.media.making import make, nearest_reel
from fake_runway.media.wanted import Made, Wanted

KEPT_BYTES = 64 * 1024 * 1024
"""How much is kept of files that were made."""


def best_reels() -> Callable[[Wanted], Reel]:
    """Return where films come from: made to size with the extra `media`, else the nearest."""
    try:
        from fake_runway.media.encoding import available, reel_of
    except ImportError:
        return nearest_reel
    return reel_of if available() else nearest_reel


class Workshop:
    """Makes files, and keeps the newest.

    It belongs to one event loop. Callers that want the same file wait for one making.

    Args:
        kept_bytes: how much is kept; a file of more than half of that is made for each request.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._room = kept_bytes
        self._kept: OrderedDict[Wanted, Made] = OrderedDict()
        self._held = 0
        self._under_way: dict[Wanted, asyncio.Future[Made]] = {}
        self._reels: Callable[[Wanted], Reel] | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def get(self, wanted: Wanted) -> Made:
        """Return a file. A caller that gives up does not take it from the others."""
        if wanted in self._kept:
            self._kept.move_to_end(wanted)
            return self._kept[wanted]
        if wanted not in self._under_way:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="media")
            future = asyncio.get_running_loop().run_in_executor(self._thread, self._make, wanted)
            self._under_way[wanted] = future
            future.add_done_callback(lambda done: self._finished(wanted, done))
        return await asyncio.shield(self._under_way[wanted])

    def close(self) -> None:
        """End the thread after the file that it makes. Waiting callers are cancelled."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _make(self, wanted: Wanted) -> Made:
        if self._reels is None:
            self._reels = best_reels()  # importing it takes a while: here, in the thread
        return make(wanted, self._reels)

    def _finished(self, wanted: Wanted, done: "asyncio.Future[Made]") -> None:
        del self._under_way[wanted]
        if done.cancelled() or done.exception() is not None:
            return
        made = done.result()
        if len(made.content) > self._room // 2:
            return
        self._kept[wanted] = made
        self._held += len(made.content)
        while self._held > self._room:
            _, dropped = self._kept.popitem(last=False)
            self._held -= len(dropped.content)
