"""Secrets, and Runway's texts, in the wrong place."""

import json
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
