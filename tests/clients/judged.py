"""The judge and the servers under its test, side by side in one loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.judge.case import Requirement
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.run import Judge, Outcome, Report, RunOptions
from tests.clients.processes import environment

WAIT_S = 60.0
TakePort = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Server:
    """A connect endpoint. `variables`: added to its environment; `port` is in one of them."""

    name: str
    command: Sequence[str | Path]
    port: int
    variables: Mapping[str, str]
    timeout_s: float


async def judge(
    server: Server, *, quick: bool = False, requirements: Sequence[Requirement] = REQUIREMENTS
) -> Report:
    """Judge a server in all situations, or the quick ones, in front of a fake of its own."""
    url = f"http://127.0.0.1:{server.port}/api/avatar/connect"
    options = RunOptions(
        timeout_s=server.timeout_s,
        requirements=requirements,
        seed=server.name,
        wait_s=WAIT_S,
        quick=quick,
    )
    async with Judge.started(options) as judge:
        env = environment("", **server.variables)
        return await judge.judge(url, command=list(map(str, server.command)), environment=env)


async def judge_all(
    servers: Sequence[Server], *, requirements: Sequence[Requirement] = REQUIREMENTS
) -> dict[str, Report]:
    """Judge them side by side, and return their reports by name."""
    reports = await asyncio.gather(*(judge(each, requirements=requirements) for each in servers))
    return {server.name: report for server, report in zip(servers, reports, strict=True)}


def found(report: Report) -> dict[str, list[str]]:
    """Return the findings: requirement and the situations in which it is broken, with words."""
    return {
        verdict.requirement.id: verdict.lines()
        for verdict in report.verdicts
        if verdict.outcome is Outcome.FAIL
    }
