"""What faults, the journal, findings, timelines and waits may speak of, as declared data.

The problem: those features are about resources and operations in general, and sessions are only the
first kind of resource. The choice: each kind declares itself beside its transition table
(`session.py`), a `Vocabulary` puts kinds and operations together (`runway.py`), and every name that
a fault, a journal entry or a wait uses is looked up there. Adding a kind touches no other room.

Each kind has State and Event enums of its own, so that a state determines its kind. Names may
coincide between kinds: the state `failed` in a fault means that state of every kind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from fake_runway.core.values import dataclass

_Members = TypeVar("_Members", bound=type[Enum])
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def quick_to_find(members: _Members) -> _Members:
    """Make the members of an enum plain attributes, hashed by what they are.

    Python 3.11 finds `State.READY` by calling a descriptor (77 ns, as a plain attribute 13), and
    every version hashes a member by a function of Enum's (79 ns for `in ACTIVE`, else 16). An event
    of a session asks for some twenty, so this is a tenth of `Account.advance`; a poll asks for
    nine.
    """
    for member in members:
        type.__setattr__(members, member.name, member)
    type.__setattr__(members, "__hash__", object.__hash__)
    return members


@quick_to_find
class Phase(Enum):
    """Whether something is seen before or after the server processes the request."""

    BEFORE = "before"
    AFTER = "after"


@quick_to_find
class Role(Enum):
    """What an operation does in the life of a resource, as far as findings judge it."""

    CREATE = "create"
    POLL = "poll"
    USE = "use"
    CANCEL = "cancel"


class Subject(NamedTuple):
    """The resource that a journal entry is about: the name of its kind, and its id."""

    kind: str = ""
    id: str = ""


NO_SUBJECT = Subject()


def references(subject: Subject, kinds: Iterable["ResourceKind"]) -> dict[str, str | None]:
    """Return the subject as JSON: a key for each kind, null for all kinds but its own.

    A kind that was added later has its key only where it is the subject's, so that records of
    older versions stay the same.
    """
    return {
        kind.name: subject.id if kind.name == subject.kind else None
        for kind in kinds
        if kind.name == subject.kind or not kind.added_later
    }


def references_of_acts(subject: Subject, kinds: Iterable["ResourceKind"]) -> dict[str, str | None]:
    """Return the same for acts and findings, which are about resources with a lifecycle alone."""
    older = [kind for kind in kinds if kind.transitions and not kind.lifecycle_added_later]
    own = [kind for kind in kinds if kind.lifecycle_added_later and kind.name == subject.kind]
    return references(subject, [*older, *own])


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """An operation of the API.

    Attributes:
        id: the contract's.
        path: its template.
        kind: the kind of resource that it creates, or whose id stands in its path; empty: none.
        role: None: none that findings judge.
        versioned: the version header is required.
    """

    id: str
    method: str
    path: str
    kind: str = ""
    role: Role | None = None
    versioned: bool = True


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a resource's life at which faults can be aimed.

    Attributes:
        about: when that is, as a part of a sentence.
        operation: the only one that it covers; empty: all about a resource in `state`.
        one_of: the only ones that it covers, where several do the same.
        phase: the only one in which faults can strike; None: both.
        statuses: of the answer, unless the fault says otherwise.
    """

    name: str
    about: str
    operation: str = ""
    state: Enum | None = None
    phase: Phase | None = None
    statuses: frozenset[int] = frozenset()
    one_of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Custody:
    """What findings go by when they judge how a client treats a resource that it has created.

    Attributes:
        waiting, ready, over: statuses that a poll shows; `over`: nothing changes any more.
        key: the field of a poll's answer that is needed to use the resource.
        used, expired, ran_out: the events by which it was used, expired unused, ended by itself.
        cancelled: the state after a cancel.
        handed_over: the keys of a create's body by which another party uses it, without a poll.
    """

    waiting: str
    ready: str
    over: frozenset[str]
    key: str
    used: frozenset[Enum]
    expired: Enum
    ran_out: frozenset[Enum]
    cancelled: Enum
    handed_over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind of resource: its transition table, and what may be said about it.

    Attributes:
        name: the key by which scenarios, journal and findings refer to one.
        transitions: state -> event -> state; a terminal state has an empty row. Without a table,
            the kind has an id and no lifecycle.
        automatic: events that only the account itself causes.
        unrecorded: events that the journal leaves out, because the resource counts them itself.
        reasons: why an event happened, for timelines; an event without one is shown by its name.
        custody: None: findings do not judge this kind.
        added_later: there are records of runs from before this kind was.
        lifecycle_added_later: there are records from before it had a lifecycle.
    """

    name: str
    transitions: Mapping[Any, Mapping[Any, Any]] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    automatic: frozenset[Enum] = frozenset()
    unrecorded: frozenset[Enum] = frozenset()
    reasons: Mapping[Any, str] = field(default_factory=dict)
    custody: Custody | None = None
    added_later: bool = False
    lifecycle_added_later: bool = False

    def is_terminal(self, state: Enum) -> bool:
        """Return whether nothing can happen in `state` any more."""
        return not self.transitions[state]

    def event_in(self, state: Enum, name: str) -> Any:
        """Return the event called `name`, None if the table has no row for it in `state`."""
        return next((event for event in self.transitions[state] if event.value == name), None)


@dataclass(frozen=True)  # without slots, which cached properties cannot have
class Vocabulary:
    """The kinds of resources and the operations of an API.

    Raises:
        ValueError: two operations, moments or kinds have the same name.
    """

    kinds: tuple[ResourceKind, ...]
    operations: tuple[ApiOperation, ...]

    def __post_init__(self) -> None:
        moments = [moment.name for kind in self.kinds for moment in kind.moments]
        ids, kinds = [each.id for each in self.operations], [kind.name for kind in self.kinds]
        for names in (ids, moments, kinds):
            if len(set(names)) < len(names):
                raise ValueError(f"expected different names, got {', '.join(names)}")

    @cached_property
    def lifecycles(self) -> tuple[ResourceKind, ...]:
        """The kinds that have a lifecycle."""
        return tuple(kind for kind in self.kinds if kind.transitions)

    @cached_property
    def operation(self) -> Mapping[str, ApiOperation]:
        """The operations by id."""
        return {each.id: each for each in self.operations}

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The HTTP methods of all operations."""
        used = {each.method for each in self.operations}
        return tuple(method for method in _METHODS if method in used)

    @cached_property
    def states(self) -> Mapping[str, frozenset[Enum]]:
        """By name, that state of every kind."""
        every = [state for kind in self.lifecycles for state in kind.transitions]
        return {one.value: frozenset(s for s in every if s.value == one.value) for one in every}

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The names of the events that can be made to happen from outside."""
        every = [(kind, row) for kind in self.lifecycles for row in kind.transitions.values()]
        names = {e.value for kind, row in every for e in row if e not in kind.automatic}
        return tuple(sorted(names))

    @cached_property
    def moments(self) -> Mapping[str, Moment]:
        """The moments of all kinds, by name."""
        return {each.name: each for kind in self.kinds for each in kind.moments}

    def subjects_in(self, names: Mapping[str, Any]) -> frozenset[Subject]:
        """Return the subjects that `names` holds, each as `{kind: id}`, beside other keys."""
        kinds = [kind.name for kind in self.lifecycles if kind.name in names]
        return frozenset(Subject(kind, str(names[kind]).lower()) for kind in kinds)

    def role_of(self, operation: str) -> Role | None:
        """Return the role of the operation with this id, None if it has none or is unknown."""
        known = self.operation.get(operation)
        return None if known is None else known.role

    def kind_of(self, state: Enum) -> ResourceKind:
        """Return the kind whose state this is."""
        return self.kind_of_state[state]

    @cached_property
    def kind_of_state(self) -> Mapping[Enum, ResourceKind]:
        """The kind whose state each is."""
        return {state: kind for kind in self.lifecycles for state in kind.transitions}
