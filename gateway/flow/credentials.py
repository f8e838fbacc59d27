"""The two shapes of an answer that the official browser SDKs accept.

An answer with the keys of both would make one SDK skip consume and the other one consume twice.

Source: `@runwayml/avatars` and `@runwayml/avatars-react` 0.16.
"""

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """Who consumes the session."""

    CREDENTIALS = "credentials"  # the gateway
    SESSION_KEY = "session-key"  # the browser


@dataclass(frozen=True, slots=True, repr=False)
class RoomCredentials:
    """What consume returns: the room's WebRTC server, name, and a token for it."""

    url: str
    token: str
    room_name: str


@dataclass(frozen=True, slots=True, repr=False)
class HandedOut:
    """A session that a caller gets: with the room's credentials, or with the key to fetch them."""

    session_id: str
    grant: RoomCredentials | str

    def body(self) -> dict[str, str]:
        """Return the answer's JSON: `url` of consume is `serverUrl` here."""
        if isinstance(self.grant, str):
            return {"sessionId": self.session_id, "sessionKey": self.grant}
        return {
            "sessionId": self.session_id,
            "serverUrl": self.grant.url,
            "token": self.grant.token,
            "roomName": self.grant.room_name,
        }
