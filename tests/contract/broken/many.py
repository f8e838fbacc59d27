"""Callers who disturb each other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem


@breaks(
    "many.one-session-each",
    "Rejects the sixth caller.",
    {"many.not-in-a-row": "a rejected caller is not served"},
    alone=True,
)
class FiveCallers(Gateway):
    inside: int = 0

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if self.inside >= 5:
            raise Problem(503, "too many callers")
        self.inside += 1
        try:
            return await super().connect(avatar, request)
        finally:
            self.inside -= 1


@breaks(
    "many.one-session-each",
    "Callers who connect at once share one session.",
    {
        "shape.session-id": "it belongs to another caller",
        "shape.credentials": "so does its room",
        "many.not-in-a-row": "they wait for the slow one",
        "request.custom-avatar": "the caller shares the session of another avatar",
    },
    alone=True,
)
class Shared(Gateway):
    connecting: Any = None

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if self.connecting is None or self.connecting.done():
            self.connecting = asyncio.ensure_future(super().connect(avatar, request))
        answer: Mapping[str, Any] = await asyncio.shield(self.connecting)
        return answer


@breaks(
    "many.not-in-a-row",
    "Serves one caller after the other.",
    {
        "time.deadline": "who waits in the row waits longer",
        "many.one-session-each": "the last one is not served at all",
    },
    alone=True,
)
class InARow(Gateway):
    row: Any = None

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        self.row = self.row or asyncio.Lock()
        async with self.row:
            return await super().connect(avatar, request)


@breaks(
    "many.not-in-a-row",
    "Consumes one session after the other, as a blocking call in an event loop does.",
    alone=True,
    deadline_s=12.0,
)
@dataclass
class ConsumesInARow(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        async with self.row:
            return await super().consume(session, key)


@breaks("many.not-in-a-row", "Has three connections to Runway.", alone=True, deadline_s=8.0)
@dataclass
class ThreeConnections(Gateway):
    pool: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        async with self.pool:
            return await super().ask(method, path, **more)


@breaks("many.one-session-each", "Callers for the same avatar share one session.", alone=True)
@dataclass
class SharedByAvatar(Gateway):
    connecting: dict[str, "asyncio.Task[Mapping[str, Any]]"] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if avatar not in self.connecting or self.connecting[avatar].done():
            self.connecting[avatar] = self.own(super().connect(avatar, request))
        return await asyncio.shield(self.connecting[avatar])
