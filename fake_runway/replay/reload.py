"""A world of a store, as it was: its snapshot, and what has happened since, applied again.

By the same code as replays, at the recorded instants. The clock then goes on as it went before.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fake_runway.clock import ClockState, VirtualClock
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.types import Json
from fake_runway.core.uploads import Content
from fake_runway.replay.record import NotReplayable
from fake_runway.replay.rerun import call_of, known_calls, repeat_act
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.worlds.entries import step_of_entry
from fake_runway.worlds.preserved import NO_CONTENTS, NotPreserved, restored
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_log = logging.getLogger("fake_runway")


def reloaded(
    snapshot: bytes,
    entries: Iterable[bytes],
    contents: Mapping[str, bytes] = NO_CONTENTS,
    *,
    worlds: Worlds,
    livekit: LiveKit,
    source: Callable[[], float],
) -> World:
    """Return the world of a snapshot after these entries. No registry has it yet.

    Args:
        contents: the bytes of uploads, by their digests.

    Raises:
        NotPreserved: the bytes are damaged, or of a version that this one cannot read.
    """
    world, clock = restored(snapshot, worlds.catalogue, source, spec=worlds.spec, contents=contents)
    operations, bodies = known_calls(worlds.spec)
    differs = 0

    def call(step: Json) -> RunwayCall:
        made = call_of(step, world, livekit, operations, bodies)
        raw = contents.get(digest := step.get("content", ""))
        return made if raw is None else made._replace(content=Content(raw, digest))

    for raw in entries:
        try:
            step = step_of_entry(raw)
            clock = _apply(step, clock, call, worlds=worlds, livekit=livekit, world=world)
        except _Different:
            differs += 1
        except NotReplayable as error:
            raise NotPreserved(str(error)) from error
        except Exception as error:
            name = type(error).__name__
            raise NotPreserved(f"expected a call or an act to apply again: {name}") from error
    if differs:
        _log.warning(
            "world %s: %d calls were answered otherwise when they were applied again",
            world.name,
            differs,
        )
    world.uploads.contents_changed = False
    last = world.clock.now()
    world.clock = VirtualClock.continued(source, clock)
    if world.clock.now() < last:  # another machine's time is behind
        world.clock = VirtualClock(source, rate=clock.rate, start=last)
    return world


class _Different(Exception):
    """An exchange that came out otherwise."""


def _apply(
    step: dict[str, Any],
    clock: ClockState,
    call_of_step: Callable[[Json], RunwayCall],
    *,
    world: World,
    worlds: Worlds,
    livekit: LiveKit,
) -> ClockState:
    """Apply one entry; return how the clock goes on after it."""
    at = step["at"]
    if not isinstance(at, float | int):
        raise TypeError(f"expected an instant, got {type(at).__name__}")
    world.clock.jump_to(max(at, world.clock.now()))
    if "act" in step:
        repeat_act(step, world, worlds, livekit)
        if step.get("noted"):
            given = step["given"]
            world.note_download(step[TASK.name], given["output"], given["status"])
        moved = step.get("clock")
        return ClockState(*moved) if isinstance(moved, list) else clock
    call = call_of_step(step)
    unread = step["unread"]
    call.exchange.unread = tuple(unread) if isinstance(unread, list) else None
    delivery = apply_call(call)
    if delivery.status != step["status"] or call.exchange.number != step["number"]:
        raise _Different
    return clock
