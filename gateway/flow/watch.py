"""What the flow tells of a connect while it goes on."""

from typing import Protocol

from gateway.flow.polling import UpstreamFailure


class Watch(Protocol):
    """Is told what happens. Must be quick, and must not raise."""

    def upstream_failed(self, failure: UpstreamFailure) -> None:
        """One upstream request failed; it may be tried again."""

    def created(self) -> None:
        """The upstream made a session."""

    def ready(self, after_s: float, looks: int) -> None:
        """A session was seen READY, so many seconds after its creation and after so many looks."""

    def cancelled(self, session_id: str) -> None:
        """A session that was not handed out is cancelled."""

    def left_behind(self, session_id: str) -> None:
        """A session that was not handed out could not be cancelled: somebody pays for it."""

    def lost(self) -> None:
        """There may be a session whose id nobody can know: the reply to create was lost."""


class Unwatched:
    """A watch that looks away."""

    def upstream_failed(self, failure: UpstreamFailure) -> None:
        """Look away."""

    def created(self) -> None:
        """Look away."""

    def ready(self, after_s: float, looks: int) -> None:
        """Look away."""

    def cancelled(self, session_id: str) -> None:
        """Look away."""

    def left_behind(self, session_id: str) -> None:
        """Look away."""

    def lost(self) -> None:
        """Look away."""
