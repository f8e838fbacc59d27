"""What is demanded of a gateway, and what is done to it to find out.

A `Requirement` is one sentence with a stable id. A `Situation` is what Runway does to the gateway
while a caller connects, as the session form of a scenario of the fake. Each situation is played
once, and every requirement that is about it judges what was seen: a failed one says what was
expected and what it got. So one play is worth many verdicts, and a full check stays short.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contracts.judge.observation import Observation

Json = Mapping[str, Any]
SLACK_S = 1.5
"""How much later than its own deadline a target may answer, in seconds."""


class Level(Enum):
    """How much a requirement weighs: RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Expect(Enum):
    """What the caller of a situation gets from a correct gateway."""

    SUCCESS = "success"  # credentials
    FAILURE = "failure"  # a non-2xx answer: Runway failed
    REFUSAL = "refusal"  # a 4xx answer, and Runway is not asked: the caller was wrong
    EITHER = "either"  # both are allowed
    NOBODY = "nobody"  # the caller has left


class Shape(Enum):
    """What a gateway hands out."""

    SESSION_KEY = "session-key"
    CREDENTIALS = "credentials"


@dataclass(frozen=True)
class Situation:
    """What Runway does, and what the caller does, while a session is wanted.

    Attributes:
        id: stable.
        about: one sentence.
        tags: what it is an instance of; requirements choose situations by these.
        session: the session form that the caller's avatar is bound to; None: nothing is bound.
        body: what the caller sends; None: the avatar as the official component sends it.
        content_type: of that body.
        callers: how many call at once, each for an avatar of its own.
        same_avatar: all of them for one avatar instead.
        slow: session forms of the callers who are slow among many, at most half of them.
        leaves_after_s: the caller hangs up; None: it waits.
        custom: the avatar is a custom one, a UUID.
        shape: only targets that hand out this; None: all.
        whole_deadline: a correct target needs its whole deadline for it.
        quick: it is part of the quick profile.
    """

    id: str
    about: str
    expect: Expect
    tags: frozenset[str] = frozenset()
    session: Json | None = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    callers: int = 1
    same_avatar: bool = False
    slow: tuple[Json, ...] = ()
    leaves_after_s: float | None = None
    custom: bool = False
    shape: Shape | None = None
    whole_deadline: bool = False
    quick: bool = False

    def slow_among(self, callers: int) -> tuple[Json, ...]:
        """Return the session forms of those who are slow, who call first."""
        return self.slow[: callers // 2]


@dataclass(frozen=True)
class Context:
    """What is known about the target, beside what was seen.

    Attributes:
        timeout_s: the target's own deadline, as declared.
        shape: what it is declared to hand out; None: what it was seen to hand out.
        secret: the API secret that it was given.
        marker: a word in every text that the fake sends with an error.
        media_url: where tokens of the fake lead.
    """

    timeout_s: float
    shape: Shape | None
    secret: str
    marker: str
    media_url: str


@dataclass(frozen=True, slots=True)
class Breach:
    """What is wrong with an observation: what a correct target does, and what this one did."""

    expected: str
    got: str

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}"


Check = Callable[[Observation, Situation, Context], Iterable[Breach]]
"""Yields the breaches of a requirement in one observation."""


@dataclass(frozen=True)
class Requirement:
    """One sentence of the contract.

    Attributes:
        id: stable, `family.name`.
        text: what is demanded.
        why: the reason.
        source: where it comes from: a seed, an SDK's behaviour, an observation.
        tags: of the situations that it is about; any of them is enough. Empty: all situations.
        unless: tags of situations that it is not about.
        check: the judge.
    """

    id: str
    level: Level
    text: str
    why: str
    source: str
    check: Check
    tags: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]

    def is_about(self, situation: Situation) -> bool:
        """Tell whether it judges this situation."""
        if self.unless & situation.tags:
            return False
        return not self.tags or bool(self.tags & situation.tags)


def requirement(
    id_: str,
    text: str,
    *,
    why: str,
    source: str,
    tags: str = "",
    unless: str = "",
    level: Level = Level.MUST,
) -> Callable[[Check], Requirement]:
    """Make a check the judge of a requirement; `tags` and `unless` are separated by spaces."""

    def made(check: Check) -> Requirement:
        return Requirement(
            id_,
            level,
            text,
            why,
            source,
            check,
            frozenset(tags.split()),
            frozenset(unless.split()),
        )

    return made
