"""The directions and bans that hold the three packages together, read from their source.

Nothing is imported here: every file is parsed, and its imports, names and assignments are
checked. Each rule lists what it forbids, so that a failure names file, line and rule.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from fake_runway.core.lifecycles.runway import RUNWAY_API

ROOT = Path(__file__).parents[1]
PACKAGES = ("fake_runway", "gateway", "contracts")

TIME = ("time", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today")
TODAY = ("datetime.date.today",)
CHANCE = ("random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom")
INPUT_AND_OUTPUT = (
    *("asyncio", "socket", "ssl", "select", "selectors", "threading", "multiprocessing"),
    *("subprocess", "signal", "os", "io", "pathlib", "shutil", "tempfile", "logging", "sys"),
    *("open", "input", "print"),
)
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")

MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_TYPES = {
    *("list", "dict", "set", "bytearray", "collections.deque", "collections.defaultdict"),
    *("collections.OrderedDict", "collections.Counter", "itertools.count", "itertools.cycle"),
    *("weakref.WeakKeyDictionary", "weakref.WeakValueDictionary", "random.Random"),
}
READ_ONLY_TYPES = (
    *("Mapping", "Sequence", "Collection", "Set", "Iterable", "tuple", "frozenset"),
    "Json",  # the fake's alias of a Mapping
)
CHANGING_METHODS = {
    *("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "popleft"),
    *("appendleft", "add", "discard", "update", "setdefault", "popitem", "move_to_end"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A name of another module, as it is used or imported somewhere."""

    name: str
    line: int


class Source:
    """One Python file."""

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.module = self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.tree = ast.parse(path.read_text())

    @cached_property
    def imports(self) -> list[Use]:
        """Everything imported, at any depth of the code, as full dotted names."""
        found = []
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    found += [Use(one.name, node.lineno) for one in names]
                case ast.ImportFrom(module=module, names=names, level=0):
                    found += [Use(f"{module}.{one.name}", node.lineno) for one in names]
                case ast.ImportFrom():
                    found.append(Use("a relative import", node.lineno))
        return found

    @cached_property
    def _meanings(self) -> dict[str, str]:
        meanings = {}
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    for one in names:
                        bound = one.asname or one.name.partition(".")[0]
                        meanings[bound] = one.name if one.asname else bound
                case ast.ImportFrom(module=module, names=names):
                    for one in names:
                        meanings[one.asname or one.name] = f"{module}.{one.name}"
        return meanings

    def dotted(self, node: ast.expr) -> str | None:
        """Return what `node` refers to in full, e.g. `os.environ.get`, None if it is no name."""
        match node:
            case ast.Name(id=name):
                return self._meanings.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                return f"{before}.{attribute}" if (before := self.dotted(value)) else None
        return None

    @cached_property
    def uses(self) -> list[Use]:
        """Every imported name, and every name and attribute that is read."""
        return self.imports + [
            Use(name, node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name | ast.Attribute) and (name := self.dotted(node))
        ]

    def of(self, *forbidden: str) -> Iterator[str]:
        """Yield where any of the `forbidden` names, or something below it, is imported or used."""
        for use in self.uses:
            if any(within(use.name, one) for one in forbidden):
                yield f"{self.name}:{use.line}: {use.name}"

    def importing(self, *prefixes: str) -> Iterator[str]:
        """Yield where a module below one of `prefixes` is imported."""
        for use in self.imports:
            if any(within(use.name, one) for one in prefixes):
                yield f"{self.name}:{use.line}: {use.name}"


def within(name: str, prefix: str) -> bool:
    """Return whether the dotted `name` is `prefix` or lies below it."""
    return name == prefix or name.startswith(prefix + ".")


@cache
def read(path: Path) -> Source:
    """Return a file of ours, which is parsed once for all checks."""
    return Source(path)


def sources(*folders: str) -> list[Source]:
    """Return the Python files of these folders; an empty answer would make a check worthless."""
    found = [read(path) for one in folders for path in sorted((ROOT / one).rglob("*.py"))]
    assert found, folders
    return found


PURE_OF_THE_GATEWAY = ("flow/polling", "limits/window", "access/addresses", "access/cors")
PURE_OF_THE_ROOM = ("media/hearing", "stage", "wire/packets", "wire/sdp", "wire/signalling")


def pure() -> list[Source]:
    """Return the files that decide: of the fake the whole core, and media but what encodes."""
    return [
        *sources("fake_runway/core"),
        *(read(ROOT / f"gateway/{name}.py") for name in PURE_OF_THE_GATEWAY),
        *(read(ROOT / f"fake_runway/room/{name}.py") for name in PURE_OF_THE_ROOM),
        *(
            source
            for source in sources("fake_runway/media")
            if source.path.name not in ("encoding.py", "workshop.py")
        ),
    ]


