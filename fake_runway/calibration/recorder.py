"""A pass-through in front of an endpoint, which writes what it saw as a recording (HAR 1.2).

The file is a whole recording after every exchange, whatever ends the program. No secret gets into
it: neither the API secret nor keys, tokens and cookies, in no place.
"""

import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from fake_runway.calibration.har import LARGEST_HAR
from fake_runway.clock import precise, wall_clock
from fake_runway.core.history.redaction import (
    REDACTED,
    redacted_body,
    redacted_object,
    redacted_text,
)
from fake_runway.core.text import printable
from fake_runway.version import __version__

LARGEST_KEPT = 256 * 1024
"""Bytes of a body that the recording has; all of it is passed on."""

LONGEST_TEXT = 2_000
"""Characters of a text inside of a body; longer ones, such as data URIs, are cut."""

_OF_A_CONNECTION = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding"),
    }
)
_SECRET_HEADERS = frozenset(("authorization", "cookie", "set-cookie", "proxy-authorization"))
_END = b"\n]}}\n"
_DEEPEST = 50
_NO_ANSWER = 502


class CannotWrite(Exception):
    """The file cannot be written. The message says why."""


class Recording:
    """A file that grows by an exchange at a time, and is a whole recording in between.

    Raises:
        CannotWrite: the file is there already, or cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self.count = 0
        try:
            self._file = file.open("xb")
        except FileExistsError:
            raise CannotWrite(f"{file}: expected a new file, and there is one already") from None
        except OSError as error:
            raise CannotWrite(f"{file}: {error.strerror or 'cannot be written'}") from None
        creator = {"name": "fake-runway record", "version": __version__}
        head = json.dumps({"log": {"version": "1.2", "creator": creator, "entries": []}})
        self._file.write(head.removesuffix("]}}").encode() + _END)
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def full(self) -> bool:
        """Whether nothing more fits into a file that can be read again."""
        return self._file.tell() > LARGEST_HAR - 4 * LARGEST_KEPT

    def add(self, entry: Mapping[str, Any]) -> None:
        """Write an exchange."""
        if self.full:
            return
        line = (b",\n" if self.count else b"\n") + json.dumps(entry).encode()
        self._file.seek(-len(_END), os.SEEK_END)
        self._file.write(line + _END)
        self._file.flush()
        self.count += 1


class _Kept:
    """The beginning of a body that is passed on."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.size = 0

    def add(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if len(self.raw) < LARGEST_KEPT:
            self.raw += chunk[: LARGEST_KEPT - len(self.raw)]
        return chunk

    @property
    def whole(self) -> bool:
        return self.size == len(self.raw)


class Recorder:
    """Passes requests on to an endpoint, and records them.

    Args:
        http: does not decompress.
        url: of the endpoint, without a path.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, recording: Recording) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._recording = recording

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on, and its answer back."""
        sent, came, began = _Kept(), _Kept(), wall_clock()
        started = precise()
        secret = request.headers.get("Authorization", "").partition(" ")[2].strip()
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _OF_A_CONNECTION
        ]
        headers.append(("Accept-Encoding", "identity"))  # so that it can be read here

        async def body() -> AsyncIterator[bytes]:
            async for chunk in request.content.iter_any():
                yield sent.add(chunk)

        try:
            async with self._http.request(
                request.method,
                self._url + request.raw_path,
                headers=headers,
                data=body() if request.can_read_body else None,
                skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(status=answer.status, reason=answer.reason)
                for name, value in answer.headers.items():
                    if name.lower() not in _OF_A_CONNECTION:
                        response.headers.add(name, value)
                if (length := answer.headers.get("Content-Length")) and length.isdigit():
                    response.content_length = int(length)
                await response.prepare(request)
                with suppress(ConnectionError):  # the caller has left; what came is recorded
                    async for chunk in answer.content.iter_any():
                        await response.write(came.add(chunk))
                    await response.write_eof()
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = redacted_text(printable(str(error))[:200], secret)
            text = f"No answer from {urlsplit(self._url).hostname}: {reason}"
            return web.json_response({"error": text}, status=_NO_ANSWER)
        took_ms = (precise() - started) * 1000
        self._recording.add(
            {
                "startedDateTime": datetime.fromtimestamp(began, UTC).isoformat(),
                "time": round(took_ms, 3),
                "request": {
                    "method": request.method,
                    "url": redacted_text(self._url + request.raw_path, secret),
                    "httpVersion": "HTTP/1.1",
                    "cookies": [],
                    "headers": _headers(request.headers.items(), secret),
                    "queryString": [],
                    "headersSize": -1,
                    "bodySize": sent.size,
                    **_post_data(sent, request.headers.get("Content-Type"), secret),
                },
                "response": {
                    "status": response.status,
                    "statusText": response.reason or "",
                    "httpVersion": "HTTP/1.1",
                    "cookies": [],
                    "headers": _headers(response.headers.items(), secret),
                    "content": {
                        "size": came.size,
                        "mimeType": response.headers.get("Content-Type", ""),
                        **_text(came, secret),
                    },
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": came.size,
                },
                "cache": {},
                "timings": {"send": 0, "wait": round(took_ms, 3), "receive": 0},
            }
        )
        return response


def _headers(headers: Iterable[tuple[str, str]], secret: str) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "value": REDACTED if name.lower() in _SECRET_HEADERS else redacted_text(value, secret),
        }
        for name, value in headers
    ]


def _post_data(kept: _Kept, declared: str | None, secret: str) -> dict[str, Any]:
    if not kept.size:
        return {}
    return {"postData": {"mimeType": declared or "", **_text(kept, secret)}}


def _text(kept: _Kept, secret: str) -> dict[str, str]:
    """Return the JSON of a body without secrets; of any other body only why it is not there."""
    if not kept.size:
        return {}
    if not kept.whole:
        return {"comment": f"left out: more than {LARGEST_KEPT} bytes"}
    try:
        value = json.loads(kept.raw)
        if not isinstance(value, dict):
            return {"comment": "left out: no JSON object"}
        value = redacted_object(redacted_body(value, secret))
        return {"text": json.dumps(_short(value, _DEEPEST))}
    except (ValueError, RecursionError):
        return {"comment": "left out: no JSON"}


def _short(value: Any, depth: int) -> Any:
    """Return a value with its long texts cut, and without what lies too deep."""
    match value:
        case str():
            return value if len(value) <= LONGEST_TEXT else f"{value[:100]}... ({len(value)})"
        case dict() | list() if not depth:
            return None
        case dict():
            return {name: _short(each, depth - 1) for name, each in value.items()}
        case list():
            return [_short(each, depth - 1) for each in value]
        case _:
            return value
