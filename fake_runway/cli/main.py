"""The command line of the fake: the composition root."""

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.replay import replay_command
from fake_runway.cli.scenarios import scenarios
from fake_runway.core.errors import Refused
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.logs import formatter
from fake_runway.server.options import PORT, configuration_from, server_options
from fake_runway.server.serving import Configuration, PortTaken, Serving, serving, url_of
from fake_runway.version import __version__
from fake_runway.worlds.naming import explicit_name
from fake_runway.worlds.world import DEFAULT_SCENARIO

SECRET = "offline"
_EXIT_USAGE = 2
_EXIT_CANNOT_START = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fake-runway")
def main() -> None:
    """A Runway that costs nothing, works offline and fails on command.

    \b
    fake-runway up         the fake and a gateway in front of it, to try things
    fake-runway serve      the fake alone
    fake-runway env        the lines to paste into an application
    fake-runway scenarios  what can go wrong on command
    fake-runway replay     a recorded run, run again
    """


main.add_command(scenarios)
main.add_command(replay_command)


@main.command()
@server_options
def serve(**options: Any) -> None:
    """Serve the fake of the Runway API.

    Point an application at it with the lines that `fake-runway env` prints. Every API secret is a
    world of its own: sessions, credits, clock.

    \b
    Examples:
      fake-runway serve --provision-time 'uniform(1s, 8s)' --latency 50ms
      fake-runway serve --credits 5              # the third session is refused with 402
      fake-runway serve --time-scale 60          # an hour of session time in a minute
    """
    _run(lambda: _serve(options))


@main.command()
@server_options
@click.option(
    "--gateway-port", type=PORT, default=4011, show_default=True, help="0 takes any free port."
)
def up(gateway_port: int, **options: Any) -> None:
    """Serve the fake, and a gateway in front of it as a child process."""
    _run(lambda: _up(options, gateway_port))


@main.command()
@click.option("--world", metavar="NAME", help="A world of its own, independent of the secret.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORT, default=4010, show_default=True)
def env(world: str | None, host: str, port: int) -> None:
    """Print the lines that point an application at the fake.

    The two variables are read by both official SDKs. Browsers read no environment: the last lines
    are for the code that runs there.
    """
    try:
        click.echo(_env_lines(url_of(host, port), world))
    except Refused as refusal:
        click.echo(f"fake-runway: {refusal.message}", err=True)
        sys.exit(_EXIT_USAGE)


def _env_lines(url: str, world: str | None = None) -> str:
    base = url if world is None else f"{url}/w/{explicit_name(world)}"
    return (
        f"RUNWAYML_BASE_URL={base}\n"
        f"RUNWAYML_API_SECRET={SECRET}\n"
        f'# in the browser: <AvatarCall baseUrl="{base}" ... />\n'
        f'#             or: consumeSession({{ baseUrl: "{base}", ... }})'
    )


def _run(command: Callable[[], Coroutine[Any, Any, int]]) -> None:
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            sys.exit(runner.run(command()))
    except PortTaken as error:
        click.echo(f"fake-runway: {error}; choose another with --{error.part}", err=True)
        sys.exit(_EXIT_CANNOT_START)
    except ScenarioFileError as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(_EXIT_USAGE)


def _set_up_logging(options: dict[str, Any]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(options["log_format"]))
    logging.basicConfig(level=options["log_level"].upper(), handlers=[handler])


def _print_token(configuration: Configuration, options: dict[str, Any]) -> None:
    """Print an admin token that was generated: it is shown nowhere else."""
    if configuration.admin_token and not options["admin_token"]:
        click.echo(f"# admin token: {configuration.admin_token}")


async def _serve(options: dict[str, Any]) -> int:
    stopped = _stop_signal()
    configuration = configuration_from(options)
    _set_up_logging(options)
    async with serving(configuration) as fake:
        click.echo(f"fake Runway: {fake.url}")
        click.echo(_env_lines(fake.url))
        if configuration.scenario != DEFAULT_SCENARIO:
            click.echo(f"# scenario: {configuration.scenario.name}")
        _print_token(configuration, options)
        await stopped.wait()
    return 0


async def _up(options: dict[str, Any], gateway_port: int) -> int:
    stopped = _stop_signal()
    configuration = configuration_from(options)
    _set_up_logging(options)
    _check_free(gateway_port)
    async with serving(configuration) as fake:
        gateway = await _start_gateway(fake, gateway_port, options["log_level"])
        try:
            line = await gateway.stdout.readline() if gateway.stdout else b""
            if not line.strip():  # the reason is on stderr
                click.echo("fake-runway: no gateway; its port is --gateway-port", err=True)
                return _EXIT_CANNOT_START
            click.echo(_screen(fake.url, line.decode().split()[1]))
            _print_token(configuration, options)
            return await _until_stopped(stopped, gateway)
        finally:
            if gateway.returncode is None:
                gateway.terminate()
            await gateway.wait()


def _check_free(port: int) -> None:
    """Reject a port that the gateway could not listen on: its own message names another option.

    Raises:
        PortTaken.
    """
    host = "127.0.0.1"
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise PortTaken(host, port, error, part="gateway-port") from error


async def _start_gateway(fake: Serving, port: int, log_level: str) -> Process:
    packages = str(Path(__file__).parents[2])  # found there whether we are installed or not
    # the user's settings of a gateway are for another one
    inherited = {name: value for name, value in os.environ.items() if "GATEWAY_" not in name}
    environment = inherited | {
        "RUNWAYML_BASE_URL": fake.url,
        "RUNWAYML_API_SECRET": SECRET,
        "PYTHONPATH": os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")])),
    }
    # -P: a folder named gateway in the working directory must not hide this package
    command = [sys.executable, "-P", "-m", "gateway", "serve", f"--port={port}"]
    command += ["--shutdown-grace=0", "--log-format=text", f"--log-level={log_level}"]
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE)


async def _until_stopped(stopped: asyncio.Event, gateway: Process) -> int:
    waiting = asyncio.ensure_future(stopped.wait())
    exited = asyncio.ensure_future(gateway.wait())
    done, _ = await asyncio.wait({waiting, exited}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if exited in done and not stopped.is_set():
        click.echo(f"fake-runway: the gateway ended with code {exited.result()}", err=True)
        return 1
    exited.cancel()
    return 0


def _screen(fake_url: str, connect_url: str) -> str:
    indented = _env_lines(fake_url).replace("\n", "\n  ")
    return f"""
fake Runway   {fake_url}
gateway       {connect_url}

Paste into an application of yours, to point it at the fake:
  {indented}

Or use the gateway as the connect endpoint: <AvatarCall connectUrl="{connect_url}" ... />

Try it:
  curl -s -H 'Content-Type: application/json' \\
       -d '{{"avatarId": "music-superstar"}}' {connect_url}

Ctrl-C stops both.
"""


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C ends it at once

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop
