"""Sessions left behind, or cancelled by mistake."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


class _LeavesBehind(Gateway):
    """Does not cancel for some reasons."""

    reasons: tuple[str, ...] = ()

    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        if reason not in self.reasons:
            await super().give_up(creating, reason)


@breaks(
    "cancel.at-the-deadline",
    "Leaves the session behind at the deadline.",
    {
        "cancel.after-a-failure": "polls that fail to the end meet the deadline",
        "cancel.late-id": "a session that is created later too",
    },
)
class LeftAtTheDeadline(_LeavesBehind):
    reasons = ("deadline",)


@breaks("cancel.after-a-failure", "Leaves the session behind after an error.")
class LeftAfterAnError(_LeavesBehind):
    reasons = ("error",)


@breaks(
    "cancel.caller-gone",
    "Leaves the session of a caller who has hung up.",
    {
        "cancel.caller-gone-at-the-end": "also at the end",
        "cancel.late-id": "also one that is created later",
    },
)
class LeftByTheCaller(_LeavesBehind):
    reasons = ("gone",)


@breaks(
    "cancel.caller-gone",
    "Does not notice that the caller has hung up.",
    {"cancel.caller-gone-at-the-end": "at the end neither"},
)
class CallerIgnored(Gateway):
    def still_there(self, request: web.Request) -> None:
        pass


@breaks(
    "cancel.caller-gone-soon",
    "Notices that the caller has hung up when it writes the answer, at the deadline.",
    {"cancel.late-id": "it does not notice before the create is answered"},
    deadline_s=7.0,
)
@dataclass
class NoticesWhenItWrites(Gateway):
    waiting: set[Any] = field(default_factory=set)

    async def until_ready(self, session: str, request: web.Request) -> str:
        self.waiting.add(asyncio.current_task())
        try:
            return await super().until_ready(session, request)
        finally:
            self.waiting.discard(asyncio.current_task())

    def still_there(self, request: web.Request) -> None:
        if asyncio.current_task() not in self.waiting:
            super().still_there(request)


@breaks(
    "cancel.at-the-deadline",
    "Never cancels anything, as almost all.",
    {
        "cancel.after-a-failure": "then neither",
        "cancel.caller-gone": "then neither",
        "cancel.caller-gone-at-the-end": "then neither",
        "cancel.late-id": "then neither",
    },
)
class NeverCancels(_LeavesBehind):
    reasons = ("deadline", "error", "gone")


@breaks(
    "cancel.at-the-deadline",
    "Cancels with a POST to a path that does not exist.",
    {
        "cancel.after-a-failure": "then neither",
        "cancel.caller-gone": "then neither",
        "cancel.caller-gone-at-the-end": "then neither",
        "cancel.late-id": "then neither",
    },
)
class CancelsWrongly(Gateway):
    async def cancel(self, session: str) -> None:
        await self.ask("POST", f"/{session}/cancel", body={})


@breaks("cancel.delays-nobody", "Answers once the session is cancelled.")
@dataclass
class AnswersOnceCancelled(Gateway):
    owned: dict[Any, list["asyncio.Task[Any]"]] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        try:
            return await super().connect(avatar, request)
        except Problem:
            creating, cancelling = self.owned[asyncio.current_task()]
            if creating.done():
                await asyncio.wait([cancelling])
            raise

    def own(self, work: Any) -> "asyncio.Task[Any]":
        task = super().own(work)
        self.owned.setdefault(asyncio.current_task(), []).append(task)
        return task


@breaks("cancel.late-id", "Does not wait for an id that comes after the answer.")
class IgnoresLateIds(Gateway):
    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        if creating.done():
            await super().give_up(creating, reason)


@breaks(
    "cancel.caller-gone-at-the-end",
    "Does not check whether the caller is there after the consume.",
)
@dataclass
class GoneWhileConsuming(Gateway):
    consumed: set[Any] = field(default_factory=set)

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        answer = await super().hand_out(session, key)
        self.consumed.add(asyncio.current_task())
        return answer

    def still_there(self, request: web.Request) -> None:
        if asyncio.current_task() not in self.consumed:
            super().still_there(request)


@breaks("cancel.again", "Cancels once, also if that fails.")
@dataclass
class CancelsOnce(Gateway):
    cancels: int = 1


@breaks("cancel.again", "Cancels again after a 5xx alone, not where it was told to slow down.")
class CancelsNotWhenBusy(Gateway):
    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(method, path, **more)
        except UpstreamError as error:
            if method != "DELETE" or error.status is None or error.status >= 500:
                raise
            return {}


@breaks("cancel.not-what-was-handed-out", "Cancels what it created 4 s ago, whatever became of it.")
class CancelsMuchLater(Gateway):
    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        answer = await super().connect(avatar, request)
        self.own(self.later(answer["sessionId"]))
        return answer

    async def later(self, session: str) -> None:
        await sleep(4)
        await self.cancel(session)


@breaks("cancel.not-what-was-handed-out", "Cleans up after every connect, also after a good one.")
class CancelsAlways(Gateway):
    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        answer = await super().connect(avatar, request)
        self.own(self.cancel(answer["sessionId"]))
        return answer
