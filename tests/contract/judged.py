"""The judge in this loop, on a fake in a process of its own: one world for each gateway."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from contracts.case import Context, Shape, Situation
from contracts.control import control
from contracts.runner import PRESETS, Outcome, Plan, Report, Runner
from contracts.situations import CUSTOM_AVATAR, situations
from contracts.target import Output, Target
from tests.support.processes import running

MEDIA_URL = "wss://media.judge.invalid"
MARKER = "upstreamtext"

Served = AbstractAsyncContextManager[str]


@asynccontextmanager
async def fake_process() -> AsyncIterator[str]:
    """Run a fake until the block ends; yield its URL."""
    options = ("--port=0", "--journal=100000", f"--livekit-url={MEDIA_URL}", "--log-level=error")
    async with running("fake_runway", "serve", *options) as program:
        yield (await program.line(containing="fake Runway: ")).split()[-1]


@dataclass(frozen=True)
class Judge:
    """A judge for one gateway.

    Attributes:
        shape, timeout_s: what the gateway declares.
        alone: situations are played one at a time, and only the quick
            ones and those with many callers.
    """

    fake_url: str
    name: str
    shape: Shape | None
    timeout_s: float
    alone: bool = False

    @property
    def secret(self) -> str:
        """The API secret of this gateway, which leads to its world."""
        return f"teeth-{self.name}"

    async def judge(self, served: Served, output: Output) -> Report:
        """Play everything against what is served."""
        context = Context(self.timeout_s, self.shape, self.secret, MARKER, MEDIA_URL)
        plan = Plan(self._situations(), context, jobs=1 if self.alone else len(PRESETS))
        async with control(self.fake_url, self.secret) as desk:
            await desk.begin("judged", [CUSTOM_AVATAR])
            async with served as url:
                target = Target(url, output=output)
                return await Runner(plan, target, desk, lambda event: None).run()

    def _situations(self) -> Sequence[Situation]:
        every = situations(self.timeout_s, MARKER)
        if not self.alone:
            return every
        return [each for each in every if each.quick or each.callers > 1]


def findings(report: Report) -> dict[str, list[str]]:
    """Return what is broken: the lines of each requirement."""
    return {
        verdict.requirement.id: [
            f"{failure.observation.situation}: {failure.text}" for failure in verdict.failures
        ]
        for verdict in report.verdicts
        if verdict.outcome is Outcome.FAIL
    }
