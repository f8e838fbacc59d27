"""The core's rejections, each with a stable code and an HTTP status.

The texts marked *observed* were seen on the real API; the others are assumed, because no capture
exists. Programs should read `code` (which the fake sends in a side header), people the text.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar


class Refused(Exception):
    """A call the account does not carry out. Nothing has changed when this is raised.

    Attributes:
        headers: they go out with the answer.
        issues: the single mistakes of the request, where the answer lists them.
        fields: of its body, beside the text.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    headers: Mapping[str, str] = MappingProxyType({})
    issues: Sequence[Mapping[str, Any]] = ()
    fields: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class UnknownSession(Refused):
    """No session of this world has that id, or it was evicted (retention)."""

    code = "unknown_session"
    status = 404


class UnknownTask(Refused):
    """No task of this world has that id, it was deleted, or it was evicted (retention)."""

    code = "unknown_task"
    status = 404


class UnknownRouter(Refused):
    """No router of this world has that id, or it was deleted."""

    code = "unknown_router"
    status = 404


class UnknownWorkflow(Refused):
    """No published workflow of this world has a version with that id."""

    code = "unknown_workflow"
    status = 404


class UnknownAvatar(Refused):
    """No custom avatar of this world has that id."""

    code = "unknown_avatar"
    status = 404


class UnknownVoice(Refused):
    """No custom voice of this world has that id."""

    code = "unknown_voice"
    status = 404


class UnknownDocument(Refused):
    """No document of this world has that id."""

    code = "unknown_document"
    status = 404


class AssetNotReady(Refused):
    """A call names an avatar, a voice or a document that is processed, or has failed."""

    code = "asset_not_ready"
    status = 400


class StillProcessing(Refused):
    """The reference image of an avatar cannot be changed before it is processed."""

    code = "still_processing"
    status = 409


class TooMuchKnowledge(Refused):
    """A document, or the documents of an avatar, have more text than they may have."""

    code = "too_much_knowledge"
    status = 400


class NothingToUpdate(Refused):
    """An update names no field."""

    code = "nothing_to_update"
    status = 400


class UnknownConversation(Refused):
    """No session of this world has that id, or its conversation was deleted."""

    code = "unknown_conversation"
    status = 404


class AssetLimitReached(Refused):
    """The account has as many stored resources of a kind as it may have."""

    code = "asset_limit_reached"
    status = 400


class BadCursor(Refused):
    """No page of this list ended with that cursor."""

    code = "bad_cursor"
    status = 400


class ExpiredCursor(Refused):
    """The cursor was right, and can no longer be used."""

    code = "expired_cursor"
    status = 400


class InsufficientCredits(Refused):
    """Fewer credits are left than a session costs at creation."""

    code = "insufficient_credits"
    status = 402


class QuotaReached(Refused):
    """The sessions created in the last 24 hours have used up the daily quota."""

    code = "quota_reached"
    status = 429


class KeyRefused(Refused):
    """The session key is missing or belongs to no such session."""

    code = "key_refused"
    status = 401


class KeyExpired(Refused):
    """The session key was right, but the session was not consumed in time."""

    code = "key_expired"
    status = 401


class NotReady(Refused):
    """The session is still queued or being provisioned."""

    code = "not_ready"


class AlreadyConsumed(Refused):
    """The key was used: of any number of consumes exactly one is answered with credentials.

    400 and not 409, because the official SDKs retry a 409 on their own.
    """

    code = "already_consumed"


class SessionOver(Refused):
    """The session has ended."""

    code = "session_over"


class IllegalTransition(Refused):
    """The table has no row for this event in this state."""

    code = "illegal_transition"
    status = 409


class WrongReport(Refused):
    """A report that contradicts what is known of the call, or on a session without a room."""

    code = "wrong_report"
    status = 409
