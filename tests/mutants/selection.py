"""Which tests a mutant meets, in which order: by what a run without mutants has shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.mutants.mutant import Function


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of one test, or of all tests of one file together.

    Attributes:
        cpu_s, wall_s: what it takes without a mutant.
        functions: those of our code that it runs.
    """

    cpu_s: float
    wall_s: float
    functions: frozenset[Function]

    def __add__(self, other: "Run") -> "Run":
        functions = self.functions | other.functions
        return Run(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, functions)


NOTHING = Run(0.0, 0.0, frozenset())


@dataclass(frozen=True, slots=True)
class Known:
    """What a run without a mutant has shown.

    Attributes:
        tests: by file of tests, by node id.
        at_import: the functions that run while modules are imported.
    """

    tests: Mapping[str, Mapping[str, Run]]
    at_import: frozenset[Function]

    def of_file(self, tests: str) -> Run:
        """Return all tests of one file together."""
        return sum(self.tests[tests].values(), NOTHING)

    @property
    def wall_s(self) -> dict[str, float]:
        """How long each test takes, by node id."""
        return {name: run.wall_s for runs in self.tests.values() for name, run in runs.items()}

    def order(self, function: Function) -> list[str]:
        """Return the node ids that a function's mutants meet: those that run it, cheapest first.

        All tests of their files follow, because a fixture or a cache may have run it for them.
        """
        files = [each for each in self.tests if function in self.of_file(each).functions]
        tests = {name: run for each in files for name, run in self.tests[each].items()}
        return sorted(
            tests, key=lambda name: (function not in tests[name].functions, tests[name].cpu_s)
        )

    def stages(self, file: str) -> list[list[str]]:
        """Return the files of tests that a mutant of one file's import meets, cheapest first.

        First those that run any function of it, then the others.
        """
        runs = {tests: self.of_file(tests) for tests in self.tests}
        near = {tests for tests in runs if any(each.file == file for each in runs[tests].functions)}
        cheapest = sorted(runs, key=lambda tests: runs[tests].cpu_s)
        stages = [[each for each in cheapest if each in near]]
        stages.append([each for each in cheapest if each not in near])
        return [stage for stage in stages if stage]
