"""The operations of the Runway API that the fake serves: parse, call the core, render."""

from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK, TASK_ENDPOINTS
from fake_runway.runway_api.avatars import get_avatar, list_avatars
from fake_runway.runway_api.calls import Auth, RunwayOperation
from fake_runway.runway_api.conversations import (
    delete_conversation,
    get_avatar_usage,
    get_conversation,
    list_conversations,
)
from fake_runway.runway_api.organization import get_organization, query_usage
from fake_runway.runway_api.sessions import (
    connect_backend,
    consume_session,
    create_session,
    delete_session,
    get_session,
)
from fake_runway.runway_api.tasks import create_task, delete_task, get_task
from fake_runway.runway_api.uploads import create_upload
from fake_runway.web.bodies import Body

_SESSIONS = "/v1/realtime_sessions"
_CONVERSATIONS = "/v1/avatar_conversations"

OPERATIONS = (
    RunwayOperation(
        "createSession", "POST", _SESSIONS, create_session, body=Body.REQUIRED, creates=SESSION
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
    *(
        RunwayOperation(
            operation,
            "POST",
            f"/v1/{endpoint}",
            create_task,
            body=Body.REQUIRED,
            creates=TASK,
            files=True,
        )
        for operation, endpoint in TASK_ENDPOINTS.items()
    ),
    RunwayOperation("getTask", "GET", "/v1/tasks/{id}", get_task, links=True),
    RunwayOperation("deleteTask", "DELETE", "/v1/tasks/{id}", delete_task),
    RunwayOperation("listAvatars", "GET", "/v1/avatars", list_avatars, query=("limit", "cursor")),
    RunwayOperation("getAvatar", "GET", "/v1/avatars/{id}", get_avatar),
    RunwayOperation(
        "listConversations",
        "GET",
        _CONVERSATIONS,
        list_conversations,
        query=("limit", "cursor", "avatar", "startDate", "endDate"),
    ),
    RunwayOperation("getConversation", "GET", f"{_CONVERSATIONS}/{{id}}", get_conversation),
    RunwayOperation(
        "deleteConversation", "DELETE", f"{_CONVERSATIONS}/{{id}}", delete_conversation
    ),
    RunwayOperation(
        "getAvatarUsage",
        "GET",
        "/v1/avatar_usage",
        get_avatar_usage,
        query=("startDate", "endDate"),
    ),
    RunwayOperation("getOrganization", "GET", "/v1/organization", get_organization),
    RunwayOperation(
        "queryUsage", "POST", "/v1/organization/usage", query_usage, body=Body.OPTIONAL
    ),
    RunwayOperation(
        "createUpload", "POST", "/v1/uploads", create_upload, body=Body.REQUIRED, links=True
    ),
)
