"""How the nodes of a workflow's run go: a pure function of the run's request, plan and time.

A run of a workflow is a task with nodes: the published API says that it starts a task. It has the
states of any task, and is on the same agenda. What its nodes do has no events of its own, as
progress has none: the course follows from the plan when the run starts.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.values import dataclass


class NodeEnd(Enum):
    """What becomes of a node."""

    DONE = "done"
    EMPTY = "empty"  # it is over, and has no output
    FAILED = "failed"
    STUCK = "stuck"  # it runs for ever
    SKIPPED = "skipped"  # a node that it waits for has no output


class OnNodeError(Enum):
    """What a failed node does to its run.

    Attributes:
        STOP: the run fails at that instant.
        CONTINUE: other nodes go on; the run succeeds if one at the end of the graph has an output.
    """

    STOP = "stop"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What goes otherwise with some nodes of a run.

    Attributes:
        node: `first`, `middle`, `last` in the order of their ends, `all`, or an id or a name.
        end: DONE: as usual.
        failure: of FAILED.
    """

    node: str
    end: NodeEnd
    failure: Failure | None = None


class CourseNode(NamedTuple):
    """What a course has to know of a node.

    Attributes:
        usual_s: how long it runs, in seconds.
        after: the places of those that it waits for, all before its own.
    """

    id: str
    name: str
    usual_s: float
    after: tuple[int, ...]


class NodeCourse(NamedTuple):
    """How one node goes: in seconds since the start of its run; `inf`: never."""

    begins_s: float
    ends_s: float
    end: NodeEnd
    failure: Failure | None = None


class Course(NamedTuple):
    """How a run goes: after how many seconds it ends, why it fails, if it does, and its nodes."""

    run_s: float
    failure: Failure | None
    nodes: tuple[NodeCourse, ...]


def course_of(
    nodes: Sequence[CourseNode], plans: Sequence[NodePlan], on_error: OnNodeError
) -> Course:
    """Return how a run goes in which all nodes take their usual time."""
    planned = _planned(nodes, plans)
    ways: list[NodeCourse] = []
    for index, node in enumerate(nodes):
        earlier = [ways[place] for place in node.after]
        if any(each.end is not NodeEnd.DONE for each in earlier):
            ways.append(NodeCourse(math.inf, math.inf, NodeEnd.SKIPPED))
            continue
        begins_s = max((each.ends_s for each in earlier), default=0.0)
        plan = planned.get(index)
        end = NodeEnd.DONE if plan is None else plan.end
        ends_s = math.inf if end is NodeEnd.STUCK else begins_s + node.usual_s
        failure = None if plan is None else plan.failure
        ways.append(NodeCourse(begins_s, ends_s, end, failure))
    failed = [each for each in ways if each.end is NodeEnd.FAILED]
    if failed and on_error is OnNodeError.STOP:
        first = min(failed, key=lambda each: each.ends_s)
        return Course(first.ends_s, first.failure, tuple(ways))
    ends = [each.ends_s for each in ways if each.end is not NodeEnd.SKIPPED]
    run_s = max(ends, default=0.0)
    waited_for = {place for node in nodes for place in node.after}
    last = [each for index, each in enumerate(ways) if index not in waited_for]
    lost = failed and not any(each.end in (NodeEnd.DONE, NodeEnd.EMPTY) for each in last)
    return Course(run_s, failed[0].failure if lost else None, tuple(ways))


def _planned(nodes: Sequence[CourseNode], plans: Sequence[NodePlan]) -> dict[int, NodePlan]:
    """Return the plans by the places of their nodes; of two for one node, the later."""
    if not plans:
        return {}
    ends: list[float] = []
    for node in nodes:
        begins_s = max((ends[place] for place in node.after), default=0.0)
        ends.append(begins_s + node.usual_s)
    order = sorted(range(len(nodes)), key=lambda place: (ends[place], place))
    places = {"first": order[:1], "last": order[-1:], "all": order}
    places["middle"] = order[(len(order) - 1) // 2 :][:1]
    planned: dict[int, NodePlan] = {}
    for plan in plans:
        named = [place for place, node in enumerate(nodes) if plan.node in (node.id, node.name)]
        for place in places.get(plan.node, named):
            planned[place] = plan
    return planned
