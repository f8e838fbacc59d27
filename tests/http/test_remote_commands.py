"""`fake-runway session`, `world`, `clock` and `fault` against a fake that runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fake_runway import FakeRunway
from fake_runway.cli.main import main
from fake_runway.client.fake import Fake

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    """A fake in a thread, for all tests of this file."""
    with FakeRunway(provision_time="2s", frozen=True) as fake:
        yield fake


@pytest.fixture
def fake(server: Fake, request: pytest.FixtureRequest) -> Fake:
    """A world of its own."""
    return server.world(request.node.name.replace("[", "-").rstrip("]")[:40])


@pytest.fixture
def run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on that world, as a shell would."""
    monkeypatch.setenv("FAKE_RUNWAY_URL", fake.base_url)

    def command(*arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == code, done.output
        return done

    return command


def data(result: Result) -> Any:
    """Return what a command printed for programs."""
    return json.loads(result.stdout)


def test_a_session_from_its_creation_to_its_end(run: Command, fake: Fake) -> None:
    """What people do by hand: make one, look, move the clock, let it fail, read why."""
    made = data(run("session", "make", "--json"))["id"]
    assert "provisioned in 2.0s" in run("session", "list").stdout
    run("clock", "jump", "2s")
    assert f"{made}  ready" in run("session", "list").stdout
    assert run("session", "list", "--state", "running").stdout == "no sessions\n"
    failed = run("session", "fail", made[:8], "--code", "SAFETY.INPUT.TEXT", "--text", "No.")
    assert failed.stdout == f"{made}  failed (SAFETY.INPUT.TEXT)\n"
    shown = run("session", "show", made[:8]).stdout
    assert "READY" in shown.upper()
    assert fake.sessions.get(made).state == "failed"


def test_a_beginning_of_an_id_means_one_session(run: Command, fake: Fake) -> None:
    """None, or several: the command says so, and changes nothing."""
    made = [fake.sessions.make("ready").id for _ in range(17)]  # of 16 digits
    first = next(a[0] for a in made if sum(b[0] == a[0] for b in made) > 1)

    assert "sessions begin with" in run("session", "end", first, code=2).output
    assert "no session of this world begins" in run("session", "end", "zz", code=2).output
    assert {each.state for each in fake.sessions.list()} == {"ready"}


def test_what_the_fake_refuses_is_one_line(run: Command, fake: Fake) -> None:
    """With exit code 1, and nothing on standard output."""
    made = fake.sessions.make("ready").id
    for arguments in (
        ("session", "end", made),
        ("session", "say", made, "Hello"),
        ("clock", "jump", "soon"),
        ("world", "scenario", "no-such-scenario"),
        ("world", "restore", "never-taken"),
        ("fault", "remove", "no-such-fault"),
        ("fault", "add", "--effect", "explode"),
    ):
        refused = run(*arguments, code=1)
        assert refused.stdout == ""
        assert len(refused.stderr.splitlines()) == 1
        assert refused.stderr.startswith("fake-runway: ")


def test_no_fake_is_exit_code_3_and_says_how_to_start_one(run: Command) -> None:
    """The most frequent mistake."""
    refused = run("session", "list", "--url", "http://127.0.0.1:1", code=3)
    assert "start one with `fake-runway serve`" in refused.stderr


def test_a_world_is_reset_copied_and_brought_back(run: Command, fake: Fake) -> None:
    """Scenario, credits, snapshot, fork."""
    run("world", "scenario", "create-429-twice")
    run("world", "credits", "7")
    run("world", "snapshot", "before")
    run("session", "make")
    run("world", "restore", "before")
    assert data(run("world", "credits", "--json")) == {"left": 7, "spent": 0, "sessions_today": 0}
    assert "create-429-twice" in run("world", "show").stdout
    copy = f"{fake.name}-copy"
    run("world", "fork", copy)
    assert copy in {each["name"] for each in data(run("world", "list", "--json"))}
    assert "default" in run("world", "reset", "default").stdout
    run("world", "drop", "--world", copy, "--url", fake.base_url.partition("/w/")[0])
    assert copy not in run("world", "list").stdout


def test_the_clock_stops_and_goes(run: Command, fake: Fake) -> None:
    """Frozen, an hour a minute, to the next event."""
    assert "60x" in run("clock", "rate", "60").stdout
    assert "frozen" in run("clock", "freeze").stdout
    run("session", "make")
    before = fake.clock.now()
    run("clock", "next")
    assert fake.clock.now() == pytest.approx(before + 2)
    assert data(run("clock", "show", "--json"))["rate"] == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--status", "503", "--times", "2"), {"effect": {"status": 503}, "times": 2}),
        (
            ("--effect", "delay=2s", "--effect", "reset", "--operation", "createSession"),
            {
                "effect": {"delay": "2s", "reset": True},
                "match": {"operation": "createSession"},
            },
        ),
        (("--effect", "truncate=10", "--skip", "1"), {"effect": {"truncate": 10}, "skip": 1}),
    ],
)
def test_a_fault_by_options(
    run: Command, fake: Fake, options: tuple[str, ...], expected: dict[str, Any]
) -> None:
    """It is what a scenario file would say, and can be removed."""
    added = data(run("fault", "add", *options, "--name", "mine", "--json"))
    assert added["fault"] == expected
    assert "mine" in run("fault", "list").stdout
    run("fault", "remove", "mine")
    assert fake.faults() == ()


