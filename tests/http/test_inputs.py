"""The files in a create: data URIs, uploads, limits, large bodies, and what a refusal lists."""

from __future__ import annotations

import base64
import io
from typing import Any

import orjson
import pytest

from contracts.wire.documents import whole
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.tasks.inputs import INPUT_KEYS, inputs_of
from fake_runway.replay.record import record
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.web.bodies import LONGEST_BODY
from fake_runway.web.large import LONGEST_LARGE_BODY, LargeBodies
from tests.support.checked import Answer
from tests.support.fake.files import aac, data_uri, made, webm
from tests.support.fake.tasks import IMAGE, VIDEO
from tests.support.servers import Fake, StartFake

UPSCALER = "magnific_precision_upscaler_v2"


async def upscale(fake: Fake, uri: str, **more: Any) -> Answer:
    """Ask for a larger picture."""
    body = {"model": UPSCALER, "imageUri": uri, **more}
    return await fake.call("POST", "/v1/image_upscale", json=body)


async def sent(fake: Fake, endpoint: str, body: Any) -> Answer:
    """Send a body of any size."""
    data, headers = io.BytesIO(orjson.dumps(body)), {"Content-Type": "application/json"}
    return await fake.call("POST", f"/v1/{endpoint}", data=data, headers=headers)


async def ended(fake: Fake, answer: Answer) -> Any:
    """Return the task of a create once it has ended."""
    assert answer.status == 200, answer
    fake.world.clock.jump(3_600)
    return (await fake.call("GET", f"/v1/tasks/{answer.json['id']}")).json


def issues_of(answer: Answer) -> list[tuple[str, list[str | int]]]:
    """Return what a refusal lists: codes and places."""
    assert (answer.status, answer.json["error"]) == (400, "Validation of body failed"), answer
    return [(each["code"], each["path"]) for each in answer.json["issues"]]


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("data:image/png,abcdefgh", "of the form data:"),
        ("data:image/png;base64,!!!!", "Expected base64"),
        ("data:image/png;base64,aGVsbG8=", "Expected a picture, a film or a sound"),
        (data_uri("jpeg", made("png")), "Expected image/jpeg as declared, got image/png"),
        ("https://127.0.0.1/cat.png", "domain name"),
        ("https://[::1]/cat.png", "domain name"),
        ("runway://0f8fad5b-d9cb-469f-a165-70867728950e", "unknown"),
    ],
)
async def test_a_file_that_cannot_be_used_is_an_issue(
    start_fake: StartFake, uri: str, says: str
) -> None:
    """At its place, in words for people, and nothing is charged."""
    fake = await start_fake()
    answer = await upscale(fake, uri)
    assert issues_of(answer) == [("custom", ["imageUri"])]
    assert says in answer.json["issues"][0]["message"]
    assert answer.headers["X-Fake-Where"] == "$.imageUri"
    assert fake.world.account.spent == 0


@pytest.mark.parametrize("uri", [IMAGE, data_uri("png"), data_uri("jpeg"), data_uri("webp")])
async def test_a_good_file_makes_a_task(start_fake: StartFake, uri: str) -> None:
    """As an address, which is not fetched, and as a data URI."""
    fake = await start_fake()
    assert (await ended(fake, await upscale(fake, uri)))["status"] == "SUCCEEDED"


def _upscale(width: int, height: int, **more: Any) -> tuple[str, Any]:
    uri = data_uri("png", made("png", width, height))
    return "image_upscale", {"model": UPSCALER, "imageUri": uri, **more}


def _film(seconds: float) -> tuple[str, Any]:
    uri = data_uri("mp4", made("mp4", seconds=seconds))
    return "video_to_video", {"model": "aleph2", "videoUri": uri}


def _voice(seconds: float) -> tuple[str, Any]:
    uri = data_uri("wav", made("wav", seconds=seconds))
    return "voice_isolation", {"model": "eleven_voice_isolation", "audioUri": uri}


