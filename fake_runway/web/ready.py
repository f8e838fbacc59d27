"""Whole answers as the bytes that go over a connection.

`aiohttp.web.Response` does the same with an object for each answer, its headers and its writer,
which cost more than everything that the fake does for a poll. The bytes are the same: a test
compares them. What an answer needs beyond that (pieces, waits, HTTP/1.0) is left to aiohttp.
"""

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

import orjson
from aiohttp.http import SERVER_SOFTWARE

from fake_runway.core.faults.effects.base import Delivery
from fake_runway.web import cors
from fake_runway.web.replies import Rendered, Reply

CONTENT_TYPE = "application/json; charset=utf-8"

_ORIGIN = "".join(f"{name}: {value}\r\n" for name, value in cors.ORIGIN.items())
_BODYLESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_PHRASES = {int(each): each.phrase for each in HTTPStatus if each >= HTTPStatus.OK}


class ReadyAnswers:
    """Writes answers to HTTP/1.1 requests on connections that are kept.

    Args:
        now: real POSIX seconds, for the Date header.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._second = -1
        self._ending = b""  # the last headers, which are the same for a second
        self._json_heads: dict[int, bytes] = {}  # by status

    def written(self, answer: Reply | Delivery) -> bytes | None:
        """Return the whole answer; None: aiohttp has to write it, or refuse to."""
        if (second := int(self._now())) != self._second:
            self._second = second
            date = formatdate(second, usegmt=True)
            self._ending = f"\r\nDate: {date}\r\nServer: {SERVER_SOFTWARE}\r\n\r\n".encode()
        status, body = answer.status, answer.body
        if body is None or answer.headers:
            return self._with_own_headers(answer)
        raw = body.raw if type(body) is Rendered else _raw(body)
        head = self._json_heads.get(status)
        if head is None:
            if (head := _head(status, {"Content-Type": CONTENT_TYPE})) is None:
                return None
            self._json_heads[status] = head = head + b"Content-Length: "
        return b"%b%d%b%b" % (head, len(raw), self._ending, raw)

    def _with_own_headers(self, answer: Reply | Delivery) -> bytes | None:
        body = answer.body
        headers: dict[str, str] = {} if body is None else {"Content-Type": CONTENT_TYPE}
        known = {name.lower(): name for name in headers}
        for name, text in answer.headers.items():
            headers[known.get(name.lower(), name)] = text
        head = _head(answer.status, headers)
        if head is None:
            return None
        if answer.status in _BODYLESS:
            return None if body is not None else head[:-2] + self._ending
        raw = b"" if body is None else _raw(body)
        return b"%bContent-Length: %d%b%b" % (head, len(raw), self._ending, raw)


def _raw(body: object) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)


def _head(status: int, headers: dict[str, str]) -> bytes | None:
    """Return the status line and headers; None if aiohttp would write others, or refuse."""
    if status not in _PHRASES:
        return None
    lines = [f"HTTP/1.1 {status} {_PHRASES[status]}\r\n", _ORIGIN]
    for name, text in headers.items():
        if not (name + text).isprintable() or name.lower() in _NOT_OURS:
            return None
        lines.append(f"{name}: {text}\r\n")
    return "".join(lines).encode()


_NOT_OURS = frozenset(
    {"content-length", "transfer-encoding", "connection", "date", "server"}
    | {name.lower() for name in cors.ORIGIN}
)
