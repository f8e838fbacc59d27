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
from warnings import catch_warnings

import async_solipsism

T = TypeVar("T")


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a fresh loop with virtual time, and return its result."""
    with ExitStack() as stack:
        # a timer due in less than the clock can tell is run at once, as by every loop
        stack.enter_context(
            catch_warnings(action="ignore", category=async_solipsism.exceptions.ResolutionWarning)
        )
        stack.enter_context(
            patch(
                "aiohttp.connector.aiohappyeyeballs.start_connection",
                async_solipsism.aiohappyeyeballs_start_connection,
            )
        )
        runner = stack.enter_context(asyncio.Runner(loop_factory=async_solipsism.EventLoop))
        return runner.run(main)
