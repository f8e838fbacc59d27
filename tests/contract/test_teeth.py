"""The judge judged: it catches every broken gateway, and finds nothing wrong with correct ones.

Runs mostly wait, so many gateways are judged side by side, each in a world of its own on one fake.
By default every third broken gateway is tried; FAKE_RUNWAY_TEETH=full tries all.
"""

import asyncio
import os
from collections.abc import Mapping

import pytest
import pytest_asyncio

from contracts.requirements import REQUIREMENTS
from contracts.target import Output
from tests.contract.broken_gateways import BROKEN, Broken
from tests.contract.judged import Judge, fake_process, findings
from tests.contract.small_gateway import served

AT_ONCE = 14
FULL = os.environ.get("FAKE_RUNWAY_TEETH") == "full"
TRIED = BROKEN if FULL else BROKEN[::3]

Findings = Mapping[str, list[str]]


async def judged(broken: Broken, fake_url: str) -> Findings:
    """Judge one broken gateway."""
    output = Output()
    declared_s = broken.declared_s or broken.deadline_s
    shape = broken.declared or broken.shape
    judge = Judge(fake_url, broken.name, shape, declared_s, broken.alone)
    gateway = served(
        broken.kind,
        fake_url,
        judge.secret,
        output,
        shape=broken.shape,
        deadline_s=broken.deadline_s,
    )
    return findings(await judge.judge(gateway, output))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def verdicts() -> Mapping[str, Findings]:
    """What was found out about each broken gateway, by its name."""
    room, found = asyncio.Semaphore(AT_ONCE), dict[str, Findings]()

    async def one(broken: Broken) -> None:
        async with room:
            found[broken.name] = await judged(broken, fake_url)

    async with fake_process() as fake_url, asyncio.TaskGroup() as group:
        for broken in sorted(TRIED, key=lambda each: (-each.alone, -each.deadline_s)):
            group.create_task(one(broken))
    return found


def caught(broken: Broken, found: Findings) -> bool:
    """Tell whether the named requirement has failed."""
    return broken.caught_by in found


@pytest.mark.parametrize("broken", TRIED, ids=lambda each: each.name)
def test_a_broken_gateway_is_caught_by_its_requirement_alone(
    broken: Broken, verdicts: Mapping[str, Findings]
) -> None:
    """The requirement that it breaks fails, and no other but those that it implies."""
    found = verdicts[broken.name]
    others = {id_: why for id_, why in found.items() if id_ not in {broken.caught_by, *broken.also}}

    assert caught(broken, found), f"{broken.about} Not caught; found: {found}"
    assert others == {}, broken.about


def test_the_kill_score_is_full(
    verdicts: Mapping[str, Findings], capsys: pytest.CaptureFixture[str]
) -> None:
    """All broken gateways are caught; the score is printed."""
    survivors = [each.name for each in TRIED if not caught(each, verdicts[each.name])]
    with capsys.disabled():
        print(f"\nkill score: {len(TRIED) - len(survivors)} of {len(TRIED)}")  # noqa: T201  # for people

    assert survivors == []


def test_every_requirement_kills_a_gateway() -> None:
    """A requirement that no broken gateway is there for would be worth nothing."""
    assert {each.id for each in REQUIREMENTS} == {each.caught_by for each in BROKEN}


def test_the_table_of_broken_gateways_is_in_order() -> None:
    """There are at least 45, names differ, and whatever is allowed exists and has a reason."""
    known = {each.id for each in REQUIREMENTS}

    assert len(BROKEN) >= 45
    assert len({each.name for each in BROKEN}) == len(BROKEN)
    assert {id_ for each in BROKEN for id_ in each.also} <= known
    assert all(reason for each in BROKEN for reason in each.also.values())
