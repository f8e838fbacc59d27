"""Admin operations that record a run and replay one."""

import asyncio
from collections.abc import Generator
from typing import cast

from fake_runway.admin_api.calls import AdminCall, AdminRefused, Conflict
from fake_runway.admin_api.declaration import WorldWait, operation
from fake_runway.replay.record import NotReplayable, read, record, token_of
from fake_runway.replay.rerun import Replayed, replaying
from fake_runway.web.replies import Reply
from fake_runway.worlds.naming import explicit_name

_STEPS_OF_A_TURN = 50
_LARGEST_RECORD = 16 << 20  # bytes, as much as a journal may take by default
_MOST_VALUES = 500_000  # some 10,000 steps; reading them is one block of work
_LARGE_JOURNAL = 1 << 20  # bytes; to compress more would hold up other worlds


@operation("getReplay", "GET /replay", WorldWait, answers="Recorded")
async def get_replay(call: AdminCall) -> Reply:
    """Answer the record of the world's run, and its token."""
    try:
        given = record(call.world)
    except NotReplayable as error:
        raise Conflict(str(error)) from error
    if call.world.log.bytes < _LARGE_JOURNAL:
        return Reply(200, {"token": token_of(given), "record": given})
    return Reply(200, {"token": await asyncio.to_thread(token_of, given), "record": given})


@operation("postReplay", "POST /replay", WorldWait, takes="Replay", answers="Replayed")
async def post_replay(call: AdminCall) -> Reply:
    """Run a record again as a new world, which stays afterwards with a frozen clock."""
    name = explicit_name(call.body["name"])
    _check_free(call, name)
    try:
        given = await asyncio.to_thread(
            read, call.body["token"], largest=_LARGEST_RECORD, most=_MOST_VALUES
        )
        worlds = call.worlds
        steps = replaying(given, livekit=call.livekit, catalogue=worlds.catalogue, spec=worlds.spec)
        done = await _in_turns(steps)
    except NotReplayable as error:
        raise AdminRefused(str(error), where="$.token") from error
    _check_free(call, name)  # others had their turns
    # what was replayed is kept whole; what comes after it has the limit of any world
    log = done.world.log
    log.most_bytes = max(log.bytes, call.worlds.retention.journal_bytes)
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


def _check_free(call: AdminCall, name: str) -> None:
    if call.worlds.taken(name):
        raise Conflict(f"There is a world named {name} already.")


async def _in_turns(steps: Generator[None, None, Replayed]) -> Replayed:
    """Return what `steps` returns in the end; everything else goes on meanwhile.

    In a thread, because a step may be long: the first makes a world of many scenarios, the last
    compares all that happened. One turn at a time, so that a caller who leaves ends it.
    """
    while (done := await asyncio.to_thread(_turn, steps)) is None:
        pass
    return done


def _turn(steps: Generator[None, None, Replayed]) -> Replayed | None:
    """Take some of the steps; return what they return in the end, None before it."""
    try:
        for _ in range(_STEPS_OF_A_TURN):
            next(steps)
    except StopIteration as done:
        return cast(Replayed, done.value)
    return None


REPLAY_OPERATIONS = (get_replay, post_replay)
