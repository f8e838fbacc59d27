"""A session's life over HTTP, on a frozen clock that the tests move."""

from dataclasses import replace

import pytest

from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import Event, Failure
from fake_runway.core.scenario.settings import (
    EXAMPLE_AVATAR,
    ConsumeBody,
    ErrorStyle,
    Limits,
    Settings,
)
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import read
from tests.support.fake.plans import failing
from tests.support.servers import CREATE, Fake, StartFake

NO_BODY = {"Content-Type": "application/json"}  # as the official SDKs; aiohttp would add its own
WORLD_2 = {"X-Fake-World": "second"}
STRANGER = "123e4567-e89b-42d3-a456-426614174000"


async def test_a_session_goes_from_not_ready_to_completed(start_fake: StartFake) -> None:
    """NOT_READY, READY, RUNNING, COMPLETED: each status has its own keys at its own instant."""
    fake = await start_fake()
    session_id = await fake.create(maxDuration=10)
    created = await fake.get(session_id)
    fake.world.clock.jump(1.5)
    ready = await fake.get(session_id)
    consumed = await fake.consume(session_id, ready["sessionKey"])
    running = await fake.get(session_id)
    fake.world.clock.jump(10)
    completed = await fake.get(session_id)
    assert (created["status"], created["queued"]) == ("NOT_READY", False)
    assert ready["status"] == "READY"
    assert consumed.json["roomName"] == session_id
    assert running == {"id": session_id, "createdAt": created["createdAt"], "status": "RUNNING"}
    assert (completed["status"], completed["duration"]) == ("COMPLETED", 10)


async def test_many_small_jumps_are_one_long_one(start_fake: StartFake) -> None:
    """A session that takes 1.5 s is READY after fifteen jumps of 100 ms, and not before."""
    fake = await start_fake()
    session_id = await fake.create()
    statuses = []
    for _ in range(15):
        fake.world.clock.jump(0.1)
        statuses.append((await fake.get(session_id))["status"])
    assert statuses == [*["NOT_READY"] * 14, "READY"]


async def test_the_second_session_waits_in_the_queue_for_capacity(start_fake: StartFake) -> None:
    """`queued` is true until the first session ends, then it is provisioned from that instant."""
    settings = Settings(limits=Limits(concurrency=1))
    fake = await start_fake(settings)
    first, second = await fake.create(), await fake.create()
    waiting = await fake.get(second)
    await fake.call("DELETE", f"/v1/realtime_sessions/{first}")
    admitted = await fake.get(second)
    fake.world.clock.jump(1.5)
    ready = await fake.get(second)
    assert (waiting["queued"], admitted["queued"], ready["status"]) == (True, False, "READY")


async def test_delete_cancels_and_is_idempotent(start_fake: StartFake) -> None:
    """204 both times; the session stays readable as CANCELLED."""
    fake = await start_fake()
    session_id = await fake.create()
    answers = [await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}") for _ in "ab"]
    session = await fake.get(session_id)
    assert [answer.status for answer in answers] == [204, 204]
    assert session["status"] == "CANCELLED"


async def test_delete_of_an_ended_session_can_be_404(start_fake: StartFake) -> None:
    """The other reading of the unknown: a session that has ended cannot be deleted."""
    fake = await start_fake(Settings(deleted_again=False))
    session_id = await fake.create()
    answers = [await fake.call("DELETE", f"/v1/realtime_sessions/{session_id}") for _ in "ab"]
    assert [answer.status for answer in answers] == [204, 404]


async def test_a_failed_provisioning_shows_its_code(start_fake: StartFake) -> None:
    """FAILED carries the text and the stable code."""
    plan = failing(Failure("SAFETY.INPUT.TEXT", "Refused by moderation."))
    fake = await start_fake(Settings(plan=plan))
    session_id = await fake.create()
    fake.world.clock.jump(1.5)
    session = await fake.get(session_id)
    assert session["status"] == "FAILED"
    assert session["failureCode"] == "SAFETY.INPUT.TEXT"


