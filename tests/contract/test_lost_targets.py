"""A target that ends in the middle: its cause is found, and everything else is judged.

On virtual time, with a program that the judge starts again and again. Real processes are lost in
`tests/process`.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import ClassVar
from unittest.mock import patch

import pytest
from aiohttp import web

from contracts.judge import instance as instances
from contracts.judge.case import Context
from contracts.judge.fake import connected
from contracts.judge.instance import Instance
from contracts.judge.output import Output
from contracts.judge.runner import PRESETS, Runner, RunPlan
from contracts.judge.situation import Shape, Situation
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import Target
from contracts.judge.verdict import Outcome, Report
from fake_runway.clock import loop_time_as_wall_clock
from tests.contract.broken.survive import (
    ExitsOnABadRequest,
    ExitsOnAFailedCancel,
    ExitsOnBrokenJson,
    FailsAfterABadRequest,
    FailsForEver,
    HangsForEver,
)
from tests.contract.judged import MARKER, MEDIA_URL, SECRET, fake_served, findings
from tests.contract.small_gateway import PATH, Gateway, Problem, served
from tests.support.simulation import simulate

DEADLINE_S = 4.0
PORT = 3100
SITUATIONS = situations(DEADLINE_S, MARKER)


@dataclass
class ServedProgram:
    """Serves a gateway in this loop, at the same port each time; counts its starts."""

    kind: type[Gateway]
    fake_url: str
    output: Output
    most_starts: int = 1_000
    starts: int = 0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    how_it_ended = ""
    lives = True

    async def start(self) -> None:
        self.starts += 1
        self.how_it_ended = ""
        if self.starts > self.most_starts:
            self.how_it_ended, self.lives = "ended with code 1", False
            return
        shape = Shape.CREDENTIALS
        serving = served(
            self.kind,
            self.fake_url,
            SECRET,
            self.output,
            shape=shape,
            deadline_s=DEADLINE_S,
            port=PORT,
        )
        await self._stack.enter_async_context(serving)

    async def ended(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()


def judged(
    kind: type[Gateway],
    *,
    most_starts: int = 1_000,
    plays: Callable[[Situation], bool] = lambda each: each.quick or each.id in IS_A_CAUSE,
) -> tuple[Report, int]:
    """Judge a gateway that is started again; return the report, and how often it was started."""

    async def main() -> tuple[Report, int]:
        context = Context(DEADLINE_S, Shape.CREDENTIALS, SECRET, MARKER, MEDIA_URL)
        plan = RunPlan([each for each in SITUATIONS if plays(each)], context)
        with patch("time.time", loop_time_as_wall_clock()):  # which the judge and the fake read
            async with fake_served() as fake_url, connected(fake_url, SECRET) as fake:
                await fake.begin([CUSTOM_AVATAR])
                output = Output()
                program = ServedProgram(kind, fake_url, output, most_starts)
                target = Target(f"http://127.0.0.1:{PORT}{PATH}")
                instance = Instance(target, fake, PRESETS, output, program, wait_s=1.0)
                async with instance.running():
                    report = await Runner(plan, [instance], lambda event: None).run()
                return report, program.starts

    return simulate(main())


_BAD_REQUESTS = {
    *("bad-json", "empty-body", "more-than-json", "not-utf-8", "big-body"),
    *("only-a-query", "form", "multipart-form"),
    *("json-as-text", "json-as-form", "json-undeclared"),
}
CAUSES = {
    ExitsOnABadRequest: _BAD_REQUESTS,
    ExitsOnBrokenJson: {
        *("create-malformed", "create-page"),
        *("poll-malformed", "poll-page"),
        *("consume-malformed", "consume-page"),
    },
    ExitsOnAFailedCancel: {
        *("cancel-500", "cancel-500-once", "cancel-429-once"),
        *("never-ready-cancel-hangs", "slow-cancels"),
    },
    HangsForEver: {"create-no-id", "create-null-id"},
    FailsForEver: {"create-malformed", "create-page"},
    FailsAfterABadRequest: _BAD_REQUESTS,
}
IS_A_CAUSE: frozenset[str] = frozenset().union(*CAUSES.values())


@pytest.mark.parametrize("kind", CAUSES, ids=lambda kind: kind.__name__)
def test_exactly_the_causes_are_blamed_and_the_report_is_complete(kind: type[Gateway]) -> None:
    """Several situations ran each time; only the one that ends the target breaks something."""
    report, starts = judged(kind)
    lost = {line.partition(":")[0] for line in findings(report).pop("survive.anything")}
    assert lost
    assert lost <= CAUSES[kind]
    assert lost == CAUSES[kind] or kind is HangsForEver  # both causes were over when it was noticed
    assert findings(report).keys() == {"survive.anything"}
    played = {each.situation.id for each in report.observations}
    assert played == {each.id for each in SITUATIONS if each.quick or each.id in IS_A_CAUSE}
    assert 1 < starts <= 1 + 2 * len(CAUSES[kind])


def test_a_correct_gateway_is_started_once() -> None:
    """No situation makes the judge take it for lost."""
    assert judged(Gateway, plays=lambda _: True)[1] == 1


def test_what_cannot_be_started_again_leaves_the_rest_unobserved() -> None:
    """The cause is blamed, the requirements whose situations were not played are not observed."""
    report, _ = judged(ExitsOnABadRequest, most_starts=1)
    (line,) = findings(report).pop("survive.anything")
    outcomes = {each.requirement.id: each for each in report.verdicts}
    assert line.startswith("bad-json: ")
    assert findings(report).keys() == {"survive.anything"}
    assert outcomes["poll.waits"].outcome is Outcome.NOT_OBSERVED
    assert "could not be started again" in outcomes["poll.waits"].reason


def test_starts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that ends again and again is given up."""
    monkeypatch.setattr(instances, "MOST_LOSSES", 3)
    report, starts = judged(ExitsOnABadRequest)
    assert starts == 1 + 3
    assert {each.outcome for each in report.verdicts if each.requirement.id == "poll.waits"} == {
        Outcome.NOT_OBSERVED
    }


class _Busy(FailsForEver):
    """Refuses everybody for a while after a create that was answered with no JSON."""

    status: ClassVar[int]
    for_s: ClassVar[float]
    until: float = 0.0

    def spoil(self) -> None:
        self.until = asyncio.get_running_loop().time() + self.for_s

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if asyncio.get_running_loop().time() < self.until:
            return self.failure(Problem(self.status, "come back later"))
        return await super().handle(request)


class Breaker(_Busy):
    """A circuit breaker that closes again."""

    status, for_s = 503, 3.0


class Throttle(_Busy):
    """A limit for longer than plain connects may fail."""

    status, for_s = 429, 20.0


@pytest.mark.parametrize("kind", [Breaker, Throttle], ids=lambda kind: kind.__name__)
def test_who_connects_again_or_says_that_many_came_is_not_lost(kind: type[Gateway]) -> None:
    """A pause is not the end: the target is not started again, and not accused of it."""
    report, starts = judged(kind)
    assert starts == 1
    assert "survive.anything" not in findings(report)


def test_a_target_that_fails_and_is_not_started_again_is_blamed_once() -> None:
    """The likeliest cause has the breach; what it answered after its last success is dropped."""
    report, _ = judged(FailsForEver, most_starts=1, plays=lambda _: True)
    (line,) = findings(report).pop("survive.anything")
    assert line.startswith(("create-malformed: ", "create-page: "))
    assert findings(report).keys() == {"survive.anything"}
