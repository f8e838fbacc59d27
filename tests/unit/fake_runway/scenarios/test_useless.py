"""`scenarios validate` warns of settings that can have no effect."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fake_runway.cli.scenarios import scenarios
from fake_runway.core.scenario.scenario import data_of
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.scenarios.useless import useless_settings

FAILS = {"in": "provisioning", "event": "failed"}
POLL = {"operation": "getSession"}
EFFECT = {"status": 503}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"session": {"join_time": "2s"}}, "session.join_time"),
        ({"session": {"running_on": "join", "join_time": "2s"}}, ""),
        ({"session": {"call": {"avatar_after": "2s"}}}, "session.call.avatar_after"),
        ({"session": {"call": {"avatar": "late", "avatar_after": "2s"}}}, ""),
        ({"session": {"call": {"avatar": "never"}, "script": [{"end": True}]}}, "session.script"),
        ({"session": {"call": {"join": "refuse"}, "script": [{"end": True}]}}, "session.script"),
        ({"session": {"queued": "never", "provision_time": "2s"}}, "session.provision_time"),
        ({"session": {"provision_time": "never", "expires_in": "9s"}}, "session.expires_in"),
        ({"session": {"provision_time": "never", "then": [FAILS]}}, ""),
        ({"session": {"then": [FAILS | {"after": "9s"}]}}, "session.then.0"),
        ({"session": {"then": [FAILS | {"after": "uniform(1s, 9s)"}]}}, ""),
        ({"session": {"then": [{"in": "claimed", "event": "joined"}]}}, "session.then.0"),
        ({"avatars": {"influencer": {"join_time": "2s"}}}, "avatars.influencer.join_time"),
        ({"account": {"credits": "unlimited", "unpaid": "fail"}}, "account.unpaid"),
        ({"account": {"key": "suspended"}, "session": {"expires_in": "9s"}}, "session"),
        ({"task": {"failure": "INTERNAL", "output": "none"}}, "task.output"),
        ({"task": {"pending": "never", "run": "9s"}}, "task.run"),
        (
            {"session": {"faults": [{"match": {"operation": "getTask"}, "effect": EFFECT}]}},
            "session.faults.0.match.operation",
        ),
        ({"account": {"faults": [{"match": {"operation": "getTask"}, "effect": EFFECT}]}}, ""),
        (
            {"session": {"faults": [{"match": POLL | {"nth": 2}, "skip": 2, "effect": EFFECT}]}},
            "session.faults.0.match.nth",
        ),
        (
            {"session": {"faults": [{"match": POLL | {"nth": 4}, "every": 3, "effect": EFFECT}]}},
            "session.faults.0.match.nth",
        ),
        (
            {"session": {"faults": [{"match": POLL | {"nth": 4}, "times": 2, "effect": EFFECT}]}},
            "session.faults.0.times",
        ),
    ],
)
def test_a_setting_without_effect_has_a_place(data: dict[str, Any], place: str) -> None:
    """And one with an effect is not warned of."""
    Catalogue.builtin().parse(data)  # nothing is wrong in it
    found = useless_settings(data)
    assert [".".join(map(str, each.path)) for each in found] == ([place] if place else [])
    assert all(each.sentence.startswith("has no effect with ") for each in found)


def test_no_scenario_of_the_catalogue_has_one() -> None:
    """What we ship does what it says."""
    catalogue = Catalogue.builtin()
    found = {each.name: useless_settings(data_of(each)) for each in catalogue}
    assert {name: warnings for name, warnings in found.items() if warnings} == {}


def test_validate_shows_file_and_line(tmp_path: Path) -> None:
    """The file is fine nevertheless, unless warnings are to count."""
    file = tmp_path / "odd.yaml"
    file.write_text("session:\n  provision_time: 2s\n  join_time: 1s\n")
    plain = CliRunner().invoke(scenarios, ["validate", str(file)])
    strict = CliRunner().invoke(scenarios, ["validate", "--strict", str(file)])
    line = f"{file}:3: warning: $.session.join_time: has no effect with running_on: consume\n"
    assert (plain.exit_code, plain.stdout) == (0, f"{line}{file}: fine (odd)\n")
    assert (strict.exit_code, strict.stdout) == (1, line)
