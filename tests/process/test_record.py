"""`fake-runway record` and `serve --from`, as commands: traffic in, a fake like it out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp

from fake_runway.calibration.har import read_har
from fake_runway.replay.record import read
from tests.support.processes import Program, running

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "recorded-secret-0123"
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Runway-Version": "2024-11-06"}
AVATAR = {"type": "runway-preset", "presetId": "music-superstar"}
CREATE = {"model": "gwm1_avatars", "avatar": AVATAR, "personality": f"My key is {SECRET}."}


async def address(program: Program, containing: str) -> str:
    """Return the address in a line on a program's screen."""
    return (await program.line(containing=containing)).partition("=")[2]


async def connect(http: aiohttp.ClientSession, url: str) -> list[int]:
    """Connect as an application does, with retries; return the statuses of the creates."""
    statuses: list[int] = []
    while not statuses or statuses[-1] != 200:
        async with http.post(f"{url}/v1/realtime_sessions", json=CREATE, headers=HEADERS) as answer:
            statuses.append(answer.status)
            body = await answer.json()
    session = f"{url}/v1/realtime_sessions/{body['id']}"
    status: dict[str, Any] = {}
    while status.get("status") != "READY":
        async with http.get(session, headers=HEADERS) as answer:
            status = await answer.json()
    key = {"Authorization": f"Bearer {status['sessionKey']}", "Content-Type": "application/json"}
    async with http.post(f"{session}/consume", headers=key) as answer:
        assert (await answer.json())["token"]
    for _ in range(2):
        async with http.delete(session, headers=HEADERS) as answer:
            statuses.append(answer.status)
    return statuses


async def test_a_fake_answers_as_was_recorded(tmp_path: Path) -> None:
    """Settings and failures come back; no secret is in the file."""
    file, written = tmp_path / "traffic.har", tmp_path / "run.token"
    odd = ("--delete-again=404", "--no-doc-url", "--scenario=create-429-twice")
    quick = ("serve", "--port=0", "--time-scale=50")
    async with aiohttp.ClientSession() as http:
        async with running("fake_runway", *quick, *odd) as fake:
            url = await address(fake, "RUNWAYML_BASE_URL=")
            recording = ("record", "--port=0", f"--to={url}/v1", f"--output={file}")
            with_token = (*recording, f"--replay-token={written}")
            async with running("fake_runway", *with_token) as recorder:
                here = await address(recorder, "RUNWAYML_BASE_URL=")
                statuses = await connect(http, here)
                async with http.get(f"{here}/v1/nothing", headers=HEADERS) as answer:
                    assert answer.status == 404
                entries = json.loads(file.read_text())["log"]["entries"]  # while it records
                assert await recorder.stop() == 0
                assert "calls are answered as recorded" in await recorder.errors()
        assert statuses == [429, 429, 200, 204, 404]
        seen = [each.status for each in read_har(file).calls if each.method != "GET"]
        assert seen == [429, 429, 200, 200, 204, 404]  # as they came, however quickly
        assert len(entries) >= 7
        await check_token(written.read_text().strip())
        text = file.read_text()
        for secret in (SECRET, "stk_", "eyJ"):
            assert secret not in text
        assert "[covered]" in text
        async with running("fake_runway", *quick, f"--from={file}") as again:
            assert "faults: 1" in await again.line(containing="recorded calls")
            assert await connect(http, await address(again, "RUNWAYML_BASE_URL=")) == statuses


async def check_token(token: str) -> None:
    """The run is replayed, as a timeline, and nothing secret is in it."""
    kept = json.dumps(read(token))
    for secret in (SECRET, "stk_", "eyJ"):
        assert secret not in kept
    assert [step["operation"] for step in read(token)["steps"]][:3] == ["createSession"] * 3
    async with running("fake_runway", "replay", token) as replayed:
        timeline = await replayed.rest()
        assert await replayed.exit_code() == 0, await replayed.errors()
    assert timeline.count("POST /v1/realtime_sessions -> 429") == 2, timeline
    assert "cancelled" in timeline.lower(), timeline


async def test_an_endpoint_that_is_away_is_502_and_not_recorded(tmp_path: Path) -> None:
    """With the reason, and without the secret."""
    file = tmp_path / "traffic.har"
    arguments = ("record", "--port=0", "--to=http://127.0.0.1:1", f"--output={file}")
    async with running("fake_runway", *arguments) as recorder, aiohttp.ClientSession() as http:
        here = await address(recorder, "RUNWAYML_BASE_URL=")
        async with http.get(f"{here}/v1/organization", headers=HEADERS) as answer:
            assert answer.status == 502
            said = await answer.text()
        assert await recorder.stop() == 0
    assert "No answer from 127.0.0.1" in said
    assert SECRET not in said
    assert json.loads(file.read_text())["log"]["entries"] == []


async def test_what_cannot_be_done_is_refused_at_the_start(tmp_path: Path) -> None:
    """Nothing is overwritten; a file that is no recording is named."""
    file = tmp_path / "there.har"
    file.write_text("{}")
    for arguments, expected in (
        (("record", f"--output={file}"), "expected a new file"),
        (("record", "--to=ftp://x"), "expected an address such as https://host"),
        (("record", f"--replay-token={file}"), "expected a new file"),
        (("serve", f"--from={file}"), "expected log.entries"),
        (("serve", f"--from={file}", "--scenario=slow"), "got both"),
    ):
        async with running("fake_runway", *arguments) as program:
            errors = await program.errors()
            assert await program.exit_code() == 2, errors
        assert expected in errors
    assert file.read_text() == "{}"
