"""What a run is to do with a target."""

import pytest

from contracts.judge.run import RunOptions
from contracts.judge.target import Target
from contracts.judge.verdict import ONLY_IN_FULL

CHOOSES = Target("http://127.0.0.1:1/connect", template="{}")
GET = Target("http://127.0.0.1:1/connect?who=$AVATAR", method="GET")


@pytest.mark.parametrize("target", [CHOOSES, GET], ids=["it chooses the avatar", "GET"])
def test_quick_leaves_out_only_what_a_full_run_plays(target: Target) -> None:
    """What has no meaning for the target has that reason, in both profiles."""
    quick = RunOptions(quick=True).plan("wss://media.invalid", target)
    full = RunOptions().plan("wss://media.invalid", target)
    reasons = {each.id: why for each, why in reversed(quick.not_applicable)}

    assert [each.id for each in full.situations if each.id in quick.left_out]
    assert {*quick.left_out} | {each.id for each in quick.situations} == {
        each.id for each in full.situations
    }
    for situation, why in full.not_applicable:
        assert reasons[situation.id] == why != ONLY_IN_FULL
