"""`fake-runway config`: every option of a server, its value, and where that comes from."""

import json
from typing import Any

import click
from click.core import ParameterSource

from fake_runway.cli.project import OfProject, project_here
from fake_runway.cli.remote import table
from fake_runway.core.durations import written_span
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, Settings
from fake_runway.core.text import printable
from fake_runway.server.options import server_options

_SECRETS = ("admin_token", "livekit_api_secret")
_SETTINGS = {each.key: each for each in (*ACCOUNT, *SESSION)}


@click.command(cls=OfProject)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@server_options
@click.pass_context
def config(ctx: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """Show every option of a server, its value, and where that comes from.

    \b
    The first that says something counts:
      1. the command line
      2. the environment (FAKE_RUNWAY_ADMIN_TOKEN)
      3. the project: fake-runway.yaml, else [tool.fake-runway] of pyproject.toml, of this folder
         or of the nearest one above it
      4. the default

    A scenario is stronger than all of them in what it says. The options are those of
    `fake-runway serve`. Secrets are not shown.
    """
    project = project_here()
    places = {
        ParameterSource.COMMANDLINE: "command line",
        ParameterSource.ENVIRONMENT: "environment",
        ParameterSource.DEFAULT_MAP: project.file,
    }
    rows = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in options:
            source = ctx.get_parameter_source(name)
            place = places.get(source, "default") if source is not None else "default"
            label = parameter.opts[0].removeprefix("--")
            rows.append((label, _shown(name, options[name]), place))
    if as_json:
        keys = ("option", "value", "from")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    for line in table([("OPTION", "VALUE", "FROM"), *rows], empty=""):
        click.echo(printable(line))


def _shown(name: str, value: Any) -> str:
    """Return a value as it is written; of a secret, whether there is one."""
    if name in _SECRETS:
        return "(set, not shown)" if value else "(none)"
    if (setting := _SETTINGS.get(name)) is not None:
        value = setting.described(setting.put(Settings(), value))
    elif name == "world_idle":
        value = written_span(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "(none)"
    return "(none)" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
