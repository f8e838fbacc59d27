"""`fake-runway init`: a commented seed file to begin with."""

from pathlib import Path

import click


@click.command()
@click.argument("file", default="state.yaml", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
def init(*, file: Path, force: bool) -> None:
    """Write a commented seed FILE, for `fake-runway serve --seed-file FILE`.

    It says what every new world begins with. Without FILE it is state.yaml.
    """
    from fake_runway.server.seeding import example

    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(example())
    except FileExistsError:
        raise click.UsageError(f"{file} is there already; --force replaces it") from None
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from None
    click.echo(f"{file}: take away the # in front of what you need, then")
    click.echo(f"  fake-runway serve --seed-file {file}")
