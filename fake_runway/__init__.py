"""A stateful fake of the Runway realtime API: costs nothing, works offline, fails on command."""

from typing import TYPE_CHECKING, Any

from fake_runway.version import __version__

if TYPE_CHECKING:
    from fake_runway.testing.embedded import FakeRunway

__all__ = ["FakeRunway", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the library on first use: plugins and commands load this package too."""
    if name == "FakeRunway":
        from fake_runway.testing.embedded import FakeRunway

        return FakeRunway
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
