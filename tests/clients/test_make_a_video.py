"""The example that makes videos: its own tests pass where a user would run them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.processes import FEW_PLUGINS

ROOT = Path(__file__).parents[2]


def test_the_tests_of_the_example_pass() -> None:
    """In its folder, with its own settings of pytest, and nothing of ours but the package."""
    unset = {name for name in os.environ if name.startswith(("PYTEST", "RUNWAYML", "FAKE_RUNWAY"))}
    variables = {name: text for name, text in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FEW_PLUGINS],
        cwd=ROOT / "examples" / "make_a_video",
        env={**variables, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
