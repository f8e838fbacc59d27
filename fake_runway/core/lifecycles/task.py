"""The lifecycle of tasks: states, events, transitions, and what may be said about them.

`TASK_TRANSITIONS` alone decides which state follows which; read it as the table of sessions
(`session.py`). A new task is THROTTLED, and admitted at the same instant if its model has free
capacity: no client ever sees that.

Deletion is no state: a DELETE cancels a task that has not ended, and hides one that has. What a
task is, and which event is due next, is in `tasks/task.py`.

Source: the Runway OpenAPI document of 2024-11-06 for the statuses, the public documentation for
transitions, throttling and failure codes; the texts of failures are ours.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import (
    ApiOperation,
    Moment,
    Phase,
    ResourceKind,
    Role,
    quick_to_find,
)


@quick_to_find
class TaskState(Enum):
    """The state of a task. The wire's statuses are the same words in capitals."""

    THROTTLED = "throttled"
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@quick_to_find
class TaskEvent(Enum):
    """What can happen to a task."""

    RELEASED = "released"  # its plan no longer keeps it from waiting for capacity
    ADMITTED = "admitted"  # capacity of its model became free
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"  # DELETE


_ANY_LIVE = {TaskEvent.FAILED: TaskState.FAILED, TaskEvent.CANCELLED: TaskState.CANCELLED}

TASK_TRANSITIONS: Mapping[TaskState, Mapping[TaskEvent, TaskState]] = MappingProxyType(
    {
        TaskState.THROTTLED: {
            TaskEvent.RELEASED: TaskState.THROTTLED,
            TaskEvent.ADMITTED: TaskState.PENDING,
            **_ANY_LIVE,
        },
        TaskState.PENDING: {TaskEvent.STARTED: TaskState.RUNNING, **_ANY_LIVE},
        TaskState.RUNNING: {TaskEvent.SUCCEEDED: TaskState.SUCCEEDED, **_ANY_LIVE},
        TaskState.SUCCEEDED: {},
        TaskState.FAILED: {},
        TaskState.CANCELLED: {},
    }
)

TASK_STATE_AFTER: Mapping[TaskEvent | None, TaskState] = MappingProxyType(
    {
        None: TaskState.THROTTLED,
        **{event: state for row in TASK_TRANSITIONS.values() for event, state in row.items()},
    }
)
"""The state that an event leads to, from whichever state; that of a new task for None."""

TASK_ACTIVE = frozenset({TaskState.PENDING, TaskState.RUNNING})
"""The states that take up capacity of the task's model."""

TASK_TERMINAL = frozenset(state for state, row in TASK_TRANSITIONS.items() if not row)

TASK_FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "SAFETY.INPUT.TEXT": "The prompt was rejected by content moderation.",
        "SAFETY.INPUT.IMAGE": "An input image was rejected by content moderation.",
        "SAFETY.INPUT.VIDEO": "An input video was rejected by content moderation.",
        "SAFETY.INPUT.AUDIO": "An input audio was rejected by content moderation.",
        "SAFETY.OUTPUT.IMAGE": "The generated image was rejected by content moderation.",
        "SAFETY.OUTPUT.VIDEO": "The generated video was rejected by content moderation.",
        "SAFETY.OUTPUT.AUDIO": "The generated audio was rejected by content moderation.",
        "SAFETY": "Something was rejected by content moderation.",
        "INPUT_PREPROCESSING.SAFETY.TEXT": "The prompt was rejected before the model ran.",
        "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY": "The model's vendor rejected the input.",
        "INPUT_PREPROCESSING.INTERNAL": "The input could not be prepared.",
        "INTERNAL.BAD_OUTPUT.CODE01": "The output did not pass the checks of its quality.",
        "INTERNAL.BAD_OUTPUT.01": "The output did not pass the checks of its quality.",
        "ASSET.INVALID": "An input asset does not fit the limits of the model.",
        "THIRD_PARTY.UNAVAILABLE": "The vendor of the model is not available.",
        "INTERNAL": "An internal error occurred.",
    }
)
"""The failure codes that are documented or were seen, each with a text for people."""

UNEXPLAINED_TASK_FAILURE = Failure("INTERNAL", TASK_FAILURES["INTERNAL"])


