"""The catalogue: the life of a session."""

from datetime import datetime

import pytest

from fake_runway.core.lifecycles.session import Event
from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    KEY_HOLDS_S,
    PROVISIONED_S,
    Chosen,
    is_refusal,
    shows,
    shows_each,
)

DAY_S = 86_400.0


async def _ready(chosen: Chosen, **body: int) -> str:
    """Create a session and move the clock until it is READY."""
    session = await chosen.created(**body)
    chosen.jump(PROVISIONED_S)
    assert await chosen.status(session) == "READY"
    return session


async def _running(chosen: Chosen, **body: int) -> str:
    """The same until its key was used."""
    session = await _ready(chosen, **body)
    assert (await chosen.consume(session)).status == 200
    return session


@shows("default", avatar=False)
async def test_nothing_goes_wrong(chosen: Chosen) -> None:
    """NOT_READY, READY with a key, RUNNING once it is used, and over when it is deleted."""
    ended, cancelled = await chosen.created(), await chosen.created()
    assert await chosen.status(ended) == "NOT_READY"
    chosen.jump(PROVISIONED_S)
    ready = (await chosen.poll(ended)).json
    assert (ready["status"], ready["sessionKey"]) == ("READY", chosen.key(ended))
    chosen.jump(KEY_HOLDS_S - 1)
    assert [chosen.state(each) for each in (ended, cancelled)] == ["ready", "ready"]
    assert (await chosen.consume(ended, ready["sessionKey"])).status == 200
    assert await chosen.status(ended) == "RUNNING"
    chosen.world.account.apply_event(ended, Event.ENDED, at=chosen.world.clock.now())
    assert (await chosen.delete(cancelled)).status == 204
    assert chosen.path(ended) == ["queued", "provisioning", "ready", "running", "completed"]
    assert chosen.path(cancelled) == ["queued", "provisioning", "ready", "cancelled"]


@shows_each({"slow": 15, "ready-at-the-last-moment": 29, "ready-too-late": 31})
async def test_ready_later(chosen: Chosen, expected: int) -> None:
    """NOT_READY and PROVISIONING until then, READY as usual after it, and capacity is held."""
    session = await chosen.created()
    chosen.jump(expected - 0.25)
    before = (await chosen.poll(session)).json
    assert (before["status"], before["queued"]) == ("NOT_READY", False)
    assert (chosen.state(session), chosen.active) == ("provisioning", 1)
    chosen.jump(0.25)
    after = (await chosen.poll(session)).json
    assert (after["status"], after["sessionKey"]) == ("READY", chosen.key(session))
    chosen.jump(KEY_HOLDS_S - 0.25)
    assert (chosen.state(session), chosen.active) == ("ready", 1)
    assert (await chosen.consume(session)).status == 200
    assert chosen.state(session) == "running"


@shows("never-ready")
async def test_never_ready(chosen: Chosen) -> None:
    """NOT_READY with queued false after a year, with capacity held, until it is cancelled."""
    session = await chosen.created()
    for _ in range(2):
        body = (await chosen.poll(session)).json
        assert (body["status"], body["queued"]) == ("NOT_READY", False)
        assert (chosen.state(session), chosen.active) == ("provisioning", 1)
        chosen.jump(365 * DAY_S)
    assert (await chosen.delete(session)).status == 204
    assert (chosen.path(session)[-1], chosen.active) == ("cancelled", 0)


@shows("queued-then-ready")
async def test_queued_then_ready(chosen: Chosen) -> None:
    """Queued for 5 s without holding capacity, then provisioned as usual."""
    session = await chosen.created()
    chosen.jump(4.75)
    assert (await chosen.poll(session)).json["queued"] is True
    assert (chosen.state(session), chosen.active) == ("queued", 0)
    chosen.jump(0.25)
    assert (await chosen.poll(session)).json["queued"] is False
    assert (chosen.state(session), chosen.active) == ("provisioning", 1)
    chosen.jump(PROVISIONED_S)
    assert await chosen.status(session) == "READY"
    assert chosen.path(session) == ["queued", "provisioning", "ready"]


@shows("queued-for-ever")
async def test_queued_for_ever(chosen: Chosen) -> None:
    """Queued after a year; charged, without capacity, until it is cancelled."""
    session = await chosen.created()
    for _ in range(2):
        body = (await chosen.poll(session)).json
        assert (body["status"], body["queued"]) == ("NOT_READY", True)
        assert (chosen.state(session), chosen.active, chosen.spent) == ("queued", 0, CREATE_COSTS)
        chosen.jump(365 * DAY_S)
    assert (await chosen.delete(session)).status == 204
    assert chosen.path(session) == ["queued", "cancelled"]


