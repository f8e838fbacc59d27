"""A world as a test holds it: where an application finds it, and its admin client.

`Fake` blocks and `AsyncFake` is awaited; both are the same world. In code that runs on an event
loop use `fake.aio`: a blocking call would keep that loop, and with it the application under test,
from running.
"""

from functools import cached_property
from hashlib import blake2b
from typing import Protocol, Self

from fake_runway.client import AsyncAdmin
from fake_runway.sync_client import Admin
from fake_runway.transport import AsyncTransport, Transport


class Setenv(Protocol):
    """What sets a variable and takes it back, such as pytest's `monkeypatch`."""

    def setenv(self, name: str, value: str) -> None:
        """Set an environment variable."""


def secret_of(world: str) -> str:
    """Return an API secret for a world that the address chooses: any text would do."""
    return f"offline-{blake2b(world.encode(), digest_size=12).hexdigest()}"


def env_of(base_url: str, secret: str) -> dict[str, str]:
    """Return the variables that both official SDKs read."""
    return {"RUNWAYML_BASE_URL": base_url, "RUNWAYML_API_SECRET": secret}


class AsyncFake(AsyncAdmin):
    """A world of a fake, for asyncio.

    Args:
        transport: to the world, which it has to name.
        prefix: of the names of further worlds.
    """

    def __init__(self, transport: AsyncTransport, *, prefix: str = "") -> None:
        super().__init__(transport.base_url, transport=transport)
        self._prefix = prefix
        self._others = 0

    @property
    def aio(self) -> Self:
        """The same, so that code can be shared with `Fake`."""
        return self

    @cached_property
    def secret(self) -> str:
        """An API secret that it accepts."""
        return secret_of(self.name or "")

    @property
    def env(self) -> dict[str, str]:
        """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, for an application's environment."""
        return env_of(self.base_url, self.secret)

    def use(self, monkeypatch: Setenv) -> None:
        """Set the variables of `env` in this process, until `monkeypatch` takes them back."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)

    def world(self, name: str | None = None) -> "AsyncFake":
        """Return another world of the same server, by its name or a new one."""
        self._others += 1
        other = f"{self._prefix}{name or f'world-{self._others + 1}'}"
        return AsyncFake(self._transport.of_world(other), prefix=self._prefix)


class Fake(Admin):
    """A world of a fake, for callers that block.

    Args:
        transport: to the world, which it has to name.
        prefix: of the names of further worlds.
    """

    def __init__(self, transport: Transport, *, prefix: str = "") -> None:
        super().__init__(transport.base_url, transport=transport)
        self._prefix = prefix
        self.others: list[Fake] = []

    @cached_property
    def aio(self) -> AsyncFake:
        """The same world, for use in async code."""
        transport = AsyncTransport(
            self._transport.base_url, self._transport.world, self._transport.token
        )
        return AsyncFake(transport, prefix=self._prefix)

    @cached_property
    def secret(self) -> str:
        """An API secret that it accepts."""
        return secret_of(self.name or "")

    @property
    def env(self) -> dict[str, str]:
        """RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, for an application's environment."""
        return env_of(self.base_url, self.secret)

    def use(self, monkeypatch: Setenv) -> None:
        """Set the variables of `env` in this process, until `monkeypatch` takes them back."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)

    def world(self, name: str | None = None) -> "Fake":
        """Return another world of the same server, by its name or a new one."""
        other = f"{self._prefix}{name or f'world-{len(self.others) + 2}'}"
        fake = Fake(self._transport.of_world(other), prefix=self._prefix)
        self.others.append(fake)
        return fake
