"""The fake behind a network that fails on schedule, and a record of the gateway's attempts.

Faults are chosen by hop and by how often that hop was tried. Some strike before the fake has acted,
some after; with `lost` it acted and its answer never arrived.
"""

import asyncio
import errno
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import aiohttp
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Hop(Enum):
    """One of the four upstream requests, in our own words."""

    CREATE = "POST"
    POLL = "GET"
    CONSUME = "POST consume"
    CANCEL = "DELETE"


@dataclass(frozen=True)
class Status:
    """The fake does not act; the answer has this status instead."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    error: str = "no"


class Fault(Enum):
    """The effect of the network on one request."""

    REFUSED = "refused"  # no connection
    RESET = "reset"  # the connection ends before the fake acts
    HANG = "hang"  # no answer ever, the fake does not act
    LOST = "lost"  # the fake acts, then the connection ends
    LOST_HANG = "lost hang"  # the fake acts, no answer ever
    MALFORMED = "malformed"  # the fake acts, the answer is no JSON
    MISSING = "missing"  # the fake acts, the answer lacks its fields
    SLOW = "slow"  # the fake acts, the answer comes 3 s later


Effect = Status | Fault
Schedule = Mapping[tuple[Hop, int], Effect]


@dataclass
class Attempt:
    """One request as the gateway experienced it. Instants are the loop's.

    Attributes:
        got: the effect's name, a Status, or the JSON body of a real answer.
        ended: None if it never did, as far as the upstream knows.
        session: in its path; empty for a create.
        acted: the fake has processed it.
    """

    hop: Hop
    started: float
    got: Any = None
    ended: float | None = None
    status: int = 0
    session: str = ""
    acted: bool = False


@dataclass
class Upstream:
    """A schedule of faults and the history of attempts. One gateway, one connect."""

    schedule: Schedule
    history: list[Attempt] = field(default_factory=list)
    _tried: Counter[Hop] = field(default_factory=Counter)
    _coming: dict[Hop, list[tuple[Effect | None, Attempt]]] = field(default_factory=dict)

    def begin(self, hop: Hop, path: str) -> tuple[Effect | None, Attempt]:
        """Record that the gateway tries `hop`, and return the attempt's fault."""
        effect = self.schedule.get((hop, self._tried[hop]))
        self._tried[hop] += 1
        attempt = Attempt(hop, asyncio.get_running_loop().time(), session=_session_in(path))
        self.history.append(attempt)
        self._coming.setdefault(hop, []).append((effect, attempt))
        return effect, attempt

    def arrives(self, hop: Hop) -> tuple[Effect | None, Attempt]:
        """Return the attempt of the request of `hop` that now reaches the fake."""
        return self._coming[hop].pop(0)

    def connector(self) -> aiohttp.TCPConnector:
        """Return a connector whose connections are refused on schedule, and never reused."""
        upstream = self

        class Connector(aiohttp.TCPConnector):
            async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 - aiohttp's own name
                hop = hop_of(req.method, req.url.path)
                effect, attempt = upstream.begin(hop, req.url.path)
                if effect is Fault.REFUSED:
                    upstream.arrives(hop)
                    _end(attempt, effect)
                    error = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
                    raise aiohttp.ClientConnectorError(req.connection_key, error)
                return await super().connect(req, traces, timeout)

        return Connector(force_close=True)

    @property
    def middleware(self) -> Any:
        """The faults that need a request, as a middleware of the fake."""

        @web.middleware
        async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
            effect, attempt = self.arrives(hop_of(request.method, request.path))
            if isinstance(effect, Status):
                _end(attempt, effect, effect.status)
                body = json.dumps({"error": effect.error})
                return web.Response(
                    status=effect.status,
                    text=body,
                    headers=dict(effect.headers),
                    content_type="application/json",
                )
            if effect in (Fault.RESET, Fault.HANG):
                return await _silent(request, attempt, effect)
            attempt.acted = True
            response = await handler(request)
            return await _spoiled(request, response, attempt, effect)

        return faulty


def hop_of(method: str, path: str) -> Hop:
    """Return which of the four requests this is."""
    if path.endswith("/consume"):
        return Hop.CONSUME
    return {"POST": Hop.CREATE, "GET": Hop.POLL, "DELETE": Hop.CANCEL}[method]


def _session_in(path: str) -> str:
    """Return the id behind /v1/realtime_sessions/, empty if there is none."""
    return [*path.split("/"), ""][3]


async def _silent(request: web.Request, attempt: Attempt, effect: Effect | None) -> web.Response:
    attempt.got = effect
    if effect in (Fault.HANG, Fault.LOST_HANG):
        while request.transport is not None:  # noqa: ASYNC110 - aiohttp has no event for it
            await asyncio.sleep(0.5)  # noqa: TID251 - the simulated loop's time
    elif request.transport is not None:
        _end(attempt, effect)
        request.transport.abort()
    return web.Response(status=500)


async def _spoiled(
    request: web.Request, response: web.StreamResponse, attempt: Attempt, effect: Effect | None
) -> web.StreamResponse:
    if effect in (Fault.LOST, Fault.LOST_HANG):
        return await _silent(request, attempt, effect)
    if effect is Fault.SLOW:
        await asyncio.sleep(3)  # noqa: TID251 - the simulated loop's time
    if effect is Fault.MALFORMED:
        _end(attempt, effect, 200)
        return web.Response(text='{"id": ', content_type="application/json")
    if effect is Fault.MISSING:
        _end(attempt, effect, 200)
        return web.Response(text='{"other": true}', content_type="application/json")
    body = response.body if isinstance(response, web.Response) else b""
    _end(attempt, json.loads(bytes(body)) if isinstance(body, bytes) and body else {})
    attempt.status = response.status
    return response


def _end(attempt: Attempt, got: Any, status: int = 0) -> None:
    attempt.got = got
    attempt.status = status
    attempt.ended = asyncio.get_running_loop().time()
