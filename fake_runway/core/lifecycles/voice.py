"""The lifecycle of a custom voice: its states, its operations, and when faults can strike.

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
class VoiceState(Enum):
    """The state of a voice. The wire's statuses are the same words in capitals."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


VOICE = ResourceKind(
    "voice",
    processed_table(VoiceState),
    moments=(
        Moment(
            "voice-create",
            "before a voice is stored",
            operation="createVoice",
            phase=Phase.BEFORE,
        ),
        Moment(
            "voice-created",
            "a voice is stored, the reply not out",
            operation="createVoice",
            phase=Phase.AFTER,
            statuses=frozenset({200}),
        ),
        Moment(
            "voice-processing",
            "any call about a voice that is processed",
            state=VoiceState.PROCESSING,
        ),
        Moment("voice-ready", "any call about a voice that is ready", state=VoiceState.READY),
    ),
    automatic=BY_CALLS,
    reasons=ASSET_REASONS,
    added_later=True,
)

_PATH = "/v1/voices"
VOICE_OPERATIONS = (
    ApiOperation("listVoices", "GET", _PATH),
    ApiOperation("createVoice", "POST", _PATH, VOICE.name, Role.CREATE),
    ApiOperation("getVoice", "GET", f"{_PATH}/{{id}}", VOICE.name, Role.POLL),
    ApiOperation("updateVoice", "PATCH", f"{_PATH}/{{id}}", VOICE.name),
    ApiOperation("deleteVoice", "DELETE", f"{_PATH}/{{id}}", VOICE.name, Role.CANCEL),
    ApiOperation("previewVoice", "POST", f"{_PATH}/preview"),
)
