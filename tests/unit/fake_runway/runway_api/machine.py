"""A world and a model of it, to which Hypothesis does the same: what every such machine has.

A model knows nothing of the fake's code. It is a table of rows and a few sentences about what each
call does to it, and the answers alone tell it the ids.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from fake_runway.core.faults.effects.base import Delivery
from fake_runway.core.history.journal import Exchange
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.scenario.settings import Settings
from fake_runway.runway_api.calls import RunwayCall, RunwayOperation
from fake_runway.runway_api.operations import OPERATIONS
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.runway_api.uploads import STORE
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.sending import whole
from fake_runway.worlds.world import World
from tests.support.checked import check
from tests.support.fake.runs import LIVEKIT, alone

UNKNOWN = "88888888-e29b-41d4-a716-446655440000"
LAST = 7
which = st.sampled_from([0, 1, 2, 3, 0, 1, LAST, LAST])
"""Which of a kind a call is about: the newest is 0, `LAST` is one that is not there."""

_BY_ID = {operation.id: operation for operation in (*OPERATIONS, STORE)}


def call(
    world: World, operation: str, of: str = "", /, *, query: Any = None, **body: Any
) -> tuple[int, Any]:
    """Make a call of a client; return status and body, which the contract has to allow.

    Args:
        of: the id in the path.
    """
    known, path, delivery = _applied(world, operation, of, query or {}, body)
    answer = whole(delivery)
    raw = answer.body if isinstance(answer.body, bytes) else b""
    check("runway", known.method, path, status=answer.status, headers=answer.headers, body=raw)
    assert answer.status < 500 or answer.status == 507, raw  # the room for files is full
    return answer.status, delivery.body


def poll(world: World, operation: str, of: str = "") -> tuple[int, Any]:
    """Make a call as `call` does, without its dear check: for those that come after every step."""
    delivery = _applied(world, operation, of, {}, {})[2]
    return delivery.status, delivery.body


def _applied(
    world: World, operation: str, of: str, query: dict[str, str], body: dict[str, Any]
) -> tuple[RunwayOperation, str, Delivery]:
    known = _BY_ID[operation]
    path = known.template.replace("{id}", of)
    kind = RUNWAY_API.operation[operation].kind
    exchange = Exchange(
        operation,
        known.method,
        path,
        subject=Subject(kind, of) if of else NO_SUBJECT,
        versioned=True,
        media_url="http://fake/w/w",
        body=body,
        query=query,
    )
    return known, path, apply_call(RunwayCall(world, LIVEKIT, known, exchange, "secret"))


def written(at: float) -> str:
    """Return an instant as the wire has it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class WorldAndModel(RuleBasedStateMachine):
    """Does everything to both; what the model knows is in `model`.

    Most calls come at one instant, so that only the order in which they come can order what they
    make; time goes by in steps that floats hold exactly, often to an instant at which something is
    due.
    """

    given: ClassVar[Settings]
    catalogue: ClassVar[Catalogue]

    def __init__(self, model: Any) -> None:
        super().__init__()
        player = alone(settings=self.given, catalogue=self.catalogue)
        self.worlds, self.world = player.worlds, player.world
        self.model = model
        self.kept: Any = None
        self.forks = 0

    @property
    def now(self) -> float:
        """The world's time."""
        return self.world.clock.now()

    def ask(
        self, operation: str, of: str = "", /, *, query: Any = None, **body: Any
    ) -> tuple[int, Any]:
        """Make a call, as of `call`."""
        return call(self.world, operation, of, query=query, **body)

    def next_instants(self) -> list[float]:
        """Return when something is due, by the model; what is over does no harm."""
        raise NotImplementedError

    def disturb(self, world: World) -> None:
        """Make calls in a world that the model is not about any more."""
        raise NotImplementedError

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 2.0, 5.0]))
    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.world.clock.jump(seconds)

    @rule(number=st.integers(0, 3), before=st.sampled_from([0.0, 0.0, 0.0, 0.25]))
    def wait_until_something_is_due(self, number: int, before: float) -> None:
        """Let time go by until the very instant, or until just before it."""
        now = self.now
        ahead = sorted({at for at in self.next_instants() if at - before > now})
        if ahead:
            self.world.clock.jump(ahead[min(number, len(ahead) - 1)] - before - now)

    @rule()
    def keep(self) -> None:
        """Keep both as they are."""
        self.worlds.snapshot(self.world, "here")
        self.kept = deepcopy(self.model)

    @precondition(lambda self: self.kept is not None)
    @rule()
    def go_back(self) -> None:
        """Go on from what was kept, as often as wanted."""
        self.world = self.worlds.restore(self.world, "here")
        self.model = deepcopy(self.kept)

    @rule(on_the_copy=st.booleans())
    def part(self, on_the_copy: bool) -> None:
        """Go on with a copy or with its original, while the other comes to another end."""
        self.forks += 1
        fork = self.worlds.fork(self.world, f"fork-{self.forks}")
        if on_the_copy:
            self.world, fork = fork, self.world
            self.kept = None  # snapshots are of one world alone
        self.disturb(fork)
