"""Gateways that end, or answer nothing any more, after one bad answer or request."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


class Mortal(Gateway):
    """Ends when `fatal` is called."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.request = request
        return await super().handle(request)

    def fatal(self) -> None:
        self.die(self.request)


@breaks("survive.anything", "Exits when an answer of Runway is no JSON.")
class ExitsOnBrokenJson(Mortal):
    def parsed(self, text: str) -> Mapping[str, Any]:
        try:
            return super().parsed(text)
        except UpstreamError:
            self.fatal()
            raise


@breaks("survive.anything", "Exits by the unhandled rejection of a cancel that fails.")
class ExitsOnAFailedCancel(Mortal):
    async def cancel(self, session: str) -> None:
        try:
            await self.ask("DELETE", f"/{session}", limit_s=2.0)
        except UpstreamError:
            self.fatal()
            raise


@breaks("survive.anything", "Answers nothing any more once a create was answered without an id.")
class HangsForEver(Gateway):
    hung = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.hung:
            await asyncio.Event().wait()
        return await super().handle(request)

    def id_of(self, answer: Mapping[str, Any]) -> str:
        if not isinstance(answer.get("id"), str):
            self.hung = True
        return super().id_of(answer)


class Spoilt(Gateway):
    """Answers 500 to everybody once `spoil` was called."""

    spoilt = False

    def spoil(self) -> None:
        self.spoilt = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.spoilt:
            return self.failure(Problem(500, "out of order"))
        return await super().handle(request)


@breaks("survive.anything", "Answers 500 to everybody once a create was answered with no JSON.")
class FailsForEver(Spoilt):
    async def create(self, avatar: str) -> str:
        try:
            return await super().create(avatar)
        except UpstreamError as error:
            if isinstance(error.__context__, ValueError):
                self.spoil()
            raise


@breaks("survive.anything", "Connects nobody any more once the body of a caller was no JSON.")
class FailsAfterABadRequest(Spoilt):
    async def body(self, request: web.Request) -> Any:
        try:
            return await super().body(request)
        except Problem:
            self.spoil()
            raise


@breaks("survive.anything", "Exits when the body of a caller is no JSON.")
class ExitsOnABadRequest(Mortal):
    async def body(self, request: web.Request) -> Any:
        try:
            return await super().body(request)
        except Problem:
            self.fatal()
            raise
