"""Consumes too many, or at a wrong place."""

from collections.abc import Mapping
from typing import Any, ClassVar

import aiohttp

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, UpstreamError


class _Elsewhere(Gateway):
    """Consumes at a host that is written into the code."""

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            async with self.http.post(f"http://127.0.0.1:9/v1/{session}/consume"):
                raise UpstreamError(None)
        except aiohttp.ClientError:
            raise UpstreamError(None) from None


@breaks("consume.once", "Consumes a second time, to be sure.")
class ConsumesTwice(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        room = await super().consume(session, key)
        try:
            await super().consume(session, key)
        except UpstreamError:
            self.say("consumed already")
        return room


@breaks("consume.once", "Repeats a consume whose answer it cannot read.")
class ConsumesAgain(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            return await super().consume(session, key)
        except UpstreamError as error:
            if error.status is not None:
                raise
            await sleep(self.retry_s)
            return await super().consume(session, key)


@breaks("consume.with-the-key", "Consumes every session with the key of the first.")
class FirstKey(Gateway):
    first: str = ""

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        self.first = self.first or key
        return await super().consume(session, self.first)


@breaks("consume.with-the-key", "Consumes with the API secret.")
class ConsumesWithTheSecret(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        return await super().consume(session, self.secret)


@breaks(
    "consume.arrives",
    "Consumes at a host that is written into the code.",
    {
        "slow.poll": "a slow poll that was not waited for looks the same",
        "slow.polls": "the same",
        "slow.hops": "the same",
    },
)
class ConsumesElsewhere(_Elsewhere):
    pass


@breaks(
    "consume.arrives",
    "Makes credentials of its own, without a consume.",
    {
        "shape.credentials": "they lead nowhere",
        "many.one-session-each": "they are the same for everybody",
        "upstream.consume": "no consume can fail",
    },
)
class ConsumesNot(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        return {"url": "wss://media.judge.invalid", "token": "a.b.c", "roomName": session}


class _ConsumesWithoutABody(Gateway):
    """Consumes without a body, and declares what it likes."""

    declared: ClassVar[Mapping[str, str]]

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        async with self.http.post(
            f"{self.url}/v1/realtime_sessions/{session}/consume",
            headers={**self.headers("POST", "/consume"), "Authorization": f"Bearer {key}"}
            | dict(self.declared),
            skip_auto_headers=["Content-Type"],
        ) as response:
            if response.status >= 300:
                raise UpstreamError(response.status)
            return self.parsed(await response.text())


@breaks(
    "consume.content-type",
    "Declares a form, as some HTTP libraries do by themselves.",
    {"upstream.consume": "no consume gets as far as the faults"},
)
class ConsumesAsAForm(_ConsumesWithoutABody):
    declared: ClassVar[Mapping[str, str]] = {"Content-Type": "application/x-www-form-urlencoded"}


@breaks("consume.declared-type", "Declares no content type.")
class ConsumesUndeclared(_ConsumesWithoutABody):
    declared: ClassVar[Mapping[str, str]] = {}
