"""Everything about a world that can be chosen: the values, and the table of what sets them.

Where the real API is unknown or contradicts itself, the choice is a field here with a default and
a reason, never a constant in the code. A row of the table makes that field a key of scenarios, with
its JSON Schema and its description in recorded runs, an option of `serve` and `up`, a keyword of
`FakeRunway`, and a line of the tables in docs/scenarios.md and docs/fidelity.md (a test compares).
"""

from collections.abc import Callable
from dataclasses import field, replace
from enum import Enum
from operator import attrgetter
from typing import Any

from fake_runway.core.assets.asset import PLAIN, AssetPlan
from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.assets.settings import AssetRules, OtherClient
from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import NO_TIME, Duration, Fixed
from fake_runway.core.lifecycles.vocabulary import quick_to_find
from fake_runway.core.scenario.asset_forms import ASSET_FAILURE, LIFETIME
from fake_runway.core.scenario.notations import (
    AVATARS,
    CAP,
    COUNT,
    DEFAULT_JOIN,
    DURATION,
    FLAG,
    JOIN_TIME,
    NUMBER,
    ROOM,
    RUNNING_ON,
    SPAN,
    Notation,
    choice,
    member,
)
from fake_runway.core.scenario.script import (
    describe_script,
    describe_setup,
    merge_setup,
    parse_script,
    parse_setup,
    script_schema,
    setup_schema,
)
from fake_runway.core.scenario.task_forms import FAILURE, LIMIT, PROGRESS, RUN
from fake_runway.core.scenario.workflow_forms import MODEL_SET, NODES, WORKFLOWS
from fake_runway.core.sessions.session import Plan
from fake_runway.core.tasks.courses import OnNodeError
from fake_runway.core.tasks.prices import DEFAULT_PRICE
from fake_runway.core.tasks.rules import TaskCost, TaskCosts
from fake_runway.core.tasks.task import Downloads, TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW, Workflow
from fake_runway.core.uploads import UploadRules
from fake_runway.core.values import dataclass

DEFAULT_MAX_DURATION_S = 300

EXAMPLE_AVATAR = "550e8400-e29b-41d4-a716-446655440000"
"""The one custom avatar that every world has by default: the id of Runway's own code samples."""


class ErrorStyle(Enum):
    """The answer to missing credits: 402 as the setup guide says, or 400 as seen on task calls."""

    GUIDE = "guide"
    OBSERVED = "observed"


@quick_to_find
class KeyState(Enum):
    """What the server thinks of the API secret."""

    VALID = "valid"
    UNKNOWN = "unknown"
    SUSPENDED = "suspended"


@quick_to_find
class ConsumeBody(Enum):
    """What a consume may declare and hold.

    Attributes:
        STRICT: nothing, or JSON that is declared as such.
        LENIENT: anything.
        TYPED: as strict, and a Content-Type has to be declared, even for an empty body.
    """

    STRICT = "strict"
    LENIENT = "lenient"
    TYPED = "typed"


class BadInputs(Enum):
    """What becomes of a create whose files are not as documented.

    Attributes:
        DOCUMENTED: a file that is damaged, of a wrong type or not there is refused; one that does
            not fit the limits of its model makes a task that fails.
        REFUSE: all of them are refused.
        ACCEPT: none is looked at.
    """

    DOCUMENTED = "documented"
    REFUSE = "refuse"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may use; its rows of `ACCOUNT` explain each. None means no limit.

    `concurrency` counts PROVISIONING, READY and RUNNING; of more than `retained` ended sessions the
    oldest are forgotten and counted. Source: the highest usage tier of the public documentation.
    """

    concurrency: int | None = 20
    daily: int | None = 25_000
    credits: int | None = 100_000
    retained: int = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How one world behaves. The rows of `ACCOUNT`, `SESSION` and `TASK` explain each field."""

    plan: Plan = field(default_factory=Plan)
    limits: Limits = field(default_factory=Limits)
    key: KeyState = KeyState.VALID
    latency: Duration = NO_TIME
    unpaid: Unpaid = Unpaid.COMPLETE
    deleted_again: bool = True
    materialise: bool = False
    avatars: frozenset[str] | None = frozenset({EXAMPLE_AVATAR})  # None: every UUID exists
    errors: ErrorStyle = ErrorStyle.GUIDE
    retry_after: bool = True
    version_required: bool = True
    strict_keys: bool = True
    consume_body: ConsumeBody = ConsumeBody.STRICT
    doc_url: bool = True
    task: TaskPlan = field(default_factory=TaskPlan)
    task_limits: TaskLimits = field(default_factory=TaskLimits)
    task_costs: TaskCosts = TaskCosts()  # frozen
    deleted_task_is_gone: bool = True
    prompt_tags: bool = True
    uploads: UploadRules = UploadRules()  # frozen
    bad_inputs: BadInputs = BadInputs.DOCUMENTED
    retired_models: bool = False
    default_price: int = DEFAULT_PRICE
    workflows: tuple[Workflow, ...] = (EXAMPLE_WORKFLOW,)
    task_delete_ends_runs: bool = True
    disabled_models: frozenset[str] | None = frozenset()  # None: all
    ranking: bool = True
    unique_slugs: bool = True
    workspace: bool = True
    avatar_plan: AssetPlan = AssetPlan(Fixed(30.0))  # frozen, as all below
    voice_plan: AssetPlan = AssetPlan(Fixed(10.0))
    document_plan: AssetPlan = AssetPlan()
    asset_rules: AssetRules = AssetRules()
    cursors: CursorRules = CursorRules()

    def asset_plan(self, kind: str) -> AssetPlan:
        """Return how new resources of a kind go, by its name."""
        plans = {"avatar": self.avatar_plan, "voice": self.voice_plan}
        return {**plans, "document": self.document_plan}.get(kind, PLAIN)


_DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Switch:
    """One row of the table: a field of `Settings` that scenarios and `serve` can set.

    Attributes:
        key: what its form (account, session, task) calls it.
        notation: how its values are written.
        help: what it decides, in one sentence.
        source: where the default comes from.
        sets: the field of `Settings`, as a path such as `limits.credits`; empty: the key.
        option: the option of `serve`; empty: the key; None: there is none.
        option_help: of the option, where it needs more words than `help`.
        merge: from the parsed value and the present one of the field to the new one.
    """

    key: str
    notation: Notation
    help: str
    source: str
    sets: str = ""
    option: str | None = field(default="", kw_only=True)
    option_help: str = field(default="", kw_only=True)
    merge: Callable[[Any, Any], Any] = field(default=lambda value, _: value, kw_only=True)

    @property
    def option_name(self) -> str:
        """The name of its option, without the hyphens before it."""
        return (self.option or self.key).replace("_", "-")

    @property
    def default(self) -> Any:
        """What a server without options does, as data."""
        return self.described(_DEFAULTS)

    def described(self, settings: Settings) -> Any:
        """Return the data by which a scenario sets it as in `settings`."""
        return self.notation.write(attrgetter(self.sets or self.key)(settings))

    def put(self, settings: Settings, value: Any) -> Settings:
        """Return `settings` with this one set to a parsed value."""
        group, _, name = (self.sets or self.key).rpartition(".")
        holder: Any = getattr(settings, group) if group else settings
        before = getattr(holder, name)
        after = self.merge(value, before)
        if after == before:  # most options of `serve` are as they are
            return settings
        changed = replace(holder, **{name: after})
        return replace(settings, **{group: changed}) if group else changed


_TIER = "The highest public tier."
_OURS = "Ours."
_ASSUMED = "Assumed."
_SKILLS = "Runway's own guide for agents: 512 bytes to 200 MB."
_BOUND = "Unknown; ours bounds the memory of a world."

