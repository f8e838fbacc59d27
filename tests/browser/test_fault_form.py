"""The dashboard's form of faults in a real browser, against the schema of a fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_runway.core.faults.schema import fault_schema
from tests.browser.pages import World, opened, shows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FORM = """async () => {
    const {COUNTED, MATCH, SCHEDULE} = await import('/__pages/dashboard/faults.js');
    const rows = (all) => Object.fromEntries(all.map(([key, , , , options]) => [key, options]));
    return {match: rows(MATCH), whole: rows(SCHEDULE), counted: COUNTED};
}"""


def test_the_form_of_faults_has_every_field_of_a_fault(browser: Browser, world: World) -> None:
    """As the schema has them, with every value that can be chosen; no field can be forgotten."""
    schema = fault_schema()["properties"]
    match = schema["match"]["properties"]
    with opened(browser) as tab:
        tab.page.goto(f"{world.url}/faults")
        form = tab.page.evaluate(FORM)
    assert {*form["match"], *form["counted"]} == match.keys()
    assert {*form["whole"], "match", "effect"} == schema.keys()
    assert form["match"]["moment"] == match["moment"]["enum"]
    for key in ("operation", "state", "method"):
        assert sorted(form["match"][key]) == sorted(match[key]["anyOf"][0]["enum"]), key


def test_the_form_of_faults_builds_what_is_typed(browser: Browser, world: World) -> None:
    """Every field, several values where a fault may have several; the server takes it."""
    typed = {"Nth call": "1, 3", "Status": "200,429", "Path": "/v1/avatars/{id}, /v1/voices/{id}"}
    typed |= {"Ordinal": "0, 2", "Times": "3", "Skip": "1", "Every": "3", "Probability": "0.5"}
    typed |= {"From": "10s", "Until": "1m", "Name": "of-the-form"}
    chosen = {"Kind of the resource": "avatar", "Method": "GET", "The server acts": "yes"}
    built = {
        "match": {
            "operation": ["getAvatar", "getVoice"],
            "state": ["processing", "ready", "failed"],
            "nth": [1, 3],
            "status": [200, 429],
            "method": "GET",
            "path": ["/v1/avatars/{id}", "/v1/voices/{id}"],
            "avatar": [0, 2],
        },
        "effect": {"status": 429},
        **{"times": 3, "skip": 1, "every": 3, "probability": 0.5},
        **{"from": "10s", "until": "1m", "acted": True},
    }
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/faults")
        for label, values in (
            ("Operation", ("getVoice", "getTask", "getAvatar")),
            ("State", ("ready", "failed", "processing")),
        ):
            for value in values:
                page.get_by_label(label, exact=True).select_option(value)
                if value != values[-1]:
                    page.get_by_role("button", name=f"or another {label.lower()}").click()
        page.get_by_role("button", name="Remove getTask").click()
        for label, text in typed.items():
            page.get_by_label(label, exact=True).fill(text)
        for label, value in chosen.items():
            page.get_by_label(label).select_option(value)
        page.get_by_role("button", name="Add the fault").click()
        shows(page, "The fault is in place.")
        (placed,) = world.admin.faults()
        assert placed.name == "of-the-form"
        assert _sorted(placed.fault) == _sorted(built)
        page.get_by_label("Moment").select_option("avatar-ready")
        shows(page, "moment: avatar-ready")
        page.get_by_label("Nth call").fill("1, second")
        shows(page, "Expected whole numbers as Nth call, got second.")


def _sorted(value: Any) -> Any:
    """Return a fault whose lists have an order: what is chosen first is of no importance."""
    if isinstance(value, Mapping):
        return {key: _sorted(one) for key, one in value.items()}
    return sorted(value) if isinstance(value, list) else value
