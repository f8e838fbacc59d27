"""The operations of custom voices."""

from typing import Any

from fake_runway.core.asset_calls import create_asset, delete_asset, get_asset, update_asset
from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.kinds import MADE_VOICE, VOICES, VoiceContent
from fake_runway.core.types import Json
from fake_runway.media.addresses import asset_url
from fake_runway.media.asset_files import SAMPLE, SAMPLE_S, preview_url
from fake_runway.runway_api.avatars import check_update
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.inputs import check_files
from fake_runway.runway_api.listing import let_other_client_act, page_reply
from fake_runway.runway_api.wire import instant
from fake_runway.web.replies import Reply


def list_voices(call: RunwayCall) -> Reply:
    """Answer one page of the custom voices, newest first."""
    voices = call.world.account.assets.of_kind(VOICES.name)
    reply, end = page_reply(
        call,
        voices.values(),
        of="voices",
        position=_position,
        body=lambda voice: _body(call, voice),
        descending=True,
    )
    if end is not None:
        let_other_client_act(
            call,
            VOICES,
            made=MADE_VOICE,
            rest=lambda: max(
                (each for each in voices.values() if _position(each) < end), key=_position
            ),
        )
    return reply


def create_voice(call: RunwayCall) -> Reply:
    """Answer `{id}` of a new voice, which is processed from now on."""
    world, body, settings = call.world, call.exchange.body, call.world.settings
    check_files(world, body, at=call.exchange.at)
    voice = create_asset(
        world.account,
        VOICES,
        VoiceContent(body["name"], body.get("description")),
        at=call.exchange.at,
        plan=settings.voice_plan,
        most=settings.asset_rules.max_voices,
    )
    return Reply(200, {"id": voice.id})


def get_voice(call: RunwayCall) -> Reply:
    """Answer one custom voice."""
    return Reply(200, _body(call, _found(call)))


def update_voice(call: RunwayCall) -> Reply:
    """Change the name or the description of a voice."""
    world, body = call.world, call.exchange.body
    check_update(world, body)
    voice = _found(call)
    if body:
        content = voice.content._replace(**body)
        voice = update_asset(world.account, voice, content, at=call.exchange.at)
    return Reply(200, _body(call, voice))


def delete_voice(call: RunwayCall) -> Reply:
    """Delete a voice. Avatars with it say that it is deleted."""
    delete_asset(call.world.account, _found(call), at=call.exchange.at)
    return Reply(204)


def preview_voice(call: RunwayCall) -> Reply:
    """Answer the address of a sample; nothing is stored."""
    world, at = call.world, call.exchange.at
    prompt = call.exchange.body["prompt"]
    url = preview_url(prompt, base=call.exchange.media_url, draws=world.draws, now=at)
    return Reply(200, {"url": url, "durationSecs": SAMPLE_S})


def _found(call: RunwayCall) -> Asset:
    account, voice_id, at = call.world.account, call.exchange.subject.id, call.exchange.at
    return get_asset(account, VOICES, voice_id, at=at)


def _position(voice: Asset) -> tuple[int]:
    return (voice.rank,)


def _body(call: RunwayCall, voice: Asset) -> Json:
    world, base = call.world, call.exchange.media_url
    body: dict[str, Any] = {
        "id": voice.id,
        "name": voice.content.name,
        "description": voice.content.description,
        "createdAt": instant(voice.created_at),
        "status": voice.state.name,
    }
    if voice.is_ready:
        at = call.exchange.at
        sample = asset_url(voice.id, SAMPLE, base=base, draws=world.draws, now=at)
        body["previewUrl"] = sample if base else None
    elif voice.failure is not None:
        body["failureReason"] = voice.failure.text
    return body
