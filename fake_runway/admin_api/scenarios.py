"""Admin operations on what goes wrong: scenarios and faults."""

from contracts.wire.schema import where
from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict, NoSuch
from fake_runway.core.faults.deciding import WORLD_SCOPE, Tally
from fake_runway.core.faults.fault import Fault
from fake_runway.core.history.views import fault_view
from fake_runway.core.scenario.scenario import Scenario, data_of, scenario_line
from fake_runway.core.types import Json
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World


def list_scenarios(worlds: Worlds) -> Reply:
    """Answer every scenario that can be chosen by name."""
    return Reply(200, {"scenarios": [scenario_line(each) for each in worlds.catalogue]})


def get_scenario(call: AdminCall) -> Reply:
    """Answer what the world follows, as data."""
    return Reply(200, _scenario_view(call.world.scenario))


def put_scenario(call: AdminCall) -> Reply:
    """Let the world follow another scenario: one by its name, or one given as data."""
    scenario = chosen(call)
    call.world.follow_scenario(scenario, at=call.at)
    return Reply(200, _scenario_view(scenario))


def chosen(call: AdminCall) -> Scenario:
    """Return the scenario that a body asks for, by name or as data.

    Raises:
        NoSuch, AdminRefused.
    """
    body = call.body
    catalogue = call.world.catalogue
    if "scenario" in body:
        try:
            return catalogue.parse(body["scenario"])
        except ScenarioFileError as error:
            where = {"X-Fake-Where": "$.scenario"}
            raise AdminRefused(str(error), headers=where) from error
    found = catalogue.get(body["name"])
    if found is None:
        nearest = catalogue.nearest(body["name"])
        raise NoSuch(
            f"There is no scenario named {body['name']}."
            + (f" Did you mean {nearest}?" if nearest else "")
        )
    return found


def _scenario_view(scenario: Scenario) -> Json:
    return {"name": scenario.name, "about": scenario.about, "data": data_of(scenario)}


def bind_avatar(call: AdminCall) -> Reply:
    """Let creates for an avatar follow a session form."""
    avatar = call.name.lower()
    try:
        call.world.catalogue.check_avatar(avatar)
    except ScenarioFileError as error:
        raise AdminRefused(f"path: {error}", headers={"X-Fake-Where": "path: name"}) from error
    try:
        form = call.world.catalogue.parse_form(call.body, avatar=avatar)
    except ScenarioFileError as error:
        raise AdminRefused(
            str(error), headers={"X-Fake-Where": where(error.problems[0].path)}
        ) from error
    call.world.bind(avatar, form, at=call.at)
    return Reply(200, _scenario_view(call.world.scenario))


def unbind_avatar(call: AdminCall) -> Reply:
    """Let creates for an avatar follow no form of its own any more."""
    if not call.world.unbind(call.name):
        raise NoSuch(f"No avatar {call.name} is bound here.")
    return Reply(204)


def list_faults(call: AdminCall) -> Reply:
    """Answer the faults that are about all calls, with their tallies."""
    return Reply(200, {"faults": _fault_views(call.world)})


def add_fault(call: AdminCall) -> Reply:
    """Put a fault in place; one of the same name is replaced."""
    name = call.body.get("name") or _unused_name(call.world)
    try:
        fault = call.world.catalogue.parse_fault(call.body, name=name)
    except ScenarioFileError as error:
        raise AdminRefused(
            str(error), headers={"X-Fake-Where": where(error.problems[0].path)}
        ) from error
    scenario = call.world.scenario.name
    if name.startswith(f"{scenario}/"):
        raise Conflict(
            f"Names that begin with {scenario}/ are the scenario's own.",
            headers={"X-Fake-Where": "$.name"},
        )
    call.world.place(fault, at=call.at)
    return Reply(201, _fault_view(call.world, fault, call.at))


def _unused_name(world: World) -> str:
    number = len(world.placed) + 1
    while f"fault-{number}" in world.placed:
        number += 1
    return f"fault-{number}"


def remove_fault(call: AdminCall) -> Reply:
    """Remove a fault that was put in place by hand."""
    if not call.world.lift(call.name):
        raise NoSuch(f"No fault named {call.name} was put in place by hand.")
    return Reply(204)


def remove_faults(call: AdminCall) -> Reply:
    """Remove all faults that were put in place by hand."""
    for name in list(call.world.placed):
        call.world.lift(name)
    return Reply(204)


def _fault_views(world: World) -> list[Json]:
    return [_fault_view(world, each.fault, each.since) for each in world.active_faults]


def _fault_view(world: World, fault: Fault, since: float) -> Json:
    tally = world.tallies.get((fault.name, WORLD_SCOPE), Tally())
    return fault_view(fault, since=since, tally=tally, by_hand=fault.name in world.placed)
