"""`python -m fake_runway` is `fake-runway`: the way in, before anything is imported."""

import gc
import signal
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly even while it is being imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else: the parent ignores it
        signal.signal(signal.SIGINT, lambda *_: sys.exit(_INTERRUPTED))
    # Imports leave no garbage, and looking for some takes a twentieth of a start of `serve`.
    # `cli/main.py` switches it on again.
    gc.disable()
    from fake_runway.cli.main import main as command

    command()


_INTERRUPTED = 128 + signal.SIGINT

if __name__ == "__main__":
    main()
