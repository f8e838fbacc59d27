"""Large bodies: read in pieces, with bounds of size, time, and memory of all together.

A body of the usual size costs nothing worth counting. One with a film in it does, and so a server
counts the bytes of those that are on their way, and refuses more than it has room for.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from fake_runway.web.errors import BadBody, BodyTooLarge, BodyTooSlow, NoRoomForBody

LONGEST_LARGE_BODY = 64 << 20
"""Bytes of a body that has files in it: four films of the longest data URI. The real limit is
unknown."""
MOST_AT_ONCE = 512 << 20
"""Bytes of all large bodies that are on their way."""
LONGEST_S = 300.0
"""Seconds of real time in which a large body has to come."""
_DRAINED = 512 << 20


class LargeBodies:
    """The large bodies that are on their way to a server."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<LargeBodies {self._bytes} of {self._most} bytes>"

    @contextmanager
    def taking(self) -> Iterator["Taking"]:
        """Give what takes the pieces of one body; its bytes count until the block ends."""
        taking = Taking(self)
        try:
            yield taking
        finally:
            self._bytes -= taking.size

    def add(self, size: int) -> None:
        """Count bytes that have come.

        Raises:
            NoRoomForBody: there are too many.
        """
        if self._bytes + size > self._most:
            raise NoRoomForBody(
                f"Expected at most {self._most} bytes in all large bodies at once, got more."
            )
        self._bytes += size

    async def read(self, request: web.BaseRequest, *, longest: int = LONGEST_LARGE_BODY) -> bytes:
        """Return the body of a request.

        Raises:
            BodyTooLarge, BodyTooSlow, NoRoomForBody, BadBody.
        """
        with self.taking() as taking:
            try:
                async with asyncio.timeout(LONGEST_S):
                    async for piece in request.content.iter_any():
                        if taking.size + len(piece) > longest:
                            await drain(request)
                            raise BodyTooLarge(f"Expected a body of at most {longest} bytes.")
                        taking.add(piece)
            except TimeoutError:
                raise BodyTooSlow(f"Expected the body within {LONGEST_S:g} seconds.") from None
            except web.RequestPayloadError:
                raise BadBody("The body cannot be read") from None
            return b"".join(taking.pieces)


class Taking:
    """One body that is on its way.

    Attributes:
        size: of its pieces, in bytes.
    """

    def __init__(self, bodies: LargeBodies) -> None:
        self._bodies = bodies
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Take another piece.

        Raises:
            NoRoomForBody.
        """
        self._bodies.add(len(piece))
        self.size += len(piece)
        self.pieces.append(piece)


async def drain(request: web.BaseRequest) -> None:
    """Read on and keep nothing: many clients read no answer before they have sent all."""
    left = _DRAINED
    async for piece in request.content.iter_any():
        left -= len(piece)
        if left <= 0:
            return