def test_a_fault_from_a_file(run: Command, fake: Fake, tmp_path: Path) -> None:
    """Options are stronger than the file; a file that is none changes nothing."""
    file = tmp_path / "fault.yaml"
    file.write_text("match: {operation: getSession}\neffect: {status: 500}\ntimes: 3\n")
    added = data(run("fault", "add", "--file", str(file), "--times", "1", "--json"))
    assert added["fault"]["times"] == 1
    run("fault", "remove", "--all")
    file.write_text("a: *nothing\n")
    assert str(file) in run("fault", "add", "--file", str(file), code=2).output
    file.write_text("- a\n")
    assert (
        "expected a mapping, got a list" in run("fault", "add", "--file", str(file), code=2).output
    )
    assert fake.faults() == ()


def test_hostile_names_are_printed_safely(run: Command, fake: Fake) -> None:
    """What clients chose moves no cursor."""
    fake.fault({"effect": {"status": 500}}, name="mine")
    name = "x\x1b[31m"
    run("world", "snapshot", name, code=1)
    assert "\x1b" not in run("fault", "list").output
    assert "\x1b" not in run("session", "fail", name, code=2).output


def test_every_command_has_help_that_begins_with_its_sentence() -> None:
    """`--help` of all of them, with the address of the fake explained."""
    for group in ("session", "world", "clock", "fault"):
        listed = CliRunner().invoke(main, [group, "--help"]).output
        commands = listed.partition("Commands:\n")[2].split("\n")
        for name in (line.split()[0] for line in commands if line[:3].strip()):
            shown = CliRunner().invoke(main, [group, name, "--help"])
            assert shown.exit_code == 0
            assert "FAKE_RUNWAY_URL" in shown.output


def test_a_command_says_that_it_made_the_world(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is wrong by mistake: a look is refused with those there are, an act says it."""
    monkeypatch.setenv("FAKE_RUNWAY_URL", server.base_url.partition("/w/")[0])
    server.world("right").reset()
    looked = CliRunner().invoke(main, ["session", "list", "--world", "wrong"])
    acted = [CliRunner().invoke(main, ["world", "credits", "3", "--world", "wrong"]) for _ in "ab"]
    assert looked.exit_code == 1
    assert "The worlds there are: " in looked.stderr
    assert "right" in looked.stderr
    said = "fake-runway: there was no world wrong yet: this has made it\n"
    assert [each.stderr for each in acted] == [said, ""]
    unnamed = CliRunner().invoke(main, ["session", "list"])
    assert "name one with --world" in unnamed.stderr
    listed = CliRunner().invoke(main, ["world", "list"])
    assert "(only the admin API has used it)" in listed.stdout
