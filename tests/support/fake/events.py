"""Listening to the event stream of a fake, with each event checked against its shape."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from contracts.wire.schema import BodyValidator, load

PATIENCE_S = 30.0
SHAPES = {
    "exchange": "Entry",
    "move": "Entry",
    "act": "Entry",
    "finding": "Finding",
    "world": "World",
}


class Listener:
    """A connection whose events are read."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._check = {
            name: BodyValidator(load("admin").schema(name))
            for name in {"StreamEvent", *SHAPES.values()}
        }
        self.last_id = ""
        self.at_end = False

    async def next(self) -> dict[str, Any]:
        """Return the next event.

        Raises:
            StopAsyncIteration: the server has ended the stream.
        """
        id_ = ""
        async with asyncio.timeout(PATIENCE_S):
            while line := await self._response.content.readline():
                if line.startswith(b"id: "):
                    id_ = line[4:-1].decode()
                if line.startswith(b"data: "):
                    event: dict[str, Any] = json.loads(line[6:])
                    assert event["id"] == id_
                    self._check_shape("StreamEvent", event)
                    if event["kind"] in SHAPES:
                        self._check_shape(SHAPES[event["kind"]], event["data"])
                    self.last_id = id_ or self.last_id
                    return event
        self.at_end = True
        raise StopAsyncIteration

    def _check_shape(self, shape: str, value: Any) -> None:
        problems = self._check[shape].problems(value)
        assert not problems, [each.sentence() for each in problems]

    async def until(self, kind: str, **data: Any) -> list[dict[str, Any]]:
        """Return the events up to one of a kind with these values in its data."""
        seen = []
        while True:
            seen.append(event := await self.next())
            if event["kind"] == kind and data.items() <= event["data"].items():
                return seen


@asynccontextmanager
async def listening(
    url: str,
    world: str | None = None,
    *,
    after: str | None = None,
    entries: bool = False,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Listener]:
    """Listen to a world, or to all, until the block ends."""
    query = {} if after is None else {"after": after}
    if entries:
        query["entries"] = "true"
    prefix = "" if world is None else f"/w/{world}"
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{url}{prefix}/__admin/events", params=query, headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Listener(response)
