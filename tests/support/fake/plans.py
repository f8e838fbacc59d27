"""Plans that several tests use."""

from fake_runway.core.durations import Duration
from fake_runway.core.lifecycles.session import Event, Failure, State
from fake_runway.core.sessions.session import DEFAULT_PROVISION, Happening, Plan


def failing(failure: Failure, *, provision: Duration = DEFAULT_PROVISION) -> Plan:
    """Return a plan whose sessions fail when they would have become READY."""
    fails = Happening(State.PROVISIONING, Event.FAILED, after=provision, failure=failure)
    return Plan(provision=provision, happenings=(fails,))
