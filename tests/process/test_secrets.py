"""No secret ever leaves the fake but to its owner: not in logs, admin answers, metrics.

The secrets are planted wherever a client can put them, the real command runs with everything
logged, and its whole output on every channel is searched.
"""

import json
import zlib
from base64 import urlsafe_b64decode

import aiohttp
import pytest

from tests.support.processes import running

SECRET = "planted-api-secret-4711"
INTEGRATION_TOKEN = "planted-integration-token-4712"
SIGNED_URL = "wss://voice.example.com/v1?signature=planted-signature-4713"
ADMIN_TOKEN = "planted-admin-token-4714"
SIGNING_SECRET = "planted-signing-secret-4715-that-is-long-enough"
VERSION = {"X-Runway-Version": "2024-11-06"}
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
INTEGRATIONS = (
    {"integration": {"type": "elevenlabs", "signedUrl": SIGNED_URL}},
    {
        "livekit": {
            "url": "wss://rooms.example.com",
            "token": INTEGRATION_TOKEN,
            "roomName": "a room",
        }
    },
)
ADMIN_PAGES = (
    "worlds",
    "world",
    "scenario",
    "faults",
    "sessions",
    "journal",
    "journal/unmatched",
    "findings",
    "credits",
    "snapshots",
    "replay",
)


async def _use(http: aiohttp.ClientSession, url: str) -> list[str]:
    """Call in every way that carries a secret; return the session keys and tokens handed out."""
    handed_out: list[str] = []
    headers = {"Authorization": f"Bearer {SECRET}", **VERSION}
    sessions = f"{url}/v1/realtime_sessions"
    for more in ({}, *INTEGRATIONS):
        created = await http.post(sessions, json=CREATE | more, headers=headers)
        assert created.status == 200, await created.text()
        session = f"{sessions}/{(await created.json())['id']}"
        ready = await (await http.get(session, headers=headers)).json()
        bearer = {"Authorization": f"Bearer {ready['sessionKey']}", **VERSION}
        for _ in range(2):
            consumed = await http.post(f"{session}/consume", json={}, headers=bearer)
            if consumed.status == 200:
                handed_out += [ready["sessionKey"], (await consumed.json())["token"]]
        await http.get(session, headers=bearer)
        await http.get(f"{session}?token={SECRET}&api_key={ready['sessionKey']}", headers=headers)
        await http.get(f"{sessions}/{ready['sessionKey']}", headers=headers)
        await http.get(session, headers=headers | {"User-Agent": f"mine/{ready['sessionKey']}"})
        await http.get(f"{url}/v1/{ready['sessionKey']}", headers=headers)
    await http.post(sessions, json=CREATE | {SECRET: 1}, headers=headers)
    await http.get(f"{url}/v1/avatars?cursor={SECRET}", headers=headers)
    await http.get(f"{url}/v1/organization", headers=headers | {"User-Agent": f"mine/{SECRET}"})
    await http.get(f"{url}/v1/{SECRET}", headers=headers)
    await http.post(sessions, data=f'{{"token": "{INTEGRATION_TOKEN}"', headers=headers)
    await http.get(f"{url}/v1/nothing?secret={SECRET}", headers=headers)
    await http.get(f"{url}/w/{SECRET} !/v1/organization", headers=headers)
    await http.get(f"{url}/v1/organization", headers={"Authorization": f"Basic {SECRET}"})
    await http.get(f"{url}/v1/organization", headers={"Authorization": f"Bearer fake.{SECRET}"})
    return handed_out


async def _admin_pages(http: aiohttp.ClientSession, url: str) -> list[str]:
    headers = {"Authorization": f"Bearer {SECRET}", "X-Fake-Admin-Token": ADMIN_TOKEN}
    pages = [await (await http.get(f"{url}/metrics")).text()]
    for path in ADMIN_PAGES:
        answer = await http.get(f"{url}/__admin/{path}", headers=headers)
        assert answer.status == 200, (path, await answer.text())
        pages.append(await answer.text())
    token = json.loads(pages[-1])["token"].removeprefix("fr1.")
    pages.append(zlib.decompress(urlsafe_b64decode(token + "===")).decode())
    listed = await (await http.get(f"{url}/__admin/sessions", headers=headers)).json()
    for session in listed["sessions"]:
        path = f"{url}/__admin/sessions/{session['id']}/timeline"
        pages.append(await (await http.get(path, headers=headers)).text())
    refused = await http.get(f"{url}/__admin/worlds", headers={"X-Fake-Admin-Token": SECRET})
    assert refused.status == 401
    return [*pages, await refused.text()]


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_secret_in_any_output(form: str) -> None:
    """Everything is logged, everything is asked for, and no planted secret is in any of it."""
    options = [
        "serve",
        "--port=0",
        "--log-level=debug",
        f"--log-format={form}",
        "--provision-time=0s",
        f"--admin-token={ADMIN_TOKEN}",
        f"--livekit-api-secret={SIGNING_SECRET}",
    ]
    async with running("fake_runway", *options) as program, aiohttp.ClientSession() as http:
        first = await program.line()
        url = first.split()[-1]
        handed_out = await _use(http, url)
        pages = await _admin_pages(http, url)
        assert await program.stop() == 0
        outputs = [first, await program.errors(), *pages]
    assert len(handed_out) == 6
    planted = [SECRET, INTEGRATION_TOKEN, "planted-signature", ADMIN_TOKEN, SIGNING_SECRET]
    for secret in [*planted, *handed_out]:
        found = [text[max(0, text.find(secret) - 80) :][:200] for text in outputs if secret in text]
        assert found == []
    assert "realtime_sessions" in "".join(outputs)  # there was output
    if form == "json":
        lines = [json.loads(line) for line in outputs[1].splitlines()]
        assert {"time", "level", "logger", "message"} <= lines[0].keys()
