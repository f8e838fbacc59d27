"""A project's own configuration: which file counts, what it may say, and where that shows."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fake_runway.cli.main import main
from fake_runway.server.options import option_names
from fake_runway.server.project import ProjectError, project_of
from fake_runway.testing.from_project import of_project

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder below that of a project."""
    below = tmp_path / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def rows(result: Result) -> dict[str, tuple[str, str]]:
    """Return value and place of each option that `config --json` has printed."""
    assert result.exit_code == 0, result.output
    return {each["option"]: (each["value"], each["from"]) for each in json.loads(result.stdout)}


def test_the_order_of_precedence(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command line, environment, fake-runway.yaml, pyproject.toml, default; each is named."""
    toml, yaml = tmp_path / "pyproject.toml", tmp_path / "fake-runway.yaml"
    toml.write_text('[tool.fake-runway]\ncredits = 1\ndaily = 1\nadmin-token = "planted"\n')
    assert rows(run("config", "--json"))["daily"] == ("1", f"{toml} [tool.fake-runway]")
    yaml.write_text("credits: 2\nprovision_time: 3s\nretry-after: false\nadmin_token: planted\n")
    found = rows(run("config", "--json", "--provision-time", "4s"))
    assert found["credits"] == ("2", str(yaml))
    assert found["retry-after"] == ("false", str(yaml))
    assert found["daily"] == ("25000", "default")
    assert found["provision-time"] == ("4s", "command line")
    monkeypatch.setenv("FAKE_RUNWAY_ADMIN_TOKEN", "planted")
    assert rows(run("config", "--json"))["admin-token"] == ("(set, not shown)", "environment")


def test_no_secret_is_shown(run: Run, tmp_path: Path) -> None:
    """Neither the admin token nor the one that signs tokens, for people or programs."""
    (tmp_path / "fake-runway.yaml").write_text(
        "admin_token: planted-1\nlivekit_api_secret: planted-2\n"
    )
    for arguments in ((), ("--json",)):
        shown = run("config", *arguments)
        assert shown.exit_code == 0
        assert "planted" not in shown.output
        assert shown.stdout.count("(set, not shown)") == 2


def test_files_are_found_beside_the_one_that_names_them(run: Run, tmp_path: Path) -> None:
    """A scenario's name stays a name."""
    (tmp_path / "mine.yaml").write_text("account: {credits: 3}\n")
    (tmp_path / "fake-runway.yaml").write_text("scenario: [slow, mine.yaml]\n")
    assert rows(run("config", "--json"))["scenario"][0] == f"slow, {tmp_path / 'mine.yaml'}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("creditz: 3", 'expected an option of `serve`, got "creditz"; did you mean credits?'),
        ("- credits", "expected options of `serve`, got a list"),
        ("credits: {a: 1}", "expected a text, a number or a list of them as credits"),
        ("time-scale: 1\ntime_scale: 2", "expected time_scale once"),
        ("a: 1\n---\nb: 1", "expected one document, got 2"),
        ("a: [", "expected YAML"),
    ],
)
def test_a_wrong_file_is_named(run: Run, tmp_path: Path, text: str, words: str) -> None:
    """With what was expected, by every command that reads it; none starts."""
    file = tmp_path / "fake-runway.yaml"
    file.write_text(text)
    for command in ("config", "serve", "up"):
        result = run(command)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"fake-runway: {file}")
        assert words in result.stderr


def test_a_wrong_value_names_the_file(run: Run, tmp_path: Path) -> None:
    """It is not the command line's; one that is, is."""
    file = tmp_path / "fake-runway.yaml"
    file.write_text("credits: many\n")
    assert f"(in {file})" in run("serve").stderr
    assert f"(in {file})" not in run("serve", "--credits", "lots").stderr


def test_tests_take_it_too(tmp_path: Path) -> None:
    """Without what is about a server for people; ini keys are stronger."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.fake-runway]\ncredits = 3\nport = 4010\ntime_scale = 0\nseed = 5\n"
    )
    (tmp_path / "mine.yaml").write_text("account: {daily: 3}\n")
    plain = of_project(tmp_path, seed=None, scenario=None, rate=None)
    ini = of_project(tmp_path, seed="7", scenario="mine.yaml", rate="2")
    assert plain == {"credits": 3, "rate": 0.0, "seed": "5"}
    scenario = str(tmp_path / "mine.yaml")
    assert ini == {"credits": 3, "rate": 2.0, "seed": "7", "scenario": scenario}


def test_another_tools_pyproject_says_nothing(tmp_path: Path) -> None:
    """A folder above is asked then; TOML that is broken is named."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\na = 1 # not tool.fake-runway\n")
    (tmp_path / "fake-runway.yaml").write_text("credits: 3\n")
    assert project_of(inner, option_names).options == {"credits": 3}
    (inner / "pyproject.toml").write_text("[tool.fake-runway\n")
    with pytest.raises(ProjectError, match="pyproject"):
        project_of(inner, option_names)
