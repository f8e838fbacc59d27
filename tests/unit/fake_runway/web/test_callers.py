"""The caller of a request, for the Runway API and for the admin API alike."""

from collections.abc import Mapping

import pytest

from fake_runway.web.callers import bearer, named


@pytest.mark.parametrize(
    ("in_path", "headers", "expected"),
    [
        (None, {}, None),
        ("a", {"X-Fake-World": "b", "X-Test-Id": "c"}, "a"),
        (None, {"X-Fake-World": "b", "X-Test-Id": "c"}, "b"),
        (None, {"X-Test-Id": "c"}, "c"),
        (None, {"X-Fake-World": "", "X-Test-Id": "c"}, ""),
    ],
)
def test_the_path_names_a_world_before_the_headers(
    in_path: str | None, headers: Mapping[str, str], expected: str | None
) -> None:
    """The first one present counts, also when it is empty."""
    assert named(in_path, headers) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer a b ", "a b"),
        ("bearer a", "a"),
        ("Basic a", ""),
        ("Bearer", ""),
        ("", ""),
    ],
)
def test_a_bearer_token_is_what_follows_the_scheme(header: str, expected: str) -> None:
    """In any case of the scheme; other schemes have none."""
    assert bearer({"Authorization": header}) == expected
    assert bearer({}) == ""
