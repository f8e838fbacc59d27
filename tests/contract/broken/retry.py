"""Attempts too many, too soon, or missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.judge.clock import sleep
from tests.contract.broken.table import breaks
from tests.contract.small_gateway import Gateway, UpstreamError


@breaks(
    "retry.bounded",
    "Repeats a create that is refused until the deadline.",
    {
        "retry.create-not-blindly": "its creates go on after its answer",
        "retry.honours-retry-after": "it does not wait for that",
    },
)
@dataclass
class NeverGivesUp(Gateway):
    repeats: int = 40
    retry_s: float = 0.15

    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(*args, **more)
        except UpstreamError as error:
            error.after_s = 0.0
            raise


@breaks(
    "retry.spaced",
    "Repeats a create without a pause.",
    {
        "retry.honours-retry-after": "it does not wait at all",
        "retry.busy": "the server is still busy a millisecond later",
    },
)
class NoPause(Gateway):
    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        for _ in range(3):
            try:
                return await super().ask(*args, **more)
            except UpstreamError as error:
                if args[0] != "POST" or args[1] or error.status not in (429, 503):
                    raise
                last = error
        last.status = 500
        raise last


@breaks("retry.spaced", "Cancels again and again until it succeeds, without a pause.")
class CancelsWithoutAPause(Gateway):
    async def cancel(self, session: str) -> None:
        for _ in range(50):
            try:
                await self.ask("DELETE", f"/{session}", limit_s=2.0)
            except UpstreamError:
                await sleep(0.001)
            else:
                return


@breaks(
    "retry.spaced",
    "Polls again at once after a poll that failed.",
    {"poll.not-too-fast": "a poll with a malformed answer is a poll"},
)
@dataclass
class PollsAgainAtOnce(Gateway):
    async def poll(self, session: str) -> Mapping[str, Any]:
        for _ in range(4):
            try:
                return await super().poll(session)
            except UpstreamError as error:
                last = error
                if not self.poll_again(error):
                    raise
        raise last


@breaks("retry.honours-retry-after", "Takes a second to be long enough, whatever it is told.")
class WaitsASecond(Gateway):
    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(*args, **more)
        except UpstreamError as error:
            error.after_s = min(error.after_s, 1.0)
            raise


@breaks("retry.honours-retry-after", "Does not read Retry-After.")
class NoRetryAfter(Gateway):
    async def ask(self, *args: Any, **more: Any) -> Mapping[str, Any]:
        try:
            return await super().ask(*args, **more)
        except UpstreamError as error:
            error.after_s = 0.0
            raise


@breaks("retry.create-not-blindly", "Repeats a create whose reply was lost.")
class CreatesBlindly(Gateway):
    def create_again(self, error: UpstreamError) -> bool:
        return super().create_again(error) or error.status is None


@breaks("retry.passing-error", "Gives up at the first poll that fails.")
class OneFailedPoll(Gateway):
    def poll_again(self, error: UpstreamError) -> bool:
        return False


@breaks("retry.busy", "Never repeats a create.")
@dataclass
class NoRepeats(Gateway):
    repeats: int = 0


@breaks("retry.not-final", "Creates again after any error that has a status.")
class CreatesAgainAlways(Gateway):
    def create_again(self, error: UpstreamError) -> bool:
        return error.status is not None or super().create_again(error)


@breaks("retry.not-final", "Consumes again after any error that has a status.")
class ConsumesAgainAlways(Gateway):
    async def consume(self, session: str, key: str) -> Mapping[str, Any]:
        try:
            return await super().consume(session, key)
        except UpstreamError as error:
            if error.status is None:
                raise
            await sleep(self.retry_s)
            return await super().consume(session, key)
