"""What only some gateways need is imported by those alone: it would make every start slower."""

import sys
from importlib.util import find_spec, module_from_spec

import pytest


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("gateway.access.jwks", "cryptography"),
        ("gateway.access.jwks", "jwt"),
        ("gateway.access.auth", "jwt"),
        ("gateway.flow.options", "jsonschema_rs"),
        ("gateway.limits.storage", "redis"),
    ],
)
def test_a_library_is_imported_when_it_is_first_needed(
    module: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module can be imported without the library that only some of its functions use."""
    for name in [library, *(each for each in sys.modules if each.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)  # now its import fails
    spec = find_spec(module)
    assert spec is not None
    assert spec.loader is not None

    spec.loader.exec_module(module_from_spec(spec))
