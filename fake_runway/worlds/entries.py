"""What a store keeps of a call or an act: all that it takes to apply it again.

The same as a step of a record (`replay/record.py`), with what a record leaves out because it
depends on the client's connections, and with the outcome in a few digits, by which a reload notices
that this version would answer otherwise.
"""

import orjson

from fake_runway.core.history.journal import CLOCK_ACTS, Act, Exchange
from fake_runway.core.history.views import act_body
from fake_runway.core.types import Json
from fake_runway.worlds.world import World


def entry_bytes(entry: Exchange | Act, world: World) -> bytes:
    """Return an entry of a world's log as JSON; no secret is in it."""
    if isinstance(entry, Exchange):
        return orjson.dumps(_call(entry))
    body = dict(act_body(entry))
    if entry.what in CLOCK_ACTS:  # a replay has only the instants, and this clock goes on
        body["clock"] = tuple(world.clock.state)
    return orjson.dumps(body)


def _call(exchange: Exchange) -> Json:
    rejection, subject = exchange.rejection, exchange.subject
    request: dict[str, object] = {
        "agent": exchange.agent,
        "retry": exchange.retry,
        "versioned": exchange.versioned,
        "cookies": exchange.cookies,
        "secret_in_url": exchange.secret_in_url,
        "key_fits": exchange.key_fits,
        "query": dict(exchange.query),
        "body": dict(exchange.body),
    }
    if exchange.content_type is not None:
        request["content_type"] = exchange.content_type
    step: dict[str, object] = {
        "number": exchange.number,
        "at": exchange.at,
        "operation": exchange.operation,
        "method": exchange.method,
        "path": exchange.path,
        "request": request,
        "media_url": exchange.media_url,
        "unread": exchange.unread,
        "status": exchange.status,
    }
    if subject.kind:
        step[subject.kind] = subject.id
    if rejection is not None:
        step["door"] = {**rejection._asdict(), "headers": dict(rejection.headers)}
    return step
