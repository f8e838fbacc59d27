"""`fake-runway mcp`: the fake and the judge as tools of a coding agent."""

import logging
import sys
from importlib.util import find_spec
from typing import Any

import click

from fake_runway.cli.env import SECRET
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import run
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import serving

_EXIT_USAGE = 2


@click.command(cls=OfProject)
@click.option(
    "--url",
    metavar="URL",
    envvar="FAKE_RUNWAY_URL",
    show_envvar=True,
    help="Use the fake that serves there, instead of starting one.",
)
@server_options
def mcp(*, url: str | None, **options: Any) -> None:
    """Serve the admin API and the judge as tools, on standard input and output.

    For coding agents that speak the Model Context Protocol. A fake is started with it, unless
    --url names one; its options are those of `fake-runway serve`. Needs the extra: in the checkout
    pip install -c constraints.txt '.[mcp]'.

    \b
    In the configuration of an agent
      {"mcpServers": {"fake-runway": {"command": "fake-runway", "args": ["mcp", "--port", "0"]}}}
    """
    if find_spec("mcp") is None:
        install = "pip install -c constraints.txt '.[mcp]' in the checkout"
        click.echo(f"fake-runway: mcp needs its extra: {install}", err=True)
        sys.exit(_EXIT_USAGE)
    run(lambda: _speak(url, options))


async def _speak(url: str | None, options: dict[str, Any]) -> int:
    from fake_runway.mcp.server import Tools, speak  # an extra

    logging.basicConfig(level=logging.WARNING)  # on stderr; standard output is the protocol's
    if url is not None:
        await speak(Tools(url, SECRET, options["admin_token"]))
        return 0
    configuration = configuration_from(options)
    async with serving(configuration) as fake:
        await speak(Tools(fake.url, SECRET, configuration.admin_token))
    return 0
