"""Admin operations that record a run and replay one."""

from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict
from fake_runway.admin_api.declaration import WorldScoped, operation
from fake_runway.replay.record import NotReplayable, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.web.replies import Reply
from fake_runway.worlds.naming import explicit_name


@operation("getReplay", "GET /replay", WorldScoped, answers="Recorded")
def get_replay(call: AdminCall) -> Reply:
    """Answer the record of the world's run, and its token."""
    try:
        given = record(call.world)
    except NotReplayable as error:
        raise Conflict(str(error)) from error
    return Reply(200, {"token": token_of(given), "record": given})


@operation("postReplay", "POST /replay", WorldScoped, takes="Replay", answers="Replayed")
def post_replay(call: AdminCall) -> Reply:
    """Run a record again as a new world, which stays afterwards with a frozen clock."""
    name = explicit_name(call.body["name"])
    if call.worlds.get(name) is not None:
        raise Conflict(f"There is a world named {name} already.")
    try:
        given = read(call.body["token"])
        done = replay(given, livekit=call.livekit, catalogue=call.worlds.catalogue)
    except NotReplayable as error:
        raise AdminRefused(str(error), where="$.token") from error
    call.worlds.fork(done.world, name)
    difference = done.divergence
    return Reply(
        200,
        {
            "name": name,
            "exchanges": len(done.world.log.exchanges),
            "identical": difference is None,
            "divergence": None if difference is None else str(difference),
        },
    )


REPLAY_OPERATIONS = (get_replay, post_replay)
