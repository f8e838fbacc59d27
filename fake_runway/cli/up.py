"""`fake-runway up`: the fake, and a gateway in front of it as a child process."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import SECRET, env_lines
from fake_runway.cli.running import (
    EXIT_CANNOT_START,
    print_token,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.pages.setup import Demo
from fake_runway.server.address import PORT, PortTaken
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Serving, serving
from fake_runway.worlds.naming import name_from_secret


@click.command()
@server_options
@click.option(
    "--gateway-port", type=PORT, default=4011, show_default=True, help="0 takes any free port."
)
def up(gateway_port: int, **options: Any) -> None:
    """Serve the fake, and a gateway in front of it as a child process."""
    run(lambda: _up(options, gateway_port))


async def _up(options: dict[str, Any], gateway_port: int) -> int:
    stopped = stop_signal()
    configuration = configuration_from(options)
    set_up_logging(options)
    _check_free(gateway_port)
    async with serving(configuration) as fake:
        gateway = await _start_gateway(fake, gateway_port, options["log_level"])
        try:
            line = await gateway.stdout.readline() if gateway.stdout else b""
            if not line.strip():  # the reason is on stderr
                click.echo("fake-runway: no gateway; its port is --gateway-port", err=True)
                return EXIT_CANNOT_START
            endpoint = line.decode().split()[1]
            fake.app.demo = Demo(endpoint, name_from_secret(SECRET))
            click.echo(_screen(fake.url, endpoint))
            print_token(configuration, options)
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
        "GATEWAY_CORS_ORIGINS": "*",  # pages in development have ports of their own
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
