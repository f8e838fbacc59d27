"""A world for tests: where an application finds it, and its admin client.

`Fake` blocks and `AsyncFake` is awaited; both can be clients of one world. On an event loop use
`fake.aio`: a blocking call would stop the loop, and with it the application under test.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from hashlib import blake2b
from typing import Any, Protocol, Self

from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.blocking import Admin
from fake_runway.client.no_waiting import AnyioOfWorld, Setattr, TimeOfWorld, replace_sleeps
from fake_runway.client.participant import Participant, Tool, in_the_room
from fake_runway.client.transport import AsyncTransport, Transport


class Setenv(Protocol):
    """Sets variables and restores them later, such as pytest's `monkeypatch`."""

    def setenv(self, name: str, value: str) -> None:
        """Set an environment variable."""


class _WorldNames:
    """The names of the worlds of one test: the first, and those created from it.

    All clients of these worlds share it, so that no two worlds get the same name.
    """

    def __init__(self, first: str | None, prefix: str) -> None:
        self._prefix = prefix
        self.names = [first or ""]

    def add(self, name: str | None) -> str:
        """Add a world, and return its full name: from `name`, or with the next free number."""
        number = len(self.names) + 1
        while name is None and f"{self._prefix}world-{number}" in self.names:
            number += 1
        full = f"{self._prefix}{name or f'world-{number}'}"
        if full not in self.names:
            self.names.append(full)
        return full


class _ClientEnvironment(ABC):
    """The environment in which an application reaches a world."""

    @property
    @abstractmethod
    def name(self) -> str | None:
        """The world's name."""

    @property
    @abstractmethod
    def base_url(self) -> str:
        """The base URL by which an application reaches it."""

    @property
    def secret(self) -> str:
        """An API secret that it accepts."""
        # the address selects the world, so any text would do
        return f"offline-{blake2b((self.name or '').encode(), digest_size=12).hexdigest()}"

    @property
    def env(self) -> dict[str, str]:
        """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read."""
        return {"RUNWAYML_BASE_URL": self.base_url, "RUNWAYML_API_SECRET": self.secret}

    def room(
        self, session: Any, *, tools: Mapping[str, Tool] | None = None
    ) -> AbstractAsyncContextManager[Participant]:
        """Join the room of a READY session as its user, for the block of an `async with`.

        Args:
            session: its id, or something with an `id`, such as an answer of an SDK.
            tools: the backend's, by name: each takes the arguments and returns any JSON value.

        Raises:
            NoLiveKit: the package `livekit` is not installed.
            Conflict: the session is not READY.
        """
        return in_the_room(self.base_url, self.secret, session, tools)

    def use(self, monkeypatch: Setenv) -> None:
        """Set the variables of `env` in this process, until `monkeypatch` restores them."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


class AsyncFake(AsyncAdmin, _ClientEnvironment):
    """A world of a fake for code on an event loop.

    Args:
        transport: to the world, with its name.
        prefix: of the names of further worlds.
        worlds: the names of the worlds that belong together; None: this one is the first.
    """

    def __init__(
        self, transport: AsyncTransport, *, prefix: str = "", worlds: _WorldNames | None = None
    ) -> None:
        super().__init__(transport.base_url, transport=transport)
        self._names = worlds or _WorldNames(transport.world, prefix)

    @property
    def aio(self) -> Self:
        """This client, so that code can be shared with `Fake`."""
        return self

    def world(self, name: str | None = None) -> "AsyncFake":
        """Return another world of the same server, by its name or a new one."""
        transport = self._transport.of_world(self._names.add(name))
        return AsyncFake(transport, worlds=self._names)

    def no_waiting(self, monkeypatch: Setattr) -> None:
        """Let `wait_for_task_output` of the official async client move this world's clock.

        Raises:
            ModuleNotFoundError: the SDK is not installed.
        """
        replace_sleeps(monkeypatch, anyio=AnyioOfWorld(self.clock))


class Fake(Admin, _ClientEnvironment):
    """A world of a fake, for callers that block.

    Args:
        transport: to the world, with its name.
        prefix: of the names of further worlds.
        worlds: the names of the worlds that belong together; None: this one is the first.
    """

    def __init__(
        self, transport: Transport, *, prefix: str = "", worlds: _WorldNames | None = None
    ) -> None:
        super().__init__(transport.base_url, transport=transport)
        self._names = worlds or _WorldNames(transport.world, prefix)

    @cached_property
    def aio(self) -> AsyncFake:
        """The same world, for use in async code."""
        transport = AsyncTransport(
            self._transport.base_url, self._transport.world, self._transport.token
        )
        transport.makes_world = self._transport.makes_world
        return AsyncFake(transport, worlds=self._names)

    @property
    def others(self) -> "tuple[Fake, ...]":
        """The other worlds of the same test."""
        names = [name for name in self._names.names if name != self.name]
        return tuple(self._beside(name) for name in names)

    def world(self, name: str | None = None) -> "Fake":
        """Return another world of the same server, by its name or a new one."""
        return self._beside(self._names.add(name))

    def apart(self, name: str) -> "Fake":
        """Return a world of the same server that does not belong to the same test."""
        return Fake(self._transport.of_world(name))

    def no_waiting(self, monkeypatch: Setattr) -> None:
        """Let `wait_for_task_output` of the official SDK move this world's clock, not wait.

        Both clients do, the sync and the async one, until `monkeypatch` restores it.

        Raises:
            ModuleNotFoundError: the SDK is not installed.
        """
        replace_sleeps(
            monkeypatch, time=TimeOfWorld(self.clock), anyio=AnyioOfWorld(self.aio.clock)
        )

    def _beside(self, full_name: str) -> "Fake":
        return Fake(self._transport.of_world(full_name), worlds=self._names)
