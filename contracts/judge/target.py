"""The endpoint that is judged: what is sent to it, and one call of it.

A target cannot stop the judge: every call has a limit in time and in bytes, and a call that reaches
a limit is a `TargetAnswer` without a status.
"""

import asyncio
import errno
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp

from contracts.judge.clock import now, sleep
from contracts.judge.observation import TargetAnswer
from contracts.judge.situation import AvatarSent, CallerRequest, Json

AVATAR, PORT = "$AVATAR", "{port}"
USUAL = CallerRequest()
BODYLESS = ("GET", "HEAD")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
LONGEST_ANSWER = 1 << 20
"""So many bytes of an answer are read, in case it has no end."""
BIG_BODY = 1 << 16
"""A target may close the connection of a longer request; it has to answer any other."""
_CONNECT_S = 5.0
_CLOSED = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE)
GIVEN_UP, NOT_LISTENING = "given up", "the target does not listen"
"""Failures of a call: no answer in time; no connection."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class TargetError(Exception):
    """The target cannot be reached. A line for people.

    Attributes:
        output: the target's own last lines, as it wrote them: secrets have to be redacted.
    """

    def __init__(self, text: str, output: str = "") -> None:
        super().__init__(text)
        self.output = output


def is_address(url: str) -> bool:
    """Tell whether a request can be sent to this address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(frozen=True)
class Target:
    """A gateway and how to call it.

    `$AVATAR` in the address and in the templates is replaced by the avatar. Without one in either,
    the endpoint chooses the avatar itself.

    Attributes:
        url: of its connect endpoint.
        headers: sent with every call, such as an authorization.
        template: the body.
        method: of a call; GET and HEAD have no body.
        custom_template: the body for a custom avatar; None: the same.
        names: the keys of its answer, where they are others: ours, and the path of theirs.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str = '{"avatarId": "$AVATAR"}'
    method: str = "POST"
    custom_template: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        default = 443 if parts.scheme == "https" else 80
        return parts.hostname or "127.0.0.1", parts.port or default

    @property
    def takes_body(self) -> bool:
        """Whether its calls have a body."""
        return self.method not in BODYLESS

    @property
    def takes_avatar(self) -> bool:
        """Whether a caller says which avatar is wanted."""
        return AVATAR in self.url or self.avatar_in_body

    @property
    def avatar_in_body(self) -> bool:
        """Whether the avatar stands in the body of its calls."""
        return self.takes_body and AVATAR in self.template

    def cannot_send(self, request: CallerRequest) -> str:
        """Return why a request has no meaning for this endpoint, in a line; empty if it has."""
        sends_body = request.method is None or request.method not in BODYLESS
        if not self.takes_body and request.method is None and (request.body or request.keys):
            return f"a {self.method} request has no body"
        if isinstance(request.avatar, AvatarSent) or (sends_body and self._in_json):
            return ""
        if not self.takes_avatar:
            return "the endpoint takes no avatar"
        return "" if isinstance(request.avatar, str) else "the endpoint takes avatars as text only"

    def call_of(self, avatar: str, request: CallerRequest) -> "Call":
        """Return the request of a caller for `avatar` (one of the target's own, or custom)."""
        method = request.method or self.method
        wanted = avatar if request.avatar is AvatarSent.CHOSEN else request.avatar
        in_url = quote(wanted, safe="") if isinstance(wanted, str) else ""
        url = self.url.replace(AVATAR, in_url)
        if request.query:
            pairs = [(name, value.replace(AVATAR, avatar)) for name, value in request.query]
            url += f"{'&' if '?' in url else '?'}{urlencode(pairs)}"
        headers = {"Content-Type": request.content_type} if request.content_type else {}
        for name, value in (*self.headers.items(), *request.headers.items()):
            headers = {each: text for each, text in headers.items() if each.lower() != name.lower()}
            headers[name] = value.replace(AVATAR, avatar)
        if request.body is not None:
            body = request.body.replace(AVATAR.encode(), avatar.encode())
        elif method in BODYLESS:
            body = b""
        else:
            body = self._body(avatar, wanted, request.keys)
        return Call(method, url, headers, body)

    @property
    def _in_json(self) -> bool:
        return self.avatar_in_body and _parsed(self.template) is not None

    def _body(self, avatar: str, wanted: Any, keys: Json) -> bytes:
        custom = self.custom_template is not None and is_uuid(avatar)
        template = self.custom_template if custom and self.custom_template else self.template
        if wanted == avatar and not keys:
            return template.replace(AVATAR, avatar).encode()
        if (form := _parsed(template)) is None:
            return template.replace(AVATAR, wanted if isinstance(wanted, str) else "").encode()
        body = _filled(form, wanted)
        return json.dumps({**body, **keys} if isinstance(body, dict) else body).encode()

    async def call(
        self,
        avatar: str,
        request: CallerRequest = USUAL,
        *,
        patience_s: float,
        leaves_after_s: float | None = None,
    ) -> TargetAnswer:
        """Call once, on a connection of its own."""
        call, sent_at = self.call_of(avatar, request), now()
        limit_s = patience_s if leaves_after_s is None else leaves_after_s

        def answer(
            status: int | None = None,
            headers: Mapping[str, str] = NO_HEADERS,
            body: bytes = b"",
            failure: str = "",
        ) -> TargetAnswer:
            return TargetAnswer(
                *(sent_at, now(), status, headers, body, failure, call.method, call.shown),
                names=self.names,
            )

        try:
            async with asyncio.timeout(limit_s):
                return answer(*await _answer(call))
        except TimeoutError:
            return answer(failure=GIVEN_UP if leaves_after_s is None else "the caller left")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and not _was_closed(error):
                return answer(failure=f"{NOT_LISTENING}: {error.strerror}")
            return answer(failure=_failure(error, call.body))


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a target, as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def shown(self) -> str:
        """The beginning of query and body, for people."""
        query = urlsplit(self.url).query
        parts = [f"?{query}" if query else "", self.body[:200].decode(errors="replace")]
        return " ".join(filter(None, parts))[:200]


async def _answer(call: Call) -> tuple[int, Mapping[str, str], bytes]:
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            auto_decompress=True,
            skip_auto_headers=("Content-Type",),
            max_field_size=8190,  # with aiohttp's limit on their number, no endless headers
        ) as http,
        http.request(
            call.method,
            call.url,
            data=BytesIO(call.body) if call.method not in BODYLESS or call.body else None,
            headers=call.headers,
            allow_redirects=False,
        ) as response,
    ):
        raw = b""
        while len(raw) < LONGEST_ANSWER and (more := await response.content.read(65_536)):
            raw += more
        return response.status, _joined(response.headers.items()), raw[:LONGEST_ANSWER]