ACCOUNT = (
    Switch("credits", COUNT, "Granted at the start.", _TIER, "limits.credits"),
    Switch(
        "concurrency",
        COUNT,
        "Sessions active at once; more are queued.",
        _TIER,
        "limits.concurrency",
    ),
    Switch("daily", COUNT, "Creates in any 24 hours.", _TIER, "limits.daily"),
    Switch("retained", NUMBER, "Ended sessions that stay readable.", _OURS, "limits.retained"),
    Switch(
        "key",
        member(KeyState),
        "What the server thinks of the API secret.",
        "Ours: every text is a secret, and a world of its own.",
        option=None,
    ),
    Switch(
        "errors",
        member(ErrorStyle),
        "Missing credits: 402 as the setup guide says, or 400 as seen live.",
        "Setup guide; 400 was observed live on task calls.",
    ),
    Switch("unpaid", member(Unpaid), "A running session that cannot be paid any more.", _ASSUMED),
    Switch(
        "retry_after",
        FLAG,
        "Send Retry-After when out of quota.",
        "Assumed, in seconds of the world's time; both SDKs read it.",
    ),
    Switch(
        "doc_url",
        FLAG,
        "Error bodies carry docUrl.",
        "Observed live; absent from the published document.",
    ),
    Switch(
        "delete_again",
        choice({204: True, 404: False}),
        "DELETE of a session that has ended.",
        "Assumed: 204, and the session stays as it is.",
        "deleted_again",
    ),
    Switch(
        "unknown_ids",
        choice({"refuse": False, "materialise": True}),
        "materialise: any well-formed id is a session.",
        "Published 404. A session made by `materialise` costs no credits and no quota, but takes"
        " up capacity.",
        "materialise",
        option_help="materialise: any well-formed id is a session, as with a stateless mock.",
    ),
    Switch(
        "unknown_keys",
        choice({"refuse": True, "ignore": False}),
        "Keys that the API does not know.",
        "Observed live: 400 `Unrecognized key: ...`.",
        "strict_keys",
        option_help="Keys in a body that the API does not know.",
    ),
    Switch(
        "consume_body",
        member(ConsumeBody),
        "strict: empty or JSON; typed: also, a Content-Type is required.",
        "The browser SDK declares JSON and sends no body; the guides' Node servers declare nothing;"
        " 415 was observed live for a form's type.",
        option_help="strict: empty or JSON, another content type is refused; typed: none is, too.",
    ),
    Switch(
        "version_header",
        choice({"required": True, "ignored": False}),
        "X-Runway-Version on every call but consume.",
        "Published; 400 is assumed. Browsers send none with consume.",
        "version_required",
    ),
    Switch(
        "custom_avatars",
        AVATARS,
        "The UUIDs of custom avatars that exist.",
        "The id of Runway's own code samples; others are 404.",
        "avatars",
        option="avatar",
        option_help="A custom avatar that exists; repeatable.",
    ),
    Switch("latency", DURATION, "Every answer is held back this long.", _OURS),
    Switch(
        "tier",
        choice({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}),
        "The usage tier, which limits the tasks of each model.",
        _TIER,
        "task_limits.tier",
    ),
    Switch(
        "task_concurrency",
        LIMIT,
        "Tasks of one model active at once; more are THROTTLED.",
        "As the tier says.",
        "task_limits.concurrency",
    ),
    Switch(
        "task_daily",
        LIMIT,
        "Creates for one model in any 24 hours.",
        "As the tier says.",
        "task_limits.daily",
    ),
    Switch(
        "failed_task_cost",
        member(TaskCost),
        "What a failed task costs; documented: nothing, unless moderation failed it.",
        "Public pages charge moderated runs in full; the published example of one costs 0.",
        "task_costs.failed",
    ),
    Switch(
        "cancelled_task_cost",
        choice({"full": TaskCost.FULL, "zero": TaskCost.ZERO}),
        "What a task costs that was deleted before it ended.",
        _ASSUMED,
        "task_costs.cancelled",
    ),
    Switch(
        "deleted_task",
        choice({404: True, "cancelled": False}),
        "GET of a task that was deleted before it ended.",
        "Published: 404; the status CANCELLED exists and was not seen.",
        "deleted_task_is_gone",
    ),
    Switch(
        "prompt_tags",
        FLAG,
        "A tag [fake:NAME] in a prompt selects the task form of a scenario.",
        _OURS,
    ),
    Switch(
        "bad_inputs",
        member(BadInputs),
        "Files in a create that are not as documented.",
        "Published: 400, or ASSET.INVALID where a file does not fit its model.",
        option_help="documented: 400, or a task that fails where a file does not fit its model;"
        " refuse: always 400; accept: files are not looked at.",
    ),
    Switch(
        "retired_models",
        choice({"refuse": False, "accept": True}),
        "A create for veo3, gen4_aleph or gen3a_turbo, checked as one for the model after it.",
        "They are in no published request any more.",
    ),
    Switch("smallest_upload", NUMBER, "Bytes of an upload, at least.", _SKILLS, "uploads.smallest"),
    Switch("largest_upload", NUMBER, "Bytes of an upload, at most.", _SKILLS, "uploads.largest"),
    Switch(
        "upload_bytes",
        COUNT,
        "Bytes that all uploads of a world may take.",
        _OURS,
        "uploads.kept",
    ),
    Switch("upload_slot", SPAN, "How long a slot waits for its file.", _ASSUMED, "uploads.slot_s"),
    Switch(
        "upload_lifetime",
        SPAN,
        "How long an upload can be used, counted from its slot.",
        "Published: 24 hours.",
        "uploads.lifetime_s",
    ),
    Switch(
        "workflows",
        WORKFLOWS,
        "The published workflows; example: one that draws, films and speaks.",
        "Ours: workflows are made in the web app alone.",
        option=None,
    ),
    Switch(
        "workflow_concurrency",
        COUNT,
        "Runs of workflows active at once; more are THROTTLED.",
        "Assumed: the published tables have none. Nodes take up no capacity of their models.",
        "task_limits.workflows",
    ),
    Switch(
        "workflow_delete",
        choice({204: True, 404: False}),
        "DELETE of the task with the id of a workflow's run.",
        "Unknown; no other operation cancels one.",
        "task_delete_ends_runs",
    ),
    Switch(
        "busy_models",
        MODEL_SET,
        "Models whose capacity others take up: tasks are THROTTLED, routers with onCapacity skip"
        " them.",
        _OURS,
        "task_limits.busy",
        option=None,
    ),
    Switch(
        "disabled_models",
        MODEL_SET,
        "Models that routers do not choose, whatever their settings allow.",
        "Ours: organizations can disable models in the web app.",
        option=None,
    ),
    Switch(
        "router_ranking",
        choice({"works": True, "fails": False}),
        "What ranks eligible models; fails: the first in the order of the filters is chosen.",
        "Published: filter_order_fallback.",
        "ranking",
        option=None,
    ),
    Switch(
        "same_slug",
        choice({400: True, "replace": False}),
        "A create of a router whose slug another one has; replace: the other one is gone.",
        "Published: slugs are unique. The status is assumed: both SDKs try a 409 again.",
        "unique_slugs",
    ),
    Switch(
        "workspace",
        choice({"linked": True, "none": False}),
        "Whether a workspace of the web app is linked, whose usage and audit log can be read.",
        "Unknown; without one, pages are empty.",
    ),
    Switch(
        "avatar_processing",
        DURATION,
        "From the create of an avatar, or a new image of it, to READY or FAILED.",
        "About 30 s were observed live.",
        "avatar_plan.processing",
    ),
    Switch(
        "avatar_failure",
        ASSET_FAILURE,
        "Why the processing of avatars fails; null: it does not.",
        _OURS,
        "avatar_plan.failure",
        option=None,
    ),
    Switch(
        "voice_processing",
        DURATION,
        "From the create of a voice to READY or FAILED.",
        _ASSUMED,
        "voice_plan.processing",
    ),
    Switch(
        "voice_failure",
        ASSET_FAILURE,
        "Why the processing of voices fails; null: it does not.",
        _OURS,
        "voice_plan.failure",
        option=None,
    ),
    Switch(
        "document_processing",
        DURATION,
        "From the create of a document, or a new text of it, to where avatars can use it.",
        "Assumed: at once. No published answer has a status of a document.",
        "document_plan.processing",
    ),
    Switch(
        "document_failure",
        ASSET_FAILURE,
        "Why the processing of documents fails; null: it does not.",
        _OURS,
        "document_plan.failure",
        option=None,
    ),
    Switch(
        "max_avatars",
        COUNT,
        "Custom avatars that clients may have at once; one more is 400.",
        _BOUND,
        "asset_rules.max_avatars",
    ),
    Switch(
        "max_voices",
        COUNT,
        "Custom voices that clients may have at once; one more is 400.",
        _BOUND,
        "asset_rules.max_voices",
    ),
    Switch(
        "max_documents",
        COUNT,
        "Documents that clients may have at once; one more is 400.",
        _BOUND,
        "asset_rules.max_documents",
    ),
    Switch(
        "knowledge_tokens",
        COUNT,
        "Tokens (of 4 characters) in all documents of one avatar; more are 400.",
        "Public pages: 50,000; the status is assumed, and what a token is.",
        "asset_rules.knowledge_tokens",
    ),
    Switch(
        "document_characters",
        COUNT,
        "Characters in one document, beside the published 200,000; more are 400.",
        "Published: 200,000.",
        "asset_rules.document_characters",
    ),
    Switch(
        "assets_not_ready",
        choice({"refuse": True, "accept": False}),
        "Use of an avatar, a voice or a document that is not READY: 400, or as if it was.",
        "Assumed: 400.",
        "asset_rules.refuse_unready",
    ),
    Switch(
        "empty_update",
        choice({"refuse": True, "accept": False}),
        "PATCH without a field: 400, or nothing changes.",
        "Published: at least one field; 400 is assumed.",
        "asset_rules.refuse_empty_update",
    ),
    Switch(
        "unknown_cursor",
        choice({"refuse": True, "first-page": False}),
        "A cursor that no page of the list had: 400, or the list from its beginning.",
        "Assumed.",
        "cursors.refuse_unknown",
    ),
    Switch(
        "cursor_lifetime",
        LIFETIME,
        "How long a cursor works, counted from its page; later it is 400.",
        "Unknown: for ever.",
        "cursors.lifetime_s",
    ),
    Switch(
        "other_client",
        member(OtherClient),
        "What another client does to a list of avatars, voices or documents between two pages.",
        _OURS,
        "asset_rules.other_client",
        option=None,
    ),
    Switch(
        "default_price",
        NUMBER,
        "Credits for a task of a model whose price is not known.",
        _ASSUMED,
    ),
)
"""The settings of the account form."""

