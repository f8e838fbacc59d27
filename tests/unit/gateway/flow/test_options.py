"""Options of a session: only what is allowed, only what the upstream's contract takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.wire.documents import load
from gateway.errors import InvalidRequest
from gateway.flow.options import OPTIONS, parse_options, requested_options
from tests.support.gateway import options_schema

TOOL = {"type": "client_event", "name": "wave", "description": "Waves."}
VALID: dict[str, Any] = {
    "personality": "A patient teacher.",
    "startScript": "Good morning.",
    "tools": [TOOL, {**TOOL, "type": "backend_rpc", "timeoutSeconds": 2}],
    "maxDuration": 60,
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3_000) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["client_event", "backend_rpc", "other"])},
        optional={
            "name": st.sampled_from(["wave", "9", ""]) | JUNK,
            "description": st.text(max_size=3) | JUNK,
            "parameters": JUNK,
            "timeoutSeconds": st.integers(0, 9),
            "more": JUNK,
        },
    ),
    max_size=2,
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "personality": st.text(max_size=3) | st.just("x" * 10_001) | JUNK,
        "startScript": st.text(max_size=3) | st.just("x" * 2_001) | JUNK,
        "tools": TOOLS | JUNK,
        "maxDuration": st.integers(9, 11) | st.integers(1_799, 1_801) | JUNK,
        "avatarId": st.just("music-superstar"),
    },
)


@given(ASKED)
def test_taken_exactly_if_the_contract_takes_it(asked: dict[str, Any]) -> None:
    """Accepted options make a valid create, refused ones would not."""
    given_ = {key: value for key, value in asked.items() if key in OPTIONS and value is not None}
    create = {
        "model": "gwm1_avatars",
        "avatar": {"type": "runway-preset", "presetId": "x"},
        **given_,
    }
    errors = Draft202012Validator(load("runway").schema("CreateSession")).iter_errors(create)
    valid = not [error for error in errors if error.path[0] != "avatar"]
    try:
        taken = requested_options(asked, OPTIONS)
    except InvalidRequest:
        assert not valid
    else:
        assert valid
        assert taken.wire() == given_


@given(st.sets(st.sampled_from(sorted(OPTIONS))), st.sets(st.sampled_from(sorted(OPTIONS))))
def test_only_the_allowed(allowed: set[str], asked: set[str]) -> None:
    """An option that is not allowed is refused by name, for any value."""
    body = {"avatarId": "music-superstar"} | {name: VALID[name] for name in asked}
    if asked <= allowed:
        taken = requested_options(body, allowed)
        assert taken.wire() == {name: VALID[name] for name in asked}
    else:
        with pytest.raises(InvalidRequest) as refused:
            requested_options(body, allowed)
        assert refused.value.text.partition(" ")[0] in asked - allowed


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"maxDuration": 5}, "maxDuration: expected whole seconds from 10 to 1800"),
        ({"tools": [{**TOOL, "name": "no good"}]}, "tools[0]: expected at most 20 tools"),
        ({"personality": ""}, "personality: expected a text of 1 to 10000 characters"),
    ],
)
def test_the_error_has_path_and_expectation(body: dict[str, Any], message: str) -> None:
    """The path, and what was expected; never the value."""
    with pytest.raises(InvalidRequest) as refused:
        requested_options(body, OPTIONS)
    assert refused.value.text.startswith(message)


def test_a_body_of_another_kind_has_no_options() -> None:
    """The avatar's own check refuses it."""
    bodies: tuple[object, ...] = (None, [], "text", 7)
    for body in bodies:
        assert requested_options(body, ()).wire() == {}


def test_the_list_of_an_operator() -> None:
    """Names as on the wire; a misspelt one is named."""
    assert parse_options(" personality, tools ,") == {"personality", "tools"}
    with pytest.raises(ValueError, match="'voice' is none of personality, startScript"):
        parse_options("tools,voice")


def test_the_schema_is_that_of_the_contract() -> None:
    """The gateway's copy is up to date: `python -m tests.support.options_schema` writes it."""
    assert options_schema.FILE.read_text() == options_schema.text()


@pytest.mark.parametrize("levels", [60, 300, 900])
@pytest.mark.parametrize("shell", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_tools_that_are_nested_too_deeply_are_refused(levels: int, shell: Any) -> None:
    """They could be read, but not be written again for the upstream."""
    deep: Any = 1
    for _ in range(levels):
        deep = shell(deep)
    group = {"type": "object", "name": "group", "description": "Anything", "properties": [deep]}
    tool = {"type": "client_event", "name": "show", "description": "x", "parameters": [group]}
    with pytest.raises(InvalidRequest, match="at most 64 levels"):
        requested_options({"tools": [tool]}, frozenset(OPTIONS))
