"""What people and programs get to see of a run, in five forms.

All are made of the one stream of events, or of the `Report` that ends it. A finding has the same
id in all of them: `requirement@situation`. Nothing here judges.
"""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

import click

from contracts.judge.runner import Listener
from contracts.judge.verdict import Report
from contracts.report.annotations import github
from contracts.report.json import as_json
from contracts.report.junit import junit
from contracts.report.page import html
from contracts.report.terminal import Terminal


class Format(Enum):
    """The forms in which a report can be written."""

    JUNIT = "junit"
    JSON = "json"
    HTML = "html"
    GITHUB = "github"


def reporters(*, strict: bool, err: bool = False) -> tuple[Listener, Callable[[], None]]:
    """Return what listens to a run for the terminal, and what ends it.

    Args:
        err: everything goes to standard error, because standard output takes a report.
    """
    terminal = Terminal.usual(strict=strict, err=err)
    return terminal.listen, terminal.close


def render(report: Report, form: Format, *, strict: bool) -> str:
    """Return a report in one form."""
    match form:
        case Format.JUNIT:
            return junit(report, strict=strict)
        case Format.JSON:
            return as_json(report, strict=strict)
        case Format.HTML:
            return html(report, strict=strict)
        case Format.GITHUB:
            return github(report, strict=strict)


def write(report: Report, form: Format, file: Path, *, strict: bool) -> None:
    """Write a report to a file, `-` being standard output.

    Raises:
        OSError: the file cannot be written.
    """
    text = render(report, form, strict=strict)
    if str(file) == "-":
        click.echo(text.encode(), nl=False)  # bytes: whatever the terminal's encoding is
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