def those(*names: str) -> list[Source]:
    """Return the product's files without those of these file names."""
    return [source for source in sources(*PACKAGES) if source.path.name not in names]


# Imports

FLOORS: Mapping[str, tuple[str, ...]] = {
    "fake_runway": (
        "core version",
        "clock scenarios client",
        "worlds web",
        "room media",
        "runway_api admin_api",
        "replay",
        "pages",
        "server",
        "calibration intercept mcp",
        "testing cli",
        "__main__",
    ),
    "fake_runway/core": (
        "values",
        "errors text types files problems durations draws outcomes billing lifecycles",
        "uploads faults",
        "sessions",
        "routing",
        "tasks assets",
        "scenario history",
        "account",
        "task_calls asset_calls",
    ),
    "fake_runway/core/faults": ("effects matching", "fault schema", "parsing deciding"),
    "gateway": (
        "clock errors settings",
        "flow access limits",
        "telemetry readiness",
        "config",
        "service",
        "web library",
        "cli",
        "__main__",
    ),
    "contracts": (
        "durations wire judge",
        "drift endpoint report strategies",
        "live",
        "cli conformance pytest_plugin",
        "__main__",
    ),
    "contracts/judge": (
        "clock repairs situation spellings",
        "output",
        "observation",
        "case target fake loop_lag",
        "program",
        "instance",
        "requirements situations oracle reached verdict",
        "strategies explore contract_page playing places",
        "schedule suspects queueing",
        "runner",
        "run",
    ),
}
"""What lies in a folder, lowest floor first: an import goes to a lower floor only.

Rooms (folders) and loose files alike. Inside a room that has no row here, files import each other
without circles.
"""


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("contracts", ("fake_runway", "gateway")),
        ("gateway", ("fake_runway", "contracts")),
        ("fake_runway", ("gateway",)),
    ],
)
def test_each_package_keeps_to_itself(package: str, others: tuple[str, ...]) -> None:
    """`contracts` and `gateway` import neither of the others, `fake_runway` not the gateway."""
    assert [use for source in sources(package) for use in source.importing(*others)] == []


@pytest.mark.parametrize("folder", FLOORS)
def test_every_room_and_loose_file_has_a_floor(folder: str) -> None:
    """The table names what lies in a folder, all of it and nothing else."""
    lying = {
        path.stem
        for path in (ROOT / folder).iterdir()
        if (path.is_dir() and any(path.rglob("*.py"))) or path.suffix == ".py"
    }

    assert sorted(lying - {"__init__"}) == sorted(" ".join(FLOORS[folder]).split())


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_go_to_lower_floors_only(folder: str) -> None:
    """No room or loose file imports another of its folder that lies as high, or higher."""
    here = folder.replace("/", ".")
    floor = {name: at for at, row in enumerate(FLOORS[folder]) for name in row.split()}
    upwards = [
        use
        for source in sources(folder)
        if (importer := part_of(source.module, here))
        for use in source.importing(here)
        if (imported := part_of(use.rpartition(" ")[2], here)) in floor
        and imported != importer
        and floor[imported] >= floor[importer]
    ]

    assert upwards == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Following imports from a file never leads back to it, guarded imports included."""
    modules = {source.module for source in those()}
    imports = {
        source.module: {
            target
            for use in source.imports
            if (target := use.name if use.name in modules else use.name.rpartition(".")[0])
            in modules - {source.module, *PACKAGES}
        }
        for source in those()
    }
    while leaves := {name for name, others in imports.items() if not others}:
        imports = {name: others - leaves for name, others in imports.items() if name not in leaves}

    assert imports == {}


def part_of(module: str, folder: str) -> str:
    """Return the room or loose file of `folder` that a dotted name lies in, empty if in none."""
    below = module.removeprefix(f"{folder}.")
    return "" if below == module else below.partition(".")[0]


def test_the_core_imports_itself_and_the_standard_library() -> None:
    """`fake_runway.core` needs nothing that has to be installed."""
    allowed = (*sys.stdlib_module_names, "fake_runway.core")
    foreign = [
        f"{source.name}:{use.line}: {use.name}"
        for source in sources("fake_runway/core")
        for use in source.imports
        if not any(within(use.name, one) for one in allowed)
    ]

    assert foreign == []


def test_the_fake_uses_the_wire_and_nothing_else_of_the_contracts() -> None:
    """The fake checks bodies against `contracts.wire`; it does not know the judge."""
    found = [
        use
        for source in sources("fake_runway")
        for use in source.importing("contracts")
        if not within(use.rpartition(" ")[2], "contracts.wire")
    ]

    assert found == []


def test_the_pure_modules_use_no_time_chance_or_environment() -> None:
    """Decisions get `now` and draws as arguments, and use no loop, socket, file or variable.

    The gateway's polling takes a seeded `random.Random` from its caller for the jitter.
    """
    forbidden = (*TIME, *TODAY, *CHANCE, *INPUT_AND_OUTPUT)
    found = [use for source in pure() for use in source.of(*forbidden)]

    jitter = re.compile(r"gateway/flow/polling\.py:\d+: random(\.Random)?")
    assert [use for use in found if not jitter.fullmatch(use)] == []


def test_no_import_is_relative() -> None:
    """Every import has its full name, so that these checks read it."""
    assert [use for source in those() for use in source.importing("a relative import")] == []


# Time, chance, environment, state


def test_only_the_clocks_read_time() -> None:
    """Only clock.py reads the time, the loop's included, and no code sleeps without a clock."""
    forbidden = (*TIME, *TODAY, "asyncio.sleep")
    found = [use for source in those("clock.py") for use in source.of(*forbidden)]
    loops = [
        f"{source.name}:{node.lineno}: {ast.unparse(node)}"
        for source in those("clock.py")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("time", "call_later", "call_at")
    ]

    assert found + loops == []


