"""The judge and the servers that it is tried on, side by side in one loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.judge.case import Context
from contracts.judge.fake import control, fake
from contracts.judge.runner import Runner, RunPlan
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import Target, started
from contracts.judge.verdict import Outcome, Report
from tests.clients.processes import environment

MEDIA_URL = "wss://media.judge.invalid"
SECRET = "judge-of-the-clients"
MARKER = "upstream-words"
WAIT_S = 60.0
TakePort = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Server:
    """A connect endpoint to be. `variables`: added to its environment; `port` is in one of them."""

    name: str
    command: Sequence[str | Path]
    port: int
    variables: Mapping[str, str]
    timeout_s: float


async def judge(server: Server) -> Report:
    """Judge a server in all situations, in front of a fake of its own."""
    url = f"http://127.0.0.1:{server.port}/api/avatar/connect"
    async with (
        fake(port=0, seed=server.name, media_url=MEDIA_URL) as upstream,
        control(upstream, SECRET) as desk,
    ):
        await desk.begin("judged", [CUSTOM_AVATAR])
        env = environment(upstream, SECRET, **server.variables)
        command = [str(part) for part in server.command]
        target = Target(url)
        async with started(command, target, environment=env, wait_s=WAIT_S):
            context = Context(server.timeout_s, None, SECRET, MARKER, MEDIA_URL)
            plan = RunPlan(situations(server.timeout_s, MARKER), context)
            return await Runner(plan, target, desk, lambda _: None).run()


async def judge_all(servers: Sequence[Server]) -> dict[str, Report]:
    """Judge them side by side, and return their reports by name."""
    reports = await asyncio.gather(*map(judge, servers))
    return {server.name: report for server, report in zip(servers, reports, strict=True)}


def found(report: Report) -> dict[str, list[str]]:
    """Return what was found: requirement and the situations in which it is broken, with words."""
    return {
        verdict.requirement.id: verdict.lines()
        for verdict in report.verdicts
        if verdict.outcome is Outcome.FAIL
    }
