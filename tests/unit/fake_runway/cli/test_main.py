"""The command line: its commands are imported when they are called, and not before."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from fake_runway.cli.main import main

HEAVY = {"aiohttp", "asyncio", "yaml", "orjson", "jsonschema_rs", "jwt", "uvloop", "http.client"}


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [(["--help"], 0), (["--version"], 0), (["sreve"], 2), (["env"], 0), (["env", "--help"], 0)],
)
def test_what_serves_nothing_imports_no_server(words: list[str], exit_code: int) -> None:
    """Help, a mistyped name and `env` import neither aiohttp nor what reads bodies and files."""
    code = (
        "import atexit, sys; sys.argv[0] = 'fake-runway'\n"
        "atexit.register(lambda: sys.stdout.write('\\n' + ' '.join(sys.modules)))\n"
        "from fake_runway.__main__ import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )

    loaded = set(done.stdout.splitlines()[-1].split())
    assert done.returncode == exit_code, done.stderr
    assert "fake_runway.cli.main" in loaded
    assert not HEAVY & loaded
    assert not {name for name in loaded if name.startswith(("fake_runway.core.s", "contracts"))}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_command_is_called_what_its_own_help_says(name: str) -> None:
    """The line about a command in `--help` is the first sentence of that command's help."""
    context = click.Context(main)

    called, command, rest = main.resolve_command(context, [name, "--help"])

    assert command is not None
    assert (called, command.name, rest) == (name, name, ["--help"])
    listed = main.commands[name]
    assert type(command) is not type(listed)
    assert listed.get_short_help_str(200) == command.get_short_help_str(200)


def test_a_command_runs_with_the_collector_on() -> None:
    """Garbage is collected as soon as the imports are done, whose objects are left alone."""
    code = (
        "import atexit, gc, sys; sys.argv = ['fake-runway', 'scenarios', 'schema']\n"
        "atexit.register(lambda: print('\\n', gc.isenabled(), gc.get_freeze_count() > 10_000))\n"
        "from fake_runway.__main__ import main; main()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1].split() == ["True", "True"]


def test_a_mistyped_command_is_told_what_was_meant() -> None:
    """The stand-ins are enough for click's hint."""
    result = CliRunner().invoke(main, ["serv"])

    assert result.exit_code == 2
    assert "serve" in result.output
