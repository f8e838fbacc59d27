"""`fake-runway serve`: the fake alone."""

from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import env_lines
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import (
    print_token,
    ready_file,
    ready_file_option,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.server.address import reachable
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import serving
from fake_runway.worlds.world import DEFAULT_SCENARIO


@click.command(cls=OfProject)
@server_options
@ready_file_option
def serve(*, ready_file: Path | None, **options: Any) -> None:
    """Serve the fake of the Runway API.

    Point an application at it with the lines that `fake-runway env` prints. Every API secret is a
    world of its own: sessions, credits, clock.

    \b
    Examples:
      fake-runway serve --provision-time 'uniform(1s, 8s)' --latency 50ms
      fake-runway serve --credits 5              # the third session is refused with 402
      fake-runway serve --time-scale 60          # an hour of session time in a minute
    """
    run(lambda: _serve(options, ready_file))


async def _serve(options: dict[str, Any], ready: Path | None) -> int:
    stopped = stop_signal()
    configuration = configuration_from(options)
    set_up_logging(options)
    async with serving(configuration) as fake:
        url = reachable(fake.url)
        click.echo(f"fake Runway: {url}")
        click.echo(env_lines(url))
        click.echo(f"# see it in a browser: {url}/")
        if configuration.scenario != DEFAULT_SCENARIO:
            click.echo(f"# scenario: {configuration.scenario.name}")
        print_token(configuration, options)
        with ready_file(ready, {"url": url}):
            await stopped.wait()
    return 0
