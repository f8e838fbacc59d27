"""Gateways that each break one requirement, as the small correct one with one piece overridden.

Most of them were seen in public code; the rest was made up so that every requirement has at least
one gateway that only it is known to catch. `also` names further requirements that a break
unavoidably breaks too, each with the reason.
"""

import asyncio
import json
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web

from contracts.judge.case import Shape
from contracts.judge.clock import sleep
from contracts.judge.runner import PRESETS
from tests.contract.small_gateway import Gateway, Problem, UpstreamError


@dataclass(frozen=True)
class Broken:
    """One broken gateway.

    Attributes:
        caught_by: the requirement that has to fail.
        about: what it does.
        also: requirements that may fail as well, with the reason.
        declared: the shape that the judge is told; None: the one that it has.
        alone: what it breaks is serving side by side, so situations are played one at a time: only
            the quick ones and those with many callers.
    """

    kind: type[Gateway]
    caught_by: str
    about: str
    also: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = Shape.CREDENTIALS
    declared: Shape | None = None
    deadline_s: float = 3.0
    declared_s: float | None = None
    alone: bool = False

    @property
    def name(self) -> str:
        """Its class, which is unique."""
        return self.kind.__name__


_FOUND: list[Broken] = []
_KEY = Shape.SESSION_KEY
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def breaks(
    caught_by: str, about: str, also: Mapping[str, str] | None = None, **more: Any
) -> Callable[[type[Gateway]], type[Gateway]]:
    """Enter a gateway into the table."""

    def entered(kind: type[Gateway]) -> type[Gateway]:
        _FOUND.append(Broken(kind, caught_by, about, also or {}, **more))
        return kind

    return entered


# Shape


