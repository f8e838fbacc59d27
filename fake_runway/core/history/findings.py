"""What a world's client does wrong, according to the journal.

The problem: a fake that answers correctly hides mistakes that cost money at the real service, such
as a session that is never cancelled. The journal shows them, but the journal of a test that passes
is not read. The choice: few rules, each about what the client knew and then did or failed to do. A
rule that cannot be sure reports nothing, so that a test may require that there are no findings.

Hence a client is judged by what certainly reached it. An answer that a fault struck may have been
unreadable, so it proves nothing against the client and counts in its favour. Only resources whose
create is in the journal can be left behind; others belong to the test. Whether a client knew an
answer when it sent the next request follows from the order of the two (`worlds/unread.py`), however
fast both machines are. The pace of polls is measured in client time: virtual time divided by the
clock's rate. While the clock stands still, or across a move of it, client time is unknown. Findings
hold for now: a call that is missing may still arrive.
"""

import json
import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from fake_runway.core.history.journal import (
    CLOCK_ACTS,
    DOWNLOAD,
    REPORT,
    Act,
    Entry,
    Exchange,
    Move,
    Resource,
)
from fake_runway.core.history.room_findings import mistakes_in_the_room
from fake_runway.core.history.task_findings import TaskHistory, TaskPoll, mistakes_with_a_task
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import (
    NO_SUBJECT,
    ResourceKind,
    Role,
    Subject,
    Vocabulary,
    references_of_acts,
)
from fake_runway.core.tasks.task import Task
from fake_runway.core.types import Json

FAST_S = 0.1  # client time: closer polls are too fast
TOGETHER_S = 1.0  # client time: what a client sends together arrives within it, on any machine
FEWEST_FAST = 3
QUIET_S = 60.0  # world time without a call after which the client has given up
CONSUME_WITHIN_S = 30.0  # world time
REPEATED_WITHIN_S = 120.0  # world time
MOST_NUMBERS = 20
_CLOCK_GRAIN_S = 1e-6  # POSIX seconds as floats are exact to a quarter of a microsecond


