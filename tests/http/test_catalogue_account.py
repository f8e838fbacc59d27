"""The catalogue: credits, quota, capacity and keys of the account."""

from collections.abc import Awaitable, Callable
from statistics import median

import pytest

from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    PROVISIONED_S,
    WITH_SECRET,
    Choice,
    Chosen,
    Selection,
    choosing,
    is_refusal,
    shows,
    shows_each,
)

DAY_S = 86_400


async def _running(chosen: Chosen, **body: int) -> str:
    session = await chosen.created(**body)
    chosen.jump(PROVISIONED_S)
    assert (await chosen.consume(session)).status == 200
    return session


@shows_each({"out-of-credits": 402, "out-of-credits-as-observed": 400}, avatar=False)
async def test_out_of_credits(chosen: Chosen, expected: int) -> None:
    """Every create is refused with the observed text; no session, no charge, no balance."""
    answers = [await chosen.create() for _ in range(3)]
    assert all(is_refusal(answer, expected) for answer in answers)
    texts = {answer.json["error"] for answer in answers}
    assert texts == {"You do not have enough credits to run this task."}
    assert (chosen.sessions, chosen.spent, chosen.world.account.left) == ([], 0, 0)
    assert (await chosen.call("organization")).json["creditBalance"] == 0


@shows_each(
    {
        "out-of-credits-while-running": ("COMPLETED", "completed", {"duration": 12}),
        "out-of-credits-while-running-fails": (
            "FAILED",
            "failed",
            {"failureCode": "INSUFFICIENT_CREDITS"},
        ),
    },
    avatar=False,
)
async def test_out_of_credits_while_running(
    chosen: Chosen, expected: tuple[str, str, dict[str, object]]
) -> None:
    """RUNNING for 12 s, then over, because the third block cannot be paid; no credit is left."""
    status, state, fields = expected
    session = await _running(chosen)
    chosen.jump(11.75)
    assert await chosen.status(session) == "RUNNING"
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert body["status"] == status
    assert body | fields == body
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running", state]
    assert (chosen.session(session).blocks, chosen.world.account.left) == (2, 0)
    assert is_refusal(await chosen.create(), 402)
    assert chosen.sessions == [session]


@shows("overdrawn", avatar=False)
async def test_overdrawn(chosen: Chosen) -> None:
    """The call goes on and is billed below zero; the wire's balance stays at zero."""
    session = await _running(chosen)
    chosen.jump(18)
    assert await chosen.status(session) == "RUNNING"
    assert is_refusal(await chosen.create(), 402)
    assert (await chosen.call("organization")).json["creditBalance"] == 0
    assert (chosen.state(session), chosen.session(session).blocks) == ("running", 4)
    assert chosen.world.account.left == 6 - CREATE_COSTS - 4 * BLOCK_COSTS


@shows_each({"quota-reached": str(DAY_S), "quota-reached-without-retry-after": None}, avatar=False)
async def test_quota_reached(chosen: Chosen, expected: str | None) -> None:
    """429 to every create, with or without Retry-After; no session, no charge."""
    answers = [await chosen.create() for _ in range(3)]
    assert all(is_refusal(answer, 429) for answer in answers)
    assert {answer.headers.get("Retry-After") for answer in answers} == {expected}
    chosen.jump(2 * DAY_S)
    assert (await chosen.create()).status == 429
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows("quota-reached-on-the-second-create", avatar=False)
async def test_quota_reached_on_the_second_create(chosen: Chosen) -> None:
    """One create in any 24 hours; Retry-After leads to the instant at which the next succeeds."""
    first = await chosen.created()
    chosen.jump(3_600)
    refused = [await chosen.create() for _ in range(2)]
    assert all(is_refusal(answer, 429) for answer in refused)
    assert {answer.headers["Retry-After"] for answer in refused} == {str(DAY_S - 3_600)}
    assert (chosen.sessions, chosen.spent) == ([first], CREATE_COSTS)
    usage = (await chosen.call("organization")).json["usage"]["models"]["gwm1_avatars"]
    assert usage["dailyGenerations"] == 1
    chosen.jump(DAY_S - 3_600 - 1)
    assert (await chosen.create()).status == 429
    chosen.jump(1)
    second = await chosen.created()
    assert (chosen.sessions, chosen.spent) == ([first, second], 2 * CREATE_COSTS)


