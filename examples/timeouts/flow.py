"""A server's way to a session with a time-out of its own: 30 s, unless it is told otherwise."""

import time
from collections.abc import Callable
from typing import Any

from runwayml import RunwayML

DEADLINE_S = 30.0
POLL_S = 1.0


class NotInTime(Exception):
    """The session did not become READY before the deadline; it was cancelled."""


def ready_session(
    runway: RunwayML,
    avatar: Any,
    *,
    deadline_s: float = DEADLINE_S,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """Return the key of a new session.

    Args:
        now, sleep: the clock of this flow. A test passes the world's, and nothing has to be waited
            for.

    Raises:
        NotInTime.
    """
    begun = now()
    session = runway.realtime_sessions.create(
        model="gwm1_avatars",
        avatar={"type": "runway-preset", "preset_id": avatar},
    )
    while now() - begun <= deadline_s:
        polled = runway.realtime_sessions.retrieve(session.id)
        if polled.status == "READY":
            return polled.session_key
        sleep(POLL_S)
    runway.realtime_sessions.delete(session.id)
    raise NotInTime