class Severity(Enum):
    """Broken or costly; wasteful; worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class FindingRule(NamedTuple):
    """The severity of a finding, and its message: what the journal shows, what would be right."""

    severity: Severity
    message: str


RULES: Mapping[str, FindingRule] = {
    "abandoned-ready": FindingRule(
        Severity.WARNING,
        "The {kind} became READY after the client had given up polling: cancel a {kind} with"
        " DELETE when you stop waiting for it.",
    ),
    "consume-never-arrived": FindingRule(
        Severity.ERROR,
        "READY was shown with a key, but no consume arrived here: the usual cause is a"
        " hard-coded host, so that the browser's consume went to production; give the browser's"
        " SDK this server as its baseUrl.",
    ),
    "never-cancelled": FindingRule(
        Severity.WARNING,
        "The last call about the {kind}, {last}, and no DELETE followed: cancel what you give"
        " up, for it takes up capacity and can go on costing.",
    ),
    "never-polled": FindingRule(
        Severity.WARNING,
        "The {kind} was created, and no GET followed: poll it until it is READY, and cancel it with"
        " DELETE if you do not want it; it takes up capacity and costs credits meanwhile.",
    ),
    "price-unknown": FindingRule(
        Severity.INFO,
        "{times} times {model} of {endpoint} cost --default-price, because no price of it is known:"
        " what a test finds out about credits is a guess. Give that option the price that you pay;"
        " the table wants it, too, in fake_runway/core/tasks/table.py, in the row of the id"
        ' "{model}" with the endpoint "{endpoint}".',
    ),
    "create-reply-lost": FindingRule(
        Severity.INFO,
        "The {kind} was made, but the reply to its create did not reach the client whole:"
        " the client cannot know its id, so expect it to take up capacity until it expires.",
    ),
    "polled-too-fast": FindingRule(
        Severity.WARNING,
        "{times} polls came less than 100 ms after one that had shown {waiting}: wait between"
        " polls, a second is usual.",
    ),
    "polled-after-end": FindingRule(
        Severity.WARNING,
        "Polling went on after a GET had shown {status}: stop then, for nothing changes any more.",
    ),
    "consumed-twice": FindingRule(
        Severity.ERROR,
        "The {kind} was consumed again after its credentials had been handed out: a key works"
        " once, so keep the credentials or create another {kind}.",
    ),
    "repeated-create": FindingRule(
        Severity.ERROR,
        "A create that had made a {kind} was sent again{by_sdk} when its reply did not come:"
        " each one costs credits, so repeat only what certainly did not act.",
    ),
    "secret-in-url": FindingRule(
        Severity.ERROR,
        "A secret stood in the query of a URL, which logs and proxies keep: send it in the"
        " Authorization header only.",
    ),
    "no-version-header": FindingRule(
        Severity.WARNING,
        "{times} calls came without X-Runway-Version, and the real API refuses them: send the"
        " header with every call but consume.",
    ),
    "consume-without-type": FindingRule(
        Severity.INFO,
        "{times} consumes declared no Content-Type. The sources differ: the setup guide's Node"
        " servers send none, and this server accepts that by default; a caller of the live API"
        ' reports a refusal, "Incorrect content type", until it declared application/json, as the'
        " browser's SDK does. Declare it, and try --consume-body typed.",
    ),
    "never-hung-up": FindingRule(
        Severity.WARNING,
        "The last participant was lost, so the call went on and was paid until the {kind} was"
        " given up: end a call with END_CALL, or leave the room, also when the page is closed.",
    ),
    "joined-twice": FindingRule(
        Severity.WARNING,
        "{times} joins came under an identity that was in the room already, and a LiveKit server"
        " ends the older connection then: connect once with each set of credentials.",
    ),
    "tool-unanswered": FindingRule(
        Severity.WARNING,
        "{times} calls of {tools} got no answer in time: register a handler for each backend_rpc"
        " tool before the {kind} is used, and let it answer within its timeoutSeconds.",
    ),
    "tool-answered-late": FindingRule(
        Severity.WARNING,
        "{times} calls of {tools} got an answer after the avatar had given up: answer within the"
        " tool's timeoutSeconds (4 by default, 8 at most), and do slow work afterwards.",
    ),
    "task-polled-too-fast": FindingRule(
        Severity.WARNING,
        "{times} polls of the {kind} came less than 4 s of the world's time after one that had"
        " shown that it goes on: a {kind} changes every 5 s at most, so wait that long.",
    ),
    "task-polled-after-end": FindingRule(
        Severity.WARNING,
        "{times} polls came after a GET had shown {status}: stop then; another GET is only good for"
        " new addresses of outputs, once the old ones are about to expire.",
    ),
    "throttled-ignored": FindingRule(
        Severity.WARNING,
        "A GET had shown THROTTLED, and {what}: THROTTLED means that the {kind} waits for capacity"
        " and is paid already, so poll on, or cancel it with DELETE.",
    ),
    "output-never-fetched": FindingRule(
        Severity.WARNING,
        "The {kind} has succeeded and was paid, and its outputs were not fetched before their"
        " addresses expired: download them to a storage of your own.",
    ),
    "output-fetched-late": FindingRule(
        Severity.ERROR,
        "An output was asked for {late}s after its address had expired, for the first time: fetch"
        " outputs as soon as the {kind} has succeeded, or GET the {kind} again for new addresses.",
    ),
    "output-link-kept": FindingRule(
        Severity.ERROR,
        "An output that had been fetched was asked for again {late}s after its address had expired:"
        " keep the file, not the address, which works for 24 to 48 hours.",
    ),
    "no-microphone": FindingRule(
        Severity.WARNING,
        "The avatar awaited speech for {seconds}s, and no participant published a microphone: ask"
        " for the permission to use it, and show a user who refuses that the avatar hears nothing.",
    ),
}
"""By the id of the finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the client does wrong, once for each resource and rule.

    Attributes:
        id: stable; a key of `RULES`.
        subject: the resource that it is about; none: the world.
        at: of the first wrong call, or of the call after which something is missing.
        numbers: of the journal entries that are evidence; of many, the first.
    """

    id: str
    severity: Severity
    subject: Subject
    message: str
    at: float
    numbers: tuple[int, ...]


def finding_body(finding: Finding, vocabulary: Vocabulary = RUNWAY_API) -> Json:
    """Return a finding as JSON.

    Shape: `Finding` in contracts/wire/schemas/admin.json.
    """
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        **references_of_acts(finding.subject, vocabulary.kinds),
        "message": finding.message,
        "at": finding.at,
        "numbers": list(finding.numbers),
    }


def findings(
    entries: Iterable[Entry],
    *,
    resources: Mapping[str, Resource],
    now: float,
    rate: float,
    clock_lost: int = -1,
    acts_lost: bool = False,
    vocabulary: Vocabulary = RUNWAY_API,
) -> list[Finding]:
    """Return what a world's client does wrong, by instant, then id.

    Args:
        entries: in the order of application.
        resources: of the world, by id, up to date; the moves stand in for evicted ones.
        now: the world's instant, POSIX seconds.
        rate: of the world's clock before the first entry.
        clock_lost: as in `journal.Log`: how the clock went before that number is unknown.
        acts_lost: the journal has lost acts, so that what a room reported may be missing.
    """
    exchanges: list[Exchange] = []
    histories: dict[Subject, _ResourceHistory] = {}
    judged = {kind.name: kind for kind in vocabulary.kinds if kind.custody is not None}
    tasks: defaultdict[Subject, _TaskEntries] = defaultdict(_TaskEntries)
    clock = _ClientTime(rate, lost=clock_lost)

    def history_of(subject: Subject) -> _ResourceHistory:
        if subject not in histories:
            histories[subject] = _ResourceHistory(subject, judged[subject.kind], vocabulary)
        return histories[subject]

    for entry in entries:
        match entry:
            case Exchange(subject=subject):
                exchanges.append(entry)
                if subject.kind in judged and subject.id:
                    history_of(subject).add(entry)
                elif subject.kind == TASK.name and subject.id:
                    tasks[subject].add(entry, vocabulary.role_of(entry.operation))
            case Move(kind=kind, change=change) if kind.name in judged:
                history = history_of(entry.subject)
                history.resource = change.after
                history.used |= change.event in history.custody.used
                if kind.is_terminal(change.after.state):
                    history.ended_at_number = entry.number
            case Move(change=change) if isinstance(change.after, Task):
                tasks[entry.subject].task = change.after
            case Act(what=what, subject=subject) if what == REPORT and subject.kind in judged:
                history_of(subject).reports.append(entry)
            case Act(what=what, subject=subject) if what == DOWNLOAD:
                tasks[subject].downloads.append(entry)
            case Act(what=what) if what in CLOCK_ACTS:
                clock.add(entry)
    found = [
        *_repeated_create(exchanges, vocabulary),
        *_secret_in_url(exchanges, vocabulary),
        *_no_version(exchanges, vocabulary),
        *_without_type(exchanges, vocabulary),
        *_price_unknown(tasks.values()),
    ]
    for history in histories.values():
        history.resource = resources.get(history.subject.id, history.resource)
        found += _left_behind(history, now)
        found += _badly_polled(history, clock)
        found += _consumed_twice(history, clock)
        found += _in_the_room(history, complete=not acts_lost)
    alike: defaultdict[_Request, list[Exchange]] = defaultdict(list)
    for had in tasks.values():
        if had.create is not None:
            alike[_request(had.create)].append(had.create)
    for subject, had in tasks.items():
        same = [] if had.create is None else alike[_request(had.create)]
        history_of_task = had.history(same, resources.get(subject.id))
        for rule, evidence, at, words in mistakes_with_a_task(
            history_of_task,
            now=now,
            knew=lambda first, second: _knew(first, second, clock),
            apart=lambda first, second: _apart(first, second, clock),
            stood_still=clock.stood_still,
            complete=not acts_lost,
        ):
            found.append(_finding(rule, subject, evidence, at=at, **words))
    return sorted(found, key=lambda each: (each.at, each.id, each.subject))


# What the rules read


class _ResourceHistory:
    """What happened to one resource. `calls`: those that name it, which its create does not."""

    def __init__(self, subject: Subject, kind: ResourceKind, vocabulary: Vocabulary) -> None:
        assert kind.custody is not None, kind.name
        self.subject = subject
        self.kind = kind
        self.custody = kind.custody
        self.resource: Resource | None = None
        self.used = False
        self.create: Exchange | None = None
        self.calls: list[Exchange] = []
        self.reports: list[Act] = []
        self.ended_at_number = -1
        self._role_of = vocabulary.role_of

    def add(self, call: Exchange) -> None:
        if self._role_of(call.operation) is Role.CREATE:
            self.create = call
        else:
            self.calls.append(call)

    def calls_of(self, role: Role) -> list[Exchange]:
        return [call for call in self.calls if self._role_of(call.operation) is role]


@dataclass(slots=True)
class _TaskEntries:
    """What the journal has of one task."""

    task: Task | None = None
    create: Exchange | None = None
    polls: list[Exchange] = field(default_factory=list)
    deletes: list[Exchange] = field(default_factory=list)
    downloads: list[Act] = field(default_factory=list)

    def add(self, call: Exchange, role: Role | None) -> None:
        match role:
            case Role.CREATE:
                self.create = call
            case Role.POLL:
                self.polls.append(call)
            case Role.CANCEL:
                self.deletes.append(call)

    def history(self, alike: Sequence[Exchange], task: Resource | None) -> TaskHistory:
        over = task is not None and TASK.is_terminal(task.state)
        return TaskHistory(
            alike,
            self.create,
            [
                TaskPoll(call, _field(call) if _delivered_intact(call) else None)
                for call in self.polls
            ],
            self.deletes,
            self.downloads,
            task.changed_at if task is not None and over else None,
            task.plan.output_lifetime_s if isinstance(task, Task) else math.inf,
        )


class _Span(NamedTuple):
    """A stretch of the journal over which the clock went evenly."""

    number: int
    at: float
    rate: float
    moved: bool  # it began with a move of the clock


class _ClientTime:
    """The client's own time between two calls; unknown before entry number `lost`."""

    def __init__(self, rate: float, *, lost: int) -> None:
        self._lost = lost
        self._spans = [_Span(-1, 0.0, rate, moved=False)]

    def add(self, act: Act) -> None:
        moved = act.what == "moveClock"
        rate = self._spans[-1].rate if moved else float(act.given["rate"])
        self._spans.append(_Span(act.number, act.at, rate, moved))

    def stood_still(self, earlier: Exchange, later: Exchange) -> bool:
        """Return whether no time passed between two calls because of the clock, or perhaps so."""
        client_s = self.between(earlier, later)
        return client_s is None and later.at == earlier.at

    def between(self, earlier: Exchange, later: Exchange) -> float | None:
        """Return seconds, never too few for rounding; None if they are unknown."""
        if earlier.number < self._lost:
            return None
        first = bisect(self._spans, earlier.number, key=lambda span: span.number) - 1
        last = bisect(self._spans, later.number, key=lambda span: span.number)
        spans = self._spans[first:last]
        if any(span.rate == 0 for span in spans) or any(span.moved for span in spans[1:]):
            return None
        instants = [earlier.at, *[span.at for span in spans[1:]], later.at + _CLOCK_GRAIN_S]
        parts = zip(pairwise(instants), spans, strict=True)
        return sum((until - since) / span.rate for (since, until), span in parts)


