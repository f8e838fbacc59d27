"""One connect, simulated: the caller's answer, the gateway's history, the sessions left behind."""

import asyncio
import random
import re
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import web

from fake_runway.clock import loop_time_as_wall_clock
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.history.journal import Move
from fake_runway.core.lifecycles.session import TERMINAL, Event
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.sessions.session import Session
from fake_runway.room.tokens import LiveKit
from fake_runway.server.app import create_app
from fake_runway.worlds.naming import name_from_secret
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World
from gateway.config import Config
from gateway.web.app import SERVICE
from gateway.web.app import create_app as create_gateway
from tests.support.checked import Answer, CheckedClient, attach
from tests.support.gateway.upstream import Attempt, Schedule, Upstream
from tests.support.servers import SECRET
from tests.support.simulation import simulate

FAKE_PORT, GATEWAY_PORT = 4010, 4011
DEADLINE_S = 30.0


@dataclass(frozen=True)
class Situation:
    """Everything that one simulated connect depends on.

    Attributes:
        schedule: the faults between gateway and fake.
        events: (seconds, event): an event from outside at that time, if it is legal.
        leaves_at: when the caller closes the connection, in seconds; None: never.
        stops_at: when the gateway begins to shut down; None: after everything.
        grace_s: how long connects in flight may go on then.
        cancels_handlers: how the gateway is served.
    """

    settings: Settings = field(default_factory=Settings)
    schedule: Schedule = field(default_factory=dict)
    events: tuple[tuple[float, Event], ...] = ()
    shape: str = "credentials"
    body: Any = field(default_factory=lambda: {"avatarId": "music-superstar"})
    leaves_at: float | None = None
    stops_at: float | None = None
    grace_s: float = 0.0
    cancels_handlers: bool = False
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True)
class Outcome:
    """Its outcome. Instants are seconds since the caller's request.

    Attributes:
        answer: None if the caller left before it came.
        history: every upstream request, as the gateway experienced it.
        sessions: all sessions of the world once the gateway was done with everything.
        counts: the gateway's own, by the fate of a session: created, cancelled, left_behind, lost.
        moves: of each session, by its id: (instant, event, state after it).
    """

    answer: Answer | None
    answered_at: float
    history: list[Attempt]
    sessions: list[Session]
    moves: dict[str, tuple[tuple[float, str, str], ...]]
    counts: dict[str, int]

    @property
    def code(self) -> str:
        """The gateway's error code, `ok` for an answer with a session."""
        if self.answer is None:
            return "nobody"
        code: str = self.answer.json.get("code", "ok")
        return code

    @property
    def alive(self) -> list[Session]:
        """The sessions that have not ended."""
        return [session for session in self.sessions if session.state not in TERMINAL]


def connect(situation: Situation) -> Outcome:
    """Play `situation` on virtual time."""
    return simulate(_connect(situation))


async def _connect(situation: Situation) -> Outcome:
    loop = asyncio.get_running_loop()
    upstream = Upstream(situation.schedule)
    worlds = Worlds(seed="0", settings=situation.settings, source=loop_time_as_wall_clock())
    world = worlds.named(name_from_secret(SECRET))
    fake = create_app(worlds, livekit=LiveKit())
    fake.middlewares.append(upstream.middleware)
    config = Config(
        secret=SECRET,
        base_url=f"http://127.0.0.1:{FAKE_PORT}",
        deadline_s=situation.deadline_s,
        grace_s=situation.grace_s,
    )
    gateway = create_gateway(config, connector=upstream.connector(), jitter=random.Random(0))
    violations = attach(gateway, "gateway")
    async with AsyncExitStack() as stack:
        await _serve(stack, fake, FAKE_PORT, cancels_handlers=False)
        site = await _serve(
            stack, gateway, GATEWAY_PORT, cancels_handlers=situation.cancels_handlers
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        client = CheckedClient(http, f"http://127.0.0.1:{GATEWAY_PORT}", "gateway")
        began, began_at = loop.time(), world.clock.now()
        calling = asyncio.ensure_future(
            client.post(
                "/api/avatar/connect", params={"shape": situation.shape}, json=situation.body
            )
        )
        others = asyncio.ensure_future(_others(world, situation.events))
        stopping = asyncio.ensure_future(_stop(site, situation.stops_at))
        done, _ = await asyncio.wait({calling}, timeout=situation.leaves_at)
        answered_at = loop.time() - began
        if not done:
            calling.cancel()
            await asyncio.wait({calling})
        # background work of the gateway goes on now
        await asyncio.sleep(60)  # noqa: TID251 - the simulated loop's time
        await gateway[SERVICE].connects.drain()
        others.cancel()
        stopping.cancel()
        world.account.advance(world.clock.now())
    assert not violations, violations
    history = [_since(began, attempt) for attempt in upstream.history]
    answer = calling.result() if done else None
    sessions = list(world.account.sessions.values())
    return Outcome(
        answer, answered_at, history, sessions, _moves(world, began_at), _counts(gateway)
    )


def _counts(gateway: web.Application) -> dict[str, int]:
    metrics = gateway[SERVICE].metrics
    assert metrics is not None
    series = re.findall(r"(?m)^gateway_sessions_(\w+)_total ([0-9.]+)$", metrics.text()[0].decode())
    return {fate: int(float(value)) for fate, value in series}


async def _serve(
    stack: AsyncExitStack, app: web.Application, port: int, *, cancels_handlers: bool
) -> web.AppRunner:
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=cancels_handlers, shutdown_timeout=1
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


async def _others(world: World, events: Iterable[tuple[float, Event]]) -> None:
    """Apply events from outside to the newest session, where the table has a row."""
    now = 0.0
    for at, event in sorted(events, key=lambda pair: pair[0]):
        await asyncio.sleep(at - now)  # noqa: TID251 - the simulated loop's time
        now = at
        world.account.advance(world.clock.now())
        for session_id in world.account.sessions:
            try:
                world.account.apply_event(session_id, event, at=world.clock.now())
            except IllegalTransition:
                continue


async def _stop(runner: web.AppRunner, at: float | None) -> None:
    if at is not None:
        await asyncio.sleep(at)  # noqa: TID251 - the simulated loop's time
        await runner.shutdown()


def _moves(world: World, began_at: float) -> dict[str, tuple[tuple[float, str, str], ...]]:
    moves: dict[str, tuple[tuple[float, str, str], ...]] = {}
    for entry in world.log.entries():
        if isinstance(entry, Move):
            change, event = entry.change, entry.change.event
            move = (
                change.at - began_at,
                event.value if event else "created",
                change.after.state.value,
            )
            moves[change.after.id] = (*moves.get(change.after.id, ()), move)
    return moves


def _since(began: float, attempt: Attempt) -> Attempt:
    ended = None if attempt.ended is None else attempt.ended - began
    return replace(attempt, started=attempt.started - began, ended=ended)
