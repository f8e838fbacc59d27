"""A day of a busy account: visitors who create, wait, talk, leave or forget, by the world's clock.

A visit is a generator that says when it wants to act next, so the same visits can be driven by
jumping a clock that stands, by a clock that runs at any rate, or through the admin API.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any, Protocol

from fake_runway.core.billing import DAY_S
from fake_runway.core.durations import Uniform
from fake_runway.core.history.journal import Act, Exchange, Move
from fake_runway.core.scenario.settings import Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.worlds.world import World
from tests.support.fake.runs import PRESET, Ask, Do, Learned

SETTINGS = Settings(
    plan=Plan(provision=Uniform(1.0, 4.0)),
    limits=Limits(concurrency=2, daily=130, credits=3_000),
)
"""Some have to queue; in the morning the credits are used up, in the evening the quota is."""

TOPPED_UP_AT_S = 10 * 3_600.0

POLL_S = 2.0
POLLS = 20


class Answer(Protocol):
    """The answer that a client gets."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> Any:
        """The JSON."""


class Client(Protocol):
    """A visitor's client: in this process or over HTTP."""

    @property
    def learned(self) -> Learned:
        """Its knowledge: one visitor, one session."""

    def ask(self, asked: Ask) -> Answer:
        """Call the Runway API."""

    def do(self, done: Do) -> object:
        """Call the admin API."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor: `at_s` after the begin of the day, with its spans.

    `leaves`: by ending the call, by DELETE, at the call's cap, or before consuming at all.
    """

    at_s: float
    think_s: float
    talk_s: float
    longest_s: int
    leaves: str


def visits(count: int, *, seed: int, day_s: float = DAY_S) -> list[Visit]:
    """Return the visits of a day."""
    chance = Random(seed)
    return [
        Visit(
            at_s=chance.uniform(0, day_s - 3_000),
            think_s=chance.uniform(0.1, 9),
            talk_s=chance.uniform(5, 500),
            longest_s=chance.choice([30, 300, 1800]),
            leaves=chance.choice(["call", "call", "call", "delete", "cap", "away"]),
        )
        for _ in range(count)
    ]


def acting(visit: Visit, client: Client, begin: float) -> Iterator[float]:
    """Yield each instant at which the visitor acts, and act when asked for the next one."""
    at = begin + visit.at_s
    yield at
    body = {"model": "gwm1_avatars", "avatar": PRESET, "maxDuration": visit.longest_s}
    if client.ask(Ask("createSession", body=body)).status != 200:
        return
    for _ in range(POLLS):
        at += POLL_S
        yield at
        status = client.ask(Ask("getSession")).body["status"]
        if status != "NOT_READY":
            break
    else:
        client.ask(Ask("deleteSession"))
        return
    if status != "READY" or visit.leaves == "away":
        return
    at += visit.think_s
    yield at
    for _ in range(2):  # the second time by mistake
        client.ask(Ask("consumeSession"))
    if visit.leaves == "cap":
        return
    at += visit.talk_s
    yield at
    if client.ask(Ask("getSession")).body["status"] != "RUNNING":
        return
    if visit.leaves == "delete":
        client.ask(Ask("deleteSession"))
    else:
        client.do(Do("occur", {"event": "ended"}))


def topping_up(client: Client, begin: float) -> Iterator[float]:
    """Yield the instant of a payment, and pay."""
    yield begin + TOPPED_UP_AT_S
    client.do(Do("putCredits", {"left": 20_000}))


def in_order(acts: Sequence[Iterator[float]]) -> Iterator[float]:
    """Yield the instants of all visitors in order; each acts when asked for the next one."""
    heap = [(next(each), index) for index, each in enumerate(acts)]
    heapify(heap)
    while heap:
        at, index = heappop(heap)
        yield at
        following = next(acts[index], None)
        if following is not None:
            heappush(heap, (following, index))


def story(world: World) -> list[tuple[object, ...]]:
    """Return all events in order, without instants."""
    return [_line(entry) for entry in world.log.entries()]


def _line(entry: Exchange | Act | Move) -> tuple[object, ...]:
    match entry:
        case Exchange():
            body = entry.reply if isinstance(entry.reply, dict) else {}
            return entry.operation, entry.subject, entry.status, entry.code, body.get("status")
        case Act():
            return entry.what, entry.subject
        case Move(change=change):
            return change.event, change.after.id, change.after.state, change.charge


def outcome(world: World) -> dict[str, object]:
    """Return the result of a day."""
    account = world.account
    return {
        "story": story(world),
        "states": [
            (each.id, each.state, each.event, each.blocks, each.failure)
            for each in account.sessions.values()
        ],
        "spent": account.spent,
        "by day": dict(account.spent_by_day),
        "left": account.left,
        "used today": account.used_today,
        "active": account.active,
    }
