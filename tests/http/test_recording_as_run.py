"""A recording as a run of the fake: the same calls, answered alike, as a token without a secret."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from fake_runway.calibration.as_run import RECORDED, run_of
from fake_runway.calibration.har import read_har
from fake_runway.core.scenario.settings import Settings
from fake_runway.replay.record import read
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.http.test_calibration import (
    BEYOND,
    CALL,
    CANCELLED,
    DOCUMENTS,
    LOOK,
    RUN,
    SESSION,
    TASK,
    VOICES,
    WORKFLOWS,
    following,
    har_of,
    played,
)
from tests.support.servers import SECRET, StartFake

if TYPE_CHECKING:
    from pathlib import Path

    from fake_runway.calibration.as_run import Run
    from fake_runway.core.types import Json

ODD = {
    "account": {"delete_again": 404, "deleted_task": "cancelled", "daily": 9},
    "session": {"running_on": "join", "expires_in": "45s", "provision_time": "2.5s"},
    "task": {"failure": "INTERNAL"},
}
FAILS = [
    {
        "name": "twice",
        "match": {"operation": "createSession", "nth": [2]},
        "effect": {"status": 503},
    }
]


async def recorded(forms: Json, start_fake: StartFake, file: Path) -> Run:
    """Record what an application does with a fake, and make a run of it."""
    fake = await start_fake(Settings(), scenario=following(forms))
    plays = (LOOK, SESSION, CANCELLED, TASK, VOICES, DOCUMENTS, WORKFLOWS, CALL, RUN, BEYOND)
    history = await played(fake, *plays)
    await asyncio.to_thread(file.write_text, json.dumps(har_of(history, fake.url)))
    return run_of(read_har(file), source="traffic.har")


@pytest.mark.parametrize("forms", [{}, ODD, {"account": {"faults": FAILS}}], ids=str)
async def test_the_run_goes_as_was_recorded(
    forms: Json, start_fake: StartFake, tmp_path: Path
) -> None:
    """Every call is answered alike, and the token makes the same run again, on any machine."""
    run = await recorded(forms, start_fake, tmp_path / "traffic.har")
    assert run.otherwise == 0, run.summary()
    assert run.left_out == 0
    token = run.token()
    again = replay(read(token), livekit=LiveKit())
    assert again.divergence is None
    assert again.world.name == RECORDED
    assert len(again.world.log.exchanges) == run.calls
    states = [each.state for each in run.world.account.sessions.values()]
    assert [each.state for each in again.world.account.sessions.values()] == states
    text = json.dumps(read(token))
    assert SECRET not in text
    for secret in ("stk_", "eyJ"):
        assert secret not in text


async def test_what_goes_otherwise_is_counted_and_named(
    start_fake: StartFake, tmp_path: Path
) -> None:
    """What the recording did not see begin is unknown here; calls of no operation are left out."""
    file = tmp_path / "traffic.har"
    await recorded({}, start_fake, file)
    har = json.loads(await asyncio.to_thread(file.read_text))
    entries = har["log"]["entries"]
    kept = [each for each in entries if each["request"]["method"] != "POST"]
    unknown = json.loads(json.dumps(kept[0]))
    unknown["request"]["url"] = "http://x/v1/none/such"
    har["log"]["entries"] = [*kept, unknown]
    await asyncio.to_thread(file.write_text, json.dumps(har))
    run = run_of(read_har(file), source="traffic.har")
    assert run.left_out == 1
    assert run.otherwise > 0
    assert "GET /v1/realtime_sessions/{id} -> 200, here 404" in run.summary()
    assert "no operation of the API: 1" in run.summary()
    assert replay(read(run.token()), livekit=LiveKit()).divergence is None
