"""Runs a module as a child: it ends when the process that started it has ended, however that ended.

`python -m fake_runway.cli.child MODULE ARGUMENTS`. Its standard input is a pipe from that process;
the system closes the other end of it even for one that was killed.
"""

import os
import runpy
import signal
import sys
import threading

_CHUNK = 1 << 10


def main() -> None:
    """Run the module that the arguments name."""
    threading.Thread(target=_watch, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _watch() -> None:
    while os.read(0, _CHUNK):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
