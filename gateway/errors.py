"""The ways in which a caller of the gateway can be refused: one class per row of the contract.

`code` is stable. Messages are for people and never hold a key, a token or a word of the upstream.
"""

import math
from typing import ClassVar


class GatewayError(Exception):
    """A connect that ends without credentials, as the caller sees it.

    Attributes:
        retry_after_s: when trying again may help; sent as Retry-After, rounded up.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: ClassVar[str] = "Internal error"

    def __init__(self, message: str | None = None, *, retry_after_s: float | None = None) -> None:
        self.text = message or self.message
        self.retry_after_s = retry_after_s
        super().__init__(self.text)

    def headers(self) -> dict[str, str]:
        """Return the headers that the answer has for this error."""
        if self.retry_after_s is None:
            return {}
        return {"Retry-After": str(max(1, math.ceil(self.retry_after_s)))}


class InvalidRequest(GatewayError):
    """The request is wrong in itself; the upstream was not called."""

    status, code, message = 400, "invalid_request", "Invalid request"


class UnsupportedMediaType(GatewayError):
    """The body is not declared to be JSON."""

    status, code, message = 415, "unsupported_media_type", "Content-Type must be application/json"


class PayloadTooLarge(GatewayError):
    """The body is longer than any sensible request."""

    status, code, message = 413, "payload_too_large", "Request body too large"


class Unauthorized(GatewayError):
    """Missing or invalid credentials.

    Args:
        wrong: what is wrong with the token, for the caller's developer; None: there is no token.
    """

    status, code, message = 401, "unauthenticated", "Authentication required"

    def __init__(self, wrong: str | None = None) -> None:
        super().__init__(f"Invalid token: {wrong}" if wrong else None)
        self.wrong = wrong

    def headers(self) -> dict[str, str]:
        """Return the challenge of RFC 6750."""
        challenge = 'Bearer realm="gateway"'
        if self.wrong:
            challenge += f', error="invalid_token", error_description="{self.wrong}"'
        return {"WWW-Authenticate": challenge}


class AuthUnavailable(GatewayError):
    """No caller can be authenticated now: the keys that tokens are checked with are unavailable."""

    status, code, message = 503, "auth_unavailable", "Authentication is not available"


class RateLimited(GatewayError):
    """This caller connects too often."""

    status, code, message = 429, "rate_limited", "Too many connects"


class TooManySessions(GatewayError):
    """As many connects are in flight as the operator allows, over all callers."""

    status, code, message = 429, "too_many_sessions", "Too many sessions in the making"


class LimitsUnavailable(GatewayError):
    """The storage of the limits cannot be reached, and the operator lets no connect pass then."""

    status, code, message = 503, "limits_unavailable", "Service is not available"


class Overloaded(GatewayError):
    """The fair queue is full."""

    status, code, message = 503, "overloaded", "Too many callers are waiting"


class NotFound(GatewayError):
    """No such path."""

    status, code, message = 404, "not_found", "Not found"


class MethodNotAllowed(GatewayError):
    """The path exists, with other methods."""

    status, code, message = 405, "method_not_allowed", "Method not allowed"


class UnknownAvatar(GatewayError):
    """Not on the allow-list, or the upstream does not know the custom avatar."""

    status, code, message = 404, "unknown_avatar", "Unknown avatar"


class TimedOut(GatewayError):
    """No credentials by the deadline, whatever the reason for the wait."""

    status, code, message = 504, "timeout", "Session creation timed out"


class SessionFailed(GatewayError):
    """The session ended, or began to run, while the gateway waited for it.

    Attributes:
        over: it has ended, so there is nothing to cancel.
    """

    status, code, message = 500, "session_failed", "Session failed"

    def __init__(self, session_status: str) -> None:
        super().__init__(f"{self.message}: {session_status.lower()}")
        self.over = session_status != "RUNNING"


class UpstreamAuth(GatewayError):
    """The upstream refuses the operator's secret. Not the caller's fault, so never 401."""

    status, code, message = 500, "upstream_auth", "Failed to create session"


class CreateRejected(GatewayError):
    """The upstream refuses to create this session: moderation, an avatar still processing."""

    status, code, message = 500, "create_rejected", "Session was rejected"


class InsufficientCredits(GatewayError):
    """The operator's account cannot pay for a session."""

    status, code, message = 503, "insufficient_credits", "Service is out of credits"


class UpstreamBusy(GatewayError):
    """The upstream limits the rate, and waiting longer does not fit into the deadline."""

    status, code, message = 503, "upstream_busy", "Too many sessions at the moment"


class UpstreamBroken(GatewayError):
    """The upstream fails, cannot be reached, or answers what the contract does not know."""

    status, code, message = 502, "upstream_error", "Bad answer from the session service"


class ShuttingDown(GatewayError):
    """The gateway stops; another replica may answer."""

    status, code, message = 503, "shutting_down", "Service is shutting down"
