"""What the avatar can do in its room, and what may become of a tool call.

The player of a script knows rooms by this alone, so that it can be tried without one.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

GRACE_S = 10.0
"""Seconds of real time in which a client whose socket was lost can come back."""


LateAnswer = Callable[[Any, str | None], None]
"""Takes the result and the error of a tool call that was given up, as of `ToolAnswer`."""


def ignored(result: Any, error: str | None) -> None:
    """Do nothing with a late answer."""


class ToolTimeout(Exception):
    """The participant that serves the tool did not answer in time."""


class ToolFailed(Exception):
    """The participant that serves the tool answered with an error, or there is none."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Room(Protocol):
    """One room, from the side of the avatar."""

    session_id: str

    def announce(self) -> None:
        """Let the avatar appear; at the join unless the script says otherwise."""

    def talking(self, on: bool) -> None:
        """Move the mouth and sound like a voice, or stop that."""

    def transcript(self, role: str, turn: int, delta: str) -> None:
        """Send what was said; turns rise over the whole session."""

    def client_event(self, tool: str, args: Mapping[str, Any]) -> None:
        """Send a client event."""

    async def call_tool(
        self, tool: str, args: Mapping[str, Any], timeout_s: float, late: LateAnswer = ignored
    ) -> Any:
        """Call a tool of the hidden backend, or of any participant that answers.

        Args:
            late: called with an answer that comes after `ToolTimeout`, while the call lasts.

        Raises:
            ToolTimeout, ToolFailed.
        """

    def send_raw(self, data: bytes, times: int = 1) -> None:
        """Send a user packet, as often as said."""

    def freeze_video(self, on: bool) -> None:
        """Repeat the last picture, or stop that."""

    def mute_audio(self, on: bool) -> None:
        """Send silence, or stop that."""

    def drop_socket(self) -> None:
        """Lose the signalling sockets, as a broken network would."""

    async def user_spoke(self) -> float:
        """Wait until a user has spoken and is silent again; return the seconds of speech."""

    async def close(self, reason: str) -> None:
        """Send every participant away; `reason` is the name of a LiveKit DisconnectReason."""
