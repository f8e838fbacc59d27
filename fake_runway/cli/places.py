"""The fakes in the background: where their files are, and which of them live.

Each has a name, and two files in a folder of the user's own: what it writes, and where it serves.
A lock on a third one is held by the process itself, so that a number that another process has got
meanwhile is never taken for it.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

USUAL = "default"
"""The name of the one that is meant if none is given."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Running:
    """A fake in the background."""

    name: str
    url: str
    pid: int
    log: str


@dataclass(frozen=True)
class Place:
    """The files of a fake in the background, by its name."""

    name: str
    folder: Path

    @classmethod
    def of(cls, name: str) -> "Place":
        """Return the place of a name, in a folder that only this user can open."""
        if not _NAME.fullmatch(name):
            raise click.BadParameter(
                f"expected up to 64 letters, digits, dots, dashes, got {name!r}"
            )
        return cls(name, _folder())

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.folder / f"{self.name}.log"

    @property
    def ready(self) -> Path:
        """Where it serves, while it does."""
        return self.folder / f"{self.name}.json"

    @contextmanager
    def locked(self) -> Iterator[IO[str] | None]:
        """Hold the lock; None: the fake of that name holds it, so it lives."""
        import fcntl

        with (self.folder / f"{self.name}.lock").open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            yield held

    def running(self) -> Running | None:
        """Return what serves under the name; None: nothing does, or not yet."""
        with self.locked() as held:
            if held is not None:
                return None
        with suppress(OSError, ValueError, KeyError, TypeError):
            facts = json.loads(self.ready.read_text())
            return Running(self.name, str(facts["url"]), int(facts["pid"]), str(self.log))
        return None


def _folder() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"fake-runway-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        text = f"{folder} has to be a folder that only you can open"
        raise click.ClickException(f"{text}: remove it, or set XDG_RUNTIME_DIR")
    return folder


def started_url() -> str | None:
    """Return where the usual one serves; None: it does not."""
    # no folder for such files, or a system without their locks: none was started
    with suppress(click.ClickException, OSError, ImportError, AttributeError):
        if (found := Place.of(USUAL).running()) is not None:
            return found.url
    return None


def places_in_use() -> list[Place]:
    """Return the places with a file that says where something serves, or has served."""
    folder = _folder()
    return [Place(file.stem, folder) for file in sorted(folder.glob("*.json"))]
