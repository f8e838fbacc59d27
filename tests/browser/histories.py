"""Long histories, put into a world directly: over HTTP they would take too long."""

from fake_runway.core.history.journal import Exchange, Log
from fake_runway.core.lifecycles.session import SESSION, Event
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.worlds.world import World


def long_history(inside: World, sessions: int = 1_000, calls: int = 10) -> None:
    """Put sessions that were cancelled into a world, with some calls about each."""
    now = inside.clock.now()
    inside.log = Log(2 * sessions * calls, most_bytes=1 << 30)
    account = inside.account
    for _ in range(sessions):
        session = account.create(at=now, max_duration_s=300, plan=account.settings.plan)
        account.apply_event(session.id, Event.CANCELLED, at=now)
        subject = Subject(SESSION.name, session.id)
        for _ in range(calls):
            path = f"/v1/realtime_sessions/{session.id}"
            exchange = Exchange("getSession", "GET", path, subject, at=now, status=200)
            inside.log.add_exchange(exchange)
