"""`fake-runway scenarios`: show the catalogue, check files of users.

Everything printed is plain text, so that it can be piped, and needs no terminal.
"""

import json
import sys
import textwrap

import click

from fake_runway.core.scenario.scenario import Scenario, scenario_line
from fake_runway.core.scenario.schema import scenario_schema
from fake_runway.scenarios.catalogue import Catalogue, ScenarioFileError, useless_in
from fake_runway.server.options import spec_option
from fake_runway.worlds.given_spec import GivenSpec, vocabulary_of

_WIDTH = 100
_EXIT_WRONG = 1
_EXIT_USAGE = 2


@click.group()
def scenarios() -> None:
    """What can go wrong, by name.

    \b
    fake-runway scenarios list                    all names
    fake-runway scenarios show create-429-twice   one of them, and how to select it
    fake-runway scenarios validate mine.yaml      check a file of your own
    fake-runway scenarios schema                  the JSON schema, for editors
    """


@scenarios.command(name="list")
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--markdown", "form", flag_value="markdown", help="As in docs/scenarios.md.")
def list_(form: str | None) -> None:
    """List the built-in scenarios."""
    catalogue = Catalogue.builtin()
    match form:
        case "json":
            lines = [
                scenario_line(each)
                | {"account": dict(each.account.data), "session": dict(each.session.data)}
                for each in catalogue
            ]
            click.echo(json.dumps(lines, indent=2, ensure_ascii=False))
        case "markdown":
            click.echo(_markdown(catalogue), nl=False)
        case _:
            click.echo(_plain(catalogue), nl=False)


@scenarios.command()
@click.argument("name")
def show(name: str) -> None:
    """Show a built-in scenario: its data, its effects, and the ways to select it."""
    catalogue = Catalogue.builtin()
    scenario = catalogue.get(name)
    if scenario is None:
        near = catalogue.nearest(name)
        hint = f"; did you mean {near}?" if near else "; `scenarios list` shows all"
        click.echo(f"fake-runway: there is no scenario named {name}{hint}", err=True)
        sys.exit(_EXIT_USAGE)
    click.echo(f"{scenario.name}: {scenario.about}")
    for label, sentence in (("wire", scenario.wire), ("state", scenario.state)):
        indent = " " * 7
        wrapped = textwrap.fill(sentence, _WIDTH, initial_indent=indent, subsequent_indent=indent)
        click.echo(f"{label:<7}{wrapped.lstrip()}")
    click.echo("\nSelect it with any of")
    for line in _ways(scenario):
        click.echo(f"  {line}")
    click.echo(f"\nIts data\n{textwrap.indent(catalogue.text(name).rstrip(), '  ')}")


@scenarios.command()
@click.argument("file", nargs=-1, required=True, type=click.Path())
@click.option("--strict", is_flag=True, help="Fail for warnings too.")
@spec_option
def validate(file: tuple[str, ...], *, strict: bool, spec: GivenSpec | None) -> None:
    """Check scenario files; report every problem with its file and line.

    Settings that can have no effect are warnings.
    """
    catalogue = Catalogue.builtin(vocabulary_of(spec))
    wrong = 0
    for each in file:
        try:
            names = catalogue.with_file(each).added
        except ScenarioFileError as error:
            wrong += 1
            click.echo(str(error))
        else:
            warnings = useless_in(each)
            for line in warnings:
                click.echo(line)
            wrong += strict and bool(warnings)
            if not (strict and warnings):
                click.echo(f"{each}: fine ({', '.join(names)})")
    sys.exit(_EXIT_WRONG if wrong else 0)


@scenarios.command()
def schema() -> None:
    """Print the JSON schema of scenario files, for an editor's completion and checks."""
    click.echo(json.dumps(scenario_schema(), indent=2))


def _ways(scenario: Scenario) -> list[str]:
    """Return the ways to select a scenario, one on a line, as each is typed."""
    ways = [
        f"fake-runway serve --scenario {scenario.name}",
        f"RUNWAYML_API_SECRET=fake.{scenario.name}",
        f"X-Fake-Scenario: {scenario.name}      (a request header)",
    ]
    if "prompt" in scenario.selectable_by:
        ways.append(f"[fake:{scenario.name}]      (in a text of a body that creates a task)")
    if "avatar" in scenario.selectable_by:
        body = json.dumps({"type": "custom", "avatarId": scenario.avatar})
        return [*ways, f'"avatar": {body}      (in the body of a create)']
    return ways


def _plain(catalogue: Catalogue) -> str:
    named = {scenario.name: scenario for scenario in catalogue}
    width = max(map(len, named)) + 2
    parts = [
        "\n".join([theme, *(f"  {name:<{width}}{named[name].about}" for name in names), ""])
        for theme, names in catalogue.themes.items()
    ]
    return "\n".join(parts)


def _markdown(catalogue: Catalogue) -> str:
    named = {scenario.name: scenario for scenario in catalogue}
    head = ("| Name | What it is | On the wire | State | Avatar |", "|---|---|---|---|---|")
    parts = [
        "\n".join([f"\n### {theme}\n", *head, *(_row(named[name]) for name in names), ""])
        for theme, names in catalogue.themes.items()
    ]
    return "".join(parts)


def _row(scenario: Scenario) -> str:
    avatar = f"`{scenario.avatar}`" if "avatar" in scenario.selectable_by else ""
    cells = (f"`{scenario.name}`", scenario.about, scenario.wire, scenario.state, avatar)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