@breaks("shape.one-of-two", "Hands out a url and nothing else.")
class OnlyAUrl(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({"url": answer["serverUrl"]})


@breaks("shape.one-of-two", "Spells the keys in snake_case.")
class SnakeCase(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        names = ("session_id", "server_url", "token", "room_name")
        return web.json_response(dict(zip(names, answer.values(), strict=True)))


@breaks("shape.one-of-two", "Wraps the answer into {data}.", shape=_KEY)
class Wrapped(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({"data": answer})


@breaks("shape.one-of-two", "Passes the answer of consume on, with `url` instead of `serverUrl`.")
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


@breaks("shape.types", "sessionKey is an object.", shape=_KEY)
class KeyInAnObject(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response({**answer, "sessionKey": {"value": answer["sessionKey"]}})


@breaks("shape.session-id", "Makes an id of its own for the session.")
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


@breaks("shape.declared", "Consumes, although the key is wanted.", declared=_KEY)
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


@breaks("shape.credentials", "Hands out the token of the first caller to everybody.")
class FirstToken(Gateway):
    first: str = ""

    def success(self, answer: Mapping[str, Any]) -> web.Response:
        self.first = self.first or answer["token"]
        return web.json_response({**answer, "token": self.first})


@breaks("shape.key", "Hands out the session's id as its key.", shape=_KEY)
class IdAsKey(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        return {"sessionId": session, "sessionKey": session}


@breaks("shape.key", "Uses the key before it hands it out.", shape=_KEY)
class UsedKey(Gateway):
    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        await self.consume(session, key)
        return {"sessionId": session, "sessionKey": key}


# Requests


class _Crash(Gateway):
    """Answers 500 where it crashes."""

    def crash(self) -> str:
        raise Problem(500, "internal error")


@breaks("request.bad-json", "Crashes on a body that is no JSON.")
class CrashesOnBadJson(_Crash):
    async def body(self, request: web.Request) -> Any:
        try:
            return await super().body(request)
        except Problem as problem:
            if problem.status == 400:
                self.crash()
            raise


@breaks(
    "request.bad-json",
    "Takes a body that it cannot read for an empty one, and an empty one for the default avatar.",
    {
        "request.missing-avatar": "the default is for them too",
        "request.no-upstream": "the default avatar is asked for",
    },
)
class DefaultsForEverything(Gateway):
    async def body(self, request: web.Request) -> Any:
        try:
            body = await super().body(request)
        except Problem as problem:
            if problem.status == 400:
                return {}
            raise
        return body if isinstance(body, dict) else {}

    def no_avatar(self) -> str:
        return "music-superstar"


@breaks("request.bad-json", "Crashes on null, which is no object.")
class CrashesOnNull(_Crash):
    def avatar(self, body: Any) -> str:
        return self.crash() if body is None else super().avatar(body)


@breaks(
    "request.bad-json",
    "Reads JSON as far as it goes, whatever follows.",
    {"request.no-upstream": "it understands the part that it reads"},
)
class ReadsTheBeginning(Gateway):
    async def body(self, request: web.Request) -> Any:
        try:
            return await super().body(request)
        except Problem as problem:
            text = (await request.read()).decode(errors="replace")
            if problem.status != 400 or not text.startswith("{"):
                raise
            try:
                return json.JSONDecoder().raw_decode(text)[0]
            except ValueError:
                raise problem from None


@breaks("request.bad-json", "Crashes on a body that is no UTF-8.")
class CrashesOnOtherBytes(_Crash):
    async def body(self, request: web.Request) -> Any:
        try:
            (await request.read()).decode()
        except UnicodeDecodeError:
            self.crash()
        except web.HTTPRequestEntityTooLarge:
            pass
        return await super().body(request)


@breaks("request.missing-avatar", "Crashes without an avatar.")
class CrashesWithoutAvatar(_Crash):
    def no_avatar(self) -> str:
        return self.crash()


@breaks("request.wrong-type", "Crashes on an avatar that is no text.")
class CrashesOnOddAvatar(_Crash):
    def odd_avatar(self, _avatar: Any) -> str:
        return self.crash()


@breaks("request.wrong-type", "Answers an avatar that is no text with 200 and an error.")
class FineWithOddAvatar(Gateway):
    def odd_avatar(self, _avatar: Any) -> str:
        raise Problem(200, "avatarId is no text")


@breaks(
    "request.wrong-type",
    "Makes a text of any avatar, as JavaScript does: of a list with a preset, the preset.",
    {"request.no-upstream": "the preset in the list is asked for"},
)
class ListIsItsElements(Gateway):
    def odd_avatar(self, avatar: Any) -> str:
        text = ",".join(map(str, avatar)) if isinstance(avatar, list) else str(avatar)
        return self.avatar({"avatarId": text})


@breaks(
    "request.wrong-type",
    "Takes an object for an avatar if there is an id in it.",
    {"request.no-upstream": "the preset in the object is asked for"},
)
class ObjectIsItsId(Gateway):
    def odd_avatar(self, avatar: Any) -> str:
        if isinstance(avatar, dict) and "id" in avatar:
            return self.avatar({"avatarId": avatar["id"]})
        return super().odd_avatar(avatar)


@breaks("request.unknown-avatar", "Takes a part of a preset's name for a preset.")
class PartsOfPresets(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if any(avatar in preset for preset in PRESETS):
            return avatar
        return super().unknown_avatar(avatar)


@breaks("request.unknown-avatar", "Takes whatever begins like a preset.")
class BeginsLikeAPreset(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if avatar.startswith("music-superstar-"):
            return avatar
        return super().unknown_avatar(avatar)


@breaks("request.unknown-avatar", "Compares without regard to case, and passes on what was sent.")
class AnyCase(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        return avatar if avatar.lower() in PRESETS else super().unknown_avatar(avatar)


@breaks("request.unknown-avatar", "Looks for a UUID anywhere in the text.")
class UuidSomewhere(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if "\n" not in avatar and _UUID.search(avatar):
            return avatar
        return super().unknown_avatar(avatar)


@breaks("request.hostile-avatar", "Its pattern ends with $, which a line break may follow.")
class UuidAndALineBreak(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if _UUID.fullmatch(avatar.removesuffix("\n")):
            return avatar
        return super().unknown_avatar(avatar)


@breaks(
    "request.unknown-avatar",
    "Asks Runway about every avatar, and blames it for the refusal.",
    {"request.hostile-avatar": "hostile ones are unknown ones too"},
)
class AsksForEveryAvatar(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        return avatar


@breaks(
    "request.unknown-avatar",
    "Gives whoever asks for an unknown avatar the default one.",
    {
        "request.no-upstream": "the default avatar is asked for",
        "request.hostile-avatar": "hostile ones are unknown ones too",
    },
)
class DefaultForUnknown(Gateway):
    def unknown_avatar(self, _avatar: str) -> str:
        return "music-superstar"


@breaks("request.hostile-avatar", "Copies the avatar into a header: a line break crashes it.")
class AvatarInAHeader(_Crash):
    def unknown_avatar(self, avatar: str) -> str:
        return self.crash() if "\n" in avatar else super().unknown_avatar(avatar)


@breaks("request.hostile-avatar", "Looks names up as JavaScript does, where __proto__ is there.")
class Prototype(_Crash):
    def unknown_avatar(self, avatar: str) -> str:
        return self.crash() if avatar == "__proto__" else super().unknown_avatar(avatar)


@breaks("request.big-body", "Reads bodies of any size.")
@dataclass
class BigBodies(Gateway):
    longest_body: int = 1 << 26


@breaks("request.no-upstream", "Creates first and looks at the avatar afterwards.")
class CreatesFirst(Gateway):
    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            self.avatar(await self.body(request))
        except Problem as problem:
            session = await self.create("music-superstar")
            await self.cancel(session)
            return self.failure(problem)
        return await super().handle(request)


@breaks("request.preset", "Sends presets as {type: preset}.")
class WrongType(Gateway):
    def wanted(self, avatar: str) -> Mapping[str, Any]:
        right = super().wanted(avatar)
        return {**right, "type": "preset"} if "presetId" in right else right


@breaks("request.preset", "Sends presets as custom avatars.")
class PresetAsCustom(Gateway):
    def wanted(self, avatar: str) -> Mapping[str, Any]:
        return {"type": "custom", "avatarId": avatar}


@breaks("request.custom-avatar", "Sends custom avatars as presets.")
class CustomAsPreset(Gateway):
    def wanted(self, avatar: str) -> Mapping[str, Any]:
        return {"type": "runway-preset", "presetId": avatar}


@breaks("request.custom-avatar", "Sends custom avatars under the field of presets.")
class CustomUnderPresetId(Gateway):
    def wanted(self, avatar: str) -> Mapping[str, Any]:
        right = super().wanted(avatar)
        return {"type": "custom", "presetId": avatar} if right["type"] == "custom" else right


# Polling


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


# Time


@breaks("time.deadline", "Waits for ever.")
class NoDeadline(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        limit.reschedule(None)
        return await super().created(creating, limit)


@breaks("time.deadline", "The deadline begins only once the session is created.")
class NoDeadlineForCreate(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        limit.reschedule(None)
        session = await super().created(creating, limit)
        limit.reschedule(asyncio.get_running_loop().time() + self.deadline_s)
        return session


@breaks("time.status", "Calls a session that was not ready in time a 404.")
class LateIs404(Gateway):
    def too_late(self) -> Problem:
        return Problem(404, "the session was not ready in time")


@breaks("time.status", "Calls a session that was not ready in time a 408.")
class LateIs408(Gateway):
    def too_late(self) -> Problem:
        return Problem(408, "the session was not ready in time")


@breaks(
    "time.last-moment",
    "Gives up after two thirds of the deadline that it declares.",
    declared_s=4.0,
    deadline_s=2.6,
)
class GivesUpEarly(Gateway):
    pass


@breaks(
    "time.nothing-to-hand-out",
    "Answers 200 with an error at the deadline.",
    {
        "time.status": "200 is no 5xx",
        "upstream.create": "a create that hangs meets the deadline",
        "upstream.poll": "looks that fail to the end meet the deadline",
        "upstream.consume": "a consume that hangs meets the deadline",
        "state.unknown": "so does a status that nobody knows",
        "state.ready-without-key": "so does READY without a key",
        "shape.one-of-two": "so does the slow one of many",
    },
)
class LateIs200(Gateway):
    def too_late(self) -> Problem:
        return Problem(200, "the session was not ready in time")


# The session ends, or is nothing to hand out


@breaks("terminal.ends-the-wait", "Looks for FAILED only, as one in three does.")
class OnlyFailedEnds(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        if status not in ("CANCELLED", "COMPLETED"):
            super().not_waiting(status, look)


@breaks("terminal.ends-the-wait", "Looks for READY only.")
class NothingEnds(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        pass


@breaks("terminal.is-a-failure", "Answers 200 with an error when the session has failed.")
class FailedIs200(Gateway):
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        if status in ("FAILED", "CANCELLED", "COMPLETED"):
            raise Problem(200, "the session failed", over=True)
        super().not_waiting(status, look)


class _TakesStatus(Gateway):
    """Hands out some sessions that are not READY."""

    def takes(self, status: Any) -> bool:
        raise NotImplementedError

    async def look(self, session: str) -> Mapping[str, Any]:
        look = await super().look(session)
        return {"status": "READY", "sessionKey": None} if self.takes(look.get("status")) else look

    def key_of(self, look: Mapping[str, Any]) -> str:
        return super().key_of(look) if look.get("sessionKey", "") is not None else ""


_NO_KEY = {"shape.types": "there is no key, so the field is empty"}


@breaks("state.running", "Takes RUNNING for READY.", _NO_KEY, shape=_KEY)
class RunningIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return bool(status == "RUNNING")


@breaks(
    "state.ready-without-key", "Hands out READY without looking for a key.", _NO_KEY, shape=_KEY
)
class NoKeyIsFine(Gateway):
    def key_of(self, look: Mapping[str, Any]) -> str:
        key: str = look.get("sessionKey", "")
        return key


@breaks(
    "state.unknown",
    "Takes a status that it does not know for READY.",
    _NO_KEY | {"upstream.poll": "a look without a status is one of them"},
    shape=_KEY,
)
class UnknownIsReady(_TakesStatus):
    def takes(self, status: Any) -> bool:
        return status not in ("NOT_READY", "READY", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")


# Upstream errors


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


@breaks("upstream.poll", "Answers 200 with an error when looks fail.")
class LookErrorIs200(Gateway):
    async def look(self, session: str) -> Mapping[str, Any]:
        try:
            return await super().look(session)
        except UpstreamError as error:
            if error.status in (401, 402, 403, 404):
                raise Problem(200, "the session could not be looked at") from None
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


@breaks("upstream.final-ends-the-wait", "Looks on after 401 and 402, until the deadline.")
class SwallowsLookErrors(Gateway):
    def look_again(self, error: UpstreamError) -> bool:
        return True


# Error bodies


@breaks("error.json", "Errors are plain text.", {"shape.content-type": "and declared so"})
class PlainErrors(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.Response(text=str(problem), status=problem.status)


@breaks("error.json", "Errors have a `message` and no `error`.")
class MessageNotError(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.json_response({"message": str(problem)}, status=problem.status)


@breaks("error.json", "`error` is an object.")
class ErrorObject(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        body = {"error": {"message": str(problem)}}
        return web.json_response(body, status=problem.status)


@breaks("error.json", "Errors of the wait have no body.")
class EmptyErrors(Gateway):
    def failure(self, problem: Problem) -> web.Response:
        return web.Response(status=problem.status, content_type="application/json")


# Repetitions


@breaks(
    "retry.bounded",
    "Repeats a create that is refused until the deadline.",
    {
        "retry.create-not-blindly": "its creates go on after its answer",
        "retry.honours-retry-after": "it does not wait for that",
    },
)
@dataclass
class NeverGivesUp(Gateway):
    repeats: int = 40
    retry_s: float = 0.15

    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(*args, **more)
        except UpstreamError as error:
            error.after_s = 0.0
            raise


@breaks(
    "retry.spaced",
    "Repeats a create without a pause.",
    {
        "retry.honours-retry-after": "it does not wait at all",
        "retry.busy": "the server is still busy a millisecond later",
    },
)
class NoPause(Gateway):
    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        for _ in range(3):
            try:
                return await super().ask(*args, **more)
            except UpstreamError as error:
                if args[0] != "POST" or args[1] or error.status not in (429, 503):
                    raise
                last = error
        last.status = 500
        raise last


@breaks(
    "retry.spaced",
    "Looks again at once after a look that failed.",
    {"poll.not-too-fast": "a look that answers rubbish is a look"},
)
@dataclass
class LooksAgainAtOnce(Gateway):
    async def look(self, session: str) -> Mapping[str, Any]:
        for _ in range(4):
            try:
                return await super().look(session)
            except UpstreamError as error:
                last = error
                if not self.look_again(error):
                    raise
        raise last


@breaks("retry.honours-retry-after", "Does not read Retry-After.")
class NoRetryAfter(Gateway):
    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(*args, **more)
        except UpstreamError as error:
            error.after_s = 0.0
            raise


@breaks("retry.create-not-blindly", "Repeats a create whose reply was lost.")
class CreatesBlindly(Gateway):
    def create_again(self, error: UpstreamError) -> bool:
        return super().create_again(error) or error.status is None


@breaks("retry.passing-error", "Gives up at the first look that fails.")
class OneLookFails(Gateway):
    def look_again(self, error: UpstreamError) -> bool:
        return False


@breaks("retry.busy", "Never repeats a create.")
@dataclass
class NoRepeats(Gateway):
    repeats: int = 0


# Consume


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


class _Elsewhere(Gateway):
    """Consumes at a host that is written into the code."""

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            async with self.http.post(f"http://127.0.0.1:9/v1/{session}/consume"):
                raise UpstreamError(None)
        except aiohttp.ClientError:
            raise UpstreamError(None) from None


@breaks("consume.arrives", "Consumes at a host that is written into the code.")
class ConsumesElsewhere(_Elsewhere):
    pass


@breaks(
    "consume.arrives",
    "Makes credentials of its own, without a consume.",
    {
        "shape.credentials": "they lead nowhere",
        "upstream.consume": "no consume can fail",
    },
)
class ConsumesNot(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        return {"url": "wss://media.judge.invalid", "token": "a.b.c", "roomName": session}


# Headers


@breaks("header.version", "Looks without the version header.")
class NoVersionOnLooks(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if method == "GET" else super().headers(method, path)


@breaks("header.version", "Creates without the version header where it does so again.")
class NoVersionOnRepetition(Gateway):
    again = False

    def create_again(self, error: UpstreamError) -> bool:
        self.again = super().create_again(error)
        return self.again

    def headers(self, method: str, path: str) -> dict[str, str]:
        bare = self.again and method == "POST" and not path
        self.again = self.again and not bare
        return {} if bare else super().headers(method, path)


@breaks("header.version", "Cancels without the version header.")
class NoVersionOnCancel(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if method == "DELETE" else super().headers(method, path)


@breaks(
    "header.version",
    "Knows no version header.",
    {
        "header.version-on-consume": "there neither",
    },
)
class NoVersion(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {}


@breaks("header.version-on-consume", "Consumes without the version header.")
class NoVersionOnConsume(Gateway):
    def headers(self, method: str, path: str) -> dict[str, str]:
        return {} if path.endswith("/consume") else super().headers(method, path)


# Cancelling


class _LeavesBehind(Gateway):
    """Does not cancel for some reasons."""

    reasons: tuple[str, ...] = ()

    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        if reason not in self.reasons:
            await super().give_up(creating, reason)


@breaks(
    "cancel.at-the-deadline",
    "Leaves the session behind at the deadline.",
    {
        "cancel.after-a-failure": "looks that fail to the end meet the deadline",
        "cancel.late-id": "a session that is created later too",
    },
)
class LeftAtTheDeadline(_LeavesBehind):
    reasons = ("deadline",)


@breaks("cancel.after-a-failure", "Leaves the session behind after an error.")
class LeftAfterAnError(_LeavesBehind):
    reasons = ("error",)


@breaks(
    "cancel.caller-gone",
    "Leaves the session of a caller who has hung up.",
    {
        "cancel.caller-gone-at-the-end": "also at the end",
        "cancel.late-id": "also one that is created later",
    },
)
class LeftByTheCaller(_LeavesBehind):
    reasons = ("gone",)


@breaks(
    "cancel.caller-gone",
    "Does not notice that the caller has hung up.",
    {"cancel.caller-gone-at-the-end": "at the end neither"},
)
class CallerIgnored(Gateway):
    def still_there(self, request: web.Request) -> None:
        pass


@breaks(
    "cancel.at-the-deadline",
    "Never cancels anything, as almost all.",
    {
        "cancel.after-a-failure": "then neither",
        "cancel.caller-gone": "then neither",
        "cancel.caller-gone-at-the-end": "then neither",
        "cancel.late-id": "then neither",
    },
)
class NeverCancels(_LeavesBehind):
    reasons = ("deadline", "error", "gone")


@breaks(
    "cancel.at-the-deadline",
    "Cancels with a POST to a path that does not exist.",
    {
        "cancel.after-a-failure": "then neither",
        "cancel.caller-gone": "then neither",
        "cancel.caller-gone-at-the-end": "then neither",
        "cancel.late-id": "then neither",
    },
)
class CancelsWrongly(Gateway):
    async def cancel(self, session: str) -> None:
        await self.ask("POST", f"/{session}/cancel", body={})


# Many callers


@breaks(
    "many.one-session-each",
    "FairQueue the sixth caller away.",
    {"many.not-in-a-row": "who is turned away is not served"},
    alone=True,
)
class FiveCallers(Gateway):
    inside: int = 0

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if self.inside >= 5:
            raise Problem(503, "too many callers")
        self.inside += 1
        try:
            return await super().connect(avatar, request)
        finally:
            self.inside -= 1


@breaks(
    "many.one-session-each",
    "Callers who come together share one session.",
    {
        "shape.session-id": "it belongs to somebody else",
        "shape.credentials": "so does its room",
        "many.not-in-a-row": "they wait for the slow one",
        "request.custom-avatar": "the caller shares the session of another avatar",
    },
    alone=True,
)
class Shared(Gateway):
    connecting: Any = None

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if self.connecting is None or self.connecting.done():
            self.connecting = asyncio.ensure_future(super().connect(avatar, request))
        answer: Mapping[str, Any] = await asyncio.shield(self.connecting)
        return answer


@breaks(
    "many.not-in-a-row",
    "Serves one caller after the other.",
    {
        "time.deadline": "who waits in the row waits longer",
        "many.one-session-each": "the last one is not served at all",
    },
    alone=True,
)
class InARow(Gateway):
    row: Any = None

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        self.row = self.row or asyncio.Lock()
        async with self.row:
            return await super().connect(avatar, request)


# Secrets


@breaks("secrecy.api-secret", "Tells the API secret in the text of an error.")
class SecretInErrors(Gateway):
    def problem_of(self, error: UpstreamError) -> Problem:
        return Problem(502, f"the session service refuses {self.secret}")


@breaks("secrecy.api-secret", "Copies its request headers into the answer.")
class SecretInAHeader(Gateway):
    def success(self, answer: Mapping[str, Any]) -> web.Response:
        return web.json_response(answer, headers={"X-Debug": f"Bearer {self.secret}"})


@breaks("secrecy.api-secret", "Sends the API secret in the address of a look.")
class SecretInTheAddress(Gateway):
    async def look(self, session: str) -> Mapping[str, Any]:
        return await self.ask("GET", f"/{session}?key={self.secret}", limit_s=2.0)


@breaks("secrecy.session-key", "Tells the session key in the text of an error.")
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
    async def look(self, session: str) -> Mapping[str, Any]:
        look = await super().look(session)
        self.say(json.dumps(look))
        return look


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
    def not_waiting(self, status: Any, look: Mapping[str, Any]) -> None:
        if status == "FAILED":
            raise Problem(502, str(look.get("failure")), over=True)
        super().not_waiting(status, look)


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


# Slow and silent hops


@breaks("time.deadline", "Gives each hop the whole deadline.")
class DeadlinePerHop(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        session = await super().created(creating, limit)
        limit.reschedule(None)
        return session

    async def until_ready(self, session: str, request: web.Request) -> str:
        async with asyncio.timeout(self.deadline_s):
            return await super().until_ready(session, request)

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        async with asyncio.timeout(self.deadline_s):
            return await super().hand_out(session, key)


@breaks("time.deadline", "The time begins again once the session is created.")
class DeadlineAfterCreate(Gateway):
    async def created(self, creating: "asyncio.Task[str]", limit: asyncio.Timeout) -> str:
        session = await super().created(creating, limit)
        limit.reschedule(asyncio.get_running_loop().time() + self.deadline_s)
        return session


@breaks("time.deadline", "Comes back when Retry-After says, whoever waits.")
class ComesBackWhenTold(Gateway):
    def create_again(self, error: UpstreamError) -> bool:
        return super().create_again(error) and error.after_s < 10

    def problem_of(self, error: UpstreamError) -> Problem:
        problem = super().problem_of(error)
        problem.after_s = error.after_s  # type: ignore[attr-defined]
        return problem

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        try:
            return await super().connect(avatar, request)
        except Problem as problem:
            if (after_s := getattr(problem, "after_s", 0.0)) < 10:
                raise
            await sleep(after_s)
            return await self.connect(avatar, request)


@breaks("cancel.delays-nobody", "Answers once the session is cancelled.")
@dataclass
class AnswersOnceCancelled(Gateway):
    owned: dict[Any, list["asyncio.Task[Any]"]] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        try:
            return await super().connect(avatar, request)
        except Problem:
            creating, cancelling = self.owned[asyncio.current_task()]
            if creating.done():
                await asyncio.wait([cancelling])
            raise

    def own(self, work: Any) -> "asyncio.Task[Any]":
        task = super().own(work)
        self.owned.setdefault(asyncio.current_task(), []).append(task)
        return task


@breaks("cancel.late-id", "Does not wait for the id of a session that nobody waits for.")
class IgnoresLateIds(Gateway):
    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        if creating.done():
            await super().give_up(creating, reason)


@breaks(
    "cancel.caller-gone-at-the-end",
    "Does not look whether the caller is there after the consume.",
)
@dataclass
class GoneWhileConsuming(Gateway):
    consumed: set[Any] = field(default_factory=set)

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        answer = await super().hand_out(session, key)
        self.consumed.add(asyncio.current_task())
        return answer

    def still_there(self, request: web.Request) -> None:
        if asyncio.current_task() not in self.consumed:
            super().still_there(request)


@breaks("cancel.again", "Cancels once, whatever comes of it.")
@dataclass
class CancelsOnce(Gateway):
    cancels: int = 1


@breaks("cancel.not-what-was-handed-out", "Cleans up after every connect, also after a good one.")
class CancelsAlways(Gateway):
    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        answer = await super().connect(avatar, request)
        self.own(self.cancel(answer["sessionId"]))
        return answer


# Callers who wait for each other


@breaks(
    "many.not-in-a-row",
    "Consumes one session after the other, as a blocking call in an event loop does.",
    alone=True,
    deadline_s=12.0,
)
@dataclass
class ConsumesInARow(Gateway):
    row: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        async with self.row:
            return await super().consume(session, key)


@breaks("many.not-in-a-row", "Has three connections to Runway.", alone=True, deadline_s=8.0)
@dataclass
class ThreeConnections(Gateway):
    pool: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))

    async def ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        async with self.pool:
            return await super().ask(method, path, **more)


@breaks("many.one-session-each", "Callers for the same avatar share one session.", alone=True)
@dataclass
class SharedByAvatar(Gateway):
    connecting: dict[str, "asyncio.Task[Mapping[str, Any]]"] = field(default_factory=dict)

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        if avatar not in self.connecting or self.connecting[avatar].done():
            self.connecting[avatar] = self.own(super().connect(avatar, request))
        return await asyncio.shield(self.connecting[avatar])


BROKEN: tuple[Broken, ...] = tuple(_FOUND)
"""All of them."""