def _succeeded(call: Exchange) -> bool:
    """Return whether a good answer arrived, readable or not."""
    return call.arrives and 200 <= call.status < 300


def _delivered_intact(call: Exchange) -> bool:
    """Return whether a good answer arrived, and certainly as the journal has it."""
    return _succeeded(call) and not call.faults


def _answered_at(call: Exchange) -> float:
    return call.at + call.wait_s


def _field(poll: Exchange, name: str = "status") -> object:
    """Return a field of the answer to a poll, None if it has none or did not arrive."""
    if not _succeeded(poll) or not isinstance(poll.reply, dict):
        return None
    return poll.reply.get(name)


def _finding(
    rule: str, subject: Subject, evidence: Sequence[Exchange | Act], *, at: float, **words: object
) -> Finding:
    severity, message = RULES[rule]
    numbers = tuple(entry.number for entry in evidence[:MOST_NUMBERS])
    message = message.format(kind=subject.kind, **words)
    if words.get("times") == 1:
        _, counted, rest = message.split(" ", 2)
        message = f"1 {counted.removesuffix('s')} {rest}"
    return Finding(rule, severity, subject, message, at, numbers)


# The rules


def _left_behind(history: _ResourceHistory, now: float) -> Iterator[Finding]:
    """Yield how the client left a resource behind, if it did: at most one of five findings.

    A resource is not left behind if it was cancelled, if the client tried to cancel it
    (successfully or not), if a poll showed that it is over, or if its use was answered well.
    Otherwise the first of these that fits:

    - create-reply-lost: no call names it, and its create got no good answer; or, `QUIET_S` later,
      one that a fault struck.
    - consume-never-arrived: a poll certainly showed READY with a key, the resource was not used, no
      use was even tried, and it expired or `CONSUME_WITHIN_S` have passed since that answer.
    - never-polled: no poll and no use followed its create, which did not hand it over to another
      party either (an agent that joins by itself).
    - abandoned-ready: it became READY, but no poll showed that, and the last answer was a good one.
    - never-cancelled: the last answer was a failure or did not arrive, or a good one that leaves
      the client waiting.

    The last three need that since the last answer `QUIET_S` have passed or the resource expired or
    ran to its end; and that it had not ended before that call, when nothing was left to cancel.
    While no answer fails, what another party uses (an admin, say) is not left behind.
    """
    resource, create, calls = history.resource, history.create, history.calls
    custody, subject = history.custody, history.subject
    polls, uses = history.calls_of(Role.POLL), history.calls_of(Role.USE)
    if resource is None or create is None or resource.state is custody.cancelled:
        return
    if history.calls_of(Role.CANCEL) or any(map(_succeeded, uses)):
        return
    if any(_field(poll) in custody.over for poll in polls):
        return
    last = calls[-1] if calls else create
    quiet = now - _answered_at(last) >= QUIET_S
    if not calls and not _delivered_intact(create):
        if quiet or not _succeeded(create):
            yield _finding("create-reply-lost", subject, [create], at=create.at)
        return
    keys = (poll for poll in polls if _delivered_intact(poll) and _field(poll, custody.key))
    ready = next(keys, None)
    used = history.used or resource.started_at is not None  # the journal may have lost the move
    if ready is not None and not used and not uses:
        if resource.event is custody.expired or now - _answered_at(ready) >= CONSUME_WITHIN_S:
            yield _finding("consume-never-arrived", subject, [create, ready], at=ready.at)
        return
    failed = not _succeeded(last)
    over_before = history.kind.is_terminal(resource.state) and resource.changed_at <= last.at
    if over_before or (used and not failed) or not (quiet or resource.event in custody.ran_out):
        return
    evidence = [create, *calls[-1:]]
    if not polls and not uses:
        if custody.handed_over.isdisjoint(create.body):
            yield _finding("never-polled", subject, evidence, at=create.at)
        return
    unseen = resource.ready_at is not None and all(_field(poll) != custody.ready for poll in polls)
    if unseen and not failed:
        yield _finding("abandoned-ready", subject, evidence, at=last.at)
        return
    answer = f"was answered {last.status}" if last.arrives else "was not answered"
    words = f"{last.operation}, {answer}"
    yield _finding("never-cancelled", subject, evidence, at=last.at, last=words)


