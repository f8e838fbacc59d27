"""The limits of attempts, on connects written by hand."""

from dataclasses import replace

import pytest

from contracts.judge.observation import Observation
from contracts.judge.requirements.common import SHORTEST_INTERVAL_S
from tests.support.judge.connects import (
    FAULT,
    KEPT,
    NOT_OBSERVED,
    STRUCK,
    STRUCK_CONSUME,
    STRUCK_POLL,
    Row,
    check,
    consume,
    create,
    got,
    poll,
    seen,
    success,
)

BOUNDED, SPACED, AFTER = "retry.bounded", "retry.spaced", "retry.honours-retry-after"
BLINDLY, PASSING, BUSY = "retry.create-not-blindly", "retry.passing-error", "retry.busy"
FINAL = "retry.not-final"
BORDER_S = SHORTEST_INTERVAL_S * 0.9  # a tenth is forgiven


def failing(number: int, **more: object) -> Observation:
    """Return so many creates, a second apart, that meet a fault."""
    return seen(*(create(float(each), faults=FAULT, **more) for each in range(number)))


def lost(number: int, method: str) -> Observation:
    """Return so many requests whose connection breaks, 10 ms apart."""
    one = create() if method == "POST" else poll(0.0)
    broken = replace(one, status=None, arrives=False, faults=FAULT)
    return seen(*(replace(broken, at=each * 0.01) for each in range(number)))


def creates(*at_s: float, broken: int = 0) -> Observation:
    """Return creates that fail at these times, the first so many by a broken connection."""
    return seen(
        *(
            create(each, status=500, arrives=number >= broken, faults=FAULT)
            for number, each in enumerate(at_s)
        )
    )


FINAL_CREATE = create(status=401, faults=FAULT)

ROWS = {
    "six attempts": Row(BOUNDED, failing(6, status=400), KEPT),
    "seven": Row(BOUNDED, failing(7, status=400), "6 creates in a row, got 7 creates"),
    "seven without an answer": Row(BOUNDED, failing(7, status=None), "got 7 creates"),
    "seven that are cut off": Row(BOUNDED, failing(7, arrives=False), "got 7 creates"),
    "seven that do not fail": Row(BOUNDED, failing(7, status=399), KEPT),
    "seven, and a success between": Row(
        BOUNDED, seen(*(STRUCK,) * 4, create(), *(STRUCK,) * 3), KEPT
    ),
    "seven, then a success and two": Row(
        BOUNDED, seen(*(STRUCK,) * 7, create(), *(STRUCK,) * 2), "got 7 creates"
    ),
    "seven consumes": Row(
        BOUNDED, seen(*(STRUCK_CONSUME,) * 7), "6 consumes in a row, got 7 consumes"
    ),
    "nothing fails": Row(BOUNDED, seen(create()), NOT_OBSERVED),
    "only polls fail": Row(BOUNDED, seen(create(), STRUCK_POLL), NOT_OBSERVED),
    "two bursts of GET": Row(SPACED, lost(12, "GET"), KEPT),
    "a third one": Row(SPACED, lost(13, "GET"), "2 shorter pauses, down to 0.010s"),
    "two pairs of POST": Row(SPACED, lost(4, "POST"), KEPT),
    "a fifth POST": Row(SPACED, lost(5, "POST"), "2 shorter pauses, down to 0.010s"),
    "the first is repeated at once": Row(
        SPACED, creates(0.0, 0.15, 0.2, 0.25, 0.3, broken=3), KEPT
    ),
    "the first is repeated later": Row(
        SPACED, creates(0.0, 0.2, 0.25, 0.3, 0.35, broken=3), "down to 0.050s"
    ),
    "a later attempt is repeated at once": Row(
        SPACED,
        seen(
            STRUCK,
            *(create(each, arrives=each > 1.01) for each in (1.0, 1.01)),
            create(1.02, status=500),
        ),
        KEPT,
    ),
    "pauses at the border": Row(SPACED, creates(0.0, BORDER_S, 2 * BORDER_S), KEPT),
    "one short pause beside it": Row(SPACED, creates(0.0, BORDER_S, 0.1), KEPT),
    "two short pauses": Row(
        SPACED,
        creates(0.0, BORDER_S, BORDER_S + 0.05, BORDER_S + 0.07),
        "0.1s between attempts, got 2 shorter pauses, down to 0.020s",
    ),
    "two that do not follow each other": Row(SPACED, creates(0.0, 0.05, 1.0, 1.05), KEPT),
    "short pauses between consumes": Row(
        SPACED, seen(*(consume(each, status=500) for each in (0.0, 0.01, 0.02))), "2 shorter pauses"
    ),
    "Retry-After is kept": Row(AFTER, creates(0.0, 1.9, 5.0), KEPT),
    "Retry-After is not kept": Row(AFTER, creates(0.0, 2.0, 3.8), "a pause of 1.800s"),
    "no create is repeated": Row(AFTER, creates(0.0), KEPT),
    "no create met the fault": Row(AFTER, seen(create()), NOT_OBSERVED),
    "one create was acted on": Row(BLINDLY, seen(STRUCK, create(acted=False)), KEPT),
    "two were": Row(BLINDLY, seen(STRUCK, create(1.0)), "got 2 creates"),
    "one poll, and a failure": Row(PASSING, seen(STRUCK_POLL), "502 after 2.0s instead"),
    "one poll, and a success": Row(PASSING, seen(STRUCK_POLL, answers=(success(),)), KEPT),
    "two polls, and a failure": Row(PASSING, seen(STRUCK_POLL, poll(2.0)), KEPT),
    "no poll, and a failure": Row(PASSING, seen(), NOT_OBSERVED),
    "one create, and a failure": Row(BUSY, seen(STRUCK), "502 after 2.0s instead"),
    "one create, and a success": Row(BUSY, seen(STRUCK, answers=(success(),)), KEPT),
    "one create, and no answer": Row(BUSY, seen(STRUCK, answers=(got(None),)), NOT_OBSERVED),
    "one create that met no fault": Row(BUSY, seen(create()), NOT_OBSERVED),
    "two creates, and a failure": Row(BUSY, seen(STRUCK, create(1.0)), KEPT),
    "no create, and a failure": Row(BUSY, seen(), NOT_OBSERVED),
    "a final error once": Row(FINAL, seen(FINAL_CREATE), KEPT),
    "two final errors": Row(
        FINAL,
        seen(FINAL_CREATE, create(1.0, status=403, faults=FAULT)),
        "one create, got 2 creates, though the first got 401",
    ),
    "two final errors of consumes": Row(
        FINAL,
        seen(*(consume(each, status=404, faults=FAULT) for each in (1.0, 2.0))),
        "one consume, got 2 consumes",
    ),
    "a final error, and one that passes": Row(FINAL, seen(FINAL_CREATE, STRUCK), KEPT),
    "a final error, and one of Runway's own": Row(
        FINAL, seen(FINAL_CREATE, create(1.0, status=401)), KEPT
    ),
} | {
    f"{status} twice": Row(
        FINAL,
        seen(*(create(each, status=status, faults=FAULT) for each in (0.0, 1.0))),
        said,
    )
    for status, said in [
        *((each, f"got {each}") for each in (400, 401, 402, 403, 404)),
        *((each, KEPT) for each in (399, 405, 429)),
    ]
}


@pytest.mark.parametrize("name", ROWS)
def test_attempts_have_limits(name: str) -> None:
    """In number and in time, and none after an error that does not pass."""
    check(ROWS[name])