@shows("one-at-a-time", avatar=False)
async def test_one_at_a_time(chosen: Chosen) -> None:
    """The second session is queued until the first has ended, and is provisioned then."""
    first, second = await chosen.created(), await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert [await chosen.status(each) for each in (first, second)] == ["READY", "NOT_READY"]
    assert (await chosen.poll(second)).json["queued"] is True
    assert ([chosen.state(each) for each in (first, second)], chosen.active) == (
        ["ready", "queued"],
        1,
    )
    assert (await chosen.delete(first)).status == 204
    assert (await chosen.poll(second)).json["queued"] is False
    assert (chosen.state(second), chosen.active) == ("provisioning", 1)
    chosen.jump(PROVISIONED_S)
    assert await chosen.status(second) == "READY"


@shows("no-capacity", avatar=False)
async def test_no_capacity(chosen: Chosen) -> None:
    """Every session is queued, after a year as well, until it is cancelled."""
    sessions = [await chosen.created() for _ in range(2)]
    for _ in range(2):
        bodies = [(await chosen.poll(each)).json for each in sessions]
        assert [(body["status"], body["queued"]) for body in bodies] == [("NOT_READY", True)] * 2
        assert ({chosen.state(each) for each in sessions}, chosen.active) == ({"queued"}, 0)
        chosen.jump(365 * DAY_S)
    assert (await chosen.delete(sessions[0])).status == 204
    assert [chosen.state(each) for each in sessions] == ["cancelled", "queued"]


@shows_each(
    {
        "unauthorized": "The API key is not valid.",
        "suspended-key": "This account is suspended.",
    },
    avatar=False,
)
async def test_the_secret_is_refused(chosen: Chosen, expected: str) -> None:
    """401 to every call with the secret, and nothing changes; a session key still works."""
    session = chosen.breed()
    chosen.jump(PROVISIONED_S)
    answers = [await chosen.call(call, session) for call in WITH_SECRET]
    assert all(is_refusal(answer, 401) for answer in answers)
    assert {answer.json["error"] for answer in answers} == {expected}
    assert (chosen.sessions, chosen.state(session), chosen.spent) == (
        [session],
        "ready",
        CREATE_COSTS,
    )
    assert (await chosen.consume(session)).status == 200


@shows("key-revoked-after-a-minute", avatar=False)
async def test_key_revoked_after_a_minute(chosen: Chosen) -> None:
    """All is well for 60 s, then 401 to every call with the secret, while sessions live on."""
    chosen.jump(59.75)
    session = await chosen.created()
    assert [(await chosen.call(each, session)).status for each in ("poll", "usage", "avatars")] == [
        200,
        200,
        200,
    ]
    chosen.jump(0.25)
    answers = [await chosen.call(call, session) for call in WITH_SECRET]
    assert all(is_refusal(answer, 401) for answer in answers)
    chosen.jump(PROVISIONED_S)
    assert (chosen.sessions, chosen.state(session)) == ([session], "ready")
    assert (await chosen.consume(session)).status == 200
    chosen.jump(DAY_S)
    assert is_refusal(await chosen.poll(session), 401)
    assert chosen.path(session)[-2:] == ["running", "completed"]


@shows("slow-api", avatar=False)
@pytest.mark.parametrize("call", [*WITH_SECRET, "consume"])
async def test_slow_api(chosen: Chosen, call: str) -> None:
    """Nothing for 2 s, on every endpoint; the call takes effect on arrival."""
    session = chosen.breed()
    chosen.jump(PROVISIONED_S)
    async with chosen.held(call, session) as line:
        assert (line.received, line.ending) == (b"", "")
        assert len(chosen.sessions) == (2 if call == "create" else 1)
        effects = {"delete": "cancelled", "consume": "running"}
        assert chosen.state(session) == effects.get(call, "ready")
        chosen.jump(1.75)
        await chosen.settle()
        assert line.received == b""
        chosen.jump(0.25)
        await line.until_received(0 if call == "delete" else 1)
        await line.until_whole()
        assert line.status == (204 if call == "delete" else 200)


