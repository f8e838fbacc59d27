"""Callers who disturb each other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from contracts.judge.clock import sleep
from contracts.judge.situation import Shape
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
    "Holds a lock for a quarter of a second as each connect begins.",
    alone=True,
    deadline_s=20.0,
)
@dataclass
class LockedBeginning(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        async with self.row:
            await sleep(0.25)
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


@breaks("many.side-by-side", "Has five workers: the sixth caller waits.", deadline_s=7.0)
@dataclass
class FiveWorkers(Gateway):
    workers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(5))

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        async with self.workers:
            return await super().connect(avatar, request)


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


@breaks(
    "many.one-session-each",
    "Keeps the key of the last poll in a place that all callers share.",
    {
        "state.ready-without-key": "it has the key of another session",
        "shape.key": "so have all after the first",
    },
    shape=Shape.SESSION_KEY,
    alone=True,
)
class SharedKey(Gateway):
    key: str = ""

    def key_of(self, answer: Mapping[str, Any]) -> str:
        self.key = self.key or super().key_of(answer)
        return self.key


@dataclass
class _Blocking(Gateway):
    """Stands still while a request of some kind is under way, as with a blocking HTTP client."""

    still: asyncio.Condition = field(default_factory=asyncio.Condition)
    under_way: int = 0

    def blocks(self, method: str, path: str) -> bool:
        raise NotImplementedError

    async def moves(self) -> None:
        async with self.still:
            await self.still.wait_for(lambda: self.under_way == 0)

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        await self.moves()
        if not self.blocks(method, path):
            answer = await super().ask(method, path, **more)
            await self.moves()  # an answer is read when the other request is over
            return answer
        self.under_way += 1
        try:
            return await super().ask(method, path, **more)
        finally:
            self.under_way -= 1
            async with self.still:
                self.still.notify_all()


@breaks("many.not-in-a-row", "Blocks its event loop at creates.", alone=True, deadline_s=12.0)
@dataclass
class BlocksAtCreate(_Blocking):
    def blocks(self, method: str, path: str) -> bool:
        return method == "POST" and not path


@breaks("many.not-in-a-row", "Blocks its event loop at polls.", alone=True, deadline_s=12.0)
@dataclass
class BlocksAtPoll(_Blocking):
    def blocks(self, method: str, path: str) -> bool:
        return method == "GET"


@breaks("many.not-in-a-row", "Blocks its event loop at cancels.", alone=True, deadline_s=12.0)
@dataclass
class BlocksAtCancel(_Blocking):
    def blocks(self, method: str, path: str) -> bool:
        return method == "DELETE"


@breaks("many.not-in-a-row", "Creates one session after the other.", alone=True, deadline_s=12.0)
@dataclass
class CreatesInARow(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def create(self, avatar: str) -> str:
        async with self.row:
            return await super().create(avatar)


@breaks("many.not-in-a-row", "Polls one session after the other.", alone=True, deadline_s=12.0)
@dataclass
class PollsInARow(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def poll(self, session: str) -> Mapping[str, Any]:
        async with self.row:
            return await super().poll(session)


@breaks("many.not-in-a-row", "Sleeps between polls without letting others go on.", alone=True)
@dataclass
class SleepsForAll(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def poll(self, session: str) -> Mapping[str, Any]:
        async with self.row:
            answer = await super().poll(session)
            if answer.get("status") == "NOT_READY":
                await sleep(0.5)
            return answer
