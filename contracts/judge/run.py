"""A whole run from code that blocks: the fake started, a gateway judged, the fake stopped."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from hashlib import blake2b
from types import TracebackType
from typing import Self

from contracts.judge.case import Context
from contracts.judge.fake import Control, control, fake
from contracts.judge.runner import Runner, RunPlan
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import Target, reachable
from contracts.judge.verdict import Report

MEDIA_URL = "wss://media.judge.invalid"
SEED = "0"


def secret_of(seed: str) -> str:
    """Return an API secret for a target: the same for the same seed."""
    return f"judge-{blake2b(seed.encode(), digest_size=12).hexdigest()}"


def told(url: str, *, seed: str, secret: str, option: str) -> list[str]:
    """Return the two lines for people who start a target; a secret of their own is not shown.

    Args:
        url: of the fake.
        option: by which a secret is given.
    """
    shown = secret if secret == secret_of(seed) else f"(the one of {option})"
    return [f"RUNWAYML_BASE_URL={url}", f"RUNWAYML_API_SECRET={shown}"]


def marker_of(secret: str) -> str:
    """Return the word that stands in all that the fake says to a target with this secret."""
    return f"upstream{blake2b(secret.encode(), digest_size=6).hexdigest()}"


class Judging:
    """A judge with its own fake, for as long as the `with` block runs.

    Args:
        timeout_s: the target's own deadline.
        quick: play the quick profile only.
        fake_port: 0 takes any free port.
        secret: the API secret of the target; None: one made from `seed`.
        wait_s: how long the target may take until it listens.

    Raises:
        ControlError: on entering, if the fake does not start.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 30.0,
        quick: bool = True,
        fake_port: int = 0,
        seed: str = SEED,
        secret: str | None = None,
        wait_s: float = 30.0,
    ) -> None:
        self.secret = secret or secret_of(seed)
        self._timeout_s = timeout_s
        self._quick = quick
        self._fake_port = fake_port
        self._seed = seed
        self._wait_s = wait_s
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._url = ""
        self._control: Control | None = None

    def __enter__(self) -> Self:
        self._runner.run(self._enter())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """What the target has to be told: RUNWAYML_BASE_URL and RUNWAYML_API_SECRET."""
        return {"RUNWAYML_BASE_URL": self._url, "RUNWAYML_API_SECRET": self.secret}

    def judge(self, url: str) -> Report:
        """Judge the target whose connect endpoint is `url`.

        Raises:
            TargetError: nothing listens there.
            ControlError: the fake is gone.
        """
        return self._runner.run(self._judge(Target(url)))

    async def _enter(self) -> None:
        self._url = await self._stack.enter_async_context(
            fake(port=self._fake_port, seed=self._seed, media_url=MEDIA_URL)
        )
        self._control = await self._stack.enter_async_context(control(self._url, self.secret))

    async def _judge(self, target: Target) -> Report:
        if self._control is None:
            raise ValueError("judge() works inside the `with` block only")
        await reachable(target, wait_s=self._wait_s)
        await self._control.begin("judged", [CUSTOM_AVATAR])
        marker = marker_of(self.secret)
        every = situations(self._timeout_s, marker)
        plan = RunPlan(
            [each for each in every if each.quick or not self._quick],
            Context(self._timeout_s, None, self.secret, marker, MEDIA_URL),
            seed=self._seed,
        )
        return await Runner(plan, target, self._control, lambda _: None).run()
