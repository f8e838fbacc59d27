"""The judge judged: it catches every broken gateway, each by the requirement that it breaks.

The number of caught ones is printed at the end of the run: `tests/conftest.py`.
"""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from contracts.judge.case import Requirement
from contracts.judge.output import Output
from contracts.judge.requirements import REQUIREMENTS
from tests.contract.broken.catalogue import BROKEN
from tests.contract.broken.table import Broken
from tests.contract.judged import SECRET, SimulatedJudge, findings
from tests.contract.small_gateway import served

SENTENCE = re.compile(r"[a-z0-9-]+: expected (?=.*[A-Za-z]{3}).+, got (?=.*[a-z]{3})(?!.*None).+")
"""A breach names things on both sides: no number stands alone, and no type of Python."""


def judged(
    broken: Broken, about: Sequence[Requirement] = (), *, quick: bool = False
) -> dict[str, list[str]]:
    """Judge one broken gateway in the situations that some requirements are about, or in all."""

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        return served(
            broken.kind,
            fake_url,
            SECRET,
            output,
            shape=broken.shape,
            deadline_s=broken.deadline_s,
        )

    declared_s = broken.declared_s or broken.deadline_s
    shape = broken.declared or broken.shape
    judge = SimulatedJudge(shape, declared_s, broken.alone, about, quick=quick)
    return findings(judge.judge(serve))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.name)
def test_a_broken_gateway_is_caught_by_its_requirement_alone(broken: Broken) -> None:
    """The requirement that it breaks fails, and no other but those that it implies.

    In the quick situations, or, where it is not caught there, in all that the requirement is about.
    """
    about = [each for each in REQUIREMENTS if each.id == broken.caught_by]
    found = judged(broken, about, quick=True)
    _check(broken, found if broken.caught_by in found else judged(broken, about))


_NOT_ITS_SESSION = {  # what is handed out is no session that it created
    "unexpected.extra-keys",
    "unexpected.options",
    "unexpected.own-credentials",
}
ELSEWHERE: dict[str, set[str]] = {
    "AnswersOnceCancelled": {"time.deadline"},  # beside cancels that are slow
    "ConsumesUndeclared": {  # a reset consume is a defect of its own there
        *("cancel.after-a-failure", "error.json", "shape.content-type"),
    },
    "CreatesFirst": {"unexpected.method"},  # it creates before it looks at the method
    "DefaultForAnyMethod": {"poll.stops"},  # its sessions for other methods have the same avatar
    "KeepsCredentials": {  # it succeeds whatever happens meanwhile
        *("state.running", "terminal.is-a-failure", "upstream.consume", "upstream.create"),
        *_NOT_ITS_SESSION,
    },
    "NoVersion": {"unexpected.own-credentials"},  # the version is not its own either
    "NoVersionOnPolls": {"unexpected.own-credentials"},
    "OnlyAUrl": _NOT_ITS_SESSION,
    "OwnId": _NOT_ITS_SESSION,
    "PollErrorIs200": {"shape.one-of-two"},  # a success without credentials
    "PollsOnce": {"slow.poll"},  # one poll is never enough
    "PollsTooSlowly": {"slow.poll"},
    "SnakeCase": _NOT_ITS_SESSION,
    "Wrapped": _NOT_ITS_SESSION,
}
"""What a gateway breaks as well, in situations that its requirement is not about."""


@pytest.mark.exhaustive
@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.name)
def test_a_broken_gateway_breaks_nothing_else_in_any_situation(broken: Broken) -> None:
    """The same in all situations, also in those that its requirement is not about."""
    elsewhere = ELSEWHERE.get(broken.name, set())
    _check(broken, {id_: why for id_, why in judged(broken).items() if id_ not in elsewhere})


def _check(broken: Broken, found: dict[str, list[str]]) -> None:
    others = {id_: why for id_, why in found.items() if id_ not in {broken.caught_by, *broken.also}}

    for line in (each for lines in found.values() for each in lines):
        assert SENTENCE.fullmatch(line), line
    assert broken.caught_by in found, f"{broken.about} Not caught; found: {found}"
    assert others == {}, broken.about


def test_every_requirement_kills_a_gateway() -> None:
    """Each requirement catches a broken gateway of its own."""
    assert {each.id for each in REQUIREMENTS} == {each.caught_by for each in BROKEN}


def test_the_table_of_broken_gateways_is_in_order() -> None:
    """There are at least 45, names differ, and what `also` names exists and has a reason."""
    known = {each.id for each in REQUIREMENTS}

    assert len(BROKEN) >= 45
    assert len({each.name for each in BROKEN}) == len(BROKEN)
    assert {id_ for each in BROKEN for id_ in each.also} <= known
    assert all(reason for each in BROKEN for reason in each.also.values())
