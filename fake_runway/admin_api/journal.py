"""Admin operations on the journal, and the findings about the client that follow from it."""

import asyncio
from collections.abc import Sequence
from functools import partial

from fake_runway.admin_api.calls import AdminCall, limit_of
from fake_runway.admin_api.declaration import WorldScoped, WorldWait, operation
from fake_runway.admin_api.requests import (
    BEFORE,
    FAULT,
    LIMIT,
    METHOD,
    OPERATION,
    SESSION,
    STATUS,
    TASK_ID,
)
from fake_runway.core.history.evicted import Counted
from fake_runway.core.history.findings import Finding, finding_body, findings
from fake_runway.core.history.journal import Exchange
from fake_runway.core.history.views import exchange_body
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.types import Json
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

_LONG_LOG = 2_000  # entries


@operation(
    "getJournal",
    "GET /journal",
    WorldScoped,
    answers="Journal",
    query=(OPERATION, METHOD, SESSION, TASK_ID, STATUS, FAULT, LIMIT, BEFORE),
)
def get_journal(call: AdminCall) -> Reply:
    """Answer the newest exchanges that match the filters, oldest first."""
    return _newest(call, call.query)


def _newest(call: AdminCall, filters: Json) -> Reply:
    log, before = call.world.log, call.query.get("before")
    fitting = [each for each in log.exchanges if matches(each, filters)]
    older = [each for each in fitting if before is None or each.number < int(before)]
    gone = gone_matching(call.world, filters)
    return Reply(
        200,
        {
            "exchanges": [exchange_body(each) for each in older[-limit_of(call.query) :]],
            "total": len(fitting) + gone.certain,
            "gone": gone.certain,
            "uncertain": gone.uncertain,
            "dropped": log.dropped,
        },
    )


def gone_matching(world: World, filters: Json, *, since: int = 0) -> Counted:
    """Return how many exchanges that match the filters the journal no longer keeps."""
    return world.log.evicted.matching(filters, RUNWAY_API.subjects_in(filters), since=since)


def matches(exchange: Exchange, filters: Json) -> bool:
    """Return whether an exchange matches all of the filters; without filters it does."""
    return (
        filters.get("operation", exchange.operation) == exchange.operation
        and filters.get("method", exchange.method) == exchange.method
        and RUNWAY_API.subjects_in(filters) <= {exchange.subject}
        # a text in a query, a number in a body (200.0 is an integer in JSON Schema)
        and filters.get("status", exchange.status) in (exchange.status, str(exchange.status))
        and filters.get("fault") in (None, *exchange.faults)
    )


@operation(
    "getUnmatched", "GET /journal/unmatched", WorldScoped, answers="Journal", query=(LIMIT, BEFORE)
)
def get_unmatched(call: AdminCall) -> Reply:
    """Answer the requests for unknown routes, each with its near miss."""
    return _newest(call, {"operation": ""})


@operation("clearJournal", "DELETE /journal", WorldScoped)
def clear_journal(call: AdminCall) -> Reply:
    """Delete all entries. The run so far can no longer be replayed."""
    call.world.log.clear()
    call.world.notify()  # its listeners
    return Reply(204)


@operation("getFindings", "GET /findings", WorldWait, answers="FindingList")
async def get_findings(call: AdminCall) -> Reply:
    """Answer the findings about the client."""
    gone = call.world.log.dropped + call.world.log.lost_moves
    found = await findings_of(call.world, at=call.at)
    return Reply(200, {"findings": [finding_body(each) for each in found], "gone": gone})


async def findings_of(world: World, *, at: float) -> Sequence[Finding]:
    """Return the findings about the clients of a world, at an instant of its clock."""
    log = world.log
    find = partial(
        findings,
        log.entries(),
        resources={**world.account.sessions, **world.account.tasks.by_id},
        now=at,
        rate=world.first_rate if log.rate_before is None else log.rate_before,
        clock_lost=log.clock_lost,
        acts_lost=log.deleted or log.evicted.acts > 0,
        vocabulary=world.vocabulary,
    )
    # entries do not change any more, so that other worlds can go on meanwhile
    return find() if len(log) < _LONG_LOG else await asyncio.to_thread(find)
