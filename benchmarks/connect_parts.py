"""The three parts of `connects.py`: the measurement, its goal, and its table."""

import math
import os
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.children import Server
from benchmarks.connect_contestants import Contestant, Running, begin_anew, fake, ready_at
from benchmarks.connect_load import Burst, Target, in_turns, spread
from benchmarks.report import Row, against, progress, ratio, table

WAIT_GOAL_S = 0.13
MEMORY_GOAL_MIB = 110
RAMP_S = 2.0


@dataclass(frozen=True, slots=True)
class Size:
    """The size of each part.

    Attributes:
        rounds, connects, at_once: of part 1; connects per gateway and round.
        waiting, waiting_over_s: callers of part 2, and the span over which they start.
        burst, burst_ready_s: callers of part 3, and how long each session takes to become READY.
    """

    rounds: int = 7
    connects: int = 2000
    at_once: int = 32
    waiting: int = 200
    waiting_over_s: float = 20.0
    burst: int = 2000
    burst_ready_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A burst of callers, and its cost.

    Attributes:
        gateway_s: CPU seconds of the gateway's processes.
        other_core: the share of the other core that the fake and the callers used, 0 to 1.
    """

    burst: Burst
    gateway_s: float
    other_core: float


@dataclass(slots=True)
class Rounds:
    """The results of part 1 for one gateway, by round; the first round only warms up."""

    running: Running
    cpu_ms: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    other_core: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, measured: Measured) -> None:
        """Add a round."""
        burst = measured.burst
        self.cpu_ms.append(measured.gateway_s / len(burst.answers) * 1000)
        self.rates.append(len(burst.answers) / burst.seconds)
        self.other_core.append(measured.other_core)
        self.failed += burst.failures.total()


def cpu(gateways: Sequence[Contestant], size: Size) -> None:
    """Part 1: connects per second of the gateway's CPU time, in turns."""
    with ExitStack() as stack:
        upstream = stack.enter_context(fake("--expires-in=10s"))
        rounds = [Rounds(stack.enter_context(each.start(upstream.url))) for each in gateways]
        for number in range(size.rounds + 1):
            progress(f"  round {number} of {size.rounds}" if number else "  warming up")
            for each in rounds:
                measured = _measure(
                    each.running,
                    upstream,
                    lambda target: in_turns(target, size.connects, callers=size.at_once),
                )
                if number:
                    each.add(measured)
                    progress(f"    {each.running.server.name}: {each.cpu_ms[-1]:.2f} ms CPU each")
    express = [each for each in rounds if each.running.is_express]
    table(
        f"CPU per connect, {size.at_once} callers at a time; medians of {size.rounds} rounds of"
        f" {size.connects:,}",
        (
            *("gateway", "does", "upstream requests", "CPU ms", "connects per CPU s"),
            *(f"x {each.running.server.name}" for each in express),
            *("goal", "connects/s", "other core busy", "failed"),
        ),
        [_cpu_row(each, express) for each in rounds],
    )


def _cpu_row(each: Rounds, express: Sequence[Rounds]) -> Row:
    figures = [ratio(other.cpu_ms, each.cpu_ms) for other in express]
    goal = ""
    for other, figure in zip(express, figures, strict=True):
        alike = other.running.upstream_requests == each.running.upstream_requests
        if each.running.cpu_goal and alike:
            least = each.running.cpu_goal
            # a refusal is cheap: with failures the figure says nothing
            goal = against(f"at least {least:g}", met=figure >= least and not each.failed)
    cost = median(each.cpu_ms)
    return (
        each.running.server.name,
        each.running.does,
        str(each.running.upstream_requests),
        f"{cost:.2f}",
        f"{1000 / cost:,.0f}",
        *(f"{figure:.2f}" for figure in figures),
        goal,
        f"{median(each.rates):,.0f}",
        f"{median(each.other_core):.0%}",
        str(each.failed),
    )


def waiting(gateways: Sequence[Contestant], size: Size) -> None:
    """Part 2: how long after its session became READY a caller has the answer."""
    rows: list[Row] = []
    with fake() as upstream:
        for each in gateways:
            progress(f"  {each.name}: {size.waiting} callers over {size.waiting_over_s:g} s")
            begin_anew(upstream, provision_time="0s")  # a started gateway is tried
            with each.start(upstream.url) as running:
                begin_anew(upstream, provision_time="uniform(0.2s, 8s)")
                measured = _measure(
                    running,
                    upstream,
                    lambda target: spread(target, size.waiting, over_s=size.waiting_over_s),
                )
                rows.append(_waiting_row(running, measured, ready_at(upstream)))
    table(
        f"Seconds from READY to the answer; {size.waiting} callers over {size.waiting_over_s:g} s,"
        " sessions READY after uniform(0.2s, 8s), the same ones for each",
        (
            *("gateway", "does", "p50 s", "95 % sure", "goal", "p99 s", "longest s"),
            *("CPU s", "other core busy", "failed"),
        ),
        rows,
    )


