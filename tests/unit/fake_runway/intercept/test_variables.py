"""What a program is told: everything of its own stays in force."""

import json

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.intercept.variables import (
    BUNDLES,
    HOSTS,
    TOLD,
    Found,
    bypasses,
    is_loopback,
    replaced,
    upstream,
    variables,
)

FOUND = Found(
    proxy_port=1234,
    tls_port=4321,
    certificate="/run/authority.pem",
    bundles={name: f"/run/{name}.pem" for name in BUNDLES},
    python="/hooks",
    node="/a folder/node.cjs",
    offline=True,
)
TEXT = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=20)


@given(TEXT, TEXT)
def test_paths_and_options_of_the_program_are_kept(path: str, options: str) -> None:
    """Ours come first, and nothing is added where there was nothing."""
    given = {"PYTHONPATH": path, "NODE_OPTIONS": options, "HOME": "/home/a"}
    found = variables(given, FOUND, ":")

    assert found["PYTHONPATH"].split(":", 1) == ["/hooks", *([path] if path else [])]
    assert found["NODE_OPTIONS"] == f'--require "/a folder/node.cjs" {options}'.rstrip()
    assert "HOME" not in found


def test_clients_are_led_to_the_proxy_and_trust_the_authority() -> None:
    """Both spellings, because clients read one or the other."""
    found = variables({}, FOUND, ":")

    assert found["HTTPS_PROXY"] == found["https_proxy"] == "http://127.0.0.1:1234"
    assert {found[name] for name in BUNDLES} == set(FOUND.bundles.values())
    assert json.loads(found[TOLD]) == {
        "hosts": list(HOSTS),
        "port": 4321,
        "certificate": "/run/authority.pem",
        "offline": True,
    }


def test_a_proxy_of_the_machine_goes_on_serving_other_hosts() -> None:
    """Found under either spelling."""
    assert upstream({}) == ("", "")
    assert upstream({"HTTPS_PROXY": "http://p:1", "no_proxy": "a"}) == ("http://p:1", "a")
    assert upstream({"https_proxy": "http://q:1", "HTTPS_PROXY": "x"}) == ("http://q:1", "")


def test_what_was_trusted_stays_trusted() -> None:
    """A variable's own file, else what the client trusts without it; Node adds to its own."""
    assert replaced("SSL_CERT_FILE", {"SSL_CERT_FILE": "/mine"}, "/usual") == "/mine"
    assert replaced("SSL_CERT_FILE", {}, "/usual") == "/usual"
    assert replaced("NODE_EXTRA_CA_CERTS", {}, "/usual") == ""
    assert replaced("NODE_EXTRA_CA_CERTS", {"NODE_EXTRA_CA_CERTS": "/mine"}, "/usual") == "/mine"


def test_hosts_without_a_proxy() -> None:
    """As curl and Python read NO_PROXY."""
    assert bypasses("a.example.com", "example.com")
    assert bypasses("a.example.com", " .EXAMPLE.com , b")
    assert bypasses("anything", "*")
    assert not bypasses("badexample.com", "example.com")
    assert not bypasses("example.com", "")
    assert is_loopback("localhost")
    assert is_loopback("127.9.9.9")
    assert not is_loopback("localhost.example.com")
