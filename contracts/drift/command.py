"""`runway-contracts drift`: how a published OpenAPI file differs from our Runway contract.

Reads the file, selects the differences to show, prints them. `compare.py` compares; `SOURCES.md`
has the reasons of known differences.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from contracts.drift.compare import Difference, Judgement, differences
from contracts.drift.explained import explanation
from contracts.wire.documents import load
from contracts.wire.spec_files import BadDocument, read_spec

EXIT_BREAKING, EXIT_USAGE = 1, 2
JSON_VERSION = 1
CLIPPED = 88


class SpecError(click.ClickException):
    """The file cannot be read as an OpenAPI document; one line, no usage."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Drift:
    """The result of a comparison: every difference, with the reason of those that are explained."""

    title: str
    version: str
    found: Sequence[tuple[Difference, str | None]]

    @property
    def breaking(self) -> bool:
        """Whether a difference breaks clients or us and is not explained."""
        return any(each.breaking and why is None for each, why in self.found)

    def counts(self) -> dict[str, int]:
        """Return the number of unexplained differences by judgement, and that of the explained."""
        keys = Counter("explained" if why else each.judgement.value for each, why in self.found)
        return {key: keys[key] for key in (*(each.value for each in Judgement), "explained")}


@click.command()
@click.option("--spec", "file", required=True, type=click.Path(path_type=Path), help="The file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; see docs/drift.md.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Also known differences, and operations of other parts of the API.",
)
@click.pass_context
def drift(context: click.Context, file: Path, *, as_json: bool, everything: bool) -> None:
    """Compare our Runway contract with a published OpenAPI file (JSON or YAML).

    Exit code 0: every difference is harmless or explained. 1: at least one is not. 2: the file is
    missing, or not an OpenAPI document.
    """
    document = read(file)
    try:
        found = differences(document, load("runway").raw, outside=everything)
    except BadDocument as error:
        raise SpecError(f"{file}: {error}") from None
    info = document.get("info")
    about = info if isinstance(info, Mapping) else {}
    title, version = (str(about.get(key, "unknown")) for key in ("title", "version"))
    result = Drift(title, version, [(each, explanation(each)) for each in found])
    selected = [(each, why) for each, why in result.found if everything or why is None]
    if as_json:
        click.echo(json.dumps(as_data(result, selected), indent=2))
    else:
        click.echo("\n".join(lines(result, selected)))
    context.exit(EXIT_BREAKING if result.breaking else 0)


def read(file: Path) -> Mapping[str, Any]:
    """Return the content of a JSON or YAML file.

    Raises:
        SpecError: no such file, or its content is neither, or no object.
    """
    try:
        return read_spec(file)
    except BadDocument as error:
        raise SpecError(str(error)) from None


def as_data(result: Drift, selected: Sequence[tuple[Difference, str | None]]) -> dict[str, Any]:
    """Return the JSON form; its shape is documented in docs/drift.md."""
    return {
        "version": JSON_VERSION,
        "published": {"title": result.title, "version": result.version},
        "breaking": result.breaking,
        "counts": result.counts(),
        "differences": [
            {
                **{"is" if key == "now" else key: value for key, value in asdict(each).items()},
                "explained": why,
            }
            for each, why in selected
        ],
    }


def lines(result: Drift, selected: Sequence[tuple[Difference, str | None]]) -> Iterator[str]:
    """Yield the report for people, by operation."""
    yield f"Published: {result.title}, version {result.version}"
    for operation, group in groupby(selected, key=lambda pair: pair[0].operation):
        members = list(group)
        first = members[0][0]
        route = f"{first.method} {first.path}"
        yield ""
        yield route if operation == route else f"{operation}  {route}"
        for each, why in members:
            yield from _lines(each, why)
    *unexplained, explained = result.counts().items()
    yield ""
    yield (
        ", ".join(f"{count} {judgement}" for judgement, count in unexplained)
        + f"; {explained[1]} known and explained"
        + ("" if len(selected) == len(result.found) else " (shown by --all)")
    )


def _lines(each: Difference, why: str | None) -> Iterator[str]:
    yield f"  [{'explained' if why else each.judgement}] {each.kind}: {each.id}"
    if each.places:
        others = len(each.places) - 1
        more = f" and {others} more place{'s' * (others > 1)}" if others else ""
        yield f"      at   {each.places[0]}{more}"
    yield f"      was  {_clipped(each.was)}"
    yield f"      is   {_clipped(each.now)}"
    yield f"      {f'Known: {why}' if why else each.consequence}"


def _clipped(text: str) -> str:
    return text if len(text) <= CLIPPED else text[: CLIPPED - 1] + "…"
