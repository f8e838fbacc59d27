"""The judge on the servers of the guides, unedited: its findings are in docs/seed-verdicts.md.

All five run side by side, each in front of a fake of its own. In all situations they take minutes:
their deadlines of 30 s (or none) are their own, and nothing here may change them.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.judge.case import Requirement
from contracts.judge.requirements import REQUIREMENTS
from tests.clients.judged import Server, TakePort, found, judge_all
from tests.clients.npm import Node
from tests.clients.seeds import FOLDER, Seed, read_seeds
from tests.clients.test_seeds import SEEDS, build, serve_command

PAGE = (Path(__file__).parents[2] / "docs" / "seed-verdicts.md").read_text()
TIMEOUT_S = 30.0
_ROW = re.compile(r"^\| `([a-z.-]+)` \| (?:`` (.+?) ``|`(.+?)`) \| (.+) \|$", re.MULTILINE)
NAMES = [each.name for each in SEEDS]


@pytest.fixture(scope="module")
def seeds() -> dict[str, Seed]:
    """The seeds by name, or a skip where their documents are not."""
    try:
        return dict(zip(NAMES, read_seeds(), strict=True))
    except FileNotFoundError:
        pytest.skip(f"needs the seed documents in {FOLDER}")


def rows(name: str) -> dict[str, str]:
    """Return the requirements that the page lists for a seed, with the words that it quotes."""
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return {id_: fenced or plain for id_, fenced, plain, _ in _ROW.findall(section)}


def test_the_page_lists_each_once() -> None:
    """Every seed has its section, and every line of a table is read by these tests."""
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == NAMES
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert sum(len(rows(name)) for name in NAMES) == len(lines)


@pytest.mark.parametrize("name", NAMES)
def test_quoted_words_are_in_the_seed(name: str, seeds: dict[str, Seed]) -> None:
    """The quoted cause of a finding stands in that server."""
    assert {words for words in rows(name).values() if words not in seeds[name].code} == set()


REFUSALS = [
    each
    for each in REQUIREMENTS
    if each.id.startswith("request.") and each.id != "request.preset"  # about every success
]
"""Those that say which requests are refused: they are judged in seconds."""


@pytest.mark.alone
@pytest.mark.parametrize(
    "requirements",
    [REFUSALS, pytest.param(REQUIREMENTS, marks=pytest.mark.exhaustive)],
    ids=["refusals", "all"],
)
async def test_findings_of_each_seed(
    requirements: Sequence[Requirement],
    seeds: dict[str, Seed],
    node: Node,
    tmp_path: Path,
    take_port: TakePort,
) -> None:
    """Of some requirements exactly those that the page lists are broken, for each of the five."""
    ports = [take_port() for _ in seeds]
    servers = []
    for (name, seed), port in zip(seeds.items(), ports, strict=True):
        (folder := tmp_path / name).mkdir()
        command = serve_command(seed, node, await build(seed, node, folder))
        servers.append(Server(name, command, port, {"SERVE_AT": str(port)}, TIMEOUT_S))
    reports = await judge_all(servers, requirements=requirements)
    findings = {name: found(report) for name, report in reports.items()}
    judged = {each.id for each in requirements}
    wrong = {
        name: {id_: ids.get(id_, "not found") for id_ in (rows(name).keys() & judged) ^ ids.keys()}
        for name, ids in findings.items()
    }
    assert {name: each for name, each in wrong.items() if each} == {}
