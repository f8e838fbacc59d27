"""The schema of scenario files: what it allows at its limits, and the defaults that it names."""

from typing import Any

import jsonschema
import pytest

from fake_runway.core.scenario.schema import account_schema, scenario_schema, session_schema
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, Settings

FAILS: dict[str, Any] = {"in": "ready", "event": "failed"}


def because(**failure: Any) -> dict[str, Any]:
    """Return a scenario whose sessions fail so."""
    return {"session": {"then": [{**FAILS, "failure": failure}]}}


@pytest.mark.parametrize(
    ("data", "allowed"),
    [
        ({}, True),
        ({"no such": 1}, False),
        ({"account": {"no such": 1}}, False),
        ({"session": {"no such": 1}}, False),
        ({"session": {"then": [{**FAILS, "no such": 1}]}}, False),
        ({"session": {"then": [FAILS]}}, True),
        ({"session": {"then": [{"in": "ready"}]}}, False),
        ({"session": {"then": [{"event": "failed"}]}}, False),
        (because(code="X", text=""), True),
        (because(code="", text=""), False),
        (because(code="X"), False),
        (because(code="X", text="", no_such=1), False),
        ({"about": ""}, False),
        ({"about": "x"}, True),
        ({"wire": ""}, False),
        ({"state": "x"}, True),
        ({"seed": 1}, True),
        ({"seed": "1"}, True),
        ({"seed": 1.5}, False),
        ({"task": {"then": [{"in": "running", "event": "failed", "failure": "INTERNAL"}]}}, True),
        ({"task": {"then": [{"in": "ready", "event": "failed"}]}}, False),
        ({"task": {"failure": "NO.SUCH.CODE"}}, False),
        ({"task": {"failure": {"code": "NEW", "text": ""}}}, True),
        ({"task": {"progress": [{"at": "50%", "is": 0.5}]}}, True),
        ({"task": {"progress": [{"at": "5s", "is": 1.5}]}}, False),
        ({"avatars": {"a": "slow"}}, True),
        ({"avatars": {"a": "Not A Name"}}, False),
        ({"avatars": {"a": {"queued": "1s"}}}, True),
        ({"avatars": {"a": {"credits": 1}}}, False),
    ],
)
def test_the_limits_of_a_scenario_are_allowed_and_nothing_beyond(
    data: dict[str, Any], allowed: bool
) -> None:
    """A key that is not known is a mistake, in every part."""
    assert jsonschema.Draft202012Validator(scenario_schema()).is_valid(data) == allowed


def test_the_schema_names_the_defaults_of_counts_and_choices() -> None:
    """As a server without options has them; others need their unit, which `help` says."""
    named = {
        key: part["default"]
        for schema in (account_schema(), session_schema())
        for key, part in schema["properties"].items()
        if "default" in part
    }
    assert named == {
        each.key: each.described(Settings())
        for each in (*ACCOUNT, *SESSION)
        if each.notation.shows_default
    }
    assert {"credits", "errors", "retry_after", "delete_again", "running_on"} <= set(named)
    assert named.keys().isdisjoint({"latency", "provision_time", "retained", "custom_avatars"})
