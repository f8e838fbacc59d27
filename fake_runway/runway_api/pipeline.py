"""The one way of a call through its world. Nothing here waits, so calls are applied one at a time.

The order: redact the request; bring the account up to date; ask which faults strike before the
operation; apply the events that they bring; carry the operation out, unless one of them answers
instead; ask which strike after it; let all of them alter the answer; log the exchange. Everything
is decided at one instant of the world's clock. What takes time (latency, delays, drops) is for the
delivery to say and for `web/sending.py` to do, so that a replay needs no waiting to get the same
order.

A request that was rejected meets no fault and counts in no tally: a real server checks it before
anything else can go wrong.
"""

import logging
import math

from fake_runway.core.assets.kinds import ASSET_KINDS
from fake_runway.core.errors import InsufficientCredits, Refused
from fake_runway.core.faults.effects.base import Delivery, EffectContext
from fake_runway.core.faults.fault import Fault
from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.history.redaction import (
    redacted_body,
    redacted_header,
    redacted_query,
    redacted_reply,
    redacted_text,
)
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Phase, Subject
from fake_runway.core.scenario.settings import ErrorStyle, Settings
from fake_runway.core.types import Json
from fake_runway.runway_api.calls import Auth, RunwayCall, RunwayOperation
from fake_runway.runway_api.materialising import materialise
from fake_runway.runway_api.sessions import options_asked
from fake_runway.runway_api.tasks import plan_of_create
from fake_runway.runway_api.wire import error_body
from fake_runway.web.errors import InternalError
from fake_runway.web.replies import Rendered, Reply
from fake_runway.worlds.world import World

_log = logging.getLogger("fake_runway")
_NAMES_SHOWN = 5  # a header has its limits

_NO_REPLY = Reply(0)
"""The reply of a call that is not carried out, because a fault answers instead."""


def apply_call(call: RunwayCall) -> Delivery:
    """Apply one call to its world, log the exchange, and return the answer as it goes out."""
    world, exchange = call.world, call.exchange
    # without secrets before anything acts on it: a replay acts on what is left
    if exchange.body and not call.plain:
        exchange.body = redacted_body(exchange.body, call.token)
    if not call.plain_head:
        _redact_head(exchange, call.token)
    if exchange.rejection is not None:
        _redact_rejection(exchange, exchange.rejection, call.token)
    exchange.at = world.clock.now()
    world.account.advance(exchange.at)
    striking: tuple[Fault, ...] = ()
    if call.operation is None or exchange.rejection is not None:
        rejection = exchange.rejection or InternalError("Internal error")
        exchange.code = rejection.code
        reply = error_reply(rejection, world.settings)
    else:
        reply, striking = _answer(call, call.operation)
    delivery = Delivery(reply.status, reply.headers, reply.body)
    if striking:
        exchange.faults = tuple([fault.name for fault in striking])
        delivery = _altered(delivery, striking, world)
    if latency_s := world.next_latency_s():
        delivery = delivery._replace(wait_s=delivery.wait_s + latency_s)
    exchange.status, exchange.wait_s = delivery.status, delivery.wait_s
    exchange.arrives = delivery.arrives
    # a fault broke the bytes, and a key in them cannot be redacted any more
    sent = reply.body if isinstance(delivery.body, bytes) else delivery.body
    exchange.reply = sent.redacted if type(sent) is Rendered else redacted_reply(sent)
    world.log.add_exchange(exchange)
    world.notify_call(exchange)
    return delivery


def _redact_head(exchange: Exchange, secret: str) -> None:
    exchange.agent = redacted_header(exchange.agent, secret)
    if exchange.content_type:
        exchange.content_type = redacted_header(exchange.content_type, secret)
    exchange.query = redacted_query(exchange.query, secret)


def _redact_rejection(exchange: Exchange, rejection: Rejection, secret: str) -> None:
    exchange.path = redacted_text(exchange.path, secret)  # else it is a template with an id
    exchange.rejection = rejection._replace(
        message=redacted_text(rejection.message, secret),
        headers={name: redacted_text(text, secret) for name, text in rejection.headers.items()},
        issues=tuple(redacted_body(each, secret) for each in rejection.issues),
    )


