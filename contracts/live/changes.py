"""Which changes of a target's files are a reason to judge it again.

A target may write files of its own while it is judged: a log, a database, what a build leaves. A
run for each of them would never end. So a change while nothing runs always counts; one during a
run counts once, and a file that changes again in the run after that is taken for the target's own.
"""

from collections.abc import Iterable


class OwnFiles:
    """Which files the target writes itself, as far as known."""

    def __init__(self) -> None:
        self._own: set[str] = set()
        self._suspects: frozenset[str] = frozenset()

    def while_idle(self, changed: Iterable[str]) -> list[str]:
        """Return the files to run again for, after changes while nothing ran: all of them."""
        files = set(changed)
        self._own -= files  # others write them too
        self._suspects -= files
        return sorted(files)

    def after_run(self, changed: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the files to run again for, and those that count as the target's own from now on.

        Args:
            changed: what changed during the run.
        """
        files = frozenset(changed) - self._own
        found = files & self._suspects
        self._own |= found
        self._suspects = files
        return sorted(files - found), sorted(found)
