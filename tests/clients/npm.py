"""Node and the official Node clients, installed once however many workers run."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S

HERE = Path(__file__).parent / "node"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
INSTALL_S = 3 * PATIENCE_S


class NotInstalled(Exception):
    """The packages could not be installed. The message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """Where Node is, and the folder with our scripts and the installed packages."""

    binary: str
    folder: Path

    def script(self, name: str) -> Path:
        """Return one of our scripts."""
        return self.folder / name

    def lend_packages(self, folder: Path) -> None:
        """Let modules in `folder` import the installed packages."""
        (folder / "node_modules").symlink_to(self.folder / "node_modules")


def node_with_packages(folder: Path = HERE) -> Node:
    """Return Node with the packages of a folder's `package.json` installed there.

    The test is skipped where they cannot be. In CI a failed installation is a failure: a skip would
    hide that nothing was tested.
    """
    found = find_node(folder)
    if found is None:
        pytest.skip("needs Node and npm")
    try:
        install(folder)
    except NotInstalled as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return found


def find_node(folder: Path = HERE) -> Node | None:
    """Return Node (`NODE` or the one on the path), None where it or npm is missing."""
    binary = shutil.which(os.environ.get("NODE") or "node")
    return None if binary is None or shutil.which("npm") is None else Node(binary, folder)


def install(folder: Path = HERE) -> None:
    """Install the packages of `package.json` in `folder` unless they are there.

    Install scripts are not run: esbuild finds its binary without, and the rest has none.

    Raises:
        NotInstalled: npm failed, or took too long.
    """
    with (folder / "package.json").open() as manifest:
        fcntl.flock(manifest, fcntl.LOCK_EX)  # one of the workers installs, the others wait
        stamp = folder / "node_modules" / ".installed"
        wanted = sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        _npm_ci(folder)
        stamp.write_text(wanted)


def _npm_ci(folder: Path) -> None:
    try:
        subprocess.run(
            INSTALL, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"`npm ci` took more than {INSTALL_S:g} s") from error
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())[:300]
        raise NotInstalled(f"`npm ci` failed: {reason}") from error
