"""What `serve` and `up` share: from the options to a process that serves until it is stopped."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fake_runway.core.text import printable, short
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.address import PortTaken
from fake_runway.server.logs import formatter
from fake_runway.server.serving import Configuration
from fake_runway.server.store import StoreError
from fake_runway.worlds.state_place import StateFileError

EXIT_USAGE = 2
EXIT_CANNOT_START = 3
_NEWS_SHOWN = 6
_LONGEST_NEWS = 160
_EVERYWHERE = frozenset({"0.0.0.0", "::"})


def run(command: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Run a command on a loop to its end, and exit with its code.

    What cannot be served is a line on stderr.
    """
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            sys.exit(runner.run(command()))
    except PortTaken as error:
        click.echo(f"fake-runway: {error}; choose another with --{error.part}", err=True)
        sys.exit(EXIT_CANNOT_START)
    except (ScenarioFileError, StateFileError, StoreError) as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(EXIT_USAGE)


def set_up_logging(options: dict[str, Any]) -> None:
    """Log as the options say."""
    for name in ("aioice", "aiortc"):  # their debug is a line for each packet of a call
        logging.getLogger(name).setLevel(logging.WARNING)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(options["log_format"]))
    logging.basicConfig(level=options["log_level"].upper(), handlers=[handler])


def print_access(configuration: Configuration, options: dict[str, Any]) -> None:
    """Print how other machines get here, and an admin token that was generated.

    The token is shown nowhere else.
    """
    if configuration.host in _EVERYWHERE:
        click.echo("# from other machines: this one's name or address in place of the host above;")
        click.echo("# calls with a picture work on this machine, see docs/offline-call.md")
    if configuration.admin_token and not options["admin_token"]:
        click.echo(f"# admin token: {configuration.admin_token}")
        click.echo("# (admin requests: -H 'X-Fake-Admin-Token: ...'; commands:")
        click.echo(
            "# FAKE_RUNWAY_ADMIN_TOKEN; a new one at each start, unless --admin-token names it)"
        )


def print_spec(configuration: Configuration) -> None:
    """Print what a newer document has that this release does not know, in a few lines."""
    spec = configuration.spec
    if spec is None:
        return
    price = configuration.settings.default_price
    news = f"{len(spec.news)} things that this version does not know" if spec.news else "no news"
    click.echo(f"# spec: {spec.name} has {news}; what has no known price costs {price} credits")
    for sentence in spec.news[:_NEWS_SHOWN]:
        click.echo(f"#   {short(printable(sentence), _LONGEST_NEWS)}")
    if (more := len(spec.news) - _NEWS_SHOWN) > 0:
        click.echo(f"#   {more} more: GET /__admin/spec")


@contextmanager
def ready_file(path: Path | None, facts: Mapping[str, Any]) -> Iterator[None]:
    """Keep a file with where it serves, as JSON, until the block ends; it is there whole or not.

    Raises:
        click.UsageError: it cannot be written.
    """
    if path is None:
        yield
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps({**facts, "pid": os.getpid()}) + "\n")
        beside.replace(path)
    except OSError as error:
        raise click.UsageError(f"--ready-file: {path}: {error.strerror}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


ready_file_option = click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written as soon as it serves, with its address as JSON, and removed at the end: for"
    " programs that start it with --port 0.",
)


def stop_signal() -> asyncio.Event:
    """Return what SIGINT and SIGTERM set from now on."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second Ctrl-C ends it at once

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop
