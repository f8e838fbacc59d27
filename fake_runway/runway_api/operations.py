"""The operations of the Runway API that the fake serves: parse, call the core, render."""

from fake_runway.runway_api.avatars import get_avatar, list_avatars
from fake_runway.runway_api.calls import Auth, RunwayOperation
from fake_runway.runway_api.organization import get_organization, query_usage
from fake_runway.runway_api.sessions import (
    connect_backend,
    consume_session,
    create_session,
    delete_session,
    get_session,
)
from fake_runway.web.bodies import Body

_SESSIONS = "/v1/realtime_sessions"

OPERATIONS = (
    RunwayOperation(
        "createSession", "POST", _SESSIONS, create_session, body=Body.REQUIRED, creates=True
    ),
    RunwayOperation("getSession", "GET", f"{_SESSIONS}/{{id}}", get_session),
    RunwayOperation("deleteSession", "DELETE", f"{_SESSIONS}/{{id}}", delete_session),
    RunwayOperation(
        "consumeSession",
        "POST",
        f"{_SESSIONS}/{{id}}/consume",
        consume_session,
        auth=Auth.SESSION_KEY,
        body=Body.IGNORED,
        versioned=False,  # browsers do not send it
        leads=True,
    ),
    RunwayOperation(
        "connectBackend",
        "POST",
        f"{_SESSIONS}/{{id}}/connect_backend",
        connect_backend,
        body=Body.IGNORED,
        leads=True,
    ),
    RunwayOperation("listAvatars", "GET", "/v1/avatars", list_avatars, query=("limit", "cursor")),
    RunwayOperation("getAvatar", "GET", "/v1/avatars/{id}", get_avatar),
    RunwayOperation("getOrganization", "GET", "/v1/organization", get_organization),
    RunwayOperation(
        "queryUsage", "POST", "/v1/organization/usage", query_usage, body=Body.OPTIONAL
    ),
)
