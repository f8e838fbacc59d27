"""The application: which of the two APIs answers, and what a start need not import."""

import subprocess
import sys


def test_a_server_without_admin_requests_or_scenarios_imports_neither() -> None:
    """The admin API, findings, replays, effects and what reads files come when they are used."""
    code = "import sys, fake_runway.server.app, fake_runway.server.options\nprint(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "fake_runway.runway_api.handler" in loaded
    later = (
        *("fake_runway.admin_api.", "fake_runway.replay.", "fake_runway.core.history.findings"),
        *("fake_runway.scenarios.yaml_lines", "yaml", "jsonschema", "jwt", "rich"),
        "fake_runway.core.faults.effects.connections",
        *("fake_runway.room.clients.endpoint", "aiortc", "aioice", "livekit", "google"),
    )
    assert {name for name in loaded if name.startswith(later)} == {"fake_runway.admin_api.paths"}
