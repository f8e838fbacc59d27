"""Rejections: a code for programs, a status, and a text for people."""

import pytest

from fake_runway.core import errors
from fake_runway.core.errors import Refused

STATUSES = {
    "refused": 400,
    "unknown_session": 404,
    "unknown_task": 404,
    "unknown_router": 404,
    "unknown_workflow": 404,
    "unknown_avatar": 404,
    "unknown_voice": 404,
    "unknown_document": 404,
    "asset_not_ready": 400,
    "still_processing": 409,  # published
    "too_much_knowledge": 400,
    "nothing_to_update": 400,
    "unknown_conversation": 404,
    "asset_limit_reached": 400,
    "bad_cursor": 400,
    "expired_cursor": 400,
    "insufficient_credits": 402,  # the setup guide; the switch `errors` makes it the observed 400
    "quota_reached": 429,
    "key_refused": 401,
    "key_expired": 401,
    "not_ready": 400,
    "already_consumed": 400,  # SDKs would retry a 409
    "session_over": 400,
    "illegal_transition": 409,
    "wrong_report": 409,
}
KINDS = [each for each in vars(errors).values() if isinstance(each, type)]
REFUSALS = [each for each in KINDS if issubclass(each, Refused)]


def test_each_rejection_has_its_status() -> None:
    """Those that the published document, the guide and observations name."""
    assert {each.code: each.status for each in REFUSALS} == STATUSES
    assert len(REFUSALS) == len(STATUSES)


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.code)
def test_a_rejection_carries_its_text_and_when_to_try_again(kind: type[Refused]) -> None:
    """By default there is no such instant, and no header of its own."""
    plain, timed = kind("Why."), kind("Why.", retry_after_s=2.5)
    assert (str(plain), plain.message, plain.retry_after_s) == ("Why.", "Why.", None)
    assert timed.retry_after_s == 2.5
    assert dict(plain.headers) == {}
