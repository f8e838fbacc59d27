"""Admin operations on the server, and on worlds as a whole: life, snapshots, time."""

from functools import partial

from contracts.wire.schema import load
from fake_runway.admin_api.calls import (
    AdminCall,
    AdminRefused,
    Conflict,
    NoSuch,
    next_due_at,
    unused_name,
)
from fake_runway.admin_api.declaration import ServerWide, WorldAct, WorldScoped, operation
from fake_runway.admin_api.scenarios import selected_scenario
from fake_runway.core.durations import LONGEST_S, later, parse_span
from fake_runway.core.types import Json
from fake_runway.version import __version__
from fake_runway.web.replies import Reply
from fake_runway.worlds.naming import explicit_name
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

MOST_SNAPSHOTS = 16
ALIVE = Reply(200, {"status": "ok", "version": __version__})


@operation("getAdminHealth", "GET /health", ServerWide, answers="Alive")
def get_health(_: Worlds) -> Reply:
    """Answer that the server is there, and its version."""
    return ALIVE


@operation("getAdminDocument", "GET /openapi.json", ServerWide, answers="AnyObject")
def get_document(_: Worlds) -> Reply:
    """Answer the OpenAPI document of the admin API."""
    return Reply(200, load("admin").raw)


@operation("getSpec", "GET /spec", ServerWide, answers="ServedSpec")
def get_spec(worlds: Worlds) -> Reply:
    """Answer which newer document is served, and what is new in it."""
    spec = worlds.spec
    if spec is None:
        return Reply(200, {"file": None, "news": []})
    return Reply(200, {"file": spec.name, "news": list(spec.news)})


@operation("listWorlds", "GET /worlds", ServerWide, answers="WorldList")
def list_worlds(worlds: Worlds) -> Reply:
    """Answer all worlds, the most recently used first."""
    worlds.drop_idle()
    return Reply(200, {"worlds": [listed_world(world) for world in reversed(list(worlds))]})


@operation("getWorld", "GET /world", WorldScoped, answers="World")
def get_world(call: AdminCall) -> Reply:
    """Answer the world itself."""
    return Reply(200, world_view(call.world))


@operation("dropWorld", "DELETE /world", WorldScoped)
def drop_world(call: AdminCall) -> Reply:
    """Delete the world."""
    call.worlds.drop(call.world.name)
    return Reply(204)


@operation(
    "resetWorld", "POST /reset", WorldScoped, takes="Beginning", answers="World", optional=True
)
def reset_world(call: AdminCall) -> Reply:
    """Start the world again as it began, except for what the body changes."""
    scenario = selected_scenario(call) if "name" in call.body else None
    seed, rate = call.body.get("seed"), call.body.get("rate")
    world = call.worlds.reset(call.world, scenario=scenario, seed=seed, rate=rate)
    return Reply(200, world_view(world))


@operation("forkWorld", "POST /fork", WorldScoped, takes="Fork", answers="World")
def fork_world(call: AdminCall) -> Reply:
    """Copy the world under another name."""
    name = explicit_name(call.body["name"])
    if call.worlds.taken(name):
        raise Conflict(f"There is a world named {name} already.")
    return Reply(201, world_view(call.worlds.fork(call.world, name)))


@operation("listSnapshots", "GET /snapshots", WorldScoped, answers="SnapshotList")
def list_snapshots(call: AdminCall) -> Reply:
    """Answer the snapshots of the world, oldest first."""
    kept = call.world.snapshots.items()
    return Reply(
        200, {"snapshots": [{"name": name, "at": world.clock.now()} for name, world in kept]}
    )


@operation(
    "takeSnapshot",
    "POST /snapshots",
    WorldScoped,
    takes="NewSnapshot",
    answers="Snapshot",
    optional=True,
)
def take_snapshot(call: AdminCall) -> Reply:
    """Keep a copy of the world as it is now."""
    kept = call.world.snapshots
    name = call.body.get("name") or unused_name("snapshot", kept)
    if name not in kept and len(kept) >= MOST_SNAPSHOTS:
        raise Conflict(f"There are {MOST_SNAPSHOTS} snapshots of this world already; delete one.")
    call.worlds.snapshot(call.world, name)
    return Reply(201, {"name": name, "at": call.at})


@operation("deleteSnapshot", "DELETE /snapshots/{name}", WorldScoped)
def delete_snapshot(call: AdminCall) -> Reply:
    """Delete a snapshot."""
    if call.world.snapshots.pop(call.name, None) is None:
        raise NoSuch(f"There is no snapshot named {call.name}.")
    return Reply(204)


@operation("restoreSnapshot", "POST /snapshots/{name}/restore", WorldScoped, answers="World")
def restore_snapshot(call: AdminCall) -> Reply:
    """Set the world back to a snapshot."""
    if call.name not in call.world.snapshots:
        raise NoSuch(f"There is no snapshot named {call.name}.")
    return Reply(200, world_view(call.worlds.restore(call.world, call.name)))


def world_view(world: World) -> Json:
    """Return a world as data. Shape: `World` in contracts/wire/schemas/admin.json."""
    account = world.account
    return {
        "name": world.name,
        "scenario": world.scenario.name,
        "epoch": world.epoch,
        "clock": _clock_view(world),
        "sessions": len(account.sessions),
        "active": account.active,
        "calls": world.calls,
        "faults": len(world.active_faults),
        "entries": len(world.log),
        "only_admin": world.only_admin,
    }


def listed_world(world: World) -> Json:
    """Return a world as it stands among others: with when it was last used."""
    return {**world_view(world), "used_at": world.touched_at}


# Time


@operation("getClock", "GET /clock", WorldScoped, answers="Clock")
def get_clock(call: AdminCall) -> Reply:
    """Answer the instant and the rate of the world's clock."""
    return Reply(200, _clock_view(call.world))


@operation(
    "setClockRate", "PUT /clock", partial(WorldAct, repeat=None), takes="ClockRate", answers="Clock"
)
def set_clock_rate(call: AdminCall) -> Reply:
    """Set how fast the world's clock runs; 0 freezes it."""
    call.world.clock.set_rate(call.body["rate"])
    return Reply(200, _clock_view(call.world))


@operation(
    "moveClock",
    "POST /clock/move",
    partial(WorldAct, repeat=None, afterwards=lambda call: Reply(200, _clock_view(call.world))),
    takes="ClockMove",
    answers="Clock",
)
def move_clock(call: AdminCall) -> Reply:
    """Move the world's clock forward: by a span, to an instant, or to the next due event."""
    world = call.world
    target = _target(call)
    if target > world.epoch + LONGEST_S:
        raise Conflict("Expected a move to at most ten years after the world's first instant.")
    world.clock.jump_until(target)
    return Reply(200, _clock_view(world))


def _target(call: AdminCall) -> float:
    if "by" in call.body:
        try:
            return later(call.at, parse_span(call.body["by"]))
        except ValueError as error:
            raise AdminRefused(str(error), where="$.by") from error
    to = call.body["to"]
    if to == "next":
        due = next_due_at(call.world)
        if due is None:
            raise Conflict("Nothing is due in this world.")
        return due
    if to < call.at:
        raise Conflict(f"A clock moves forward: {to} is before now, {call.at}.")
    return float(to)


def _clock_view(world: World) -> Json:
    clock = world.clock
    return {"now": clock.now(), "rate": clock.rate, "next_due_at": next_due_at(world)}
