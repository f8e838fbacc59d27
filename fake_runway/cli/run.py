"""`fake-runway run -- COMMAND`: a command in front of a fake, and what it did wrong at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fake_runway.cli.env import SECRET
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import run as run_command
from fake_runway.cli.running import set_up_logging
from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.answers import AdminError, FindingView
from fake_runway.client.transport import AsyncTransport
from fake_runway.core.text import printable
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import serving
from fake_runway.worlds.naming import explicit_name

if TYPE_CHECKING:
    from fake_runway.intercept.interception import Interception

_WORLD = "run"
_NO_COMMAND, _CANNOT_RUN, _BY_SIGNAL = 127, 126, 128
_EXIT_FINDINGS = 1
_EXIT_NO_SERVER = 3
_SHOWN = 20
_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_ALWAYS = {"port", "log_level", "admin_token", "scenario"}
"""Options of a server that mean something else here, or something for any fake."""
_DEFAULTS = {"port": (0, "any free one"), "log_level": ("warning", "warning")}
"""Options with another default than `serve` has: the default, and what the help calls it."""


@click.command(cls=OfProject)
@click.option(
    "--url",
    metavar="URL",
    help="Use the fake that serves there, in a world of its own, instead of starting one.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["never", "error", "warning"]),
    default="never",
    show_default=True,
    help="Exit with 1 if the command succeeds, and a finding is as severe as that.",
)
@click.option(
    "--intercept",
    is_flag=True,
    help="Calls to Runway's own hosts reach the fake as well, whatever the code says: those of"
    " Python, Node and curl. Other hosts are not touched.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="With --intercept: other hosts than this machine's are refused, and named.",
)
@server_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run(
    ctx: click.Context,
    /,
    *,
    url: str | None,
    fail_on: str,
    intercept: bool,
    offline: bool,
    command: Sequence[str],
    **options: Any,
) -> None:
    """Run a COMMAND in front of a fake: nothing of it changes.

    The command gets RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read, and
    FAKE_RUNWAY_URL for the commands that look at the fake. Signals and the exit code are passed
    on. At the end, what the client did wrong is listed on standard error.

    The options are those of `fake-runway serve`; the port is any free one, and the log shows
    warnings only.

    \b
    Examples
      fake-runway run -- npm test
      fake-runway run --scenario create-429-twice -- python app.py
      fake-runway run --fail-on warning --time-scale 20 -- pytest tests/e2e
      fake-runway run --intercept --offline -- node app.js     # a host is hard-coded somewhere
    """
    given = [
        name for name in options if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if url is not None and (foreign := sorted(set(given) - _ALWAYS)):
        option = foreign[0].replace("_", "-")
        raise click.UsageError(f"--{option} is for a fake that is started here, not for --url")
    if url is not None and len(options["scenario"]) > 1:
        raise click.UsageError("expected one --scenario with --url, got several")
    if url is not None and intercept:
        raise click.UsageError("--intercept is for a fake that is started here, not for --url")
    if offline and not intercept:
        raise click.UsageError("expected --intercept beside --offline")
    for name, (value, _) in _DEFAULTS.items():
        if name not in given:
            options[name] = value
    run_command(lambda: _run(command, options, Way(url, fail_on, intercept, offline)))


for _option in run.params:
    if isinstance(_option, click.Option) and _option.name in _DEFAULTS:
        _option.show_default = _DEFAULTS[_option.name][1]


@dataclass(frozen=True)
class Way:
    """How a command is run: see the options of those names."""

    url: str | None
    fail_on: str
    intercept: bool
    offline: bool


async def _run(command: Sequence[str], options: dict[str, Any], way: Way) -> int:
    set_up_logging(options)
    try:
        async with _fake(options, way) as (fake, interception):
            more = {} if interception is None else interception.variables
            with _forwarding() as signals:
                process = await _started(command, {**environment_of(os.environ, fake), **more})
                if isinstance(process, int):
                    return process
                signals.lead_to(process)
                code = await process.wait()
            if interception is not None:
                _show_intercepted(interception)
            return await _ended(fake, code if code >= 0 else _BY_SIGNAL - code, way)
    except AdminError as error:
        click.echo(f"fake-runway: {error.message}", err=True)
        return _EXIT_NO_SERVER


@asynccontextmanager
async def _fake(
    options: dict[str, Any], way: Way
) -> AsyncIterator[tuple[AsyncAdmin, "Interception | None"]]:
    """Yield the world of the run, on a fake that is started here or one that runs already."""
    if way.url is not None:
        name = explicit_name(f"{_WORLD}-{os.getpid()}")
        async with AsyncAdmin(way.url, world=name, token=options["admin_token"]) as admin:
            await admin.reset(*options["scenario"])
            yield admin, None
        return
    configuration = configuration_from(options)
    token = configuration.admin_token
    async with (
        serving(configuration) as fake,
        AsyncAdmin(fake.url, transport=AsyncTransport(fake.url, _WORLD, token).owning()) as admin,
    ):
        if not way.intercept:
            yield admin, None
            return
        from fake_runway.intercept.interception import intercepting

        async with intercepting(
            fake.app,
            fake.url,
            world=_WORLD,
            secret=SECRET,
            inherited=os.environ,
            offline=way.offline,
            refused=lambda host: click.echo(
                f"fake Runway: {printable(host)} is refused: --offline", err=True
            ),
        ) as interception:
            yield admin, interception


def _show_intercepted(interception: "Interception") -> None:
    """Name the calls that ignored the base URL: outside of such a run they would cost credits."""
    calls = interception.served.calls
    for (host, method, path, agent), number in sorted(calls.items())[:_SHOWN]:
        client = f" by {agent}" if agent else ""
        times = f", {number} times" if number > 1 else ""
        click.echo(
            f"fake Runway: intercepted {method} https://{host}{path}{client}{times}", err=True
        )
    if calls:
        text = "these calls ignore RUNWAYML_BASE_URL, and reach Runway itself without --intercept"
        click.echo(f"fake Runway: {text}", err=True)


def environment_of(inherited: Mapping[str, str], fake: AsyncAdmin) -> dict[str, str]:
    """Return the environment of the command. A real secret that we got does not reach it."""
    return {
        **inherited,
        "RUNWAYML_BASE_URL": fake.base_url,
        "RUNWAYML_API_SECRET": SECRET,
        "FAKE_RUNWAY_URL": fake.base_url,
    }


async def _started(
    command: Sequence[str], environment: Mapping[str, str]
) -> asyncio.subprocess.Process | int:
    """Start the command; if it cannot be started, say why and return the code of shells for it."""
    try:
        return await asyncio.create_subprocess_exec(*command, env=environment)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        click.echo(f"fake-runway: {printable(command[0])}: {reason}", err=True)
        return _NO_COMMAND if isinstance(error, FileNotFoundError) else _CANNOT_RUN


@dataclass
class _Signals:
    """Passes signals on to the command; those that come before it has started wait for it."""

    process: asyncio.subprocess.Process | None = None
    early: list[signal.Signals] = field(default_factory=list)

    def send(self, number: signal.Signals) -> None:
        """Pass one on."""
        if self.process is None:
            self.early.append(number)
        elif self.process.returncode is None:
            self.process.send_signal(number)

    def lead_to(self, process: asyncio.subprocess.Process) -> None:
        """Pass them on to a command that has started."""
        self.process = process
        for number in self.early:
            self.send(number)


@contextmanager
def _forwarding() -> Iterator[_Signals]:
    """Catch signals for the command; we end when it does."""
    loop, signals = asyncio.get_running_loop(), _Signals()
    for number in _FORWARDED:
        loop.add_signal_handler(number, signals.send, number)
    # a terminal sends Ctrl-C to both, and some programs take a second one for impatience
    of_a_terminal = sys.stdin.isatty()
    loop.add_signal_handler(
        signal.SIGINT, lambda: None if of_a_terminal else signals.send(signal.SIGINT)
    )
    try:
        yield signals
    finally:
        for number in (*_FORWARDED, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _ended(fake: AsyncAdmin, code: int, way: Way) -> int:
    """List what the client did wrong, and return the exit code."""
    worlds = [await fake.look()]
    if fake.name == _WORLD:  # the fake is ours, and so are the worlds of other secrets
        worlds = [*await fake.worlds()]
    found: list[FindingView] = []
    for world in worlds:
        async with fake.beside(world.name) as one:
            found += await one.findings()
    if not any(world.calls for world in worlds):
        hint = "" if way.intercept else " --intercept answers such calls, and names them"
        click.echo(f"fake Runway: not one call came: is a host hard-coded?{hint}", err=True)
    for finding in found[:_SHOWN]:
        click.echo(f"fake Runway: {printable(str(finding))}", err=True)
    if len(found) > _SHOWN:
        click.echo(f"fake Runway: ... and {len(found) - _SHOWN} more", err=True)
    severe = {"never": (), "error": ("error",), "warning": ("error", "warning")}[way.fail_on]
    return _EXIT_FINDINGS if not code and any(each.severity in severe for each in found) else code
