"""`fake-runway up`: the fake, and a gateway in front of it as a child process."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import SECRET, env_lines
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import (
    EXIT_CANNOT_START,
    print_access,
    print_spec,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.pages.setup import Demo
from fake_runway.server.address import PORT, PortTaken, reachable
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Serving, serving
from fake_runway.worlds.naming import name_from_secret


def _checked(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> list[str]:
    for text in texts:
        name, equals, _value = text.partition("=")
        if not (equals and name.strip("-")):
            raise click.BadParameter(f"expected NAME=VALUE, got {text!r}")
    return [f"--{text.lstrip('-')}" for text in texts]


@click.command(cls=OfProject)
@server_options
@click.option(
    "--gateway-port", type=PORT, default=4011, show_default=True, help="0 takes any free port."
)
@click.option(
    "--gateway-option",
    "gateway_options",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_checked,
    help="An option of `runway-gateway serve`, such as shape=session-key; repeatable. Its"
    " variables, GATEWAY_..., reach it too.",
)
def up(gateway_port: int, gateway_options: Sequence[str], **options: Any) -> None:
    """Serve the fake, and a gateway in front of it as a child process.

    Both listen on --host. Pages of any origin may call the gateway, unless GATEWAY_CORS_ORIGINS
    says which.

    \b
    Examples
      fake-runway up --gateway-option shape=session-key
      GATEWAY_DEADLINE=5 fake-runway up --provision-time 20s
    """
    run(lambda: _up(options, gateway_port, gateway_options))


async def _up(options: dict[str, Any], gateway_port: int, gateway_options: Sequence[str]) -> int:
    stopped = stop_signal()
    configuration = configuration_from(options)
    set_up_logging(options)
    _check_free(configuration.host, gateway_port)
    async with serving(configuration, prepare_room=True) as fake:
        own = [f"--host={configuration.host}", f"--port={gateway_port}"]
        own += [f"--log-level={options['log_level']}", "--log-format=text", "--shutdown-grace=0"]
        gateway = await _start_gateway(fake, [*own, *gateway_options])
        try:
            line = await gateway.stdout.readline() if gateway.stdout else b""
            if not line.strip():  # the reason is on stderr
                click.echo("fake-runway: no gateway; its port is --gateway-port", err=True)
                return EXIT_CANNOT_START
            endpoint = reachable(line.decode().split()[1])
            fake.app.demo = Demo(endpoint, name_from_secret(SECRET))
            click.echo(_screen(reachable(fake.url), endpoint))
            print_spec(configuration)
            print_access(configuration, options)
            return await _until_stopped(stopped, gateway)
        finally:
            if gateway.returncode is None:
                gateway.terminate()
            await gateway.wait()


def _check_free(host: str, port: int) -> None:
    """Reject a port that the gateway could not listen on: its own message names another option.

    Raises:
        PortTaken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except UnicodeError:
        return  # the fake, which is started before, says what is wrong with the host
    except OSError as error:
        raise PortTaken(host, port, error, part="gateway-port") from error


async def _start_gateway(fake: Serving, options: Sequence[str]) -> Process:
    packages = str(Path(__file__).parents[2])  # found there whether we are installed or not
    environment = {
        "GATEWAY_CORS_ORIGINS": "*",  # pages in development have ports of their own
        **os.environ,
        "RUNWAYML_BASE_URL": reachable(fake.url),
        "RUNWAYML_API_SECRET": SECRET,
        "PYTHONPATH": os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH")])),
    }
    # -P: a folder named gateway in the working directory must not hide this package
    command = [sys.executable, "-P", "-m", "fake_runway.cli.child", "gateway", "serve", *options]
    # what it reads ends with us, and so does it
    return await asyncio.create_subprocess_exec(*command, env=environment, stdin=PIPE, stdout=PIPE)


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
    indented = env_lines(fake_url).replace("\n", "\n  ")
    return f"""
Open this in a browser, press Call, and choose what goes wrong:
  {fake_url}/

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
