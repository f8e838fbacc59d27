"""What people and programs get to see of a run."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

import click

from contracts.runner import Event, Judged, Listener, Outcome, Played, Report


class Format(Enum):
    """The forms in which a report can be written."""

    JUNIT = "junit"
    JSON = "json"
    HTML = "html"
    GITHUB = "github"


def reporters(*, strict: bool) -> tuple[Listener, Callable[[], None]]:
    """Return what listens to a run for the terminal, and what ends it."""

    def listen(event: Event) -> None:
        match event:
            case Played(situation=situation, done=done, of=of, observation=seen):
                click.echo(f"[{done}/{of}] {situation.id}: {', '.join(map(str, seen.answers))}")
            case Judged(verdict=verdict):
                mark = verdict.outcome.value
                click.echo(f"{mark:<5} {verdict.requirement.level.value} {verdict.requirement.id}")
                if verdict.outcome is Outcome.FAIL:
                    for failure in verdict.failures:
                        click.echo(f"      {failure.observation.situation}: {failure.text}")

    return listen, lambda: None


def write(report: Report, form: Format, file: Path, *, strict: bool) -> None:
    """Write a report to a file, `-` being standard output."""
