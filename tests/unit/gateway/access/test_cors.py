"""CORS: pages of listed origins may call, others get no CORS header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.cors import Origins

APP = "https://app.example.com"
HOSTS = st.sampled_from(["a.example", "b.example", "a.example.evil", "xa.example"])
ORIGINS = st.builds(
    lambda scheme, host, port: f"{scheme}://{host}{port}",
    st.sampled_from(["http", "https"]),
    HOSTS,
    st.sampled_from(["", ":8443"]),
)


@given(listed=st.sets(ORIGINS, max_size=3), origin=st.one_of(st.none(), ORIGINS, st.text()))
def test_only_the_listed_are_permitted(listed: set[str], origin: str | None) -> None:
    """The one origin that an answer ever names is the caller's own, and only if it is listed."""
    origins = Origins.parse(",".join(listed))
    permitted = origins.headers(origin).get("Access-Control-Allow-Origin")
    assert permitted == (origin if origin in listed else None)
    asked = {"Access-Control-Request-Method": "POST"} | (
        {} if origin is None else {"Origin": origin}
    )
    preflight = origins.preflight(asked) or {}
    assert preflight.get("Access-Control-Allow-Origin") == permitted
    assert ("Access-Control-Allow-Headers" in preflight) == (permitted is not None)


def test_a_cache_never_mixes_up_origins() -> None:
    """The answer to a stranger varies by origin too; with no list, or with `*`, none varies."""
    assert Origins.parse(APP).headers("https://other.example") == {"Vary": "Origin"}
    assert Origins.parse(APP).headers(None) == {"Vary": "Origin"}
    assert Origins.parse("").headers(APP) == {}
    assert "Vary" not in Origins.parse("*").headers(APP)


def test_a_page_may_send_a_token_and_read_when_to_retry() -> None:
    """The headers that browsers hide by default are listed."""
    origins = Origins.parse(APP)
    preflight = origins.preflight({"Origin": APP, "Access-Control-Request-Method": "POST"})
    assert preflight is not None
    assert {"authorization", "content-type"} <= set(
        preflight["Access-Control-Allow-Headers"].split(", ")
    )
    assert "Retry-After" in origins.headers(APP)["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight | origins.headers(APP)


def test_any_page_may_call_where_any_origin_is_allowed() -> None:
    """Also one that sends no origin, or an odd one; its browser may keep that for ten minutes."""
    origins = Origins.parse("*")
    for origin in (None, "null", APP):
        assert origins.headers(origin) == {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
        }
    for text in ("*", APP):
        preflight = Origins.parse(text).preflight(
            {"Origin": APP, "Access-Control-Request-Method": "POST"}
        )
        assert preflight is not None
        assert preflight["Access-Control-Max-Age"] == "600"
        assert preflight["Access-Control-Allow-Methods"] == "POST"
        assert "Access-Control-Expose-Headers" not in preflight


@pytest.mark.parametrize("text", ["http://a.example:443", "https://a.example:80", "http://[::1]:1"])
def test_only_the_default_port_of_its_scheme_is_redundant(text: str) -> None:
    """Browsers send every other one."""
    assert Origins.parse(text).headers(text)["Access-Control-Allow-Origin"] == text


def test_options_without_the_request_method_is_no_preflight() -> None:
    """It is an ordinary request with an unusual method."""
    assert Origins.parse(APP).preflight({"Origin": APP}) is None
    assert (
        Origins.parse("").preflight({"Origin": APP, "Access-Control-Request-Method": "P"}) is None
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app.example.com", "no origin"),
        ("https://app.example.com/", "more than scheme, host and port"),
        ("https://app.example.com/path", "more than scheme, host and port"),
        ("https://me@app.example.com", "more than scheme, host and port"),
        ("https://App.example.com", "lower case"),
        ("https://app.example.com:443", "default port"),
        ("http://app.example.com:80", "default port"),
        ("https://äpp.example.com", "lower case"),
        ("https://", "no origin"),
        ("https://:443", "no origin"),
        ("https://[::1", "no origin"),
        ("ftp://app.example.com", "no origin"),
        ("null", "no origin"),
        ("https://app.example.com:port", "no origin"),
        (f"*,{APP}", "stands alone"),
    ],
)
def test_impossible_origins(text: str, message: str) -> None:
    """An entry that could never match is a mistake, reported at start."""
    with pytest.raises(ValueError, match=message):
        Origins.parse(text)
