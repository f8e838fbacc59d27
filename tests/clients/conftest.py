"""Fixtures of the tests with real clients."""

import os

import pytest

from tests.clients.npm import Node, node_with_packages


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the official clients installed."""
    return node_with_packages()


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep SDKs in this process from settings that the developer has for real work."""
    for name in list(os.environ):
        if name.startswith("RUNWAYML_"):
            monkeypatch.delenv(name)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
