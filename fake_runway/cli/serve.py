"""`fake-runway serve`: the fake alone."""

import os
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import SECRET, env_lines
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import (
    print_spec,
    print_token,
    ready_file,
    ready_file_option,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.core.types import Json
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.address import PORT, reachable
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Serving, serving
from fake_runway.worlds.world import DEFAULT_SCENARIO

_RECORDED = "recorded"


@click.command(cls=OfProject)
@server_options
@click.option(
    "--from",
    "recorded",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Answer as in recorded traffic (HAR), as far as its answers tell: see `record`.",
)
@click.option(
    "--intercept",
    is_flag=True,
    help="Runway's own hosts lead here too, for programs that get the variables on the screen or"
    " in the ready file. `run --intercept` does it for one command.",
)
@click.option(
    "--tls-port",
    type=PORT,
    help="Runway's own hosts by TLS on this port, for containers that reach it by those names.",
)
@click.option(
    "--tls-authority",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --tls-port: the file for the certificate that those containers have to trust.",
)
@ready_file_option
def serve(
    *,
    recorded: Path | None,
    intercept: bool,
    tls_port: int | None,
    tls_authority: Path | None,
    ready_file: Path | None,
    **options: Any,
) -> None:
    """Serve the fake of the Runway API.

    Point an application at it with the lines that `fake-runway env` prints. Every API secret is a
    world of its own: sessions, credits, clock.

    \b
    Examples:
      fake-runway serve --provision-time 'uniform(1s, 8s)' --latency 50ms
      fake-runway serve --credits 5              # the third session is refused with 402
      fake-runway serve --time-scale 60          # an hour of session time in a minute
      fake-runway serve --from traffic.har       # as it was recorded
    """
    if recorded is not None and options["scenario"]:
        raise click.UsageError("expected --scenario or --from, got both")
    if (tls_port is None) != (tls_authority is None):
        raise click.UsageError("expected --tls-port and --tls-authority, got one of them")
    hosts = Hosts(intercept, tls_port, tls_authority)
    run(lambda: _serve(options, ready_file, recorded, hosts))


@dataclass(frozen=True)
class Hosts:
    """How Runway's own hosts lead here: see the options of those names."""

    intercept: bool
    tls_port: int | None
    tls_authority: Path | None


async def _serve(
    options: dict[str, Any], ready: Path | None, recorded: Path | None, hosts: Hosts
) -> int:
    stopped = stop_signal()
    scenario = None if recorded is None else _scenario_of(recorded)
    configuration = configuration_from(options, scenario=scenario)
    set_up_logging(options)
    async with serving(configuration) as fake:
        url = reachable(fake.url)
        click.echo(f"fake Runway: {url}")
        click.echo(env_lines(url))
        click.echo(f"# see it in a browser: {url}/")
        if configuration.scenario != DEFAULT_SCENARIO:
            click.echo(f"# scenario: {configuration.scenario.name}")
        print_spec(configuration)
        print_token(configuration, options)
        async with (
            _intercepted(fake, wanted=hosts.intercept) as variables,
            _served_by_tls(fake, configuration.host, hosts),
        ):
            for name, value in variables.items():
                click.echo(f"{name}={shlex.quote(value)}")
            facts = {"url": url, **({"variables": dict(variables)} if variables else {})}
            with ready_file(ready, facts):
                await stopped.wait()
    return 0


@asynccontextmanager
async def _intercepted(fake: Serving, *, wanted: bool) -> AsyncIterator[Mapping[str, str]]:
    """Serve Runway's hosts too, each call in the world of its own secret; yield the variables."""
    if not wanted:
        yield {}
        return
    from fake_runway.intercept.interception import intercepting

    async with intercepting(
        fake.app,
        fake.url,
        world=None,
        secret=SECRET,
        inherited=os.environ,
        offline=False,
        refused=lambda _: None,
    ) as interception:
        yield interception.variables


@asynccontextmanager
async def _served_by_tls(fake: Serving, host: str, hosts: Hosts) -> AsyncIterator[None]:
    """Serve Runway's hosts by TLS if that is wanted."""
    if hosts.tls_port is None or hosts.tls_authority is None:
        yield
        return
    from fake_runway.intercept.interception import serving_hosts

    try:
        async with serving_hosts(
            fake.app,
            fake.url,
            secret=SECRET,
            host=host,
            port=hosts.tls_port,
            authority=hosts.tls_authority,
        ) as port:
            click.echo(f"# Runway's hosts: port {port}, trusted by {hosts.tls_authority}")
            yield
    except OSError as error:
        raise click.UsageError(
            f"--tls-authority: {hosts.tls_authority}: {error.strerror}"
        ) from None


def _scenario_of(recorded: Path) -> Json:
    """Return the scenario that recorded traffic is an example of.

    Raises:
        ScenarioFileError: the file is none.
    """
    from fake_runway.calibration.har import NotHar, read_har
    from fake_runway.calibration.result import document, failures
    from fake_runway.calibration.rules import learned_from

    try:
        history = read_har(recorded)
    except NotHar as error:
        raise ScenarioFileError(f"--from: {error}") from None
    learned, faults = learned_from(history), failures(history)
    data = document(learned, name=_RECORDED, source=recorded.name, faults=faults)
    settings = sum(len(part) for part in data.values() if isinstance(part, dict)) - bool(faults)
    click.echo(
        f"# recorded calls: {len(history.calls)}; settings: {settings}; faults: {len(faults)}"
    )
    return data
