"""Plans and sessions that several tests use."""

from dataclasses import replace
from typing import Any

from fake_runway.core.durations import Duration
from fake_runway.core.lifecycles.session import STATE_AFTER, Event, Failure, State
from fake_runway.core.sessions.session import (
    DEFAULT_PROVISION,
    Happening,
    Plan,
    Session,
    Stage,
)

_NEW = Session(None, 0, Stage(Plan(), 300), "an id", 0.0, 0.0)
_EVENT_INTO = {state: event for event, state in reversed([*STATE_AFTER.items()])}


def failing(failure: Failure, *, provision: Duration = DEFAULT_PROVISION) -> Plan:
    """Return a plan whose sessions fail when they would have become READY."""
    fails = Happening(State.PROVISIONING, Event.FAILED, after=provision, failure=failure)
    return Plan(provision=provision, happenings=(fails,))


def made_up(like: Session = _NEW, *, state: State | None = None, **facts: Any) -> Session:
    """Return a session with these facts, whatever could lead to them; else it is like `like`.

    Args:
        state: it has got there by the first event of the table that leads there.
    """
    if state is not None:
        facts = {"event": _EVENT_INTO[state], **facts}
    own = {name: facts.pop(name) for name in Session._fields if name in facts}
    return like._replace(stage=replace(like.stage, **facts), **own)
