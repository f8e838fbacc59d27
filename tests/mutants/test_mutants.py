"""The tool that runs mutants: what it takes for one, which tests it runs, and what comes out."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.mutants import forks
from tests.mutants.forks import Outcome, Work, side_by_side
from tests.mutants.mutant import Function, functions_of, meaning, mutant_of
from tests.mutants.selection import Known, Run
from tests.mutants.survivors import key_of

ROOT = Path(__file__).parents[2]
CODE = '''\
LIMIT = 3


def outer(amount: int = 4) -> int:
    """Return 5."""

    def inner() -> int:
        return 6

    return inner()


@dataclass(frozen=True, order=True)
class Thing:
    size: int = 7

    @decorated(8)
    async def method(self) -> int:
        return not self.size
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount: int", "amount: str"),
        ("-> int", "-> str"),
        ("size: int", "size: str"),
        ("order=True", "order=False"),
        ("return not self.size", "return not not not self.size"),
    ],
)
def test_what_no_test_can_tell_is_no_mutant(old: str, new: str) -> None:
    """Annotations, options of dataclasses, and a negation of a negation."""
    assert old in CODE
    assert meaning(CODE.replace(old, new)) == meaning(CODE)


def test_a_star_of_a_signature_is_no_multiplication() -> None:
    """How arguments may be passed is not tested; their defaults are."""
    assert meaning("def f(a, *, b, c=1): ...") == meaning("def f(a, /, b, c=1): ...")
    assert meaning("def f(a, *, b, c=1): ...") != meaning("def f(a, *, b, c=2): ...")
    assert meaning("def f(*a, b=1): ...") != meaning("def f(a, b=1): ...")


@pytest.mark.parametrize("number", "345678")
def test_every_other_change_is_one(number: str) -> None:
    """Each number counts, wherever it stands."""
    assert meaning(CODE.replace(number, "9")) != meaning(CODE)


@pytest.mark.parametrize(
    ("number", "name"),
    [("3", None), ("4", None), ("6", "outer"), ("7", None), ("8", None), ("not ", "Thing.method")],
)
def test_a_mutant_is_one_of_a_function_if_its_body_is_changed(
    number: str, name: str | None
) -> None:
    """Defaults, decorators and fields are made when a module is imported."""
    mutant = mutant_of("a.py", CODE, CODE.replace(number, "9"))

    assert (mutant.function.name if mutant.function else None) == name
    assert mutant.before.replace(number, "9") == mutant.after


def test_functions_are_those_that_lie_in_no_other() -> None:
    """They begin with their decorators, as Python counts the lines of code."""
    assert functions_of("a.py", CODE) == [
        Function("a.py", "outer", 4, 10),
        Function("a.py", "Thing.method", 17, 19),
    ]


def test_a_survivor_is_found_when_its_line_has_moved() -> None:
    """It is listed by both lines."""
    first = mutant_of("a.py", CODE, CODE.replace("6", "9"))
    moved = "\n\n" + CODE
    second = mutant_of("a.py", moved, moved.replace("6", "9"))

    assert first.line != second.line
    assert key_of(first) == key_of(second) == ("a.py", "return 6", "return 9")


F, G, H = (Function("a.py" if name != "h" else "b.py", name, 1, 2) for name in "fgh")


def run(seconds: float, *functions: Function) -> Run:
    """Return what is known of one test."""
    return Run(seconds, seconds, frozenset(functions))


KNOWN = Known(
    {
        "slow.py": {"slow.py::1": run(9.0, F, H), "slow.py::2": run(1.0)},
        "quick.py": {"quick.py::1": run(0.2), "quick.py::2": run(0.3, F)},
        "other.py": {"other.py::1": run(0.1, H)},
    },
    at_import=frozenset(),
)


def test_tests_that_run_a_function_come_first_and_the_cheapest_of_them() -> None:
    """Then those beside them, for whom a fixture may have run it, and no other file."""
    assert KNOWN.order(F) == ["quick.py::2", "slow.py::1", "quick.py::1", "slow.py::2"]
    assert KNOWN.order(G) == []


def test_a_change_at_import_meets_every_file() -> None:
    """First those that run any function of the changed file, the cheapest of them first."""
    assert KNOWN.stages("a.py") == [["quick.py", "slow.py"], ["other.py"]]
    assert KNOWN.stages("c.py") == [["other.py", "quick.py", "slow.py"]]


def test_forks_run_side_by_side_and_say_how_they_ended() -> None:
    """Each by its exit code; a failure in one is no failure here."""
    works = [Work(code, partial(int, code)) for code in (0, 3, 0)]
    works.append(Work(1, lambda: 1 // 0))

    assert [(work.about, code) for work, code, _ in side_by_side(works, jobs=1)] == [
        (0, 0),
        (3, 3),
        (0, 0),
        (1, 1),
    ]


def test_forks_end_with_the_one_who_waits_for_them() -> None:
    """Ctrl-C leaves no process behind."""
    reading, writing = os.pipe()
    never, _open = os.pipe()
    waits = Work("waits", lambda: len(os.read(never, 1)))
    results = side_by_side([Work("ends", lambda: 0), waits, waits], jobs=3)
    next(results)
    results.close()
    os.close(writing)

    assert os.read(reading, 1) == b"", "none of them has the other end of the pipe any more"
    for each in (reading, never, _open):
        os.close(each)


def test_a_loop_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the processor time that it takes, so that a busy machine makes no difference."""
    monkeypatch.setattr(forks, "PATIENCE_S", 1.0)

    def loop() -> int:
        while True:
            pass

    ((_, code, used_s),) = side_by_side([Work("loops", loop, usual_s=0.0)], jobs=1)
    assert Outcome.of(code) is Outcome.ENDLESS
    assert used_s > 0.5


