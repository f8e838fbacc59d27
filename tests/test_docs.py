"""The documents agree with the code: options, codes, links, commands."""

import json
import re
from dataclasses import MISSING
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.cli import main as contracts_main
from contracts.wire.schema import load
from fake_runway.cli.main import main
from fake_runway.core.history.findings import RULES
from fake_runway.core.scenario.scenario import avatar_of
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, TASK, Switch
from gateway import errors
from gateway.config import SETTINGS
from gateway.errors import GatewayError

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "contracts", "benchmarks", "examples", "clients/js")
    for path in (ROOT / folder).glob("*.md")
)
SERVE_HELP = CliRunner().invoke(main, ["serve", "--help"]).output
CHECK_HELP = CliRunner().invoke(contracts_main, ["check", "--help"]).output
OPTION = re.compile(r"--[a-z][a-z-]+")
FORMS = {
    "--url",
    "--help",
    "--token",
    "--world",
    "--gateway-port",
    "--quiet",
    "--prefix",
    "--upgrade",
}


def text(name: str) -> str:
    """Return one document."""
    return (ROOT / name).read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_have_a_target(path: Path) -> None:
    """A link to a file of the repository names one that exists."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/fidelity.md"])
def test_options_that_the_documents_name_exist(name: str) -> None:
    """An option on a page is accepted by `serve`, or belongs to another command named there."""
    flags = {each.flag for each in SETTINGS} | FORMS
    named = set(OPTION.findall(text(name))) - flags
    assert named
    assert {option for option in named if option not in SERVE_HELP + CHECK_HELP} == set()


def test_every_switch_is_documented() -> None:
    """Each option of `serve` that is a choice stands in one of the pages about them."""
    documented = text("README.md") + text("docs/fidelity.md")
    documented += text("docs/admin.md") + text("docs/commands.md")
    plain = {"--host", "--port", "--log-level", "--seed", "--livekit-url", "--help"}
    positive = {"--retry-after", "--doc-url", "--prompt-tags"}  # shown by their negative form
    options = set(OPTION.findall(SERVE_HELP)) - plain - positive
    assert {option for option in options if option not in documented} == set()


def plain(default: dict[str, str] | list[str]) -> str:
    """Return data in the flow style of YAML."""
    return json.dumps(default).replace('"', "")


def cells(setting: Switch) -> tuple[str, ...]:
    """Return the documented cells of a row of the table: key, option, values, help, source."""
    switched = f"no-{setting.option_name}" if setting.default is True else setting.option_name
    words = [json.dumps(each).strip('"') for each in setting.notation.schema.get("enum", ())]
    default = setting.default
    if isinstance(default, dict | list):
        default = ", ".join(default) if default and isinstance(default, list) else plain(default)
    values = words or (["true", "false"] if default is True else [str(default or "null")])
    return (
        f"`{setting.key}`",
        "" if setting.option is None else f"`--{switched}`",
        ", ".join(f"`{each}`" for each in values),
        setting.help,
        setting.source,
    )


def test_the_tables_of_settings_are_those_of_the_code() -> None:
    """Each row of the code is a row of both pages, in the same order and the same words."""
    for table in (ACCOUNT, SESSION, TASK):
        rows = [cells(setting) for setting in table]
        of_keys = [f"| {key} | {says} | {values} |" for key, _, values, says, _ in rows]
        switches = [f"| {' | '.join(row)} |" for row in rows]
        assert "\n".join(of_keys) in text("docs/scenarios.md")
        assert "\n".join(switches) in text("docs/fidelity.md")


def test_gateway_codes_are_the_same_in_code_contract_and_documentation() -> None:
    """One list of codes, in three places, each with its status."""
    classes = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, GatewayError)
    ]
    in_code = {each.code for each in classes}
    in_contract = set(load("gateway").raw["components"]["schemas"]["ErrorCode"]["enum"])
    documented = text("docs/gateway.md")
    assert in_contract == in_code
    assert {code for code in in_code - {"internal"} if f"`{code}`" not in documented} == set()


def test_the_table_of_settings_is_that_of_the_code() -> None:
    """Each variable has a row with its option, its default and what it may hold."""
    rows = []
    for each in SETTINGS:
        option = "" if each.secret else f"`{each.flag}`"
        default = "required" if each.value is MISSING else each.default and f"`{each.default}`"
        row = f"| `{each.variable}` | {option} | {default} | {each.expected} |"
        rows.append(row.replace("  ", " "))
    table = re.findall(r"^\| `(?:GATEWAY|RUNWAYML)_.*$", text("docs/gateway.md"), re.MULTILINE)
    assert table == rows


def test_the_table_of_findings_is_that_of_the_code() -> None:
    """Each id stands there once, with its severity, and nothing else does."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", text("docs/findings.md"), re.MULTILINE)
    in_code = [(name, rule.severity.value) for name, rule in RULES.items()]
    assert sorted(rows) == sorted(in_code)


def test_the_readmes_avatar_is_that_of_its_scenario() -> None:
    """The UUID that a reader copies selects the scenario of the text around it."""
    assert re.findall(r'"avatarId": "([0-9a-f-]{36})"', text("README.md")) == [
        avatar_of("create-429-twice")
    ]


def test_ci_runs_the_readmes_test_line() -> None:
    """The line that `.ci/run` searches for is there once, and makes or reuses a venv."""
    lines = [line for line in text("README.md").splitlines() if line.startswith("python3 -m venv")]
    assert [line.split()[-1] for line in lines] == ["up", ".venv/bin/tox"]