def _joined(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return each header once, with all of its values: there may be several cookies."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def is_uuid(avatar: str) -> bool:
    """Tell whether an avatar is a custom one."""
    return _UUID.fullmatch(avatar) is not None


def _parsed(template: str) -> Any:
    """Return the JSON of a template; None if it is none, or not an object or a list."""
    try:
        form = json.loads(template)
    except ValueError:
        return None
    return form if isinstance(form, dict | list) else None


def _filled(form: Any, avatar: Any) -> Any:
    """Return a template with `avatar` in its place, of any type; AvatarSent.NONE leaves it out."""
    match form:
        case dict():
            left_out = avatar is AvatarSent.NONE
            kept = {k: each for k, each in form.items() if not (left_out and each == AVATAR)}
            return {k: _filled(each, avatar) for k, each in kept.items()}
        case list():
            return [_filled(each, avatar) for each in form]
        case str() if form == AVATAR:
            return "" if avatar is AvatarSent.NONE else avatar
        case str():
            return form.replace(AVATAR, avatar if isinstance(avatar, str) else "")
        case _:
            return form


def _failure(error: BaseException, body: bytes) -> str:
    if _was_closed(error):
        return "closed" if len(body) > BIG_BODY else "the target hung up"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer was cut off"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"no HTTP: {' '.join(error.message.split())[:80]}"
    return type(error).__name__


def _was_closed(error: BaseException | None) -> bool:
    """Tell whether the other side closed the connection, with or without a reset.

    That may be the cause of a later error, so causes are followed. A connection can even end before
    this side has seen it begin.
    """
    if error is None:
        return False
    number = error.errno if isinstance(error, OSError) else None  # aiohttp's own classes keep it
    kinds = (aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError)
    return isinstance(error, kinds) or number in _CLOSED or _was_closed(error.__cause__)


async def listens(target: Target, *, within_s: float) -> bool:
    """Return whether a program accepts connections at the target's address, in time."""
    give_up_at = now() + within_s
    while True:
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, writer = await asyncio.open_connection(*target.address)
        except OSError as error:  # a TimeoutError too
            if _was_closed(error):
                return True  # by a program that listens
            if now() >= give_up_at:
                return False
            await sleep(0.05)
        else:
            writer.close()
            return True
