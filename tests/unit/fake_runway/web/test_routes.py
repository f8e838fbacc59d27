"""Which operation a path means, with and without a world, with doubled slashes, or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.wire.documents import load, whole
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.runway_api.calls import RunwayOperation
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.uploads import STORE
from fake_runway.web.errors import MethodNotAllowed
from fake_runway.web.paths import path_of
from fake_runway.web.routes import Routes
from tests.unit.fake_runway.core.playing import LAW

ROUTES = Routes(OPERATIONS)
ID = "123e4567-e89b-42d3-a456-426614174000"

segments = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
slashes = st.lists(st.integers(1, 3), min_size=8, max_size=8)
operations = st.sampled_from(OPERATIONS)


def joined(parts: Sequence[str], doubled: Sequence[int]) -> str:
    """Join path segments, escaped, each behind as many slashes as `doubled` says."""
    pairs = zip(parts, doubled, strict=False)
    return "".join("/" * count + quote(part, safe="{}") for part, count in pairs)


def parts_of(template: str, session_id: str) -> list[str]:
    """Return the segments of a template, with the id in its place."""
    return [session_id if part.startswith("{") else part for part in template.split("/")[1:]]


@LAW
@given(operations, segments, st.one_of(st.none(), segments), slashes)
@example(OPERATIONS[1], "{id}", None, [1] * 8)
@example(OPERATIONS[3], "consume", "w", [1] * 8)
def test_every_template_is_found(
    operation: RunwayOperation, session_id: str, world: str | None, doubled: list[int]
) -> None:
    """Any id, any world's prefix and any number of slashes lead to the operation."""
    prefix = [] if world is None else ["w", world]

    match = ROUTES.match(
        path_of(joined([*prefix, *parts_of(operation.template, session_id)], doubled))
    )

    assert match is not None
    assert match.operation(operation.method) is operation
    assert match.world == world
    assert match.name == (session_id if "{" in operation.template else "")


@LAW
@given(
    st.lists(
        st.sampled_from(
            ["v1", "w", "realtime_sessions", "organization", "usage", "consume", "", "x", "{id}"]
        ),
        max_size=8,
    )
)
def test_a_path_is_found_exactly_if_a_template_fits(parts: list[str]) -> None:
    """A search with regular expressions, one per template, finds the same paths."""
    path = "/" + "/".join(parts)
    fitting = {
        operation.id
        for operation in OPERATIONS
        if re.fullmatch(
            "(/+w/+[^/]+)?"
            + operation.template.replace("/", "/+").replace("{id}", "[^/]+").replace("_", "[_]"),
            path,
        )
    }

    match = ROUTES.match(path_of(path))

    found = set() if match is None else {one.id for one in match.operations.values()}
    assert found == fitting


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1",
        "/v2/realtime_sessions",
        "/V1/realtime_sessions",
        "/v1/realtime_sessions/",
        f"/v1/realtime_sessions/{ID}/",
        f"/v1/realtime_sessions/{ID}/consume/again",
        f"/v1/realtime_sessions/{ID}/Consume",
        "/v1/organizations",
        "/w/a-world",
        "/w/v1/organization",
        "/w/a/w/b/v1/organization",
        "/x/v1/organization",
    ],
)
def test_anything_else_is_unknown(path: str) -> None:
    """Other versions, other spellings and trailing slashes lead nowhere."""
    assert ROUTES.match(path_of(path)) is None


@LAW
@given(operations, st.sampled_from(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "get", ""]))
def test_another_method_is_refused_with_those_that_exist(
    operation: RunwayOperation, method: str
) -> None:
    """The refusal lists the methods of the path, OPTIONS among them."""
    match = ROUTES.match(path_of(operation.template.replace("{id}", ID)))
    assert match is not None
    exist = {one.method for one in OPERATIONS if one.template == operation.template}

    assert set(match.methods) == exist | {"OPTIONS"}
    if method in exist:
        assert match.operation(method).method == method
        return
    with pytest.raises(MethodNotAllowed) as refused:
        match.operation(method)
    assert refused.value.status == 405
    assert set(refused.value.headers["Allow"].split(", ")) == exist | {"OPTIONS"}


def test_the_routes_are_those_of_the_contract() -> None:
    """Each operation that we describe by hand is served, and every other one is documented."""
    by_hand = {(one.id, one.method, one.template) for one in load("runway").operations()}
    documented = {(one.id, one.method, one.template) for one in whole().operations()}

    served = {(one.id, one.method, one.template) for one in OPERATIONS}
    assert by_hand <= served <= documented
    declared = {(one.id, one.method, one.path) for one in RUNWAY_API.operations}
    storage = {(STORE.id, STORE.method, STORE.template)}
    assert declared == served | storage  # what a fault can match


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/v1/realtime-sessions", "/v1/realtime_sessions"),
        ("/realtime_sessions", "/v1/realtime_sessions"),
        ("/v1/organisation", "/v1/organization"),
        ("/v1/organization/usages", "/v1/organization/usage"),
        (f"/realtime_sessions/{ID}", "/v1/realtime_sessions/{id}"),
        (f"/v1/sessions/{ID}", "/v1/realtime_sessions/{id}"),
        (f"/v1/realtime_sessions/{ID.upper()}/consumed", "/v1/realtime_sessions/{id}/consume"),
        (f"/v1/avatar/{ID}", "/v1/avatars/{id}"),
        ("/w/a-world-of-a-long-name/v1/organisation", "/v1/organization"),
        (f"//w//a-world//realtime_sessions/{ID}", "/v1/realtime_sessions/{id}"),
        ("/w/organization", None),
        ("/favicon.ico", None),
        ("/", None),
    ],
)
def test_the_nearest_route_is_suggested(path: str, nearest: str | None) -> None:
    """A typing error is recognised, an unrelated path is not."""
    assert ROUTES.nearest(path_of(path)) == nearest
