"""What Runway and the caller do while a session is wanted, as values.

What Runway does is the session form of a scenario of the fake.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Any

Json = Mapping[str, Any]
"""An object of JSON."""
RETRY_AFTER_S = 2
"""Longer than a usual pause, so that it shows whether a target reads it."""


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

    NEW_FIELDS = "Runway's answers have more fields and headers than are documented"
    SLOW_UPSTREAM = "Runway's answers are good, and some take a part of the deadline"
    SLOW_CREATE = "the create takes a third of the deadline"
    SLOW_POLL = "one poll takes a third of the deadline"
    SLOW_POLLS = "every poll takes seconds"
    SLOW_CONSUME = "the consume takes a third of the deadline"
    SLOW_HOPS = "each hop takes a fifth of the deadline"

    REFUSED = "the caller is wrong: the target answers 4xx and creates no session"
    BAD_JSON = "the body is not a JSON object"
    NO_AVATAR = "the body has no avatar, or an empty one"
    WRONG_TYPE = "the avatar is not a string"
    UNKNOWN_AVATAR = "the avatar is neither a preset nor a UUID"
    HOSTILE_AVATAR = "the avatar attacks what it may be copied into"
    BIG_BODY = "the body has megabytes"

    UNEXPECTED = "no page of the site sends such a request"
    OTHER_METHOD = "a request by another method than POST"
    FOREIGN_REQUEST = "a request that a page of another site can send without a preflight"
    UNDECLARED_JSON = "JSON that is declared as text, as a form, or not at all"
    EXTRA_KEYS = "the body has keys that would choose what the target has to choose"
    EXTRA_OPTIONS = "the body has options of a session that costs more, or says other things"
    OWN_CREDENTIALS = "the caller sends credentials and headers of its own"
    FOREIGN_ORIGIN = "a page of another site calls"
    CHARSET = "the content type has a charset"

    ERROR = "Runway fails at a hop, or the session fails"
    CREATE = "a create fails"
    POLL = "a poll fails"
    CONSUME = "a consume fails"
    PASSING = "the first call of a hop fails, and the next one succeeds"
    FINAL = "an error that does not pass: the next attempt gets the same answer"
    UNAUTHORIZED = "Runway answers 401 or 403"
    RETRY_AFTER = "Runway answers 429 and says with Retry-After when to come back"
    LOST_REPLY = "Runway creates a session, and its reply is lost"

    ENDS = "the session ends while the target waits"
    RUNNING = "the session is RUNNING: another client has used its key"
    NO_KEY = "the session is READY, and the answer has no key"
    UNKNOWN_STATUS = "the session has no status, or one that is not documented"
    ODD_STATUS = "one poll shows another status than the session has, and its key beside it"
    ODD_KEY = "one poll shows READY with a key that is null or empty"
    DEADLINE = "the session is not READY by the deadline"
    LATE_ID = "the create is answered late: after the caller is gone, or near the deadline"
    CANCEL_HANGS = "no cancel is answered"
    CANCEL_FAILS = "every cancel gets 500"
    CANCEL_FAILS_ONCE = "the first cancel fails, and the next one succeeds"

    GONE = "the caller hangs up"
    GONE_WHILE_CONSUMING = "the caller hangs up when only the consume is left"
    GONE_AT_THE_HAND_OVER = "the caller hangs up as the answer is written, or just before"
    MANY = "several callers connect at once, and all sessions are quick"
    MANY_ONE_SLOW = "several callers connect at once, and some sessions are slow"
    SLOW_CANCELS = "the cancels of some of several callers are slow"


class Shape(Enum):
    """What a gateway hands out."""

    SESSION_KEY = "session-key"
    CREDENTIALS = "credentials"


class AvatarSent(Enum):
    """Which avatar a caller sends, beside a value of its own."""

    CHOSEN = "the avatar that the situation is played with"
    NONE = "no avatar"


@dataclass(frozen=True)
class CallerRequest:
    """What a caller sends, where that differs from what the official component sends.

    `$AVATAR` in query, headers and body is replaced by the avatar of the situation.

    Attributes:
        method: None: the target's own.
        query: names and values that are added to those of the target's address.
        content_type: empty: none is sent.
        headers: beside those of every call, which they replace by name.
        avatar: any JSON value, in the place where the target expects the avatar.
        keys: of the body, beside those of the target's template.
        body: the whole of it, in place of the template; empty: none.
    """

    method: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    headers: Json = field(default_factory=dict)
    avatar: Any = AvatarSent.CHOSEN
    keys: Json = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Situation:
    """What Runway does, and what the caller does, while a session is wanted.

    Attributes:
        id: stable.
        about: one sentence.
        traits: what it is an instance of.
        session: the session form that the caller's avatar is bound to; None: nothing is bound.
        request: what the caller sends.
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
    request: CallerRequest = field(default_factory=CallerRequest)
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

    def set_in(self, operation: str) -> Json:
        """Return the fields that faults set in the answers to an operation."""
        faults = (self.session or {}).get("faults", ())
        ours = [
            each["effect"] for each in faults if each.get("match", {}).get("operation") == operation
        ]
        return {name: to for effect in ours for name, to in effect.get("set", {}).items()}

    def slow_among(self, callers: int) -> tuple[Json, ...]:
        """Return the session forms of the slow callers, who call first."""
        return self.slow[: callers // 2]