MODULE = """\
import asyncio

LIMIT = 3
STEP = 1


def within(number):
    return number < LIMIT


def unused():
    return 5


async def count(most):
    done = asyncio.Event()
    number = 0
    while number < most:
        number = number + STEP
    if number == most:
        done.set()
    await done.wait()
    return number
"""
TESTS = """\
import asyncio
from gateway.module import count, within

def test_within():
    assert within(1) and not within(4)

def test_count():
    assert asyncio.run(count(2)) == 2
"""
CHANGES = {
    ("number < LIMIT", "number > LIMIT"): Outcome.KILLED,
    ("number < LIMIT", "number <= LIMIT"): Outcome.SURVIVED,
    ("return 5", "return 6"): Outcome.UNTESTED,
    ("number == most", "number != most"): Outcome.ENDLESS,
    ("LIMIT = 3", "LIMIT = 5"): Outcome.KILLED,
    ("LIMIT = 3", "LIMIT = 4"): Outcome.SURVIVED,
}
PROGRAM = """\
import sys
from functools import partial
from pathlib import Path
from tests.mutants.mutant import mutant_of
from tests.mutants.running import outcomes

root, source = Path(sys.argv[1]), Path(sys.argv[1], "gateway/module.py").read_text()
pairs = [each.split("|") for each in sys.argv[2:]]
mutants = [mutant_of("gateway/module.py", source, source.replace(*pair)) for pair in pairs]
for mutant, outcome, cpu_s in outcomes(root, mutants, 2):
    assert cpu_s >= 0
    print(mutants.index(mutant), outcome.name)
"""


def test_each_outcome(tmp_path: Path) -> None:
    """Of changes in functions and at import; the files themselves are never changed."""
    files = {"gateway/module.py": MODULE, "tests/unit/gateway/test_module.py": TESTS}
    files["gateway/__init__.py"] = ""  # else an installed gateway goes first
    files["conftest.py"] = "import pytest\npytest.register_assert_rewrite('gateway')\n"
    files["tests/simulation/test_nothing.py"] = "def test_nothing():\n    pass\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), *("|".join(each) for each in CHANGES)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    seen = dict(line.split() for line in printed.splitlines())
    assert {change: seen[str(number)] for number, change in enumerate(CHANGES)} == {
        change: outcome.name for change, outcome in CHANGES.items()
    }
    assert {name: (tmp_path / name).read_text() for name in files} == files
