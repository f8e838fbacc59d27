"""The lifecycle of a custom avatar: its states, its operations, and when faults can strike.

The table is that of all stored resources that are processed (`asset.py`).
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
class AvatarState(Enum):
    """The state of an avatar. The wire's statuses are the same words in capitals."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


AVATAR = ResourceKind(
    "avatar",
    processed_table(AvatarState),
    moments=(
        Moment(
            "avatar-create",
            "before an avatar is stored",
            operation="createAvatar",
            phase=Phase.BEFORE,
        ),
        Moment(
            "avatar-created",
            "an avatar is stored, the reply not out",
            operation="createAvatar",
            phase=Phase.AFTER,
            statuses=frozenset({200}),
        ),
        Moment(
            "avatar-processing",
            "any call about an avatar that is processed",
            state=AvatarState.PROCESSING,
        ),
        Moment("avatar-ready", "any call about an avatar that is ready", state=AvatarState.READY),
    ),
    automatic=BY_CALLS,
    reasons=ASSET_REASONS,
    lifecycle_added_later=True,
)

_PATH = "/v1/avatars"
AVATAR_OPERATIONS = (
    ApiOperation("listAvatars", "GET", _PATH),
    ApiOperation("createAvatar", "POST", _PATH, AVATAR.name, Role.CREATE),
    ApiOperation("getAvatar", "GET", f"{_PATH}/{{id}}", AVATAR.name, Role.POLL),
    ApiOperation("updateAvatar", "PATCH", f"{_PATH}/{{id}}", AVATAR.name),
    ApiOperation("deleteAvatar", "DELETE", f"{_PATH}/{{id}}", AVATAR.name, Role.CANCEL),
)
