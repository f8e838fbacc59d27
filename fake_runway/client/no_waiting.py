"""Waits of the official Python SDK that move a world's clock instead of taking time.

`wait_for_task_output` sleeps at least 4.5 seconds before each poll, whatever the server does. It
takes its time from the names `time` and `anyio` of one module, and those are replaced: for the rest
of the program time goes on as ever.

Source: `runwayml.lib.polling` of `runwayml` 5.24.0; a test holds what this leans on.
"""

from importlib import import_module
from typing import Any, Protocol

_MODULE = "runwayml.lib.polling"


class Setattr(Protocol):
    """Sets attributes and restores them later, such as pytest's `monkeypatch`."""

    def setattr(self, target: Any, name: str, value: Any) -> None:
        """Set an attribute of `target`."""


class _BlockingClock(Protocol):
    def jump(self, by: float) -> Any: ...


class _AwaitedClock(Protocol):
    async def jump(self, by: float) -> Any: ...


class TimeOfWorld:
    """Stands for the module `time`: a sleep moves a world's clock, and only sleeps are counted.

    To ask the world for its time would double the requests of a wait.
    """

    def __init__(self, clock: _BlockingClock) -> None:
        self._clock = clock
        self._slept_s = 0.0

    def time(self) -> float:
        """Return the seconds that were slept so far."""
        return self._slept_s

    def sleep(self, seconds: float) -> None:
        """Move the world's clock."""
        self._slept_s += seconds
        self._clock.jump(seconds)


class AnyioOfWorld:
    """Stands for the module `anyio`, likewise."""

    def __init__(self, clock: _AwaitedClock) -> None:
        self._clock = clock
        self._slept_s = 0.0

    def current_time(self) -> float:
        """Return the seconds that were slept so far."""
        return self._slept_s

    async def sleep(self, seconds: float) -> None:
        """Move the world's clock."""
        self._slept_s += seconds
        await self._clock.jump(seconds)


def replace_sleeps(monkeypatch: Setattr, **names: object) -> None:
    """Replace names of the SDK's module that polls.

    Raises:
        ModuleNotFoundError: the SDK is not installed, or has no such module.
    """
    module = import_module(_MODULE)
    for name, value in names.items():
        monkeypatch.setattr(module, name, value)
