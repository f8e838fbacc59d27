"""`runway-contracts import-spec`: our document of shapes, made from a published OpenAPI file."""

from pathlib import Path

import click

from contracts.drift.command import SpecError
from contracts.wire.overlay import BadOverlay, Overlay, ours
from contracts.wire.published import imported, operations, written
from contracts.wire.spec_files import BadDocument, read_spec


@click.command(name="import-spec")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--overlay",
    "overlay_file",
    type=click.Path(path_type=Path),
    help="What only SDKs and observation know, YAML or JSON. [default: that of this package]",
)
@click.option("--plain", is_flag=True, help="Without an overlay: what is published, alone.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write it. [default: print it]"
)
def import_spec(file: Path, overlay_file: Path | None, output: Path | None, *, plain: bool) -> None:
    """Make our document of shapes from a published OpenAPI file (JSON or YAML).

    Structure and limits are taken over, descriptions and examples are not. Changes of the overlay
    that the file has by itself are listed on standard error.

    Exit code 2: the file is missing, or not an OpenAPI document; the overlay does not fit.
    """
    if plain and overlay_file:
        raise click.UsageError("expected --overlay or --plain, got both")
    try:
        overlay = Overlay(read_spec(overlay_file)) if overlay_file else ours()
        document = read_spec(file)
    except (BadDocument, BadOverlay) as error:
        where = f"{overlay_file}: " if isinstance(error, BadOverlay) else ""
        raise SpecError(f"{where}{error}") from None
    try:
        for each in () if plain else overlay.idle(operations(document)):
            click.echo(f"has no effect: {each}", err=True)
        content = written(imported(document, None if plain else overlay))
    except (BadDocument, BadOverlay) as error:
        raise SpecError(f"{file}: {error}") from None
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise SpecError(f"{output}: {(error.strerror or 'cannot be written').lower()}") from None
