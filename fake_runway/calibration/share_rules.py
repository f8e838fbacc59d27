"""What goes wrong with some sessions or tasks and not with others: shares, as `then` has them.

No single switch has shares. So where the ends of what was seen differ, each end gets its share of
`then`, and the time after which it came; what goes well goes on as usual.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from fake_runway.calibration.history import History, Seen, Subject
from fake_runway.calibration.measures import Learned, Rule, measured
from fake_runway.core.scenario.shares import NOTHING_HAPPENS

_MOST_KINDS = 20
_TOO_FEW_CREDITS = 2


class _End(NamedTuple):
    """How something left a state: by which failure, None if by none, and after how many seconds."""

    failure: tuple[str, str] | None
    after_s: float


def _tasks(history: History) -> Iterator[Learned]:
    """Shares of failures, where some tasks fail and others do not, or not alike."""
    ends: list[_End] = []
    for task in history.tasks():
        over = task.first("SUCCEEDED", "FAILED")
        if over is None or task.deletes:
            continue
        running = task.first("RUNNING")
        began = task.create if running is None else task.last_before(running)
        ends.append(_End(_failure(over), max(0.0, over.at - began.at)))
    if len({end.failure for end in ends}) > 1:
        evidence = _words(ends, "tasks")
        yield Learned("task", "failure", None, evidence)
        yield Learned("task", "then", list(_happenings("running", ends)), evidence)


def _sessions(history: History) -> Iterator[Learned]:
    """Shares of sessions that fail before they are READY, and of calls that fail."""
    early, late = list[_End](), list[_End]()
    for session in history.sessions():
        ready, running = session.first("READY", "RUNNING"), session.first("RUNNING")
        failed, done = session.first("FAILED"), session.first("COMPLETED")
        if ready is not None:
            early.append(_End(None, 0.0))
        elif failed is not None:
            early.append(_End(_failure(failed), failed.at - session.create.at))
        over = failed or done
        if running is None or over is None or _is_poor(history, session, running):
            continue
        late.append(_End(_failure(over), over.at - running.at))
    found: list[dict[str, Any]] = []
    for state, ends in (("provisioning", early), ("running", late)):
        if any(end.failure for end in ends):
            found += _happenings(state, ends)
    if found:
        yield Learned("session", "then", found, _words([*early, *late], "sessions and calls"))


def _failure(over: Seen) -> tuple[str, str] | None:
    if over.body.get("status") != "FAILED":
        return None
    code = str(over.body.get("failureCode") or "INTERNAL")[:200]
    return code, str(over.body.get("failure") or code)[:1000]


def _is_poor(history: History, session: Subject, running: Seen) -> bool:
    """Return whether credits were used up in a call, which a switch of its own is about."""
    last = session.later[-1].number
    return any(
        left < _TOO_FEW_CREDITS and running.number < seen.number <= last
        for seen, left in history.balances()
    )


def _happenings(state: str, ends: Sequence[_End]) -> Iterator[dict[str, Any]]:
    """Yield what happens in a state, the most frequent first, each with its share as a weight."""
    for failure, count in Counter(end.failure for end in ends).most_common(_MOST_KINDS):
        if failure is None:
            yield {"in": state, "event": NOTHING_HAPPENS, "weight": count}
            continue
        after = measured(median(end.after_s for end in ends if end.failure == failure))
        told = {"code": failure[0], "text": failure[1]}
        yield {"in": state, "event": "failed", "after": after, "failure": told, "weight": count}


def _words(ends: Sequence[_End], what: str) -> str:
    failed = sum(end.failure is not None for end in ends)
    return f"{failed} of {len(ends)} {what} failed"


SHARE_RULES: tuple[Rule, ...] = (_tasks, _sessions)
