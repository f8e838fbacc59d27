"""What a client does wrong with one task: how it polls, whether it waits, what it fetches.

The pace of polls is measured in the world's time, because Runway promises a change no more often
than every five seconds of it; while the clock stands still and is not moved, nothing is too fast.
Downloads are in the journal as reports, so rules about them hold only where none is lost.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from fake_runway.core.history.journal import Act, Exchange
from fake_runway.core.history.room_findings import Mistake

POLL_EVERY_S = 4.0
"""World time between polls. Source: the official helpers sleep 4.5 s at least."""
FEWEST_FAST = 3
MOST_AFTER_END = 2
"""Polls after the end that are fine: an SDK's helper polls once more than its caller."""
FRESH_S = 60.0
"""World time after which a poll of a task that has succeeded asks for new addresses."""
QUIET_S = 60.0
"""World time without a poll after which the client has given up."""

_LIVE = frozenset({"THROTTLED", "PENDING", "RUNNING"})
_FAILED = frozenset({"FAILED", "CANCELLED"})


class TaskPoll(NamedTuple):
    """A GET of the task. `status`: what it certainly showed; None: unknown, or nothing."""

    call: Exchange
    status: object


class TaskHistory(NamedTuple):
    """What the journal has of one task.

    Attributes:
        alike: the creates of the same agent with the same request, this one among them.
        create: that of this task; None: it is not in the journal.
        polls, deletes: of this task, in order.
        downloads: reports about its outputs.
        ended_at: when it ended; None: it has not, or nothing is known of it.
        lifetime_s: how long addresses of its outputs work.
    """

    alike: Sequence[Exchange]
    create: Exchange | None
    polls: Sequence[TaskPoll]
    deletes: Sequence[Exchange]
    downloads: Sequence[Act]
    ended_at: float | None
    lifetime_s: float


def mistakes_with_a_task(
    history: TaskHistory,
    *,
    now: float,
    knew: Callable[[Exchange, Exchange], bool],
    apart: Callable[[Exchange, Exchange], bool],
    stood_still: Callable[[Exchange, Exchange], bool],
    complete: bool,
) -> Iterator[Mistake]:
    """Yield each rule that a client broke, once.

    - task-polled-too-fast: `FEWEST_FAST` times or more, the poll of the same agent before had
      certainly shown that the task goes on, less than `POLL_EVERY_S` of world time ago.
    - task-polled-after-end: more than `MOST_AFTER_END` polls of one agent followed one that had
      certainly shown FAILED or CANCELLED, or SUCCEEDED with addresses that were still new.
    - throttled-ignored: a poll had certainly shown THROTTLED, and while the task was, its agent
      sent the same create again; or no poll and no DELETE followed.
    - output-never-fetched: addresses of outputs were shown, all have expired, and none was used.
    - output-fetched-late: the first use of an output came after its address had expired.
    - output-link-kept: an output was fetched, and later again by an address that had expired.

    Args:
        now: the world's instant.
        knew: whether the client had the answer to the first call when it sent the second, which
            is of the same operation.
        apart: whether it did not send the two together.
        stood_still: whether the clock stood still between two calls, and was not moved.
        complete: the journal has lost no act.
    """
    yield from _pace(history.polls, stood_still)
    yield from _after_end(history.polls, knew)
    yield from _throttled(history, now, apart)
    if complete:
        yield from _never_fetched(history, now)
    yield from _late(history)


def _by_agent(polls: Sequence[TaskPoll]) -> Mapping[str, list[TaskPoll]]:
    agents: dict[str, list[TaskPoll]] = {}
    for poll in polls:
        agents.setdefault(poll.call.agent, []).append(poll)
    return agents