SESSION = (
    Switch(
        "queued",
        DURATION,
        "Stays queued this long, whatever capacity there is.",
        _OURS,
        "plan.queued",
        option=None,
    ),
    Switch(
        "provision_time",
        DURATION,
        "From admitted to READY.",
        _ASSUMED,
        "plan.provision",
        option_help="From create to READY: 1.5s, uniform(1s, 3s), lognormal(5s, 0.3), never.",
    ),
    Switch("expires_in", SPAN, "From READY to expiresAt.", _ASSUMED, "plan.expires_in_s"),
    Switch(
        "session_cap",
        CAP,
        "RUNNING ends after this at the latest.",
        "Published: maxDuration alone; 300 s were observed live.",
        "plan.session_cap_s",
        option_help="RUNNING ends after this even if maxDuration is longer; live: 300s.",
    ),
    Switch(
        "running_on",
        RUNNING_ON,
        "What makes a READY session RUNNING.",
        "Assumed. With `join` the wire says READY until then.",
        "plan.join",
        merge=lambda word, join: None if word == "consume" else join or DEFAULT_JOIN,
    ),
    Switch(
        "join_time",
        JOIN_TIME,
        "With running_on: join, from consume to the participant; 1s.",
        _ASSUMED,
        "plan.join",
        option_help="With --running-on join: from consume to the first participant.",
        merge=lambda duration, join: None if join is None else duration,
    ),
    Switch(
        "token_room",
        ROOM,
        "The room that tokens let into; null: the session's own.",
        _OURS,
        "plan.token_room",
        option=None,
    ),
    Switch(
        "call",
        Notation(setup_schema(), parse_setup, describe_setup),
        "How a call begins, and how the avatar's data travels.",
        "Assumed: Runway's own worker is unpublished; its clients read both forms of transcripts.",
        "plan.call",
        option=None,
        merge=merge_setup,
    ),
    Switch(
        "script",
        Notation(script_schema(), parse_script, describe_script),
        "What the avatar does in a call, step by step.",
        _OURS,
        "plan.script",
        option=None,
    ),
)
"""The settings of the session form; `running_on` comes first, because `join_time` depends on it."""

