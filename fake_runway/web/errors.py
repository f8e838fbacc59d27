"""Why a request is refused before it reaches an account: its route, headers, id or body.

Side headers (`X-Fake-...`) hold what the provider's envelope has no room for: which rule refused
the call, where in the body, which route was probably meant.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from contracts.wire.problems import Problem
from fake_runway.core.errors import Refused


class RequestRefused(Refused):
    """The request is wrong in itself, for any account.

    Args:
        where: the place in the request that is wrong; sent as X-Fake-Where.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.headers: dict[str, str] = {"X-Fake-Where": where} if where else {}


class UnknownRoute(RequestRefused):
    """No operation has this path."""

    code: ClassVar[str] = "unknown_route"
    status = 404

    def __init__(self, nearest: str | None) -> None:
        super().__init__("Not found.")
        if nearest:
            self.headers["X-Fake-Nearest-Route"] = nearest


class BadPath(RequestRefused):
    """The path has escapes that are none, or that are no text."""

    code = "bad_path"

    def __init__(self, problem: str) -> None:
        super().__init__("The path cannot be decoded.", where=f"path: {problem}")


class MethodNotAllowed(RequestRefused):
    """The path has other methods."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: Iterable[str], template: str | None = None) -> None:
        super().__init__("Method not allowed.")
        self.headers["Allow"] = ", ".join(sorted(allowed))
        if template is not None:
            self.headers["X-Fake-Nearest-Route"] = template


class BadVersion(RequestRefused):
    """X-Runway-Version is missing or not the one that exists."""

    code = "bad_version"


class BadId(RequestRefused):
    """The id in the path is no version 4 UUID."""

    code = "bad_id"


class BadBody(RequestRefused):
    """The body is not JSON, or its operation takes another.

    Args:
        problems: the rules of its shape that it breaks.
    """

    code = "bad_body"

    def __init__(self, message: str, *, where: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, where=where)
        self.problems = problems


class WrongContentType(RequestRefused):
    """The declared content type is not JSON."""

    code = "wrong_content_type"
    status = 415


class BodyTooDeep(RequestRefused):
    """The body is nested more deeply than the limit."""

    code = "body_too_deep"


class BodyTooLarge(RequestRefused):
    """The body is longer than the limit, or has more values."""

    code = "body_too_large"
    status = 413


class InternalError(RequestRefused):
    """A defect of the fake. The log has the traceback."""

    code = "internal"
    status = 500


class BodyTooSlow(RequestRefused):
    """A large body has not come in time."""

    code = "body_too_slow"
    status = 408


class NoRoomForBody(RequestRefused):
    """Other large bodies take up the memory for them."""

    code = "no_room_for_body"
    status = 503


class BadForm(RequestRefused):
    """A body is no form with a file in it, or lacks a field."""

    code = "bad_form"