def _badly_polled(history: _ResourceHistory, clock: _ClientTime) -> Iterator[Finding]:
    """Yield what is wrong with polls, each compared with those of the same agent before it.

    - polled-too-fast: `FEWEST_FAST` times or more, the poll before certainly showed NOT_READY, and
      came less than `FAST_S` of client time ago. A retry right after a failure is fine.
    - polled-after-end: the answer to a poll before had certainly shown that the resource is over.
    """
    custody, subject = history.custody, history.subject
    latest: dict[str, Exchange] = {}
    over: dict[str, Exchange] = {}
    fast: list[Exchange] = []
    late: list[Exchange] = []
    for poll in history.calls_of(Role.POLL):
        before, latest[poll.agent] = latest.get(poll.agent), poll
        if (
            before is not None
            and _delivered_intact(before)
            and _field(before) == custody.waiting
            and (client_s := clock.between(before, poll)) is not None
            and client_s < FAST_S
        ):
            fast.append(poll)
        if poll.agent in over and _knew(over[poll.agent], poll, clock):
            late.append(poll)
        if _delivered_intact(poll) and _field(poll) in custody.over:
            over.setdefault(poll.agent, poll)
    if len(fast) >= FEWEST_FAST:
        words = {"times": len(fast), "waiting": custody.waiting}
        yield _finding("polled-too-fast", subject, fast, at=fast[0].at, **words)
    if late:
        end = over[late[0].agent]
        calls = [end, *late]
        yield _finding("polled-after-end", subject, calls, at=late[0].at, status=_field(end))