@shows("outage", avatar=False)
async def test_outage(chosen: Chosen) -> None:
    """503 to every call, as JSON; no call has an effect, and sessions go on."""
    session = chosen.breed()
    calls = (*WITH_SECRET, "consume")
    for _ in range(2):
        answers = [await chosen.call(call, session) for call in calls]
        assert all(is_refusal(answer, 503) for answer in answers)
        chosen.jump(PROVISIONED_S)
    assert (chosen.sessions, chosen.state(session)) == ([session], "ready")
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 1)


@shows("outage-of-half-a-minute", avatar=False)
async def test_outage_of_half_a_minute(chosen: Chosen) -> None:
    """503 with Retry-After to every call for 30 s, without effect; then all is well."""
    session = chosen.breed()
    chosen.jump(29.75)
    answers = [await chosen.call(call, session) for call in (*WITH_SECRET, "consume")]
    assert all(is_refusal(answer, 503) for answer in answers)
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert (chosen.sessions, chosen.state(session)) == ([session], "ready")
    chosen.jump(0.25)
    calls = ("organization", "usage", "avatars", "poll", "consume", "backend", "create", "delete")
    statuses = [(await chosen.call(call, session)).status for call in calls]
    assert statuses == [200, 200, 200, 200, 200, 200, 200, 204]
    assert (len(chosen.sessions), chosen.state(session)) == (2, "cancelled")


@shows("flaky", avatar=False)
async def test_flaky(chosen: Chosen) -> None:
    """A fifth of all calls fails, the same with the same seed, and without effect."""
    pattern = await _pattern(chosen)
    async with choosing(Choice("flaky")) as again, choosing(Choice("flaky"), seed="1") as other:
        assert await _pattern(again) == pattern
        assert await _pattern(other) != pattern
    assert 8 <= pattern.count(503) <= 35
    assert set(pattern) == {200, 503}
    created = pattern[0::2].count(200)
    assert created < 50
    assert (len(chosen.sessions), chosen.spent) == (created, created * CREATE_COSTS)


async def _pattern(chosen: Chosen) -> list[int]:
    """Return the statuses of 100 calls, creates and others in turn."""
    calls = ("create", "organization") * 50
    return [(await chosen.call(call)).status for call in calls]


@shows("as-observed", avatar=False)
async def test_as_observed(chosen: Chosen) -> None:
    """READY after about 5 s, over after 300 s, and 400 for missing credits."""
    sessions = [await chosen.created(maxDuration=1_800) for _ in range(20)]
    assert {await chosen.status(each) for each in sessions} == {"NOT_READY"}
    chosen.jump(20)
    assert {await chosen.status(each) for each in sessions} == {"READY"}
    took = [(each.ready_at or 0) - each.created_at for each in map(chosen.session, sessions)]
    assert len(set(took)) == 20
    assert 4 < median(took) < 6
    assert (await chosen.consume(sessions[0])).status == 200
    chosen.jump(299.75)
    assert await chosen.status(sessions[0]) == "RUNNING"
    chosen.jump(0.25)
    assert (await chosen.poll(sessions[0])).json["duration"] == 300
    assert chosen.state(sessions[0]) == "completed"
    chosen.world.account.grant(0, at=chosen.world.clock.now())
    refused = await chosen.create()
    assert is_refusal(refused, 400)
    assert refused.json["error"] == "You do not have enough credits to run this task."


@pytest.mark.parametrize(
    ("test", "name"),
    [
        (test_key_revoked_after_a_minute, "key-revoked-after-a-minute"),
        (test_outage_of_half_a_minute, "outage-of-half-a-minute"),
    ],
)
async def test_time_is_counted_from_the_choice(
    test: Callable[[Chosen], Awaitable[None]], name: str
) -> None:
    """A world that has gone on for an hour when the scenario is chosen sees the same."""
    async with choosing(Choice(name, Selection.HEADER)) as chosen:
        await test(chosen)
