"""Whether this gateway can serve, as far as that is known without spending credits.

The upstream is asked for a session that does not exist. An answer shows that the upstream is there,
and whether it accepts the API secret; it costs no credits. Probes come often and from everywhere,
so a result is valid for a while, and probes that come meanwhile share it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from gateway.clock import LoopClock, within
from gateway.flow.polling import FailureReason, UpstreamFailure
from gateway.flow.runway_client import RunwayClient

Check = Callable[[], Awaitable[str | None]]
"""Return what is wrong, for people and without secrets; None if nothing is."""

VALID_S = 5.0
CHECK_S = 3.0  # probes give up soon, and a gateway that is slower than this is not ready
NO_SESSION = "00000000-0000-4000-8000-000000000000"


class Readiness:
    """The checks of one gateway, by name."""

    def __init__(self, checks: Mapping[str, Check], clock: LoopClock) -> None:
        self._checks = checks
        self._clock = clock
        self._checking: asyncio.Task[dict[str, str | None]] | None = None
        self._checked_at = 0.0

    async def problems(self) -> dict[str, str | None]:
        """Return what is wrong by the name of each check, None where nothing is."""
        now = self._clock.now()
        checking = self._checking
        if checking is None or (checking.done() and now - self._checked_at >= VALID_S):
            checking = self._checking = asyncio.get_running_loop().create_task(self._check())
            self._checked_at = now
        return await asyncio.shield(checking)  # other probes wait for the same result

    async def close(self) -> None:
        """End the checks that still run."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait([self._checking])

    async def _check(self) -> dict[str, str | None]:
        async def bounded(check: Check) -> str | None:
            try:
                return await within(CHECK_S, check())
            except TimeoutError:
                return "no answer in time"

        problems = await asyncio.gather(*map(bounded, self._checks.values()))
        return dict(zip(self._checks, problems, strict=True))


ENDS_IN_V1 = "ends with /v1, which the gateway adds itself: leave it out"


def ends_in_v1(base_url: str) -> bool:
    """Return whether a base URL has the part of the path that every request adds."""
    return urlsplit(base_url).path.rstrip("/").endswith("/v1")


async def upstream_problem(upstream: RunwayClient, base_url: str) -> str | None:
    """Return why sessions cannot be created, as far as that is known for free.

    Runway's own 404, for a session that does not exist, is what an upstream should answer; another
    one comes from a server or a path that is not Runway's.
    """
    try:
        await upstream.retrieve(NO_SESSION)
    except UpstreamFailure as failure:
        if failure.reason is FailureReason.SCHEMA:
            return None  # it has no such session, and reports that in its own way
        if failure.reason is not FailureReason.STATUS:
            return f"cannot be reached: {failure.reason.value}"
        if failure.status in (401, 403):
            return "refuses the API secret"
        if failure.status == 404 and ends_in_v1(base_url):
            return f"answers HTTP 404: RUNWAYML_BASE_URL {ENDS_IN_V1}"
        if failure.status == 404 and not failure.own_form:
            return "answers HTTP 404 in another form than Runway: is RUNWAYML_BASE_URL right?"
        expected = 400 <= failure.status < 500  # for a session that does not exist
        return None if expected else f"answers HTTP {failure.status}"
    return None
