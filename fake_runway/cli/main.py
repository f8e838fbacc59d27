"""The command line of the fake: its commands by name, each imported when it is called.

`--help`, `--version` and a mistyped name need no more than the names and a line about each; the
commands themselves import aiohttp, which takes ten times as long.
"""

import gc
from collections.abc import Callable

import click

from fake_runway.version import __version__


class _Later(click.Command):
    """Stands in for a command until it is called.

    Args:
        about: the first sentence of the command's own help; a test compares.
        load: imports the command.
    """

    def __init__(self, name: str, about: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, help=about)
        self.load = load


_GC_EVERY = 10_000  # new objects; with Python's 700 a server with many sessions looks all the time


class _Commands(click.Group):
    """A group that replaces a stand-in by its command when it is called."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, _Later):
            command = command.load()
        if not gc.isenabled():  # see `__main__.py`; everything is imported now
            gc.freeze()  # else the next collection would look through all of it at once
            gc.enable()
            gc.set_threshold(_GC_EVERY)
        return name, command, rest


def _env() -> click.Command:
    from fake_runway.cli.env import env

    return env


def _replay() -> click.Command:
    from fake_runway.cli.replay import replay_command

    return replay_command


def _scenarios() -> click.Command:
    from fake_runway.cli.scenarios import scenarios

    return scenarios


def _serve() -> click.Command:
    from fake_runway.cli.serve import serve

    return serve


def _up() -> click.Command:
    from fake_runway.cli.up import up

    return up


_COMMANDS = (
    _Later("env", "Print the lines that point an application at the fake.", _env),
    _Later("replay", "Run a recorded run again, and compare.", _replay),
    _Later("scenarios", "What can go wrong, by name.", _scenarios),
    _Later("serve", "Serve the fake of the Runway API.", _serve),
    _Later("up", "Serve the fake, and a gateway in front of it as a child process.", _up),
)


@click.group(
    cls=_Commands,
    commands=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="fake-runway")
def main() -> None:
    """A Runway that costs nothing, works offline and fails on command.

    \b
    fake-runway up         the fake and a gateway in front of it, to try things
    fake-runway serve      the fake alone
    fake-runway env        the lines to paste into an application
    fake-runway scenarios  what can go wrong on command
    fake-runway replay     a recorded run, run again
    """
