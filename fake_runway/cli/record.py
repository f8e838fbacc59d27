"""`fake-runway record`: a pass-through in front of an endpoint, which writes what it saw."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import click
from aiohttp import web

from fake_runway.calibration.recorder import CannotWrite, Recorder, Recording
from fake_runway.cli.running import EXIT_USAGE, run, stop_signal
from fake_runway.server.address import PORT, PortTaken, url_of

_REAL = "https://api.dev.runwayml.com"
_HOST = "127.0.0.1"
_SHUTDOWN_S = 5.0
_TIMEOUT_S = 600.0


@click.command()
@click.option("--to", default=_REAL, show_default=True, metavar="URL", help="The endpoint.")
@click.option("--port", type=PORT, default=4010, show_default=True, help="0: any free one.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("traffic.har"),
    show_default=True,
    help="A new file.",
)
def record(*, to: str, port: int, output: Path) -> None:
    """Pass calls on to an endpoint, and record them as HAR, without any secret in it.

    Point an application at it instead of the real API: requests go on as they are, with the
    application's own API secret. The file is whole after every exchange. Browsers' developer
    tools open it, `fake-runway calibrate --har` learns from it, and `fake-runway serve --from`
    serves a fake that answers alike.

    It listens on this machine alone. Ctrl-C ends it.

    \b
    Examples
      fake-runway record --output failed-run.har
      RUNWAYML_BASE_URL=http://127.0.0.1:4010 python my_app.py      # in another terminal
      fake-runway serve --from failed-run.har
    """
    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--to: expected an address such as https://host")
    if parts.username or parts.password or parts.query:
        raise click.UsageError("--to: expected an address without a secret or a query")
    url = to.rstrip("/").removesuffix("/v1")
    try:
        with Recording(output) as recording:
            run(lambda: _record(url, port, recording, output))
    except CannotWrite as error:
        click.echo(f"fake-runway: --output: {error}", err=True)
        sys.exit(EXIT_USAGE)


async def _record(url: str, port: int, recording: Recording, output: Path) -> int:
    stopped = stop_signal()
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as http:
        recorder = Recorder(http, url, recording)
        runner = web.ServerRunner(web.Server(recorder.handle), shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, _HOST, port).start()
            except OSError as error:
                raise PortTaken(_HOST, port, error) from error
            here = url_of(_HOST, runner.addresses[0][1])
            click.echo(f"recording: {here} -> {url}")
            click.echo(f"RUNWAYML_BASE_URL={here}")
            click.echo(f"# to {output}; Ctrl-C ends it")
            await stopped.wait()
        finally:
            await runner.cleanup()
    click.echo(f"recorded: {recording.count} exchanges in {output}", err=True)
    if recording.full:
        click.echo("fake-runway: the file is full, later exchanges are not in it", err=True)
    return 0
