"""A server in a thread of its own, for clients that block."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def in_a_thread(start: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """Enter `start()` on a loop in another thread, and leave it there when the block ends."""
    entered = threading.Event()
    state: dict[str, T] = {}
    failures: list[BaseException] = []
    control: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        leave = asyncio.Event()
        async with start() as value:
            state["value"] = value
            control.append((asyncio.get_running_loop(), leave))
            entered.set()
            await leave.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failures.append(error)
        finally:
            entered.set()

    thread = threading.Thread(target=run)
    thread.start()
    entered.wait()
    try:
        if "value" in state:
            yield state["value"]
    finally:
        if control:
            loop, leave = control[0]
            loop.call_soon_threadsafe(leave.set)
        thread.join()
    if failures:
        raise failures[0]