def is_moderation(code: str) -> bool:
    """Return whether a failure code says that moderation rejected something."""
    return "SAFETY" in code.split(".")


TASK_ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "createImageToVideo": "image_to_video",
        "createTextToVideo": "text_to_video",
        "createVideoToVideo": "video_to_video",
        "createTextToImage": "text_to_image",
        "createImageUpscale": "image_upscale",
        "createVideoUpscale": "video_upscale",
        "createVideoToHdr": "video_to_hdr",
        "createVideoToAudio": "video_to_audio",
        "createCharacterPerformance": "character_performance",
        "createSoundEffect": "sound_effect",
        "createSpeechToSpeech": "speech_to_speech",
        "createTextToSpeech": "text_to_speech",
        "createVoiceDubbing": "voice_dubbing",
        "createVoiceIsolation": "voice_isolation",
        "createAvatarVideo": "avatar_videos",
        "createAdLocalization": "recipes/ad_localization",
        "createMarketingStockImage": "recipes/marketing_stock_image",
        "createMultiShotVideo": "recipes/multi_shot_video",
        "createProductAd": "recipes/product_ad",
        "createProductCampaignImage": "recipes/product_campaign_image",
        "createProductSwap": "recipes/product_swap",
        "createProductUgc": "recipes/product_ugc",
    }
)
"""The operations that create a task, each with its path below /v1/."""

ROUTED: Mapping[str, str] = MappingProxyType(
    {"generateVideo": "video", "generateImage": "image", "generateAudio": "audio"}
)
"""The operations in which a router chooses the model, each with what it generates."""

_CREATES = frozenset(TASK_ENDPOINTS) | frozenset(ROUTED) | {"runWorkflow"}
_OK = frozenset({200})

TASK = ResourceKind(
    "task",
    TASK_TRANSITIONS,
    moments=(
        Moment("task-create", "before a task is stored", one_of=_CREATES, phase=Phase.BEFORE),
        Moment(
            "task-created",
            "a task is stored, the reply not out",
            one_of=_CREATES,
            phase=Phase.AFTER,
            statuses=_OK,
        ),
        Moment("throttled", "any call about a throttled task", state=TaskState.THROTTLED),
        Moment("pending", "any call about a pending task", state=TaskState.PENDING),
        Moment("task-running", "any call about a running task", state=TaskState.RUNNING),
        Moment("succeeded", "any call about a succeeded task", state=TaskState.SUCCEEDED),
    ),
    automatic=frozenset({TaskEvent.ADMITTED, TaskEvent.RELEASED}),
    reasons={
        TaskEvent.RELEASED: "its own time of being throttled is over",
        TaskEvent.ADMITTED: "its model has capacity",
        TaskEvent.STARTED: "a worker took it",
        TaskEvent.SUCCEEDED: "its output is there",
        TaskEvent.CANCELLED: "it was deleted",
    },
    added_later=True,
)
"""What faults and journal may say about tasks. Findings: `core/history/task_findings.py`."""

WORKFLOW = ResourceKind("workflow", added_later=True)  # no lifecycle: they are published elsewhere

_TASK_PATH = "/v1/tasks/{id}"
_WORKFLOWS = "/v1/workflows"
TASK_OPERATIONS = (
    *(
        ApiOperation(operation, "POST", f"/v1/{endpoint}", "task", Role.CREATE)
        for operation, endpoint in TASK_ENDPOINTS.items()
    ),
    ApiOperation("getTask", "GET", _TASK_PATH, "task", Role.POLL),
    ApiOperation("deleteTask", "DELETE", _TASK_PATH, "task", Role.CANCEL),
    *(
        ApiOperation(operation, "POST", f"/v1/generate/{kind}", "task", Role.CREATE)
        for operation, kind in ROUTED.items()
    ),
    # a run of a workflow is a task, and has an operation of its own to be polled
    ApiOperation("runWorkflow", "POST", f"{_WORKFLOWS}/{{id}}", WORKFLOW.name, Role.CREATE),
    ApiOperation(
        "getWorkflowInvocation", "GET", "/v1/workflow_invocations/{id}", "task", Role.POLL
    ),
)
