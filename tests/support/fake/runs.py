"""Runs as data: the calls of a client and the acts of a test on a world, step by step.

The same steps can be played in this process, where nothing waits, and over HTTP. What a later step
needs (ids, keys) is learned from earlier answers alone, so both ways of playing ask for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.declaration import carry_out
from fake_runway.admin_api.operations import ADMIN_OPERATIONS
from fake_runway.clock import VirtualClock
from fake_runway.core.errors import Refused
from fake_runway.core.faults.effects.base import Delivery
from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, Settings
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import DEFAULT_SCENARIO, World

Json = Mapping[str, Any]

START = 1_800_000_000.25
FOREIGN_ID = "123e4567-e89b-42d3-a456-426614174000"
AGENT = "a run"
PRESET = {"type": "runway-preset", "presetId": "music-superstar"}
LIVEKIT = LiveKit()

_ASKED = {operation.id: operation for operation in OPERATIONS}
_DONE = {operation.id: operation for operation in ADMIN_OPERATIONS}


@dataclass(frozen=True, slots=True)
class Ask:
    """A call to the Runway API.

    Attributes:
        which: the session it is about: the newest is 0; after the oldest comes an unknown one.
        fits: a consume uses the key that a poll has returned; False: another key.
        refused: the call is rejected, because its id is malformed.
    """

    operation: str
    which: int = 0
    body: Json = field(default_factory=dict)
    fits: bool = True
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """An act through the admin API. `name`: of a fault; `which` as in `Ask`."""

    operation: str
    body: Json = field(default_factory=dict)
    which: int = 0
    name: str = ""


Step = Ask | Do


@dataclass(slots=True)
class Learned:
    """The knowledge of a client from the answers that reached it."""

    ids: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)

    def session(self, which: int) -> str:
        """Return the id of the `which`th newest session."""
        return self.resource(SESSION.name, which)

    def resource(self, kind: str, which: int) -> str:
        """Return the id of the `which`th newest resource of a kind."""
        known = [*reversed(self.tasks if kind == TASK.name else self.ids), FOREIGN_ID]
        return known[which % len(known)]

    def key(self, session_id: str, *, fits: bool) -> str:
        """Return the key that a consume is sent with."""
        return self.keys.get(session_id, "stk_not_known") if fits else "stk_another"

    def learn(self, asked: Ask, session_id: str, status: int, body: object) -> None:
        """Keep the ids and keys of an answer."""
        if status != 200 or not isinstance(body, dict):
            return
        if asked.operation == "createSession" and isinstance(body.get("id"), str):
            self.ids.append(body["id"])
        if _ASKED[asked.operation].creates is TASK and isinstance(body.get("id"), str):
            self.tasks.append(body["id"])
        if asked.operation == "getSession" and isinstance(body.get("sessionKey"), str):
            self.keys[session_id] = body["sessionKey"]

    def copy(self) -> Learned:
        """Return the same knowledge, to go on from."""
        return Learned([*self.ids], {**self.keys}, [*self.tasks])


def path_of(asked: Ask, learned: Learned) -> tuple[str, str]:
    """Return the path that a call goes to, and the id in it."""
    template = _ASKED[asked.operation].template
    if "{id}" not in template:
        return template, ""
    kind = RUNWAY_API.operation[asked.operation].kind
    id_ = "no-id" if asked.refused else learned.resource(kind, asked.which)
    return template.replace("{id}", id_), id_


def admin_path_of(done: Do, learned: Learned) -> tuple[str, str]:
    """Return the path that an act goes to, and the name in it."""
    operation = _DONE[done.operation]
    template, kind = operation.template, operation.kind
    name = learned.resource(kind, done.which) if kind else done.name
    return template.replace("{id}", name).replace("{name}", name), name


def method_of(step: Step) -> str:
    """Return the HTTP method of a step."""
    operations: Mapping[str, Any] = _ASKED if isinstance(step, Ask) else _DONE
    method: str = operations[step.operation].method
    return method


def call_of(asked: Ask, learned: Learned, world: World, *, host: str = "") -> RunwayCall:
    """Return a call as the handler makes it from a request.

    Args:
        host: to which it was sent; empty: there is none, so nothing links to files.
    """
    operation = _ASKED[asked.operation]
    path, id_ = path_of(asked, learned)
    kind = RUNWAY_API.operation[operation.id].kind
    consumes = asked.operation == "consumeSession"
    refusal = None
    if id_ == "no-id":
        refusal = Rejection("bad_id", 400, "Invalid UUID", {"X-Fake-Where": "path: id"})
    exchange = Exchange(
        operation.id,
        operation.method,
        path,
        subject=Subject(kind, id_) if id_ and refusal is None else NO_SUBJECT,
        agent=AGENT,
        versioned=not consumes,
        content_type="application/json",
        cookies=False,
        body={} if refusal else asked.body,
        rejection=refusal,
        media_url=LIVEKIT.url if operation.leads else "",
    )
    if (
        operation.links
        and host
        and (operation.id != "getTask" or world.account.tasks.can_have_output(id_))
    ):
        exchange.media_url = f"http://{host}/w/{world.name}"
    token = learned.key(id_, fits=asked.fits) if consumes else ""
    return RunwayCall(world, LIVEKIT, operation, exchange, token)


@dataclass(slots=True)
class Player:
    """A client of one world in this process, which also performs the admin acts."""

    worlds: Worlds
    world: World
    learned: Learned = field(default_factory=Learned)
    host: str = ""

    def play(self, step: Step) -> Delivery | Reply:
        """Carry out a step.

        Raises:
            Refused: an act was.
        """
        return self.ask(step) if isinstance(step, Ask) else self.do(step)

    def ask(self, asked: Ask) -> Delivery:
        """Call the Runway API."""
        call = call_of(asked, self.learned, self.world, host=self.host)
        session_id = call.exchange.subject.id
        delivery = apply_call(call)
        if delivery.arrives:
            body = delivery.body
            self.learned.learn(asked, session_id, delivery.status, parsed(body))
        return delivery

    def do(self, done: Do) -> Reply:
        """Call the admin API."""
        name = admin_path_of(done, self.learned)[1]
        call = AdminCall(
            self.worlds, self.world, LIVEKIT, self.world.clock.now(), name, done.body, {}
        )
        return carry_out(_DONE[done.operation], call)

    def play_all(self, steps: Iterable[Step]) -> None:
        """Carry out steps; acts that are refused change nothing."""
        for step in steps:
            try:
                self.play(step)
            except Refused:
                continue


def parsed(body: object) -> object:
    """Return the JSON in a body that may be bytes, None if there is none."""
    if not isinstance(body, bytes):
        return body
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value


def alone(
    name: str = "a-run",
    *,
    scenario: Scenario = DEFAULT_SCENARIO,
    catalogue: Catalogue | None = None,
    settings: Settings | None = None,
    seed: str = "0",
    epoch: float = START,
    source: Callable[[], float] = lambda: 0.0,
    host: str = "",
) -> Player:
    """Return the client of a new world with a frozen clock, alone on its server."""
    catalogue = catalogue or Catalogue.builtin()
    settings = settings or Settings()
    worlds = Worlds(seed=seed, settings=settings, source=source, rate=0.0, catalogue=catalogue)
    world = World(
        name,
        origin=name,
        seed=seed if scenario.seed is None else scenario.seed,
        base=settings,
        scenario=scenario,
        catalogue=catalogue,
        clock=VirtualClock(source, rate=0.0, start=epoch),
    )
    return Player(worlds, worlds.adopt(world), host=host)


# Runs by number

SPANS = ("0s", "250ms", "1.5s", "2s", "6s", "12s", "60s", "301s")

FORMS: tuple[Json, ...] = (
    {"provision_time": "0s"},
    {"provision_time": "uniform(0s, 3s)"},
    {"provision_time": "never"},
    {"expires_in": "5s"},
    {"session_cap": "10s"},
    {"running_on": "join", "join_time": "2s"},
    {"then": [{"in": "provisioning", "event": "failed", "after": "1s"}]},
    {"then": [{"in": "ready", "event": "consumed", "after": "1s"}]},
    {"then": [{"in": "running", "event": "failed", "after": "7s"}]},
)
"""Session forms of scripted scenarios."""

FAULTS: tuple[Json, ...] = (
    {"effect": {"status": 503}, "times": 2},
    {"effect": {"status": 429, "headers": {"Retry-After": "1"}}, "probability": 0.5},
    {"match": {"moment": "created"}, "effect": {"lost": True}, "times": 1},
    {"match": {"moment": "consumed"}, "effect": {"lost": True}},
    {"match": {"operation": "getSession"}, "effect": {"malformed": True}, "skip": 1, "times": 2},
    {"match": {"moment": "ready"}, "effect": {"event": "expired"}, "times": 1},
    {"match": {"operation": "getSession"}, "effect": {"reset": True}, "probability": 0.3},
    {"match": {"operation": "consumeSession"}, "effect": {"truncate": 7}},
    {"match": {"status": 200}, "effect": {"set": {"extra": [1, None]}}, "probability": 0.4},
    {"match": {"moment": "consume"}, "effect": {"status": 500}, "from": "3s"},
)
"""None of them holds an answer back: a client over HTTP would wait for a clock that stands."""


def scripted(number: int, *, steps: int = 14) -> tuple[Step, ...]:
    """Return the run of that number: a scenario, then calls and acts, mostly conversations."""
    chance = Random(number)
    script: list[Step] = []
    account: dict[str, Any] = {}
    if chance.random() < 0.5:
        account["concurrency"] = chance.choice([0, 1, 2])
    if chance.random() < 0.3:
        account["credits"] = chance.choice([1, 2, 5, 9])
    if chance.random() < 0.4:
        account["faults"] = [chance.choice(FAULTS)]
    session = dict(chance.choice(FORMS))
    if chance.random() < 0.3:
        session["faults"] = [chance.choice(FAULTS)]
    scenario = {"name": f"run-{number}", "account": account, "session": session}
    script.append(Do("putScenario", {"scenario": scenario}))
    while len(script) < steps:
        script += _some_steps(chance)
    return tuple(script)


def _some_steps(chance: Random) -> list[Step]:
    which = chance.randrange(3)
    jump = Do("moveClock", {"by": chance.choice(SPANS)})
    match chance.randrange(9):
        case 0 | 1 | 2 | 3:
            length_s = chance.choice([10, 12, 300])
            body = {"model": "gwm1_avatars", "avatar": PRESET, "maxDuration": length_s}
            return [
                Ask("createSession", body=body),
                jump,
                Ask("getSession"),
                Ask("consumeSession", fits=chance.random() < 0.9),
                Ask("getSession"),
            ]
        case 4:
            avatar = {"type": "custom", "avatarId": chance.choice([EXAMPLE_AVATAR, FOREIGN_ID])}
            body = {"model": "gwm1_avatars", "avatar": avatar}
            return [Ask("createSession", body=body), Ask("deleteSession", which)]
        case 5:
            simple = ["getOrganization", "queryUsage", "connectBackend", "listAvatars"]
            return [Ask(chance.choice(simple), which), Ask("getSession", which, refused=True)]
        case 6:
            return [Do("addFault", {"name": "by-hand", **chance.choice(FAULTS)}), jump]
        case 7:
            event = chance.choice(["failed", "ended", "cancelled", "expired"])
            return [Do("occur", {"event": event}, which), Ask("getSession", which)]
        case _:
            return [
                Do("putCredits", {"left": chance.randrange(8)}),
                Do("makeSession", {"state": chance.choice(["ready", "queued", "provisioning"])}),
                Do("removeFault", name="by-hand"),
            ]


def failing(number: int) -> tuple[Step, ...]:
    """Return a run that ends in an error that its client gets."""
    chance = Random(-1 - number)
    endings: list[list[Step]] = [
        [Ask("consumeSession", fits=False)],
        [Ask("getSession", which=99, refused=True)],
        [Do("putCredits", {"left": 0}), _create()],
        [
            Do("addFault", {"effect": {"status": chance.choice([429, 500, 502, 503, 504])}}),
            Ask("getOrganization"),
        ],
        [Do("addFault", {"match": {"moment": "created"}, "effect": {"lost": True}}), _create()],
        [Ask("connectBackend", which=0), Ask("consumeSession", fits=False)],
    ]
    return (*scripted(number, steps=chance.randrange(4, 14)), *chance.choice(endings))


def _create() -> Ask:
    return Ask("createSession", body={"model": "gwm1_avatars", "avatar": PRESET})
