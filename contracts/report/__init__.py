"""What a run found, in five forms: on the terminal, and in four formats for files.

All are made from the one stream of events, or from the `Report` that ends it. A finding has the
same id in all of them: `requirement@situation`. Nothing here judges.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import click

from contracts.judge.verdict import Report
from contracts.report.annotations import github
from contracts.report.json import as_json
from contracts.report.junit import junit
from contracts.report.page import html


class Format(Enum):
    """The formats in which a report can be written; `_WRITERS` has the function of each."""

    JUNIT = "junit"
    JSON = "json"
    HTML = "html"
    GITHUB = "github"


_WRITERS: Mapping[Format, Callable[..., str]] = MappingProxyType(
    {Format.JUNIT: junit, Format.JSON: as_json, Format.HTML: html, Format.GITHUB: github}
)


def render(report: Report, form: Format, *, strict: bool) -> str:
    """Return a report in one format."""
    return _WRITERS[form](report, strict=strict)


def check_writable(file: Path) -> None:
    """Check that a report can be written to a file, and leave it, or its absence, as it was.

    Raises:
        OSError: it cannot be: its folder is missing, it is a folder itself, a permission is.
    """
    if str(file) == "-" or (file.exists() and not (file.is_file() or file.is_dir())):
        return  # opening a pipe or a device may wait, or may do something
    if file.exists():
        file.open("ab").close()  # neither truncated nor touched
        return
    place = file.resolve()  # where a link leads that has no file yet
    place.open("xb").close()
    place.unlink()


def write(report: Report, form: Format, file: Path, *, strict: bool) -> None:
    """Write a report to a file, `-` being standard output.

    Raises:
        OSError: the file cannot be written.
    """
    text = render(report, form, strict=strict)
    if str(file) == "-":
        click.echo(text.encode(), nl=False)  # bytes, because a terminal may not speak UTF-8
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
