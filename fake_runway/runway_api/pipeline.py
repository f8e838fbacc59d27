"""One call, from arrival to delivery. Nothing here waits, so calls are applied one at a time.

The order: bring the account up to date; ask which faults strike before the server acts; let the
events happen that they bring; act, unless one of them answers in the server's place; ask which
strike now; write the exchange down; put the delivery together. Everything is decided at one
instant of the world's clock. Whatever takes time (latency, delays, drops) is for the delivery to
carry and for `web/sending.py` to do, so that a replay needs no waiting to get the same order.

A request that is refused at the door meets no fault and counts in no tally: a real server checks
those before anything else can go wrong.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from fake_runway.core.errors import InsufficientCredits, Refused
from fake_runway.core.faults.deciding import decide
from fake_runway.core.faults.effects.base import Delivery, EffectContext
from fake_runway.core.faults.fault import ActiveFault, Fault
from fake_runway.core.faults.matching import CallFacts
from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.history.redaction import redacted_body
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Phase, Subject
from fake_runway.core.scenario.settings import ErrorStyle, Settings
from fake_runway.core.sessions.session import Session
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Arrival, Call, Operation
from fake_runway.runway_api.wire import error_body
from fake_runway.web.errors import InternalError, RequestRefused
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

_log = logging.getLogger("fake_runway")
_NAMES_SHOWN = 5  # a header has its limits
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


_NOT_ACTED = Reply(0)
"""The reply of a call that was not acted on, because a fault answers in the server's place."""


class _Outcome(NamedTuple):
    """What a call came to, before faults alter the answer.

    Attributes:
        code: of the rule that refused it, empty if none did.
        striking: the faults, in their order.
        key_fits, acted: as in `journal.Exchange`.
    """

    reply: Reply
    code: str = ""
    striking: tuple[Fault, ...] = ()
    key_fits: bool | None = None
    acted: bool = False


def apply_call(world: World, arrival: Arrival, livekit: LiveKit) -> Delivery:
    """Apply one call to its world, write it down, and return the answer."""
    at = world.clock.now()
    world.account.advance(at)
    if arrival.operation is None or arrival.refusal is not None:
        refusal = arrival.refusal or InternalError("Internal error")
        outcome = _Outcome(refusal_reply(refusal, world.settings), refusal.code)
    else:
        outcome = _answered(world, arrival, arrival.operation, livekit, at)
    status, body, headers = outcome.reply
    delivery = Delivery(status, headers, body)
    if outcome.striking:
        delivery = _altered(world, delivery, outcome.striking)
    if latency_s := world.next_latency_s():
        delivery = replace(delivery, wait_s=delivery.wait_s + latency_s)
    _write_down(world, arrival, at, outcome, delivery)
    return delivery


def _answered(
    world: World, arrival: Arrival, operation: Operation, livekit: LiveKit, at: float
) -> _Outcome:
    """Let faults strike before and after, and act in between unless one answers instead."""
    account = world.account
    session = account.sessions.get(arrival.session_id) if arrival.session_id else None
    key_fits = None
    if operation.id == "consumeSession":
        key_fits = session is not None and account.session_key(session) == arrival.token
    standing = _standing(world, arrival, operation, session)
    if not standing:  # the usual case
        return _act(world, arrival, operation, livekit, at)._replace(key_fits=key_fits)
    facts = _facts(world, operation, session, at)
    before = _struck(world, standing, facts, Phase.BEFORE)
    _let_happen(world, before, arrival.session_id, at)
    if any(fault.replaces for fault in before):
        return _Outcome(_NOT_ACTED, striking=before, key_fits=key_fits)
    outcome = _act(world, arrival, operation, livekit, at)
    now = account.sessions.get(arrival.session_id or _created(operation, outcome.reply))
    facts = facts._replace(status=outcome.reply.status, state=now.state if now else facts.state)
    after = _struck(world, standing, facts, Phase.AFTER)
    return outcome._replace(striking=before + after, key_fits=key_fits)


def _standing(
    world: World, arrival: Arrival, operation: Operation, session: Session | None
) -> list[ActiveFault]:
    """Return the faults that can be about this call."""
    if session is not None:
        faults, since = session.plan.faults, session.created_at
    elif operation.id == "createSession":
        form = world.form_of(avatar_in(arrival.body))
        plan = world.settings.plan if form is None else world.plan_of(form)
        faults, since = plan.faults, world.since if form is None else world.since_of(form)
    elif arrival.session_id:
        faults, since = world.settings.plan.faults, world.since
    else:
        faults, since = (), 0.0
    name = operation.id
    found = [each for each in world.standing if each.fault.match.allows(name)]
    if faults:
        found += [ActiveFault(fault, since) for fault in faults if fault.match.allows(name)]
    return found


def avatar_in(body: Mapping[str, object]) -> str:
    """Return the id of the avatar in a create body: a preset's or a custom one's."""
    avatar = body.get("avatar")
    if not isinstance(avatar, dict):
        return ""
    return str(avatar.get("presetId") or avatar.get("avatarId") or "")


