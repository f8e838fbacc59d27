"""The help of every command of all three programs, and the man pages that are made of it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from contracts.cli import main as contracts
from fake_runway.cli.main import main as fake
from fake_runway.cli.man import pages, written
from fake_runway.version import __version__
from gateway.cli import main as gateway

PROGRAMS = {"fake-runway": fake, "runway-gateway": gateway, "runway-contracts": contracts}
PAGES = dict(pages())


def options(ctx: click.Context) -> Iterator[click.Option]:
    """Yield the options of a command that people see."""
    for each in ctx.command.params:
        if isinstance(each, click.Option) and not each.hidden:
            yield each


def test_every_command_has_a_page() -> None:
    """Also those below others."""
    assert {"fake-runway", "fake-runway-serve", "fake-runway-world-export"} <= PAGES.keys()
    assert {"runway-gateway-serve", "runway-contracts-check"} <= PAGES.keys()
    assert len(PAGES) > 60


@pytest.mark.parametrize("name", PAGES)
def test_every_option_shows_its_default(name: str) -> None:
    """Once; `none` where there is none; a flag is off, and a required option has none."""
    ctx = PAGES[name]
    for option in options(ctx):
        record = option.get_help_record(ctx)
        off = option.is_flag and not option.secondary_opts
        if record is None or off or option.required:
            continue
        assert record[1].count("default: ") == 1, option.opts


def test_run_shows_its_own_defaults() -> None:
    """Any free port, and warnings only: `serve` has others."""
    shown = {each.name: each.show_default for each in options(PAGES["fake-runway-run"])}
    assert (shown["port"], shown["log_level"]) == ("any free one", "warning")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_help_says(name: str) -> None:
    """Name, synopsis, each option; no line of a text is taken for a request of roff."""
    ctx = PAGES[name]
    page = written(name, ctx)
    heads = [line for line in page.splitlines() if line.startswith(".SH")]
    assert heads[:2] == [".SH NAME", ".SH SYNOPSIS"]
    for option in options(ctx):
        assert option.opts[0].replace("-", r"\-") in page
    known = (".TH ", ".SH ", ".PP", ".nf", ".fi", ".TP", ".B ", ".BR ")
    requests = [line for line in page.splitlines() if line[:1] in (".", "'")]
    assert [line for line in requests if not line.startswith(known)] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_says_its_version(program: str) -> None:
    """By the same option."""
    result = CliRunner().invoke(PROGRAMS[program], ["--version"])
    assert (result.exit_code, result.output) == (0, f"{program}, version {__version__}\n")


def test_pages_are_printed_and_written(tmp_path: Path) -> None:
    """One to standard output, all to a folder; what is no command is named."""
    printed = CliRunner().invoke(fake, ["man", "world", "export"])
    assert printed.output == written("fake-runway-world-export", PAGES["fake-runway-world-export"])
    assert CliRunner().invoke(fake, ["man", "runway-gateway"]).exit_code == 0
    unknown = CliRunner().invoke(fake, ["man", "servee"])
    assert (unknown.exit_code, "there is no command 'servee'" in unknown.output) == (2, True)
    folder = tmp_path / "man" / "man1"
    assert CliRunner().invoke(fake, ["man", "--write", str(folder)]).exit_code == 0
    assert {each.name for each in folder.iterdir()} == {f"{name}.1" for name in PAGES}
    groff = shutil.which("groff")
    if groff is not None:
        file = folder / "fake-runway-serve.1"
        done = subprocess.run([groff, "-ww", "-man", "-z", file], capture_output=True, check=True)
        assert done.stderr == b""
