"""One world: everything that the callers of one API secret share."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from enum import Enum
from typing import Literal, NamedTuple

from fake_runway.clock import VirtualClock, next_turn
from fake_runway.core.account import Account
from fake_runway.core.asset_calls import apply_asset_event
from fake_runway.core.assets.asset import AssetKind
from fake_runway.core.assets.kinds import ASSET_KINDS
from fake_runway.core.draws import Draws
from fake_runway.core.durations import Fixed
from fake_runway.core.errors import Refused
from fake_runway.core.faults.deciding import WORLD_SCOPE, Key, Tally, decide
from fake_runway.core.faults.fault import NO_FAULTS, ActiveFault, ActiveFaults, Fault
from fake_runway.core.faults.matching import CallFacts
from fake_runway.core.history.journal import (
    DEFAULT_BYTES,
    DEFAULT_CAPACITY,
    DOWNLOAD,
    REPORT,
    Act,
    Exchange,
    Log,
    Resource,
    ResourceChange,
)
from fake_runway.core.history.redaction import redacted_body
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import Phase, Subject, Vocabulary
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.script import Step
from fake_runway.core.sessions.session import Plan, Session
from fake_runway.core.task_calls import apply_task_event
from fake_runway.core.tasks.task import Task, TaskPlan
from fake_runway.core.types import Json
from fake_runway.core.uploads import Uploads
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.given_spec import GivenSpec, vocabulary_of
from fake_runway.worlds.naming import key_tag
from fake_runway.worlds.reports import checked_report
from fake_runway.worlds.unread import UnreadAnswers
from fake_runway.worlds.waiting import Topic, Watches

DEFAULT_SCENARIO = Scenario(
    name="default",
    about="Nothing goes wrong.",
    wire="NOT_READY, then READY with a key, then RUNNING once the key is used.",
    state="Sessions are provisioned, wait to be consumed, run, and end by an event, a limit or a"
    " DELETE.",
)
"""The scenario of the same name, without reading the catalogue; a test holds the two equal."""


_FEW_TALLIES = 256
_MANY_PLANS = 1_000
_MOST_DOWNLOADS = 10_000
EVENTS_OF_A_TURN = 250
"""How many events are applied before others get a turn: a few milliseconds."""


class _FaultsAbout(NamedTuple):
    """The faults that calls about what follows a plan can meet. `plan` is kept: its id is a key."""

    plan: Plan | TaskPlan | None
    found: ActiveFaults


class World:
    """All state that the callers of one world share; callers of another world see none of it.

    Methods take `at`: now, POSIX seconds of its clock.

    Args:
        name: the public one.
        origin: the name that its draws follow from: its own, or of the first world of its forks.
        seed: its random choices follow from it, and not from the seed of the scenario.
        base: the settings of the server; the scenario changes them.
        clock: its own.
        spec: the newer document that its server serves; None: what this release knows.

    Attributes:
        since: when it began to follow its scenario, POSIX seconds of its clock.
        given_seed: the seed that a reset asked for; None: that of scenario or server.
        calls: how many there were; the ordinal of the next.
        called_before: whether an application called it before a reset.
        placed: the faults that were put in place by hand, by name.
        touched_at: when it was last used, in real POSIX seconds.
        held_back: answers that wait for its clock.
        unread: the answers that its clients may not have read yet.
        directions: steps for the avatars that are in a call, by session id.
        incarnation: how many worlds its server had before: another one after a reset.
        uploads: what its clients have uploaded.
        heard: is told the world's name at each call and act; None: there is no listener.
        decided: how often faults were weighed, and tallies may have counted.
        unkept: done once a store keeps all that has happened so far; None: it does.
    """

    def __init__(
        self,
        name: str,
        *,
        origin: str,
        seed: str,
        base: Settings,
        scenario: Scenario,
        catalogue: Catalogue,
        clock: VirtualClock,
        journal: int = DEFAULT_CAPACITY,
        journal_bytes: float = DEFAULT_BYTES,
        journal_one_in: int = 1,
        spec: GivenSpec | None = None,
    ) -> None:
        # What every call asks for comes first: attributes lie in the order in which they are set,
        # and a call to a world of a thousand waits for each piece of memory that they are in.
        self.name = name
        self.clock = clock
        self.epoch = self.since = clock.now()
        self.draws = Draws(seed, origin)
        self.log = Log(journal, most_bytes=journal_bytes, one_in=journal_one_in)
        self.account = Account(
            draws=self.draws,
            key_tag=key_tag(origin),
            settings=scenario.settings_over(base),
            record=self._record,
            record_task=self._record,
            record_asset=self._record,
        )
        self.unread = UnreadAnswers()
        self.calls = 0
        self.touched_at = 0.0
        self.calls_watched = Watches[Exchange]()
        self.resources_watched = Watches[Resource]()
        self.placed: dict[str, ActiveFault] = {}
        self._scenario_faults = _active_faults(scenario, self.epoch)
        self._watched = False
        self.heard: Callable[[str], None] | None = None
        self.unkept: asyncio.Future[None] | None = None
        self.decided = 0
        self.tallies: dict[Key, Tally] = {}
        self.scenario = scenario
        self.catalogue = catalogue

        self.spec = spec
        self.origin = origin
        self.base = base
        self.first_rate = self.resumes_at_rate = clock.rate
        self.first_scenario = scenario
        self.given_seed: str | None = None
        self.uploads = Uploads()
        self.called_before = False
        self.held_back = 0
        self.directions: dict[str, asyncio.Queue[tuple[Step, ...]]] = {}
        self.incarnation = 0
        self.snapshots: OrderedDict[str, World] = OrderedDict()
        self._faults_about: dict[tuple[int, str], _FaultsAbout] = {}
        self._plans: dict[str, Plan] = {}
        self._task_plans: dict[str, TaskPlan] = {}
        self._downloads: set[tuple[str, int, int]] = set()
        self._bound_at: dict[str, float] = {}
        self._notified = asyncio.Event()
        self._waiting = 0
        self._keeper: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<World {self.name} {self.account!r}>"

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        return self.account.settings

    @property
    def vocabulary(self) -> Vocabulary:
        """That of the API which its server serves."""
        return vocabulary_of(self.spec)

    @property
    def only_admin(self) -> bool:
        """Whether no application has ever called it: only the admin API has touched it."""
        return not (self.calls or self.called_before)

    @property
    def active_faults(self) -> tuple[ActiveFault, ...]:
        """The faults that are about all calls: the scenario's, then those put in place by hand."""
        return (*self._scenario_faults, *self.placed.values())

    async def catch_up(self) -> None:
        """Apply what has become due, some events at a time, so that other worlds get their turns.

        No lock is needed: advancing in two steps equals advancing in one, and whatever else comes
        to this world in between catches up as well before it is applied.
        """
        while not self.caught_up():
            await next_turn()

    def caught_up(self) -> bool:
        """Apply some of what has become due; return whether that was all."""
        now = self.clock.now()
        if self.account.is_quiet(now):
            return True
        self.account.advance(now, most=EVENTS_OF_A_TURN)
        due = self.account.next_due_at
        return due is None or due > now

    # For acts

    def follow_scenario(self, scenario: Scenario, *, at: float) -> None:
        """Follow another scenario from now on. Sessions keep the plan they were created with.

        Its faults count from zero. Faults put in place by hand stay, and so do the tallies of
        sessions.
        """
        self.account.change_settings(scenario.settings_over(self.base), at=at)
        self.scenario = scenario
        self.since = at
        self._scenario_faults = _active_faults(scenario, at)
        self._faults_about.clear()
        self._plans, self._task_plans, self._bound_at = {}, {}, {}
        self._count_anew(lambda _: True)

    def bind(self, avatar: str, form: Scenario, *, at: float) -> None:
        """Make creates for an avatar follow the session form of `form` from now on.

        Of all tallies, only those of its own faults for creates begin anew.

        Args:
            avatar: a preset id or a UUID, in any case.
        """
        self._rebind({**self.scenario.avatars, avatar.lower(): form}, form)
        self._bound_at[form.name] = at
        self._count_anew(lambda fault: fault.startswith(f"{form.name}/"))

    def unbind(self, avatar: str) -> bool:
        """Remove what the scenario binds an avatar to; return whether it was bound."""
        bound = dict(self.scenario.avatars)
        form = bound.pop(avatar.lower(), None)
        if form is not None:
            self._rebind(bound, form)
        return form is not None

    def _rebind(self, bound: Mapping[str, Scenario], form: Scenario) -> None:
        self.scenario = replace(self.scenario, avatars=bound)
        self._plans.pop(form.name, None)

    def _count_anew(self, concerns: Callable[[str], bool]) -> None:
        """Drop the tallies of the scenario's faults whose names `concerns` accepts."""
        self.tallies = {
            key: tally
            for key, tally in self.tallies.items()
            if key[1] != WORLD_SCOPE or key[0] in self.placed or not concerns(key[0])
        }

    def place(self, fault: Fault, *, at: float) -> None:
        """Put a fault in place; one of the same name is replaced, and its tally begins anew."""
        self.lift(fault.name)
        self.placed[fault.name] = ActiveFault(fault, at)
        self._faults_about.clear()

    def lift(self, name: str) -> bool:
        """Remove a fault that was put in place by hand; return whether there was one."""
        if self.placed.pop(name, None) is None:
            return False
        self._faults_about.clear()
        self.tallies = {key: tally for key, tally in self.tallies.items() if key[0] != name}
        return True

    # For the room

    def report(self, session_id: str, report: Json, *, at: float | None = None) -> Session:
        """Take what the room of a session reports, as an act that a replay repeats.

        Args:
            report: `CallReport` in contracts/wire/schemas/admin.json.
            at: the instant; None: now.

        Raises:
            BadReport: it is not of that shape.
            UnknownSession, WrongReport, IllegalTransition: as of `Account.report`; nothing changed.
        """
        given = redacted_body(checked_report(report), "")
        at = self.clock.now() if at is None else at
        self.account.advance(at)
        number = self.log.number()
        try:
            session = self.account.report(session_id, given, at=at)
        except Refused:
            self.log.next_number = number
            raise
        self.log.add_act(Act(number, at, REPORT, Subject(SESSION.name, session_id), given))
        self.notify()
        return session

    # For downloads

    def has_downloaded(self, task_id: str, *, output: int, status: int) -> bool:
        """Return whether a client has asked for an output and got this status."""
        return (task_id, output, status) in self._downloads

    def note_download(self, task_id: str, output: int, status: int) -> bool:
        """Remember that a client has asked for an output; return whether that is new."""
        told = task_id, output, status
        if told in self._downloads:
            return False
        if len(self._downloads) >= _MOST_DOWNLOADS:
            self._downloads.clear()  # some are noted again
        self._downloads.add(told)
        return True

    def report_download(
        self, task_id: str, *, output: int, status: int, late_s: float = 0.0
    ) -> None:
        """Note that a client has asked for an output; once for each output and outcome.

        Args:
            status: of the answer.
            late_s: how long ago the address had expired, in seconds of this world.
        """
        if not self.note_download(task_id, output, status):
            return
        given: dict[str, float] = {"output": output, "status": status}
        if late_s:
            given["late_s"] = late_s
        at = self.clock.now()
        self.account.advance(at)
        subject = Subject(TASK.name, task_id)
        self.log.add_act(Act(self.log.number(), at, DOWNLOAD, subject, given))
        self.notify()

    # For calls

    def next_latency_s(self) -> float:
        """Count a call; return how long its answer is held back, in seconds of this world."""
        ordinal = self.calls
        self.calls += 1
        latency = self.account.settings.latency
        if isinstance(latency, Fixed):  # no draw needed, and the usual case
            return latency.seconds
        return latency.sample(self.draws.number("latency", ordinal))

    def form_of(self, avatar: str) -> Scenario | None:
        """Return the scenario whose session form an avatar (preset or UUID) selects, if any."""
        bound = self.scenario.avatars.get(avatar.lower()) if self.scenario.avatars else None
        return bound or self.catalogue.of_avatar(avatar.lower())

    def plan_of(self, scenario: Scenario) -> Plan:
        """Return the plan of the session form of `scenario`, the same object every time."""
        plan = self._plans.get(scenario.name)
        if plan is None:
            plan = self._plans[scenario.name] = scenario.plan_over(self.base.plan)
        return plan

    def task_plan_of(self, scenario: Scenario) -> TaskPlan:
        """Return the plan of the task form of `scenario`, the same object every time."""
        plan = self._task_plans.get(scenario.name)
        if plan is None:
            plan = self._task_plans[scenario.name] = scenario.task_plan_over(self.base.task)
        return plan

    def faults_for(
        self, exchange: Exchange, *, template: str, avatar: str | None
    ) -> tuple[ActiveFaults, CallFacts] | None:
        """Return the faults that can be about a call, and the facts they match it by.

        None, the usual case: there is no such fault.

        Args:
            exchange: the call, before it is carried out.
            template: the path template of its operation.
            avatar: which one a create asks for; None: the call creates no session.
        """
        kind = exchange.subject.kind
        if kind == TASK.name:
            task = self.account.tasks.by_id.get(exchange.subject.id)
            of_task = self.settings.task if task is None else task.stage.plan
            return self._task_faults(exchange, template, of_task, task=task)
        if (asset_kind := ASSET_KINDS.get(kind)) is not None:
            return self.faults_for_asset(exchange, asset_kind, template=template)
        session = self.account.find(exchange.subject.id)
        plan, since, ordinal = None, self.since, None
        if session is not None:
            plan, since, ordinal = session.stage.plan, session.created_at, session.ordinal
        elif avatar is not None and (form := self.form_of(avatar)) is not None:
            plan, since = self.plan_of(form), self._bound_at.get(form.name, self.since)
        elif avatar is not None or kind == SESSION.name:
            plan = self.account.settings.plan
        found = self._active_about(exchange.operation, plan)
        if found is NO_FAULTS:
            return None
        if avatar is not None:
            ordinal = self.account.created_count
        return found, CallFacts(
            exchange.operation,
            exchange.method,
            template,
            exchange.at,
            None if ordinal is None else (SESSION.name, ordinal),
            session is not None,
            session.stage.state if session is not None else None,
            None,
            since,
        )

    def _active_about(self, operation: str, plan: Plan | TaskPlan | None = None) -> ActiveFaults:
        """Return the faults that calls of an operation about what follows a plan can meet.

        They are found once for both: a call with a fault takes half again as long otherwise.
        """
        if not (self._scenario_faults or self.placed or (plan is not None and plan.faults)):
            return NO_FAULTS  # the usual case
        known = self._faults_about.get((id(plan), operation))
        if known is None:
            of_plan = () if plan is None else [ActiveFault(fault, None) for fault in plan.faults]
            found = ActiveFaults.about(operation, [*self.active_faults, *of_plan])
            known = _FaultsAbout(plan, found if any(found) else NO_FAULTS)
            if len(self._faults_about) >= _MANY_PLANS:
                self._faults_about.clear()
            self._faults_about[id(plan), operation] = known
        return known.found

    def faults_for_task(
        self, exchange: Exchange, *, template: str, plan: TaskPlan
    ) -> tuple[ActiveFaults, CallFacts] | None:
        """Do the same for a call that creates a task with this plan."""
        return self._task_faults(exchange, template, plan, creates=True)

    def faults_for_asset(
        self, exchange: Exchange, kind: AssetKind, *, template: str
    ) -> tuple[ActiveFaults, CallFacts] | None:
        """Do the same for a call about a stored resource, or one that creates it."""
        found = self._active_about(exchange.operation)
        if found is NO_FAULTS:
            return None
        asset = self.account.assets.get(kind.name, exchange.subject.id)
        ordinal = None if asset is None else asset.ordinal
        if not exchange.subject.id:
            ordinal = self.account.assets.next_ordinal(kind.name)
        return found, CallFacts(
            exchange.operation,
            exchange.method,
            template,
            exchange.at,
            place=None if ordinal is None else (kind.name, ordinal),
            addressed=asset is not None,
            state=None if asset is None else asset.state,
        )

    def _task_faults(
        self,
        exchange: Exchange,
        template: str,
        plan: TaskPlan,
        *,
        task: Task | None = None,
        creates: bool = False,
    ) -> tuple[ActiveFaults, CallFacts] | None:
        found = self._active_about(exchange.operation, plan)
        if found is NO_FAULTS:
            return None
        ordinal = self.account.tasks.created_count if creates else None
        since = self.since
        if task is not None:
            since, ordinal = task.created_at, task.ordinal
        return found, CallFacts(
            exchange.operation,
            exchange.method,
            template,
            exchange.at,
            place=None if ordinal is None else (TASK.name, ordinal),
            addressed=task is not None,
            state=None if task is None else task.state,
            since=since,
        )

    def strike(
        self, faults: Iterable[ActiveFault], facts: CallFacts, *, phase: Phase
    ) -> tuple[Fault, ...]:
        """Return which faults strike a call, before or after it is carried out, and count it.

        Tallies of sessions and tasks that are forgotten are dropped.
        """
        self.decided += 1
        tallies = self.tallies
        striking, changed = decide(faults, facts, phase=phase, tallies=tallies, draws=self.draws)
        if not changed:
            return striking
        tallies.update(changed)
        if len(tallies) > _FEW_TALLIES and len(tallies) > _FEW_TALLIES + 8 * self.account.count:
            sessions, tasks = self.account.sessions, self.account.tasks.by_id
            known = {session.ordinal for session in sessions.values()} | {WORLD_SCOPE}
            known |= {task.ordinal for task in tasks.values()}
            self.tallies = {key: tally for key, tally in self.tallies.items() if key[1] in known}
        return striking

    def state_of(self, subject: Subject) -> Enum | None:
        """Return the state of a resource, None if there is none."""
        if subject.kind == TASK.name:
            task = self.account.tasks.by_id.get(subject.id)
            return None if task is None else task.state
        if subject.kind in ASSET_KINDS:
            asset = self.account.assets.find(subject.kind, subject.id)
            return None if asset is None else asset.state
        session = self.account.sessions.get(subject.id)
        return None if session is None else session.state

    def let_happen(self, subject: Subject, event: str, *, at: float) -> None:
        """Let an event happen to a resource, by the event's name, if its state allows that."""
        state = self.state_of(subject)
        if state is None:
            return
        kind = RUNWAY_API.kind_of(state)
        known = kind.event_in(state, event)
        if known is None:
            return
        if kind is TASK:
            apply_task_event(self.account, subject.id, known, at=at)
        elif (asset_kind := ASSET_KINDS.get(kind.name)) is not None:
            apply_asset_event(self.account, asset_kind, subject.id, known, at=at)
        else:
            self.account.apply_event(subject.id, known, at=at)

    # Waiting

    def release(self) -> None:
        """Send all answers that are held back, and wake all who wait: this world is dropped."""
        self.clock.release()
        self.notify()
        self.calls_watched.wake_all()
        self.resources_watched.wake_all()

    def _record(self, change: ResourceChange) -> None:
        self.log.add_change(change)
        if self.resources_watched.by_topic:
            self.resources_watched.show(change.after, Topic(subject=change.after.id))

    def notify_call(self, exchange: Exchange) -> None:
        """Wake those who wait for a call like this one, or for any act or call."""
        if self.calls_watched.by_topic:
            self.calls_watched.show(exchange, Topic(exchange.operation, exchange.subject.id))
        if self._watched or self.heard is not None:
            self.notify()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Apply events when they are due, not only when a call comes, while someone waits."""
        self._waiting += 1
        if self._keeper is None:
            self._keeper = asyncio.ensure_future(self._keep_up())
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._keeper.cancel()
                self._keeper = None

    async def _keep_up(self) -> None:
        while True:
            await self.catch_up()
            waits = {asyncio.ensure_future(self.watch().wait())}
            due = self.account.next_due_at
            if due is not None and due < math.inf:
                waits.add(asyncio.ensure_future(self._until(due)))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def _until(self, due: float) -> Literal[True]:
        await self.clock.sleep(due - self.clock.now())
        return True

    def notify(self) -> None:
        """Wake all who wait for any call or act."""
        if self._watched:
            self._notified.set()
            self._notified, self._watched = asyncio.Event(), False
        if self.heard is not None:
            self.heard(self.name)

    def watch(self) -> asyncio.Event:
        """Return the event that the next call or act sets."""
        self._watched = True
        return self._notified

    async def kept(self) -> None:
        """Return once a store keeps all that has happened so far.

        Raises:
            Refused: it does not.
        """
        if self.unkept is not None:
            await asyncio.shield(self.unkept)  # others wait for it too

    # Copies

    def copy(self, name: str, clock: VirtualClock) -> "World":
        """Return a copy that shares nothing that changes. O(sessions and entries)."""
        twin = copy(self)
        twin.name, twin.clock, twin.resumes_at_rate = name, clock, clock.rate
        twin.log = self.log.copy()
        twin.placed, twin.tallies = self.placed.copy(), self.tallies.copy()
        twin._plans, twin._bound_at = self._plans.copy(), self._bound_at.copy()
        twin._task_plans = self._task_plans.copy()
        twin._downloads = self._downloads.copy()
        twin.begin_alone()
        return twin

    def begin_alone(self) -> None:
        """Begin, as a copy, with an account of its own that nothing else knows or waits for."""
        self.calls_watched, self.resources_watched = Watches(), Watches()
        self.account = self.account.copy(self._record, self._record, self._record)
        self.uploads = self.uploads.copy()
        self.snapshots = OrderedDict()
        self.touched_at, self.held_back, self.unread = 0.0, 0, UnreadAnswers()
        self.directions = {}
        self.heard, self.unkept = None, None
        self._faults_about = {}
        self._notified, self._watched = asyncio.Event(), False
        self._waiting, self._keeper = 0, None


def _active_faults(scenario: Scenario, at: float) -> tuple[ActiveFault, ...]:
    return tuple(ActiveFault(fault, at) for fault in scenario.account_faults)
