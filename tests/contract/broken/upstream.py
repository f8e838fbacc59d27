"""Failures of Runway that become a wrong answer."""

from collections.abc import Mapping
from typing import Any

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@breaks("upstream.create", "Answers 200 with an error when the create fails.")
class CreateErrorIs200(Gateway):
    async def create(self, avatar: str) -> str:
        try:
            return await super().create(avatar)
        except UpstreamError:
            raise Problem(200, "the session could not be created") from None


@breaks("upstream.create", "Answers 202 when the create is answered without an id.")
class NoIdIsFine(Gateway):
    def id_of(self, answer: Mapping[str, Any]) -> str:
        if not answer.get("id"):
            raise Problem(202, "the session is being created")
        return super().id_of(answer)


@breaks("upstream.poll", "Answers 200 with an error when polls fail.")
class PollErrorIs200(Gateway):
    async def poll(self, session: str) -> Mapping[str, Any]:
        try:
            return await super().poll(session)
        except UpstreamError as error:
            if error.status in (401, 402, 403, 404):
                raise Problem(200, "the session could not be polled") from None
            raise


@breaks(
    "upstream.consume",
    "Takes the answer of consume unchecked.",
    {
        "shape.types": "what is missing there is null here",
    },
)
class ConsumeUnchecked(Gateway):
    def credentials(self, session: str, room: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "sessionId": session,
            "serverUrl": room.get("url"),
            "token": room.get("token"),
            "roomName": room.get("roomName"),
        }


@breaks(
    "upstream.consume",
    "Looks only whether the fields of a consume's answer are there.",
    {"shape.types": "an empty string is handed out"},
)
class ConsumedFieldsAreThere(ConsumeUnchecked):
    def credentials(self, session: str, room: Mapping[str, Any]) -> Mapping[str, Any]:
        if any(room.get(name) is None for name in ("url", "token", "roomName")):
            raise Problem(502, "there are no credentials")
        return super().credentials(session, room)


@breaks("upstream.consume", "Answers 200 with an error when the consume fails.")
class ConsumeErrorIs200(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            return await super().consume(session, key)
        except UpstreamError:
            raise Problem(200, "the session could not be consumed") from None


@breaks("upstream.not-the-callers-fault", "Passes the upstream's status on.")
class StatusPassedOn(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(error.status or 502, "the session service failed")


@breaks("upstream.final-ends-the-wait", "Polls on after 401 and 402, until the deadline.")
class SwallowsPollErrors(Gateway):
    def poll_again(self, error: UpstreamError) -> bool:
        return True


@breaks(
    "upstream.final-ends-the-wait",
    "Does not look at the status of a create, and polls a session that does not exist.",
)
class PollsWithoutAnId(Gateway):
    async def create(self, avatar: str) -> str:
        try:
            return await super().create(avatar)
        except UpstreamError as error:
            if error.status not in (400, 401, 402, 403, 404):
                raise
            await sleep(self.deadline_s)
            raise


@breaks("upstream.final-ends-the-wait", "Waits out the deadline after a consume that fails.")
class WaitsAfterTheConsume(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            return await super().consume(session, key)
        except UpstreamError:
            await sleep(self.deadline_s)
            raise


@breaks("upstream.base-url", "Polls at a host that is written into the code.")
class PollsElsewhere(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        known = super().headers(method, path)
        if method != "GET":
            return known
        # as the fake writes it, where it stands in for Runway's own hosts
        return {**known, "User-Agent": "sent to api.dev.runwayml.com by python-httpx/0.28.1"}
