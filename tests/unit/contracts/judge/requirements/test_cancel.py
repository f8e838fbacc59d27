"""Checks of cancels, on connects written by hand."""

import pytest

from tests.support.judge.connects import (
    FAULT,
    KEPT,
    LIVE,
    NOT_OBSERVED,
    OTHER,
    STRUCK_POLL,
    Row,
    cancel,
    check,
    create,
    got,
    lived,
    poll,
    seen,
    success,
)
from tests.support.judge.made_reports import SESSION

FAILURE, GONE = "cancel.after-a-failure", "cancel.caller-gone"
GONE_SOON, DELAYS, AGAIN = "cancel.caller-gone-soon", "cancel.delays-nobody", "cancel.again"
TWO = (create(), create(session=OTHER), STRUCK_POLL)
OTHER_LIVE = lived(id_=OTHER)
LEFT = got(None, 1.0)
OVER = lived((2.0, "cancelled"))
NONE = "none, and the session is provisioning"

ROWS = {
    "nothing is cancelled": Row(FAILURE, seen(create(), STRUCK_POLL), NONE),
    "one of two is handed out": Row(
        FAILURE, seen(*TWO, answers=(success(),), sessions=(LIVE, OTHER_LIVE)), NOT_OBSERVED
    ),
    "the target was still at work": Row(
        FAILURE, seen(create(), STRUCK_POLL, answers=(got(None),)), NOT_OBSERVED
    ),
    "its caller left": Row(GONE, seen(create(), answers=(got(None),), leaves_after_s=1.0), NONE),
    "its caller was to leave, and was answered": Row(
        GONE, seen(create(), leaves_after_s=1.0), NONE
    ),
    "it is cancelled": Row(
        FAILURE, seen(create(), STRUCK_POLL, cancel(2.0), sessions=(OVER,)), KEPT
    ),
    "only the first of two is cancelled": Row(
        FAILURE, seen(*TWO, cancel(2.0), sessions=(OVER, OTHER_LIVE)), f"a DELETE of {OTHER}"
    ),
    "the end was shown for another session": Row(
        FAILURE, seen(create(), poll(1.0, "FAILED", session=OTHER)), NONE
    ),
    "the end was shown in an answer that was cut off": Row(
        FAILURE, seen(create(), poll(1.0, "FAILED", arrives=False)), NONE
    ),
    "a DELETE did not succeed": Row(
        FAILURE, seen(create(), STRUCK_POLL, cancel(2.0, status=404)), "one that did not succeed"
    ),
    "a DELETE of another session": Row(
        FAILURE, seen(create(), STRUCK_POLL, cancel(2.0, session=OTHER)), NONE
    ),
    "Runway refused the DELETE": Row(
        FAILURE, seen(create(), STRUCK_POLL, cancel(2.0, status=500, faults=FAULT)), KEPT
    ),
    "Runway refused the first of two": Row(
        FAILURE,
        seen(*TWO, cancel(2.0, status=500, faults=FAULT), sessions=(LIVE, OTHER_LIVE)),
        f"a DELETE of {OTHER}",
    ),
    "a cancel five seconds after its caller left": Row(
        GONE_SOON, seen(create(), cancel(6.0), answers=(LEFT,)), KEPT
    ),
    "a later one": Row(
        GONE_SOON,
        seen(create(), cancel(6.5), answers=(LEFT,)),
        f"a DELETE of {SESSION} within 5s, got one 5.5s after",
    ),
    "the first cancel counts": Row(
        GONE_SOON, seen(create(), cancel(2.0), cancel(9.0), answers=(LEFT,)), KEPT
    ),
    "a late cancel, where the machine was late": Row(
        GONE_SOON, seen(create(), cancel(7.0), answers=(LEFT,), lost_s=1.0), KEPT
    ),
    "the second of two is cancelled late, the first never": Row(
        GONE_SOON,
        seen(*TWO, cancel(9.0, session=OTHER), answers=(LEFT,), sessions=(LIVE, OTHER_LIVE)),
        f"a DELETE of {OTHER} within 5s, got one 8.0s after",
    ),
    "a late cancel of what had failed": Row(
        GONE_SOON,
        seen(create(), cancel(9.0), answers=(LEFT,), sessions=(lived((2.0, "failed")),)),
        NOT_OBSERVED,
    ),
    "a late cancel, and the caller was answered": Row(
        GONE_SOON, seen(create(), cancel(9.0)), NOT_OBSERVED
    ),
    "the answer comes at the end of the slack": Row(
        DELAYS, seen(cancel(1.0), answers=(got(502, 9.5),)), KEPT
    ),
    "the answer comes after it": Row(
        DELAYS, seen(cancel(1.0), answers=(got(502, 9.6),)), "within 8s"
    ),
    "the machine lost a second": Row(
        DELAYS, seen(cancel(1.0), answers=(got(502, 10.5),), lost_s=1.0), KEPT
    ),
    "the machine lost less": Row(
        DELAYS, seen(cancel(1.0), answers=(got(502, 10.6),), lost_s=1.0), "502 after 10.6s"
    ),
    "the cancel comes with the late answer": Row(
        DELAYS, seen(cancel(9.6), answers=(got(502, 9.6),)), KEPT
    ),
    "the cancel hangs at another session's end": Row(
        DELAYS, seen(cancel(9.7), answers=(got(502, 9.6), got(502, 2.0))), KEPT
    ),
    "no cancel was tried": Row(AGAIN, seen(create()), NOT_OBSERVED),
    "one cancel failed": Row(AGAIN, seen(cancel(1.0, status=500, faults=FAULT)), "none after"),
    "another followed": Row(AGAIN, seen(cancel(1.0, status=500, faults=FAULT), cancel(2.0)), KEPT),
    "what was handed out is cancelled": Row(
        "cancel.not-what-was-handed-out", seen(cancel(3.0), answers=(success(),)), "DELETE"
    ),
    "another session is cancelled": Row(
        "cancel.not-what-was-handed-out",
        seen(cancel(3.0, session=OTHER), answers=(success(),)),
        KEPT,
    ),
    "the create was answered late, and its session stays": Row(
        "cancel.late-id", seen(create()), NONE
    ),
} | {
    f"a poll showed {status}": Row(FAILURE, seen(create(), poll(1.0, status)), KEPT)
    for status in ("COMPLETED", "FAILED", "CANCELLED")
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_not_handed_out_is_cancelled(name: str) -> None:
    """Each session that the target knows, unless it is over; before the deadline of the caller."""
    check(ROWS[name])
