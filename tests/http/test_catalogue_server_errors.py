"""The catalogue: errors from something in front of the API, or after it has acted.

The plain ones are in `test_catalogue_repeated.py`.
"""

from tests.support.checked import Answer
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


def _is_foreign(answer: Answer, status: int, media: str) -> bool:
    """Return whether an answer has this status and a body of another kind than JSON."""
    if (answer.status, answer.headers["Content-Type"].partition(";")[0]) != (status, media):
        return False
    text = answer.body.decode()
    return (
        text.startswith("<html>")
        if media == "text/html"
        else text[0].isalpha() and ("\n" not in text)
    )


@shows_each(
    {"create-502-in-plain-text": (502, "text/plain"), "create-503-html-page": (503, "text/html")}
)
async def test_creates_answered_by_something_else(
    chosen: Chosen, expected: tuple[int, str]
) -> None:
    """Every create gets a body that is no JSON, and leaves no trace."""
    for _ in range(3):
        assert _is_foreign(await chosen.create(), *expected)
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows_each(
    {"poll-502-in-plain-text": (502, "text/plain"), "poll-503-html-page": (503, "text/html")}
)
async def test_polls_answered_by_something_else(chosen: Chosen, expected: tuple[int, str]) -> None:
    """Every poll gets a body that is no JSON, while the session goes its way and expires."""
    session = await chosen.created()
    for state, seconds in (("provisioning", PROVISIONED_S), ("ready", KEY_HOLDS_S), ("failed", 1)):
        assert _is_foreign(await chosen.poll(session), *expected)
        assert chosen.state(session) == state
        chosen.jump(seconds)
    assert chosen.event(session) == "expired"


@shows_each(
    {"consume-502-in-plain-text": (502, "text/plain"), "consume-503-html-page": (503, "text/html")}
)
async def test_consumes_answered_by_something_else(
    chosen: Chosen, expected: tuple[int, str]
) -> None:
    """Every consume gets a body that is no JSON, and the key is never used."""
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    for _ in range(3):
        assert _is_foreign(await chosen.consume(session), *expected)
    assert await chosen.status(session) == "READY"
    assert chosen.state(session) == "ready"
    chosen.jump(KEY_HOLDS_S)
    assert await chosen.status(session) == "FAILED"
    assert (chosen.event(session), chosen.spent) == ("expired", CREATE_COSTS)


@shows("create-500-after-acting")
async def test_create_500_after_acting(chosen: Chosen) -> None:
    """The first create is charged and holds capacity until it expires; a retry makes another."""
    assert is_refusal(await chosen.create(), 500)
    (unknown,) = chosen.sessions
    assert (chosen.spent, chosen.active) == (CREATE_COSTS, 1)
    retried = await chosen.created()
    assert chosen.sessions == [unknown, retried]
    assert chosen.spent == 2 * CREATE_COSTS
    assert (await chosen.delete(retried)).status == 204
    chosen.jump(PROVISIONED_S + KEY_HOLDS_S - 0.25)
    assert chosen.active == 1
    chosen.jump(0.25)
    assert (chosen.active, chosen.event(unknown)) == (0, "expired")


@shows("consume-500-after-acting")
async def test_consume_500_after_acting(chosen: Chosen) -> None:
    """The first consume has used the key: a retry gets 400, and the session is billed."""
    session = await chosen.created()
    chosen.jump(PROVISIONED_S)
    assert is_refusal(await chosen.consume(session), 500)
    assert chosen.state(session) == "running"
    assert is_refusal(await chosen.consume(session), 400)
    assert await chosen.status(session) == "RUNNING"
    chosen.jump(6)
    assert chosen.spent == CREATE_COSTS + 2 * BLOCK_COSTS


@shows("delete-500-after-acting")
async def test_delete_500_after_acting(chosen: Chosen) -> None:
    """The first delete has cancelled: a retry gets 204, and polls show it."""
    session = await chosen.created()
    assert is_refusal(await chosen.delete(session), 500)
    assert (chosen.state(session), chosen.active) == ("cancelled", 0)
    assert await chosen.status(session) == "CANCELLED"
    assert (await chosen.delete(session)).status == 204
