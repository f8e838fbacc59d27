"""`python -m fake_runway` is `fake-runway`: the way in, before anything is imported."""

import signal
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly even while it is being imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else: the parent ignores it
        signal.signal(signal.SIGINT, lambda *_: sys.exit(_INTERRUPTED))
    from fake_runway.cli.main import main as command

    command()


_INTERRUPTED = 128 + signal.SIGINT

if __name__ == "__main__":
    main()