def _consumed_twice(history: _ResourceHistory, clock: _ClientTime) -> Iterator[Finding]:
    """Yield consumed-twice: the key was used again after credentials for it had certainly arrived.

    Consumes that one agent sends together are no finding: a framework that runs effects twice, as
    React does in development, makes them, and one gets the credentials. Two agents are two, however
    close they are. A consume that is retried because its reply was lost is no finding either: it is
    rejected, and what counts is that the session is cancelled then.
    """
    tries = [call for call in history.calls_of(Role.USE) if call.key_fits]
    first = next((call for call in tries if _delivered_intact(call)), None)
    if first is None:
        return
    again = [
        call
        for call in tries
        if call.number > first.number
        and call.at >= _answered_at(first)
        and (call.agent != first.agent or _knew(first, call, clock))
    ]
    if again:
        yield _finding("consumed-twice", history.subject, [first, *again], at=again[0].at)


def _knew(first: Exchange, second: Exchange, clock: _ClientTime) -> bool:
    """Return whether the client had the answer to `first` when it sent `second`.

    That is: the answer was certainly read; or they were not sent together, because so much time
    passed between them, or the clock was moved.
    """
    if second.at < _answered_at(first):
        return False
    if second.unread is not None and first.number not in second.unread:
        return True
    return _apart(first, second, clock)


