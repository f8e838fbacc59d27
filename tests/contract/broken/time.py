"""Answers after the deadline, or with a wrong status at it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@breaks("time.deadline", "Waits for ever.")
class NoDeadline(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        limit.reschedule(None)
        return await super().created(creating, limit)


@breaks("time.deadline", "The deadline begins only once the session is created.")
class NoDeadlineForCreate(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        limit.reschedule(None)
        session = await super().created(creating, limit)
        limit.reschedule(asyncio.get_running_loop().time() + self.deadline_s)
        return session


@breaks("time.status", "Calls a session that was not ready in time a 404.")
class LateIs404(Gateway):
    def too_late(self) -> Problem:
        return Problem(404, "the session was not ready in time")


@breaks("time.status", "Calls a session that was not ready in time a 408.")
class LateIs408(Gateway):
    def too_late(self) -> Problem:
        return Problem(408, "the session was not ready in time")


@breaks(
    "time.last-moment",
    "Gives up after two thirds of the deadline that it declares.",
    declared_s=4.0,
    deadline_s=2.6,
)
class GivesUpEarly(Gateway):
    pass


@breaks(
    "time.nothing-to-hand-out",
    "Answers 200 with an error at the deadline.",
    {
        "time.status": "200 is no 5xx",
        "upstream.create": "a create that hangs meets the deadline",
        "upstream.poll": "polls that fail to the end meet the deadline",
        "upstream.consume": "a consume that hangs meets the deadline",
        "state.unknown": "so does an undocumented status",
        "state.ready-without-key": "so does READY without a key",
        "shape.one-of-two": "so does the slow one of many",
    },
)
class LateIs200(Gateway):
    def too_late(self) -> Problem:
        return Problem(200, "the session was not ready in time")


@breaks("time.deadline", "Gives each hop the whole deadline.")
class DeadlinePerHop(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        session = await super().created(creating, limit)
        limit.reschedule(None)
        return session

    async def until_ready(self, session: str, request: web.Request) -> str:
        async with asyncio.timeout(self.deadline_s):
            return await super().until_ready(session, request)

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        async with asyncio.timeout(self.deadline_s):
            return await super().hand_out(session, key)


@breaks("time.deadline", "The time begins again once the session is created.")
class DeadlineAfterCreate(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        session = await super().created(creating, limit)
        limit.reschedule(asyncio.get_running_loop().time() + self.deadline_s)
        return session


@breaks("time.deadline", "Comes back when Retry-After says, beyond the deadline.")
class ComesBackAfterAnHour(Gateway):
    def create_again(self, error: UpstreamError) -> bool:
        return super().create_again(error) and error.after_s < 10

    def problem_of(self, error: UpstreamError) -> Problem:
        problem = super().problem_of(error)
        problem.after_s = error.after_s  # type: ignore[attr-defined]
        return problem

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        try:
            return await super().connect(avatar, request)
        except Problem as problem:
            if (after_s := getattr(problem, "after_s", 0.0)) < 10:
                raise
            await sleep(after_s)
            return await self.connect(avatar, request)