def test_ids_and_choices_of_the_fake_are_draws() -> None:
    """No generator of random numbers or ids is used anywhere in the fake or in the contracts.

    The options alone draw one secret that must not be guessable: the admin token. The authority of
    an interception hides its key with another one. The pytest plugin names its run where it
    shares a server with runs that it cannot know of.
    """
    packages = sources("fake_runway", "contracts")
    found = [use for source in packages for use in source.of(*CHANCE)]

    token = r"fake_runway/server/options\.py:\d+: secrets(\.token_urlsafe)?"
    run = r"fake_runway/testing/pytest_plugin\.py:\d+: uuid\.uuid4"
    key = r"fake_runway/intercept/authority\.py:\d+: os\.urandom"
    assert [use for use in found if not re.fullmatch(f"{token}|{run}|{key}", use)] == []


def test_only_command_lines_and_configuration_read_the_environment() -> None:
    """A variable is read where programs, or a run of tests, begin, and nowhere below."""
    programs = (
        "cli.py",
        "cases.py",
        "decorating.py",
        "calibrate.py",
        "serve.py",
        "up.py",
        "run.py",
        "places.py",
        "sitecustomize.py",
    )
    outside = those(*programs, "config.py", "options.py", "pytest_plugin.py")

    assert [use for source in outside for use in source.of(*ENVIRONMENT)] == []


