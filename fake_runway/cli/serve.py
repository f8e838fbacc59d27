"""`fake-runway serve`: the fake alone."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.env import env_lines
from fake_runway.cli.running import (
    EXIT_CANNOT_START,
    print_token,
    ready_file,
    ready_file_option,
    run,
    set_up_logging,
    stop_signal,
)
from fake_runway.server.address import PortTaken, reachable, url_of
from fake_runway.server.options import configuration_from, server_options
from fake_runway.server.serving import Configuration, serving
from fake_runway.worlds.world import DEFAULT_SCENARIO


@click.command()
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
@ready_file_option
def serve(*, ready_file: Path | None, workers: int, worker: int | None, **options: Any) -> None:
    """Serve the fake of the Runway API.

    Point an application at it with the lines that `fake-runway env` prints. Every API secret is a
    world of its own: sessions, credits, clock.

    \b
    Examples:
      fake-runway serve --provision-time 'uniform(1s, 8s)' --latency 50ms
      fake-runway serve --credits 5              # the third session is refused with 402
      fake-runway serve --time-scale 60          # an hour of session time in a minute
    """
    if workers > 1 and not options["store"]:
        raise click.UsageError(
            f"--workers {workers} asks for --store redis://...: workers share their worlds there"
        )
    if worker is not None:
        from fake_runway.cli.worker import serve_as_worker

        run(lambda: serve_as_worker(worker, options))
    elif workers > 1:
        run(lambda: _serve_by_workers(workers, options, ready_file))
    else:
        run(lambda: _serve(options, ready_file))


async def _serve(options: dict[str, Any], ready: Path | None) -> int:
    stopped = stop_signal()
    configuration = configuration_from(options)
    set_up_logging(options)
    async with serving(configuration) as fake:
        await _until(stopped, fake.url, configuration, options, ready)
    return 0


async def _serve_by_workers(count: int, options: dict[str, Any], ready: Path | None) -> int:
    from fake_runway.server.workers import REPLACES, Workers, listening, worker_command

    stopped = stop_signal()
    configuration = configuration_from(options)
    set_up_logging(options)
    host, port = configuration.host, configuration.port
    try:
        listener = listening(host, port)
    except (OSError, UnicodeError) as error:
        raise PortTaken(host, port, error) from error
    url = url_of(host, listener.getsockname()[1])
    token = {"token": configuration.admin_token}
    workers = Workers(listener, count, worker_command(sys.argv[1:]), token)
    try:
        if not await workers.start():
            return EXIT_CANNOT_START  # the worker has said why
        if REPLACES is not None:
            asyncio.get_running_loop().add_signal_handler(REPLACES, workers.replace_all)
        await _until(stopped, url, configuration, options, ready)
    finally:
        await workers.stop()
    return 0


async def _until(
    stopped: asyncio.Event,
    serving_at: str,
    configuration: Configuration,
    options: dict[str, Any],
    ready: Path | None,
) -> None:
    url = reachable(serving_at)
    click.echo(f"fake Runway: {url}")
    click.echo(env_lines(url))
    click.echo(f"# see it in a browser: {url}/")
    if configuration.scenario != DEFAULT_SCENARIO:
        click.echo(f"# scenario: {configuration.scenario.name}")
    print_token(configuration, options)
    with ready_file(ready, {"url": url}):
        await stopped.wait()
