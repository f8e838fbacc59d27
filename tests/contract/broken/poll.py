"""Polls that stop too soon, too late, or come at a wrong pace."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.judge.clock import now, sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@breaks(
    "poll.waits",
    "Polls once: a session that is not READY then is an error.",
    {
        "time.last-moment": "it does not wait",
        "retry.passing-error": "the session is provisioned meanwhile",
        "many.one-session-each": "all of them have to wait",
    },
)
class PollsOnce(Gateway):
    def not_waiting(self, status: Any, answer: Mapping[str, Any]) -> None:
        raise Problem(502, "the session cannot be used", over=status in ("FAILED", "CANCELLED"))

    async def poll(self, session: str) -> Mapping[str, Any]:
        answer = await super().poll(session)
        if answer.get("status") == "NOT_READY":
            raise Problem(503, "the session is not ready")
        return answer


@breaks("poll.waits", "Waits until the session that it has consumed is RUNNING.")
class WaitsForRunning(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        answer = await super().hand_out(session, key)
        while (await self.poll(session)).get("status") != "RUNNING":
            await sleep(self.poll_s)
        return answer


@breaks("poll.waits", "Counts its deadline from createdAt, by a clock that is not its own.")
class RunwaysClock(Gateway):
    async def poll(self, session: str) -> Mapping[str, Any]:
        answer = await super().poll(session)
        created = datetime.fromisoformat(answer.get("createdAt", "9999-01-01T00:00:00Z"))
        if now() - created.timestamp() > self.deadline_s:
            raise self.too_late()
        return answer


@breaks("poll.waits", "Reads only what is declared with the charset that it has seen so far.")
class ReadsOneContentType(Gateway):
    def parsed(self, text: str) -> Mapping[str, Any]:
        declared = self.last_headers.get("Content-Type", "")
        if text and declared.startswith("application/json") and "charset" not in declared:
            raise UpstreamError(415)
        return super().parsed(text)


@breaks("poll.not-too-fast", "Polls again after 15 ms.")
@dataclass
class PollsTooFast(Gateway):
    poll_s: float = 0.015


@breaks(
    "poll.not-too-slow",
    "Polls every 6 s.",
    {
        "time.last-moment": "it does not poll then",
        "poll.waits": "it polls too late",
        "terminal.ends-the-wait": "it learns of the end 6 s later",
        "many.not-in-a-row": "6 s is long for each of them",
        "cancel.caller-gone-soon": "it learns 6 s later that the caller has left",
    },
    deadline_s=7.5,
)
@dataclass
class PollsTooSlowly(Gateway):
    poll_s: float = 6.0


@breaks("poll.stops", "Goes on polling after the deadline.")
class PollsOn(Gateway):
    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        await super().give_up(creating, reason)
        if reason == "deadline" and creating.done() and not creating.exception():
            for _ in range(10):
                await sleep(self.poll_s)
                try:
                    await self.poll(creating.result())
                except UpstreamError:
                    continue


@breaks("poll.stops", "Polls the session once more a while after it was handed out.")
class PollsAfterwards(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        answer = await super().hand_out(session, key)
        self.own(self._later(session))
        return answer

    async def _later(self, session: str) -> None:
        await sleep(0.8)
        await self.poll(session)
