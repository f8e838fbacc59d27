"""`fake-runway start`, `wait`, `status`, `stop`: a fake in the background."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import NoReturn

import click

from fake_runway.cli.places import USUAL, Place, Running, places_in_use
from fake_runway.cli.remote import EXIT_NO_SERVER, EXIT_REFUSED, table
from fake_runway.client.answers import AdminError
from fake_runway.client.blocking import Admin
from fake_runway.clock import block
from fake_runway.core.durations import parse_span

_TICK_S = 0.05
_STOPS_WITHIN_S = 15.0
_LAST_LINES = 20


_named = click.option(
    "--name", default=USUAL, show_default=True, help="Several can run side by side."
)


def _parsed(_: click.Context, __: click.Parameter, text: str) -> float:
    try:
        return parse_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_timeout = click.option(
    "--timeout", "timeout_s", metavar="DURATION", default="30s", show_default=True, callback=_parsed
)
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command(context_settings={"ignore_unknown_options": True})
@_named
@_timeout
@_json
@click.option("--detach", is_flag=True, hidden=True, help="As always.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def start(
    *, name: str, timeout_s: float, as_json: bool, detach: bool, options: Sequence[str]
) -> None:
    """Start a fake in the background, and return when it serves.

    All other options are those of `fake-runway serve`. Its output is in a log file; `status` says
    where, and `stop` ends it.

    \b
    Examples
      fake-runway start --port 0 --credits 5
      eval "$(fake-runway start | grep ^RUNWAYML_ | sed 's/^/export /')"
    """
    del detach
    place = Place.of(name)
    with place.locked() as held:
        if held is None:
            there = place.running()
            where = f" at {there.url}" if there else ""
            _fail(f"{name} runs already{where}; stop it, or start another with --name")
        place.ready.unlink(missing_ok=True)
        command = (sys.executable, "-m", "fake_runway", "serve")
        with place.log.open("w") as log:
            process = subprocess.Popen(
                [*command, *options, f"--ready-file={place.ready}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[held.fileno()],  # it keeps the lock for as long as it lives
            )
    found = _until_ready(place, timeout_s, process)
    if found is None:
        lines = place.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        code = process.poll()
        if code is None:
            process.terminate()
            lines.append(f"fake-runway: it did not serve within {timeout_s:g}s, and was stopped")
        for line in lines:
            click.echo(line, err=True)
        sys.exit(code or EXIT_REFUSED)
    _show(found, as_json=as_json)


@click.command()
@_named
@_timeout
@_json
def wait(*, name: str, timeout_s: float, as_json: bool) -> None:
    """Wait until the fake of that name serves."""
    place = Place.of(name)
    found = _until_ready(place, timeout_s, None)
    if found is None:
        _fail(f"{name} does not serve after {timeout_s:g}s", EXIT_NO_SERVER)
    _show(found, as_json=as_json)


@click.command()
@click.option("--name", help="Only this one. [default: all]")
@_json
def status(*, name: str | None, as_json: bool) -> None:
    """Show the fakes in the background. Exit code 0: one serves; 3: none does."""
    places = [Place.of(name)] if name else places_in_use()
    running = [found for place in places if (found := place.running())]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in running], indent=2))
    else:
        rows = [("NAME", "URL", "PID", "WORLDS", "LOG")]
        rows += [
            (each.name, each.url, str(each.pid), _worlds(each.url), each.log) for each in running
        ]
        for line in table(rows, empty="none runs; `fake-runway start` starts one"):
            click.echo(line)
    sys.exit(0 if running else EXIT_NO_SERVER)


@click.command()
@_named
def stop(*, name: str) -> None:
    """End the fake of that name. It is no error if none runs."""
    place = Place.of(name)
    found = place.running()
    if found is None:
        click.echo(f"{name} does not run")
        return
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    for _ in _ticks(_STOPS_WITHIN_S):
        with place.locked() as held:
            if held is not None:
                click.echo(f"stopped {name}")
                return
    _fail(f"{name} (process {found.pid}) has not ended within {_STOPS_WITHIN_S:g}s")


def _until_ready(
    place: Place, timeout_s: float, process: "subprocess.Popen[bytes] | None"
) -> Running | None:
    """Wait until it serves; None: it does not in time, or has ended."""
    for _ in _ticks(timeout_s):
        if (found := place.running()) is not None:
            return found
        if process is not None and process.poll() is not None:
            return None
    return None


def _ticks(seconds: float) -> Iterator[None]:
    """Yield at once, and then every few milliseconds for about so long."""
    for _ in range(round(seconds / _TICK_S) + 1):
        yield
        block(_TICK_S)


def _worlds(url: str) -> str:
    try:
        with Admin(url) as fake:
            return str(len(fake.worlds()))
    except AdminError:
        return "?"


def _show(found: Running, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
        return
    from fake_runway.cli.env import env_lines

    click.echo(f"fake Runway: {found.url} (process {found.pid}, log {found.log})")
    click.echo(env_lines(found.url))


def _fail(text: str, code: int = EXIT_REFUSED) -> NoReturn:
    click.echo(f"fake-runway: {text}", err=True)
    sys.exit(code)
