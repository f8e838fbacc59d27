"""What a client does wrong in the room of a session, according to the reports of the room.

A report says what certainly happened in the room, so there is nothing to guess about answers and
times. What is missing can only be judged where all reports are there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fake_runway.core.history.journal import Act, Exchange


class Mistake(NamedTuple):
    """A rule that a client broke.

    Attributes:
        rule: the id of the finding.
        acts: the entries that show it.
        at: of the first wrong one.
        words: what the message of the rule leaves open.
    """

    rule: str
    acts: Sequence[Exchange | Act]
    at: float
    words: Mapping[str, object] = {}


def mistakes_in_the_room(
    reports: Sequence[Act], *, ended_by: int, complete: bool
) -> Iterator[Mistake]:
    """Yield each rule that the clients in one room broke, once.

    - never-hung-up: a participant was lost, and that ended the session.
    - joined-twice: a participant joined under an identity that was in the room and connected.
    - tool-unanswered, tool-answered-late: a tool call timed out, and the answer never came or came
      later.
    - no-microphone: the avatar awaited speech and heard none, and no microphone was published.

    Args:
        reports: of the room, in order.
        ended_by: the number of the one that ended the session; another number if none did.
        complete: the journal has lost no act.
    """
    for report in reports:
        lost = report.given["event"] == "left" and report.given["how"] == "lost"
        if lost and report.number == ended_by:
            yield Mistake("never-hung-up", [report], report.at)
    if twice := [*_joined_twice(reports)]:
        first = twice[0][1]
        yield Mistake("joined-twice", _flat(twice), first.at, {"times": len(twice)})
    yield from _tools(reports)
    if complete:
        yield from _no_microphone(reports)


def _flat(groups: Sequence[Sequence[Act]]) -> list[Act]:
    every = {each.number: each for group in groups for each in group}
    return [every[number] for number in sorted(every)]


def _joined_twice(reports: Sequence[Act]) -> Iterator[tuple[Act, Act]]:
    """Yield each join with the earlier one whose participant was still connected."""
    connected: dict[str, Act] = {}
    for report in reports:
        who: str = report.given.get("participant", "")
        match report.given["event"]:
            case "joined":
                if who in connected:
                    yield connected[who], report
                connected[who] = report
            case "left" | "away":
                connected.pop(who, None)
            case "back":
                connected[who] = report
            case "closed":
                connected.clear()


def _tools(reports: Sequence[Act]) -> Iterator[Mistake]:
    called: dict[str, Act] = {}
    timed_out: dict[str, Act] = {}
    late: dict[str, Act] = {}
    for report in reports:
        match report.given:
            case {"event": "tool_called", "call": call}:
                called[call] = report
            case {"event": "tool_answered", "call": call, "error": "timeout"}:
                timed_out[call] = report
            case {"event": "tool_answered", "call": call} if call in timed_out:
                late[call] = report
    for rule, ends in (
        ("tool-unanswered", {each: timed_out[each] for each in timed_out if each not in late}),
        ("tool-answered-late", late),
    ):
        # the names of the tools are in the reports that began the calls
        if known := {call: act for call, act in ends.items() if call in called}:
            tools = ", ".join(sorted({called[call].given["tool"] for call in known}))
            acts = _flat([(called[call], act) for call, act in known.items()])
            words = {"times": len(known), "tools": tools}
            yield Mistake(rule, acts, next(iter(known.values())).at, words)


def _no_microphone(reports: Sequence[Act]) -> Iterator[Mistake]:
    joined: list[Act] = []
    for report in reports:
        match report.given:
            case {"event": "joined", "hidden": False}:
                joined.append(report)
            case {"event": "published", "source": "microphone"}:
                return
            case {"event": "unheard", "seconds": seconds} if joined:
                words = {"seconds": f"{seconds:g}"}
                yield Mistake("no-microphone", [*joined[:1], report], report.at, words)
                return
