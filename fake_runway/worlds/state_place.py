"""Which file keeps all worlds, and what is wrong with one. Nothing here opens it.

Most servers keep no file, and need no more than this of `state_file.py`.
"""

from enum import Enum
from pathlib import Path
from typing import NamedTuple


class StateFileError(Exception):
    """A file that cannot be used: why, in a sentence."""


class Sync(Enum):
    """When what was written has to reach the disk, and not only the operating system.

    A process that ends or is killed loses nothing with any of them. They differ when the machine
    loses power.
    """

    NEVER = "never"
    SECOND = "second"
    ALWAYS = "always"  # before anything is answered


class State(NamedTuple):
    """Which file keeps all worlds."""

    path: Path
    sync: Sync = Sync.SECOND
