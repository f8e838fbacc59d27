"""`fake-runway env`: the lines that point an application at the fake."""

import sys

import click

from fake_runway.core.errors import Refused
from fake_runway.server.address import PORT, url_of
from fake_runway.worlds.naming import explicit_name

SECRET = "offline"
_EXIT_USAGE = 2


@click.command()
@click.option("--world", metavar="NAME", help="A world of its own, independent of the secret.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORT, default=4010, show_default=True)
def env(world: str | None, host: str, port: int) -> None:
    """Print the lines that point an application at the fake.

    The two variables are read by both official SDKs. Browsers read no environment: the last lines
    are for the code that runs there.
    """
    try:
        click.echo(env_lines(url_of(host, port), world))
    except Refused as refusal:
        click.echo(f"fake-runway: {refusal.message}", err=True)
        sys.exit(_EXIT_USAGE)


def env_lines(url: str, world: str | None = None) -> str:
    """Return the lines for a fake at `url`.

    Raises:
        Refused: `world` is no name of a world.
    """
    base = url if world is None else f"{url}/w/{explicit_name(world)}"
    return (
        f"RUNWAYML_BASE_URL={base}\n"
        f"RUNWAYML_API_SECRET={SECRET}\n"
        f'# in the browser: <AvatarCall baseUrl="{base}" ... />\n'
        f'#             or: consumeSession({{ baseUrl: "{base}", ... }})'
    )
