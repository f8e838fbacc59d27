"""The application: which of the two APIs answers, and what a start need not import."""

import subprocess
import sys


def test_serving_an_application_imports_no_admin_api() -> None:
    """The admin API, findings and replays are imported with the first admin request."""
    code = "import sys, fake_runway.server.app, fake_runway.server.options\nprint(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "fake_runway.runway_api.handler" in loaded
    rooms = ("fake_runway.admin_api.", "fake_runway.replay.", "fake_runway.core.history.findings")
    assert {name for name in loaded if name.startswith(rooms)} == {"fake_runway.admin_api.paths"}
