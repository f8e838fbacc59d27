"""What a workflow's run costs that does not succeed, node by node.

Its picture (5 credits) and its speech (5) begin at once and take 10 s and 8 s; its film (60) waits
for the picture. A run begins 5 s after its create.
"""

from __future__ import annotations

import pytest

from fake_runway.core.durations import Fixed
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.task_calls import create_task, delete_task, get_task
from fake_runway.core.tasks.courses import NodeEnd, NodePlan
from fake_runway.core.tasks.rules import TaskCost, TaskCosts
from fake_runway.core.tasks.task import TaskPlan
from tests.unit.fake_runway.core.playing import START
from tests.unit.fake_runway.core.tasks.playing import BROKEN, MODERATED, WORKFLOW, account_with

FULL, ZERO, DOCUMENTED = TaskCost.FULL, TaskCost.ZERO, TaskCost.DOCUMENTED
BEGINS_S = 5.0
ALL = {"brush": 5, "voice": 5, "film": 60}


def plan(node: str = "", failure: Failure = BROKEN) -> TaskPlan:
    """Return a plan in which a node fails."""
    nodes = (NodePlan(node, NodeEnd.FAILED, failure),) if node else ()
    return TaskPlan(pending=Fixed(BEGINS_S), nodes=nodes)


@pytest.mark.parametrize(
    ("at_s", "cancelled", "costs"),
    [
        (1.0, FULL, {}),  # no node has begun
        (BEGINS_S, FULL, {"brush": 5, "voice": 5}),
        (BEGINS_S + 9, FULL, {"brush": 5, "voice": 5}),
        (BEGINS_S + 9, ZERO, {"voice": 5}),  # the picture was not ready
        (BEGINS_S + 9, DOCUMENTED, {"voice": 5}),
        (BEGINS_S + 10, ZERO, {"brush": 5, "voice": 5}),
        (BEGINS_S + 10, FULL, ALL),
    ],
)
@pytest.mark.parametrize("failed", TaskCost)
def test_a_run_that_is_cancelled_costs_what_has_run(
    at_s: float, cancelled: TaskCost, costs: dict[str, int], failed: TaskCost
) -> None:
    """What had not begun is given back, what still ran by the switch for cancelled tasks alone."""
    account = account_with(task=plan(), task_costs=TaskCosts(failed, cancelled))
    run = create_task(account, WORKFLOW, at=START)
    assert account.spent == sum(ALL.values())
    delete_task(account, run.id, at=START + at_s)
    by_model = {model: credits for (_, model), credits in account.tasks.spent.items() if credits}
    assert by_model == costs
    assert account.spent == account.tasks.by_id[run.id].cost == sum(costs.values())


@pytest.mark.parametrize(
    ("node", "failure", "failed", "costs"),
    [
        ("say", BROKEN, FULL, {"brush": 5, "voice": 5}),  # the picture still ran
        ("say", BROKEN, DOCUMENTED, {}),
        ("say", MODERATED, DOCUMENTED, {"voice": 5}),
        ("say", MODERATED, ZERO, {}),
        ("draw", BROKEN, DOCUMENTED, {"voice": 5}),
        ("draw", MODERATED, DOCUMENTED, {"brush": 5, "voice": 5}),
        ("move", BROKEN, DOCUMENTED, {"brush": 5, "voice": 5}),
        ("move", BROKEN, FULL, ALL),
        ("move", MODERATED, DOCUMENTED, ALL),
        ("move", MODERATED, ZERO, {"brush": 5, "voice": 5}),
    ],
)
@pytest.mark.parametrize("cancelled", TaskCost)
def test_a_run_that_fails_costs_what_was_made(
    node: str, failure: Failure, failed: TaskCost, costs: dict[str, int], cancelled: TaskCost
) -> None:
    """A node that failed, and one that ran then, cost by the switch for failed tasks alone."""
    account = account_with(task=plan(node, failure), task_costs=TaskCosts(failed, cancelled))
    run = create_task(account, WORKFLOW, at=START)
    ended = get_task(account, run.id, at=START + BEGINS_S + 100)
    by_model = {model: credits for (_, model), credits in account.tasks.spent.items() if credits}
    assert by_model == costs
    assert account.spent == ended.cost == sum(costs.values())
