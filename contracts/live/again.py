"""Wait for a reason to run again: a file that changed, the Enter key, the button of the page."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from contracts.judge.clock import sleep
from contracts.live.changes import OwnFiles

SETTLED_S = 0.6
"""How long after the end of a run changes still belong to it, in seconds: notices come late."""
_DEBOUNCE_MS = 250
_KEY = "you pressed Enter"
_BUTTON = "you asked for it on the page"
_MOST_NAMED = 3


class Ended(Exception):
    """Whoever watches has had enough."""


class Reasons:
    """The reasons that came, and that were not taken yet.

    Args:
        paths: what is watched; names of files are shown as seen from there.
        unwatched: files that the judge writes itself.
    """

    def __init__(self, paths: Sequence[Path], unwatched: Iterable[Path]) -> None:
        self._paths = paths
        self._unwatched = {str(each) for each in unwatched}
        self._own = OwnFiles()
        self._changed: set[str] = set()
        self._waiting: list[str] = []
        self._asked = ""
        self._ended = False
        self._came = asyncio.Event()

    def ask(self) -> None:
        """Ask for a run, from the page."""
        self._note(asked=_BUTTON)

    def key(self, text: str) -> None:
        """Take a line that was typed: `q` ends, any other runs again."""
        self._ended = self._ended or text.strip().lower() in ("q", "quit")
        self._note(asked=_KEY)

    def changed(self, files: Iterable[str]) -> None:
        """Take files that changed."""
        self._changed |= set(files) - self._unwatched
        if self._changed:
            self._note()

    async def settle(self) -> list[str]:
        """Look at what changed during a run; return the files that are watched no longer."""
        await sleep(SETTLED_S)
        self._waiting, own = self._own.after_run(self._taken())
        return [self._named(each) for each in own]

    async def next(self) -> str:
        """Wait for a reason to run again, and return it in words.

        Raises:
            Ended.
        """
        while True:
            files = sorted({*self._waiting, *self._own.while_idle(self._taken())})
            asked, self._waiting = self._asked, []
            if self._ended:
                raise Ended
            if files or asked:
                self._asked = ""
                return self._in_words(files) if files else asked
            self._came.clear()
            await self._came.wait()

    def _in_words(self, files: Sequence[str]) -> str:
        more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
        return f"{', '.join(map(self._named, files[:_MOST_NAMED]))}{more} changed"

    def _taken(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    def _note(self, asked: str = "") -> None:
        self._asked = asked or self._asked
        self._came.set()

    def _named(self, file: str) -> str:
        path = Path(file)
        seen_from = (each for each in self._paths if each != path and path.is_relative_to(each))
        return str(next((path.relative_to(each) for each in seen_from), path.name))


@asynccontextmanager
async def watched(paths: Sequence[Path], reasons: Reasons) -> AsyncIterator[None]:
    """Tell `reasons` which files change below some paths, and what is typed, until the block ends.

    Folders such as `.git`, `node_modules`, `.venv` and `__pycache__` are left out.
    """
    from watchfiles import awatch  # an extra

    stop = asyncio.Event()

    async def watch() -> None:
        changes = awatch(*paths, stop_event=stop, debounce=_DEBOUNCE_MS, raise_interrupt=False)
        async for found in changes:
            reasons.changed(file for _, file in found)

    watching = asyncio.ensure_future(watch())
    try:
        with _typed(reasons):
            yield
    finally:
        stop.set()
        await asyncio.gather(watching, return_exceptions=True)


@contextmanager
def _typed(reasons: Reasons) -> Iterator[None]:
    """Pass on lines from a terminal; anything else is not read."""
    if not (sys.stdin and sys.stdin.isatty()):
        yield
        return
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        line = os.read(descriptor, 1024)
        if not line:  # the end of input; else it would be ready for ever
            loop.remove_reader(descriptor)
            return
        reasons.key(line.decode(errors="replace"))

    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
