"""The catalogue: each of five calls, refused with each of five statuses, once, twice and always.

The names say all of it: `poll-503-twice` answers the first two polls of each session with 503.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from tests.support.checked import Answer
from tests.support.fake.catalogue import (
    BLOCK_COSTS,
    CREATE_COSTS,
    KEY_HOLDS_S,
    PROVISIONED_S,
    Chosen,
    is_refusal,
    shows_each,
)

STATUSES = (429, 500, 502, 503, 504)
ALWAYS = 7
TIMES = {"once": 1, "twice": 2, "always": ALWAYS}


def _family(call: str) -> dict[str, tuple[int, int]]:
    """Return status and number of the refused calls by name."""
    return {
        f"{call}-{status}-{word}": (status, times)
        for status in STATUSES
        for word, times in TIMES.items()
    }


async def _refused(send: Callable[[], Awaitable[Answer]], status: int, times: int) -> bool:
    """Send so many calls; return whether all are refused with a status and no advice."""
    answers = [await send() for _ in range(times)]
    advice = ("Retry-After", "retry-after-ms", "x-should-retry")
    assert not [name for answer in answers for name in advice if name in answer.headers]
    return all(is_refusal(answer, status) for answer in answers)


async def _ready(chosen: Chosen) -> str:
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert chosen.state(session) == "ready"
    return session


@shows_each(_family("create"))
async def test_creates(chosen: Chosen, expected: tuple[int, int]) -> None:
    """The refused creates leave no session and cost nothing; the next one is as usual."""
    status, times = expected
    assert await _refused(chosen.create, status, times)
    assert (chosen.sessions, chosen.spent, chosen.active) == ([], 0, 0)
    if times < ALWAYS:
        session = await chosen.created()
        assert await chosen.status(session) == "NOT_READY"
        assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)
        assert (await chosen.create()).status == 200
    assert (await chosen.call("organization")).status == 200


@shows_each(_family("poll"))
async def test_polls(chosen: Chosen, expected: tuple[int, int]) -> None:
    """The polls of each session are refused, and it goes its way, seen or not."""
    status, times = expected
    for _ in range(2):  # each session by itself
        session = await chosen.created()
        assert await _refused(partial(chosen.poll, session), status, times)
        assert chosen.state(session) == "provisioning"
        if times < ALWAYS:
            assert await chosen.status(session) == "NOT_READY"
            chosen.jump(PROVISIONED_S)
            assert await chosen.status(session) == "READY"
            continue
        for state, seconds in (("ready", PROVISIONED_S), ("failed", KEY_HOLDS_S)):
            chosen.jump(seconds)
            assert await _refused(partial(chosen.poll, session), status, times)
            assert chosen.state(session) == state
        assert chosen.event(session) == "expired"
    session = await _ready(chosen)
    assert (await chosen.consume(session)).status == 200
    assert (await chosen.delete(session)).status == 204


@shows_each(_family("consume"))
async def test_consumes(chosen: Chosen, expected: tuple[int, int]) -> None:
    """The refused consumes of each session do not use its key, and nothing is billed."""
    status, times = expected
    for _ in range(2):
        before = chosen.spent
        session = await _ready(chosen)
        assert await _refused(partial(chosen.consume, session), status, times)
        assert (await chosen.poll(session)).json["sessionKey"] == chosen.key(session)
        assert (chosen.state(session), chosen.spent) == ("ready", before + CREATE_COSTS)
        if times < ALWAYS:
            assert (await chosen.consume(session)).status == 200
            assert chosen.state(session) == "running"
            assert chosen.spent == before + CREATE_COSTS + BLOCK_COSTS
            assert (await chosen.delete(session)).status == 204
        else:
            chosen.jump(KEY_HOLDS_S)
            assert await _refused(partial(chosen.consume, session), status, times)
            assert await chosen.status(session) == "FAILED"
            assert (chosen.event(session), chosen.spent) == ("expired", before + CREATE_COSTS)


@shows_each(_family("delete"))
async def test_deletes(chosen: Chosen, expected: tuple[int, int]) -> None:
    """The refused deletes of each session do not cancel it: it runs on and is billed."""
    status, times = expected
    for held in (1, 2) if times == ALWAYS else (1, 1):
        session = await _ready(chosen)
        assert (await chosen.consume(session)).status == 200
        before = chosen.spent
        assert await _refused(partial(chosen.delete, session), status, times)
        assert await chosen.status(session) == "RUNNING"
        assert (chosen.state(session), chosen.active) == ("running", held)
        if times < ALWAYS:
            assert (await chosen.delete(session)).status == 204
            assert await chosen.status(session) == "CANCELLED"
            assert (chosen.state(session), chosen.active) == ("cancelled", 0)
        else:
            chosen.jump(6)
            assert await _refused(partial(chosen.delete, session), status, times)
            assert chosen.state(session) == "running"
            assert chosen.spent == before + held * BLOCK_COSTS  # each of those that run


@shows_each(_family("connect-backend"))
async def test_backend_calls(chosen: Chosen, expected: tuple[int, int]) -> None:
    """The refused calls of each session hand out nothing, and it stays as it is."""
    status, times = expected
    for _ in range(2):
        before = chosen.spent
        session = await _ready(chosen)
        assert await _refused(partial(chosen.backend, session), status, times)
        if times < ALWAYS:
            assert (await chosen.backend(session)).json["roomName"] == session
        assert await chosen.status(session) == "READY"
        assert chosen.path(session) == ["queued", "provisioning", "ready"]
        assert chosen.spent == before + CREATE_COSTS
        assert (await chosen.consume(session)).status == 200
        assert (await chosen.delete(session)).status == 204
