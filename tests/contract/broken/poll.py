"""Polls that stop too soon, too late, or come at a wrong pace."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@breaks(
    "poll.waits",
    "Looks once: what is not READY then is an error.",
    {
        "time.last-moment": "it waits for nobody",
        "retry.passing-error": "the session is provisioned meanwhile",
        "many.one-session-each": "all of them have to wait",
    },
)
class LooksOnce(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        raise Problem(502, "the session cannot be used", over=status in ("FAILED", "CANCELLED"))

    async def look(self, session: str) -> Mapping[str, Any]:
        look = await super().look(session)
        if look.get("status") == "NOT_READY":
            raise Problem(503, "the session is not ready")
        return look


@breaks("poll.not-too-fast", "Looks again after 15 ms.")
@dataclass
class LooksTooFast(Gateway):
    poll_s: float = 0.015


@breaks(
    "poll.not-too-slow",
    "Looks every 6 s.",
    {
        "time.last-moment": "it does not look then",
        "poll.waits": "it looks too late",
        "terminal.ends-the-wait": "it learns of the end 6 s later",
        "many.not-in-a-row": "6 s is long for everybody",
    },
    deadline_s=7.5,
)
@dataclass
class LooksTooSlowly(Gateway):
    poll_s: float = 6.0


@breaks("poll.stops", "Goes on looking after the deadline.")
class LooksOn(Gateway):
    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        await super().give_up(creating, reason)
        if reason == "deadline" and creating.done() and not creating.exception():
            for _ in range(10):
                await sleep(self.poll_s)
                try:
                    await self.look(creating.result())
                except UpstreamError:
                    continue


@breaks("poll.stops", "Looks at the session once more a while after it was handed out.")
class LooksAfterwards(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        answer = await super().hand_out(session, key)
        self.own(self._later(session))
        return answer

    async def _later(self, session: str) -> None:
        await sleep(0.8)
        await self.look(session)