def _pace(
    polls: Sequence[TaskPoll], stood_still: Callable[[Exchange, Exchange], bool]
) -> Iterator[Mistake]:
    fast = [
        later.call
        for each in _by_agent(polls).values()
        for earlier, later in pairwise(each)
        if earlier.status in _LIVE
        and later.call.at - earlier.call.at < POLL_EVERY_S
        and not stood_still(earlier.call, later.call)
    ]
    if len(fast) >= FEWEST_FAST:
        fast.sort(key=lambda call: call.number)
        yield Mistake("task-polled-too-fast", fast, fast[0].at, {"times": len(fast)})


def _after_end(
    polls: Sequence[TaskPoll], knew: Callable[[Exchange, Exchange], bool]
) -> Iterator[Mistake]:
    for each in _by_agent(polls).values():
        end: TaskPoll | None = None
        late: list[Exchange] = []
        for poll in each:
            is_over = end is not None and knew(end.call, poll.call)
            if end is not None and is_over and _is_idle(end, poll):
                late.append(poll.call)
            if poll.status in _FAILED or poll.status == "SUCCEEDED":
                end = poll
        if end is not None and len(late) > MOST_AFTER_END:
            words = {"status": end.status, "times": len(late)}
            yield Mistake("task-polled-after-end", late, late[0].at, words)


def _is_idle(end: TaskPoll, poll: TaskPoll) -> bool:
    """Return whether a poll after an end can bring nothing new."""
    return end.status in _FAILED or poll.call.at - end.call.at < FRESH_S


def _throttled(
    history: TaskHistory, now: float, apart: Callable[[Exchange, Exchange], bool]
) -> Iterator[Mistake]:
    shown = next((each.call for each in history.polls if each.status == "THROTTLED"), None)
    create = history.create
    if shown is None or create is None:
        return
    moved_on = next(
        (each.call.number for each in history.polls if _is_past_throttled(each, shown)), None
    )
    again = [
        call
        for call in history.alike
        if call.number > shown.number
        and (moved_on is None or call.number < moved_on)
        and (history.ended_at is None or call.at < history.ended_at)
        and apart(shown, call)
    ]
    if again:
        what = {"what": "the same create came again"}
        yield Mistake("throttled-ignored", [shown, *again], again[0].at, what)
        return
    last = history.polls[-1]
    if last.status != "THROTTLED" or history.deletes:
        return
    if now - last.call.at - last.call.wait_s >= QUIET_S:
        what = {"what": "no GET and no DELETE followed"}
        yield Mistake("throttled-ignored", [create, last.call], last.call.at, what)


def _is_past_throttled(poll: TaskPoll, shown: Exchange) -> bool:
    return poll.call.number > shown.number and poll.status not in (None, "THROTTLED")


def _never_fetched(history: TaskHistory, now: float) -> Iterator[Mistake]:
    shown = [each.call for each in history.polls if each.call.status == 200 and _outputs(each.call)]
    if not shown or history.downloads or history.deletes or history.create is None:
        return
    if any(each.status is None for each in history.polls if each.call.number >= shown[0].number):
        return  # its addresses may have been unreadable
    if now - shown[-1].at >= history.lifetime_s:
        evidence = [history.create, shown[-1]]
        yield Mistake("output-never-fetched", evidence, shown[-1].at)


def _outputs(poll: Exchange) -> bool:
    return isinstance(poll.reply, Mapping) and bool(poll.reply.get("output"))


def _late(history: TaskHistory) -> Iterator[Mistake]:
    """Yield at most one of two findings, by the first expired address that was used in vain.

    An address that lived for less than `FRESH_S` is a fault that the test has chosen, and a client
    that asked for new addresses and used them has done what is right.
    """
    if history.lifetime_s < FRESH_S:
        return
    for report in history.downloads:
        if not report.given.get("late_s"):
            continue
        output = report.given["output"]
        others = [each for each in history.downloads if each.given["output"] == output]
        good = [each.number for each in others if each.given["status"] < 400]
        if any(number > report.number for number in good):
            continue
        rule = "output-link-kept" if good else "output-fetched-late"
        yield Mistake(rule, [report], report.at, {"late": f"{report.given['late_s']:g}"})
        return
