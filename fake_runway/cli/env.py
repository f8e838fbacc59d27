"""`fake-runway env`: the lines that point an application at the fake."""

import sys

import click

from fake_runway.core.errors import Refused
from fake_runway.server.address import PORT, url_of
from fake_runway.worlds.naming import explicit_name

SECRET = "offline"
_PORT = 4010
_EXIT_USAGE = 2


@click.command()
@click.option("--world", metavar="NAME", help="A world of its own, independent of the secret.")
@click.option("--host", help="[default: 127.0.0.1]")
@click.option(
    "--port", type=PORT, help="[default: that of the fake that `start` has started, else 4010]"
)
def env(world: str | None, host: str | None, port: int | None) -> None:
    """Print the lines that point an application at the fake.

    The two variables are read by both official SDKs. Browsers read no environment: the last lines
    are for the code that runs there.
    """
    from fake_runway.cli.places import started_url  # `serve` prints the lines without it

    try:
        started = started_url() if host is None and port is None else None
        click.echo(env_lines(started or url_of(host or "127.0.0.1", port or _PORT), world))
    except Refused as refusal:
        click.echo(f"fake-runway: {refusal.message}", err=True)
        sys.exit(_EXIT_USAGE)


def env_lines(url: str, world: str | None = None) -> str:
    """Return the lines for a fake at `url`.

    Raises:
        Refused: `world` is no name of a world.
    """
    base = url if world is None else f"{url}/w/{explicit_name(world)}"
    named = "" if world is not None else f" -H 'Authorization: Bearer {SECRET}'"
    return (
        f"RUNWAYML_BASE_URL={base}\n"
        f"RUNWAYML_API_SECRET={SECRET}\n"
        f'# in the browser: <AvatarCall baseUrl="{base}" ... />\n'
        f'#             or: consumeSession({{ baseUrl: "{base}", ... }})\n'
        f"# its admin API: curl{named} {base}/__admin/world"
    )
