"""What a store keeps of a call or an act: all that it takes to apply it again.

The same as a step of a record (`replay/record.py`), with what a record leaves out because it
depends on the client's connections, and with the outcome in a few digits, by which a reload notices
that this version would answer otherwise.
"""

from typing import Any

import orjson

from fake_runway.core.history.journal import CLOCK_ACTS, DOWNLOAD, Act, Exchange
from fake_runway.core.history.views import act_body
from fake_runway.core.lifecycles.runway import STORE_UPLOAD
from fake_runway.worlds.world import World


def entry_bytes(entry: Exchange | Act, world: World) -> bytes:
    """Return an entry of a world's log as JSON; no secret is in it."""
    if isinstance(entry, Exchange):
        values = _call(entry)
        if entry.operation == STORE_UPLOAD and (
            content := world.uploads.contents.get(entry.subject.id)
        ):
            values.append(content.digest)  # the bytes are kept beside
        return orjson.dumps(values)
    body = dict(act_body(entry))
    if entry.what in CLOCK_ACTS:  # a replay has only the instants, and this clock goes on
        body["clock"] = tuple(world.clock.state)
    if entry.what == DOWNLOAD:  # one that a client has told of is not noted
        output, status = entry.given.get("output", -1), entry.given.get("status", -1)
        body["noted"] = world.has_downloaded(entry.subject.id, output=output, status=status)
    return orjson.dumps(body)


def _call(exchange: Exchange) -> list[object]:
    """Return a call as a list: most entries are polls, and names cost more than they say."""
    rejection, subject, body = exchange.rejection, exchange.subject, exchange.body
    return [
        exchange.number,
        exchange.at,
        exchange.operation,
        exchange.method,
        exchange.path,
        subject.kind,
        subject.id,
        exchange.agent,
        exchange.retry,
        exchange.versioned,
        exchange.content_type,
        exchange.cookies,
        exchange.secret_in_url,
        exchange.key_fits,
        dict(exchange.query) if exchange.query else None,
        dict(body) if body else None,
        exchange.media_url,
        exchange.unread,
        exchange.status,
        rejection and {**rejection._asdict(), "headers": dict(rejection.headers)},
    ]


def step_of_entry(raw: bytes) -> dict[str, Any]:
    """Return the step of a record that an entry says, with `unread` and `status` of a call.

    `content` is the digest of the bytes of an upload.
    """
    value = orjson.loads(raw)
    if isinstance(value, dict):
        return value
    (number, at, operation, method, path, kind, id_, agent, retry, versioned, *rest) = value
    (content_type, cookies, in_url, fits, query, body, media_url, unread, status, door) = rest[:10]
    request = {
        "agent": agent,
        "retry": retry,
        "versioned": versioned,
        "cookies": cookies,
        "secret_in_url": in_url,
        "key_fits": fits,
        "query": query or {},
        "body": body,
    }
    if content_type is not None:
        request["content_type"] = content_type
    step: dict[str, Any] = {
        "number": number,
        "at": at,
        "operation": operation or None,
        "method": method,
        "path": path,
        "request": request,
        "media_url": media_url,
        "unread": unread,
        "status": status,
    }
    if kind:
        step[kind] = id_
    if door is not None:
        step["door"] = door
    if len(rest) > 10:
        step["content"] = rest[10]
    return step
