"""`fake-runway serve`: the fake alone."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import SECRET, env_lines
from fake_runway.cli.project import OfProject
from fake_runway.cli.running import (
    EXIT_CANNOT_START,
    print_access,
    print_spec,
    ready_file,
    ready_file_option,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.address import PORT, PortTaken, reachable, url_of
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Configuration, Serving, serving
from fake_runway.worlds.world import DEFAULT_SCENARIO

_RECORDED = "recorded"


@click.command(cls=OfProject)
@server_options
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that share the port and the worlds of --store. SIGHUP replaces them one by one"
    " by new ones.",
)
@click.option("--worker", type=int, hidden=True)
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
    workers: int,
    worker: int | None,
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
    if workers > 1 and not options["store"]:
        raise click.UsageError(
            f"--workers {workers} asks for --store redis://...: workers share their worlds there"
        )
    if recorded is not None and options["scenario"]:
        raise click.UsageError("expected --scenario or --from, got both")
    if (tls_port is None) != (tls_authority is None):
        raise click.UsageError("expected --tls-port and --tls-authority, got one of them")
    if workers > 1 and (intercept or tls_port is not None):
        raise click.UsageError("expected --workers 1 with --intercept and --tls-port")
    hosts = Hosts(intercept, tls_port, tls_authority)
    if worker is not None:
        from fake_runway.cli.worker import serve_as_worker

        run(lambda: serve_as_worker(worker, options, scenario_of(recorded, quietly=True)))
    elif workers > 1:
        run(lambda: _serve_by_workers(workers, options, ready_file, recorded))
    else:
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
    configuration = configuration_from(options, scenario=scenario_of(recorded))
    set_up_logging(options)
    async with serving(configuration, prepare_room=True) as fake:
        url = reachable(fake.url)
        _say(url, configuration, options)
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


async def _serve_by_workers(
    count: int, options: dict[str, Any], ready: Path | None, recorded: Path | None
) -> int:
    from fake_runway.server.workers import REPLACES, Workers, listening, worker_command

    stopped = stop_signal()
    configuration = configuration_from(options, scenario=scenario_of(recorded))
    set_up_logging(options)
    host, port = configuration.host, configuration.port
    try:
        listener = listening(host, port)
    except (OSError, UnicodeError) as error:
        raise PortTaken(host, port, error) from error
    url = reachable(url_of(host, listener.getsockname()[1]))
    token = {"token": configuration.admin_token}
    workers = Workers(listener, count, worker_command(sys.argv[1:]), token)
    try:
        if not await workers.start():
            return workers.exit_code or EXIT_CANNOT_START  # the worker has said why
        if REPLACES is not None:
            asyncio.get_running_loop().add_signal_handler(REPLACES, workers.replace_all)
        _say(url, configuration, options)
        with ready_file(ready, {"url": url}):
            await stopped.wait()
    finally:
        await workers.stop()
    return 0


def _say(url: str, configuration: Configuration, options: dict[str, Any]) -> None:
    click.echo(f"fake Runway: {url}")
    click.echo(env_lines(url))
    click.echo(f"# see it in a browser: {url}/")
    if configuration.scenario != DEFAULT_SCENARIO:
        click.echo(f"# scenario: {configuration.scenario.name}")
    print_spec(configuration)
    print_access(configuration, options)


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


def scenario_of(recorded: Path | None, *, quietly: bool = False) -> Json | None:
    """Return the scenario that recorded traffic is an example of; without any, None.

    Raises:
        ScenarioFileError: the file is none.
    """
    if recorded is None:
        return None
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
    if not quietly:
        click.echo(
            f"# recorded calls: {len(history.calls)}; settings: {settings}; faults: {len(faults)}"
        )
    return data
