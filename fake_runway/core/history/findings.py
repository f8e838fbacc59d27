"""What the journal says a world's client does wrong.

The problem: a fake that answers correctly hides mistakes that cost money at the real service, such
as a session that nobody cancels. The journal shows them, but nobody reads the journal of a test
that passes. The choice: few rules, each about what the client knew and then did or left undone. A
rule that cannot be sure is silent, so that a test may demand that there are no findings.

Hence: a client is held to what certainly reached it. An answer that a fault struck may have been
unreadable, so it proves nothing against the client and counts in its favour. Only sessions whose
create stands in the journal can be left behind; others are the test's own. Speed is judged in the
caller's own time: virtual time divided by the rate then in force. While the clock stands still, or
across a move of it, there is no such time. Findings are of the moment: what is late may yet come.
"""

import json
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.core.history.journal import CLOCK_ACTS, Act, Entry, Exchange, Move
from fake_runway.core.lifecycles.session import TERMINAL, Event, State
from fake_runway.core.sessions.session import Session

FAST_S = 0.1  # own time: polls closer than this are too fast, consumes closer are simultaneous
FEWEST_FAST = 3
QUIET_S = 60.0  # world time without a call after which a client has given a session up
CONSUME_WITHIN_S = 30.0  # world time
REPEATED_WITHIN_S = 120.0  # world time
MOST_NUMBERS = 20
_CLOCK_GRAIN_S = 1e-6  # POSIX seconds as floats are exact to a quarter of a microsecond

_CREATE, _GET, _DELETE, _CONSUME = "createSession", "getSession", "deleteSession", "consumeSession"
_OF_SESSIONS = frozenset({_CREATE, _GET, _DELETE, _CONSUME, "connectBackend"})
_OVER = frozenset({"COMPLETED", "FAILED", "CANCELLED"})  # as a GET shows it
_USES = frozenset({Event.CONSUMED, Event.CLAIMED, Event.JOINED})
_RAN_OUT = frozenset({Event.EXPIRED, Event.CAPPED, Event.UNPAID, Event.ENDED})


class Severity(Enum):
    """How bad it is: broken or costly, wasteful, or merely worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Rule(NamedTuple):
    """How bad a finding is, and what it says: what was seen, what would be right."""

    severity: Severity
    message: str


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "abandoned-ready": Rule(
            Severity.WARNING,
            "The session became READY after the client had given up polling: cancel a session with"
            " DELETE when you stop waiting for it.",
        ),
        "consume-never-arrived": Rule(
            Severity.ERROR,
            "READY was shown with a key, but no consume arrived here: the usual cause is a"
            " hard-coded host, so that the browser's consume went to production; give the browser's"
            " SDK this server as its baseUrl.",
        ),
        "never-cancelled": Rule(
            Severity.WARNING,
            "The last call about the session, {last}, and no DELETE followed: cancel what you give"
            " up, for it takes up capacity and can go on costing.",
        ),
        "create-reply-lost": Rule(
            Severity.INFO,
            "The session was made, but the reply to its create did not reach the client whole:"
            " nobody can know its id, so expect it to take up capacity until it expires.",
        ),
        "polled-too-fast": Rule(
            Severity.WARNING,
            "{times} polls came less than 100 ms after one that had shown NOT_READY: wait between"
            " polls, a second is usual.",
        ),
        "polled-after-end": Rule(
            Severity.WARNING,
            "Polling went on after a GET had shown {status}: stop then, for nothing changes any"
            " more.",
        ),
        "consumed-twice": Rule(
            Severity.ERROR,
            "The session was consumed again after its credentials had been handed out: a key works"
            " once, so keep the credentials or create another session.",
        ),
        "repeated-create": Rule(
            Severity.ERROR,
            "A create that had made a session was sent again{by_sdk} when its reply did not come:"
            " each one costs credits, so repeat only what certainly did not act.",
        ),
        "secret-in-url": Rule(
            Severity.ERROR,
            "A secret stood in the query of a URL, which logs and proxies keep: send it in the"
            " Authorization header only.",
        ),
        "no-version-header": Rule(
            Severity.WARNING,
            "{times} calls came without X-Runway-Version, and the real API refuses them: send the"
            " header with every call but consume.",
        ),
    }
)
"""By the id of the finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the client does wrong, once for each session and rule.

    Attributes:
        id: stable; a key of `RULES`.
        session: its id; None: about the world.
        at: of the first wrong call, or of the call after which something is missing.
        numbers: of the journal entries that show it; of many, the first.
    """

    id: str
    severity: Severity
    session: str | None
    message: str
    at: float
    numbers: tuple[int, ...]


def finding_body(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON, with the names of its attributes.

    Shape: `Finding` in contracts/wire/schemas/admin.json.
    """
    return {
        "id": finding.id,
        "severity": finding.severity.value,
        "session": finding.session,
        "message": finding.message,
        "at": finding.at,
        "numbers": list(finding.numbers),
    }


