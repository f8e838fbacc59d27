"""Fake, gateway and caller in one process on a loop whose time jumps when nothing can run.

Half a minute of waiting costs a millisecond, and every instant is exact. The wiring is odd in three
places: a plain function has to start the loop, because the plugins' client fixtures fail on it;
aiohttp's way of opening connections is replaced by one that the loop understands; and the loop goes
through its sockets in a way that costs less: theirs is a quarter of all that a judged run computes.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from selectors import SelectorKey
from typing import Any, TypeVar
from unittest.mock import patch

import async_solipsism
from async_solipsism.clock import Clock
from async_solipsism.selector import Selector

T = TypeVar("T")

_advance_by = Clock.advance


def _advance(clock: Clock, delta: float) -> None:
    """Advance by a tick at least: who waits for less would else wait for ever."""
    _advance_by(clock, max(delta, clock.resolution) if delta else delta)


def _registered(selector: Selector) -> Mapping[Any, SelectorKey]:
    """Return what is registered, as the library does, in a form that is quick to go through."""
    registered: Mapping[Any, SelectorKey] = selector._fd_to_key
    return registered


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a fresh loop with virtual time, and return its result."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(Clock, "advance", _advance))
        stack.enter_context(patch.object(Selector, "get_map", _registered))
        stack.enter_context(
            patch(
                "aiohttp.connector.aiohappyeyeballs.start_connection",
                async_solipsism.aiohappyeyeballs_start_connection,
            )
        )
        runner = stack.enter_context(asyncio.Runner(loop_factory=async_solipsism.EventLoop))
        return runner.run(main)
