"""LiveKit access tokens: what consume and connect_backend answer.

Runway's own tokens are LiveKit's; what they claim is unpublished. Ours admit a user (or a hidden
backend participant) to the room that is named like the session, until the session must have ended.
PyJWT reads tokens. It warns that LiveKit's well-known dev secret is short. The dev secret is meant
to be, so the warning is silenced around that call, and nowhere else.

Source: LiveKit's documentation of access tokens and of its dev key pair.
"""

import hmac
import json
import math
import warnings
from binascii import b2a_base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from fake_runway.core.sessions.session import Session
from fake_runway.core.values import dataclass
from fake_runway.room.named import Reach

LEEWAY_S = 60.0
"""How far the clocks of two machines may be apart when a token is checked."""

LONGEST_IDENTITY = 200


@dataclass(frozen=True, slots=True)
class LiveKit:
    """The LiveKit server that clients connect to, and the key pair that signs their tokens.

    Attributes:
        url: where it is; of a hosted one empty: at the host that a call was made to.
        hosted: it is the room that the fake serves on its own port.
        joined: the fake joins each session's room there, as its avatar.
        reach: where the avatar joins a room that a create names.
    """

    url: str = "ws://127.0.0.1:7880"
    api_key: str = "devkey"
    api_secret: str = "secret"
    hosted: bool = False
    joined: bool = False
    reach: Reach = Reach.LOOPBACK

    def __repr__(self) -> str:
        return f"<LiveKit {self.url or 'here'} as {self.api_key}>"

    def address(self, *, host: str, world: str) -> str:
        """Return the URL that clients connect to.

        Args:
            host: with its port, where the fake was called.
            world: the name of the world whose room it is; a room of our own has it in its path.
        """
        return f"{self.url or f'ws://{host}'}/w/{world}" if self.hosted else self.url

    def user(self, session: Session, *, now: float, url: str = "") -> dict[str, str]:
        """Return the credentials of the user: `{url, token, roomName}`.

        Args:
            url: where the room is; empty: at `self.url`.
        """
        return self._credentials(session, f"user:{session.id}", {"canPublish": True}, now, url)

    def backend(self, session: Session, *, now: float, url: str = "") -> dict[str, str]:
        """Return the credentials of a hidden participant that serves RPC tools; see `user`."""
        grants = {"canPublish": False, "hidden": True}
        return self._credentials(session, f"backend:{session.id}", grants, now, url)

    def viewer(self, session: Session, *, now: float) -> str:
        """Return a token of one who watches the call, as often as wanted, and is in it for none."""
        grants = {"canPublish": False, "canPublishData": False, "hidden": True, "viewer": True}
        return self._credentials(session, f"viewer:{session.id}", grants, now, "")["token"]

    def avatar(self, session: Session, *, now: float, hidden: bool = False) -> dict[str, str]:
        """Return the credentials of the avatar; see `user`. `hidden`: it has yet to appear."""
        grants = {"canPublish": True, "hidden": hidden}
        return self._credentials(
            session, f"worker:{session.id}", grants, now, "", room=session.id, kind="agent"
        )

    def closer(self, session: Session, *, now: float) -> str:
        """Return a token that lets its holder delete the room of a session, for a minute."""
        claims = {
            "iss": self.api_key,
            "nbf": math.floor(now),
            "exp": math.ceil(now + 60),
            "video": {"roomCreate": True, "room": session.id},
        }
        return mint(claims, self.api_secret)

    def _credentials(
        self,
        session: Session,
        identity: str,
        grants: dict[str, bool],
        now: float,
        url: str,
        *,
        room: str = "",
        **more: str,
    ) -> dict[str, str]:
        ends_at = session.ends_at
        if ends_at is None:
            ends_at = (session.expires_at or now) + session.longest_s
        video = {
            "roomJoin": True,
            "room": room or session.plan.token_room or session.id,
            "canSubscribe": True,
            "canPublishData": True,
        }
        claims = {
            "iss": self.api_key,
            "sub": identity,
            "nbf": math.floor(now),
            "exp": math.ceil(ends_at),
            "video": video | grants,
            **more,
        }
        token = mint(claims, self.api_secret)
        return {"url": url or self.url, "token": token, "roomName": session.id}