def test_the_gpl_test_library_stays_in_the_tests() -> None:
    """async-solipsism is imported under tests/ only, and installed by the test extra only."""
    ours = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in NOT_OURS]
    outside = [read(path) for path in ours if path.relative_to(ROOT).parts[0] != "tests"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    installing = [
        name
        for name, needs in {"": project["dependencies"], **extras}.items()
        if any("solipsism" in need for need in needs)
    ]

    assert len(outside) >= len(those())
    assert [use for source in outside for use in source.importing("async_solipsism")] == []
    assert set(installing) <= {"test", "dev"}


NOT_OURS = {".venv", ".tox", "build", "dist", "node_modules"}


def test_nothing_mutable_stands_at_module_level() -> None:
    """Module and class levels hold constants: read-only types, or ALL_CAPS that nothing changes.

    A list, dict or set there is accepted if it is annotated as read-only (the type checker then
    guards it), or if its name is ALL_CAPS and no file of the product assigns to its items, deletes
    them or calls a method that changes it.
    """
    changed = {name for source in those() for name in changed_names(source)}
    found = []
    for source in those():
        for name, node in mutable_assignments(source):
            if not name.strip("_").isupper() or name in changed:
                found.append(f"{source.name}:{node.lineno}: {name}")

    assert found == []


def test_nothing_is_made_global() -> None:
    """No function rebinds a name of its module."""
    found = [
        f"{source.name}:{node.lineno}"
        for source in those()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]

    assert found == []


def mutable_assignments(source: Source) -> Iterator[tuple[str, ast.stmt]]:
    """Yield what a module or a class binds to something mutable that no annotation guards."""
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    bodies = [source.tree.body, *(one.body for one in classes)]
    for body in bodies:
        for node in body:
            match node:
                case ast.Assign(targets=[ast.Name(id="__all__")]):
                    continue  # the language wants a list
                case ast.Assign(targets=targets, value=value) if is_mutable(source, value):
                    for target in targets:
                        yield ast.unparse(target), node
                case ast.AnnAssign(target=target, annotation=annotation, value=value) if (
                    value is not None and is_mutable(source, value) and not is_read_only(annotation)
                ):
                    yield ast.unparse(target), node


def is_mutable(source: Source, value: ast.expr) -> bool:
    """Return whether evaluating `value` makes a container that can be changed."""
    if isinstance(value, ast.Call):
        return source.dotted(value.func) in MUTABLE_TYPES
    return isinstance(value, MUTABLE_DISPLAYS)


def is_read_only(annotation: ast.expr) -> bool:
    """Return whether an annotation is of a type without methods that change it."""
    text = re.sub(r"^(typing\.)?(Final|ClassVar)\[(.*)\]$", r"\3", ast.unparse(annotation))
    return text.partition("[")[0].rpartition(".")[2] in READ_ONLY_TYPES


def changed_names(source: Source) -> Iterator[str]:
    """Yield the last part of each name whose contents are changed somewhere."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
                yield ast.unparse(value).rpartition(".")[2]
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if (
                method in CHANGING_METHODS
            ):
                yield ast.unparse(value).rpartition(".")[2]
            case ast.AugAssign(target=target):
                yield ast.unparse(target).rpartition(".")[2]


# The checks themselves


def test_the_checks_catch_each_breach(tmp_path: Path) -> None:
    """A file that breaks the rules in many spellings is caught at each of them."""
    lines = (
        "import os, time as clock",
        "from datetime import datetime as moment",
        "from os import environ",
        "from collections import defaultdict",
        "clock.monotonic()",
        "moment.now(None)",
        "os.environ['A']",
        "environ.get('B')",
        "def later():",
        "    import gateway.app",
        "    from . import sibling",
        "seen = []",
        "KEPT = defaultdict(list)",
        "KEPT['a'].append(1)",
        "KEPT['a'] = 2",
        "FINE: Mapping[str, int] = {}",
        "__all__ = []",
    )
    (tmp_path / "made_up.py").write_text("\n".join(lines))
    source = Source(tmp_path / "made_up.py", tmp_path)
    mutable = {name for name, _ in mutable_assignments(source)}

    assert {use.rpartition(" ")[2] for use in source.of(*TIME)} == {
        "time",
        "time.monotonic",
        "datetime.datetime.now",
    }
    assert len(list(source.of(*ENVIRONMENT))) >= 3
    assert len(list(source.importing("gateway", "a relative import"))) == 2
    assert mutable == {"seen", "KEPT"}
    assert "KEPT" in changed_names(source)


# The page that describes it


@pytest.fixture(scope="module")
def architecture() -> str:
    """The text of ARCHITECTURE.md."""
    page = ROOT / "ARCHITECTURE.md"
    if not page.exists():
        pytest.skip("ARCHITECTURE.md has not been written yet")
    return page.read_text()


def test_the_architecture_page_is_short(architecture: str) -> None:
    """It has less than 160 lines, so that it is read."""
    assert len(architecture.splitlines()) < 160


def test_the_table_of_floors_is_on_the_page(architecture: str) -> None:
    """The page shows each row of the table, lowest floor first, as it is checked here."""
    on_the_page = {
        folder: tuple(re.split(r"\s*<\s*", " ".join(rows.split())))
        for folder, rows in re.findall(
            r"^([a-z_/]+): +(.*(?:\n {4}.*)*)$", architecture, re.MULTILINE
        )
        if folder in FLOORS
    }

    assert on_the_page == FLOORS


def test_the_lifecycle_diagrams_are_the_tables() -> None:
    """Each arrow of a diagram is a row of its kind's transition table, and each row an arrow."""
    page = (ROOT / "docs" / "lifecycles.md").read_text()
    diagrams = re.findall(r"```mermaid\s+stateDiagram-v2\n(.*?)```", page, re.DOTALL)
    assert len(diagrams) == len(RUNWAY_API.lifecycles)
    for kind, diagram in zip(RUNWAY_API.lifecycles, diagrams, strict=True):
        arrows = re.findall(r"^ *(\w+) --> (\w+): (\w+) *$", diagram, re.MULTILINE)
        table = [
            (state.name, target.name, event.value)
            for state, row in kind.transitions.items()
            for event, target in row.items()
        ]

        assert sorted(arrows) == sorted(table)
        labelled = [line for line in diagram.splitlines() if "-->" in line]
        assert len(labelled) == len(arrows), "an arrow is not of the form `A --> B: event`"


def test_the_files_on_the_page_exist(architecture: str) -> None:
    """Each file or folder that the page names lies in the repository, or in a package."""
    named = {
        name
        for name in re.findall(r"`([a-z_]+(?:/[a-z_<>.]+)+/?)`", architecture)
        if "<" not in name and not name.startswith("tests/test_")
    }
    lost = [
        name
        for name in named
        if not any((ROOT / start / name).exists() for start in ("", *PACKAGES))
    ]

    assert len(named) > 20
    assert lost == []