async def test_consume_errors_by_cause(start_fake: StartFake) -> None:
    """Wrong key 401, unknown id 404, not ready 400, used 400, expired 401, over 400."""
    fake = await start_fake()
    used, key = await fake.ready()
    codes = {"wrong": await fake.consume(used, key[:-1] + ("0" if key[-1] != "0" else "1"))}
    await fake.consume(used, key)
    codes["used"] = await fake.consume(used, key)
    codes["unknown"] = await fake.consume(STRANGER, key)
    expired, expired_key = await fake.ready()
    early = await fake.create()
    codes["early"] = await fake.consume(
        early, fake.world.account.session_key(fake.world.account.sessions[early])
    )
    fake.world.clock.jump(301)
    codes["expired"] = await fake.consume(expired, expired_key)
    codes["over"] = await fake.consume(used, key)
    seen = {name: (each.status, each.headers["X-Fake-Code"]) for name, each in codes.items()}
    assert seen == {
        "wrong": (401, "key_refused"),
        "used": (400, "already_consumed"),
        "unknown": (404, "unknown_session"),
        "early": (400, "not_ready"),
        "expired": (401, "key_expired"),
        "over": (400, "session_over"),
    }


async def test_consume_finds_its_world_by_the_key_alone(start_fake: StartFake) -> None:
    """A browser sends neither secret nor world; the tag in the key leads to the right one."""
    fake = await start_fake()
    other = (await fake.call("POST", "/v1/realtime_sessions", json=CREATE, headers=WORLD_2)).json
    world = fake.worlds.named("second")
    world.clock.jump(1.5)
    world.account.advance(world.clock.now())
    session = world.account.sessions[other["id"]]
    answer = await fake.consume(session.id, world.account.session_key(session))
    strange = await fake.consume(session.id, "stk_000000000000_" + "0" * 32)
    none = await fake.client.post(f"/v1/realtime_sessions/{session.id}/consume")
    named = await fake.consume(session.id, "stk_other", **WORLD_2)
    assert (answer.status, strange.status, none.status) == (200, 401, 401)
    assert named.headers["X-Fake-Code"] == "key_refused"  # the session was found


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "application/json"}, b"", 200),
        ({"Content-Type": "application/json; charset=utf-8"}, b"{}", 200),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"", 415),
        ({"Content-Type": "application/json"}, b"{", 400),
    ],
)
async def test_consume_takes_an_empty_or_json_body(
    start_fake: StartFake, headers: dict[str, str], data: bytes, status: int
) -> None:
    """Another declared content type is refused as observed, even without a body."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    answer = await fake.client.post(
        f"/v1/realtime_sessions/{session_id}/consume",
        headers={"Authorization": f"Bearer {key}"} | headers,
        data=data,
    )
    assert answer.status == status


async def test_a_lenient_consume_ignores_its_body(start_fake: StartFake) -> None:
    """With the switch, any content type is accepted."""
    fake = await start_fake(Settings(consume_body=ConsumeBody.LENIENT))
    session_id, key = await fake.ready()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await fake.consume(session_id, key, **form)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("consume_body", "declared", "status"),
    [
        (ConsumeBody.STRICT, None, 200),
        (ConsumeBody.STRICT, "text/plain", 415),
        (ConsumeBody.LENIENT, None, 200),
        (ConsumeBody.LENIENT, "text/plain", 200),
        (ConsumeBody.TYPED, None, 415),
        (ConsumeBody.TYPED, "", 415),
        (ConsumeBody.TYPED, "text/plain", 415),
        (ConsumeBody.TYPED, "application/json", 200),
    ],
)
async def test_a_consume_without_a_content_type_is_accepted_unless_one_is_required(
    start_fake: StartFake, consume_body: ConsumeBody, declared: str | None, status: int
) -> None:
    """The refusal uses nothing, and is the one of another type."""
    fake = await start_fake(Settings(consume_body=consume_body))
    session_id, key = await fake.ready()
    headers = {"Authorization": f"Bearer {key}"}
    if declared is not None:
        headers["Content-Type"] = declared
    answer = await fake.client.post(
        f"/v1/realtime_sessions/{session_id}/consume",
        headers=headers,
        skip_auto_headers=["Content-Type"],
    )
    after = (await fake.get(session_id))["status"]
    assert (answer.status, after) == (status, "RUNNING" if status == 200 else "READY")
    if status == 415:
        assert answer.json["error"] == "Incorrect content type"
        assert answer.headers["X-Fake-Code"] == "wrong_content_type"


async def test_the_journal_says_whether_a_request_had_cookies(start_fake: StartFake) -> None:
    """And keeps nothing of them: a server that forwards its caller's is found by that."""
    fake = await start_fake()
    session_id, key = await fake.ready()
    await fake.consume(session_id, key, Cookie="session=planted")
    journal = (await fake.admin("GET", "/journal")).json
    with_cookies = {
        each["operation"] for each in journal["exchanges"] if each["request"]["cookies"]
    }
    assert with_cookies == {"consumeSession"}
    assert "planted" not in str(journal)


