"""The lifecycle of a document: its states, its operations, and when faults can strike.

The table is that of all stored resources that are processed (`asset.py`). The wire shows no
status of a document: what its state is, an admin sees, and clients by what refers to it.
"""

from enum import Enum

from fake_runway.core.lifecycles.asset import ASSET_REASONS, BY_CALLS, processed_table
from fake_runway.core.lifecycles.vocabulary import (
    ApiOperation,
    Moment,
    Phase,
    ResourceKind,
    Role,
    quick_to_find,
)


@quick_to_find
class DocumentState(Enum):
    """The state of a document."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


DOCUMENT = ResourceKind(
    "document",
    processed_table(DocumentState),
    moments=(
        Moment(
            "document-create",
            "before a document is stored",
            operation="createDocument",
            phase=Phase.BEFORE,
        ),
        Moment(
            "document-created",
            "a document is stored, the reply not out",
            operation="createDocument",
            phase=Phase.AFTER,
            statuses=frozenset({200}),
        ),
        Moment(
            "document-processing",
            "any call about a document that is processed",
            state=DocumentState.PROCESSING,
        ),
        Moment(
            "document-ready", "any call about a document that is ready", state=DocumentState.READY
        ),
    ),
    automatic=BY_CALLS,
    reasons=ASSET_REASONS,
    added_later=True,
)

_PATH = "/v1/documents"
DOCUMENT_OPERATIONS = (
    ApiOperation("listDocuments", "GET", _PATH),
    ApiOperation("createDocument", "POST", _PATH, DOCUMENT.name, Role.CREATE),
    ApiOperation("getDocument", "GET", f"{_PATH}/{{id}}", DOCUMENT.name, Role.POLL),
    ApiOperation("updateDocument", "PATCH", f"{_PATH}/{{id}}", DOCUMENT.name),
    ApiOperation("deleteDocument", "DELETE", f"{_PATH}/{{id}}", DOCUMENT.name, Role.CANCEL),
)
