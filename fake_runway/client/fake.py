"""A world as a test holds it: where an application finds it, and its admin client.

`Fake` blocks and `AsyncFake` is awaited; both are the same world. In code that runs on an event
loop use `fake.aio`: a blocking call would keep that loop, and with it the application under test,
from running.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from hashlib import blake2b
from typing import Protocol, Self

from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.blocking import Admin
from fake_runway.client.transport import AsyncTransport, Transport


class Setenv(Protocol):
    """What sets a variable and takes it back, such as pytest's `monkeypatch`."""

    def setenv(self, name: str, value: str) -> None:
        """Set an environment variable."""


class _WorldNames:
    """The worlds that belong together, by name: a first one, and what was made beside it.

    Its members share it, blocking and awaited ones alike, so that they never meet by accident.
    """

    def __init__(self, first: str | None, prefix: str) -> None:
        self._prefix = prefix
        self.names = [first or ""]

    def add(self, name: str | None) -> str:
        """Return the full name of another one: the given one, or a number that is free."""
        number = len(self.names) + 1
        while name is None and f"{self._prefix}world-{number}" in self.names:
            number += 1
        full = f"{self._prefix}{name or f'world-{number}'}"
        if full not in self.names:
            self.names.append(full)
        return full


class _ClientEnvironment(ABC):
    """What an application needs to find a world, the same for both kinds of it."""

    @property
    @abstractmethod
    def name(self) -> str | None:
        """The world's name."""

    @property
    @abstractmethod
    def base_url(self) -> str:
        """Where an application finds it."""

    @property
    def secret(self) -> str:
        """An API secret that it accepts."""
        # the address chooses the world, so any text would do
        return f"offline-{blake2b((self.name or '').encode(), digest_size=12).hexdigest()}"

    @property
    def env(self) -> dict[str, str]:
        """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read."""
        return {"RUNWAYML_BASE_URL": self.base_url, "RUNWAYML_API_SECRET": self.secret}

    def use(self, monkeypatch: Setenv) -> None:
        """Set the variables of `env` in this process, until `monkeypatch` takes them back."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


class AsyncFake(AsyncAdmin, _ClientEnvironment):
    """A world of a fake, for asyncio.

    Args:
        transport: to the world, which it has to name.
        prefix: of the names of further worlds.
        family: the worlds that it belongs to; None: it is the first.
    """

    def __init__(
        self, transport: AsyncTransport, *, prefix: str = "", family: _WorldNames | None = None
    ) -> None:
        super().__init__(transport.base_url, transport=transport)
        self._family = family or _WorldNames(transport.world, prefix)

    @property
    def aio(self) -> Self:
        """The same, so that code can be shared with `Fake`."""
        return self

    def world(self, name: str | None = None) -> "AsyncFake":
        """Return another world of the same server, by its name or a new one."""
        transport = self._transport.of_world(self._family.add(name))
        return AsyncFake(transport, family=self._family)


class Fake(Admin, _ClientEnvironment):
    """A world of a fake, for callers that block.

    Args:
        transport: to the world, which it has to name.
        prefix: of the names of further worlds.
        family: the worlds that it belongs to; None: it is the first.
    """

    def __init__(
        self, transport: Transport, *, prefix: str = "", family: _WorldNames | None = None
    ) -> None:
        super().__init__(transport.base_url, transport=transport)
        self._family = family or _WorldNames(transport.world, prefix)

    @cached_property
    def aio(self) -> AsyncFake:
        """The same world, for use in async code."""
        transport = AsyncTransport(
            self._transport.base_url, self._transport.world, self._transport.token
        )
        return AsyncFake(transport, family=self._family)

    @property
    def others(self) -> "tuple[Fake, ...]":
        """The worlds made beside it, through `aio` and through each other as well."""
        names = [name for name in self._family.names if name != self.name]
        return tuple(self._beside(name) for name in names)

    def world(self, name: str | None = None) -> "Fake":
        """Return another world of the same server, by its name or a new one."""
        return self._beside(self._family.add(name))

    def _beside(self, full_name: str) -> "Fake":
        return Fake(self._transport.of_world(full_name), family=self._family)
