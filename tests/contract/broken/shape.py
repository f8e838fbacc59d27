"""Successes of a wrong form."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from contracts.judge.situation import Shape
from tests.contract.broken.table import breaks
from tests.contract.judged import MEDIA_URL
from tests.contract.small_gateway import Gateway, Problem


@breaks("shape.one-of-two", "Hands out a url and nothing else.")
class OnlyAUrl(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({"url": answer["serverUrl"]})


@breaks("shape.one-of-two", "Spells the keys in snake_case.")
class SnakeCase(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        names = ("session_id", "server_url", "token", "room_name")
        return web.json_response(dict(zip(names, answer.values(), strict=True)))


@breaks("shape.one-of-two", "Wraps the answer into {data}.", shape=Shape.SESSION_KEY)
class Wrapped(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({"data": answer})


@breaks(
    "shape.one-of-two",
    "Passes the answer of consume on, with `url` instead of `serverUrl`.",
    {"secrecy.upstream-text": "and with every field that is new in it"},
)
class NotRenamed(Gateway):
    def credentials(self, session: str, room: Mapping[str, Any]) -> Mapping[str, Any]:
        super().credentials(session, room)
        return {"sessionId": session, **room}


@breaks(
    "shape.one-of-two",
    "Hands out both shapes at once.",
    {"secrecy.session-key": "the key is in an answer that is not of its shape"},
)
class BothShapes(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        return {**await super().hand_out(session, key), "sessionKey": key}


@breaks("shape.nothing-else", "Adds what the page might want to know.")
class MoreThanItsShape(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "avatar": {"internalId": 7}})


@breaks("shape.types", "roomName is null.")
class NullRoom(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "roomName": None})


@breaks("shape.types", "sessionKey is an object.", shape=Shape.SESSION_KEY)
class KeyInAnObject(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "sessionKey": {"value": answer["sessionKey"]}})


@breaks(
    "shape.session-id",
    "Makes an id of its own for the session.",
    {"shape.credentials": "room and token are not those of that id"},
)
class OwnId(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "sessionId": str(uuid.UUID(int=7))})


@breaks("shape.content-type", "Declares JSON as text.")
class DeclaredAsText(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.Response(text=json.dumps(answer))


@breaks("shape.content-type", "Declares errors as a page.")
class ErrorsAsAPage(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        text = json.dumps({"error": str(problem)})
        return web.Response(text=text, status=problem.status, content_type="text/html")


@breaks("shape.declared", "Consumes, although the key is wanted.", declared=Shape.SESSION_KEY)
class TheOtherShape(Gateway):
    pass


@breaks("shape.credentials", "serverUrl is the API's address, not the media server's.")
class WrongServer(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "serverUrl": self.url})


@breaks("shape.credentials", "roomName is the session's with a prefix.")
class OwnRoom(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "roomName": f"room-{answer['roomName']}"})


@breaks("shape.credentials", "serverUrl stands in its configuration.")
class ConfiguredServer(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "serverUrl": MEDIA_URL})


@breaks("shape.credentials", "Takes the room's name to be the session's id.")
class RoomIsTheSession(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "roomName": answer["sessionId"]})


@breaks(
    "shape.credentials",
    "Hands out the token of the first caller to everybody.",
    {"many.one-session-each": "several callers get it at once"},
)
class FirstToken(Gateway):
    first: str = ""

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        self.first = self.first or answer["token"]
        return web.json_response({**answer, "token": self.first})


@breaks("shape.key", "Hands out the session's id as its key.", shape=Shape.SESSION_KEY)
class IdAsKey(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        return {"sessionId": session, "sessionKey": session}


@breaks("shape.key", "Uses the key before it hands it out.", shape=Shape.SESSION_KEY)
class UsedKey(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        await self.consume(session, key)
        return {"sessionId": session, "sessionKey": key}


@breaks(
    "shape.key",
    "Hands out the key that the caller before has got, with the session of this one.",
    shape=Shape.SESSION_KEY,
)
class KeyOfTheCallerBefore(Gateway):
    before: str = ""

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        self.before, handed_out = key, self.before or key
        return {"sessionId": session, "sessionKey": handed_out}


@breaks(
    "shape.key",
    "Hands out the first key that it saw for an avatar, to everybody.",
    {"many.one-session-each": "callers for the same avatar get it at once"},
    shape=Shape.SESSION_KEY,
)
@dataclass
class FirstKeyOfTheAvatar(Gateway):
    keys: dict[str, str] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        answer = await super().connect(avatar, request)
        return {**answer, "sessionKey": self.keys.setdefault(avatar, answer["sessionKey"])}


@breaks("shape.credentials", "Cuts the end of the token off.")
class TokenCut(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "token": answer["token"][:-8]})


@breaks("shape.credentials", "Puts `Bearer` in front of the token.")
class BearerToken(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "token": f"Bearer {answer['token']}"})


@breaks(
    "shape.session-id",
    "Hands out the same credentials for some seconds, to whom asks for the same avatar.",
    {
        "many.one-session-each": "also at once",
        "shape.credentials": "their room is that of another caller",
        "request.preset": "no create is sent for the next caller",
    },
)
@dataclass
class KeepsCredentials(Gateway):
    kept: dict[str, tuple[float, Mapping[str, Any]]] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        at, answer = self.kept.get(avatar, (0.0, {}))
        now_s = asyncio.get_running_loop().time()
        if not answer or now_s - at > 5:
            answer = await super().connect(avatar, request)
            self.kept[avatar] = now_s, answer
        return answer