async def test_only_a_consume_has_to_declare_a_content_type(start_fake: StartFake) -> None:
    """A backend joins without one, as before."""
    fake = await start_fake(Settings(consume_body=ConsumeBody.TYPED))
    session_id, _ = await fake.ready()
    path = f"/v1/realtime_sessions/{session_id}/connect_backend"
    joined = await fake.call("POST", path, skip_auto_headers=["Content-Type"])
    assert joined.status == 200


async def test_running_on_join_keeps_the_status_ready_after_consume(start_fake: StartFake) -> None:
    """With the switch, RUNNING begins with the join, and the key is spent by the consume."""
    settings = Settings(plan=Plan(join=Fixed(2.0)))
    fake = await start_fake(settings)
    session_id, key = await fake.ready()
    await fake.consume(session_id, key)
    between = await fake.get(session_id)
    again = await fake.consume(session_id, key)
    fake.world.clock.jump(2)
    joined = await fake.get(session_id)
    assert (between["status"], again.status, joined["status"]) == ("READY", 400, "RUNNING")


async def test_backend_credentials_are_hidden_and_repeatable(start_fake: StartFake) -> None:
    """connect_backend joins the session's room unseen, before and after consume."""
    fake = await start_fake()
    path = f"/v1/realtime_sessions/{(created := await fake.create())}/connect_backend"
    early = await fake.call("POST", path, headers=NO_BODY)
    fake.world.clock.jump(1.5)
    ready = await fake.call("POST", path, headers=NO_BODY)
    await fake.consume(created, (await fake.get(created))["sessionKey"])
    running = await fake.call("POST", path, headers=NO_BODY)
    await fake.call("DELETE", f"/v1/realtime_sessions/{created}")
    over = await fake.call("POST", path, headers=NO_BODY)
    assert [each.status for each in (early, ready, running, over)] == [400, 200, 200, 400]
    claims = read(running.json["token"], "secret")
    assert claims["video"]["hidden"] is True
    assert claims["video"]["room"] == created


async def test_missing_credits_are_402_or_as_observed_400(start_fake: StartFake) -> None:
    """Two credits make one session; the next is refused, in either style with the same text."""
    for style, status in ((ErrorStyle.GUIDE, 402), (ErrorStyle.OBSERVED, 400)):
        settings = Settings(limits=Limits(credits=3), errors=style)
        fake = await start_fake(settings)
        await fake.create()
        refused = await fake.call("POST", "/v1/realtime_sessions", json=CREATE)
        assert refused.status == status
        assert "enough credits" in refused.json["error"]


async def test_quota_is_429_with_the_seconds_until_the_next_create_works(
    start_fake: StartFake,
) -> None:
    """Retry-After counts the world's time, and holds."""
    fake = await start_fake(Settings(limits=Limits(daily=1)))
    await fake.create()
    fake.world.clock.jump(3600)
    refused = await fake.call("POST", "/v1/realtime_sessions", json=CREATE)
    fake.world.clock.jump(int(refused.headers["Retry-After"]))
    later = await fake.call("POST", "/v1/realtime_sessions", json=CREATE)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "82800")
    assert later.status == 200


async def test_quota_without_retry_after(start_fake: StartFake) -> None:
    """The header can be left out, since it was never observed live."""
    settings = Settings(limits=Limits(daily=0), retry_after=False)
    fake = await start_fake(settings)
    refused = await fake.call("POST", "/v1/realtime_sessions", json=CREATE)
    assert refused.status == 429
    assert "Retry-After" not in refused.headers


