"""The vocabulary of the Runway API as the fake serves it: its kinds of resources, its operations.

Source: the Runway OpenAPI document of 2024-11-06; a test holds the operations equal to it.
"""

from fake_runway.core.lifecycles.session import SESSION, SESSION_OPERATIONS
from fake_runway.core.lifecycles.task import TASK, TASK_OPERATIONS
from fake_runway.core.lifecycles.vocabulary import ApiOperation, ResourceKind, Vocabulary

_CONVERSATIONS = "/v1/avatar_conversations"

AVATAR = ResourceKind("avatar")  # no lifecycle: all are READY
UPLOAD = ResourceKind("upload", added_later=True)  # no lifecycle: it waits, and is there

RUNWAY_API = Vocabulary(
    kinds=(SESSION, TASK, AVATAR, UPLOAD),
    operations=(
        *SESSION_OPERATIONS,
        *TASK_OPERATIONS,
        ApiOperation("getOrganization", "GET", "/v1/organization"),
        ApiOperation("queryUsage", "POST", "/v1/organization/usage"),
        ApiOperation("listAvatars", "GET", "/v1/avatars"),
        ApiOperation("getAvatar", "GET", "/v1/avatars/{id}", AVATAR.name),
        ApiOperation("listConversations", "GET", _CONVERSATIONS),
        # a conversation has the id of its session
        ApiOperation("getConversation", "GET", f"{_CONVERSATIONS}/{{id}}", SESSION.name),
        ApiOperation("deleteConversation", "DELETE", f"{_CONVERSATIONS}/{{id}}", SESSION.name),
        ApiOperation("getAvatarUsage", "GET", "/v1/avatar_usage"),
        ApiOperation("createUpload", "POST", "/v1/uploads", UPLOAD.name),
        # the storage behind the API, whose addresses createUpload answers
        ApiOperation("storeUpload", "POST", "/_uploads/{id}", UPLOAD.name, versioned=False),
    ),
)
