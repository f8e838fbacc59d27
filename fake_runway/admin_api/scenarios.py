"""Admin operations on scenarios, avatar bindings and faults."""

from functools import partial

from contracts.wire.schema import where
from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict, NoSuch, unused_name
from fake_runway.admin_api.declaration import ServerWide, WorldAct, WorldScoped, operation
from fake_runway.core.faults.deciding import WORLD_SCOPE, Tally
from fake_runway.core.faults.fault import Fault
from fake_runway.core.history.views import fault_view
from fake_runway.core.scenario.scenario import Scenario, data_of, scenario_act, scenario_line
from fake_runway.core.types import Json
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.scenarios.check import wrong_avatar
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

MOST_FAULTS = 1_000  # that are put in place by hand: every call is compared with all of them
MOST_BOUND = 1_000  # avatars: each answer shows all of them


@operation("listScenarios", "GET /scenarios", ServerWide, answers="ScenarioList")
def list_scenarios(worlds: Worlds) -> Reply:
    """Answer all scenarios that can be selected by name."""
    return Reply(200, {"scenarios": [scenario_line(each) for each in worlds.catalogue]})


@operation("getScenario", "GET /scenario", WorldScoped, answers="Scenario")
def get_scenario(call: AdminCall) -> Reply:
    """Answer the scenario that the world follows, as data."""
    return Reply(200, _scenario_view(call.world.scenario))


@operation("getScenarioNamed", "GET /scenarios/{name}", WorldScoped, answers="Scenario")
def get_scenario_named(call: AdminCall) -> Reply:
    """Answer a scenario that can be selected by name, as data."""
    return Reply(200, _scenario_view(_named(call, call.name)))


@operation(
    "putScenario",
    "PUT /scenario",
    partial(
        WorldAct,
        # as data even if it was selected by name: another server may not know the name
        written=lambda call, _: scenario_act(call.world.scenario),
        repeat=lambda step: ("", {"scenario": step["given"]["scenario"]}),
    ),
    takes="ScenarioChoice",
    answers="Scenario",
)
def put_scenario(call: AdminCall) -> Reply:
    """Let the world follow another scenario, selected by name or sent as data."""
    scenario = selected_scenario(call)
    call.world.follow_scenario(scenario, at=call.at)
    return Reply(200, _scenario_view(scenario))


def selected_scenario(call: AdminCall) -> Scenario:
    """Return the scenario that a body selects by name or holds as data.

    Raises:
        NoSuch, AdminRefused.
    """
    body = call.body
    catalogue = call.world.catalogue
    if "scenario" in body:
        try:
            return catalogue.parse(body["scenario"])
        except ScenarioFileError as error:
            raise AdminRefused(str(error), where="$.scenario") from error
    return _named(call, body["name"])


def _named(call: AdminCall, name: str) -> Scenario:
    catalogue = call.world.catalogue
    found = catalogue.get(name)
    if found is None:
        nearest = catalogue.nearest(name)
        hint = f" Did you mean {nearest}?" if nearest else ""
        raise NoSuch(f"There is no scenario named {name}.{hint}")
    return found


def _scenario_view(scenario: Scenario) -> Json:
    return {"name": scenario.name, "about": scenario.about, "data": data_of(scenario)}


@operation(
    "bindAvatar",
    "PUT /avatars/{name}",
    partial(
        WorldAct,
        written=lambda call, _: {"avatar": call.name.lower(), "session": call.body},
        repeat=lambda step: (step["given"]["avatar"], step["given"]["session"]),
    ),
    takes="BoundForm",
    answers="Scenario",
)
def bind_avatar(call: AdminCall) -> Reply:
    """Bind an avatar: creates for it follow a session form."""
    avatar = call.name.lower()
    if (wrong := wrong_avatar(avatar)) is not None:
        raise AdminRefused(f"path: {wrong}", where="path: name")
    try:
        form = call.world.catalogue.parse_form(call.body, avatar=avatar)
    except ScenarioFileError as error:
        raise AdminRefused(str(error), where=where(error.problems[0].path)) from error
    bound = call.world.scenario.avatars
    if avatar not in bound and len(bound) >= MOST_BOUND:
        raise AdminRefused(f"Expected at most {MOST_BOUND} avatars that are bound, got one more.")
    call.world.bind(avatar, form, at=call.at)
    return Reply(200, _scenario_view(call.world.scenario))


@operation(
    "unbindAvatar",
    "DELETE /avatars/{name}",
    partial(
        WorldAct,
        written=lambda call, _: {"avatar": call.name.lower()},
        repeat=lambda step: (step["given"]["avatar"], {}),
    ),
)
def unbind_avatar(call: AdminCall) -> Reply:
    """Remove the binding of an avatar."""
    if not call.world.unbind(call.name):
        raise NoSuch(f"The avatar {call.name} is not bound in this world.")
    return Reply(204)


@operation("listFaults", "GET /faults", WorldScoped, answers="FaultList")
def list_faults(call: AdminCall) -> Reply:
    """Answer the faults that apply to all calls, with their tallies."""
    world = call.world
    views = [
        _fault_view(world, fault, since)
        for fault, since in world.active_faults
        if since is not None  # as it is of those that apply to all calls
    ]
    return Reply(200, {"faults": views})


@operation(
    "addFault",
    "POST /faults",
    partial(WorldAct, written=lambda call, reply: {**call.body, "name": reply.body["name"]}),
    takes="Fault",
    answers="PlacedFault",
)
def add_fault(call: AdminCall) -> Reply:
    """Add a fault, or replace the one of the same name."""
    name = call.body.get("name") or unused_name("fault", call.world.placed)
    try:
        fault = call.world.catalogue.parse_fault(call.body, name=name)
    except ScenarioFileError as error:
        raise AdminRefused(str(error), where=where(error.problems[0].path)) from error
    scenario = call.world.scenario.name
    if name.startswith(f"{scenario}/"):
        raise Conflict(
            f"Expected a name without {scenario}/ in front: that is the scenario's.", where="$.name"
        )
    placed = call.world.placed
    if name not in placed and len(placed) >= MOST_FAULTS:
        raise Conflict(f"There are {MOST_FAULTS} faults in this world already; remove one.")
    call.world.place(fault, at=call.at)
    return Reply(201, _fault_view(call.world, fault, call.at))


@operation(
    "removeFault",
    "DELETE /faults/{name}",
    partial(
        WorldAct,
        written=lambda call, _: {"name": call.name},
        repeat=lambda step: (step["given"]["name"], {}),
    ),
)
def remove_fault(call: AdminCall) -> Reply:
    """Remove a fault that the admin API has added."""
    if not call.world.lift(call.name):
        raise NoSuch(f"There is no fault named {call.name} that the admin API has added.")
    return Reply(204)


@operation("removeFaults", "DELETE /faults", WorldAct)
def remove_faults(call: AdminCall) -> Reply:
    """Remove all faults that the admin API has added."""
    for name in list(call.world.placed):
        call.world.lift(name)
    return Reply(204)


def _fault_view(world: World, fault: Fault, since: float) -> Json:
    tally = world.tallies.get((fault.name, WORLD_SCOPE), Tally())
    return fault_view(fault, since=since, tally=tally, by_hand=fault.name in world.placed)
