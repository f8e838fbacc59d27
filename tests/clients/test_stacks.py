"""Correct gateways in many stacks keep the whole contract, SHOULD included.

They are in `stacks/`. The judge knows none of their habits: how their clients repeat, what their
servers answer by themselves, when they notice that a caller has left.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.judge.run import Outcome
from tests.clients.judged import Server, TakePort, judge
from tests.clients.npm import Node
from tests.support.processes import PATIENCE_S

HERE = Path(__file__).parent / "stacks"
ROOT = HERE.parents[2]
TIMEOUT_S = 4.0
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
"""Where programs are looked for: Debian keeps servers where other users' shells do not look."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a stack's command is made of: a port, and a folder for files."""

    port: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Stack:
    """A gateway in a language of its own.

    Attributes:
        install: what to install where a program is missing; Debian's packages, if it has them.
        needs: programs on the path. A name with `*` stands for any that matches.
        loads: a command that succeeds where the packages of the stack are installed.
        command: makes the command that serves.
        build: makes a command to be run before, if any.
    """

    install: str
    needs: Sequence[str]
    command: Callable[[Place], Sequence[str | Path]]
    loads: Sequence[str] = ()
    build: Callable[[Place], Sequence[str | Path]] | None = None

    def missing(self) -> str | None:
        """Return what this machine lacks, None if nothing."""
        if lacking := [name for name in self.needs if not installed(name)]:
            return f"no {', no '.join(lacking)}: install {self.install}"
        if self.loads and not _succeeds(self.loads):
            return f"`{' '.join(self.loads)}` fails: install {self.install}"
        return None


def installed(name: str) -> bool:
    """Tell whether a program is on the path."""
    if "*" not in name:
        return shutil.which(name, path=SYSTEM_PATH) is not None
    return any(any(Path(each).glob(name)) for each in SYSTEM_PATH.split(os.pathsep) if each)


def _succeeds(command: Sequence[str]) -> bool:
    run = subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE_S)
    return run.returncode == 0


STACKS = {
    "bun": Stack("Bun", ["bun"], lambda at: ["bun", HERE / "bun" / "server.ts"]),
    "go": Stack(
        "golang-go",
        ["go"],
        lambda at: [at.folder / "gateway"],
        build=lambda at: ["go", "build", "-o", at.folder / "gateway", HERE / "go" / "main.go"],
    ),
    "java": Stack(
        "a JDK of Java 17, such as openjdk-17-jdk-headless",
        ["java", "javac"],
        lambda at: ["java", HERE / "java" / "Gateway.java"],
    ),
    "perl": Stack(
        "libmojolicious-perl libfuture-asyncawait-perl",
        ["perl"],
        lambda at: [
            *("perl", HERE / "perl" / "app.pl", "daemon"),
            f"--listen=http://127.0.0.1:{at.port}",
        ],
        loads=["perl", "-MMojolicious", "-MFuture::AsyncAwait", "-e", "1"],
    ),
    "php": Stack(
        "php-fpm php-cli php-curl nginx-light",
        ["php", "php-fpm*", "nginx"],
        lambda at: [HERE / "php" / "serve.sh", at.folder],
        loads=["php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"],
    ),
    "ruby": Stack(
        "puma ruby-rack",
        ["puma"],
        lambda at: [
            *("puma", "--threads=0:32", f"--bind=tcp://127.0.0.1:{at.port}"),
            HERE / "ruby" / "config.ru",
        ],
    ),
}
PYTHON = ("fastapi", "flask")
NODE = ("fastify", "hono")
OLDEST_NODE = 20
IS_NEW_ENOUGH = f"process.exit(parseInt(process.versions.node) >= {OLDEST_NODE} ? 0 : 1)"
IN_CI = ("perl", "ruby")
"""The runtimes beyond Python and Node that `.ci/run` installs."""


@pytest.fixture
def command(
    request: pytest.FixtureRequest, tmp_path: Path, port: int, name: str
) -> Sequence[str | Path]:
    """The command that serves the gateway; the test is skipped where its runtime is missing."""
    if name in PYTHON:
        return [sys.executable, HERE / name / "app.py"]
    if name in NODE:
        node: Node = request.getfixturevalue("node")
        if not _succeeds([node.binary, "-e", IS_NEW_ENOUGH]):
            pytest.skip(f"Fastify and Hono need Node {OLDEST_NODE}")
        node.lend_packages(tmp_path)
        return [node.binary, shutil.copy(HERE / name / "server.mjs", tmp_path)]
    stack, place = STACKS[name], Place(port, tmp_path)
    if lacking := stack.missing():
        pytest.skip(lacking)
    if stack.build is not None:
        subprocess.run(list(map(str, stack.build(place))), check=True, timeout=PATIENCE_S)
    return stack.command(place)


@pytest.fixture
def port(take_port: TakePort) -> int:
    """Where the gateway listens."""
    return take_port()


def cases() -> Iterator[object]:
    """Yield each stack with the quick profile, and with the full one for the sweeps.

    Those that CI has come first: a worker each, and none waits behind another.
    """
    in_ci = (*PYTHON, *NODE, *IN_CI)
    for name in (*in_ci, *sorted({*STACKS} - {*IN_CI})):
        yield pytest.param(name, True, id=f"{name}-quick")
        yield pytest.param(name, False, id=f"{name}-full", marks=pytest.mark.exhaustive)


@pytest.mark.alone
@pytest.mark.parametrize(("name", "quick"), list(cases()))
async def test_a_correct_gateway_of_any_stack_is_not_accused(
    name: str, quick: bool, command: Sequence[str | Path], port: int
) -> None:
    """`check --strict` has no finding, and it did see connects succeed and callers leave."""
    variables = {
        "PORT": str(port),
        "CONNECT_TIMEOUT_S": f"{TIMEOUT_S:g}",
        "PATH": SYSTEM_PATH,
        "PYTHONUNBUFFERED": "1",
    }
    server = Server(name, command, port, variables, TIMEOUT_S)
    report = await judge(server, quick=quick)
    broken = {each.requirement.id: each.lines() for each in report.broken(strict=True)}
    assert broken == {}
    assert [each.requirement.id for each in report.unobserved] == []
    passed = {each.requirement.id for each in report.verdicts if each.outcome is Outcome.PASS}
    assert passed >= {"poll.waits", "shape.one-of-two", "cancel.caller-gone", "error.json"}


def test_every_gateway_in_the_folder_is_judged() -> None:
    """A folder is a stack, and the page has a row for each."""
    made = {"__pycache__", "node_modules"}
    folders = {each.name for each in HERE.iterdir() if each.is_dir()} - made
    page = (HERE / "README.md").read_text()
    assert folders == {*STACKS, *PYTHON, *NODE}
    assert {name for name in folders if f"| `{name}` |" not in page} == set()


def test_what_is_missing_is_named() -> None:
    """A skip says which program is missing, or which packages, and what to install."""
    program = Stack("a-package", ["no-such-program", "sh"], lambda at: [])
    packages = Stack("a-package", ["sh"], lambda at: [], loads=["sh", "-c", "exit 1"])
    there = Stack("a-package", ["sh", "s*"], lambda at: [], loads=["sh", "-c", "exit 0"])
    assert program.missing() == "no no-such-program: install a-package"
    assert packages.missing() == "`sh -c exit 1` fails: install a-package"
    assert there.missing() is None


@pytest.mark.parametrize("name", IN_CI)
def test_ci_has_the_runtimes_that_it_promises(name: str) -> None:
    """`.ci/run` installs the packages of two stacks, so in CI none of their tests is skipped."""
    script = (ROOT / ".ci" / "run").read_text()
    stack = STACKS[name]
    assert [each for each in stack.install.split() if each not in script] == []
    if os.environ.get("CI"):
        assert stack.missing() is None
