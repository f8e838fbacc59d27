"""Wrong requests taken, and avatars asked for in a wrong form."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from contracts.judge.runner import PRESETS
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, Problem

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
    "Reads JSON as far as it goes, and ignores the rest.",
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
    "Takes the first of a list of avatars.",
    {"request.no-upstream": "the first in the list is asked for"},
)
class ListIsItsFirst(Gateway):
    def odd_avatar(self, avatar: Any) -> str:
        first = avatar[0] if isinstance(avatar, list) and avatar else avatar
        return self.avatar({"avatarId": str(first)})


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


@breaks("request.unknown-avatar", "Takes a text that begins like a preset.")
class BeginsLikeAPreset(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if avatar.startswith("music-superstar-"):
            return avatar
        return super().unknown_avatar(avatar)


@breaks("request.unknown-avatar", "Compares without regard to case, and passes on what was sent.")
class AnyCase(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        return avatar if avatar.lower() in PRESETS else super().unknown_avatar(avatar)


@breaks("request.unknown-avatar", "Finds a UUID anywhere in the text.")
class UuidSomewhere(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        if "\n" not in avatar and _UUID.search(avatar):
            return avatar
        return super().unknown_avatar(avatar)


@breaks(
    "request.unknown-avatar",
    "Its pattern has no end: it cuts off what follows a UUID.",
    {"request.no-upstream": "it asks for the UUID alone"},
)
class UuidAndMore(Gateway):
    def unknown_avatar(self, avatar: str) -> str:
        found = _UUID.match(avatar)
        return found[0] if found else super().unknown_avatar(avatar)


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
    "Takes the default avatar instead of an unknown one.",
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


@breaks("request.hostile-avatar", "Looks names up as JavaScript does, where __proto__ exists.")
class Prototype(_Crash):
    def unknown_avatar(self, avatar: str) -> str:
        return self.crash() if avatar == "__proto__" else super().unknown_avatar(avatar)


@breaks("request.big-body", "Reads bodies of any size.")
@dataclass
class BigBodies(Gateway):
    longest_body: int = 1 << 26


@breaks("request.no-upstream", "Creates first and checks the avatar afterwards.")
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