def _apart(first: Exchange, second: Exchange, clock: _ClientTime) -> bool:
    """Return whether two calls were not sent together: time passed, or the clock was moved."""
    client_s = clock.between(first, second)
    return second.at > first.at if client_s is None else client_s >= TOGETHER_S


def _in_the_room(history: _ResourceHistory, *, complete: bool) -> Iterator[Finding]:
    """Yield what went wrong in the room; see `room_findings.py`."""
    ended_by = history.ended_at_number - 1  # the move comes right after the report that led to it
    for rule, acts, at, words in mistakes_in_the_room(
        history.reports, ended_by=ended_by, complete=complete
    ):
        yield _finding(rule, history.subject, acts, at=at, **words)


_Request = tuple[str, str, str]


def _request(create: Exchange) -> _Request:
    body = json.dumps(dict(create.body), sort_keys=True, default=str)
    return create.operation, create.agent, body


def _repeated_create(exchanges: Iterable[Exchange], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield repeated-create: a create that had succeeded was sent again without knowing.

    That is: it got no good answer, and the next create of the same agent with the same body came
    within `REPEATED_WITHIN_S`; or that one says that it is a retry, and came while the answer was
    held back. Two people who ask for one avatar right after a lost reply look the same.
    """
    latest: dict[_Request, Exchange] = {}
    for call in exchanges:
        if vocabulary.role_of(call.operation) is not Role.CREATE or not call.body:
            continue
        request = _request(call)
        first, latest[request] = latest.get(request), call
        if first is None or not first.subject.id or call.at - first.at > REPEATED_WITHIN_S:
            continue
        if not _succeeded(first) or (call.retry and call.at < _answered_at(first)):
            by_sdk = f" (retry {call.retry} of an SDK)" if call.retry else ""
            calls = [first, call]
            yield _finding("repeated-create", first.subject, calls, at=call.at, by_sdk=by_sdk)


def _secret_in_url(exchanges: Iterable[Exchange], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield secret-in-url, once for each resource and once for the rest: a query had a secret."""
    kinds = {kind.name for kind in vocabulary.lifecycles}
    leaks: defaultdict[Subject, list[Exchange]] = defaultdict(list)
    for call in exchanges:
        if call.secret_in_url:
            leaks[call.subject if call.subject.kind in kinds else NO_SUBJECT].append(call)
    for subject, calls in leaks.items():
        yield _finding("secret-in-url", subject, calls, at=calls[0].at)


def _no_version(exchanges: Iterable[Exchange], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield no-version-header, once: calls of versioned operations came without it."""
    versioned = {each.id for each in vocabulary.operations if each.versioned}
    bare = [call for call in exchanges if call.operation in versioned and not call.versioned]
    if bare:
        yield _finding("no-version-header", NO_SUBJECT, bare, at=bare[0].at, times=len(bare))


def _price_unknown(tasks: Iterable[_TaskEntries]) -> Iterator[Finding]:
    """Yield price-unknown, once for each model of an endpoint: creates were priced by default."""
    creates: defaultdict[str, list[Exchange]] = defaultdict(list)
    for had in tasks:
        if had.task is not None and had.create is not None:
            for unpriced in had.task.request.unpriced:
                creates[unpriced].append(had.create)
    for unpriced, calls in creates.items():
        endpoint, _, model = unpriced.partition(" ")
        words = {"endpoint": endpoint, "model": model, "times": len(calls)}
        yield _finding("price-unknown", NO_SUBJECT, calls, at=calls[0].at, **words)


def _without_type(exchanges: Iterable[Exchange], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield consume-without-type, once: calls that use a resource declared no content type."""
    bare = [
        call
        for call in exchanges
        if call.content_type == "" and vocabulary.role_of(call.operation) is Role.USE
    ]
    if bare:
        yield _finding("consume-without-type", NO_SUBJECT, bare, at=bare[0].at, times=len(bare))
