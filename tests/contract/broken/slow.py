"""Answers of Runway that are good and late, taken for failures."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


class _Impatient(Gateway):
    """Gives up requests of some kind after a fifth of the deadline or another part of it."""

    part: float = 0.2

    def hurried(self, method: str, path: str) -> bool:
        raise NotImplementedError

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        if self.hurried(method, path):
            more["limit_s"] = self.deadline_s * self.part
        return await super().ask(method, path, **more)


@breaks(
    "slow.create",
    "Gives up a create after a fifth of the deadline.",
    {"slow.hops": "a fifth is too long", "cancel.late-id": "it does not wait for the id"},
)
class ImpatientCreate(_Impatient):
    def hurried(self, method: str, path: str) -> bool:
        return method == "POST" and not path


@breaks(
    "slow.consume",
    "Gives up a consume after a fifth of the deadline.",
    {"slow.hops": "a fifth is too long"},
)
class ImpatientConsume(_Impatient):
    def hurried(self, method: str, path: str) -> bool:
        return path.endswith("/consume")


@breaks(
    "slow.consume",
    "Takes a consume that is not answered within half a second for lost.",
    {"slow.hops": "a fifth of the deadline is longer"},
)
class BackupConsume(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(0.5):
                return await super().consume(session, key)
        except TimeoutError:
            raise Problem(502, "the consume was lost") from None


@breaks(
    "slow.poll",
    "Gives up the session when a poll takes longer than a fifth of the deadline.",
    {
        "slow.polls": "each of them does",
        "slow.hops": "a fifth is too long",
        "retry.passing-error": "a poll that fails ends the wait, too",
    },
)
class ImpatientPoll(_Impatient):
    def hurried(self, method: str, path: str) -> bool:
        return method == "GET"

    def poll_again(self, error: UpstreamError) -> bool:
        return error.status is not None and super().poll_again(error)


@breaks("slow.polls", "Gives up each poll after a fifth of the deadline, and polls again.")
class PollsAnew(_Impatient):
    def hurried(self, method: str, path: str) -> bool:
        return method == "GET"


@breaks("slow.hops", "Leaves all requests of a connect together half of the deadline.")
@dataclass
class HalfForRequests(Gateway):
    spent_s: dict[Any, float] = field(default_factory=dict)

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        began_at = asyncio.get_running_loop().time()
        answer = await super().ask(method, path, **more)
        took_s = asyncio.get_running_loop().time() - began_at
        session = path.split("/")[1] if path else answer.get("id")
        self.spent_s[session] = self.spent_s.get(session, 0.0) + took_s
        if method != "DELETE" and self.spent_s[session] > self.deadline_s / 2 and path:
            raise Problem(502, "the session service is too slow")
        return answer


@breaks("slow.one-poll-at-a-time", "Polls by a timer, whether or not the last poll is answered.")
@dataclass
class PollsByTimer(Gateway):
    async def until_ready(self, session: str, request: web.Request) -> str:
        polls: list[asyncio.Task[Any]] = []
        while True:
            self.still_there(request)
            polls.append(self.own(self.poll(session)))
            await sleep(self.poll_s)
            for poll in [each for each in polls if each.done()]:
                polls.remove(poll)
                error = poll.exception()
                if isinstance(error, UpstreamError):
                    if not self.poll_again(error):
                        raise error
                    continue
                answer = poll.result()
                if answer.get("status") == "READY":
                    return self.key_of(answer)
                if answer.get("status") != "NOT_READY":
                    self.not_waiting(answer.get("status"), answer)


@breaks(
    "retry.create-not-blindly",
    "Sends a second create when the first is late, and takes either.",
    {
        "retry.honours-retry-after": "two creates are under way",
        "cancel.late-id": "it knows the id of one of them only",
        "cancel.at-the-deadline": "it knows the id of one of them only",
    },
)
class BackupCreate(Gateway):
    async def create(self, avatar: str) -> str:
        first = self.own(super().create(avatar))
        done, _ = await asyncio.wait([first], timeout=0.5)
        creating = [first] if done else [first, self.own(super().create(avatar))]
        done, _ = await asyncio.wait(creating, return_when=asyncio.FIRST_COMPLETED)
        session: str = await done.pop()
        return session
