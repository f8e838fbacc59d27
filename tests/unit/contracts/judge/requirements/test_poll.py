"""Checks of polls, on connects written by hand."""

import pytest

from contracts.judge.requirements.common import SHORTEST_INTERVAL_S
from tests.support.judge.connects import (
    KEPT,
    NOT_OBSERVED,
    OTHER,
    Row,
    check,
    create,
    got,
    poll,
    seen,
    success,
)
from tests.support.judge.made_reports import SESSION

FAST, SLOW, STOPS = "poll.not-too-fast", "poll.not-too-slow", "poll.stops"
BORDER_S = SHORTEST_INTERVAL_S * 0.9  # a tenth is forgiven
FASTEST = (0.0, 0.05, 0.09, 0.12)

ROWS = {
    "no session was polled twice": Row(
        FAST, seen(poll(1.0), poll(2.0, session=OTHER)), NOT_OBSERVED
    ),
    "one was polled twice": Row(FAST, seen(poll(1.0), poll(2.0)), KEPT),
    "three short intervals": Row(
        FAST, seen(*map(poll, FASTEST)), "3 shorter intervals, down to 0.030s"
    ),
    "two": Row(FAST, seen(*map(poll, FASTEST[:3])), KEPT),
    "three at the border": Row(
        FAST, seen(*map(poll, (0.0, BORDER_S, 2 * BORDER_S, 4 * BORDER_S, 4 * BORDER_S))), KEPT
    ),
    "short ones between two sessions": Row(
        FAST,
        seen(
            *(
                poll(at_s, session=who)
                for at_s, who in zip(FASTEST, (SESSION, OTHER) * 2, strict=True)
            )
        ),
        KEPT,
    ),
    "short ones after failures": Row(
        FAST, seen(*(poll(each, status=503) for each in FASTEST)), KEPT
    ),
    "short ones after cut answers": Row(
        FAST, seen(*(poll(each, arrives=False) for each in FASTEST)), KEPT
    ),
    "long at the border": Row(SLOW, seen(create(), poll(5.5), poll(6.0)), KEPT),
    "longer": Row(SLOW, seen(create(), poll(1.0), poll(6.6)), "an interval of 5.6s"),
    "long before the first": Row(SLOW, seen(create(), poll(6.0), poll(7.0)), "an interval of 6.0s"),
    "long, as the answer before took a second": Row(
        SLOW, seen(create(), poll(1.0, wait_s=1.0), poll(7.5)), KEPT
    ),
    "longer than that": Row(
        SLOW, seen(create(), poll(1.0, wait_s=1.0), poll(7.6)), "an interval of 5.6s"
    ),
    "long after a create that was repeated": Row(
        SLOW, seen(create(), create(10.0), poll(11.0), poll(12.0)), KEPT
    ),
    "a poll alone": Row(SLOW, seen(poll(1.0)), NOT_OBSERVED),
    "one poll is on its way": Row(STOPS, seen(poll(1.0), poll(2.5)), KEPT),
    "polls go on": Row(
        STOPS, seen(poll(1.0), poll(2.6), poll(4.0)), "2 polls, the first 0.6s after it"
    ),
    "nothing was answered": Row(
        STOPS, seen(poll(1.0), poll(9.0), answers=(got(None),)), NOT_OBSERVED
    ),
    "READY is handed out": Row("poll.waits", seen(create(), answers=(success(),)), KEPT),
    "READY is not handed out": Row(
        "poll.waits", seen(create(), poll(1.0)), "502 after 2.0s: the last of 1 polls"
    ),
    "the connect failed for a mistake of another kind": Row(
        "poll.waits", seen(create(status=400), sessions=()), NOT_OBSERVED
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_polls_have_intervals_and_an_end(name: str) -> None:
    """From 100 ms to 5 s, with a tenth of tolerance, until the caller has its answer."""
    check(ROWS[name])