class JoinRefused(Exception):
    """A client may not join.

    Attributes:
        status: of the answer to LiveKit's clients.
        plain_status: to others, where HTTP has a better one.
        message: the body of the answer. Applications show it to their users.
    """

    def __init__(self, status: int, message: str, *, plain_status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.plain_status = plain_status or status
        self.message = message


@dataclass(frozen=True, slots=True)
class Admission:
    """What a token lets its holder do.

    Attributes:
        identity: of the participant. A second one of the same identity takes over.
        hidden: other participants do not see it.
        viewer: it watches, and nothing that it does is reported.
    """

    identity: str
    room: str
    name: str = ""
    metadata: str = ""
    hidden: bool = False
    viewer: bool = False
    can_publish: bool = True
    can_publish_data: bool = True
    can_subscribe: bool = True


def admit(token: str, livekit: LiveKit, *, now: float) -> Admission:
    """Return what `token` lets its holder do at `now`, POSIX seconds of the world's clock.

    The statuses are those of livekit-server: 401 for a token that is no good or grants no join,
    400 for one without an identity. The texts are ours.

    Raises:
        JoinRefused: the token does not let its holder join any room.
    """
    import jwt

    if not token:
        raise JoinRefused(
            401, "expected a token in access_token or in the Authorization header, got none"
        )
    try:
        claims = read(token, livekit.api_secret)
    except jwt.InvalidTokenError:  # its text may quote the token
        raise JoinRefused(
            401, "expected a token signed with HS256 by this server's secret, got another"
        ) from None
    if claims.get("iss") != livekit.api_key:
        raise JoinRefused(401, f"expected a token of the API key {livekit.api_key}, got another")
    begins, ends = _instant(claims.get("nbf", 0)), _instant(claims.get("exp"))
    if begins is None or ends is None:
        raise JoinRefused(401, "expected a token with an end (exp), got one without")
    if not begins - LEEWAY_S <= now < ends + LEEWAY_S:
        times = f"from {begins:.0f} until {ends:.0f}, in seconds of 1970"
        raise JoinRefused(401, f"expected a token that holds now, at {now:.0f}; got one {times}")
    video = claims.get("video")
    if not isinstance(video, Mapping) or video.get("roomJoin") is not True:
        raise JoinRefused(401, "expected a token with the grant roomJoin, got one without")
    room, identity = video.get("room"), claims.get("sub")
    if not isinstance(room, str) or not room:
        raise JoinRefused(401, "expected a token that names a room, got one without")
    if not isinstance(identity, str) or not identity:
        raise JoinRefused(400, "expected a token with an identity (sub), got one without")
    if len(identity) > LONGEST_IDENTITY:
        raise JoinRefused(
            400,
            f"expected an identity of at most {LONGEST_IDENTITY} characters, got {len(identity)}",
        )
    return Admission(
        identity,
        room,
        name=_text(claims.get("name")),
        metadata=_text(claims.get("metadata")),
        hidden=video.get("hidden") is True,
        viewer=video.get("viewer") is True,
        can_publish=video.get("canPublish") is not False,
        can_publish_data=video.get("canPublishData") is not False,
        can_subscribe=video.get("canSubscribe") is not False,
    )


def _instant(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 1e15:
        return None
    return float(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def mint(claims: dict[str, Any], secret: str) -> str:
    """Return `claims` as a JWT signed with HS256: as `jwt.encode` does, in a tenth of its time.

    PyJWT makes the header anew each time and parses the secret in several ways, in case it is a key
    of another kind. With the warning silenced that took 40 us of CPU, a third of a consume.
    """
    payload = orjson.dumps(claims)
    if not payload.isascii():
        payload = json.dumps(claims, separators=(",", ":")).encode()  # escapes it, as PyJWT does
    signed = b"%b.%b" % (_HEADER, _base64url(payload))
    signature = hmac.digest(secret.encode(), signed, "sha256")
    return (b"%b.%b" % (signed, _base64url(signature))).decode()


_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")


def _base64url(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).translate(_URL_ALPHABET).rstrip(b"=")


_HEADER = _base64url(b'{"alg":"HS256","typ":"JWT"}')


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
