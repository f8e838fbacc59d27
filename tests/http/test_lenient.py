"""What `--lenient` and the switches in it let clients do that were written against a mock."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.replay.record import record
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.materialising import MAKERS, materialise
from tests.support.servers import Fake, StartFake

RESOURCES = (
    *("realtime_sessions", "tasks", "avatar_conversations"),
    *("avatars", "voices", "documents", "routers"),
)
UNKNOWN = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
VEO3 = {
    "model": "veo3",
    "promptText": "A cat.",
    "promptImage": "https://example.com/cat.png",
    "ratio": "1280:720",
    "duration": 8,
}


@pytest.mark.parametrize("resource", RESOURCES)
async def test_an_unknown_id_is_made_and_leaves_nothing(
    start_fake: StartFake, resource: str
) -> None:
    """It is read, deleted, read again and deleted again, in any order; a replay does the same."""
    fake = await start_fake(Settings(materialise=True))
    for method in ("DELETE", "GET", "GET", "DELETE", "DELETE", "GET"):
        answer = await fake.call(method, f"/v1/{resource}/{UNKNOWN}")
        assert answer.status == (204 if method == "DELETE" else 200), answer
    again = replay(orjson.loads(orjson.dumps(record(fake.world))), livekit=LiveKit())
    assert again.divergence is None


async def test_each_kind_that_can_be_made_is_made_once(start_fake: StartFake) -> None:
    """Before the call is carried out, so that faults meet a resource; others are left alone."""
    fake = await start_fake(Settings(materialise=True))
    world, at = fake.world, fake.world.clock.now()
    for kind in MAKERS:
        subject = Subject(kind, UNKNOWN)
        materialise(world, subject, at=at)
        made = world.state_of(subject)
        materialise(world, subject, at=at)
        assert made is not None
        assert world.state_of(subject) is made
    entries = len(world.log)
    materialise(world, Subject("upload", UNKNOWN), at=at)
    materialise(world, Subject("session", ""), at=at)
    assert len(world.log) == entries


@pytest.mark.parametrize("path", ["avatars", "avatar_conversations", "voices", "routers"])
async def test_a_cursor_of_no_page_is_the_first_page(start_fake: StartFake, path: str) -> None:
    """With the switch; without it, it is refused."""
    for strict, expected in ((True, 400), (False, 200)):
        fake = await start_fake(Settings(cursors=CursorRules(refuse_unknown=strict)))
        answer = await fake.call("GET", f"/v1/{path}?limit=1&cursor=x")
        assert answer.status == expected


async def test_a_retired_model_is_taken_as_the_one_after_it(start_fake: StartFake) -> None:
    """Its task and the usage have its own name, and a record of it runs again."""
    fake = await start_fake(Settings(retired_models=True))
    answer = await fake.call("POST", "/v1/image_to_video", json=VEO3)
    assert answer.status == 200, answer
    assert (
        await fake.call("POST", "/v1/image_to_video", json={**VEO3, "ratio": "x"})
    ).status == 400
    usage = await fake.call("POST", "/v1/organization/usage", json={"startDate": _today(fake)})
    assert usage.json["models"] == ["veo3"]
    assert replay(record(fake.world), livekit=LiveKit()).divergence is None
    strict = await start_fake()
    assert (await strict.call("POST", "/v1/image_to_video", json=VEO3)).status == 400


def _today(fake: Fake) -> str:
    return datetime.fromtimestamp(fake.world.clock.now(), UTC).date().isoformat()


@pytest.mark.parametrize("offset", ["Z", "%2B00:00"])
async def test_an_instant_may_have_an_offset_of_zero(start_fake: StartFake, offset: str) -> None:
    """As the official Python SDK writes it; and a range of no time at all has no use."""
    fake = await start_fake()
    at = f"2026-01-01T00:00:00{offset}"
    answer = await fake.call("GET", f"/v1/avatar_usage?startDate={at}&endDate={at}")
    assert (answer.status, answer.json["totalSessions"]) == (200, 0)
    day = {"startDate": "2026-01-01", "beforeDate": "2026-01-01"}
    assert (await fake.call("POST", "/v1/organization/usage", json=day)).json["results"] == []
