"""What is demanded of a gateway, and what is done to it to find out.

A `Requirement` is one sentence with a stable id. A `Situation` is what Runway does to the gateway
while a caller connects, as the session form of a scenario of the fake. The judge plays each
situation once and checks every requirement that is about it against the one observation, so one
play is worth many verdicts and a full check stays short.
"""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from enum import Enum, unique

from contracts.judge.observation import Json, Observation, TargetAnswer, UpstreamCall

SLACK_S = 1.5
"""How much later than its own deadline a target may answer, in seconds."""
PROMPT_S = 6.0
"""How long after the end of a session its caller may wait for the answer, in seconds."""


class Level(Enum):
    """How much a requirement weighs: RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Expect(Enum):
    """What the caller of a situation gets from a correct gateway."""

    SUCCESS = "success"  # credentials
    FAILURE = "failure"  # a non-2xx answer: Runway failed
    REFUSAL = "refusal"  # a 4xx answer, and no request to Runway: the caller was wrong
    EITHER = "either"  # both are allowed
    NO_ANSWER = "nobody"  # the caller has left


@unique
class Trait(Enum):
    """What a situation is an instance of, in a line; requirements select situations by traits."""

    SUCCESS = "the target has to hand out credentials"
    SLOW = "the session becomes READY after the first poll, and before the deadline"
    LAST_MOMENT = "the session becomes READY just before the deadline"
    CUSTOM_AVATAR = "the caller asks for a custom avatar"

    REFUSED = "the caller is wrong: the target answers 4xx and creates no session"
    BAD_JSON = "the body is not a JSON object"
    NO_AVATAR = "the body has no avatar, or an empty one"
    WRONG_TYPE = "the avatar is not a string"
    UNKNOWN_AVATAR = "the avatar is neither a preset nor a UUID"
    HOSTILE_AVATAR = "the avatar attacks what it may be copied into"
    BIG_BODY = "the body has megabytes"

    ERROR = "Runway fails at a hop, or the session fails"
    CREATE = "a create fails"
    POLL = "a poll fails"
    CONSUME = "a consume fails"
    PASSING = "the first call of a hop fails, and the next one succeeds"
    FINAL = "an error that does not pass: the next attempt gets the same answer"
    UNAUTHORIZED = "Runway answers 401 or 403"
    RETRY_AFTER = "Runway answers 429 with Retry-After: 1"
    LOST_REPLY = "Runway creates a session, and its reply is lost"

    ENDS = "the session ends while the target waits"
    RUNNING = "the session is RUNNING: another client has used its key"
    NO_KEY = "the session is READY, and the answer has no key"
    UNKNOWN_STATUS = "the session has no status, or one that is not documented"
    DEADLINE = "the session is not READY by the deadline"
    LATE_ID = "the create is answered late: after the caller is gone, or near the deadline"
    CANCEL_HANGS = "no cancel is answered"
    CANCEL_FAILS_ONCE = "the first cancel gets 500"

    GONE = "the caller hangs up"
    GONE_WHILE_CONSUMING = "the caller hangs up when only the consume is left"
    MANY = "several callers connect at once, and all sessions are quick"
    MANY_ONE_SLOW = "several callers connect at once, and some sessions are slow"


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
        traits: what it is an instance of.
        session: the session form that the caller's avatar is bound to; None: nothing is bound.
        body: what the caller sends; None: the avatar as the official component sends it.
        callers: how many call at once, each for an avatar of its own.
        same_avatar: all of them call for one avatar instead.
        slow: session forms of the callers who are slow among many, at most half of them.
        leaves_after_s: the caller hangs up; None: it waits.
        custom: the avatar is a custom one, a UUID.
        shape: only targets that hand out this; None: all.
        whole_deadline: a correct target needs its whole deadline for it.
        to_the_second: a delay of a second decides it, so a busy machine cannot judge it.
        retried_late: the target may create again much later, which would look like another
            situation's create: an SDK whose create times out tries again after a minute.
        quick: it is part of the quick profile.
    """

    id: str
    about: str
    expect: Expect
    traits: Set[Trait] = frozenset()
    session: Json | None = field(default_factory=dict)
    body: bytes | None = None
    callers: int = 1
    same_avatar: bool = False
    slow: tuple[Json, ...] = ()
    leaves_after_s: float | None = None
    custom: bool = False
    shape: Shape | None = None
    whole_deadline: bool = False
    to_the_second: bool = False
    retried_late: bool = False
    quick: bool = False

    def slow_among(self, callers: int) -> tuple[Json, ...]:
        """Return the session forms of the slow callers, who call first."""
        return self.slow[: callers // 2]


@dataclass(frozen=True)
class Context:
    """What is known about the target, beside the observation.

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


Breaches = Iterable[Breach]


@dataclass(frozen=True, slots=True)
class Case:
    """What a check judges: a situation, what was seen in it, and what is known of the target."""

    situation: Situation
    seen: Observation
    context: Context

    @property
    def answered(self) -> Iterator[TargetAnswer]:
        """The answers of the target, without the callers who got none."""
        return (answer for answer in self.seen.answers if answer.status is not None)

    @property
    def in_time(self) -> Iterator[TargetAnswer]:
        """The answers before the deadline; later ones are checked by `time.deadline`."""
        limit_s = self.context.timeout_s + SLACK_S
        return (answer for answer in self.answered if answer.took_s <= limit_s)

    @property
    def handed_out(self) -> Iterator[TargetAnswer]:
        """The successes."""
        return (answer for answer in self.seen.answers if answer.ok)

    @property
    def prompt_s(self) -> float:
        """How soon a failure has to be answered: sooner than a short deadline would be."""
        return min(PROMPT_S, max(1.0, self.context.timeout_s * 0.7))

    @property
    def own_mistake(self) -> bool:
        """Whether the connect failed for a mistake that another requirement is about.

        Runway rejected the body of a create, or the key of a consume; or the consume went
        elsewhere.
        """
        if not self.seen.sessions and any(map(rejected_body, self.seen.creates)):
            return True
        return any(each.key_fits is False for each in self.seen.consumes) or self.went_elsewhere

    @property
    def went_elsewhere(self) -> bool:
        """Whether a consume is missing after READY: it went to another host."""
        ready = any(each.shown == "READY" and each.arrives for each in self.seen.polls)
        consumes = self.context.shape is not Shape.SESSION_KEY
        return consumes and ready and not self.seen.consumes and not any(self.handed_out)


def rejected_body(call: UpstreamCall) -> bool:
    """Tell whether Runway rejected a create by itself, without an injected fault."""
    return call.status in (400, 404, 422) and not call.faults


Check = Callable[[Case], Breaches]
"""Yields the breaches of a requirement in one case."""


class NotJudged(Exception):
    """Raised by a check that finds nothing to judge in an observation; the message says why."""


@dataclass(frozen=True)
class Requirement:
    """One sentence of the contract.

    Attributes:
        id: stable, `family.name`.
        text: what is demanded.
        why: the reason.
        source: where it comes from: a seed, an SDK's behaviour, an observation.
        traits: any of them makes a situation one that it is about. Empty: all situations.
        unless: any of them makes a situation one that it is not about.
    """

    id: str
    level: Level
    text: str
    why: str
    source: str
    check: Check
    traits: Set[Trait] = frozenset()
    unless: Set[Trait] = frozenset()

    @property
    def family(self) -> str:
        """The part of the id before the first dot."""
        return self.id.partition(".")[0]

    def is_about(self, situation: Situation) -> bool:
        """Tell whether this situation is judged by it."""
        if self.unless & situation.traits:
            return False
        return not self.traits or bool(self.traits & situation.traits)


def requirement(
    id_: str,
    text: str,
    *,
    why: str,
    source: str,
    traits: Set[Trait] = frozenset(),
    unless: Set[Trait] = frozenset(),
    level: Level = Level.MUST,
) -> Callable[[Check], Requirement]:
    """Turn the check that it decorates into a requirement."""
    return lambda check: Requirement(id_, level, text, why, source, check, traits, unless)
