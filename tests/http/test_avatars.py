"""The list of custom avatars: which come first, and that its pages make up the whole."""

from __future__ import annotations

from typing import Any

import pytest

from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Settings
from tests.support.servers import CREATE, Fake, StartFake

OURS = ("ffffffff-e29b-41d4-a716-446655440000", "00000000-e29b-41d4-a716-446655440000")
BOUND = "eeeeeeee-e29b-41d4-a716-446655440000"
UNKNOWN = "88888888-e29b-41d4-a716-446655440000"


async def listed(fake: Fake, *, limit: int = 100, cursor: str = "") -> list[dict[str, Any]]:
    """Return all avatars, page by page; at most so many pages as there can be avatars."""
    avatars: list[dict[str, Any]] = []
    for _ in range(1_000):
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = (await fake.call("GET", f"/v1/avatars?{query}")).json
        avatars += page["data"]
        if not page["hasMore"]:
            assert page["nextCursor"] is None
            return avatars
        cursor = page["nextCursor"]
    raise AssertionError("the list has no end")


async def connects(fake: Fake, avatar: str) -> bool:
    """Return whether a session with an avatar is READY after its usual time."""
    custom = {"avatar": {"type": "custom", "avatarId": avatar}}
    answer = await fake.call("POST", "/v1/realtime_sessions", json=CREATE | custom)
    if answer.status != 200:
        return False
    fake.world.clock.jump(1.5)
    session = await fake.call("GET", f"/v1/realtime_sessions/{answer.json['id']}")
    return session.status == 200 and session.json["status"] == "READY"


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        (Settings(), [EXAMPLE_AVATAR]),
        (Settings(avatars=None), [EXAMPLE_AVATAR]),
        (Settings(avatars=frozenset(OURS)), sorted(OURS)),
    ],
)
async def test_the_first_avatars_of_the_list_are_plain_ones(
    start_fake: StartFake, settings: Settings, first: list[str]
) -> None:
    """A client that takes the first gets a session that works; those of scenarios come after."""
    fake = await start_fake(settings)
    avatars = await listed(fake)
    ready_made = [form.avatar for form in fake.world.catalogue.with_avatars]
    assert [each["id"] for each in avatars] == first + sorted(ready_made)
    assert await connects(fake, avatars[0]["id"])


async def test_an_avatar_that_the_scenario_binds_comes_after_the_plain_ones(
    start_fake: StartFake,
) -> None:
    """Even if it was plain before, or is a ready-made one; each is listed once."""
    fake = await start_fake(Settings(avatars=frozenset(OURS)))
    ready_made = sorted(form.avatar for form in fake.world.catalogue.with_avatars)
    for avatar in (BOUND, OURS[0], ready_made[3]):
        await fake.admin("PUT", f"/avatars/{avatar}", {"provision_time": "never"})
    ids = [each["id"] for each in await listed(fake)]
    bound = sorted([BOUND, OURS[0], ready_made[3]])
    assert ids == [OURS[1], *bound, *ready_made[:3], *ready_made[4:]]


@pytest.mark.parametrize("limit", [1, 7, 50, 99])
async def test_pages_of_any_size_make_up_the_whole(start_fake: StartFake, limit: int) -> None:
    """Each avatar is on one page, in the same order."""
    fake = await start_fake(Settings(avatars=frozenset(OURS)))
    await fake.admin("PUT", f"/avatars/{BOUND}", {"provision_time": "1s"})
    assert await listed(fake, limit=limit) == await listed(fake)


async def test_after_a_cursor_that_is_gone_none_is_left_out(start_fake: StartFake) -> None:
    """The avatar at the end of a page was unbound before the next page was asked for."""
    fake = await start_fake()
    await fake.admin("PUT", f"/avatars/{UNKNOWN}", {"provision_time": "1s"})
    page = (await fake.call("GET", "/v1/avatars?limit=2")).json
    await fake.admin("DELETE", f"/avatars/{UNKNOWN}")
    rest = await listed(fake, cursor=page["nextCursor"])
    seen = {each["id"] for each in (*page["data"], *rest)}
    assert page["data"][-1]["id"] == UNKNOWN
    assert seen >= {each["id"] for each in await listed(fake)}
