"""The operations of realtime sessions."""

from fake_runway.core.scenario.settings import DEFAULT_MAX_DURATION_S
from fake_runway.core.sessions.options import CreateOptions, options_of
from fake_runway.runway_api.avatars import check_avatar
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.wire import session_body
from fake_runway.web.replies import Reply


def options_asked(call: RunwayCall) -> CreateOptions:
    """Return the options of a create: its avatar, what it may do, what it says first."""
    return options_of(call.exchange.body) if call.options is None else call.options


def create_session(call: RunwayCall) -> Reply:
    """Answer `{id}`. The avatar may choose how the session goes; see `World.form_of`."""
    world, exchange = call.world, call.exchange
    options = options_asked(call)
    form = world.form_of(options.avatar)
    stored = options.custom and check_avatar(world, options.avatar, at=exchange.at)
    session = world.account.create(
        at=exchange.at,
        max_duration_s=int(exchange.body.get("maxDuration", DEFAULT_MAX_DURATION_S)),
        avatar=options.avatar if options.custom and form is None and not stored else None,
        plan=None if form is None else world.plan_of(form),
        options=options,
    )
    return Reply(200, {"id": session.id})


def get_session(call: RunwayCall) -> Reply:
    """Answer the session in the form of its status."""
    account = call.world.account
    session = account.get(call.exchange.subject.id, at=call.exchange.at)
    if call.bodies is None:
        return Reply(200, session_body(session, account.session_key))
    return Reply(200, call.bodies.of(session, account.session_key))


def delete_session(call: RunwayCall) -> Reply:
    """Cancel."""
    call.world.account.delete(call.exchange.subject.id, at=call.exchange.at)
    return Reply(204)


def consume_session(call: RunwayCall) -> Reply:
    """Answer the credentials of the one caller who uses the key first."""
    at = call.exchange.at
    session = call.world.account.consume(call.exchange.subject.id, call.token, at=at)
    return Reply(200, call.livekit.user(session, now=at, url=call.exchange.media_url))


def connect_backend(call: RunwayCall) -> Reply:
    """Answer credentials of a hidden participant."""
    at = call.exchange.at
    session = call.world.account.admit_backend(call.exchange.subject.id, at=at)
    return Reply(200, call.livekit.backend(session, now=at, url=call.exchange.media_url))
