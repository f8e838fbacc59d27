"""What is demanded of a gateway, and how it is checked.

A `Requirement` is one sentence with a stable id. The judge plays each situation once and checks
every requirement that is about it against the one observation, so one play is worth many verdicts
and a full check stays short.
"""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from enum import Enum

from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall
from contracts.judge.situation import Shape, Situation, Trait
from contracts.judge.spellings import tokens_in

SLACK_S = 1.5
"""How much later than its own deadline a target may answer, in seconds."""
PROMPT_S = 6.0
"""How long after the end of a session its caller may wait for the answer, in seconds."""
CANCELLED_WITHIN_S = 5.0
"""How long a target has to cancel a session that it did not hand out, in seconds."""
SURVIVE = "survive"
"""The family that judges situations in which the target was lost; all others need it alive."""


class Level(Enum):
    """How much a requirement weighs: RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"

    def counts(self, *, strict: bool) -> bool:
        """Return whether a run fails if a requirement of this level is broken."""
        return self is Level.MUST or (strict and self is Level.SHOULD)


@dataclass(frozen=True)
class Context:
    """What is known about the target, beside the observation.

    Attributes:
        timeout_s: the target's own deadline, as declared.
        shape: what it is declared to hand out; None: what it was seen to hand out.
        secret: the API secret that it was given.
        marker: a word in every text that the fake sends with an error.
        media_url: where tokens of the fake lead.
        creates: whether a right request made the target create a session; None: the run sent it no
            right request.
        upstream_url: what the target was given as RUNWAYML_BASE_URL; empty: unknown.
        method: of a right request to the target.
        alone_s: how long a connect took that had the target for itself; None: it failed.
        caller_tokens: the credentials in the headers that every caller sends.
        exercised: whether the target was seen to use the fake with its secret.
        started: whether the judge started the target, and so sees its output.
    """

    timeout_s: float
    shape: Shape | None
    secret: str
    marker: str
    media_url: str
    caller_tokens: tuple[str, ...] = ()
    creates: bool | None = None
    upstream_url: str = ""
    method: str = "POST"
    alone_s: float | None = None
    exercised: bool = True
    started: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """What is wrong with an observation: what a correct target does, and what this one did."""

    expected: str
    got: str

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}"


Breaches = Iterable[Breach]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake of the target that ended a connect.

    Attributes:
        about: the id of the requirement that judges it.
        text: what happened, in a clause.
    """

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """What a check judges: what was seen in a situation, and what is known of the target."""

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
    def caller_tokens(self) -> tuple[str, ...]:
        """The caller's own credentials: those of every call, and those of this situation."""
        return (*self.context.caller_tokens, *tokens_in(self.seen.situation.request.headers))

    @property
    def prompt_s(self) -> float:
        """How soon a failure has to be answered: sooner than a short deadline would be."""
        return min(PROMPT_S, max(1.0, self.context.timeout_s * 0.7))

    @property
    def stopped_at(self) -> str:
        """The hop at which the connect stopped, and what came there: a clause for a sentence."""
        return self.seen.stopped_at(consumes=self.context.shape is not Shape.SESSION_KEY)

    @property
    def mistake(self) -> Mistake | None:
        """The mistake for which the connect failed and that a requirement of its own judges.

        Runway rejected a create, or the key or the content type of a consume; or the consume went
        elsewhere. None: there was none of these.
        """
        rejected = [each for each in self.seen.creates if rejected_body(each)]
        if rejected and not self.seen.sessions:
            about = "custom-avatar" if self.seen.situation.custom else "preset"
            id_ = f"request.{about}" if rejected[0].versioned else "header.version"
            return Mistake(id_, f"the create got {rejected[0].status}")
        if any(each.key_fits is False for each in self.seen.consumes):
            text = "a consume had another bearer token than the session's key"
            return Mistake("consume.with-the-key", text)
        if any(each.status == 415 and not each.faults for each in self.seen.consumes):
            return Mistake("consume.content-type", "a consume got 415 for its content type")
        if self.went_elsewhere:
            text = "the session was READY and no consume reached Runway"
            return Mistake("consume.arrives", text)
        return None

    @property
    def went_elsewhere(self) -> bool:
        """Whether a consume is missing after READY: it went to another host.

        A slow poll may have shown READY in vain, because the target did not wait for it.
        """
        slow = Trait.SLOW_UPSTREAM in self.seen.situation.traits
        ready = any(
            each.shown == "READY" and each.arrives and not (slow and each.faults)
            for each in self.seen.polls
        )
        consumes = self.context.shape is not Shape.SESSION_KEY
        return consumes and ready and not self.seen.consumes and not any(self.handed_out)


def rejected_body(call: UpstreamCall) -> bool:
    """Tell whether Runway rejected a create by itself, without an injected fault."""
    return call.status in (400, 404, 422) and not call.faults


Check = Callable[[Case], Breaches]
"""Yields the breaches of a requirement in one case."""
Premise = Callable[[Case], str]
"""Returns which thing did not happen that a judgement rests on, in a clause; empty: it happened.

A breach is evidence by itself. That there is none is evidence only where the premise holds: a
target that creates nothing leaves no session behind, and says nothing about cancels.
"""


class NotJudged(Exception):
    """Raised by a check where the requirement is not about this target; the message says why.

    That is no blemish: another response shape, one avatar only, a target that the judge did not
    start. What should have happened and did not is for the premise.
    """


@dataclass(frozen=True)
class Requirement:
    """One sentence of the contract.

    Attributes:
        id: stable, `family.name`.
        text: what is demanded.
        why: the reason.
        source: where it comes from: a seed, an SDK's behaviour, an observation.
        premise: without it, a case without a breach is not observed.
        stands_alone: a breach is evidence even where the target did not use the fake: a leak, or a
            crash. Any other may be right there, as no fault of a situation has reached the target.
        traits: any of them makes a situation one that it is about. Empty: all situations.
        unless: any of them makes a situation one that it is not about.
    """

    id: str
    level: Level
    text: str
    why: str
    source: str
    check: Check
    premise: Premise
    traits: Set[Trait] = frozenset()
    unless: Set[Trait] = frozenset()
    stands_alone: bool = False

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
    premise: Premise,
    traits: Set[Trait] = frozenset(),
    unless: Set[Trait] = frozenset(),
    level: Level = Level.MUST,
    stands_alone: bool = False,
) -> Callable[[Check], Requirement]:
    """Turn the check that it decorates into a requirement."""
    return lambda check: Requirement(
        id_, level, text, why, source, check, premise, traits, unless, stands_alone
    )
