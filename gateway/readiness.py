"""Whether this gateway can serve: what can be known without spending anything.

The upstream is asked about a session that does not exist. An answer shows that it is there, and
whether it takes the API secret; it costs no credits. Probes come often and from everywhere, so an
answer is good for a while, and who asks meanwhile gets the same one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from gateway.clock import LoopClock, within
from gateway.flow.polling import FailureReason, UpstreamFailure
from gateway.flow.runway_client import RunwayClient

Check = Callable[[], Awaitable[str | None]]
"""Return what is wrong, for people and without secrets; None if nothing is."""

VALID_S = 5.0
CHECK_S = 3.0  # probes give up soon, and whoever is slower than this is not ready
NO_SESSION = "00000000-0000-4000-8000-000000000000"


class Readiness:
    """The checks of one gateway, by name."""

    def __init__(self, checks: Mapping[str, Check], clock: LoopClock) -> None:
        self._checks = checks
        self._clock = clock
        self._looking: asyncio.Task[dict[str, str | None]] | None = None
        self._looked_at = 0.0

    async def problems(self) -> dict[str, str | None]:
        """Return what is wrong by the name of each check, None where nothing is."""
        now = self._clock.now()
        looking = self._looking
        if looking is None or (looking.done() and now - self._looked_at >= VALID_S):
            looking = self._looking = asyncio.get_running_loop().create_task(self._look())
            self._looked_at = now
        return await asyncio.shield(looking)  # others wait for the same answer

    async def close(self) -> None:
        """End what still looks."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> dict[str, str | None]:
        problems = await asyncio.gather(*(_bounded(check) for check in self._checks.values()))
        return dict(zip(self._checks, problems, strict=True))


async def _bounded(check: Check) -> str | None:
    try:
        return await within(CHECK_S, check())
    except TimeoutError:
        return "no answer in time"


async def upstream_problem(upstream: RunwayClient) -> str | None:
    """Return why sessions could not be made, as far as that can be known for free."""
    try:
        await upstream.retrieve(NO_SESSION)
    except UpstreamFailure as failure:
        if failure.reason is FailureReason.SCHEMA:
            return None  # it knows no such session, and says so in its own way
        if failure.reason is not FailureReason.STATUS:
            return f"cannot be reached: {failure.reason.value}"
        if failure.status in (401, 403):
            return "refuses the API secret"
        known = 400 <= failure.status < 500  # of a session that does not exist
        return None if known else f"answers HTTP {failure.status}"
    return None
