"""The judge on a loop with virtual time: judge, fake and gateway side by side, without the machine.

Half a minute of waiting costs a second, and every instant is exact, however busy the machine is:
the findings follow from the gateway and from the judge alone. Real processes are judged in
`tests/clients`.
"""

from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from unittest.mock import patch

from aiohttp import web

from contracts.judge.case import Context, Requirement
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
from fake_runway.core.scenario.settings import Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import create_app
from fake_runway.worlds.registry import Retention, Worlds
from tests.support.simulation import simulate

MEDIA_URL = "wss://media.judge.invalid"
MARKER = "upstreamtext"
RUNNER = web.AppKey("runner", web.AppRunner)
SECRET = "key_5c1f09e2a77b4d3c86f0+judged"

Served = Callable[[str, Output], AbstractAsyncContextManager[str]]
"""Serves a gateway in front of the fake at a URL, and yields the URL of its endpoint."""


@dataclass(frozen=True)
class SimulatedJudge:
    """A judge for one gateway.

    Attributes:
        shape, timeout_s: what the gateway declares.
        alone: situations are played one at a time, and only the quick
            ones and those with many callers.
        examples: so many random situations are played, and no others, if it is not 0.
        seed: of the random situations.
        about: only situations that one of these requirements judges are played; empty: all.
        only: only situations with these ids are played; empty: all.
        quick: only those of the quick profile.
    """

    shape: Shape | None
    timeout_s: float
    alone: bool = False
    about: Sequence[Requirement] = ()
    examples: int = 0
    seed: str = "0"
    only: Set[str] = frozenset()
    quick: bool = False

    def judge(self, served: Served) -> Report:
        """Play everything against the served gateway, on virtual time."""
        return simulate(self._judge(served))

    async def _judge(self, served: Served) -> Report:
        context = Context(self.timeout_s, self.shape, SECRET, MARKER, MEDIA_URL)
        plan = RunPlan(
            () if self.examples else self._situations(),
            context,
            jobs=1 if self.alone else len(PRESETS),
            examples=self.examples,
            seed=self.seed,
        )
        output = Output()
        with patch("time.time", loop_time_as_wall_clock()):  # which the judge and the fake read
            async with (
                fake_served() as fake_url,
                connected(fake_url, SECRET) as fake,
                served(fake_url, output) as url,
            ):
                await fake.begin([CUSTOM_AVATAR])
                instance = Instance(Target(url), fake, PRESETS, output)
                async with instance.running():
                    return await Runner(plan, [instance], lambda event: None).run()

    def _situations(self) -> Sequence[Situation]:
        every: Sequence[Situation] = situations(self.timeout_s, MARKER)
        if self.about:
            every = [each for each in every if any(one.is_about(each) for one in self.about)]
        if self.only:
            every = [each for each in every if each.id in self.only]
        if self.quick:
            every = [each for each in every if each.quick]
        if not self.alone:
            return every
        return [each for each in every if each.quick or each.callers > 1]


@asynccontextmanager
async def fake_served() -> AsyncIterator[str]:
    """Serve a fake in this loop until the block ends; yield its URL."""
    worlds = Worlds(
        seed="0",
        settings=Settings(),
        source=loop_time_as_wall_clock(),
        rate=1,
        retention=Retention(journal=100_000, journal_bytes=1 << 30),
    )
    app = create_app(worlds, livekit=LiveKit(url=MEDIA_URL))
    async with serving(app) as url:
        yield url


@asynccontextmanager
async def serving(
    app: web.Application, *, grace_s: float = 0.1, port: int = 0
) -> AsyncIterator[str]:
    """Serve an application in this loop until the block ends; yield its URL."""
    runner = app[RUNNER] = web.AppRunner(app, access_log=None, shutdown_timeout=grace_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def findings(report: Report) -> dict[str, list[str]]:
    """Return the broken requirements, each with its lines."""
    return {
        verdict.requirement.id: verdict.lines()
        for verdict in report.verdicts
        if verdict.outcome is Outcome.FAIL
    }
