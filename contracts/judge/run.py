"""A whole run: start what has to be started, play and judge everything, end what was started.

The judge as a library, and what the command and the pytest plugin use: `Judge` for asyncio
programs, `BlockingJudge` for all others. Public; docs/judge.md shows how to use them.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from contracts.judge.case import Context, Requirement
from contracts.judge.explore import require_hypothesis
from contracts.judge.fake import (
    ANY_AVATAR,
    FakeClient,
    FakeError,
    FakeProcess,
    connected,
    started_fake,
)
from contracts.judge.instance import Instance
from contracts.judge.output import Output
from contracts.judge.program import Program
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.runner import PRESETS, Listener, Runner, RunPlan
from contracts.judge.situation import Expect, Shape, Situation, Trait
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.spellings import Searched, tokens_in
from contracts.judge.target import PORT, Target, TargetError, is_uuid
from contracts.judge.verdict import ONLY_IN_FULL, Outcome, Report

__all__ = [
    "BlockingJudge",
    "FakeError",
    "Judge",
    "Outcome",
    "Report",
    "RunOptions",
    "Shape",
    "Target",
    "TargetError",
]

MEDIA_URL = "wss://media.judge.invalid"
LOSS_S = 1.0
"""A run may fail so long before the loss that makes it fail is noticed, in seconds."""
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What is judged, and how.

    Attributes:
        timeout_s: the target's own deadline.
        shape: what the target hands out; None: either is right.
        avatars: what the target's allow-list takes; so many situations run side by side.
        instances: so many of the target are started; more than one needs `{port}` in its address.
        jobs: at most so many.
        quick: only the situations of the quick profile.
        examples: so many random situations are played as well; they need the extra `examples`.
        seed: makes ids, keys and the API secret.
        secret: the API secret of the target; None: one made from `seed`.
        wait_s: how long the target may take until it listens.
        fake_port: of a fake that is started; 0 takes any free port.
        fake_url: of a fake that runs already; None: one is started.
        admin_token: of that fake.
        intercept: calls of a target that is started to Runway's own hosts reach the fake too, and
            break `upstream.base-url`.
    """

    timeout_s: float = 30.0
    shape: Shape | None = None
    requirements: Sequence[Requirement] = REQUIREMENTS
    avatars: Sequence[str] = PRESETS
    instances: int = 1
    jobs: int = len(PRESETS)
    quick: bool = False
    examples: int = 0
    seed: str = "0"
    secret: str | None = None
    wait_s: float = 60.0
    fake_port: int = 0
    fake_url: str | None = None
    admin_token: str | None = None
    intercept: bool = False

    def __post_init__(self) -> None:
        """Check that what was asked for can be done.

        Raises:
            ImportError: `examples` without hypothesis.
        """
        if self.examples:
            require_hypothesis()

    @property
    def api_secret(self) -> str:
        """The API secret of the target: the same for the same seed, if none is given."""
        digest = blake2b(self.seed.encode(), digest_size=12).hexdigest()
        return self.secret or f"judge-{digest}"

    def secret_of(self, number: int) -> str:
        """Return the API secret of an instance; each begins with the one of the first."""
        return f"{self.api_secret}-{number}" if number else self.api_secret

    def upstream_lines(self, fake_url: str, *, option: str) -> list[str]:
        """Return the two lines for people who start a target; a given secret is not shown.

        Args:
            option: by which a secret is given.
        """
        secret = f"(the one of {option})" if self.secret else self.api_secret
        return [f"RUNWAYML_BASE_URL={fake_url}", f"RUNWAYML_API_SECRET={secret}"]

    def situations(self) -> list[Situation]:
        """Return the situations that a requirement is about, and a plain connect.

        The plain one shows the shape, and that connects can succeed; wrong requests alone do
        without.
        """
        every = situations(self.timeout_s, self._marker)
        chosen = [each for each in self._about(every) if each.quick or not self.quick]
        connects = any(each.expect is not Expect.REFUSAL for each in chosen)
        if connects and every[0] not in chosen:
            chosen.append(every[0])
        return chosen

    def _about(self, every: Sequence[Situation]) -> list[Situation]:
        """Return the situations that a requirement is about."""
        return [each for each in every if any(one.is_about(each) for one in self.requirements)]

    def plan(self, media_url: str, target: Target) -> RunPlan:
        """Return what a run is to do with a target."""
        chosen = self.situations()
        others = self._about(situations(self.timeout_s, self._marker))
        others = [each for each in others if each not in chosen]
        every = [(each, _why_not(each, target, self.avatars)) for each in (*chosen, *others)]
        left_out = [each for each, why in every if each in others and not why]
        tokens = tokens_in(target.headers)
        secret, marker = self.api_secret, self._marker
        return RunPlan(
            [each for each, why in every if each in chosen and not why],
            Context(self.timeout_s, self.shape, secret, marker, media_url, tokens),
            requirements=self.requirements,
            seed=self.seed,
            jobs=self.jobs,
            examples=self.examples,
            left_out=[each.id for each in left_out],
            not_applicable=[  # the first reason counts, and what a full run judges is applicable
                *((each, ONLY_IN_FULL) for each in left_out),
                *((each, why) for each, why in every if why),
            ],
        )

    def custom_avatars(self, target: Target | None = None) -> Sequence[str] | str:
        """Return the custom avatars that the fake has to know."""
        if target is not None and not target.takes_avatar:
            return "any"
        return [CUSTOM_AVATAR, *(each.lower() for each in self.avatars if is_uuid(each))]

    @property
    def _marker(self) -> str:
        return f"upstream{blake2b(self.api_secret.encode(), digest_size=6).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge whose fake runs: `async with Judge.started(options) as judge`."""

    options: RunOptions
    fake: FakeClient
    media_url: str
    process: FakeProcess | None

    @classmethod
    @asynccontextmanager
    async def started(cls, options: RunOptions) -> AsyncIterator["Judge"]:
        """Run a fake until the block ends, or use the one at `options.fake_url`.

        Raises:
            FakeError: it does not start, or does not answer.
        """
        async with AsyncExitStack() as stack:
            process, url = None, options.fake_url
            if url is None:
                process = await stack.enter_async_context(
                    started_fake(
                        port=options.fake_port,
                        seed=options.seed,
                        media_url=MEDIA_URL,
                        intercept=options.intercept,
                    )
                )
                url = process.url
            fake = await stack.enter_async_context(
                connected(url, options.api_secret, options.admin_token)
            )
            media_url = MEDIA_URL
            if process is None:
                await fake.begin(options.custom_avatars())
                media_url = await fake.media_url()
            yield cls(options, fake, media_url, process)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the target needs: where Runway is, its secret, and what intercepts its calls."""
        return {
            **(self.process.variables if self.process else NOTHING),
            "RUNWAYML_BASE_URL": self.fake.url,
            "RUNWAYML_API_SECRET": self.options.api_secret,
        }

    async def judge(
        self,
        target: Target | str,
        *,
        command: Sequence[str] = (),
        environment: Mapping[str, str] = NOTHING,
        listen: Listener = lambda _: None,
    ) -> Report:
        """Judge a target.

        Args:
            target: it, or the address of its connect endpoint.
            command: starts it; it ends with the run, children included. Empty: it runs already.
            environment: of the command, beside `self.environment`.
            listen: gets the events of the run.

        Raises:
            TargetError: it does not start or listen. One that is lost later breaks a requirement.
            FakeError: the fake was lost.
        """
        target = Target(target) if isinstance(target, str) else target
        run = self._run(target, command, {**environment, **self.environment}, listen)
        return await (_unless_lost(run, self.process.lost()) if self.process else run)

    async def _run(
        self,
        target: Target,
        command: Sequence[str],
        environment: Mapping[str, str],
        listen: Listener,
    ) -> Report:
        async with AsyncExitStack() as stack:
            instances = [
                await self._instance(number, target, command, environment)
                for number in range(self.options.instances)
            ]
            for each in instances:
                await stack.enter_async_context(each.running())
            plan = self.options.plan(self.media_url, target)
            return await Runner(plan, instances, listen).run()

    async def _instance(
        self, number: int, target: Target, command: Sequence[str], environment: Mapping[str, str]
    ) -> Instance:
        """Return an instance, with a world of its own; `{port}` is a free port."""
        secret = self.options.secret_of(number)
        fake = self.fake.of(secret)
        await fake.begin(self.options.custom_avatars(target))
        environment = {**environment, "RUNWAYML_API_SECRET": secret}
        if PORT in target.url:
            port = _free_port()
            target = replace(target, url=target.url.replace(PORT, port))
            command = [each.replace(PORT, port) for each in command]
            environment["PORT"] = port
        output = Output(Searched(self.options.api_secret))
        avatars = self.options.avatars if target.takes_avatar else (ANY_AVATAR,)
        program = Program(command, environment, output) if command else None
        return Instance(target, fake, avatars, output, program, self.options.wait_s)


_BODIES_OF_OTHER_TYPES = {Trait.FOREIGN_REQUEST, Trait.UNDECLARED_JSON}


def _why_not(situation: Situation, target: Target, avatars: Sequence[str]) -> str:
    """Return why a situation has no meaning for a target, in a line; empty if it has."""
    if not target.takes_avatar:
        if situation.expect is Expect.REFUSAL or situation.custom:
            return "the endpoint chooses the avatar itself"
        if situation.slow:
            return "the endpoint chooses the avatar, which would tell slow callers from others"
    elif situation.slow and len(avatars) == 1:
        return "there is one avatar, so one caller at a time"
    if not target.avatar_in_body and situation.traits & _BODIES_OF_OTHER_TYPES:
        return "the endpoint reads nothing from a body, so one of any type will do"
    return target.cannot_send(situation.request)


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


async def _unless_lost(
    run: Coroutine[Any, Any, Report], loss: Coroutine[Any, Any, Exception]
) -> Report:
    """Return the report of a run, unless what it needs is lost before: then raise why."""
    report, lost = asyncio.ensure_future(run), asyncio.ensure_future(loss)
    try:
        await asyncio.wait((report, lost), return_when=asyncio.FIRST_COMPLETED)
        if report.done() and report.exception() is None:
            return report.result()
        await asyncio.wait([lost], timeout=LOSS_S)
        if lost.done():
            raise lost.result()
        return await report
    finally:
        for task in (report, lost):
            task.cancel()
        await asyncio.gather(report, lost, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class BlockingJudge:
    """The same for code without an event loop: `with BlockingJudge.started(options) as judge`."""

    _judge: Judge
    _runner: asyncio.Runner

    @classmethod
    @contextmanager
    def started(cls, options: RunOptions) -> Iterator["BlockingJudge"]:
        """Run a fake until the block ends: see `Judge.started`."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            judge = runner.run(stack.enter_async_context(Judge.started(options)))
            try:
                yield cls(judge, runner)
            finally:
                runner.run(stack.aclose())

    @property
    def environment(self) -> Mapping[str, str]:
        """What the target needs: RUNWAYML_BASE_URL and RUNWAYML_API_SECRET."""
        return self._judge.environment

    def judge(
        self,
        target: Target | str,
        *,
        command: Sequence[str] = (),
        environment: Mapping[str, str] = NOTHING,
        listen: Listener = lambda _: None,
    ) -> Report:
        """Judge a target: see `Judge.judge`."""
        return self._runner.run(
            self._judge.judge(target, command=command, environment=environment, listen=listen)
        )
