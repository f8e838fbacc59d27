"""Every requirement has a repair, whose code is code."""

import subprocess
from pathlib import Path
from shutil import which
from textwrap import indent

import pytest
from click.testing import CliRunner

from contracts.cli import main
from contracts.judge.repairs import repair_of
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.spellings import KEY

EVERY = [each.id for each in REQUIREMENTS]
PAGES = Path(__file__).parents[4] / "contracts/judge/repairs"


def short(id_: str) -> str:
    """Return the id for the name of a test."""
    return id_


@pytest.mark.parametrize("id_", EVERY, ids=short)
def test_every_requirement_has_a_repair_in_words_and_in_two_languages(id_: str) -> None:
    """Words are a sentence, and the code is a few lines."""
    repair = repair_of(id_)

    assert repair.text.endswith(".")
    assert 0 < len(repair.node.splitlines()) <= 20
    assert 0 < len(repair.python.splitlines()) <= 20
    assert not KEY.search(repair.node + repair.python)


@pytest.mark.parametrize("id_", EVERY, ids=short)
def test_the_python_of_a_repair_compiles(id_: str) -> None:
    """It stands in an asynchronous function, where `await` and `return` are allowed."""
    compile(f"async def connect():\n{indent(repair_of(id_).python, '    ')}\n", id_, "exec")


@pytest.mark.skipif(which("node") is None, reason="node checks the code for Node")
@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_node_accepts_the_code_for_node(page: Path, tmp_path: Path) -> None:
    """`node --check` takes every snippet of a page, each in an asynchronous function."""
    mine = dict.fromkeys(repair_of(id_).node for id_ in EVERY if id_.startswith(f"{page.stem}."))
    code = [f"async function connect{at}(req, res) {{\n{one}\n}}" for at, one in enumerate(mine)]
    (file := tmp_path / f"{page.stem}.mjs").write_text("\n".join(code))

    ran = subprocess.run(["node", "--check", file], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert mine


def test_no_repair_is_for_a_requirement_that_is_gone() -> None:
    """Every id in a heading is that of a requirement, once."""
    lines = (line for page in PAGES.glob("*.md") for line in page.read_text().splitlines())
    ids = [id_ for line in lines if line.startswith("## ") for id_ in line[3:].split(", ")]

    assert sorted(ids) == sorted(EVERY)


def test_explain_shows_the_repair() -> None:
    """After the reason and the source come words, Node and Python."""
    result = CliRunner().invoke(main, ["explain", "poll.waits@ready-at-once"])
    repair = repair_of("poll.waits")

    assert result.exit_code == 0
    parts = ["Why:", "Source:", f"Repair: {repair.text}", "\nNode:\n", "\nPython:\n", "Judged in"]
    at = [result.output.index(each) for each in parts]
    assert at == sorted(at)
    assert indent(repair.python, "    ") in result.output


@pytest.mark.parametrize(
    ("id_", "words"),
    [
        ("many.side-by-side", "Judged in all situations\n"),
        ("shape.content-type", "Judged in all situations but:\n  big-body "),
        ("request.big-body", "Judged in 1 situation:\n  big-body "),
        ("consume.with-the-key", " situations:\n  ready-at-once "),
    ],
)
def test_explain_names_situations_as_the_contract_does(id_: str, words: str) -> None:
    """Those that a requirement is about, or that it is not about if these are fewer."""
    result = CliRunner().invoke(main, ["explain", id_])

    assert words in result.output


@pytest.mark.parametrize("id_", ["no.such", "poll.nothing"])
def test_there_is_no_repair_of_what_is_no_requirement(id_: str) -> None:
    """The error has the id."""
    with pytest.raises(LookupError, match=id_):
        repair_of(id_)