def findings(
    entries: Iterable[Entry],
    *,
    sessions: Mapping[str, Session],
    now: float,
    rate: float,
    clock_lost: int = -1,
) -> list[Finding]:
    """Return what a world's client does wrong, by instant, then id.

    Args:
        entries: in the order of application.
        sessions: of the world, by id, up to date; of those it has forgotten, the moves tell.
        now: the world's instant, POSIX seconds.
        rate: of the world's clock before the first entry.
        clock_lost: as in `journal.Log`: before that number nobody knows how the clock went.
    """
    exchanges: list[Exchange] = []
    stories: defaultdict[str, _Story] = defaultdict(_Story)
    clock = _OwnTime(rate, lost=clock_lost)
    for entry in entries:
        match entry:
            case Exchange():
                exchanges.append(entry)
                if entry.operation in _OF_SESSIONS and entry.session_id:
                    stories[entry.session_id].add(entry)
            case Move(change=change):
                story = stories[change.after.id]
                story.session = change.after
                story.used |= change.event in _USES
            case Act(what=what) if what in CLOCK_ACTS:
                clock.add(entry)
    found = [*_repeated_create(exchanges), *_secret_in_url(exchanges), *_no_version(exchanges)]
    for session_id, story in stories.items():
        story.session = sessions.get(session_id, story.session)
        found += _left_behind(story, now)
        found += _badly_polled(story, clock)
        found += _consumed_twice(story, clock)
    return sorted(found, key=lambda each: (each.at, each.id, each.session or ""))


# What the rules look at


@dataclass(slots=True)
class _Story:
    """What happened to one session. `calls`: those that name it, its create is none of them."""

    session: Session | None = None
    used: bool = False
    create: Exchange | None = None
    calls: list[Exchange] = field(default_factory=list)

    def add(self, call: Exchange) -> None:
        if call.operation == _CREATE:
            self.create = call
        else:
            self.calls.append(call)

    def of(self, operation: str) -> list[Exchange]:
        return [call for call in self.calls if call.operation == operation]


class _Span(NamedTuple):
    """A stretch of the journal over which the clock went evenly."""

    number: int
    at: float
    rate: float
    moved: bool  # it began with a move of the clock


class _OwnTime:
    """The caller's own time between two calls; there is none before entry number `lost`."""

    def __init__(self, rate: float, *, lost: int) -> None:
        self._lost = lost
        self._spans = [_Span(-1, 0.0, rate, moved=False)]

    def add(self, act: Act) -> None:
        moved = act.what == "moveClock"
        rate = self._spans[-1].rate if moved else float(act.given["rate"])
        self._spans.append(_Span(act.number, act.at, rate, moved))

    def between(self, earlier: Exchange, later: Exchange) -> float | None:
        """Return seconds, never too few for rounding; None if nobody can tell."""
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
    """Tell whether a good answer came, readable or not."""
    return call.arrives and 200 <= call.status < 300


