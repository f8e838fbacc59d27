"""The vocabulary of the Runway API as the fake serves it: its kinds of resources, its operations.

Source: the Runway OpenAPI document of 2024-11-06; a test holds the operations equal to it.
"""

from fake_runway.core.lifecycles.avatar import AVATAR, AVATAR_OPERATIONS
from fake_runway.core.lifecycles.document import DOCUMENT, DOCUMENT_OPERATIONS
from fake_runway.core.lifecycles.router import ROUTER, ROUTER_OPERATIONS
from fake_runway.core.lifecycles.session import SESSION, SESSION_OPERATIONS
from fake_runway.core.lifecycles.task import TASK, TASK_OPERATIONS, WORKFLOW
from fake_runway.core.lifecycles.vocabulary import ApiOperation, ResourceKind, Vocabulary
from fake_runway.core.lifecycles.voice import VOICE, VOICE_OPERATIONS

_CONVERSATIONS = "/v1/avatar_conversations"

STORE_UPLOAD = "storeUpload"
UPLOAD = ResourceKind("upload", added_later=True)  # no lifecycle: it waits, and is there

RUNWAY_API = Vocabulary(
    kinds=(SESSION, TASK, AVATAR, VOICE, DOCUMENT, WORKFLOW, ROUTER, UPLOAD),
    operations=(
        *SESSION_OPERATIONS,
        *TASK_OPERATIONS,
        *ROUTER_OPERATIONS,
        ApiOperation("listWorkflows", "GET", "/v1/workflows"),
        ApiOperation("getWorkflow", "GET", "/v1/workflows/{id}", WORKFLOW.name),
        ApiOperation("getOrganization", "GET", "/v1/organization"),
        ApiOperation("queryUsage", "POST", "/v1/organization/usage"),
        ApiOperation("listWebappUsage", "GET", "/v1/organization/webapp/usage"),
        ApiOperation("listAuditLogs", "GET", "/v1/organization/webapp/audit_logs"),
        ApiOperation("getAuditLog", "GET", "/v1/organization/webapp/audit_logs/{eventId}"),
        *AVATAR_OPERATIONS,
        *VOICE_OPERATIONS,
        *DOCUMENT_OPERATIONS,
        ApiOperation("listConversations", "GET", _CONVERSATIONS),
        # a conversation has the id of its session
        ApiOperation("getConversation", "GET", f"{_CONVERSATIONS}/{{id}}", SESSION.name),
        ApiOperation("deleteConversation", "DELETE", f"{_CONVERSATIONS}/{{id}}", SESSION.name),
        ApiOperation("getAvatarUsage", "GET", "/v1/avatar_usage"),
        ApiOperation("createUpload", "POST", "/v1/uploads", UPLOAD.name),
        # the storage behind the API, whose addresses createUpload answers
        ApiOperation(STORE_UPLOAD, "POST", "/_uploads/{id}", UPLOAD.name, versioned=False),
    ),
)
