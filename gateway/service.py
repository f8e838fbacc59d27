"""A gateway put together: the connect flow and what stands around it, for as long as it runs."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from gateway.access.auth import Authenticator, authenticator
from gateway.clock import LoopClock
from gateway.config import Config
from gateway.flow.connect_flow import CLEANUP_S, ConnectFlow
from gateway.flow.runway_client import RunwayClient
from gateway.limits.in_flight import InFlightLimit
from gateway.limits.queue import FairQueue
from gateway.limits.rates import RateLimiter
from gateway.limits.storage import Outage
from gateway.readiness import Check, Readiness, upstream_problem
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import Tracing

ATTEMPT_S = 5.0
CONNECT_S = 5.0  # else a create that was never sent would count as one that may have acted
LEASE_SLACK_S = 2 * CLEANUP_S + 30.0  # the latter for a process that is late


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of one running gateway. `metrics` and `tracing` are None if they are off."""

    connects: ConnectFlow
    callers: Authenticator
    limiter: RateLimiter
    readiness: Readiness
    metrics: Metrics | None
    tracing: Tracing | None


@asynccontextmanager
async def running(
    config: Config,
    *,
    connector: aiohttp.BaseConnector | None = None,
    jitter: random.Random | None = None,
    tracing: Tracing | None = None,
) -> AsyncIterator[Service]:
    """Run a gateway while the block runs; at its end, wait until nothing is left to cancel.

    Args:
        connector: how to reach the upstream (a proxy, a Unix socket); None: TCP, without a limit
            on connections, because every caller who waits needs one now and then.
        jitter: spreads retries; None: seeded by the system.
        tracing: records spans; None: off. It is shut down at the end of the block.
    """
    clock = LoopClock()
    async with AsyncExitStack() as stack:
        if tracing is not None:
            stack.push_async_callback(tracing.shutdown)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=connector or aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing.client_tracing()] if tracing else None,
            )
        )
        upstream = RunwayClient(
            http, base_url=config.base_url, secret=config.secret, attempt_s=ATTEMPT_S
        )
        checks: dict[str, Check] = {"upstream": lambda: upstream_problem(upstream, config.base_url)}
        storage = config.limits.open_storage(clock)
        if storage is not None:
            stack.push_async_callback(storage.close)
            if config.limits.on_outage is Outage.CLOSED:
                checks["limits"] = storage.problem
        leases = InFlightLimit(
            config.limits.in_flight, storage=storage, longest_s=config.deadline_s + LEASE_SLACK_S
        )
        stack.push_async_callback(leases.close)
        callers = authenticator(config.auth, http, clock)
        stack.push_async_callback(callers.close)
        queue = FairQueue(config.concurrency, config.queue)

        @asynccontextmanager
        async def turn_and_lease(caller: str) -> AsyncIterator[None]:
            # first a place in this process, which can be waited for, then one among all of them
            async with queue.turn(caller), leases.held(caller):
                yield

        metrics = None
        if config.metrics:
            metrics = Metrics(
                in_flight=lambda: connects.in_flight - queue.waiting, waiting=lambda: queue.waiting
            )
        connects = ConnectFlow(
            upstream,
            deadline_s=config.deadline_s,
            longest_wait_s=config.longest_wait_s,
            clock=clock,
            jitter=jitter or random.Random(),
            admission=turn_and_lease if config.limits.in_flight else queue.turn,
            watch=metrics,
        )
        stack.push_async_callback(connects.drain)
        readiness = Readiness(checks, clock)
        stack.push_async_callback(readiness.close)
        limiter = RateLimiter(config.limits.rates, storage=storage, clock=clock)
        yield Service(connects, callers, limiter, readiness, metrics, tracing)