TASK = (
    Switch(
        "throttled",
        DURATION,
        "Stays THROTTLED this long, whatever capacity there is.",
        _OURS,
        "task.throttled",
        option=None,
    ),
    Switch("pending", DURATION, "From admitted to RUNNING.", _ASSUMED, "task.pending", option=None),
    Switch(
        "run",
        RUN,
        "From RUNNING to its end; usual: as long as its model usually takes.",
        "Times that were seen, or assumed; see docs/tasks.md.",
        "task.run",
        option=None,
    ),
    Switch(
        "progress",
        PROGRESS,
        "The progress while RUNNING; without steps, even ones every 5 seconds.",
        "Published: no more often than every 5 seconds.",
        "task.progress",
        option=None,
    ),
    Switch(
        "failure",
        FAILURE,
        "It fails at the end of its run, for this reason; null: it succeeds.",
        _OURS,
        "task.failure",
        option=None,
    ),
    Switch(
        "output",
        choice({"files": True, "none": False}),
        "What a task that succeeded has made.",
        _OURS,
        "task.has_output",
        option=None,
    ),
    Switch(
        "downloads",
        member(Downloads),
        "What a download of an output gets.",
        _OURS,
        "task.downloads",
        option=None,
    ),
    Switch(
        "output_lifetime",
        SPAN,
        "How long the address of an output works, counted from its GET.",
        "Published: 24 to 48 hours.",
        "task.output_lifetime_s",
        option=None,
    ),
    Switch(
        "nodes",
        NODES,
        "What goes otherwise with nodes of a workflow's run.",
        _OURS,
        "task.nodes",
        option=None,
    ),
    Switch(
        "on_node_error",
        member(OnNodeError),
        "What a failed node does to its run; continue: it succeeds if a last node has an output.",
        "Unknown; published: a run that has succeeded may have nodeErrors, too.",
        "task.on_node_error",
        option=None,
    ),
)
"""The settings of the task form."""