def _heard(call: Exchange) -> bool:
    """Tell whether a good answer came, and certainly as it is written down."""
    return _succeeded(call) and not call.faults


def _answered_at(call: Exchange) -> float:
    return call.at + call.wait_s


def _shown(call: Exchange, name: str = "status") -> object:
    """Return a field of what a GET shows, None if there is none."""
    if call.operation != _GET or not _succeeded(call) or not isinstance(call.reply, dict):
        return None
    return call.reply.get(name)


def _finding(
    rule: str, session_id: str, calls: list[Exchange], *, at: float, **words: object
) -> Finding:
    severity, message = RULES[rule]
    numbers = tuple(call.number for call in calls[:MOST_NUMBERS])
    return Finding(rule, severity, session_id or None, message.format(**words), at, numbers)


# The rules


def _left_behind(story: _Story, now: float) -> Iterator[Finding]:
    """Yield how the client left a session behind, if it did: at most one of four findings.

    Nothing is said of a session that was cancelled or that the client tried to cancel (whatever the
    DELETE was answered), that a GET showed to be over, or whose consume was answered well. Else the
    first of these that fits:

    - create-reply-lost: no call names it, and its create got no good answer; or, `QUIET_S` later,
      one that a fault struck.
    - consume-never-arrived: a GET certainly showed READY with a key, nobody used that, no consume
      was even tried, and it expired or `CONSUME_WITHIN_S` have passed since that answer.
    - abandoned-ready: it became READY, but no GET showed that, and the last answer was a good one.
    - never-cancelled: the last answer was a failure or did not come, or a good one that leaves the
      client waiting.

    The last two need that since the last answer `QUIET_S` have passed or the session expired or ran
    to its end; and that it had not ended before that call, or there was nothing left to cancel.
    While no answer fails, what somebody else uses (an admin, say) is not left behind.
    """
    session, create, calls, consumes = story.session, story.create, story.calls, story.of(_CONSUME)
    if session is None or create is None or session.state is State.CANCELLED or story.of(_DELETE):
        return
    if any(_shown(call) in _OVER for call in calls) or any(map(_succeeded, consumes)):
        return
    last = calls[-1] if calls else create
    quiet = now - _answered_at(last) >= QUIET_S
    if not calls and not _heard(create):
        if quiet or not _succeeded(create):
            yield _finding("create-reply-lost", session.id, [create], at=create.at)
        return
    ready = next((call for call in calls if _heard(call) and _shown(call, "sessionKey")), None)
    used = story.used or session.started_at is not None  # the journal may have lost the move
    if ready is not None and not used and not consumes:
        if session.event is Event.EXPIRED or now - _answered_at(ready) >= CONSUME_WITHIN_S:
            yield _finding("consume-never-arrived", session.id, [create, ready], at=ready.at)
        return
    failed = not _succeeded(last)
    over_before = session.state in TERMINAL and session.changed_at <= last.at
    if over_before or (used and not failed) or not (quiet or session.event in _RAN_OUT):
        return
    evidence = [create, *calls[-1:]]
    unseen = session.ready_at is not None and all(_shown(call) != "READY" for call in calls)
    if unseen and not failed:
        yield _finding("abandoned-ready", session.id, evidence, at=last.at)
        return
    answer = f"was answered {last.status}" if last.arrives else "was not answered"
    words = f"{last.operation}, {answer}"
    yield _finding("never-cancelled", session.id, evidence, at=last.at, last=words)


