"""The four upstream requests, one attempt each. Knows the wire; decides nothing.

Everything that can go wrong becomes an `UpstreamFailure` here, once. No word of an upstream's
answer leaves this module except the values that the contract names.

Source: the Runway OpenAPI document of 2024-11-06; consume from the official browser SDK 0.16.
"""

import asyncio
import re
from contextlib import nullcontext
from typing import Any

import aiohttp
import orjson
from aiohttp.http import HttpProcessingError

from gateway.flow.avatars import Avatar
from gateway.flow.credentials import RoomCredentials
from gateway.flow.exchange import AnswerTooLong, exchange_over
from gateway.flow.options import SessionOptions
from gateway.flow.polling import FailureReason, Hop, UpstreamFailure, parse_retry_after

_SESSIONS = "/v1/realtime_sessions"
_SAFE_IN_A_PATH = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SAFE_IN_A_HEADER = re.compile(r"[!-~]{1,4096}")
_NO_CREDITS = b"enough credits"  # observed: "You do not have enough credits to run this task."


class RunwayClient:
    """Speaks to one upstream with one secret. Every request can raise an `UpstreamFailure`.

    Args:
        http: without a timeout and a base URL of its own.
        base_url: without a trailing slash.
        attempt_s: how long a poll or a cancel may take before it counts as failed. Create and
            consume are never cut short: giving up on them does not undo them.
    """

    def __init__(
        self, http: aiohttp.ClientSession, *, base_url: str, secret: str, attempt_s: float
    ) -> None:
        self._exchange = exchange_over(http, base_url)
        self._secret = secret
        self._attempt_s = attempt_s

    async def create(self, avatar: Avatar, options: SessionOptions) -> str:
        """Create a session and return its id."""
        wanted = (
            {"type": "custom", "avatarId": avatar.id}
            if avatar.custom
            else {"type": "runway-preset", "presetId": avatar.id}
        )
        body = {"model": "gwm1_avatars", "avatar": wanted, **options.wire()}
        answer = await self._json(Hop.CREATE, "POST", _SESSIONS, self._secret, body)
        return _text(answer, "id", Hop.CREATE, _SAFE_IN_A_PATH)

    async def retrieve(self, session_id: str) -> tuple[str, str | None]:
        """Poll a session, and return its status, and its key if it is READY."""
        path = f"{_SESSIONS}/{session_id}"
        answer = await self._json(Hop.RETRIEVE, "GET", path, self._secret)
        status = _text(answer, "status", Hop.RETRIEVE)
        if status != "READY":
            return status, None
        return status, _text(answer, "sessionKey", Hop.RETRIEVE, _SAFE_IN_A_HEADER)

    async def consume(self, session_id: str, session_key: str) -> RoomCredentials:
        """Use the session's key, which works once."""
        path = f"{_SESSIONS}/{session_id}/consume"
        answer = await self._json(Hop.CONSUME, "POST", path, session_key, {})
        url, token, room = (_text(answer, key, Hop.CONSUME) for key in ("url", "token", "roomName"))
        return RoomCredentials(url, token, room)

    async def cancel(self, session_id: str) -> None:
        """Cancel a session; one that is unknown upstream counts as cancelled."""
        path = f"{_SESSIONS}/{session_id}"
        try:
            await self._send(Hop.CANCEL, "DELETE", path, self._secret)
        except UpstreamFailure as failure:
            if failure.status != 404:
                raise

    async def _json(
        self, hop: Hop, method: str, path: str, bearer: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = await self._send(hop, method, path, bearer, body)
        try:
            answer = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise UpstreamFailure(hop, FailureReason.UNREADABLE) from None
        if not isinstance(answer, dict):
            raise UpstreamFailure(hop, FailureReason.SCHEMA)
        return answer

    async def _send(
        self, hop: Hop, method: str, path: str, bearer: str, body: dict[str, Any] | None = None
    ) -> bytes | bytearray:
        """Send one request and return the body of a 2xx answer."""
        short = hop in (Hop.RETRIEVE, Hop.CANCEL)
        content = None if body is None else orjson.dumps(body)
        try:
            async with asyncio.timeout(self._attempt_s) if short else nullcontext():
                received = await self._exchange(
                    method, path, bearer=bearer, body=content, name=hop.value
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise UpstreamFailure(hop, FailureReason.REFUSED) from None
        except (aiohttp.ClientPayloadError, AnswerTooLong):
            raise UpstreamFailure(hop, FailureReason.UNREADABLE) from None
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            reason = (
                FailureReason.TIMEOUT if isinstance(error, TimeoutError) else FailureReason.BROKEN
            )
            raise UpstreamFailure(hop, reason) from None
        if received.status // 100 == 2:
            return received.body
        raise UpstreamFailure(
            hop,
            FailureReason.STATUS,
            status=received.status,
            retry_after_s=parse_retry_after(received.headers),
            no_credits=_NO_CREDITS in received.body,
            own_form=received.status == 404 and _is_error(received.body),
        )


def _is_error(body: bytes | bytearray) -> bool:
    """Return whether a body has the form of Runway's errors. Source: observed, live."""
    try:
        error = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(error, dict) and isinstance(error.get("error"), str)


def _text(answer: dict[str, Any], key: str, hop: Hop, form: re.Pattern[str] | None = None) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value or (form and not form.fullmatch(value)):
        raise UpstreamFailure(hop, FailureReason.SCHEMA)
    return value
