"""`fake-runway scenarios` as a user types it, and the page that shows its output."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fake_runway.cli.scenarios import scenarios
from fake_runway.core.faults.schema import fault_schema
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.scenario.schema import account_schema, scenario_schema, session_schema
from fake_runway.scenarios.catalogue import Catalogue

CATALOGUE = Catalogue.builtin()


def run(*arguments: str) -> Result:
    """Run a command without a terminal."""
    return CliRunner().invoke(scenarios, arguments)


def test_list_shows_every_name_with_its_description() -> None:
    """Under its theme, each on one line."""
    result = run("list")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    for theme, names in CATALOGUE.themes.items():
        place = lines.index(theme)
        shown = lines[place + 1 : place + 1 + len(names)]
        assert [line.split()[0] for line in shown] == list(names)
    assert "  slow                                      A session takes 15 s" in result.stdout


def test_list_has_all_fields_as_json() -> None:
    """As JSON, in the catalogue's order, the avatar only where it selects something."""
    listed = {each["name"]: each for each in json.loads(run("list", "--json").stdout)}
    assert tuple(listed) == CATALOGUE.names
    assert listed["out-of-credits"]["avatar"] is None
    assert listed["out-of-credits"]["account"] == {"credits": 0}
    assert listed["slow"]["avatar"] in {each.avatar for each in CATALOGUE}
    assert listed["slow"]["doors"] == ["tools", "address or header", "API secret", "avatar"]


def test_show_prints_each_way_to_select_it() -> None:
    """The lines can be copied as they are."""
    result = run("show", "create-429-twice")
    assert result.exit_code == 0
    for line in (
        "create-429-twice: 429 twice, then READY",
        "  fake-runway serve --scenario create-429-twice",
        "  RUNWAYML_API_SECRET=fake.create-429-twice",
        "  X-Fake-Scenario: create-429-twice ",
        '  "avatar": {"type": "custom", "avatarId": "105d1cf2-df01-4d44-84f6-2bb56e313df7"} ',
        "    faults: [{match: {operation: createSession}, effect: {status: 429}, times: 2}]",
    ):
        assert f"\n{line}" in f"\n{result.stdout}"


def test_show_leaves_the_avatar_out_where_it_can_select_nothing() -> None:
    """Credits are the account's, and no avatar can change them."""
    assert "avatarId" not in run("show", "out-of-credits").stdout


@pytest.mark.parametrize(
    ("name", "hint"),
    [("create-429-twise", "did you mean create-429-twice?"), ("qqqq", "`scenarios list` shows")],
)
def test_show_helps_with_a_mistyped_name(name: str, hint: str) -> None:
    """The nearest name, if one is near; nothing on stdout."""
    result = run("show", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"there is no scenario named {name}; {hint}" in result.stderr


def test_validate_reports_every_problem_of_every_file(tmp_path: Path) -> None:
    """Fine files are named with what is in them; one bad file makes the exit code 1."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("session: {queued: 1s}\n---\nname: other\nsession: {queued: 2s}\n")
    bad.write_text("session:\n  queued: long\n  then: no\n")
    missing = tmp_path / "missing.yaml"
    result = run("validate", str(good), str(bad), str(missing))
    starts = (
        f"{good}: fine (good, other)",
        f"{bad}:2: $.session.queued: expected a duration such as",
        f"{bad}:3: $.session.then: expected true, false or quoted text, got no",
        f"{missing}: cannot be read: No such file",
    )
    assert result.exit_code == 1
    for line, start in zip(result.stdout.splitlines(), starts, strict=True):
        assert line.startswith(start)
    assert run("validate", str(good)).exit_code == 0
    assert run("validate").exit_code == 2


def test_schema_prints_what_editors_need() -> None:
    """The printed schema is the one that the check uses."""
    assert json.loads(run("schema").stdout) == scenario_schema()


# docs/scenarios.md

PAGE = Path(__file__).parents[4] / "docs/scenarios.md"
MARK = "<!-- from here on: fake-runway scenarios list --markdown -->\n"


def test_the_page_shows_the_catalogue_as_it_is() -> None:
    """Everything below the mark is printed by the command that the mark names."""
    assert PAGE.read_text().partition(MARK)[2] == run("list", "--markdown").stdout


def test_the_examples_of_the_page_are_valid(tmp_path: Path) -> None:
    """Each can be saved and used."""
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) >= 5
    for number, example in enumerate(examples):
        path = tmp_path / f"example-{number}.yaml"
        path.write_text(example)
        assert CATALOGUE.with_file(path).added


def test_the_page_names_every_key_and_value() -> None:
    """Forms, effects, moments, operations and events: all that the schema has."""
    page = PAGE.read_text().partition(MARK)[0]
    fault = fault_schema()["properties"]
    match = fault["match"]["properties"]
    words = {
        *scenario_schema()["properties"],
        *account_schema()["properties"],
        *session_schema()["properties"],
        *fault,
        *match,
        *match["moment"]["enum"],
        *fault["effect"]["properties"],
        *session_schema()["properties"]["then"]["items"]["properties"]["event"]["enum"],
        *session_schema()["properties"]["script"]["items"]["properties"],
        *session_schema()["properties"]["call"]["properties"],
        *RUNWAY_API.operation,
    }
    assert {word for word in words if not re.search(rf"[`\[{{ ]{word}[`: ]", page)} == set()
