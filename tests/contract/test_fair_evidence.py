"""What one situation causes is not counted for another: late calls, and lines of the output."""

import asyncio
from collections.abc import Mapping, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from aiohttp import web

from contracts.judge.clock import sleep
from contracts.judge.output import Output
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Shape
from contracts.judge.situations.catalogue import situations
from contracts.judge.verdict import Report
from tests.contract.judged import MARKER, SECRET, SimulatedJudge, findings
from tests.contract.small_gateway import Gateway, UpstreamError, served
from tests.contract.test_endpoints import FORMS, ChoosesTheAvatar
from tests.contract.test_endpoints import judged as judged_endpoint

DEADLINE_S = 4.0
CROWD = frozenset(
    each.id
    for each in situations(DEADLINE_S, MARKER)
    if each.id.startswith(("ready-", "create-", "poll-"))
)
"""Enough for nine to be under way at any time."""


def judged(kind: type[Gateway], *families: str, only: Set[str] = frozenset()) -> Report:
    """Judge a gateway in the situations that some families of requirements are about."""

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        shape = Shape.CREDENTIALS
        return served(kind, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)

    about = [each for each in REQUIREMENTS if each.family in families]  # none: all situations
    return SimulatedJudge(Shape.CREDENTIALS, DEADLINE_S, about=about, only=only).judge(serve)


class LogsTheSecretOnce(Gateway):
    """Writes its secret when a create was answered without an id, and at no other moment."""

    def id_of(self, answer: Mapping[str, Any]) -> str:
        if "id" not in answer:
            self.say(f"odd answer to Bearer {self.secret}")
        return super().id_of(answer)


class LogsOnceInItsLife(Gateway):
    """Writes a session key once, however often it is used."""

    told = False

    def key_of(self, answer: Mapping[str, Any]) -> str:
        key = super().key_of(answer)
        if not self.told and self.busy > 2:
            self.told = True
            self.say(f"the first key is {key}")
        return key

    @property
    def busy(self) -> int:
        return len(self.tasks)


def test_a_line_of_the_output_is_blamed_on_its_situation_alone() -> None:
    """Nine situations ran; those that ran are played again one by one, and the line is shown."""
    found = findings(judged(LogsTheSecretOnce, only=CROWD))
    (line,) = found.pop("secrecy.output")
    assert line.startswith("create-no-id: ")
    assert "odd answer to Bearer [API secret]" in line
    assert SECRET not in line
    assert found == {}


def test_a_line_that_does_not_come_again_names_all_that_ran() -> None:
    """It is a breach, counted once, and what it is counted for is not claimed to be the cause."""
    found = findings(judged(LogsOnceInItsLife, only=CROWD))
    (line,) = found.pop("secrecy.output")
    assert " ran, too)" in line
    assert "the first key is [session key]" in line


class CreatesAgainMuchLater(Gateway):
    """Correct to its caller; creates again a second after a create that failed, and cancels it."""

    async def create(self, avatar: str) -> str:
        try:
            return await super().create(avatar)
        except UpstreamError as error:
            if error.status in (400, 401, 402, 403, 404):
                self.own(self.late(avatar))
            raise

    async def late(self, avatar: str) -> None:
        for _ in range(3):
            await sleep(0.8)
            try:
                session = self.id_of(await self.ask("POST", "", body=self.wanted_body(avatar)))
                await self.cancel(session)
            except UpstreamError:
                pass

    def wanted_body(self, avatar: str) -> Mapping[str, Any]:
        return {"model": "gwm1_avatars", "avatar": self.wanted(avatar)}


class LateWhereItChooses(CreatesAgainMuchLater, ChoosesTheAvatar):
    """The same with one avatar, where nothing but time tells the creates apart."""


@pytest.mark.parametrize("chooses", [False, True], ids=["nine avatars", "it chooses the avatar"])
def test_late_creates_are_not_counted_for_the_next_situation(chooses: bool) -> None:
    """Only those of the situation itself are in its observation."""
    if chooses:
        report, _ = judged_endpoint(LateWhereItChooses, FORMS[ChoosesTheAvatar], "upstream")
    else:
        report = judged(CreatesAgainMuchLater, "upstream")
    errors = [f"create-{status}" for status in (400, 401, 402, 403, 404)]
    creates = [seen.creates for seen in report.observations if seen.situation.id in errors]
    # its own, and the late one that comes while it is still observed
    assert [len(each) for each in creates] == [2] * len(errors)


class StaysBusy(Gateway):
    """Polls a session on that nobody waits for any more, until it is over."""

    async def give_up(self, creating: "asyncio.Task[str]", reason: str) -> None:
        await super().give_up(creating, reason)
        try:
            for _ in range(8):
                await self.poll(await creating)
                await sleep(0.4)
        except (UpstreamError, asyncio.CancelledError):
            pass


def test_polls_that_go_on_are_not_counted_for_the_next_situation() -> None:
    """They are found where they belong, by poll.stops and the like alone."""
    report = judged(StaysBusy, "many", "request", "consume", "header", "shape")
    assert findings(report).keys() == {"poll.stops"}


@dataclass
class Workers(Gateway):
    """Correct, and serves a few callers at a time: the others wait in a queue."""

    workers: ClassVar[int]
    free: asyncio.Semaphore | None = None

    async def connect(self, avatar: str, request: web.Request) -> Mapping[str, Any]:
        self.free = self.free or asyncio.Semaphore(self.workers)
        async with self.free:
            return await super().connect(avatar, request)


class FiveWorkers(Workers):
    """As Puma by default."""

    workers = 5


class OneWorker(Workers):
    """As a blocking server without threads."""

    workers = 1


def test_a_target_with_few_workers_has_one_finding() -> None:
    """What waited is played again alone: nothing is late, and all callers who left are judged."""
    report = judged(FiveWorkers)
    found = findings(report)
    (line,) = found.pop("many.side-by-side")
    assert "expected 9 connects in flight at once, as were sent, got 5 in flight" in line
    assert "--jobs 5" in line
    assert found == {}
    assert report.unobserved == []


def test_a_target_with_one_worker_is_blamed_for_that_alone() -> None:
    """All its findings are about several callers, however late its answers were."""
    report = judged(OneWorker)
    assert {each.partition(".")[0] for each in findings(report)} == {"many"}
    assert report.unobserved == []
