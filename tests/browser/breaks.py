"""A proxy in front of a server that loses its connections when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Proxy:
    """Passes on what comes, as it comes.

    Attributes:
        target: the port of the server.
        url: where it listens.
    """

    def __init__(self, target: str) -> None:
        self.url = ""
        self.aim(target)
        self._loop = asyncio.get_running_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._refuses = False

    def aim(self, url: str) -> None:
        """Lead to another server from now on."""
        self.target = urlsplit(url).port

    def cut(self) -> None:
        """Lose every connection, and all that come until `mend`; from another thread."""
        self._refuses = True
        self._loop.call_soon_threadsafe(self._abort)

    def mend(self) -> None:
        """Take connections again."""
        self._refuses = False

    def _abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until one of its ends is gone."""
        if self._refuses:
            writer.transport.abort()
            return
        on, out = await asyncio.open_connection("127.0.0.1", self.target)
        pair = {writer, out}
        self._open |= pair
        try:
            await asyncio.gather(_pass_on(reader, out), _pass_on(on, writer))
        finally:
            self._open -= pair
            for each in pair:
                each.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[Proxy]:
    """Run a proxy in front of a server until the block ends."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
        proxy.cut()
        await asyncio.sleep(0)  # noqa: TID251 - let connections be lost
