"""Admin operations that wait for a state or for calls, so that tests need not sleep.

A wait ends when its condition holds, or after its timeout. The timeout is real time, because the
world's clock may stand still.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict, next_due_at
from fake_runway.admin_api.declaration import WorldWait, operation
from fake_runway.admin_api.journal import gone_matching, matches
from fake_runway.clock import next_turn
from fake_runway.core.durations import parse_span
from fake_runway.core.history.journal import Exchange, Resource
from fake_runway.core.history.views import exchange_body, session_view, task_view
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, ResourceKind
from fake_runway.web.replies import Reply
from fake_runway.worlds.waiting import Topic
from fake_runway.worlds.world import World

LONGEST_WAIT_S = 120.0
_DEFAULT_WAIT = "5s"

T = TypeVar("T")
R = TypeVar("R", bound=Resource)


class WaitTimedOut(AdminRefused):
    """The condition of a wait did not hold before its timeout."""

    code = "waited_in_vain"
    status = 408


@operation(
    "awaitSession", "POST /await/session", WorldWait, takes="SessionWait", answers="SessionView"
)
async def await_session(call: AdminCall) -> Reply:
    """Answer a session as soon as one is in one of the given states."""
    account = call.world.account
    session = await await_resource(call, SESSION, account.sessions, lambda: account.evicted)
    return Reply(200, session_view(session))


@operation("awaitTask", "POST /await/task", WorldWait, takes="TaskWait", answers="TaskView")
async def await_task(call: AdminCall) -> Reply:
    """Answer a task as soon as one is in one of the given states."""
    tasks = call.world.account.tasks
    task = await await_resource(call, TASK, tasks.by_id, lambda: tasks.evicted)
    return Reply(200, task_view(task, call.world.clock.now()))


async def await_resource(
    call: AdminCall,
    kind: ResourceKind,
    resources: Mapping[str, R],
    evicted: Callable[[], int] = lambda: 0,
) -> R:
    """Return the resource that the body names, or any, once it is in one of the body's states.

    Args:
        evicted: returns how many that ended are no longer kept.

    Raises:
        WaitTimedOut.
    """
    states = {state for state in kind.transitions if state.value in call.body["states"]}
    id_ = str(call.body.get(kind.name, "")).lower()

    def found() -> R | None:
        if id_:
            named = resources.get(id_)
            return named if named is not None and named.state in states else None
        return next((each for each in resources.values() if each.state in states), None)

    watch = call.world.resources_watched.watching(
        Topic(subject=id_), lambda resource: resource.state in states
    )
    reached = await _until(call, found, watch=watch)
    if reached is not None:
        return reached
    known = resources.get(id_)
    none = f"there is no such {kind.name}" if id_ else f"none of {len(resources)} is"
    if gone := evicted():
        none += f", but {gone} that ended are no longer kept"
    got = f"it is {known.state.value}" if known else none
    wanted = " or ".join(state.value for state in kind.transitions if state in states)
    which = f"{kind.name} {id_}" if id_ else f"a {kind.name}"
    raise WaitTimedOut(f"Waited for {which} to be {wanted}; {got}. {_time(call.world)}")


@operation("awaitCalls", "POST /await/calls", WorldWait, takes="CallsWait", answers="CallsSeen")
async def await_calls(call: AdminCall) -> Reply:
    """Answer the matching calls as soon as there are enough; earlier calls count."""
    filters, since = call.body.get("match", {}), call.body.get("since", 0)
    count: int = call.body.get("count", 1)
    world = call.world

    def matching() -> list[Exchange]:
        every = world.log.exchanges
        return [each for each in every if each.number >= since and matches(each, filters)]

    def found() -> list[Exchange] | None:
        # calls that come are counted as they come; only a journal that was cleared makes that wrong
        if missing[0] > 0 and counted[0] and not world.log.deleted:
            return None
        counted[0] = True
        fitting = matching()
        # calls that the journal no longer keeps count as well
        missing[0] = count - len(fitting)
        if missing[0] > 0 and world.log.evicted.calls:
            missing[0] -= gone_matching(world, filters, since=since).certain
        return fitting if missing[0] <= 0 else None

    def is_last(exchange: Exchange) -> bool:
        if exchange.number >= since and matches(exchange, filters):
            missing[0] -= 1
        return missing[0] <= 0

    missing, counted = [count], [False]
    subject = next(iter(RUNWAY_API.subjects_in(filters)), NO_SUBJECT)
    watch = world.calls_watched.watching(Topic(filters.get("operation", ""), subject.id), is_last)
    exchanges = await _until(call, found, watch=watch)
    gone = gone_matching(world, filters, since=since)
    if exchanges is None:
        so_far = f"there are {count - missing[0]}"
        if gone.uncertain:
            so_far += f", and {gone.uncertain} that are no longer kept may be among them"
        raise WaitTimedOut(f"Waited for {count} matching calls; {so_far}. {_time(world)}")
    return Reply(
        200,
        {
            "exchanges": [exchange_body(each) for each in exchanges],
            "gone": gone.certain,
            "uncertain": gone.uncertain,
        },
    )


def _timeout(call: AdminCall) -> float:
    try:
        timeout_s = parse_span(call.body.get("timeout", _DEFAULT_WAIT))
    except ValueError as error:
        raise AdminRefused(str(error), where="$.timeout") from error
    if timeout_s > LONGEST_WAIT_S:
        raise AdminRefused(
            f"Expected a timeout of at most {LONGEST_WAIT_S:g}s, got {timeout_s:g}s.",
            where="$.timeout",
        )
    return timeout_s


def _time(world: World) -> str:
    due, rate = next_due_at(world), world.clock.rate
    pace = "The world's clock stands still" if rate == 0 else f"The world's clock goes at {rate:g}"
    if due is None:
        return f"{pace}, and nothing is due."
    left = max(0.0, due - world.clock.now())
    return f"{pace}, and the next event is due in {left:.3f}s."


async def _until(
    call: AdminCall,
    found: Callable[[], T | None],
    *,
    watch: AbstractContextManager[asyncio.Event],
) -> T | None:
    """Return what `found` returns as soon as that is not None; None after the timeout.

    Args:
        watch: sets its event whenever `found` may return something else than before.

    Raises:
        Conflict: the world was dropped or reset, so nothing more happens in it.
    """
    world, timeout_s = call.world, _timeout(call)

    async def poll() -> T | None:
        await world.catch_up()
        if call.worlds.get(world.name) is not world:
            if call.worlds.has_moved(world):
                call.worlds.used(world.name)  # which has the request handled where it is
            raise Conflict("The world was dropped or reset during the wait.")
        async with call.worlds.looking:  # else those whose time is up look all at once
            await next_turn()
            return found()

    with (
        watch as seen,
        world.kept_up(),
        call.worlds.alarms.after(timeout_s, seen) as time_up,
    ):
        while True:
            is_last = time_up.rung  # else what is due at the same moment may be missed
            if (result := await poll()) is not None or is_last:
                return result
            await seen.wait()
            seen.clear()