def _waiting_row(running: Running, measured: Measured, ready: dict[str, float]) -> Row:
    burst = measured.burst
    added = sorted(
        each.answered_at - ready[each.session_id] for each in burst.answers if each.session_id
    )
    if not added:
        raise RuntimeError(f"{running.server.name} handed out nothing: {burst.failed}")
    half, goal = median(added), f"below {WAIT_GOAL_S:g}"
    return (
        running.server.name,
        running.does,
        f"{half:.3f}",
        "{:.3f} to {:.3f}".format(*_median_range(added)),
        "" if running.is_express else against(goal, met=half < WAIT_GOAL_S),
        f"{added[math.ceil(0.99 * len(added)) - 1]:.3f}",
        f"{added[-1]:.3f}",
        f"{measured.gateway_s:.1f}",
        f"{measured.other_core:.0%}",
        burst.failed,
    )


def _median_range(added: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the median.

    Each value is below the true median with probability 1/2, so ranks around the middle bound it
    for any distribution. `added` is sorted.
    """
    middle, spread_by = len(added) / 2, 0.98 * math.sqrt(len(added))
    low, high = math.floor(middle - spread_by), math.ceil(middle + spread_by)
    return added[max(low, 0)], added[min(high, len(added) - 1)]


def burst(gateways: Sequence[Contestant], size: Size) -> None:
    """Part 3: all callers wait at once. Failures, peak memory, CPU."""
    rows: list[Row] = []
    with fake() as upstream:
        for each in gateways:
            progress(f"  {each.name}: {size.burst:,} callers at once")
            begin_anew(upstream, provision_time="0s")  # a started gateway is tried
            with each.start(upstream.url) as running:
                begin_anew(upstream, provision_time=f"{size.burst_ready_s:g}s")
                before = _peak_mib(running.server)
                measured = _measure(
                    running, upstream, lambda target: spread(target, size.burst, over_s=RAMP_S)
                )
                rows.append(_burst_row(running, measured, before))
    table(
        f"{size.burst:,} callers within {RAMP_S:g} s, sessions READY after"
        f" {size.burst_ready_s:g} s",
        (
            *("gateway", "does", "most waiting at once", "failed", "goal", "MiB before"),
            *("peak MiB", "goal", "CPU s", "slowest answer s", "other core busy"),
        ),
        rows,
    )


def _burst_row(running: Running, measured: Measured, before: float) -> Row:
    burst, peak = measured.burst, _peak_mib(running.server)
    failed, is_goal = bool(burst.failures), not running.is_express
    # a refused caller took no memory
    memory = against(f"below {MEMORY_GOAL_MIB}", met=peak < MEMORY_GOAL_MIB and not failed)
    return (
        running.server.name,
        running.does,
        f"{burst.most_at_once:,}",
        burst.failed,
        against("none", met=not failed) if is_goal else "",
        f"{before:.0f}",
        f"{peak:.0f}",
        memory if is_goal else "",
        f"{measured.gateway_s:.1f}",
        f"{max(each.answered_at - each.asked_at for each in burst.answers):.1f}",
        f"{measured.other_core:.0%}",
    )


def _measure(running: Running, upstream: Server, load: Callable[[Target], Burst]) -> Measured:
    gateway_s, upstream_s = running.server.cpu_s(), upstream.cpu_s()
    burst = load(running.target)
    others_s = upstream.cpu_s() - upstream_s + burst.cpu_s
    return Measured(burst, running.server.cpu_s() - gateway_s, others_s / burst.seconds)


def _peak_mib(server: Server) -> float:
    """Return the peak RSS of the server's processes, in MiB."""
    return sum(_peak_mib_of(int(each.name), server.group) for each in Path("/proc").glob("[0-9]*"))


def _peak_mib_of(process: int, group: int) -> float:
    try:
        if os.getpgid(process) != group:
            return 0.0
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # the process has ended meanwhile
        return 0.0
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(peak[1]) / 1024 if peak else 0.0
