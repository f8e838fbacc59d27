"""One running instance of the target, with its world on the fake.

It is lost if it does not listen any more, if its program has ended, if it answers nothing, not
even a plain connect, or if plain connects fail that succeeded before. What was under way then is no
evidence. `revive` starts it again, or waits for the supervisor of one that the judge did not start.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from contracts.judge.clock import now, sleep
from contracts.judge.fake import FakeClient
from contracts.judge.observation import TargetAnswer
from contracts.judge.output import Output
from contracts.judge.program import Startable
from contracts.judge.situation import CallerRequest, Json
from contracts.judge.target import GIVEN_UP, NOT_LISTENING, USUAL, Target, TargetError, listens

READY_AT_ONCE: Json = MappingProxyType({"provision_time": "0s"})
MOST_LOSSES = 40
"""An instance that was lost so often is not started again."""
COMES_BACK_S = 10.0
"""How long a target may take to come back that the judge did not start, in seconds."""
RECOVERS_S = 5.0
"""How long plain connects may fail that succeeded before, in seconds: a breaker closes again."""
_TOO_MANY = 429  # says that it is about how many come, not about the target
SILENT = "listens, and answers nothing any more"
_AGAIN_S = 2.0
_LINES = 3
_LONGEST_LINE = 200


@dataclass(eq=False)
class Instance:
    """One instance of the target.

    Attributes:
        avatars: that it takes; `ANY_AVATAR` alone if it chooses itself.
        program: None if the judge did not start it.
        wait_s: how long it may take until it listens.
        lost: set while it is lost.
        loss: why, in words that follow "the target"; empty if it is not.
        gone: why it cannot be played with any more; empty if it can.
        losses: how often it was lost.
        answered_at: when it answered last; None: never.
        connected_at: when the last connect was sent that succeeded, or it was started again since;
            None: none did.
        fails: it was lost because plain connects fail.
        connects_tell: plain connects that fail are a sign of a loss. They are none if one of them
            alone makes the next one fail, or if they succeed without the fake.
    """

    target: Target
    fake: FakeClient
    avatars: Sequence[str]
    output: Output = field(default_factory=Output)
    program: Startable | None = None
    wait_s: float = 60.0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    loss: str = ""
    gone: str = ""
    losses: int = 0
    answered_at: float | None = None
    connected_at: float | None = None
    fails: bool = False
    connects_tell: bool = True
    _checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _alarm: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Instance"]:
        """Start it, or wait for it, and watch it until the block ends; then end what was started.

        Raises:
            TargetError: it cannot be run, ended by itself, or does not listen in time, with the
                last lines that it wrote; or another program listens at its address already.
        """
        watching: asyncio.Task[None] | None = None
        try:
            await self._start()
            watching = asyncio.ensure_future(self._watch())
            yield self
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            if self.program is not None:
                await self.program.stop()

    async def call(
        self,
        avatar: str,
        request: CallerRequest = USUAL,
        *,
        patience_s: float,
        leaves_after_s: float | None = None,
    ) -> TargetAnswer:
        """Call the endpoint once."""
        answer = await self.target.call(
            avatar, request, patience_s=patience_s, leaves_after_s=leaves_after_s
        )
        if answer.failure.startswith(NOT_LISTENING):
            self._alarm.set()
        if answer.status is not None:
            self.answered_at = answer.came_at
        plain = avatar in self.avatars  # a custom one may be taken where presets are not
        if plain and answer.ok and answer.shape is not None and self.connects_tell:
            self.connected_at = max(self.connected_at or 0.0, answer.sent_at)
        return answer

    async def check(self) -> None:
        """Notice now if it does not listen any more."""
        if not await listens(self.target, within_s=0):
            self._alarm.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * _AGAIN_S):
                    await self.lost.wait()

    async def connect(
        self, avatar: str, *, patience_s: float, session: Json = READY_AT_ONCE
    ) -> TargetAnswer:
        """Connect once, with a session that goes as `session` says."""
        await self.fake.bind(avatar, session)
        answer = await self.call(avatar, patience_s=patience_s)
        await self.fake.unbind(avatar)
        return answer

    async def check_answers(self, avatar: str, *, patience_s: float) -> None:
        """Notice now if a plain connect for a free avatar is not answered, or fails, and once was.

        One that fails is sent again for `RECOVERS_S`.
        """
        asked_at = now()
        async with self._checking:  # what another call has found out meanwhile holds for this one
            while self.answered_at is not None and not self.lost.is_set():
                if self.connected_at is not None and self.connected_at > asked_at:
                    return
                answer = await self.connect(avatar, patience_s=patience_s)
                if answer.failure == GIVEN_UP:
                    self._lose(SILENT)
                elif self.connected_at is None or _excused(answer):
                    return
                elif now() - asked_at >= RECOVERS_S:
                    got = "no credentials" if answer.ok else answer.failure or answer.status
                    self._lose(f"answers plain connects with {got}, as it did not before")
                    self.fails = True
                else:
                    await sleep(RECOVERS_S / 5)

    async def revive(self, *, patience_s: float) -> bool:
        """Return whether it can be played with; start it again if it was lost."""
        while self.loss and not self.gone:
            self.losses += 1
            if self.losses > MOST_LOSSES:
                self.gone = f"the target was lost {MOST_LOSSES} times"
            elif self.program is not None:
                await self.program.stop()
                try:
                    await self._start()
                    self.connected_at = self.connected_at and now()  # as good as new
                except TargetError as error:
                    self.gone = f"the target could not be started again: {error}"
            elif not await listens(self.target, within_s=COMES_BACK_S):
                self.gone = f"the target {self.loss}, and did not come back"
            self._found()
            if self.program is None and not self.gone:
                await self.check_answers(self.avatars[0], patience_s=patience_s)
                if self.loss:
                    self.gone = f"the target {self.loss}"
        return not self.gone

    def last_words(self) -> str:
        """Return its last lines in one, redacted."""
        searched, lines = self.output.searched, self.output.last_lines()
        redacted = searched.redacted(lines) if searched is not None else ""
        last = redacted.splitlines()[-_LINES:]
        return " / ".join(line.strip()[:_LONGEST_LINE] for line in last)

    async def _start(self) -> None:
        host, port = self.target.address
        if self.program is not None:
            if await listens(self.target, within_s=0):
                raise TargetError(
                    f"something listens at {host}:{port} already; stop it, or leave the COMMAND"
                    " away"
                )
            await self.program.start()
        await self._listening()

    async def _listening(self) -> None:
        host, port = self.target.address
        give_up_at = now() + self.wait_s
        while not await listens(self.target, within_s=0):
            if self.program is not None and self.program.how_it_ended and not self.program.lives:
                await sleep(0.2)  # for its last output
                lines = self.output.last_lines()
                raise TargetError(
                    f"the target {self.program.how_it_ended} before it listened at {host}:{port}"
                    f"{'' if lines else ', without output'}",
                    lines,
                )
            if now() >= give_up_at:
                raise TargetError(
                    f"nothing listens at {host}:{port} after {self.wait_s:g}s",
                    self.output.last_lines(),
                )
            await sleep(0.05)

    async def _watch(self) -> None:
        while True:
            await self._alarmed()
            if not self.lost.is_set() and not await listens(self.target, within_s=_AGAIN_S):
                program = self.program
                self._lose((program and program.how_it_ended) or "does not listen any more")

    async def _alarmed(self) -> None:
        """Return once a call was refused, or the program has ended."""
        alarms: list[asyncio.Future[object]] = [asyncio.ensure_future(self._alarm.wait())]
        if self.program is not None and not self.program.how_it_ended:
            alarms.append(asyncio.ensure_future(self.program.ended()))
        try:
            await asyncio.wait(alarms, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for alarm in alarms:
                alarm.cancel()
        self._alarm.clear()

    def _lose(self, loss: str) -> None:
        self.loss = loss
        self.lost.set()

    def _found(self) -> None:
        self.loss, self.fails = "", False
        self.lost.clear()
        self._alarm.set()  # so that a new program is watched


def _excused(answer: TargetAnswer) -> bool:
    """Tell whether an answer does not show that a target has ceased to connect callers."""
    if answer.ok:
        return answer.shape is not None
    return answer.status == _TOO_MANY or answer.failure.startswith(NOT_LISTENING)
