"""Requests taken that no page of the site sends, and passed on with what is in them."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem


@breaks("unexpected.method", "Answers every method alike.")
@dataclass
class AnyMethod(Gateway):
    methods: tuple[str, ...] = ("*",)


@breaks("unexpected.method", "Takes the avatar from the query of a GET, too.")
@dataclass
class GetToo(Gateway):
    methods: tuple[str, ...] = ("POST", "GET")

    async def body(self, request: web.Request) -> Any:
        return dict(request.query) if request.method == "GET" else await super().body(request)


@breaks("unexpected.method", "Takes PUT for POST.")
@dataclass
class PutToo(Gateway):
    methods: tuple[str, ...] = ("POST", "PUT")


@breaks("unexpected.method", "Starts a session of its default avatar, whatever the method is.")
@dataclass
class DefaultForAnyMethod(Gateway):
    methods: tuple[str, ...] = ("POST", "OPTIONS", "PUT")

    async def body(self, request: web.Request) -> Any:
        if request.method != "POST":
            return {"avatarId": "music-superstar"}
        return await super().body(request)


@breaks("unexpected.undeclared-json", "Reads any body as JSON, whatever it is declared as.")
class AnyTypeIsJson(Gateway):
    async def body(self, request: web.Request) -> Any:
        try:
            return json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge:
            raise Problem(413, "the body is too big") from None
        except ValueError:
            raise Problem(400, "the body is no JSON") from None


@breaks("unexpected.foreign-request", "Takes forms as well as JSON.")
class FormsToo(Gateway):
    async def body(self, request: web.Request) -> Any:
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            return dict(await request.post())
        return await super().body(request)


@breaks("unexpected.foreign-request", "Takes the avatar from the query if there is no body.")
class QueryWithoutBody(Gateway):
    async def body(self, request: web.Request) -> Any:
        return dict(request.query) if not request.can_read_body else await super().body(request)


class _UsesTheBody(Gateway):
    """Keeps the body of each request, by avatar."""

    bodies: dict[str, Mapping[str, Any]]

    def avatar(self, body: Any) -> str:
        avatar = super().avatar(body)
        self.bodies = {**getattr(self, "bodies", {}), avatar: body}
        return avatar

    def create_body(self, avatar: str) -> Mapping[str, Any]:
        return {**super().create_body(avatar), **self.more(self.bodies[avatar])}

    def more(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}


@breaks("unexpected.extra-keys", "Lets the caller choose the model.")
class CallersModel(_UsesTheBody):
    def more(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"model": body["model"]} if "model" in body else {}


@breaks(
    "unexpected.extra-keys",
    "Copies all of the body but the avatar into the create.",
    {"unexpected.options": "these too"},
)
class CopiesTheBody(_UsesTheBody):
    def more(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: each for name, each in body.items() if name not in ("avatarId", "x")}


@breaks("unexpected.options", "Lets the caller choose how long the session may be.")
class CallersDuration(_UsesTheBody):
    def more(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"maxDuration": body["maxDuration"]} if "maxDuration" in body else {}


@breaks("unexpected.extra-keys", "Uses the API secret that the body names.")
class CallersSecret(_UsesTheBody):
    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        secret = self.bodies[avatar].get("apiKey")
        if not secret:
            return await super().connect(avatar, request)
        other = type(self)(self.url, secret, self.http, self.output, self.shape, self.deadline_s)
        other.bodies = {avatar: {}}
        return await other.connect(avatar, request)


@breaks("unexpected.extra-keys", "Sends its requests to the host that the body names.")
class CallersHost(_UsesTheBody):
    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        url = self.bodies[avatar].get("baseUrl")
        if not url:
            return await super().connect(avatar, request)
        other = type(self)(url, self.secret, self.http, self.output, self.shape, self.deadline_s)
        other.bodies = {avatar: {}}
        return await other.connect(avatar, request)


@breaks("unexpected.extra-keys", "Goes on with the session that the body names.")
class CallersSession(_UsesTheBody):
    async def create(self, avatar: str) -> str:
        return self.bodies[avatar].get("sessionId") or await super().create(avatar)


_CALLERS: ContextVar[Mapping[str, str]] = ContextVar("callers")


class _Forwards(Gateway):
    """Adds headers of the caller to its requests."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        _CALLERS.set(request.headers)
        return await super().handle(request)

    def headers(self, method: str, path: str) -> dict[str, str]:
        taken = {name: text for name, text in _CALLERS.get().items() if self.takes(name.lower())}
        return {**super().headers(method, path), **taken}

    def takes(self, name: str) -> bool:
        raise NotImplementedError


@breaks("unexpected.own-credentials", "Forwards the Authorization of the caller.")
class ForwardsAuthorization(_Forwards):
    def takes(self, name: str) -> bool:
        return name == "authorization"


@breaks("unexpected.own-credentials", "Forwards all headers that begin with X-.")
class ForwardsHeaders(_Forwards):
    def takes(self, name: str) -> bool:
        return name.startswith("x-")


@breaks("unexpected.own-credentials", "Forwards the cookies of the caller.")
class ForwardsCookies(_Forwards):
    def takes(self, name: str) -> bool:
        return name == "cookie"


@breaks("unexpected.own-credentials", "Takes the version from the caller.")
class ForwardsTheVersion(_Forwards):
    def takes(self, name: str) -> bool:
        return name == "x-runway-version"


@breaks("secrecy.callers-credentials", "Writes the headers of each request to its log.")
class LogsHeaders(Gateway):
    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.say(f"POST {json.dumps(dict(request.headers))}")
        return await super().handle(request)


class _Cors(Gateway):
    """Answers with CORS headers."""

    def origin(self, request: web.Request) -> str:
        raise NotImplementedError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        response = await super().handle(request)
        response.headers["Access-Control-Allow-Origin"] = self.origin(request)
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response


@breaks("unexpected.foreign-origin", "Lets every origin in, with credentials.")
class EveryOrigin(_Cors):
    def origin(self, request: web.Request) -> str:
        return request.headers.get("Origin", "null")


@breaks("unexpected.foreign-origin", "Allows any origin and credentials at once.")
class AnyOriginAndCredentials(_Cors):
    def origin(self, request: web.Request) -> str:
        return "*"


@breaks("unexpected.charset", "Compares the content type as a text.")
class TypeAsText(Gateway):
    async def body(self, request: web.Request) -> Any:
        if request.headers.get("Content-Type") != "application/json":
            raise Problem(415, "the body is not declared as JSON")
        return await super().body(request)
