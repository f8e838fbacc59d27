"""The operations of custom avatars.

Three sorts of them are listed: those that clients have created, which are processed, changed and
deleted as stored resources are; the plain ones of the settings, whose sessions go as the world's
do; and those that a scenario binds or is selected by. The last two are ready made. A client that
changes or deletes one of these makes it its own first, so that it goes on as any other does.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from fake_runway.core.asset_calls import (
    adopt_asset,
    create_asset,
    delete_asset,
    get_asset,
    update_asset,
)
from fake_runway.core.assets.asset import Asset, AssetKind
from fake_runway.core.assets.kinds import (
    AVATARS,
    DEFAULT_VOICE,
    DOCUMENTS,
    MADE_AVATAR,
    MADE_DOCUMENT,
    MADE_VOICE,
    VOICES,
    AvatarContent,
    VoiceChoice,
    VoiceContent,
)
from fake_runway.core.errors import (
    AssetNotReady,
    NothingToUpdate,
    StillProcessing,
    TooMuchKnowledge,
    UnknownAvatar,
)
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from fake_runway.core.types import Json
from fake_runway.media.addresses import asset_url
from fake_runway.media.asset_files import PROCESSED, REFERENCE
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.inputs import check_files
from fake_runway.runway_api.listing import let_other_client_act, page_reply
from fake_runway.runway_api.wire import LONGEST_NAME, instant
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

CHARACTERS_OF_A_TOKEN = 4
PLAIN_NAME = MADE_AVATAR.name
_READY_MADE_SINCE = 1_767_225_600.0  # 2026-01-01, before any test
_LIST = "avatars"


class _Listed(NamedTuple):
    """A custom avatar that exists.

    Attributes:
        rank: -1: a client created it; 0: a plain one; 1: the world's scenario says how its sessions
            go; 2: the ready-made one of a scenario, most of which go wrong.
        place: within its rank.
        asset: None: it is ready made, and no client has changed it.
    """

    rank: int
    place: int
    id: str
    content: AvatarContent
    asset: Asset | None = None


# Operations


def list_avatars(call: RunwayCall) -> Reply:
    """Answer one page of the custom avatars that exist.

    Those that clients have created come first, the newest first. Then come plain ones, because many
    clients take the first; then those that the world's scenario binds, then the ready-made ones of
    scenarios; each in the order of their ids.
    """
    reply, end = page_reply(
        call,
        _avatars(call.world),
        of=_LIST,
        position=_position,
        body=lambda listed: _body(call, listed),
    )
    if end is not None:

        def rest() -> Asset | None:
            behind = (each for each in _avatars(call.world) if _position(each) > end)
            return min(behind, key=_position).asset

        let_other_client_act(call, AVATARS, made=MADE_AVATAR, rest=rest)
    return reply


def create_avatar(call: RunwayCall) -> Reply:
    """Answer a new avatar, which is processed from now on."""
    world, body, at = call.world, call.exchange.body, call.exchange.at
    check_files(world, body, at=at)
    content = AvatarContent(
        body["name"],
        body["personality"],
        _voice(world, body["voice"], at),
        body.get("startScript"),
        _documents(world, body.get("documentIds", ()), at),
    )
    settings = world.settings
    asset = create_asset(
        world.account,
        AVATARS,
        content,
        at=at,
        plan=settings.avatar_plan,
        most=settings.asset_rules.max_avatars,
    )
    return Reply(200, _body(call, _of_asset(asset)))


def get_avatar(call: RunwayCall) -> Reply:
    """Answer one custom avatar."""
    return Reply(200, _body(call, _found(call)))


def update_avatar(call: RunwayCall) -> Reply:
    """Change some of an avatar; a new reference image is processed."""
    world, body, at = call.world, call.exchange.body, call.exchange.at
    check_update(world, body)
    check_files(world, body, at=at)
    listed = _found(call)
    replaced = "referenceImage" in body
    if replaced and listed.asset is not None and listed.asset.is_processing:
        raise StillProcessing("The avatar is still processing.")
    changes: dict[str, Any] = {key: body[key] for key in ("name", "personality") if key in body}
    if "startScript" in body:
        changes["start_script"] = body["startScript"]
    if "voice" in body:
        changes["voice"] = _voice(world, body["voice"], at)
    if "documentIds" in body:
        changes["documents"] = _documents(world, body["documentIds"], at)
    if not body:
        return Reply(200, _body(call, listed))
    plan = world.settings.avatar_plan if replaced else None
    content = listed.content._replace(**changes)
    asset = update_asset(world.account, _own(call, listed), content, at=at, again=plan)
    return Reply(200, _body(call, listed._replace(asset=asset, content=content)))


def delete_avatar(call: RunwayCall) -> Reply:
    """Delete an avatar. Sessions with it go on."""
    asset = _own(call, _found(call))
    delete_asset(call.world.account, asset, at=call.exchange.at)
    return Reply(204)


# What exists


def _found(call: RunwayCall) -> _Listed:
    world, avatar_id, at = call.world, call.exchange.subject.id, call.exchange.at
    stored = world.account.assets.find(AVATARS.name, avatar_id)
    if stored is None and (ready_made := _ready_made(world).get(avatar_id)) is not None:
        return ready_made
    return _of_asset(get_asset(world.account, AVATARS, avatar_id, at=at))


def _own(call: RunwayCall, listed: _Listed) -> Asset:
    """Return the stored resource of an avatar; a ready-made one becomes one."""
    if listed.asset is not None:
        return listed.asset
    account, at = call.world.account, call.exchange.at
    return adopt_asset(account, AVATARS, listed.id, listed.content, at=at)


def _avatars(world: World) -> Iterator[_Listed]:
    """Yield every custom avatar that exists."""
    assets, ready_made = world.account.assets, _ready_made(world)
    for asset in assets.of_kind(AVATARS.name).values():
        known = ready_made.get(asset.id)
        yield (
            _of_asset(asset)
            if known is None
            else known._replace(asset=asset, content=asset.content)
        )
    for avatar_id, listed in ready_made.items():
        if assets.find(AVATARS.name, avatar_id) is None:
            yield listed


def _of_asset(asset: Asset) -> _Listed:
    return _Listed(-1, -asset.rank, asset.id, asset.content, asset)


def _position(listed: _Listed) -> tuple[int, int, str]:
    return listed[:3]


def _ready_made(world: World) -> dict[str, _Listed]:
    known = world.settings.avatars
    plain = {EXAMPLE_AVATAR} if known is None else {each.lower() for each in known}

    def ready_made(rank: int, avatar_id: str, name: str, about: str) -> _Listed:
        content = AvatarContent(
            name[:LONGEST_NAME], about, DEFAULT_VOICE, created_at=_READY_MADE_SINCE
        )
        return _Listed(rank, 0, avatar_id, content)

    exist = {
        each: ready_made(0, each, PLAIN_NAME, MADE_AVATAR.personality)
        for each in plain
        if is_uuid4(each)
    }
    for form in world.catalogue.with_avatars:
        exist[form.avatar] = ready_made(2, form.avatar, form.name, form.about or form.name)
    for avatar, form in world.scenario.avatars.items():
        if is_uuid4(avatar):
            exist[avatar] = ready_made(1, avatar, form.name, form.about or form.name)
    return exist


# For other resources


def check_avatar(world: World, avatar_id: str, *, at: float) -> bool:
    """Return whether a call can use a custom avatar; False: it is none that is stored.

    Raises:
        UnknownAvatar: it was deleted.
        AssetNotReady: as of `check_ready`.
    """
    avatar_id = avatar_id.lower()
    asset = world.account.assets.get(AVATARS.name, avatar_id)
    if asset is not None:
        check_ready(world, AVATARS, asset)
        return True
    if world.account.assets.deleted(AVATARS.name, avatar_id) is not None:
        raise UnknownAvatar("Could not find avatar.")
    return world.settings.materialise


def is_ready_made(world: World, avatar_id: str) -> bool:
    """Return whether an avatar is there without being stored."""
    return avatar_id in _ready_made(world)


def check_ready(world: World, kind: AssetKind, asset: Asset) -> None:
    """Refuse the use of what is processed, or has failed.

    Raises:
        AssetNotReady.
    """
    if asset.is_ready or not world.settings.asset_rules.refuse_unready:
        return
    if asset.is_processing:
        raise AssetNotReady(f"The {kind.name} is still processing.")
    raise AssetNotReady(f"The {kind.name} has failed to process.")


def check_update(world: World, body: Json) -> None:
    """Refuse an update without a field, unless the settings allow it.

    Raises:
        NothingToUpdate.
    """
    if not body and world.settings.asset_rules.refuse_empty_update:
        raise NothingToUpdate("At least one field must be provided")


def name_of_avatar(world: World, avatar_id: str) -> tuple[str | None, str | None]:
    """Return the id of a custom avatar and its name; of a deleted one, only the name is known."""
    assets = world.account.assets
    if (asset := assets.get(AVATARS.name, avatar_id)) is not None:
        return avatar_id, asset.content.name
    if (asset := assets.deleted(AVATARS.name, avatar_id)) is not None:
        return None, asset.content.name
    form, known = world.form_of(avatar_id), world.settings.avatars
    if form is not None:
        return avatar_id, form.name[:LONGEST_NAME]
    return (avatar_id, PLAIN_NAME) if known is None or avatar_id in known else (None, None)


def users_of_documents(call: RunwayCall) -> dict[str, list[Json]]:
    """Return who uses each document: `{id, name, imageUrl}` of avatars, the oldest first."""
    world, users = call.world, dict[str, list[Json]]()
    for asset in world.account.assets.of_kind(AVATARS.name).values():
        shown = {"id": asset.id, "name": asset.content.name, "imageUrl": _image(call, asset)}
        for document in asset.content.documents:
            users.setdefault(document, []).append(shown)
    return users


def check_voice(world: World, voice_id: str, *, at: float) -> str:
    """Return the id of a custom voice that can be used.

    Raises:
        UnknownVoice, AssetNotReady.
    """
    voice_id = voice_id.lower()
    voice = get_asset(world.account, VOICES, voice_id, at=at, materialised=lambda: MADE_VOICE)
    check_ready(world, VOICES, voice)
    return voice_id


def check_knowledge(world: World, avatar: AvatarContent, changed: Json | None = None) -> None:
    """Refuse more text in the documents of an avatar than it may have.

    Args:
        changed: texts by document id, instead of those that are stored.

    Raises:
        TooMuchKnowledge.
    """
    most, new = world.settings.asset_rules.knowledge_tokens, changed or {}
    if most is None:
        return
    documents = world.account.assets.of_kind(DOCUMENTS.name)
    characters = sum(
        len(new.get(each, documents[each].content.text))
        for each in avatar.documents
        if each in documents
    )
    if characters > most * CHARACTERS_OF_A_TOKEN:
        raise TooMuchKnowledge(f"The documents of an avatar must not exceed {most} tokens.")


# From the wire, and to it


def _voice(world: World, given: Json, at: float) -> VoiceChoice:
    if given["type"] != "custom":
        return VoiceChoice(False, given["presetId"])
    return VoiceChoice(True, check_voice(world, given["id"], at=at))


def _documents(world: World, given: Any, at: float) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(each.lower() for each in given))
    for document_id in ids:
        document = get_asset(
            world.account, DOCUMENTS, document_id, at=at, materialised=lambda: MADE_DOCUMENT
        )
        check_ready(world, DOCUMENTS, document)
    check_knowledge(world, MADE_AVATAR._replace(documents=ids))
    return ids


def _body(call: RunwayCall, listed: _Listed) -> Json:
    content, asset, world = listed.content, listed.asset, call.world
    documents = world.account.assets.of_kind(DOCUMENTS.name)
    created_at = content.created_at
    if created_at is None:
        created_at = 0.0 if asset is None else asset.created_at
    updated_at = created_at if asset is None else max(created_at, asset.updated_at)
    body: dict[str, Any] = {
        "id": listed.id,
        "name": content.name,
        "personality": content.personality,
        "startScript": content.start_script,
        "voice": _voice_body(world, content.voice),
        "referenceImageUri": None if asset is None else _file(call, asset, REFERENCE),
        "processedImageUri": None if asset is None else _image(call, asset),
        "documentIds": [each for each in content.documents if each in documents],
        "createdAt": instant(created_at),
        "updatedAt": instant(updated_at),
        "status": "READY" if asset is None else asset.state.name,
    }
    if asset is not None and asset.failure is not None:
        body["failureReason"] = asset.failure.text
    return body


def _image(call: RunwayCall, asset: Asset) -> str | None:
    return _file(call, asset, PROCESSED) if asset.is_ready else None


def _file(call: RunwayCall, asset: Asset, name: str) -> str | None:
    world, base = call.world, call.exchange.media_url
    if not base:  # a record of an older version is replayed
        return None
    return asset_url(asset.id, name, base=base, draws=world.draws, now=call.exchange.at)


def _voice_body(world: World, voice: VoiceChoice) -> Json:
    if not voice.custom:
        return {
            "type": "runway-live-preset",
            "presetId": voice.id,
            "name": voice.id.title(),
            "description": "A preset voice.",
        }
    asset = world.account.assets.get(VOICES.name, voice.id)
    if asset is None:
        return {"type": "custom", "id": voice.id, "deleted": True}
    content: VoiceContent = asset.content
    body = {"type": "custom", "id": voice.id, "deleted": False, "name": content.name}
    return {**body, "description": content.description}
