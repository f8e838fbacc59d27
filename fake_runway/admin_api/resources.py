"""What the admin operations on sessions and on tasks share."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Any, TypeVar

from fake_runway.admin_api.calls import AdminCall, AdminRefused, limit_of
from fake_runway.clock import next_turn
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.history.evicted import Counted
from fake_runway.core.history.journal import Resource
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import ResourceKind
from fake_runway.core.types import Json

R = TypeVar("R", bound=Resource)

_VIEWS_OF_A_TURN = 500


async def newest(
    call: AdminCall, resources: Mapping[str, R], view: Callable[[R], Json]
) -> list[Json]:
    """Return the views of the resources that a call asks for, newest first."""
    state, limit = call.query.get("state"), limit_of(call.query)
    # a copy of very many takes long, and only who gives turns to others needs one
    ids: Any = resources if limit < _VIEWS_OF_A_TURN else [*resources]
    every = (resources[each] for each in reversed(ids) if each in resources)
    fitting = (each for each in every if state in (None, each.state.value))
    views: list[Json] = []
    for each in islice(fitting, limit):
        views.append(view(each))
        if len(views) % _VIEWS_OF_A_TURN == 0:
            await next_turn()
    return views


def way(kind: ResourceKind, start: Enum, target: Enum) -> tuple[Any, ...]:
    """Return the shortest sequence of events from one state to another (breadth-first search).

    Raises:
        IllegalTransition: none leads there.
    """
    ways: deque[tuple[Enum, tuple[Any, ...]]] = deque([(start, ())])
    seen = {start}
    while ways:
        state, events = ways.popleft()
        if state is target:
            return events
        for event, after in kind.transitions[state].items():
            if after not in seen and event not in kind.automatic:
                seen.add(after)
                ways.append((after, (*events, event)))
    raise IllegalTransition(f"no events lead from {start.value} to {target.value}")


def failure_in(body: Mapping[str, Any], kind: ResourceKind, *, fails: bool) -> Failure | None:
    """Return the failure that a body gives.

    Raises:
        AdminRefused: it gives one for something that does not fail.
    """
    given = body.get("failure")
    if given is not None and not fails:
        raise AdminRefused(
            f"Expected a failure only for a {kind.name} that fails, got one for another.",
            where="$.failure",
        )
    return None if given is None else Failure(given["code"], given["text"])


def gone_lines(gone: Counted, kind: ResourceKind) -> Iterator[str]:
    """Yield what a timeline says of entries that are no longer kept."""
    if gone.certain:
        yield f"({gone.certain} earlier entries are no longer kept)"
    if gone.uncertain:
        older = f"older {kind.name}s"
        yield f"({gone.uncertain} entries about {older} are no longer kept, perhaps of this)"
