"""A stall of the machine for seconds is not blamed on a gateway.

On virtual time it does so when the loop's clock moves on and nothing has run meanwhile.
"""

import asyncio
from collections.abc import Mapping, Set
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from contracts.judge.output import Output
from contracts.judge.situation import Shape
from tests.contract.judged import SECRET, SimulatedJudge, findings
from tests.contract.small_gateway import Gateway, served

DEADLINE_S = 15.0
STILL_S = 6.0
WAITING = frozenset(
    {
        *("ready-after-a-while", "queued-then-ready", "ready-at-the-last-moment"),
        *("slow-first-poll", "slow-every-poll", "fails-while-provisioning"),
        *("cancelled-while-polling", "never-ready", "queued-for-ever", "ready-too-late"),
    }
)
"""Situations with many polls: more than are played at once."""


def stand_still() -> None:
    """Let time pass in which no task runs."""
    loop: Any = asyncio.get_running_loop()
    loop._selector.clock.advance(STILL_S)


class StoodStillOnce(Gateway):
    """Correct; the machine stands still once, while it waits for many sessions."""

    polls = 0

    async def poll(self, session: str) -> Mapping[str, Any]:
        self.polls += 1
        if self.polls == 30:
            stand_still()
        return await super().poll(session)


class StandsStillAgainAndAgain(Gateway):
    """Correct; the machine stands still at every poll."""

    async def poll(self, session: str) -> Mapping[str, Any]:
        stand_still()
        return await super().poll(session)


def judged(kind: type[Gateway], only: Set[str] = WAITING) -> dict[str, list[str]]:
    """Judge a gateway in some situations and return the findings."""

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        shape = Shape.CREDENTIALS
        return served(kind, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)

    return findings(SimulatedJudge(Shape.CREDENTIALS, DEADLINE_S, only=only).judge(serve))


def test_situations_hit_by_a_standstill_are_played_again() -> None:
    """Nine situations were under way, and one of them has a gap that is too long: no finding."""
    assert judged(StoodStillOnce) == {}


def test_a_machine_that_never_goes_on_has_an_end() -> None:
    """Situations are not played for ever, and the last observation is judged."""
    assert judged(StandsStillAgainAndAgain, {"ready-after-a-while", "never-ready"})


@pytest.mark.parametrize("plays", [1, 2])
def test_the_standstill_would_be_found(plays: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played once, there are findings; that the test above has none is due to the second play."""
    monkeypatch.setattr("contracts.judge.playing.MOST_PLAYS", plays)
    assert bool(judged(StoodStillOnce)) == (plays == 1)