@shows_each(
    {
        "fails-while-queued": (2, True, ["queued", "failed"], "INTERNAL"),
        "fails-while-provisioning": (1, False, ["queued", "provisioning", "failed"], "INTERNAL"),
        "fails-for-safety": (1, False, ["queued", "provisioning", "failed"], "SAFETY.INPUT.TEXT"),
    }
)
async def test_fails_before_ready(
    chosen: Chosen, expected: tuple[float, bool, list[str], str]
) -> None:
    """NOT_READY until then, then FAILED with its reason; charged, and no capacity is held."""
    after_s, queued, path, code = expected
    session = await chosen.created()
    chosen.jump(after_s - 0.25)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["queued"]) == ("NOT_READY", queued)
    assert chosen.active == (0 if queued else 1)
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["failureCode"]) == ("FAILED", code)
    assert body["failure"]
    assert (chosen.path(session), chosen.active, chosen.spent) == (path, 0, CREATE_COSTS)


@shows("fails-while-ready")
async def test_fails_while_ready(chosen: Chosen) -> None:
    """READY for 2 s, then FAILED; a consume is refused with 400, and nothing ran."""
    session = await _ready(chosen)
    chosen.jump(1.75)
    assert (await chosen.poll(session)).json["sessionKey"] == chosen.key(session)
    chosen.jump(0.25)
    assert await chosen.status(session) == "FAILED"
    assert is_refusal(await chosen.consume(session), 400)
    assert chosen.path(session) == ["queued", "provisioning", "ready", "failed"]
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 0)


@shows_each(
    {
        "fails-before-consume": (400, "FAILED", "failed"),
        "expired-before-consume": (401, "FAILED", "failed"),
        "cancelled-before-consume": (400, "CANCELLED", "cancelled"),
    }
)
async def test_over_before_the_consume(chosen: Chosen, expected: tuple[int, str, str]) -> None:
    """READY until the consume arrives, which is refused; the key is unused, nothing is billed."""
    refused, status, state = expected
    session = await _ready(chosen)
    chosen.jump(10)
    assert (await chosen.poll(session)).json["sessionKey"] == chosen.key(session)
    assert chosen.state(session) == "ready"
    assert is_refusal(await chosen.consume(session), refused)
    assert await chosen.status(session) == status
    assert chosen.path(session) == ["queued", "provisioning", "ready", state]
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 0)


@shows_each(
    {
        "fails-while-running": ("FAILED", "failed"),
        "cancelled-while-running": ("CANCELLED", "cancelled"),
        "ended-early": ("COMPLETED", "completed"),
    }
)
async def test_over_after_5_s_of_running(chosen: Chosen, expected: tuple[str, str]) -> None:
    """Consume succeeds, RUNNING for 5 s, then over; the started block stays charged."""
    status, state = expected
    session = await _running(chosen)
    chosen.jump(4.75)
    assert await chosen.status(session) == "RUNNING"
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert body["status"] == status
    if status == "FAILED":
        assert body["failure"]
        assert body["failureCode"]
    if status == "COMPLETED":
        assert body["duration"] == 5
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running", state]
    chosen.jump(60)
    assert (chosen.spent, chosen.active) == (CREATE_COSTS + BLOCK_COSTS, 0)


@shows_each({"cancelled-while-queued": (2, True), "cancelled-while-polling": (1, False)})
async def test_cancelled_before_ready(chosen: Chosen, expected: tuple[float, bool]) -> None:
    """NOT_READY until then, then CANCELLED; charged, and no capacity is held."""
    after_s, queued = expected
    session = await chosen.created()
    chosen.jump(after_s - 0.25)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["queued"]) == ("NOT_READY", queued)
    assert chosen.active == (0 if queued else 1)
    chosen.jump(0.25)
    assert await chosen.status(session) == "CANCELLED"
    before = ["queued"] if queued else ["queued", "provisioning"]
    assert chosen.path(session) == [*before, "cancelled"]
    assert (chosen.active, chosen.spent) == (0, CREATE_COSTS)


