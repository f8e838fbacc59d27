"""The limits of each rule about clients of tasks, on histories that are written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fake_runway.core.history.journal import DOWNLOAD, Act, Exchange
from fake_runway.core.history.task_findings import (
    TaskHistory,
    TaskPoll,
    mistakes_with_a_task,
)
from fake_runway.core.lifecycles.vocabulary import Subject

TASK = Subject("task", "t")
DAY_S = 86_400.0
BODY = {"promptText": "A cat."}


class Story:
    """What happened to one task; entries get their numbers in the order in which they are told."""

    def __init__(self, *, lifetime_s: float = DAY_S) -> None:
        self.number = 0
        self.history = TaskHistory([], None, [], [], [], None, lifetime_s)

    def _call(self, at: float, agent: str, **facts: Any) -> Exchange:
        self.number += 1
        return Exchange(
            "op", "GET", "/", TASK, agent, number=self.number, at=at, status=200, **facts
        )

    def create(self, at: float = 0.0, agent: str = "a") -> Exchange:
        """Create the task, or another one alike."""
        call = self._call(at, agent, body=BODY)
        first = self.history.create or call
        self.history = self.history._replace(create=first, alike=[*self.history.alike, call])
        return call

    def poll(
        self, status: str | None, *at: float, agent: str = "a", reply: Any = None, **facts: Any
    ) -> None:
        """Poll the task at some instants."""
        for each in at:
            call = self._call(each, agent, reply=reply, **facts)
            polls = [*self.history.polls, TaskPoll(call, status)]
            self.history = self.history._replace(polls=polls)

    def succeed(self, at: float) -> None:
        """Poll the task, which has an output."""
        self.poll("SUCCEEDED", at, reply={"output": ["url"]})

    def delete(self, at: float) -> None:
        """Delete the task."""
        self.history = self.history._replace(deletes=[self._call(at, "a")])

    def download(self, at: float, status: int, *, late_s: float = 0.0, output: int = 0) -> None:
        """Ask for an output."""
        self.number += 1
        given = {"output": output, "status": status, **({"late_s": late_s} if late_s else {})}
        act = Act(self.number, at, DOWNLOAD, TASK, given)
        self.history = self.history._replace(downloads=[*self.history.downloads, act])

    def found(
        self,
        now: float = 1_000.0,
        *,
        knew: bool = True,
        apart: bool = True,
        still: bool = False,
        complete: bool = True,
    ) -> list[tuple[str, list[int]]]:
        """Return the mistakes, each with the numbers of its evidence."""
        mistakes = mistakes_with_a_task(
            self.history,
            now=now,
            knew=lambda first, second: knew and first.number < second.number,
            apart=lambda first, second: apart and first.number < second.number,
            stood_still=lambda first, second: still,
            complete=complete,
        )
        return [(each.rule, [entry.number for entry in each.acts]) for each in mistakes]


@pytest.mark.parametrize("status", ["THROTTLED", "PENDING", "RUNNING"])
def test_three_polls_within_four_seconds_are_too_fast(status: str) -> None:
    """Whatever the task is doing; two are not, and neither are those of two agents in turns."""
    two, three, agents = Story(), Story(), Story()
    two.poll(status, 0.0, 3.9, 7.8, 11.8)
    three.poll(status, 0.0, 3.9, 7.8, 11.7)
    for at in range(9):
        agents.poll(status, float(at), agent="abcd"[at % 4])

    assert [each for each in two.found(5.0) if "fast" in each[0]] == []
    assert three.found(5.0)[0] == ("task-polled-too-fast", [2, 3, 4])
    assert [each for each in agents.found(5.0) if "fast" in each[0]] == []
    assert three.found(5.0, still=True) == []


@pytest.mark.parametrize("status", [None, "SUCCEEDED", "FAILED", "SURPRISE"])
def test_other_polls_are_not_too_fast(status: str | None) -> None:
    """Nothing is certain, or nothing is waited for."""
    story = Story()
    story.poll(status, 0.0, 0.1, 0.2, 0.3)

    assert [each for each in story.found(1.0) if "fast" in each[0]] == []


def test_evidence_of_the_pace_is_in_order() -> None:
    """Of several agents as well; the instant is that of the first."""
    story = Story()
    for at in (0.0, 1.0, 2.0):
        story.poll("RUNNING", at, agent="b")
        story.poll("RUNNING", at + 0.5, agent="a")
    [mistake] = mistakes_with_a_task(
        story.history,
        now=3.0,
        knew=lambda *_: True,
        apart=lambda *_: True,
        stood_still=lambda *_: False,
        complete=True,
    )

    assert [each.number for each in mistake.acts] == [3, 4, 5, 6]
    assert (mistake.at, mistake.words) == (1.0, {"times": 4})


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_third_poll_after_a_failure_is_in_vain(status: str) -> None:
    """However late; where the client may not have known of the end, none is."""
    story = Story()
    story.poll(status, 0.0, 100.0, 200.0)
    fine = story.found()
    story.poll(None, 300.0)

    assert fine == []
    assert story.found() == [("task-polled-after-end", [2, 3, 4])]
    assert story.found(knew=False) == []


def test_polls_after_success_are_in_vain_for_a_minute() -> None:
    """Each counts from the one before; after a minute it asks for new addresses."""
    fast, slow = Story(), Story()
    fast.poll("SUCCEEDED", 0.0, 59.9, 119.8, 179.7)
    slow.poll("SUCCEEDED", 0.0, 60.0, 120.0, 180.0)

    assert fast.found() == [("task-polled-after-end", [2, 3, 4])]
    assert slow.found() == []


def throttled(*, polls: Sequence[str | None] = ("THROTTLED",), at: float = 1.0) -> Story:
    """Return a task that was created at 0, and polled."""
    story = Story()
    story.create()
    for number, status in enumerate(polls):
        story.poll(status, at + number)
    return story


def test_the_same_create_while_throttled_ignores_it() -> None:
    """If it was sent after the poll that showed it, and before the task had ended."""
    story = throttled()
    story.create(5.0)
    before = Story()
    before.create()
    before.create()
    before.poll("THROTTLED", 1.0)

    assert story.found(10.0) == [("throttled-ignored", [2, 3])]
    assert before.found(10.0) == []
    assert story.found(10.0, apart=False) == []
    for ended_at, found in ((5.0, []), (5.1, ["throttled-ignored"])):
        story.history = story.history._replace(ended_at=ended_at)
        assert [rule for rule, _ in story.found(10.0)] == found


@pytest.mark.parametrize(
    ("later", "found"), [("PENDING", False), ("RUNNING", False), ("THROTTLED", True), (None, True)]
)
def test_a_create_after_the_wait_is_fine(later: str | None, found: bool) -> None:
    """Once a poll has shown that the task goes on; a poll that showed nothing is none."""
    story = throttled(polls=["THROTTLED", later])
    story.create(5.0)

    assert bool(story.found(10.0)) is found


def test_no_poll_for_a_minute_ignores_it() -> None:
    """Unless the task was deleted, or another poll has shown something else."""
    deleted, moved_on, unknown = throttled(), throttled(polls=["THROTTLED", "RUNNING"]), Story()
    deleted.delete(2.0)
    unknown.poll("THROTTLED", 1.0)

    assert throttled().found(61.0) == [("throttled-ignored", [1, 2])]
    assert throttled().found(60.9) == []
    assert deleted.found() == moved_on.found() == unknown.found() == []


def test_the_minute_begins_with_the_answer() -> None:
    """An answer that was held back counts from when it is let go."""
    story = Story()
    story.create()
    story.poll("THROTTLED", 1.0, wait_s=10.0)

    assert story.found(70.9) == []
    assert story.found(71.0) != []


def test_an_output_is_never_fetched() -> None:
    """From the instant on at which the last address that was shown has expired."""
    story = Story()
    story.create()
    story.succeed(1.0)
    story.succeed(50.0)
    story.succeed(100.0)

    assert story.found(DAY_S + 99.9) == []
    assert story.found(DAY_S + 100.0) == [("output-never-fetched", [1, 4])]
    assert story.found(DAY_S + 100.0, complete=False) == []


@pytest.mark.parametrize(
    "but", ["no output", "fetched", "deleted", "unknown", "unread", "in between", "uncertain"]
)
def test_an_output_that_may_be_fetched_or_is_not_wanted(but: str) -> None:
    """Nothing was shown, something was done, or something is not certain."""
    story = Story()
    if but != "unknown":
        story.create()
    if but == "no output":
        story.poll("SUCCEEDED", 1.0, reply={"output": []})
        story.poll("SUCCEEDED", 1.0, reply=None)
    else:
        story.succeed(1.0)
    if but == "fetched":
        story.download(2.0, 501)
    elif but == "deleted":
        story.delete(2.0)
    elif but == "unread":
        story.poll(None, 2.0)
    elif but == "in between":
        story.poll(None, 2.0)
        story.succeed(3.0)
    elif but == "uncertain":
        call = story.history.polls[0].call
        story.history = story.history._replace(polls=[TaskPoll(call, None)])

    assert [each for each in story.found(3 * DAY_S) if "fetched" in each[0]] == []


def test_an_address_is_used_too_late() -> None:
    """For the first time, or after the file was there; a good use afterwards mends it."""
    late, kept, other, mended = Story(), Story(), Story(), Story()
    late.download(1.0, 403, late_s=5.0)
    kept.download(1.0, 200)
    kept.download(2.0, 403, late_s=5.0)
    other.download(1.0, 200, output=1)
    other.download(2.0, 403, late_s=5.0)
    mended.download(1.0, 403, late_s=5.0)
    mended.download(2.0, 206)

    assert late.found() == [("output-fetched-late", [1])]
    assert kept.found() == [("output-link-kept", [2])]
    assert other.found() == [("output-fetched-late", [2])]
    assert mended.found() == []
    mended.download(3.0, 403, late_s=5.0, output=1)
    assert mended.found() == [("output-fetched-late", [3])]


@pytest.mark.parametrize(("lifetime_s", "found"), [(59.9, False), (60.0, True)])
def test_an_address_that_lived_for_less_than_a_minute(lifetime_s: float, found: bool) -> None:
    """Is the test's doing."""
    story = Story(lifetime_s=lifetime_s)
    story.download(1.0, 403, late_s=5.0)
    story.download(2.0, 400)

    assert bool(story.found()) is found


def test_a_finding_is_at_the_first_wrong_call() -> None:
    """Or at the call after which something is missing."""
    over, again, left, link = Story(), throttled(), Story(), Story()
    over.poll("FAILED", 0.0, 100.0, 200.0, 300.0)
    again.create(5.0)
    again.create(6.0)
    left.create()
    for at in (1.0, 2.0, 3.0):
        left.succeed(at)
    link.download(7.0, 403, late_s=5.0)
    found = [
        (each.rule, each.at)
        for story in (over, again, throttled(at=4.0), left, link)
        for each in mistakes_with_a_task(
            story.history,
            now=2 * DAY_S,
            knew=lambda *_: True,
            apart=lambda *_: True,
            stood_still=lambda *_: True,
            complete=True,
        )
    ]

    assert found == [
        ("task-polled-after-end", 100.0),
        ("throttled-ignored", 5.0),
        ("throttled-ignored", 4.0),
        ("output-never-fetched", 3.0),
        ("output-fetched-late", 7.0),
    ]
