"""What is declared of an admin operation, and how one is carried out.

`@operation(...)` stands above the function that answers and says everything else about it. The
handler, the journal and the replay read that; a test compares it with the client's method and with
the contract. `operations.py` collects what is declared.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from fake_runway.admin_api.calls import AdminCall
from fake_runway.admin_api.paths import ROOT
from fake_runway.admin_api.requests import Parameter
from fake_runway.core.errors import Refused
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.session import SESSION
from fake_runway.core.lifecycles.task import TASK
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject
from fake_runway.core.types import Json
from fake_runway.web.bodies import Body
from fake_runway.web.replies import Reply
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

_PLACES = (("/sessions/{id}", SESSION.name), ("/tasks/{id}", TASK.name))


@dataclass(frozen=True, slots=True)
class ServerWide:
    """About the server: needs no world."""

    answer: Callable[[Worlds], Reply]


@dataclass(frozen=True, slots=True)
class WorldScoped:
    """About one world, at one instant of its clock. A replay does not repeat it."""

    answer: Callable[[AdminCall], Reply]


@dataclass(frozen=True, slots=True)
class WorldWait:
    """About one world; takes real time."""

    answer: Callable[[AdminCall], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class WorldAct:
    """Changes one world at one instant. The journal keeps it as an act, and a replay repeats it.

    Attributes:
        written: returns what the journal keeps, complete in itself, after it was carried out.
        repeat: returns the name in the path and the body, from a recorded step; None: the replay
            writes the act down and does not carry it out.
        afterwards: answers once everything that became due by the act was applied, which may take
            a while; None: the answer stands as soon as the act was carried out.
    """

    answer: Callable[[AdminCall], Reply]
    written: Callable[[AdminCall, Reply], Json] = lambda call, _: call.body
    repeat: Callable[[Json], tuple[str, Json]] | None = lambda step: (
        step["session"] or step.get("task") or "",
        step["given"],
    )
    afterwards: Callable[[AdminCall], Reply] | None = None


class Listening(NamedTuple):
    """What a listener asks for.

    Attributes:
        world: None: all.
        after: as the parameter of the query.
        entries: whether the stream of all worlds has the entries of their journals.
    """

    worlds: Worlds
    world: World | None
    after: str
    entries: bool = False


@dataclass(frozen=True, slots=True)
class EventStream:
    """About one world or all; answers events as long as the listener stays."""

    answer: Callable[[Listening], AsyncGenerator[Sequence[Any], None]]


Scope = ServerWide | WorldScoped | WorldWait | WorldAct | EventStream
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """An operation of the admin API.

    Attributes:
        id: its operationId in the admin document.
        request: method and path. The path is below `/__admin`; the one name in it stands as `{id}`
            (of a session or a task) or `{name}`.
        scope: what it is about, with the function that answers.
        takes: the shape of its body in the admin document; empty: it takes none.
        optional: the body may be missing.
        answers: the shape of its answer; empty: the answer has no body.
    """

    id: str
    request: str
    scope: Scope
    takes: str
    answers: str
    optional: bool
    query: tuple[Parameter, ...]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.partition(" ")[0]

    @property
    def template(self) -> str:
        """The whole path."""
        return ROOT + self.request.partition(" ")[2]

    @property
    def kind(self) -> str:
        """The kind of the resource whose id stands in the path; empty: none."""
        return next((kind for place, kind in _PLACES if self.request.find(place) > 0), "")

    @property
    def body(self) -> Body:
        """What it does with a body."""
        if not self.takes:
            return Body.NONE
        return Body.OPTIONAL if self.optional else Body.REQUIRED


def operation(
    id_: str,
    request: str,
    scope: Callable[[Answer], Scope],
    *,
    takes: str = "",
    answers: str = "",
    optional: bool = False,
    query: tuple[Parameter, ...] = (),
) -> Callable[[Answer], AdminOperation]:
    """Declare an operation, above the function that answers; arguments as of `AdminOperation`."""

    def declared(answer: Answer) -> AdminOperation:
        return AdminOperation(id_, request, scope(answer), takes, answers, optional, query)

    return declared


def carry_out(operation: AdminOperation, call: AdminCall) -> Reply:
    """Carry out an operation that is about one world and takes no time, to its end."""
    reply = _applied(operation, call)
    if isinstance(operation.scope, WorldAct) and operation.scope.afterwards is not None:
        call.world.account.advance(call.world.clock.now())
        reply = operation.scope.afterwards(call)
    return reply


async def carry_out_in_turns(operation: AdminOperation, call: AdminCall) -> Reply:
    """Do the same, and let other worlds go on while what became due by it is applied."""
    reply = _applied(operation, call)
    if isinstance(operation.scope, WorldAct) and operation.scope.afterwards is not None:
        await call.world.catch_up()
        call.world.notify()
        reply = operation.scope.afterwards(call)
    return reply


def _applied(operation: AdminOperation, call: AdminCall) -> Reply:
    """Apply an operation at the instant of its call.

    The number of an act is taken first, so that the transitions it causes come after it. A refused
    act changes nothing, so its number is free again.
    """
    world, log = call.world, call.world.log
    world.account.advance(call.at)
    match operation.scope:
        case WorldScoped(answer):
            return answer(call)
        case WorldAct(answer, written):
            number = log.number()
            try:
                reply = answer(call)
            except Refused:
                log.next_number = number
                raise
            kind = operation.kind
            subject = Subject(kind, call.name.lower()) if kind else NO_SUBJECT
            act = Act(number, call.at, operation.id, subject, written(call, reply))
            log.add_act(act)
            world.notify()
            return reply
        case _:
            raise TypeError(f"{operation.id} is not about one instant of a world")