@shows("completed-while-polling")
async def test_completed_while_polling(chosen: Chosen) -> None:
    """From NOT_READY to COMPLETED with duration 0, through READY and RUNNING, without a block."""
    session = await chosen.created()
    chosen.jump(PROVISIONED_S - 0.25)
    assert await chosen.status(session) == "NOT_READY"
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["duration"]) == ("COMPLETED", 0)
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running", "completed"]
    assert chosen.session(session).changed_at == chosen.session(session).created_at + PROVISIONED_S
    assert chosen.spent == CREATE_COSTS


@shows("cut-at-300-s")
@pytest.mark.parametrize(("max_duration", "ends_at"), [(1_800, 300), (60, 60)])
async def test_cut_at_300_s(chosen: Chosen, max_duration: int, ends_at: int) -> None:
    """RUNNING for 300 s or maxDuration, whichever is shorter, then COMPLETED."""
    session = await _running(chosen, maxDuration=max_duration)
    chosen.jump(ends_at - 0.25)
    assert await chosen.status(session) == "RUNNING"
    assert chosen.state(session) == "running"
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert (body["status"], body["duration"]) == ("COMPLETED", ends_at)
    assert set(body) == {"id", "createdAt", "status", "duration"}
    assert chosen.state(session) == "completed"


@shows("running-before-ready-is-seen")
async def test_running_before_ready_is_seen(chosen: Chosen) -> None:
    """From NOT_READY to RUNNING without a key, and billed from the first instant on."""
    session = await chosen.created()
    chosen.jump(PROVISIONED_S - 0.25)
    assert await chosen.status(session) == "NOT_READY"
    chosen.jump(0.25)
    body = (await chosen.poll(session)).json
    assert body["status"] == "RUNNING"
    assert "sessionKey" not in body
    assert chosen.path(session) == ["queued", "provisioning", "ready", "running"]
    assert chosen.spent == CREATE_COSTS + BLOCK_COSTS
    chosen.jump(6)
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


@shows("consumed-by-somebody-else")
async def test_consumed_by_somebody_else(chosen: Chosen) -> None:
    """READY with a key, 400 to the consume, RUNNING after it, billed from then on."""
    session = await _ready(chosen)
    chosen.jump(10)
    assert chosen.state(session) == "ready"
    assert is_refusal(await chosen.consume(session), 400)
    assert await chosen.status(session) == "RUNNING"
    assert chosen.session(session).started_at == chosen.world.clock.now()
    assert chosen.spent == CREATE_COSTS + BLOCK_COSTS


@shows("expires-soon")
async def test_expires_soon(chosen: Chosen) -> None:
    """READY for one second, as expiresAt says; consumed in it, or FAILED and 401."""
    session, quick = await chosen.created(), await chosen.created()
    chosen.jump(PROVISIONED_S)
    body = (await chosen.poll(session)).json
    lived_s = datetime.fromisoformat(body["expiresAt"]) - datetime.fromisoformat(body["createdAt"])
    assert round(lived_s.total_seconds(), 2) == PROVISIONED_S + 1
    chosen.jump(0.75)
    assert (await chosen.poll(session)).json == body
    assert (await chosen.consume(quick)).status == 200
    chosen.jump(0.25)
    assert await chosen.status(session) == "FAILED"
    assert is_refusal(await chosen.consume(session), 401)
    assert (chosen.state(session), chosen.event(session)) == ("failed", "expired")
    assert chosen.state(quick) == "running"


@shows("joins-late")
async def test_joins_late(chosen: Chosen) -> None:
    """READY for 10 s after the consume, then RUNNING; billed from the join on; used only once."""
    session = await _running(chosen)
    chosen.jump(9.75)
    assert await chosen.status(session) == "READY"
    assert is_refusal(await chosen.consume(session), 400)
    assert (chosen.state(session), chosen.spent) == ("claimed", CREATE_COSTS)
    chosen.jump(0.25)
    assert await chosen.status(session) == "RUNNING"
    assert chosen.spent == CREATE_COSTS + BLOCK_COSTS
    assert chosen.path(session) == ["queued", "provisioning", "ready", "claimed", "running"]


@shows("nobody-joins")
async def test_nobody_joins(chosen: Chosen) -> None:
    """READY after the consume until expiresAt, then FAILED, without a block."""
    session = await _running(chosen)
    chosen.jump(KEY_HOLDS_S - 0.25)
    assert await chosen.status(session) == "READY"
    assert chosen.state(session) == "claimed"
    chosen.jump(0.25)
    assert await chosen.status(session) == "FAILED"
    assert (chosen.state(session), chosen.event(session)) == ("failed", "expired")
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 0)
