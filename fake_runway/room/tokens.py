"""LiveKit access tokens: what consume and connect_backend answer.

Runway's own tokens are LiveKit's; what they claim is unpublished. Ours admit a user (or a hidden
backend participant) to the room that is named like the session, until the session must have ended.
PyJWT warns that LiveKit's well-known dev secret is short. The dev secret is meant to be, so the
warning is silenced around the two calls that raise it, and nowhere else.

Source: LiveKit's documentation of access tokens and of its dev key pair.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fake_runway.core.sessions.session import Session


@dataclass(frozen=True, slots=True)
class LiveKit:
    """The LiveKit server that clients connect to, and the key pair that signs their tokens."""

    url: str = "ws://127.0.0.1:7880"
    api_key: str = "devkey"
    api_secret: str = "secret"

    def __repr__(self) -> str:
        return f"<LiveKit {self.url} as {self.api_key}>"

    def user(self, session: Session, *, now: float) -> dict[str, str]:
        """Return the credentials of the user: `{url, token, roomName}`."""
        return self._credentials(session, f"user:{session.id}", {"canPublish": True}, now)

    def backend(self, session: Session, *, now: float) -> dict[str, str]:
        """Return the credentials of a hidden participant that serves RPC tools."""
        grants = {"canPublish": False, "hidden": True}
        return self._credentials(session, f"backend:{session.id}", grants, now)

    def _credentials(
        self, session: Session, identity: str, grants: dict[str, bool], now: float
    ) -> dict[str, str]:
        ends_at = session.ends_at
        if ends_at is None:
            ends_at = (session.expires_at or now) + session.longest_s
        video = {
            "roomJoin": True,
            "room": session.plan.token_room or session.id,
            "canSubscribe": True,
            "canPublishData": True,
        }
        claims = {
            "iss": self.api_key,
            "sub": identity,
            "nbf": math.floor(now),
            "exp": math.ceil(ends_at),
            "video": video | grants,
        }
        return {"url": self.url, "token": mint(claims, self.api_secret), "roomName": session.id}


def mint(claims: dict[str, Any], secret: str) -> str:
    """Return `claims` as a JWT signed with HS256."""
    import jwt  # slow to import, and only a consume needs it

    with _short_secrets_allowed():
        return jwt.encode(claims, secret, algorithm="HS256")


def read(token: str, secret: str, *, now: float | None = None) -> dict[str, Any]:
    """Return the claims of a token after checking its signature, and its times if `now` is given.

    Raises:
        jwt.InvalidTokenError: the signature, the form, or the time at `now` is wrong.
    """
    import jwt

    with _short_secrets_allowed():
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_nbf": False},  # the world's clock decides
        )
    if now is not None and not claims["nbf"] <= now < claims["exp"]:
        times = f"{claims['nbf']} until {claims['exp']}"
        raise jwt.ExpiredSignatureError(f"expected a time from {times}, got {now}")
    return claims


@contextmanager
def _short_secrets_allowed() -> Iterator[None]:
    from jwt.warnings import InsecureKeyLengthWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        yield
