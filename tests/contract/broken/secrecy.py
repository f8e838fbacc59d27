"""Secrets, and Runway's texts, in the wrong place."""

import json
import traceback
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@breaks("secrecy.api-secret", "Writes the API secret into the text of an error.")
class SecretInErrors(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, f"the session service refuses {self.secret}")


@breaks("secrecy.api-secret", "Copies its request headers into the answer.")
class SecretInAHeader(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response(answer, headers={"X-Debug": f"Bearer {self.secret}"})


@breaks("secrecy.api-secret", "Sends the API secret in the address of a poll.")
class SecretInTheAddress(Gateway):
    async def poll(self, session: str) -> Mapping[str, Any]:
        return await self.ask("GET", f"/{session}?key={self.secret}", limit_s=2.0)


@breaks("secrecy.session-key", "Writes the session key into the text of an error.")
class KeyInErrors(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            return await super().consume(session, key)
        except UpstreamError:
            raise Problem(502, f"the key {key} was refused") from None


@breaks("secrecy.output", "Writes the API secret to its log.")
class SecretInTheLog(Gateway):
    async def create(self, avatar: str) -> str:
        self.say(f"POST with Bearer {self.secret}")
        return await super().create(avatar)


@breaks("secrecy.output", "Writes every session to its log, with its key.")
class KeyInTheLog(Gateway):
    async def poll(self, session: str) -> Mapping[str, Any]:
        answer = await super().poll(session)
        self.say(json.dumps(answer))
        return answer


@breaks("secrecy.output", "Writes the API secret to its log in base64.")
class LogsInBase64(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        self.say(f"auth={b64encode(self.secret.encode()).decode()}")
        return super().success(answer)


@breaks("secrecy.upstream-text", "Passes the upstream's body on in a header.")
class UpstreamInAHeader(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        problem = super().problem_of(error)
        problem.text = error.text  # type: ignore[attr-defined]
        return problem

    def failure(self, problem: Problem) -> web.Response:
        answer = super().failure(problem)
        if text := getattr(problem, "text", ""):
            answer.headers["X-Upstream-Error"] = quote(text, safe=" :{}")
        return answer


@breaks("secrecy.upstream-text", "Passes on why a session failed, as Runway words it.")
class FailureAsItIs(Gateway):
    def not_waiting(self, status: Any, answer: Mapping[str, Any]) -> None:
        if status == "FAILED":
            raise Problem(502, str(answer.get("failure")), over=True)
        super().not_waiting(status, answer)


@breaks("secrecy.upstream-text", "Passes the upstream's body on as the text of its own error.")
class BodyPassedOn(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, error.text or "the session service failed")


@breaks(
    "secrecy.upstream-text",
    "Passes status and body of the upstream on as they are.",
    {
        "upstream.not-the-callers-fault": "401 is one of the statuses",
        "error.json": "a page is one of the bodies",
    },
)
class PassedOnRaw(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        problem = Problem(error.status or 502, "the session service failed")
        problem.text = error.text  # type: ignore[attr-defined]
        return problem

    def failure(self, problem: Problem) -> web.Response:
        text = getattr(problem, "text", "")
        if not text:
            return super().failure(problem)
        return web.Response(text=text, status=problem.status, content_type="application/json")


@breaks("secrecy.api-secret", "Names the API secret by its first characters in an error.")
class SecretsBeginning(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, f"the session service failed (key {self.secret[:10]}...)")


@breaks("secrecy.api-secret", "Copies the header of basic authentication into the answer.")
class SecretInBasicAuth(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        basic = b64encode(f"api:{self.secret}".encode()).decode()
        return web.json_response(answer, headers={"X-Debug": f"Basic {basic}"})


@breaks("secrecy.api-secret", "Shows the API secret in hexadecimal.")
class SecretInHex(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        answer = super().failure(problem)
        answer.headers["X-Trace"] = self.secret.encode().hex()
        return answer


@breaks("secrecy.output-parts", "Writes the last characters of the API secret to its log.")
class SecretsEndInTheLog(Gateway):
    async def create(self, avatar: str) -> str:
        self.say(f"using the key ...{self.secret[-12:]}")
        return await super().create(avatar)


@breaks("secrecy.output", "Writes what it hands out to its log.")
class TokenInTheLog(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        self.say(f"200 {json.dumps(answer)}")
        return super().success(answer)


@breaks("secrecy.token", "Keeps the token in a second cookie.")
class TokenInACookie(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        response = super().success(answer)
        response.set_cookie("theme", "dark")
        response.set_cookie("lk", answer["token"])
        return response


@breaks(
    "secrecy.token",
    "Tells the page what was wrong with the answer of the consume.",
    {"secrecy.session-id": "the room's name is the session's id"},
)
class ConsumeInErrors(Gateway):
    def credentials(self, session: str, room: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return super().credentials(session, room)
        except Problem:
            raise Problem(502, f"unexpected credentials: {json.dumps(room)}") from None


@breaks("secrecy.cached", "Lets caches keep every answer for a minute.")
class CachedForAMinute(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response(answer, headers={"Cache-Control": "public, max-age=60"})


@breaks("secrecy.cached", "Says until when its answer is fresh.")
class FreshForAnHour(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        expires = {"Expires": "Fri, 01 Jan 2100 00:00:00 GMT"}
        return web.json_response(answer, headers=expires)


@breaks("secrecy.upstream-address", "Names the address that it could not reach.")
class NamesTheAddress(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, f"request to {self.url} failed")


@breaks("secrecy.upstream-address", "Names the path that failed.")
class NamesThePath(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, f"GET /v1/realtime_sessions failed with {error.status}")


@breaks("secrecy.trace", "Answers failures with the stack, as Python prints it.")
class PythonTrace(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        lines = traceback.format_exception(error)
        return Problem(502, "".join(lines))


@breaks("secrecy.trace", "Answers failures with the stack, as Node prints it.")
class NodeTrace(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        stack = f"Error: {problem}\n    at connect (/srv/app/server.mjs:31:11)"
        body = {"error": str(problem), "stack": stack}
        return web.json_response(body, status=problem.status)


@breaks("secrecy.session-id", "Names the session that failed.")
class NamesTheSession(Gateway):
    session: str = ""

    async def until_ready(self, session: str, request: web.Request) -> str:
        try:
            return await super().until_ready(session, request)
        except UpstreamError:
            raise Problem(502, f"session {session} failed") from None


@breaks("secrecy.upstream-text", "Copies the headers of the upstream's answers, also of good ones.")
class HeadersPassedOn(Gateway):
    seen: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        answer = await super().ask(method, path, **more)
        self.seen = self.last_headers.get("X-Request-Id", "")
        return answer

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        response = super().success(answer)
        if self.seen:
            response.headers["X-Request-Id"] = self.seen
        return response


@breaks("secrecy.upstream-text", "Shows the upstream's request id with a failure.")
class RequestIdInErrors(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        upstream_id = self.last_headers.get("X-Request-Id", "")
        return Problem(502, f"the session service failed (request {upstream_id})")