def _badly_polled(story: _Story, clock: _OwnTime) -> Iterator[Finding]:
    """Yield what is wrong with GETs, each held against those of the same agent before it.

    - polled-too-fast: `FEWEST_FAST` times or more, the GET before certainly showed NOT_READY, and
      came less than `FAST_S` of own time ago. Repeating a GET at once after a failure is fine.
    - polled-after-end: the answer to a GET before had certainly shown that the session is over.
    """
    latest: dict[str, Exchange] = {}
    over: dict[str, Exchange] = {}
    fast: list[Exchange] = []
    late: list[Exchange] = []
    for poll in story.of(_GET):
        before, latest[poll.agent] = latest.get(poll.agent), poll
        if before is not None and _heard(before) and _shown(before) == "NOT_READY":
            own_s = clock.between(before, poll)
            if own_s is not None and own_s < FAST_S:
                fast.append(poll)
        if poll.agent in over and poll.at >= _answered_at(over[poll.agent]):
            late.append(poll)
        if _heard(poll) and _shown(poll) in _OVER:
            over.setdefault(poll.agent, poll)
    if len(fast) >= FEWEST_FAST:
        first = fast[0]
        yield _finding("polled-too-fast", first.session_id, fast, at=first.at, times=len(fast))
    if late:
        end, status = over[late[0].agent], _shown(over[late[0].agent])
        calls = [end, *late]
        yield _finding("polled-after-end", end.session_id, calls, at=late[0].at, status=status)


def _consumed_twice(story: _Story, clock: _OwnTime) -> Iterator[Finding]:
    """Yield consumed-twice: the key was used again after credentials for it had certainly come.

    Simultaneous consumes of one agent are no finding: a framework that runs effects twice, as React
    does in development, makes them, and one gets the credentials. Simultaneous is: before the first
    was answered, less than `FAST_S` of own time apart, or, where that is unknown, at one instant.
    A consume repeated because its reply was lost is no finding either. It is refused, and what
    counts is that the session is cancelled then.
    """
    tries = [call for call in story.of(_CONSUME) if call.key_fits]
    first = next((call for call in tries if _heard(call)), None)
    if first is None:
        return
    again = [
        call
        for call in tries
        if call.number > first.number
        and call.at >= _answered_at(first)
        and not (call.agent == first.agent and _simultaneous(first, call, clock))
    ]
    if again:
        yield _finding("consumed-twice", first.session_id, [first, *again], at=again[0].at)


def _simultaneous(first: Exchange, second: Exchange, clock: _OwnTime) -> bool:
    own_s = clock.between(first, second)
    return second.at == first.at if own_s is None else own_s < FAST_S


def _repeated_create(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield repeated-create: a create that had made a session was sent again without knowing.

    That is: it got no good answer, and the next create of the same agent with the same body came
    within `REPEATED_WITHIN_S`; or that one says it is a repetition, and came while the answer was
    held back. Two people who ask for one avatar right after a lost reply look the same.
    """
    latest: dict[tuple[str, str], Exchange] = {}
    for call in exchanges:
        if call.operation != _CREATE or not call.body:
            continue
        asked = (call.agent, json.dumps(dict(call.body), sort_keys=True, default=str))
        first, latest[asked] = latest.get(asked), call
        if first is None or not first.session_id or call.at - first.at > REPEATED_WITHIN_S:
            continue
        if not _succeeded(first) or (call.retry and call.at < _answered_at(first)):
            by_sdk = f" (repetition {call.retry} of an SDK)" if call.retry else ""
            calls = [first, call]
            yield _finding("repeated-create", first.session_id, calls, at=call.at, by_sdk=by_sdk)


def _secret_in_url(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield secret-in-url, once for each session and once for the rest: a query held a secret."""
    shown: defaultdict[str, list[Exchange]] = defaultdict(list)
    for call in exchanges:
        if call.secret_in_url:
            shown[call.session_id].append(call)
    for session_id, calls in shown.items():
        yield _finding("secret-in-url", session_id, calls, at=calls[0].at)


def _no_version(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield no-version-header, once: expected calls other than consume came without it."""
    known = [call for call in exchanges if call.operation not in ("", _CONSUME)]
    bare = [call for call in known if not call.versioned]
    if bare:
        yield _finding("no-version-header", "", bare, at=bare[0].at, times=len(bare))
