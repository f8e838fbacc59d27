"""Fake, gateway and caller in one process on a loop whose time jumps when nothing can run.

Half a minute of waiting costs a millisecond, and every instant is exact. The wiring is odd in two
places: a plain function has to start the loop, because the plugins' client fixtures fail on it, and
aiohttp's way of opening connections is replaced by one that the loop understands.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar
from unittest.mock import patch

import async_solipsism
from async_solipsism.clock import Clock

T = TypeVar("T")

_advance_by = Clock.advance


def _advance(clock: Clock, delta: float) -> None:
    """Advance by a tick at least: who waits for less would else wait for ever."""
    _advance_by(clock, max(delta, clock.resolution) if delta else delta)


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a fresh loop with virtual time, and return its result."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(Clock, "advance", _advance))
        stack.enter_context(
            patch(
                "aiohttp.connector.aiohappyeyeballs.start_connection",
                async_solipsism.aiohappyeyeballs_start_connection,
            )
        )
        runner = stack.enter_context(asyncio.Runner(loop_factory=async_solipsism.EventLoop))
        return runner.run(main)
