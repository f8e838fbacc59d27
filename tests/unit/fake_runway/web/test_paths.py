"""Paths: every spelling of the same segments means the same, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.web.paths import path_of
from fake_runway.web.routes import Routes
from tests.unit.fake_runway.core.playing import LAW

UNRESERVED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
ROUTES = Routes(OPERATIONS)

texts = st.text(
    st.characters(codec="utf-8") | st.sampled_from("/%?#w~é\0."), min_size=1, max_size=12
)


@st.composite
def spelled(draw: st.DrawFn, segment: str) -> str:
    """Draw a spelling of a segment: any byte may be escaped, in either case, and some must be."""
    out = []
    for byte in segment.encode():
        if byte in UNRESERVED and draw(st.booleans()):
            out.append(chr(byte))
        else:
            out.append(draw(st.sampled_from([f"%{byte:02x}", f"%{byte:02X}"])))
    return "".join(out)


@st.composite
def spelled_paths(draw: st.DrawFn, segments: st.SearchStrategy[str]) -> tuple[list[str], str]:
    """Draw segments and a spelling of their path, with any number of slashes and any query."""
    parts = draw(st.lists(segments, max_size=6))
    raw = "".join("/" * draw(st.integers(1, 3)) + draw(spelled(part)) for part in parts)
    return parts, raw + draw(st.sampled_from(["", "?a=/b%2Fc", "?%zz"]))


@LAW
@given(drawn=spelled_paths(texts))
def test_every_spelling_of_the_same_segments_means_the_same(drawn: tuple[list[str], str]) -> None:
    """Escapes are decoded exactly once, and an escaped slash or percent sign stays a character."""
    segments, raw = drawn
    path = path_of(raw)
    assert path.segments == tuple(segments)
    assert path.problem == ""
    assert (
        path_of(f"http://any.host:1{raw}" if raw.startswith("/") else raw).segments == path.segments
    )


@LAW
@given(drawn=spelled_paths(texts), slash=st.booleans())
def test_the_text_of_a_path_is_its_one_spelling(drawn: tuple[list[str], str], slash: bool) -> None:
    """It leads back to the same segments, without the world, and is printable ASCII."""
    raw = drawn[1].partition("?")[0] + "/" * slash
    path = path_of(raw)
    again = path_of(path.text)
    assert again.segments == path.in_world
    assert again.ends_in_slash == (path.ends_in_slash or not path.in_world)
    assert path.text.isascii()
    assert path.text.isprintable()


@LAW
@given(
    drawn=spelled_paths(st.sampled_from(["v1", "w", "realtime_sessions", "organization", "a/b"]))
)
def test_a_route_is_found_by_segments_alone(drawn: tuple[list[str], str]) -> None:
    """The spelling changes neither the operation nor the world nor the name in the path."""
    segments, raw = drawn
    plain = path_of("".join("/" + segment.replace("/", "%2F") for segment in segments))
    assert ROUTES.match(path_of(raw)) == ROUTES.match(plain)
    assert ROUTES.nearest(path_of(raw)) == ROUTES.nearest(plain)


@LAW
@given(raw=st.text(st.characters() | st.sampled_from("/%w\udcff2Fz"), max_size=30))
@example(raw="/%")
@example(raw="/%4/x")
@example(raw="/%ff")
@example(raw="/\udcff")
def test_any_text_is_a_path_or_has_a_problem(raw: str) -> None:
    """What cannot be decoded is named and left as it is; the other segments are decoded."""
    path = path_of("/" + raw)
    parts = [part for part in ("/" + raw).partition("?")[0].split("/") if part]
    assert len(path.segments) == len(parts)
    if path.problem:
        number = int(path.problem.removeprefix("segment ").partition(":")[0])
        assert path.segments[number - 1] == parts[number - 1]
        assert ROUTES.match(path) is None
    path.text.encode("ascii")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("/v1/%zz", "segment 2: expected two hex digits after each %, got another text"),
        ("/v1/a%", "segment 2: expected two hex digits after each %, got another text"),
        ("/%e9/v1", "segment 1: expected UTF-8, got other bytes"),
        ("/%ed%a0%80", "segment 1: expected UTF-8, got other bytes"),
        ("/%c3%a9/%2525", ""),
    ],
)
def test_a_problem_says_what_was_expected_and_where(raw: str, problem: str) -> None:
    """Of several the first is named."""
    assert path_of(raw).problem == problem


@pytest.mark.parametrize(
    ("raw", "world", "rest"),
    [
        ("/w/mine/v1", "mine", ("v1",)),
        ("/%77/my%2Dworld/v1", "my-world", ("v1",)),
        ("/w%2Fmine/v1", None, ("w/mine", "v1")),
        ("/w/mine%2Fv1", None, ("w", "mine/v1")),
        ("/w/a%2Fb/v1", "a/b", ("v1",)),
        ("/w/mine", None, ("w", "mine")),
        ("//w//mine//v1", "mine", ("v1",)),
    ],
)
def test_a_world_is_a_segment_behind_w(raw: str, world: str | None, rest: tuple[str, ...]) -> None:
    """However it is spelled; an escaped slash is a part of its name."""
    path = path_of(raw)
    assert (path.world, path.in_world) == (world, rest)
