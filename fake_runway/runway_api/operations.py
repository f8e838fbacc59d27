"""The operations of the Runway API that the fake serves: parse, call the core, render."""

from collections.abc import Callable, Iterable

from fake_runway.core.lifecycles.avatar import AVATAR
from fake_runway.core.lifecycles.document import DOCUMENT
from fake_runway.core.lifecycles.router import ROUTER
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import ROUTED, TASK, TASK_ENDPOINTS
from fake_runway.core.lifecycles.vocabulary import ApiOperation, ResourceKind
from fake_runway.core.lifecycles.voice import VOICE
from fake_runway.runway_api.avatars import (
    create_avatar,
    delete_avatar,
    get_avatar,
    list_avatars,
    update_avatar,
)
from fake_runway.runway_api.calls import Auth, RunwayCall, RunwayOperation
from fake_runway.runway_api.conversations import (
    delete_conversation,
    get_avatar_usage,
    get_conversation,
    list_conversations,
)
from fake_runway.runway_api.documents import (
    create_document,
    delete_document,
    get_document,
    list_documents,
    update_document,
)
from fake_runway.runway_api.organization import get_organization, query_usage
from fake_runway.runway_api.routers import (
    create_router,
    delete_router,
    generate,
    get_router,
    list_router_requests,
    list_routers,
    update_router,
)
from fake_runway.runway_api.sessions import (
    connect_backend,
    consume_session,
    create_session,
    delete_session,
    get_session,
)
from fake_runway.runway_api.tasks import create_task, delete_task, get_task
from fake_runway.runway_api.uploads import create_upload
from fake_runway.runway_api.voices import (
    create_voice,
    delete_voice,
    get_voice,
    list_voices,
    preview_voice,
    update_voice,
)
from fake_runway.runway_api.webapp import get_audit_log, list_audit_logs, list_webapp_usage
from fake_runway.runway_api.workflows import (
    get_workflow,
    get_workflow_invocation,
    list_workflows,
    run_workflow,
)
from fake_runway.web.bodies import Body
from fake_runway.web.replies import Reply

_SESSIONS = "/v1/realtime_sessions"
_CONVERSATIONS = "/v1/avatar_conversations"
_ROUTERS = "/v1/routers"
_WEBAPP = "/v1/organization/webapp"

Answer = Callable[[RunwayCall], Reply]


def _crud(
    kind: ResourceKind,
    list_: Answer,
    create: Answer,
    get: Answer,
    update: Answer,
    delete: Answer,
    *,
    query: tuple[str, ...] = ("limit", "cursor"),
    files: bool = False,
) -> tuple[RunwayOperation, ...]:
    """Return the five operations of a kind of stored resource; what is shown has links to files.

    Args:
        files: its bodies name files.
    """
    name, path = kind.name.title(), f"/v1/{kind.name}s"
    one = f"{path}/{{id}}"
    required = Body.REQUIRED
    return (
        RunwayOperation(f"list{name}s", "GET", path, list_, query=query, links=True),
        RunwayOperation(
            f"create{name}",
            "POST",
            path,
            create,
            body=required,
            creates=kind,
            links=True,
            files=files,
        ),
        RunwayOperation(f"get{name}", "GET", one, get, links=True),
        RunwayOperation(
            f"update{name}", "PATCH", one, update, body=required, links=True, files=files
        ),
        RunwayOperation(f"delete{name}", "DELETE", one, delete),
    )


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
    RunwayOperation(
        "previewVoice", "POST", "/v1/voices/preview", preview_voice, body=Body.REQUIRED, links=True
    ),
    *_crud(
        AVATAR, list_avatars, create_avatar, get_avatar, update_avatar, delete_avatar, files=True
    ),
    *_crud(VOICE, list_voices, create_voice, get_voice, update_voice, delete_voice, files=True),
    *_crud(
        DOCUMENT,
        list_documents,
        create_document,
        get_document,
        update_document,
        delete_document,
        query=("limit", "cursor", "sort", "order"),
    ),
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
    RunwayOperation("listRouters", "GET", _ROUTERS, list_routers, query=("limit", "cursor")),
    RunwayOperation(
        "createRouter", "POST", _ROUTERS, create_router, body=Body.REQUIRED, creates=ROUTER
    ),
    RunwayOperation("getRouter", "GET", f"{_ROUTERS}/{{id}}", get_router),
    RunwayOperation(
        "updateRouter", "PATCH", f"{_ROUTERS}/{{id}}", update_router, body=Body.OPTIONAL
    ),
    RunwayOperation("deleteRouter", "DELETE", f"{_ROUTERS}/{{id}}", delete_router),
    RunwayOperation(
        "listRouterRequests",
        "GET",
        f"{_ROUTERS}/{{id}}/requests",
        list_router_requests,
        query=("limit", "cursor"),
    ),
    *(
        RunwayOperation(
            operation,
            "POST",
            f"/v1/generate/{kind}",
            generate,
            body=Body.REQUIRED,
            creates=TASK,
            files=True,
        )
        for operation, kind in ROUTED.items()
    ),
    RunwayOperation("listWorkflows", "GET", "/v1/workflows", list_workflows),
    RunwayOperation("getWorkflow", "GET", "/v1/workflows/{id}", get_workflow),
    RunwayOperation(
        "runWorkflow",
        "POST",
        "/v1/workflows/{id}",
        run_workflow,
        body=Body.OPTIONAL,
        creates=TASK,
        files=True,
    ),
    RunwayOperation(
        "getWorkflowInvocation",
        "GET",
        "/v1/workflow_invocations/{id}",
        get_workflow_invocation,
        links=True,
    ),
    RunwayOperation("getOrganization", "GET", "/v1/organization", get_organization),
    RunwayOperation(
        "listWebappUsage",
        "GET",
        f"{_WEBAPP}/usage",
        list_webapp_usage,
        query=("limit", "cursor", "from", "to", "organizationId", "workspaceIds"),
    ),
    RunwayOperation(
        "listAuditLogs",
        "GET",
        f"{_WEBAPP}/audit_logs",
        list_audit_logs,
        query=(
            *("limit", "cursor", "organizationId", "workspaceIds"),
            *("actions", "actorEmails", "from", "to"),
        ),
    ),
    RunwayOperation(
        "getAuditLog",
        "GET",
        f"{_WEBAPP}/audit_logs/{{eventId}}",
        get_audit_log,
        query=("organizationId",),
        sortable=True,
    ),
    RunwayOperation(
        "queryUsage", "POST", "/v1/organization/usage", query_usage, body=Body.OPTIONAL
    ),
    RunwayOperation(
        "createUpload", "POST", "/v1/uploads", create_upload, body=Body.REQUIRED, links=True
    ),
)


def task_creates(endpoints: Iterable[ApiOperation]) -> tuple[RunwayOperation, ...]:
    """Return the operations of endpoints that create tasks and that no release knows yet."""
    return tuple(
        RunwayOperation(
            each.id,
            each.method,
            each.path,
            create_task,
            body=Body.REQUIRED,
            creates=TASK,
            files=True,
        )
        for each in endpoints
    )
