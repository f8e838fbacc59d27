"""How a program finds the interception: variables for it, beside those it has. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

HOSTS = ("api.dev.runwayml.com", "api.runwayml.com", "api.dev-stage.runwayml.com")
"""Runway's API, the host that it is taken for, and its stage. Source: the public docs and SDKs."""
TOLD = "FAKE_RUNWAY_INTERCEPT"
"""The variable that our hooks read: JSON."""
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Each names a file with certificates that some client trusts; the last one adds, the others
replace what the client trusts by itself."""
_ADDS = "NODE_EXTRA_CA_CERTS"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Found:
    """Where the interception is.

    Attributes:
        proxy_port: of the HTTPS proxy.
        tls_port: where Runway's hosts are served.
        certificate: the file with the authority's certificate.
        bundles: a file for each of `BUNDLES`.
        python: the folder with the hook for Python.
        node: the file with the hook for Node.
        offline: whether other hosts are refused.
    """

    proxy_port: int
    tls_port: int
    certificate: str
    bundles: Mapping[str, str]
    python: str
    node: str
    offline: bool


def variables(inherited: Mapping[str, str], found: Found, separator: str) -> dict[str, str]:
    """Return what is to be set for a program; its own hooks and paths stay in force.

    Args:
        separator: between folders of a path, as the system has it.
    """
    proxy = f"http://127.0.0.1:{found.proxy_port}"
    told = {
        "hosts": HOSTS,
        "port": found.tls_port,
        "certificate": found.certificate,
        "offline": found.offline,
    }
    required = f"--require {json.dumps(found.node)}"
    path, options = inherited.get("PYTHONPATH", ""), inherited.get("NODE_OPTIONS", "")
    local = ",".join(_LOOPBACK)
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": local,
        "no_proxy": local,
        **found.bundles,
        "NODE_OPTIONS": f"{required} {options}".rstrip(),
        "PYTHONPATH": f"{found.python}{separator}{path}" if path else found.python,
        TOLD: json.dumps(told),
    }


def upstream(inherited: Mapping[str, str]) -> tuple[str, str]:
    """Return the proxy that is in force already, empty if there is none, and whom it is not for."""
    both = [inherited.get(name, "") for name in ("https_proxy", "HTTPS_PROXY")]
    none = [inherited.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    return next(filter(None, both), ""), next(filter(None, none), "")


def bypasses(host: str, no_proxy: str) -> bool:
    """Tell whether a host is one of those of NO_PROXY: itself, below one of them, or all are."""
    listed = (each.strip().lower().lstrip(".") for each in no_proxy.split(","))
    return any(
        each == "*" or host == each or (each and host.endswith(f".{each}")) for each in listed
    )


def replaced(name: str, inherited: Mapping[str, str], usual: str) -> str:
    """Return the file whose certificates stay trusted in a bundle; empty: there is none.

    Args:
        usual: what clients trust on this machine without the variable.
    """
    own = inherited.get(name, "")
    return own or ("" if name == _ADDS else usual)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name."""
    return host in _LOOPBACK or host.startswith("127.") or host.endswith(".localhost")