def _answer(call: RunwayCall, operation: RunwayOperation) -> tuple[Reply, tuple[Fault, ...]]:
    """Return the reply of an operation, and the faults that strike before and after it."""
    world, exchange, account = call.world, call.exchange, call.world.account
    if world.settings.materialise:
        materialise(world, exchange.subject, at=exchange.at)
    if operation.auth is Auth.SESSION_KEY:
        session = account.find(exchange.subject.id)
        exchange.key_fits = session is not None and account.session_key(session) == call.token
    if operation.creates is TASK:
        plan = plan_of_create(world, exchange.body)
        found = world.faults_for_task(exchange, template=operation.template, plan=plan)
    elif operation.creates is not None and operation.creates is not SESSION:
        kind = ASSET_KINDS[operation.creates.name]
        found = world.faults_for_asset(exchange, kind, template=operation.template)
    else:
        avatar = options_asked(call).avatar if operation.creates is SESSION else None
        found = world.faults_for(exchange, template=operation.template, avatar=avatar)
    if found is None:
        return _carry_out(call, operation), ()
    faults, facts = found
    before: tuple[Fault, ...] = ()
    if faults.before:
        before = world.strike(faults.before, facts, phase=Phase.BEFORE)
    if before:
        for effect in [effect for fault in before for effect in fault.effects]:
            if name := effect.event_before():
                world.let_happen(exchange.subject, name, at=exchange.at)
        if any(fault.replaces for fault in before):
            return _NO_REPLY, before
    reply = _carry_out(call, operation)
    if not faults.after:
        return reply, before
    state = world.state_of(exchange.subject)
    facts = facts._replace(status=reply.status, state=facts.state if state is None else state)
    return reply, before + world.strike(faults.after, facts, phase=Phase.AFTER)


def _carry_out(call: RunwayCall, operation: RunwayOperation) -> Reply:
    exchange = call.exchange
    exchange.acted = True
    try:
        reply = operation.answer(call)
    except Refused as error:
        refusal = error
    except Exception:
        _log.exception("could not answer %s", operation.id)
        refusal = InternalError("Internal error")
    else:
        if operation.creates and "id" in reply.body:  # a dry run creates nothing
            exchange.subject = Subject(operation.creates.name, reply.body["id"])
        return reply
    exchange.code = refusal.code
    return error_reply(refusal, call.world.settings)


def _altered(delivery: Delivery, striking: tuple[Fault, ...], world: World) -> Delivery:
    """Return `delivery` with the effects of all faults, in the order in which effects apply."""

    def envelope(text: str) -> Json:
        return error_body(text, doc_url=world.settings.doc_url)

    names = ", ".join(fault.name for fault in striking[:_NAMES_SHOWN])
    if len(striking) > _NAMES_SHOWN:
        names += f", and {len(striking) - _NAMES_SHOWN} more"
    for fault in striking:
        context = EffectContext(world.draws.number(f"effect {fault.name}", world.calls), envelope)
        for effect in fault.effects:
            delivery = effect.apply(delivery, context)
    return delivery._replace(headers={**delivery.headers, "X-Fake-Fault": names})


def error_reply(refusal: Refused | Rejection, settings: Settings) -> Reply:
    """Return the answer to a refused call, in the provider's form with our side headers."""
    status, headers = refusal.status, {"X-Fake-Code": refusal.code, **refusal.headers}
    if isinstance(refusal, InsufficientCredits) and settings.errors is ErrorStyle.OBSERVED:
        status = 400
    if isinstance(refusal, Refused) and refusal.retry_after_s is not None and settings.retry_after:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    if isinstance(refusal, Refused) and refusal.fields:  # their shapes are closed
        return Reply(status, {"error": refusal.message, **refusal.fields}, headers)
    body = error_body(refusal.message, doc_url=settings.doc_url)
    if refusal.issues:
        body = {**body, "issues": [dict(each) for each in refusal.issues]}
    return Reply(status, body, headers)