def _facts(world: World, operation: Operation, session: Session | None, at: float) -> CallFacts:
    creates = operation.id == "createSession"
    ordinal = world.account.created_count if creates else session.ordinal if session else None
    return CallFacts(
        operation.id,
        operation.method,
        operation.template,
        at,
        place=None if ordinal is None else (SESSION.name, ordinal),
        addressed=session is not None,
        state=session.state if session else None,
    )


def _struck(
    world: World, standing: list[ActiveFault], facts: CallFacts, phase: Phase
) -> tuple[Fault, ...]:
    """Return the faults that strike, and keep what the tallies have become."""
    striking, tallies = decide(
        standing, facts, phase=phase, tallies=world.tallies, draws=world.draws
    )
    if tallies:
        world.count(tallies)
    return striking


def _let_happen(world: World, striking: tuple[Fault, ...], session_id: str, at: float) -> None:
    for fault in striking:
        for effect in fault.effects:
            name, session = effect.event_before(), world.account.sessions.get(session_id)
            event = SESSION.event_in(session.state, name) if name and session is not None else None
            if event is not None:
                world.account.apply_event(session_id, event, at=at)


def _act(
    world: World, arrival: Arrival, operation: Operation, livekit: LiveKit, at: float
) -> _Outcome:
    session_id, avatar_id = arrival.session_id, arrival.avatar_id
    token, body, query = arrival.token, arrival.body, arrival.query
    try:
        reply = operation.answer(
            Call(world, livekit, at, session_id, token, body, query, avatar_id)
        )
    except Refused as refusal:
        return _Outcome(refusal_reply(refusal, world.settings), refusal.code, acted=True)
    except Exception:
        _log.exception("could not answer %s", operation.id)
        error = InternalError("Internal error")
        return _Outcome(refusal_reply(error, world.settings), error.code, acted=True)
    return _Outcome(reply, acted=True)


def _created(operation: Operation, reply: Reply) -> str:
    """Return the id of the session that a create has made, empty if it made none."""
    if operation.id == "createSession" and reply.status == 200:
        return str(reply.body["id"])
    return ""


def _altered(world: World, delivery: Delivery, striking: tuple[Fault, ...]) -> Delivery:
    """Return `delivery` with the effects of all faults, in the order in which effects apply."""

    def envelope(text: str) -> Mapping[str, object]:
        return error_body(text, doc_url=world.settings.doc_url)

    names = ", ".join(fault.name for fault in striking[:_NAMES_SHOWN])
    if len(striking) > _NAMES_SHOWN:
        names += f", and {len(striking) - _NAMES_SHOWN} more"
    for fault in striking:
        context = EffectContext(world.draws.number(f"effect {fault.name}", world.calls), envelope)
        for effect in fault.effects:
            delivery = effect.apply(delivery, context)
    return replace(delivery, headers={**delivery.headers, "X-Fake-Fault": names})


def _as_text(header: str) -> str:
    """Return a header whose bytes may be no UTF-8 as a text that can be written as JSON."""
    return header if header.isascii() else header.encode(errors="replace").decode()


def _write_down(
    world: World, arrival: Arrival, at: float, outcome: _Outcome, delivery: Delivery
) -> None:
    operation, refusal, rejection = arrival.operation, arrival.refusal, None
    if refusal is not None:
        headers = refusal.headers if isinstance(refusal, RequestRefused) else _NO_HEADERS
        rejection = Rejection(refusal.code, refusal.status, refusal.message, headers)
    subject = NO_SUBJECT
    if operation is not None:
        id_ = arrival.session_id or arrival.avatar_id or _created(operation, outcome.reply)
        subject = Subject(RUNWAY_API.operation[operation.id].kind, id_) if id_ else NO_SUBJECT
    log = world.log
    log.add_exchange(
        Exchange(
            number=log.number(),
            at=at,
            operation=operation.id if operation is not None else "",
            method=arrival.method,
            path=arrival.path,
            subject=subject,
            agent=_as_text(arrival.agent),
            retry=arrival.retry,
            versioned=arrival.versioned,
            secret_in_url=arrival.secret_in_url,
            body=redacted_body(arrival.body, "") if arrival.body else arrival.body,
            query=arrival.query,
            key_fits=outcome.key_fits,
            rejection=rejection,
            status=delivery.status,
            # bytes were broken on purpose and may show a key in a place where none is looked for
            reply=outcome.reply.body if isinstance(delivery.body, bytes) else delivery.body,
            code=outcome.code,
            faults=tuple([fault.name for fault in outcome.striking]),
            arrives=delivery.arrives,
            wait_s=delivery.wait_s,
            acted=outcome.acted,
        )
    )
    world.notify()


def refusal_reply(refusal: Refused, settings: Settings) -> Reply:
    """Return the answer to a refused call, in the provider's form with our side headers."""
    status = refusal.status
    if isinstance(refusal, InsufficientCredits) and settings.errors is ErrorStyle.OBSERVED:
        status = 400
    headers = {"X-Fake-Code": refusal.code}
    if isinstance(refusal, RequestRefused):
        headers.update(refusal.headers)
    if refusal.retry_after_s is not None and settings.retry_after:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    return Reply(status, error_body(refusal.message, doc_url=settings.doc_url), headers)
