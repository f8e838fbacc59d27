"""The fake inside a Python program: `with FakeRunway() as fake`, or `async with`.

The first serves it on a loop in a thread of its own, the second on the running loop. Both give the
world that the program uses, as a `Fake` or an `AsyncFake` (`client/fake.py`).
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from os import PathLike, fspath
from typing import Any, Self, TypeVar, cast

import click

from fake_runway.client.fake import AsyncFake, Fake
from fake_runway.client.transport import AsyncTransport, Transport
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Configuration, serving
from fake_runway.testing.decorating import decorated
from fake_runway.worlds.naming import explicit_name

WORLD = "main"

_COMMAND = server_options(click.Command("FakeRunway"))  # parses the options of `serve`
_NOT_OPTIONS = frozenset({"log_level", "log_format", "scenario", "seed", "time_scale", "port"})

Function = TypeVar("Function", bound=Callable[..., Any])
Option = str | float | bool | PathLike[str] | Sequence[str]
ScenarioChoice = str | PathLike[str] | Sequence[str] | Mapping[str, Any]


def configuration(
    scenario: ScenarioChoice | None = None,
    *,
    seed: str | int = "0",
    rate: float = 1.0,
    port: int = 0,
    **options: Option,
) -> Configuration:
    """Return the configuration of a server, from the options of `fake-runway serve`.

    Raises:
        TypeError: an option that `serve` does not have.
        ValueError: an option's value, or the scenario, is wrong; a `ScenarioFileError` for a file.
    """
    words: dict[str, Option] = {
        "seed": str(seed),
        "time_scale": repr(float(rate)),
        "port": str(port),
        **options,
    }
    if isinstance(scenario, str | PathLike):
        words["scenario"] = fspath(scenario)
    elif isinstance(scenario, list | tuple):
        words["scenario"] = [str(each) for each in scenario]
    known = {each.opts[0].lstrip("-").replace("-", "_") for each in _COMMAND.params}
    unknown = sorted(set(options) - (known - _NOT_OPTIONS))
    if unknown:
        expected = ", ".join(sorted(known - _NOT_OPTIONS))
        raise TypeError(f"FakeRunway has no option {unknown[0]!r}; it has {expected}")
    arguments = [each for name, value in words.items() for each in _argument(name, value)]
    data = scenario if isinstance(scenario, Mapping) else None
    try:
        context = _COMMAND.make_context("FakeRunway", arguments)
        config = configuration_from(context.params, scenario=data)
    except click.ClickException as error:
        raise ValueError(f"FakeRunway: {error.format_message()}") from error
    return replace(config, load=None)  # a test does not change its scenario by a file


def _argument(name: str, value: Option) -> Iterator[str]:
    flag = name.replace("_", "-")
    match value:
        case bool():
            yield f"--{flag}" if value else f"--no-{flag}"
        case str() | int() | float() | PathLike():
            yield f"--{flag}={value}"
        case _:
            yield from (f"--{flag}={each}" for each in value)


class FakeRunway:
    """A fake of the Runway API in this program, on a port of its own, until the block ends.

    Args:
        scenario: what worlds follow: a name, a path, several of them, or the data of a file.
        seed: same seed and calls, same ids and choices.
        rate: seconds that pass in a world per real second.
        frozen: the same as rate 0: time stands still until the clock is moved.
        port: 0 takes any free one.
        world: the name of the world that the block gets.
        options: any other option of `fake-runway serve` as it is written there, with `_` for `-`:
            `provision_time="200ms", credits=10, retry_after=False`. The log is the program's own.

    Raises:
        TypeError, ValueError: an option or the scenario is wrong.
    """

    def __init__(
        self,
        scenario: ScenarioChoice | None = None,
        *,
        seed: str | int = "0",
        rate: float = 1.0,
        frozen: bool = False,
        port: int = 0,
        world: str = WORLD,
        **options: Option,
    ) -> None:
        self._world = explicit_name(world)
        self._configuration = configuration(
            scenario, seed=seed, rate=0.0 if frozen else rate, port=port, **options
        )
        self._blocking: ExitStack | None = None
        self._awaited: AsyncExitStack | None = None

    def __repr__(self) -> str:
        entered = self._blocking is not None or self._awaited is not None
        return f"<FakeRunway {'serving' if entered else 'not entered'}>"

    def again(self) -> Self:
        """Return another one with the same arguments, so that both can serve."""
        other = copy(self)
        other._blocking = other._awaited = None
        return other

    def __call__(self, function: Function) -> Function:
        """Decorate a function: it runs while a fake serves, with the variables of its world set.

        A parameter named `fake_runway` gets the world.
        """
        return cast("Function", decorated(self, function))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"a FakeRunway has no {name!r} itself: use what its block gets,"
            f" `with FakeRunway() as fake: fake.{name}`"
        )

    def __enter__(self) -> Fake:
        self._check()
        config = self._configuration
        with ExitStack() as stack:
            url = stack.enter_context(served_in_a_thread(config))
            transport = Transport(url, self._world, config.admin_token).owning()
            fake = stack.enter_context(Fake(transport))
            self._blocking = stack.pop_all()
        return fake

    def __exit__(self, *_: object) -> None:
        entered, self._blocking = self._blocking, None
        if entered is not None:
            entered.close()  # an error of the block is not the server's

    async def __aenter__(self) -> AsyncFake:
        self._check()
        config = self._configuration
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(serving(config))
            transport = AsyncTransport(served.url, self._world, config.admin_token).owning()
            fake = await stack.enter_async_context(AsyncFake(transport))
            self._awaited = stack.pop_all()
        return fake

    async def __aexit__(self, *_: object) -> None:
        entered, self._awaited = self._awaited, None
        if entered is not None:
            await entered.aclose()

    def _check(self) -> None:
        if self._blocking is not None or self._awaited is not None:
            raise RuntimeError(
                "this FakeRunway serves already: leave its block first, or make another one"
            )


@contextmanager
def served_in_a_thread(config: Configuration) -> Iterator[str]:
    """Serve a fake on a loop in another thread until the block ends; yield its URL.

    Raises:
        PortTaken.
    """
    served: Future[tuple[str, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        async with serving(config) as fake:
            served.set_result((fake.url, partial(loop.call_soon_threadsafe, stopped.set)))
            await stopped.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if not served.done():  # else the block has its URL, and is ending
                served.set_exception(error)

    thread = threading.Thread(target=run, name="fake-runway", daemon=True)
    thread.start()
    url, stop = served.result()
    try:
        yield url
    finally:
        stop()
        thread.join()
