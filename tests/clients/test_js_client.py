"""The npm package in `clients/js`: its own tests, with Node, against a fake that they start."""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

from contracts.wire.schema import load
from fake_runway.admin_api.paths import ROOT as ADMIN_ROOT
from fake_runway.version import __version__
from tests.clients.npm import node_with_packages
from tests.support.processes import PATIENCE_S

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "clients" / "js"
SENT = re.compile(r'\.(?:send|stream)\(\s*"(\w+)",\s*"(\w+ [^"]+)"')


def test_the_package_passes_its_own_tests() -> None:
    """It is built, its types compile in strict mode, and its tests and examples pass.

    What the repository has as `dist` is what that build makes: users install it as it is. One run
    for all, so that the package is built once.
    """
    node = node_with_packages(PACKAGE)
    shipped = built()
    scripts = sysconfig.get_path("scripts")  # where this installation has `fake-runway`
    path = os.pathsep.join([scripts, str(Path(node.binary).parent), os.environ["PATH"]])
    env = {key: value for key, value in os.environ.items() if not key.startswith("FAKE_RUNWAY_")}

    done = subprocess.run(
        ["npm", "test"],
        cwd=PACKAGE,
        env={**env, "PATH": path},
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert [name for name, made in built().items() if shipped.get(name) != made] == []
    assert shipped.keys() == built().keys()


def built() -> dict[Path, bytes]:
    """Return the files of `dist`, and the licence beside it."""
    files = [PACKAGE / "LICENSE", *PACKAGE.glob("dist/**/*.*")]
    return {path: path.read_bytes() for path in files if path.is_file()}


def test_the_client_sends_every_operation() -> None:
    """Each operation of the admin API has a method, which sends its method and path."""
    documented = {
        (each.id, f"{each.method} {each.template.removeprefix(ADMIN_ROOT)}")
        for each in load("admin").operations()
        if each.template.startswith(ADMIN_ROOT) and each.id != "getAdminDocument"
    }

    assert set(SENT.findall((PACKAGE / "src" / "fake.ts").read_text())) == documented


def test_the_package_has_the_version_of_the_fake() -> None:
    """Both are released together, and the lock file names no registry."""
    manifest = json.loads((PACKAGE / "package.json").read_text())
    lock = json.loads((PACKAGE / "package-lock.json").read_text())

    assert manifest["version"] == lock["version"] == __version__
    assert not [name for name, each in lock["packages"].items() if "resolved" in each]
    assert "dependencies" not in manifest


def test_the_guides_tests_are_those_of_the_examples() -> None:
    """Each test in the README stands in an example, which a runner runs."""
    blocks = re.findall(r"```ts\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
    examples = [path.read_text() for path in sorted((PACKAGE / "examples").glob("*/*.ts"))]

    assert blocks
    assert [block for block in blocks if not any(block in each for each in examples)] == []
