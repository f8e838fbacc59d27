"""The command line of the fake: its commands by name, each imported when it is called.

`--help`, `--version` and a mistyped name need no more than the names and a line about each; the
commands themselves import aiohttp, which takes ten times as long.
"""

import gc

import click

from fake_runway.cli.later import Later, loaded
from fake_runway.version import __version__

_GC_EVERY = 10_000  # new objects; with Python's 700 a server with many sessions looks all the time


class _Commands(click.Group):
    """A group that replaces a stand-in by its command when it is called."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, Later):
            command = loaded(command)
        if not gc.isenabled():  # see `__main__.py`; everything is imported now
            gc.freeze()  # else the next collection would look through all of it at once
            gc.enable()
            gc.set_threshold(_GC_EVERY)
        return name, command, rest


def _clock() -> click.Command:
    from fake_runway.cli.worlds import clock

    return clock


def _calibrate() -> click.Command:
    from fake_runway.cli.calibrate import calibrate

    return calibrate


def _completion() -> click.Command:
    from fake_runway.cli.completion import completion

    return completion


def _config() -> click.Command:
    from fake_runway.cli.config import config

    return config


def _env() -> click.Command:
    from fake_runway.cli.env import env

    return env


def _fault() -> click.Command:
    from fake_runway.cli.worlds import fault

    return fault


def _init() -> click.Command:
    from fake_runway.cli.init import init

    return init


def _listen() -> click.Command:
    from fake_runway.cli.listen import listen

    return listen


def _man() -> click.Command:
    from fake_runway.cli.man import man

    return man


def _mcp() -> click.Command:
    from fake_runway.cli.mcp import mcp

    return mcp


def _prices() -> click.Command:
    from fake_runway.cli.prices import prices

    return prices


def _record() -> click.Command:
    from fake_runway.cli.record import record

    return record


def _replay() -> click.Command:
    from fake_runway.cli.replay import replay_command

    return replay_command


def _run() -> click.Command:
    from fake_runway.cli.run import run

    return run


def _scenarios() -> click.Command:
    from fake_runway.cli.scenarios import scenarios

    return scenarios


def _serve() -> click.Command:
    from fake_runway.cli.serve import serve

    return serve


def _session() -> click.Command:
    from fake_runway.cli.sessions import session

    return session


def _skill() -> click.Command:
    from fake_runway.cli.skill import skill

    return skill


def _start() -> click.Command:
    from fake_runway.cli.background import start

    return start


def _status() -> click.Command:
    from fake_runway.cli.background import status

    return status


def _stop() -> click.Command:
    from fake_runway.cli.background import stop

    return stop


def _task() -> click.Command:
    from fake_runway.cli.tasks import task

    return task


def _wait() -> click.Command:
    from fake_runway.cli.background import wait

    return wait


def _up() -> click.Command:
    from fake_runway.cli.up import up

    return up


def _world() -> click.Command:
    from fake_runway.cli.worlds import world

    return world


_COMMANDS = (
    Later("calibrate", "Learn from an endpoint what the documentation does not say.", _calibrate),
    Later("clock", "Look at a world's clock, and move it: only forward.", _clock),
    Later("completion", "Print what completes these commands in a shell.", _completion),
    Later(
        "config", "Show every option of a server, its value, and where that comes from.", _config
    ),
    Later("env", "Print the lines that point an application at the fake.", _env),
    Later("fault", "Look at the faults of a world, add some, remove them.", _fault),
    Later("init", "Write a commented seed FILE, for `fake-runway serve --seed-file FILE`.", _init),
    Later("listen", "Show calls, transitions and findings as they happen, one line each.", _listen),
    Later("man", "Print a man page of a command, or write those of all.", _man),
    Later("mcp", "Serve the admin API and the judge as tools, on standard input and output.", _mcp),
    Later("prices", "What each model costs on the fake, and how sure that is.", _prices),
    Later(
        "record",
        "Pass calls on to an endpoint, and record them as HAR, without any secret in it.",
        _record,
    ),
    Later("replay", "Run a recorded run again, and compare.", _replay),
    Later("run", "Run a COMMAND in front of a fake: nothing of it changes.", _run),
    Later("scenarios", "What can go wrong, by name.", _scenarios),
    Later("serve", "Serve the fake of the Runway API.", _serve),
    Later("session", "Look at the sessions of a running fake, and change them.", _session),
    Later("skill", "Print what a coding agent needs to know to use all this.", _skill),
    Later("start", "Start a fake in the background, and return when it serves.", _start),
    Later("status", "Show the fakes in the background.", _status),
    Later("stop", "End the fake of that name.", _stop),
    Later("task", "Look at the tasks of a running fake, and change them.", _task),
    Later("up", "Serve the fake, and a gateway in front of it as a child process.", _up),
    Later("wait", "Wait until the fake of that name serves.", _wait),
    Later("world", "Look at the worlds of a running fake, and change them.", _world),
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
    fake-runway run        a command of yours in front of a fake: run -- npm test
    fake-runway env        the lines to paste into an application
    fake-runway scenarios  what can go wrong on command
    fake-runway prices     what each model costs
    fake-runway replay     a recorded run, run again
    fake-runway start      the fake in the background; then wait, status, stop
    fake-runway config     the options of this project, and where each comes from

    \b
    While one is running
    fake-runway session    list them, show a timeline, let one fail, let its avatar speak
    fake-runway task       list them, show a timeline, let one fail or succeed
    fake-runway world      scenario, credits, findings, snapshots, reset
    fake-runway clock      freeze it, jump, an hour in a minute
    fake-runway fault      what goes wrong from now on
    fake-runway listen     calls, transitions and findings, live
    """
