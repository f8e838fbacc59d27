"""What the flow reports of a connect while it goes on."""

from gateway.flow.polling import UpstreamFailure


class Watch:
    """Is called with each event of a connect, and ignores it; a subclass overrides what it wants.

    Methods must be quick, and must not raise.
    """

    def upstream_failed(self, failure: UpstreamFailure) -> None:
        """One upstream request failed; it may be retried."""

    def created(self) -> None:
        """The upstream made a session."""

    def ready(self, after_s: float, polls: int) -> None:
        """A session is READY, so many seconds after its creation and after so many polls."""

    def cancelled(self, session_id: str) -> None:
        """A session that was not handed out is cancelled."""

    def left_behind(self, session_id: str) -> None:
        """A session that was not handed out could not be cancelled, and costs until it ends."""

    def lost(self) -> None:
        """A session with an unknown id may exist: the reply to create was lost."""