async def test_custom_avatars_exist_by_configuration(start_fake: StartFake) -> None:
    """The example avatar exists, a stranger does not, and `any` lets every UUID exist."""

    async def create(fake: Fake, avatar_id: str) -> int:
        body = CREATE | {"avatar": {"type": "custom", "avatarId": avatar_id}}
        return (await fake.call("POST", "/v1/realtime_sessions", json=body)).status

    fake = await start_fake()
    assert await create(fake, EXAMPLE_AVATAR.upper()) == 200
    assert await create(fake, STRANGER) == 404
    fake = await start_fake(Settings(avatars=None))
    assert await create(fake, STRANGER) == 200


async def test_unknown_ids_are_404_or_materialise(start_fake: StartFake) -> None:
    """As a drop-in for a stateless mock, any well-formed id is a session that lives on."""
    path = f"/v1/realtime_sessions/{STRANGER}"
    fake = await start_fake()
    assert (await fake.call("GET", path)).status == 404
    fake = await start_fake(Settings(materialise=True))
    assert (await fake.get(STRANGER))["status"] == "NOT_READY"
    fake.world.clock.jump(1.5)
    assert (await fake.get(STRANGER.upper()))["status"] == "READY"


async def test_organization_shows_limits_balance_and_usage(start_fake: StartFake) -> None:
    """The organization endpoints report the account's spending."""
    fake = await start_fake(Settings(limits=Limits(20, 25_000, 100)))
    session_id, key = await fake.ready()
    await fake.consume(session_id, key)
    fake.world.clock.jump(13)  # the third block has begun
    organization = (await fake.call("GET", "/v1/organization")).json
    today = await fake.get(session_id)
    usage = await fake.call(
        "POST",
        "/v1/organization/usage",
        json={"startDate": today["createdAt"][:10]},
    )
    default = await fake.call("POST", "/v1/organization/usage", headers=NO_BODY)
    assert organization["creditBalance"] == 100 - 2 - 3 * 2
    assert organization["tier"]["models"]["gwm1_avatars"]["maxConcurrentGenerations"] == 20
    assert organization["usage"]["models"]["gwm1_avatars"]["dailyGenerations"] == 1
    amounts = [each["amount"] for result in usage.json["results"] for each in result["usedCredits"]]
    assert sum(amounts) == 8
    assert usage.json["models"] == ["gwm1_avatars"]
    assert default.json == {"results": [], "models": []}  # the published default leaves today out


@pytest.mark.parametrize(
    "dates",
    [
        {"startDate": "2026-02-30"},
        {"startDate": "2026-01-02", "beforeDate": "2026-01-01"},
        {"startDate": "2026-01-01", "beforeDate": "2026-04-02"},
        {"startDate": "yesterday"},
    ],
)
async def test_usage_refuses_bad_ranges(start_fake: StartFake, dates: dict[str, str]) -> None:
    """Nonexistent dates, ranges that end before they begin, and more than 90 days are 400."""
    fake = await start_fake()
    answer = await fake.call("POST", "/v1/organization/usage", json=dates)
    assert answer.status == 400


async def test_usage_accepts_ninety_days(start_fake: StartFake) -> None:
    """The longest range that is allowed."""
    fake = await start_fake()
    dates = {"startDate": "2026-01-01", "beforeDate": "2026-04-01"}
    answer = await fake.call("POST", "/v1/organization/usage", json=dates)
    assert answer.status == 200


async def test_unlimited_accounts_say_null(start_fake: StartFake) -> None:
    """No limit is null, as the newest official SDK types it."""
    fake = await start_fake(Settings(limits=Limits(None, None, None)))
    models = (await fake.call("GET", "/v1/organization")).json["tier"]["models"]
    assert set(models["gwm1_avatars"].values()) == {None}


async def test_an_overdrawn_balance_shows_as_zero(start_fake: StartFake) -> None:
    """The wire has no negative balance."""
    settings = replace(Settings(), limits=Limits(credits=2))
    fake = await start_fake(settings)
    session_id, key = await fake.ready()
    await fake.consume(session_id, key)
    fake.world.clock.jump(1)
    session = await fake.get(session_id)
    organization = (await fake.call("GET", "/v1/organization")).json
    assert session["status"] == "COMPLETED"
    assert fake.world.account.sessions[session_id].event is Event.UNPAID
    assert organization["creditBalance"] == 0