def _other(content_type: str, content: bytes) -> tuple[str, Any]:
    uri = f"data:{content_type};base64,{base64.b64encode(content).decode()}"
    if content_type == "audio/aac":
        return "voice_isolation", {"model": "eleven_voice_isolation", "audioUri": uri}
    return "video_to_video", {"model": "aleph2", "videoUri": uri}


@pytest.mark.parametrize(
    ("create", "fails"),
    [
        (_upscale(299, 400), True),
        (_upscale(300, 400), False),
        (_upscale(2000, 2000, scaleFactor=4), True),
        (_film(31), True),
        (_film(29), False),
        (_voice(4), True),
        (_voice(5), False),
        (_other("video/webm", webm(31)), True),
        (_other("video/webm", webm(29)), False),
        (_other("audio/aac", aac(4)), True),
        (_other("audio/aac", aac(5)), False),
    ],
)
async def test_a_file_that_does_not_fit_its_model_makes_a_task_that_fails(
    start_fake: StartFake, create: tuple[str, Any], fails: bool
) -> None:
    """With ASSET.INVALID, and nothing is charged in the end; within the limits all is well."""
    fake = await start_fake()
    task = await ended(fake, await sent(fake, *create))
    expected = ("FAILED", "ASSET.INVALID") if fails else ("SUCCEEDED", None)
    assert (task["status"], task.get("failureCode")) == expected
    assert (task["cost"]["credits"] == 0) is fails


async def test_what_a_task_costs_and_makes_follows_from_its_input(start_fake: StartFake) -> None:
    """Half a minute of film costs three times as much as ten seconds."""
    fake = await start_fake()
    costs = []
    for seconds in (10, 30):
        answer = await sent(fake, *_film(seconds))
        costs.append(answer.json["estimatedCost"]["credits"])
    assert costs == [280, 840]


async def test_a_body_with_a_film_may_be_large(start_fake: StartFake) -> None:
    """A journal keeps some bytes of it, and its record runs again alike."""
    fake = await start_fake()
    film = made("mp4")
    free = (5_000_000).to_bytes(4) + b"free" + bytes(4_999_992)
    uri = "data:video/mp4;base64," + base64.b64encode(film + free).decode()
    body = {"model": "aleph2", "videoUri": uri}
    answer = await sent(fake, "video_to_video", body)
    assert answer.status == 200, answer
    raw = orjson.dumps(record(fake.world))
    assert len(raw) < 10_000
    assert f"data:video/mp4;bytes={len(film + free)}".encode() in raw
    assert replay(orjson.loads(raw), livekit=LiveKit()).divergence is None


async def test_a_large_body_of_anything_else_is_refused(start_fake: StartFake) -> None:
    """More than a megabyte beside the files, or more than the limit with them."""
    fake = await start_fake()
    text = "x" * (3 * LONGEST_BODY)
    body = {"model": "aleph2", "videoUri": VIDEO, "unknown": text}
    ignored = await start_fake(Settings(strict_keys=False))
    for each in (fake, ignored):
        answer = await sent(each, "video_to_video", body)
        assert answer.status in (400, 413), answer
    huge = {"model": "aleph2", "videoUri": "data:video/mp4;base64," + "A" * LONGEST_LARGE_BODY}
    assert (await sent(fake, "video_to_video", huge)).status == 413
    session = await sent(fake, "realtime_sessions", {"text": text})
    assert session.status == 413


def test_large_bodies_have_a_bound_together() -> None:
    """And what has ended no longer counts."""
    bodies = LargeBodies(most=10)
    with bodies.taking() as one, bodies.taking() as other:
        one.add(b"12345")
        other.add(b"12345")
        with pytest.raises(Exception, match="at most 10 bytes"):
            other.add(b"6")
    with bodies.taking() as one:
        one.add(b"1234567890")


