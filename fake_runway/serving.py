"""Serving the fake on a socket: the piece between an application and a process."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from fake_runway.clock import loop_time_as_wall_clock
from fake_runway.core.settings import Settings
from fake_runway.web.app import create_app
from fake_runway.web.tokens import LiveKit
from fake_runway.web.worlds import Worlds

SHUTDOWN_S = 1.0  # answers that are held back on purpose are not worth waiting for


class PortTaken(Exception):
    """The address cannot be listened on. The message is one line for people."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A fake that listens. `worlds` is its state, for whoever shares the process."""

    url: str
    worlds: Worlds


def url_of(host: str, port: int) -> str:
    """Return the URL of a server; an IPv6 address wants brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    livekit: LiveKit,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: str = "0",
    rate: float = 1.0,
) -> AsyncIterator[Serving]:
    """Serve a new fake until the block ends.

    Args:
        port: 0 takes any free one.
        rate: of the clocks of its worlds.

    Raises:
        PortTaken: with the reason, before anything was started.
    """
    worlds = Worlds(seed=seed, settings=settings, source=loop_time_as_wall_clock(), rate=rate)
    app = create_app(worlds, livekit=livekit)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, UnicodeError) as error:
            error = error if isinstance(error, OSError) else OSError(f"no such host: {error}")
            number = error.errno or 0  # names that do not resolve have a negative one
            reason = os.strerror(number) if number > 0 else str(error)
            raise PortTaken(f"cannot listen on {host}:{port}: {reason}") from error
        yield Serving(url_of(host, runner.addresses[0][1]), worlds)
    finally:
        await runner.cleanup()
