"""The catalogue: the retry headers in the answer to a rate limited call.

The plain 429s, without any advice, are in `test_catalogue_repeated.py`.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from tests.support.fake.catalogue import (
    CREATE_COSTS,
    PROVISIONED_S,
    Chosen,
    is_refusal,
    shows,
    shows_each,
)

ADVICE = ("retry-after", "retry-after-ms", "x-should-retry")


def _advice(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that say when to retry."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in ADVICE}


@shows_each(
    {
        "rate-limited-with-retry-after": {"retry-after": "2"},
        "rate-limited-with-retry-after-ms": {"retry-after-ms": "1500"},
        "rate-limited-with-absurd-retry-after": {"retry-after": "86400"},
        "rate-limited-with-negative-retry-after": {"retry-after": "-1"},
        "rate-limited-with-unreadable-retry-after": {"retry-after": "soon"},
    }
)
async def test_the_first_create_is_rate_limited(chosen: Chosen, expected: dict[str, str]) -> None:
    """429 with this advice and no other, without a trace; the next create succeeds."""
    refused = await chosen.create()
    assert is_refusal(refused, 429)
    assert _advice(refused.headers) == expected
    assert (chosen.sessions, chosen.spent) == ([], 0)
    session = await chosen.created()
    assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)


@shows("rate-limited-until-a-date")
async def test_rate_limited_until_a_date(chosen: Chosen) -> None:
    """The same with a date of the year 2099."""
    refused = await chosen.create()
    assert is_refusal(refused, 429)
    assert parsedate_to_datetime(refused.headers["Retry-After"]).year == 2099
    assert (chosen.sessions, chosen.spent) == ([], 0)
    session = await chosen.created()
    assert (chosen.sessions, chosen.spent) == ([session], CREATE_COSTS)


@shows("rate-limited-and-not-to-be-retried")
async def test_rate_limited_and_not_to_be_retried(chosen: Chosen) -> None:
    """429 and the advice not to retry, to every create, without a trace."""
    for _ in range(3):
        refused = await chosen.create()
        assert is_refusal(refused, 429)
        assert _advice(refused.headers) == {"x-should-retry": "false"}
        chosen.jump(3_600)
    assert (chosen.sessions, chosen.spent) == ([], 0)


@shows("polls-rate-limited-with-retry-after")
async def test_polls_rate_limited(chosen: Chosen) -> None:
    """429 with Retry-After 5 to the first poll of each session, which goes its way meanwhile."""
    for _ in range(2):
        session = await chosen.created()
        refused = await chosen.poll(session)
        assert is_refusal(refused, 429)
        assert _advice(refused.headers) == {"retry-after": "5"}
        assert chosen.state(session) == "provisioning"
        chosen.jump(PROVISIONED_S)
        assert chosen.state(session) == "ready"
        assert await chosen.status(session) == "READY"
