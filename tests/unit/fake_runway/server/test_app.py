"""The application: which of the two APIs answers, and what a start need not import."""

import subprocess
import sys


def _started(then: str) -> set[str]:
    """Return the words that a process prints once it has imported what `serve` needs."""
    code = f"import dataclasses, inspect, sys, fake_runway.cli.serve\n{then}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_server_without_admin_requests_or_scenarios_imports_neither() -> None:
    """The admin API, findings, replays, effects and what reads files come when they are used."""
    loaded = _started("print(*sys.modules)")

    assert "fake_runway.runway_api.handler" in loaded
    later = (
        *("fake_runway.admin_api.", "fake_runway.replay.", "fake_runway.core.history.findings"),
        *("fake_runway.scenarios.yaml_lines", "yaml", "jsonschema", "jwt", "rich"),
        "fake_runway.core.faults.effects.connections",
        *("fake_runway.room.clients.endpoint", "aiortc", "aioice", "livekit", "google"),
        *("fake_runway.worlds.state_file", "fake_runway.worlds.store", "fake_runway.cli.places"),
        *("fake_runway.runway_api.fetching", "difflib", "decimal"),
        *("fake_runway.media.reading", "fake_runway.media.wanted"),
    )
    assert {name for name in loaded if name.startswith(later)} == {"fake_runway.admin_api.paths"}


def test_the_values_that_a_start_needs_compile_one_method_each() -> None:
    """They are made by `core/values.py`: `dataclasses` compiles `__repr__` and others as well."""
    found = _started(
        "for module in [each for name, each in sys.modules.items() if 'fake_runway' in name]:\n"
        "    for each in vars(module).values():\n"
        "        if dataclasses.is_dataclass(each) and isinstance(each, type):\n"
        "            code = inspect.unwrap(each.__repr__).__code__\n"
        "            if each.__module__ == module.__name__:\n"
        "                print(each.__qualname__, code.co_filename)"
    )

    assert {"Settings", "Exchange", "Plan"} <= found
    assert "<string>" not in found
