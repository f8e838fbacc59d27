"""The four ways to select a scenario, each by the settings of the official SDKs alone.

The scenario is the same for all: the first two creates are refused with 429, the third is not.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from runwayml import AsyncRunwayML, RateLimitError

from fake_runway.core.scenario.scenario import avatar_of
from tests.clients.npm import Node
from tests.clients.test_node_sdk import Thrown, driving
from tests.clients.watched import watching
from tests.support.servers import SECRET

SCENARIO = "create-429-twice"
PRESET = {"type": "runway-preset", "presetId": "music-superstar"}
CREATE: dict[str, Any] = {"model": "gwm1_avatars", "avatar": PRESET}


@dataclass(frozen=True, slots=True)
class SdkSelection:
    """A way to select a scenario, by what an operator sets or the application sends.

    Attributes:
        path: behind the address of the server.
        headers: the lines of RUNWAYML_CUSTOM_HEADERS.
        admin: a tool chooses the scenario, through the admin API.
    """

    name: str
    secret: str = SECRET
    path: str = ""
    headers: str = ""
    avatar: dict[str, str] = field(default_factory=lambda: PRESET)
    admin: bool = False

    async def open(self, url: str) -> None:
        """Do what has to be done before the application calls."""
        if not self.admin:
            return
        async with (
            aiohttp.ClientSession() as http,
            http.put(
                f"{url}/__admin/scenario",
                json={"name": SCENARIO},
                headers={"Authorization": f"Bearer {self.secret}"},
            ) as answer,
        ):
            assert answer.status == 200, await answer.text()

    @property
    def create(self) -> dict[str, Any]:
        """The body of a create."""
        return CREATE | {"avatar": self.avatar}


WAYS = (
    SdkSelection("tools", admin=True),
    SdkSelection(
        "tools, world by address", path="/w/elsewhere", headers=f"X-Fake-Scenario: {SCENARIO}"
    ),
    SdkSelection("header", headers=f"X-Test-Id: a-test\nX-Fake-Scenario: {SCENARIO}"),
    SdkSelection("header alone", headers=f"X-Fake-Scenario: {SCENARIO}"),
    SdkSelection("secret", secret=f"fake.{SCENARIO}"),
    SdkSelection("secret with a label", secret=f"fake.{SCENARIO}.one of many"),
    SdkSelection("avatar", avatar={"type": "custom", "avatarId": avatar_of(SCENARIO)}),
)


@pytest.fixture(params=WAYS, ids=lambda way: way.name.replace(" ", "-"))
def way(request: pytest.FixtureRequest) -> SdkSelection:
    """Each way in turn."""
    chosen: SdkSelection = request.param
    return chosen


async def test_python(way: SdkSelection, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 twice, then a session; a caller who chose nothing is not touched by it."""
    async with watching() as watched:
        url = watched.fake.url
        await way.open(url)
        monkeypatch.setenv("RUNWAYML_CUSTOM_HEADERS", way.headers)
        async with AsyncRunwayML(
            base_url=url + way.path, api_key=way.secret, max_retries=0
        ) as client:
            refused = 0
            for _ in range(2):
                with pytest.raises(RateLimitError):
                    await client.post(
                        "/v1/realtime_sessions", body=way.create, cast_to=dict[str, Any]
                    )
                refused += 1
            created = await client.post(
                "/v1/realtime_sessions", body=way.create, cast_to=dict[str, Any]
            )
        other = await watched.fake.client.post(
            "/v1/realtime_sessions",
            json=CREATE,
            headers={"Authorization": "Bearer another", "X-Runway-Version": "2024-11-06"},
        )
    assert refused == 2
    assert created["id"]
    assert other.status == 200


async def test_node(node: Node, tmp_path: Path, way: SdkSelection) -> None:
    """The same with the Node SDK."""
    async with driving(
        node,
        tmp_path,
        secret=way.secret,
        suffix=way.path,
        RUNWAYML_CUSTOM_HEADERS=way.headers,
    ) as sdk:
        await way.open(sdk.watched.fake.url)
        thrown = []
        for _ in range(2):
            with pytest.raises(Thrown) as raised:
                await sdk("realtimeSessions.create", way.create, {"maxRetries": 0})
            thrown.append(raised.value.status)
        created = await sdk("realtimeSessions.create", way.create, {"maxRetries": 0})
    assert thrown == [429, 429]
    assert created["id"]


async def test_the_ready_made_avatars_are_listed() -> None:
    """`GET /v1/avatars` has the avatar of the scenario on one of its pages, and names it."""
    async with (
        watching() as watched,
        AsyncRunwayML(
            base_url=watched.fake.url, api_key=SECRET, _strict_response_validation=True
        ) as client,
    ):
        listed = {avatar.id: avatar.name async for avatar in client.avatars.list(limit=20)}
        one: Any = await client.avatars.retrieve(avatar_of(SCENARIO))
    assert listed[avatar_of(SCENARIO)] == SCENARIO
    assert one.name == SCENARIO
    assert one.status == "READY"
