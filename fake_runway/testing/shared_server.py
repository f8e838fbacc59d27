"""A fake in a process of its own that ends when its parent does, for all workers of a test run.

The parent holds the child's standard input; the child serves until that is closed, which happens
however the parent ends. It has a session of its own, so that a Ctrl-C in the terminal reaches the
parent alone.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_RUN = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from fake_runway.testing.shared_server import main; main()"
)
_STOP_TIMEOUT_S = 10.0


class CannotStart(Exception):
    """The server did not start. The message is one line for people."""


class SharedServer:
    """A fake in a child process.

    Args:
        options: keyword arguments of `embedded.configuration`.

    Raises:
        CannotStart.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        packages = str(Path(__file__).parents[2])  # found there whether we are installed or not
        # -P: a folder named fake_runway in the working directory must not hide this package
        command = [sys.executable, "-P", "-c", _RUN, packages, json.dumps(dict(options))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("http"):
            self.stop()
            raise CannotStart(line.strip() or "its process ended without a message")
        self.url = line.strip()

    def stop(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> None:
    """Serve until standard input ends; write the URL, or why there is none."""
    from fake_runway.server.address import PortTaken
    from fake_runway.testing.embedded import configuration, served_in_a_thread

    try:
        with served_in_a_thread(configuration(**json.loads(sys.argv[2]))) as url:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            sys.stdin.read()
    except (PortTaken, TypeError, ValueError) as error:
        sys.stdout.write(f"{error}\n")
