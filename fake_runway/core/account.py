"""One account: its sessions, tasks and stored resources, its capacity, its credits, its quota.

Thousands of sessions change by themselves as time goes by. A timer for each would tie the core to
an event loop, and could not be jumped over. So the account keeps an agenda of due times, and
`advance(now)` applies every event that has become due, earliest first, each at its own instant. The
capacity that an event frees admits the oldest queued session at that same instant, whose own next
event may be due before `now` as well. Hence the law that everything else rests on: advancing in two
steps equals advancing in one.

Sessions, tasks and stored resources are on one agenda and share the credits; the last two have
stores of their own (`tasks/store.py`, `assets/store.py`), and what clients do with them stands in
`task_calls.py` and `asset_calls.py`.

Decisions are values (`rules.Change`). `apply` is the only place where anything changes, and it runs
after every check, so a refused call changes nothing; `apply_task` and `apply_asset` are that for
tasks and stored resources. Rejected:
copying the state for every call, and scanning all sessions for due ones; both grow with the number
of sessions.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from types import MappingProxyType

from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.rules import AssetChange, due_asset_transition
from fake_runway.core.assets.store import AssetStore
from fake_runway.core.billing import CREATE_CREDITS, DAY_S
from fake_runway.core.draws import Draws
from fake_runway.core.errors import (
    IllegalTransition,
    UnknownAvatar,
    UnknownConversation,
    UnknownSession,
)
from fake_runway.core.lifecycles.session import ACTIVE, SESSION, TERMINAL, Event, Failure, State
from fake_runway.core.lifecycles.task import TaskEvent
from fake_runway.core.routing.routers import RoutingRecord
from fake_runway.core.scenario.settings import DEFAULT_MAX_DURATION_S, Settings
from fake_runway.core.sessions.agenda import Agenda
from fake_runway.core.sessions.call import NO_CALL, Call, event_of, told, without_transcript
from fake_runway.core.sessions.options import NO_OPTIONS, CreateOptions
from fake_runway.core.sessions.rules import (
    Change,
    check_backend,
    check_consume,
    check_create,
    due_transition,
    transition,
)
from fake_runway.core.sessions.session import Plan, Session, new_session
from fake_runway.core.tasks.rules import TaskChange, due_task_transition, task_transition
from fake_runway.core.tasks.store import TaskStore
from fake_runway.core.tasks.task import Task
from fake_runway.core.types import Json

_FEW_ENTRIES = 500  # to tidy up is to look at all; so many take 80 kB
_MOST_ROUTED = 10_000
_MANY_OPTIONS = 1_000
_MANY_CHANGES = 125  # of one call; some milliseconds
LARGEST_CALLS = 32 << 20
"""Characters of all transcripts, about; beyond it those of ended sessions go, the oldest first."""


class Account:
    """All sessions and tasks that one API secret can reach. Methods take `at`, POSIX seconds.

    `at` must not run backwards (ValueError).

    Args:
        record: called with every change of a session, in the order in which they happen.
        record_task, record_asset: the same for tasks, and for stored resources.

    Attributes:
        tasks: changed by `apply_task` alone, but for deletion.
        assets: the stored resources, changed by `apply_asset` alone.
        routed: the newest requests that routers were asked with, oldest first.
        routed_count: how many there were: the ordinal of the next.
        settings: those in force; `change_settings` puts others in force.
        created_count: how many sessions were created so far: the ordinal of the next.
        active: how many sessions take up capacity.
        spent: credits charged so far.
        evicted: how many terminal sessions retention has evicted.
    """

    def __init__(
        self,
        *,
        draws: Draws,
        key_tag: str,
        settings: Settings,
        record: Callable[[Change], None] = lambda _: None,
        record_task: Callable[[TaskChange], None] = lambda _: None,
        record_asset: Callable[[AssetChange], None] = lambda _: None,
    ) -> None:
        # as in `World`: what every call asks for first, then what a create does
        self.settings = settings
        self._now = -math.inf
        self._quiet_until = -math.inf  # nothing is due before, and no create leaves the quota
        self._sessions: dict[str, Session] = {}
        self._draws = draws
        self._key_tag = key_tag
        self._record = record
        self._due: Agenda[Session | Task | Asset] = Agenda()  # may hold stale versions
        self._queue: OrderedDict[str, None] = OrderedDict()  # ids, oldest first
        self._options: dict[CreateOptions, CreateOptions] = {}  # those that sessions share
        self._created: deque[float] = deque()  # creates in the last 24 hours
        self._spent_by_day: dict[int, int] = {}  # UTC day number -> credits
        self.created_count = 0
        self._live = 0  # sessions that have not ended
        self.active = 0
        self.spent = 0
        self.tasks = TaskStore()
        self.assets = AssetStore()

        self._record_task = record_task
        self._record_asset = record_asset
        self.routed: deque[RoutingRecord] = deque(maxlen=_MOST_ROUTED)
        self.routed_count = 0
        self._ended: deque[str] = deque()
        self._calls: dict[str, Call] = {}  # by session id, the last one reported on at the end
        self._calls_size = 0
        self._admits_at: float | None = None  # capacity since then waits to be filled
        self.evicted = 0

    def __repr__(self) -> str:
        return f"<Account {len(self._sessions)} sessions, {self.active} active, {self.spent} spent>"

    # State

    @property
    def draws(self) -> Draws:
        """All random choices."""
        return self._draws

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions by id, as of the last `advance`."""
        return MappingProxyType(self._sessions)

    @property
    def queued(self) -> tuple[str, ...]:
        """The ids of the sessions that wait for capacity, oldest first."""
        return tuple(self._queue)

    @property
    def left(self) -> int | None:
        """Credits that remain, below 0 when overdrawn; None when there is no limit."""
        granted = self.settings.limits.credits
        return None if granted is None else granted - self.spent

    @property
    def used_today(self) -> int:
        """Creates in the 24 hours before the last `advance`."""
        return len(self._created)

    @property
    def spent_by_day(self) -> Mapping[int, int]:
        """Credits for sessions by UTC day, counted in days since 1970-01-01."""
        return MappingProxyType(self._spent_by_day)

    @property
    def next_due_at(self) -> float | None:
        """When the next event is due; None if none is."""
        if self._admits_at is not None:
            return self._admits_at
        while (session := self._due.first()) is not None and not self._is_current(session):
            self._due.remove_first()
        return None if session is None else session.due_at

    def session_key(self, session: Session) -> str:
        """Return the key that consumes `session`. It never changes."""
        return f"stk_{self._key_tag}_{self._draws.token('session-key', session.ordinal)}"

    # Time

    def is_quiet(self, now: float) -> bool:
        """Return whether `advance` to `now` surely does nothing: a call asks four times."""
        return self._now <= now < self._quiet_until

    def advance(self, now: float, *, most: float = math.inf) -> list[Change]:
        """Apply every event that has become due, earliest first; return the changes of sessions.

        Args:
            most: stop after so many changes, or a few more. The account is then as it was at the
                instant of the last of them, and another `advance` goes on from there.

        Raises:
            ValueError: `now` lies before an earlier `now`.
        """
        if self._now <= now < self._quiet_until:
            self._now = now
            return []
        if now < self._now:
            raise ValueError(f"time runs forward: {now} is before {self._now}")
        history: list[Change] = []
        of_others = 0
        if self._admits_at is not None:
            history += self._admit_queued(self._admits_at, most=most)
        if self._admits_at is not None:
            return history
        current = self._sessions
        while (session := self._due.first()) is not None:
            if session.due_at is None or session.due_at > now:
                break
            if len(history) + of_others >= most:
                return history
            self._due.remove_first()
            if not isinstance(session, Session):
                of_others += (
                    self._apply_due_task(session)
                    if isinstance(session, Task)
                    else self._apply_due_asset(session)
                )
                continue
            if current.get(session.id) is not session:
                continue
            change = due_transition(
                session, draws=self._draws, left=self.left, unpaid=self.settings.unpaid
            )
            self._now = max(self._now, change.at)
            history.append(change)
            self._put(change)
            if self._queue:
                history += self._admit_queued(change.at)
        self._now = now
        if history or of_others:
            self._drop_stale_entries()
        while self._created and self._created[0] + DAY_S <= now:
            self._created.popleft()
        due_at = math.inf if session is None or session.due_at is None else session.due_at
        self._quiet_until = min(due_at, self._created[0] + DAY_S) if self._created else due_at
        return history

    # Calls

    def change_settings(self, settings: Settings, *, at: float) -> None:
        """Put other settings in force. Sessions keep the plan they were created with.

        Of very many that may then be admitted some are, and the others by the next `advance`,
        before anything else and at the same instant.
        """
        self.advance(at)
        self.settings = settings
        self._admit_queued(at, most=_MANY_CHANGES)
        for model in self.tasks.models:
            self._admit_throttled(model, at)
        self._evict_oldest()
        self.tasks.evict(settings.limits.retained)
        self.assets.evict(settings.limits.retained)
        self.advance(at, most=_MANY_CHANGES)

    def grant(self, credits: int, *, at: float) -> None:
        """Change the credits granted so that `credits` are left; a world without limit gets one."""
        self.advance(at)  # charges up to now are no part of the grant
        limits = replace(self.settings.limits, credits=self.spent + credits)
        self.change_settings(replace(self.settings, limits=limits), at=at)

    def create(
        self,
        *,
        at: float,
        max_duration_s: int = DEFAULT_MAX_DURATION_S,
        avatar: str | None = None,
        plan: Plan | None = None,
        options: CreateOptions = NO_OPTIONS,
    ) -> Session:
        """Create a session and charge for it.

        Args:
            avatar: the id of a custom avatar that must exist; None for a preset.
            plan: None: that of the settings.
            options: what the session is to keep of its create.

        Raises:
            UnknownAvatar, InsufficientCredits, QuotaReached: nothing was created or charged.
        """
        self.advance(at)
        known = self.settings.avatars
        if avatar is not None and known is not None and avatar.lower() not in known:
            raise UnknownAvatar("Could not find avatar.")
        check_create(at, left=self.left, created=self._created, daily=self.settings.limits.daily)
        session_id = self._unused_id()
        if not self._created:  # else an older one frees the quota before
            self._quiet_until = min(self._quiet_until, at + DAY_S)
        self._created.append(at)
        if len(self._options) >= _MANY_OPTIONS:
            self._options.clear()  # sessions keep those that they have
        return self._create(
            session_id,
            at,
            max_duration_s=max_duration_s,
            charge=CREATE_CREDITS,
            plan=plan,
            options=self._options.setdefault(options, options),
        )

    def get(self, session_id: str, *, at: float) -> Session:
        """Return the session as it is at `at`.

        Raises:
            UnknownSession: it never existed, or was evicted.
        """
        self.advance(at)
        session = self._sessions.get(session_id)
        if session is not None:
            return session
        if self.settings.materialise:
            return self._create(session_id, at)
        raise UnknownSession("Could not find realtime session.")

    def has(self, session_id: str) -> bool:
        """Return whether there is such a session, task or stored resource."""
        return (
            session_id in self._sessions
            or session_id in self.tasks.by_id
            or self.assets.has(session_id)
        )

    @property
    def count(self) -> int:
        """How many sessions and tasks there are."""
        return len(self._sessions) + len(self.tasks.by_id)

    def find(self, session_id: str) -> Session | None:
        """Return the session as it was at the last `advance`, None if there is none."""
        return self._sessions.get(session_id)

    def has_ended(self, session_id: str) -> bool:
        """Return whether there is such a session, and it was over at the last `advance`."""
        session = self._sessions.get(session_id)
        return session is not None and session.stage.state in TERMINAL

    def consume(self, session_id: str, key: str, *, at: float) -> Session:
        """Use the session's key. Exactly one call per session succeeds.

        Raises:
            UnknownSession, KeyRefused, KeyExpired, NotReady, AlreadyConsumed, SessionOver.
        """
        session = self.get(session_id, at=at)
        event = check_consume(session, expected_key=self.session_key(session), given_key=key)
        return self.apply_event(session_id, event, at=at)

    def admit_backend(self, session_id: str, *, at: float) -> Session:
        """Return the session if a backend participant may join its room.

        Raises:
            UnknownSession, NotReady, SessionOver.
        """
        session = self.get(session_id, at=at)
        check_backend(session)
        return session

    def delete(self, session_id: str, *, at: float) -> Session:
        """Cancel a session; one that has ended stays as it is.

        Raises:
            UnknownSession: also for one that has ended, if the settings say so.
        """
        session = self.get(session_id, at=at)
        if session.state not in TERMINAL:
            return self.apply_event(session_id, Event.CANCELLED, at=at)
        if self.settings.deleted_again:
            return session
        raise UnknownSession("Could not find realtime session.")

    def apply_event(
        self, session_id: str, event: Event, *, at: float, failure: Failure | None = None
    ) -> Session:
        """Let `event` happen to a session now, for the room, an admin or a call.

        Raises:
            UnknownSession.
            IllegalTransition: the table has no such row, or the event is automatic: only free
                capacity admits a QUEUED session.
        """
        session = self.get(session_id, at=at)
        if event in SESSION.automatic:
            raise IllegalTransition("a session is admitted by free capacity alone")
        return self._settle(transition(session, event, at, draws=self._draws, failure=failure))

    # The room

    def call(self, session_id: str) -> Call:
        """Return what was reported of a session's call."""
        return self._calls.get(session_id, NO_CALL)

    def report(self, session_id: str, report: Json, *, at: float) -> Session:
        """Take what the room of a session reports, and let what follows happen to the session.

        Args:
            report: `CallReport` in contracts/wire/schemas/admin.json.

        Raises:
            UnknownSession.
            WrongReport: it contradicts the call so far, or the session has no room.
            IllegalTransition: a participant joined, and the key was not used.
        """
        self.advance(at)
        session = self._sessions.get(session_id)
        if session is None:
            raise UnknownSession("Could not find realtime session.")
        before = self.call(session_id)
        over = session.state in TERMINAL  # what the avatar said last, it said until then
        after = told(
            before, report, at=min(at, session.changed_at) if over else at, state=session.state
        )
        event = event_of(before, after, session.state)
        change = None if event is None else transition(session, event, at, draws=self._draws)
        self._keep_call(session_id, after)
        return session if change is None else self._settle(change)

    def conversation(self, session_id: str, *, at: float) -> Session:
        """Return the session whose conversation has that id, which is its own.

        Raises:
            UnknownConversation: there is no such session, or its conversation was deleted.
        """
        try:
            session = self.get(session_id, at=at)
        except UnknownSession:
            session = None
        gone = self.call(session_id).deleted and not self.settings.materialise
        if session is None or gone:
            raise UnknownConversation("Could not find conversation.")
        return session

    def delete_conversation(self, session_id: str, *, at: float) -> None:
        """Forget what was said and done in a session, for good; the session goes on.

        Raises:
            UnknownConversation: as of `conversation`.
        """
        self.conversation(session_id, at=at)
        call = without_transcript(self.call(session_id))
        self._keep_call(session_id, call._replace(deleted=True))

    def _keep_call(self, session_id: str, call: Call) -> None:
        self._calls_size += call.size - self.call(session_id).size
        self._calls.pop(session_id, None)
        self._calls[session_id] = call  # behind those reported on before
        if self._calls_size <= LARGEST_CALLS:
            return
        ended = [each for each in self._calls if self.call(each).size and self.has_ended(each)]
        for oldest in ended:
            gone = self._calls[oldest]
            self._calls[oldest] = without_transcript(gone)
            self._calls_size -= gone.size
            if self._calls_size <= LARGEST_CALLS:
                break

    # The only mutation

    def apply(self, change: Change) -> list[Change]:
        """Apply `change` and admit queued sessions to the capacity it frees; return all changes."""
        self._put(change)
        changes = [change]
        if self._queue:
            changes += self._admit_queued(change.at)
        self._drop_stale_entries()
        return changes

    def _apply_create(self, change: Change) -> list[Change]:
        """Do as `apply` with a new session.

        If there is capacity, it is admitted without having queued: 4 us of the 10 of a create.
        """
        limit = self.settings.limits.concurrency
        session = change.after
        if (
            self._queue
            or not session.stage.waits_for_capacity
            or (limit is not None and self.active >= limit)
        ):
            return self.apply(change)
        self._live += 1
        self._record(change)
        if change.charge:
            self._charge(change)
        admission = transition(session, Event.ADMITTED, change.at, draws=self._draws)
        self._put(admission)
        return [change, admission]

    def _admit_queued(self, at: float, *, most: float = math.inf) -> list[Change]:
        limit = self.settings.limits.concurrency
        admissions: list[Change] = []
        self._admits_at = None
        while self._queue and (limit is None or self.active < limit):
            if len(admissions) >= most:
                self._admits_at = at
                self._quiet_until = -math.inf
                break
            oldest = self._sessions[next(iter(self._queue))]
            admissions.append(transition(oldest, Event.ADMITTED, at, draws=self._draws))
            self._put(admissions[-1])
        return admissions

    # The only mutation of tasks

    def apply_task(self, change: TaskChange, *, in_quota: bool = True) -> Task:
        """Apply a change of a task, let waiting tasks have the capacity it frees; return the task.

        That is the task after all that falls due at the same instant.

        Args:
            in_quota: a create counts in the daily quota.
        """
        self._put_task(change, in_quota=in_quota)
        self._admit_throttled(change.after.request.pool, change.at)
        self.advance(change.at)
        self._drop_stale_entries()
        return self.tasks.by_id.get(change.after.id, change.after)

    def _apply_due_task(self, task: Task) -> int:
        """Apply what is due of a task, unless it has changed since; return the number of changes.

        What that admits is not counted: at most one task for each that ends.
        """
        if not self.tasks.is_current(task):
            return 0
        change = due_task_transition(task, draws=self._draws, costs=self.settings.task_costs)
        self._now = max(self._now, change.at)
        self._put_task(change)
        self._admit_throttled(task.request.pool, change.at)
        return 1

    def _put_task(self, change: TaskChange, *, in_quota: bool = True) -> None:
        self._quiet_until = -math.inf
        self.tasks.put(change, retained=self.settings.limits.retained, in_quota=in_quota)
        self.spent += change.charge
        self._record_task(change)
        if change.after.due_at is not None:
            self._due.add(change.after)

    def _admit_throttled(self, model: str, at: float) -> None:
        while (task := self.tasks.next_waiting(model)) is not None:
            limit = self.settings.task_limits.of_pool(model, task.request.quota).concurrency
            if model and limit is not None and self.tasks.use_of(model).active >= limit:
                break
            costs = self.settings.task_costs
            self._put_task(
                task_transition(task, TaskEvent.ADMITTED, at, draws=self._draws, costs=costs)
            )

    # The only mutation of stored resources

    def apply_asset(self, change: AssetChange) -> Asset:
        """Apply a change of a stored resource; return it after all that is due at that instant."""
        self._put_asset(change)
        self.advance(change.at)
        self._drop_stale_entries()
        return self.assets.get(change.kind.name, change.after.id) or change.after

    def _apply_due_asset(self, asset: Asset) -> int:
        """Apply what is due of it, unless it has changed since; return the number of changes."""
        if not self.assets.is_current(asset):
            return 0
        change = due_asset_transition(asset, self.assets.kind(asset), draws=self._draws)
        self._now = max(self._now, change.at)
        self._put_asset(change)
        return 1

    def _put_asset(self, change: AssetChange) -> None:
        self._quiet_until = -math.inf
        self.assets.put(change, retained=self.settings.limits.retained)
        self.spent += change.charge
        self._record_asset(change)
        if change.after.due_at is not None:
            self._due.add(change.after)

    def copy(
        self,
        record: Callable[[Change], None],
        record_task: Callable[[TaskChange], None] = lambda _: None,
        record_asset: Callable[[AssetChange], None] = lambda _: None,
    ) -> "Account":
        """Return an independent copy that reports its changes to these. O(all that there is)."""
        twin = copy(self)
        twin._record, twin._record_task, twin._record_asset = record, record_task, record_asset
        twin.tasks, twin.assets = self.tasks.copy(), self.assets.copy()
        names = (
            "routed",
            "_sessions",
            "_calls",
            "_options",
            "_due",
            "_queue",
            "_ended",
            "_created",
        )
        for name in (*names, "_spent_by_day"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def _put(self, change: Change) -> None:
        before, after = change.before, change.after
        self._sessions[after.id] = after
        state = after.stage.state
        if before is None:
            self._live += 1
        else:
            self.active -= before.stage.state in ACTIVE
        self.active += state in ACTIVE
        if state is State.QUEUED and after.waits_for_capacity:
            self._queue[after.id] = None
        elif self._queue:
            self._queue.pop(after.id, None)
        self._record(change)
        if (due_at := after.due_at) is not None:
            self._due.add(after)
            if due_at < self._quiet_until:
                self._quiet_until = due_at
        if change.charge:
            self._charge(change)
        if state in TERMINAL:
            self._live -= 1
            self._ended.append(after.id)
            self._evict_oldest()

    def _charge(self, change: Change) -> None:
        self.spent += change.charge
        day = int(change.at // DAY_S)
        self._spent_by_day[day] = self._spent_by_day.get(day, 0) + change.charge

    def _unused_id(self) -> str:
        """Return the next id by ordinal, skipping ids that exist because they were materialised."""
        while (session_id := self._draws.uuid("session-id", self.created_count)) in self._sessions:
            self.created_count += 1
        return session_id

    def _create(
        self,
        session_id: str,
        at: float,
        *,
        max_duration_s: int = DEFAULT_MAX_DURATION_S,
        charge: int = 0,
        plan: Plan | None = None,
        options: CreateOptions = NO_OPTIONS,
    ) -> Session:
        session = new_session(
            session_id,
            ordinal=self.created_count,
            at=at,
            plan=plan or self.settings.plan,
            max_duration_s=max_duration_s,
            draws=self._draws,
            options=options,
        )
        self.created_count += 1
        return self._settle(Change(at, None, None, session, charge))

    def _settle(self, change: Change) -> Session:
        """Apply `change` and what falls due at the same instant; return the session after it.

        One that retention has evicted by then is taken from the changes.
        """
        changes = self._apply_create(change) if change.before is None else self.apply(change)
        later = self.advance(change.at)
        session = self._sessions.get(change.after.id)
        if session is not None:
            return session
        ended = [done.after for done in (*changes, *later) if done.after.id == change.after.id]
        return ended[-1]

    def _is_current(self, session: Session | Task | Asset) -> bool:
        if isinstance(session, Task):
            return self.tasks.is_current(session)
        if isinstance(session, Asset):
            return self.assets.is_current(session)
        return self._sessions.get(session.id) is session

    def _evict_oldest(self) -> None:
        retained = self.settings.limits.retained
        while len(self._ended) > retained:
            oldest = self._ended.popleft()
            del self._sessions[oldest]
            self._calls_size -= self._calls.pop(oldest, NO_CALL).size
            self.evicted += 1

    def _drop_stale_entries(self) -> None:
        """Keep the agenda in proportion to what is live: cancels leave stale entries."""
        live = self._live + self.tasks.live + self.assets.live
        if len(self._due) > live + live // 16 + _FEW_ENTRIES:
            self._due.keep(self._is_current)
