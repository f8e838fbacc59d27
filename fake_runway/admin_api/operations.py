"""The admin API: everything about a world that a test wants to see or choose.

Like the operations of the Runway API: plain functions from a call to a reply, listed in a table.
Those marked `acts` change the world; they are written down and are part of a replay. All of them
run at one instant of the world's clock, with its account up to date.

Shapes: `contracts/wire/schemas/admin.json`. Ours alone; nothing of it exists at Runway.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fake_runway.admin_api.calls import ROOT, AdminCall, AdminOperation, AdminRefused
from fake_runway.admin_api.journal import clear_journal, get_findings, get_journal, get_unmatched
from fake_runway.admin_api.scenarios import (
    add_fault,
    bind_avatar,
    get_scenario,
    list_faults,
    list_scenarios,
    put_scenario,
    remove_fault,
    remove_faults,
    unbind_avatar,
)
from fake_runway.admin_api.sessions import (
    get_admin_session,
    get_credits,
    get_timeline,
    list_sessions,
    make_session,
    occur,
    put_credits,
)
from fake_runway.admin_api.worlds import (
    delete_snapshot,
    drop_world,
    fork_world,
    get_clock,
    get_world,
    list_snapshots,
    list_worlds,
    move_clock,
    reset_world,
    restore_snapshot,
    set_clock_rate,
    take_snapshot,
)
from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.web.bodies import Body
from fake_runway.web.replies import Reply
from fake_runway.worlds.acts import scenario_act


def carry_out(operation: AdminOperation, call: AdminCall) -> Reply:
    """Carry out an operation that is about one world and takes no time.

    One that changes the world is written down if it succeeds. Its number is taken first, so that
    the moves it causes come after it; a refused one leaves no gap, since nothing can have moved.
    """
    if operation.carry_out is None:
        raise AdminRefused("This operation is not about one world.")
    world, log = call.world, call.world.log
    world.account.advance(call.at)
    if not operation.acts:
        return operation.carry_out(call)
    number = log.number()
    try:
        reply = operation.carry_out(call)
    except Refused:
        log.next_number = number
        raise
    of_session = "{id}" in operation.template
    subject = Subject(SESSION.name, call.name.lower()) if of_session else NO_SUBJECT
    log.add_act(Act(number, call.at, operation.id, subject, _given(call, operation, reply)))
    world.notify()
    return reply


def _given(call: AdminCall, operation: AdminOperation, reply: Reply) -> Mapping[str, Any]:
    """Return the body of an act as it is written down: complete in itself.

    A scenario chosen by name is written as data too, because another server may not know the name.
    """
    match operation.id:
        case "putScenario":
            return scenario_act(call.world.scenario)
        case "addFault":
            return {**call.body, "name": reply.body["name"]}
        case "removeFault":
            return {"name": call.name}
        case "bindAvatar":
            return {"avatar": call.name.lower(), "session": call.body}
        case "unbindAvatar":
            return {"avatar": call.name.lower()}
        case _:
            return call.body


def _operation(
    id_: str,
    method: str,
    path: str,
    answer: Callable[[AdminCall], Reply],
    *,
    body: Body = Body.NONE,
    query: Iterable[str] = (),
    acts: bool = False,
) -> AdminOperation:
    return AdminOperation(
        id_, method, ROOT + path, answer, body=body, query=tuple(query), acts=acts
    )


ADMIN_OPERATIONS = (
    AdminOperation("listWorlds", "GET", f"{ROOT}/worlds", of_server=list_worlds),
    _operation("getWorld", "GET", "/world", get_world),
    _operation("dropWorld", "DELETE", "/world", drop_world),
    _operation("resetWorld", "POST", "/reset", reset_world, body=Body.OPTIONAL),
    _operation("forkWorld", "POST", "/fork", fork_world, body=Body.REQUIRED),
    _operation("listSnapshots", "GET", "/snapshots", list_snapshots),
    _operation("takeSnapshot", "POST", "/snapshots", take_snapshot, body=Body.OPTIONAL),
    _operation("deleteSnapshot", "DELETE", "/snapshots/{name}", delete_snapshot),
    _operation("restoreSnapshot", "POST", "/snapshots/{name}/restore", restore_snapshot),
    _operation("getClock", "GET", "/clock", get_clock),
    _operation("setClockRate", "PUT", "/clock", set_clock_rate, body=Body.REQUIRED, acts=True),
    _operation("moveClock", "POST", "/clock/move", move_clock, body=Body.REQUIRED, acts=True),
    AdminOperation("listScenarios", "GET", f"{ROOT}/scenarios", of_server=list_scenarios),
    _operation("getScenario", "GET", "/scenario", get_scenario),
    _operation("putScenario", "PUT", "/scenario", put_scenario, body=Body.REQUIRED, acts=True),
    _operation("bindAvatar", "PUT", "/avatars/{name}", bind_avatar, body=Body.REQUIRED, acts=True),
    _operation("unbindAvatar", "DELETE", "/avatars/{name}", unbind_avatar, acts=True),
    _operation("listFaults", "GET", "/faults", list_faults),
    _operation("addFault", "POST", "/faults", add_fault, body=Body.REQUIRED, acts=True),
    _operation("removeFault", "DELETE", "/faults/{name}", remove_fault, acts=True),
    _operation("removeFaults", "DELETE", "/faults", remove_faults, acts=True),
    _operation("listSessions", "GET", "/sessions", list_sessions, query=("state", "limit")),
    _operation("makeSession", "POST", "/sessions", make_session, body=Body.OPTIONAL, acts=True),
    _operation("getAdminSession", "GET", "/sessions/{id}", get_admin_session),
    _operation("occur", "POST", "/sessions/{id}/events", occur, body=Body.REQUIRED, acts=True),
    _operation("getTimeline", "GET", "/sessions/{id}/timeline", get_timeline),
    _operation(
        "getJournal",
        "GET",
        "/journal",
        get_journal,
        query=("operation", "method", "session", "status", "fault", "limit"),
    ),
    _operation("getUnmatched", "GET", "/journal/unmatched", get_unmatched, query=("limit",)),
    _operation("clearJournal", "DELETE", "/journal", clear_journal),
    _operation("getFindings", "GET", "/findings", get_findings),
    _operation("getCredits", "GET", "/credits", get_credits),
    _operation("putCredits", "PUT", "/credits", put_credits, body=Body.REQUIRED, acts=True),
)
