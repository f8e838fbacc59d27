"""The operations of realtime sessions."""

from fake_runway.core.scenario.settings import DEFAULT_MAX_DURATION_S
from fake_runway.runway_api.calls import Call
from fake_runway.runway_api.wire import session_body
from fake_runway.web.replies import Reply


def create_session(call: Call) -> Reply:
    """Answer `{id}`. The avatar may choose how the session goes; see `World.form_of`."""
    avatar = call.body["avatar"]
    custom = avatar["type"] == "custom"
    form = call.world.form_of(avatar["avatarId"] if custom else avatar["presetId"])
    session = call.world.account.create(
        at=call.at,
        max_duration_s=int(call.body.get("maxDuration", DEFAULT_MAX_DURATION_S)),
        avatar=avatar["avatarId"] if custom and form is None else None,
        plan=None if form is None else call.world.plan_of(form),
    )
    return Reply(200, {"id": session.id})


def get_session(call: Call) -> Reply:
    """Answer the session in the form of its status."""
    account = call.world.account
    session = account.get(call.session_id, at=call.at)
    return Reply(200, session_body(session, account.session_key))


def delete_session(call: Call) -> Reply:
    """Cancel."""
    call.world.account.delete(call.session_id, at=call.at)
    return Reply(204)


def consume_session(call: Call) -> Reply:
    """Answer the credentials of the one caller who uses the key first."""
    session = call.world.account.consume(call.session_id, call.token, at=call.at)
    return Reply(200, call.livekit.user(session, now=call.at))


def connect_backend(call: Call) -> Reply:
    """Answer credentials of a hidden participant."""
    session = call.world.account.admit_backend(call.session_id, at=call.at)
    return Reply(200, call.livekit.backend(session, now=call.at))
