"""Fixtures of the tests with real clients."""

import os

import pytest

from tests.clients.npm import Node, NotInstalled, find_node, install


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the official clients installed; the test is skipped where they cannot be installed.

    In CI a failed installation is a failure: a skip would hide that nothing was tested.
    """
    found = find_node()
    if found is None:
        pytest.skip("needs Node and npm")
    try:
        install()
    except NotInstalled as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return found


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep SDKs in this process from settings that the developer has for real work."""
    for name in list(os.environ):
        if name.startswith("RUNWAYML_"):
            monkeypatch.delenv(name)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
