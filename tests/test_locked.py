"""The lock files are complete and match pyproject.toml, and every line that installs uses them."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text().splitlines()
HIDDEN = {"node_modules", "dist"}


def files(*patterns: str) -> list[Path]:
    """Return the files of the repository of these names, by their paths."""
    found = (path for pattern in patterns for path in ROOT.rglob(pattern))
    return sorted(
        path
        for path in found
        if not any(
            part in HIDDEN or part.startswith(".") for part in path.relative_to(ROOT).parts[:-1]
        )
    )


PAGES = [*files("*.md", "*.yml", "*.sh", "Dockerfile"), ROOT / ".ci/run", ROOT / "pyproject.toml"]
MANIFESTS = files("package.json")


def name_of(path: Path) -> str:
    """Return a path as it is read."""
    return path.relative_to(ROOT).as_posix()


def direct() -> list[Requirement]:
    """Return the direct dependencies of pyproject.toml."""
    lines = [*PROJECT["dependencies"], *PYPROJECT["build-system"]["requires"]]
    wanted = map(Requirement, [*lines, *(line for extra in EXTRAS.values() for line in extra)])
    return [each for each in wanted if each.name != PROJECT["name"]]


def locked() -> dict[str, list[str]]:
    """Return the releases of each package; several where the Python version decides."""
    found: dict[str, list[str]] = {}
    for line in CONSTRAINTS:
        wanted = Requirement(line)
        (pin,) = wanted.specifier
        assert pin.operator == "==", line
        found.setdefault(canonicalize_name(wanted.name), []).append(pin.version)
    return found


def test_constraints_cover_every_direct_dependency() -> None:
    """Of all extras, the tools and the build: each has a release, inside of its range."""
    releases = locked()
    wrong = [
        str(wanted)
        for wanted in direct()
        for release in releases.get(canonicalize_name(wanted.name), ["none"])
        if release == "none" or not wanted.specifier.contains(release, prereleases=True)
    ]
    assert wrong == []


def test_constraints_are_fit_for_any_pip_and_any_machine() -> None:
    """One release a line: no extras, which pip refuses there, no address and no path."""
    assert [line for line in CONSTRAINTS if Requirement(line).extras or Requirement(line).url] == []
    assert sorted(CONSTRAINTS, key=lambda line: line.partition("=")[0]) == CONSTRAINTS


def test_the_build_backend_is_one_release() -> None:
    """It cannot be locked elsewhere: pip takes no constraints along into an isolated build."""
    (backend,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    (pin,) = backend.specifier
    assert pin.operator == "=="
    assert str(backend) in EXTRAS["dev"]


def test_tox_installs_what_is_locked() -> None:
    """Every environment does, but the two that test the ranges."""
    sections = re.split(r"^\[(.+)\]$", (ROOT / "tox.ini").read_text(), flags=re.MULTILINE)[1:]
    installs = {
        name: constraints[0]
        for name, section in zip(sections[::2], sections[1::2], strict=True)
        if (constraints := re.findall(r"^constraints =(.*)$", section, re.MULTILINE))
    }
    assert installs == {
        "testenv": " constraints.txt",
        "testenv:newest": "",
        "testenv:lowest": "",
    }


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_line_that_installs_uses_the_lock(path: Path) -> None:
    """A copied line installs the releases that our tests ran on."""
    lines = path.read_text().replace("\\\n", " ").splitlines()
    installs = re.compile(r"pip\S*( --python \S+)? install\b(?! --no-index)")
    free = [line for line in lines if installs.search(line) and "constraints.txt" not in line]
    assert free == []


def test_lines_that_install_are_found() -> None:
    """The search of the test above finds lines."""
    assert sum("pip install" in path.read_text() for path in PAGES) >= 5


@pytest.mark.parametrize("path", MANIFESTS, ids=name_of)
def test_npm_packages_are_locked(path: Path) -> None:
    """The lock is of this manifest, names no registry, and has a checksum for each package."""
    manifest = json.loads(path.read_text())
    lock = json.loads(path.with_name("package-lock.json").read_text())
    own = lock["packages"].pop("")
    kinds = ("dependencies", "devDependencies")
    assert any(kind in manifest for kind in kinds)
    assert [own.get(kind) for kind in kinds] == [manifest.get(kind) for kind in kinds]
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []
    assert [name for name, each in lock["packages"].items() if "integrity" not in each] == []


@pytest.mark.parametrize(
    ("package", "of_pages"), [("@runwayml/sdk", False), ("@runwayml/avatars-react", True)]
)
def test_examples_run_on_what_the_tests_use(package: str, *, of_pages: bool) -> None:
    """Each package that all servers install is the same release in all; and so with pages."""
    releases = [
        {
            name: each["version"]
            for name, each in json.loads(path.with_name("package-lock.json").read_text())[
                "packages"
            ].items()
            if name
        }
        for path in MANIFESTS
        if bool({"browser", "avatar_page"} & set(path.parts)) is of_pages
        and path.parent.name != "axe"  # a tool that looks at pages, and no page
    ]
    shared = [name for name in releases[0] if all(name in each for each in releases)]
    assert f"node_modules/{package}" in shared
    assert len(releases) > 1
    assert [name for name in shared if len({each[name] for each in releases}) > 1] == []


def test_tests_that_run_alone_lie_where_tox_collects_them() -> None:
    """The command that runs them names the folders of all tests with the marker `alone`."""
    lines = (ROOT / "tox.ini").read_text().splitlines()
    line = next(line for line in lines if '-m "alone and not exhaustive" ' in line)
    folders = re.findall(r"tests/\w+", line)
    marked = {
        path.relative_to(ROOT).as_posix().rpartition("/")[0]
        for path in (ROOT / "tests").rglob("*.py")
        if "pytest.mark.alone" in path.read_text() and path.name != "test_locked.py"
    }

    assert folders
    assert sorted(marked - set(folders)) == []
