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
@click.option(
    "--replay-token",
    type=click.Path(dir_okay=False, path_type=Path),
    help="At the end, also write the recording to this new file as a run of the fake.",
)
def record(*, to: str, port: int, output: Path, replay_token: Path | None) -> None:
    """Pass calls on to an endpoint, and record them as HAR, without any secret in it.

    Point an application at it instead of the real API: requests go on as they are, with the
    application's own API secret. The file is whole after every exchange. Browsers' developer
    tools open it, `fake-runway calibrate --har` learns from it, and `fake-runway serve --from`
    serves a fake that answers alike.

    With --replay-token, the recorded calls are made again at the end, in a world of the fake that
    follows what the recording teaches, and the token of that run is written: `fake-runway replay`
    shows its timeline, and POST /__admin/replay makes the world to look at. How many calls that
    world answers otherwise than was recorded is said.

    It listens on this machine alone. Ctrl-C ends it.

    \b
    Examples
      fake-runway record --output failed-run.har
      RUNWAYML_BASE_URL=http://127.0.0.1:4010 python my_app.py      # in another terminal
      fake-runway serve --from failed-run.har
      fake-runway record --replay-token failed-run.token
      fake-runway replay "$(cat failed-run.token)"
    """
    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--to: expected an address such as https://host")
    if parts.username or parts.password or parts.query:
        raise click.UsageError("--to: expected an address without a secret or a query")
    url = to.rstrip("/").removesuffix("/v1")
    if replay_token is not None and replay_token.exists():
        raise click.UsageError(f"--replay-token: {replay_token}: expected a new file")
    try:
        with Recording(output) as recording:
            run(lambda: _record(url, port, recording, output, replay_token))
    except CannotWrite as error:
        click.echo(f"fake-runway: --output: {error}", err=True)
        sys.exit(EXIT_USAGE)


def _write_token(recorded: Path, file: Path) -> int:
    """Write the recording as the token of a run, say how close to it that is, return a code."""
    from fake_runway.calibration.as_run import run_of
    from fake_runway.calibration.har import NotHar, read_har
    from fake_runway.replay.record import NotReplayable

    try:
        run = run_of(read_har(recorded), source=recorded.name)
        with file.open("x", encoding="ascii") as opened:
            opened.write(f"{run.token()}\n")
    except (NotHar, NotReplayable) as error:
        click.echo(f"fake-runway: --replay-token: {error}", err=True)
        return EXIT_USAGE
    except OSError as error:
        click.echo(f"fake-runway: --replay-token: {file}: {error.strerror}", err=True)
        return EXIT_USAGE
    click.echo(f"replay token: {file}; {run.summary()}", err=True)
    return 0


async def _record(
    url: str, port: int, recording: Recording, output: Path, replay_token: Path | None
) -> int:
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
    return 0 if replay_token is None else _write_token(output, replay_token)