async def test_a_wrong_body_lists_its_mistakes(start_fake: StartFake) -> None:
    """Each with its place; bodies of sessions are refused with one sentence, as observed."""
    fake = await start_fake()
    body = {"model": "gen4.5", "promptText": "", "ratio": "1:2", "duration": 5}
    answer = await fake.call("POST", "/v1/text_to_video", json=body)
    assert issues_of(answer) == [("too_small", ["promptText"]), ("invalid_value", ["ratio"])]
    answer = await fake.call("POST", "/v1/realtime_sessions", json={"model": "gwm1_avatars"})
    assert "issues" not in answer.json


def test_every_place_of_a_file_in_the_contract_is_known() -> None:
    """A new one that is not looked at makes this fail."""
    shapes = whole().raw["components"]["schemas"]

    def takes(node: Any) -> bool:
        while "$ref" in node:
            node = shapes[node["$ref"].rpartition("/")[2]]
        if str(node.get("pattern", "")).startswith("^runway:"):
            return True
        parts = [*node.get("anyOf", ()), *node.get("oneOf", ())]
        if node.get("type") == "array" and "items" in node:
            parts.append(node["items"])
        return any(takes(part) for part in parts)

    def places(node: Any) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(places, node))
        if not isinstance(node, dict):
            return set()
        own = node.get("properties")
        rows = own.items() if isinstance(own, dict) else ()
        found = {key for key, each in rows if isinstance(each, dict) and takes(each)}
        return found.union(*map(places, node.values()))

    found = places(shapes) - {"runwayUri"}  # of a reply
    assert "videoUri" in found
    assert found <= INPUT_KEYS.keys()


def test_files_are_found_wherever_they_stand() -> None:
    """With the kind that their place says; texts at other places are none."""
    body = {
        "promptText": "data:image/png;base64,x",
        "promptImage": [{"uri": "a", "position": "first"}],
        "character": {"type": "video", "uri": "b"},
        "references": [{"uri": "c", "tag": "d"}],
        "audio": True,
        "media": {"type": "audio", "uri": "e"},
        "image": {"uri": "f"},
    }
    assert [(each.kind, each.address) for each in inputs_of(body)] == [
        ("image", "a"),
        ("video", "b"),
        ("image", "c"),
        ("audio", "e"),
        ("", "f"),
    ]


@pytest.mark.parametrize(
    ("endpoint", "body", "path"),
    [
        (
            "avatars",
            {
                "name": "Cat",
                "personality": "Kind.",
                "voice": {"type": "runway-live-preset", "presetId": "clara"},
            },
            ["referenceImage"],
        ),
        ("voices", {"name": "Deep"}, ["from", "audio"]),
        ("generate/video", {"configId": "any"}, ["input", "referenceImages", 0, "uri"]),
    ],
)
async def test_files_of_every_family_are_read(
    start_fake: StartFake, endpoint: str, body: dict[str, Any], path: list[str | int]
) -> None:
    """A good one makes what was asked for, one that is none is an issue at its place."""
    fake = await start_fake(Settings(materialise=True))
    sort = "audio" if endpoint == "voices" else "image"
    good = data_uri("wav") if sort == "audio" else data_uri("png")
    for uri, works in ((good, True), (f"data:{sort}/png;base64,aGVsbG8=", False)):
        given = with_file(body, path, uri)
        answer = await sent(fake, endpoint, given)
        if works:
            assert answer.status == 200, answer
        else:
            assert issues_of(answer) == [("custom", path)]


def with_file(body: dict[str, Any], path: list[str | int], uri: str) -> dict[str, Any]:
    """Return a body that names a file at a place."""
    if path == ["from", "audio"]:
        return {**body, "from": {"type": "audio", "audio": uri}}
    if path[0] == "input":
        image = {"uri": uri, "role": "first"}
        return {**body, "input": {"promptText": "A cat.", "referenceImages": [image]}}
    return {**body, str(path[0]): uri}
