"""What the caller and the fake observed while a situation was played.

Plain values. Instants are POSIX seconds; both sides run on one machine, so they can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from contracts.judge.output import Leak
from contracts.judge.situation import Json, Shape, Situation

_SLOW_S = 1.0
_SENT_TO = "sent to "  # as the fake begins the name of a client that called one of Runway's hosts
_BOM = b"\xef\xbb\xbf"
QUEUED_S = 1.0
"""A connect whose create comes so long after its request, in seconds, may have waited for others.

Less than what a late answer may be late.
"""
TERMINAL = frozenset({"completed", "failed", "cancelled"})
_USES = frozenset({"consumed", "claimed"})
SHAPE_KEYS = {
    Shape.CREDENTIALS: ("sessionId", "serverUrl", "token", "roomName"),
    Shape.SESSION_KEY: ("sessionId", "sessionKey"),
}
_NEEDED = {"createSession": ("id",), "getSession": ("status",), "consumeSession": ("url", "token")}
_BREAKS_THE_BYTES = frozenset({"malformed", "page"})
_HARMLESS = frozenset({"delay", "event"})


class Got(Enum):
    """What an upstream answer was worth to the target."""

    NOTHING = "an error, no whole answer, no JSON, or not what is needed of it"
    DOUBTFUL = "what is needed, in a form that some targets reject"
    GOOD = "all of it"


@dataclass(frozen=True)
class TargetAnswer:
    """The answer that one caller got.

    Attributes:
        status: None without a whole answer; `failure` says why.
        sent_at, came_at: when the request was sent, and when the answer was there or given up.
        method, sent: of the request; the beginning of its query and body.
        names: the paths of keys that the target calls otherwise: `{"sessionId": "data.id"}`.
    """

    sent_at: float
    came_at: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str = ""
    method: str = "POST"
    sent: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def took_s(self) -> float:
        """From request to answer, in seconds."""
        return self.came_at - self.sent_at

    @cached_property
    def json(self) -> Any:
        """The parsed body, None if it is no JSON."""
        try:
            return orjson.loads(self.body.removeprefix(_BOM))  # as browsers do
        except orjson.JSONDecodeError:
            return None

    @cached_property
    def fields(self) -> Json:
        """The parsed body if it is an object, empty otherwise; with our names of its keys."""
        fields = self.json if isinstance(self.json, dict) else {}
        for ours, theirs in self.names.items():
            *outer, last = theirs.split(".")
            fields, inner = _copied(fields, outer)
            if inner is not None and last in inner:
                value = inner.pop(last)
                fields = {**_without_empty(fields, outer), ours: value}
        return fields

    @property
    def shape(self) -> Shape | None:
        """The shape of its body, None if it is neither or both."""
        shapes = [shape for shape, keys in SHAPE_KEYS.items() if self.fields.keys() >= {*keys}]
        return shapes[0] if len(shapes) == 1 else None

    def __str__(self) -> str:
        if self.status is None:
            return f"no answer after {self.took_s:.1f}s ({self.failure})"
        return f"{self.status} after {self.took_s:.1f}s"


def _copied(fields: Json, path: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a copy of an object and, in it, the object at a path; None if there is none."""
    copy: dict[str, Any] = dict(fields)
    inner = copy
    for name in path:
        if not isinstance(inner.get(name), dict):
            return copy, None
        inner[name] = dict(inner[name])
        inner = inner[name]
    return copy, inner


def _without_empty(fields: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return an object without the objects along a path that are empty, itself changed."""
    if path and isinstance(inner := fields.get(path[0]), dict):
        _without_empty(inner, path[1:])
        if not inner:
            del fields[path[0]]
    return fields


@dataclass(frozen=True)
class UpstreamCall:
    """One request of the target to the fake, as the fake's journal has it.

    Attributes:
        status: of the answer, None without one.
        arrives: whether the target got the whole answer.
        acted: whether the fake acted on it.
        key_fits: of a consume: whether its bearer token is the session's key.
        shown: the status of the session in the answer, any JSON; None: there is none.
        content_type: the declared one, None without one; empty: the fake does not say.
        cookies: whether there was a Cookie header.
        fields: of the answer, before faults broke its bytes; keys are covered. None: unknown.
        agent: what the client calls itself; before it the host, if that was one of Runway's own.
    """

    number: int
    at: float
    operation: str
    method: str
    path: str
    session: str
    status: int | None
    arrives: bool
    acted: bool
    wait_s: float
    key_fits: bool | None
    versioned: bool
    secret_in_url: bool
    body: Json
    shown: Any
    faults: tuple[str, ...]
    content_type: str | None = ""
    cookies: bool = False
    fields: Json | None = None
    agent: str = ""

    @property
    def bypass(self) -> tuple[str, str] | None:
        """The host of Runway's to which it was sent, and by what client; None: to the base URL."""
        if not self.agent.startswith(_SENT_TO):
            return None
        host, _, client = self.agent.removeprefix(_SENT_TO).partition(" by ")
        return host, client

    @classmethod
    def of(cls, entry: Json) -> "UpstreamCall":
        """Return the exchange that an entry of the journal describes."""
        request, response = entry["request"], entry["response"]
        reply = response["body"]
        return cls(
            number=entry["number"],
            at=entry["at"],
            operation=entry["operation"] or "",
            method=entry["method"],
            path=entry["path"],
            session=entry["session"] or "",
            status=response["status"],
            arrives=response["arrives"],
            acted=entry["acted"],
            wait_s=response["wait_s"],
            key_fits=request["key_fits"],
            versioned=request["versioned"],
            secret_in_url=request["secret_in_url"],
            body=request["body"] or {},
            shown=reply.get("status") if isinstance(reply, dict) else None,
            faults=tuple(entry["faults"]),
            content_type=request.get("content_type", ""),
            cookies=request.get("cookies", False),
            fields=reply if isinstance(reply, dict) else {},
            agent=request.get("agent") or "",
        )

    @property
    def shown_text(self) -> str:
        """The status that was shown, as text: it may be any JSON. Empty: none was."""
        if self.shown is None or isinstance(self.shown, str):
            return self.shown or ""
        return orjson.dumps(self.shown).decode()

    @property
    def answered_at(self) -> float:
        """When its answer goes out."""
        return self.at + self.wait_s

    @property
    def avatar(self) -> str:
        """The avatar that a create asked for, empty if none."""
        avatar = self.body.get("avatar")
        if not isinstance(avatar, dict):
            return ""
        return str(avatar.get("presetId") or avatar.get("avatarId") or "")

    @property
    def reply(self) -> str:
        """What the target got, in words."""
        answer = str(self.status) if self.status is not None else "no answer"
        if self.status is not None and not self.arrives:
            answer += ", cut off"
        return f"{answer} {self.shown_text}" if self.shown_text else answer

    def __str__(self) -> str:
        host = "" if self.bypass is None else f"https://{self.bypass[0]}"
        return f"{self.method} {host}{self.path} -> {self.reply}"


@dataclass(frozen=True)
class ObservedSession:
    """What became of one session on the fake.

    Attributes:
        moves: (instant, event, state after it), in order.
        key_sha256: of its key, as lower-case hex; None: the fake does not say.
    """

    id: str
    state: str
    moves: tuple[tuple[float, str, str], ...] = ()
    key_sha256: str | None = None

    def has_key(self, key: str) -> bool | None:
        """Tell whether this is its key; None: the fake does not say."""
        if self.key_sha256 is None:
            return None
        return sha256(key.encode()).hexdigest() == self.key_sha256

    @property
    def used(self) -> bool:
        """Whether its key was used: it works once."""
        return any(event in _USES for _, event, _ in self.moves)

    def entered(self, state: str) -> float | None:
        """Return when it entered a state, None if it never did."""
        return next((at for at, _, after in self.moves if after == state), None)

    @property
    def ended_at(self) -> float | None:
        """When it ended, None if it has not."""
        return next((at for at, _, after in self.moves if after in TERMINAL), None)


@dataclass(frozen=True, slots=True)
class Queued:
    """How a connect waited in the target before it was played alone.

    Attributes:
        waited_s: from its request to its create, or until its caller left.
        in_flight: on how many connects the target worked meanwhile.
        sent: how many it had been sent by then, this one included.
        situations: how many waited so in the whole run.
    """

    waited_s: float
    in_flight: int
    sent: int
    situations: int = 1


@dataclass(frozen=True)
class Observation:
    """One situation, played once.

    Attributes:
        avatar: by which its calls are known.
        avatars: of all its callers.
        answers: of the callers, in the order in which they called.
        upstream: what the target did, in order.
        sessions: that the target created.
        until: when the observation ended.
        output: the end of what the target wrote meanwhile, if the judge started it.
        leaks: the secrets in all that it wrote.
        loss: how the target ended, or stopped answering, meanwhile; empty: it did not.
        beside: how many other situations were played with the instance when it was called.
        queued: how long it had waited for others, where that was the longest wait of the run.
        lost_s: how late this machine was before the answers, all delays together.
        stood_still_s: the longest time until then for which it ran nothing.
    """

    situation: Situation
    avatar: str
    answers: tuple[TargetAnswer, ...]
    upstream: tuple[UpstreamCall, ...]
    sessions: tuple[ObservedSession, ...]
    until: float
    output: str = ""
    avatars: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
    loss: str = ""
    beside: int = 0
    queued: Queued | None = None
    lost_s: float = 0.0
    stood_still_s: float = 0.0

    @property
    def answer(self) -> TargetAnswer:
        """The first caller's."""
        return self.answers[0]

    def calls(self, operation: str) -> tuple[UpstreamCall, ...]:
        """Return the requests of one operation."""
        return tuple(each for each in self.upstream if each.operation == operation)

    @property
    def creates(self) -> tuple[UpstreamCall, ...]:
        """The creates."""
        return self.calls("createSession")

    @property
    def polls(self) -> tuple[UpstreamCall, ...]:
        """The polls."""
        return self.calls("getSession")

    @property
    def consumes(self) -> tuple[UpstreamCall, ...]:
        """The consumes."""
        return self.calls("consumeSession")

    @property
    def cancels(self) -> tuple[UpstreamCall, ...]:
        """The cancels."""
        return self.calls("deleteSession")

    @property
    def late_starts(self) -> int:
        """For how many avatars the first create came late, although this machine was not busy."""
        firsts: dict[str, float] = {}
        for create in self.creates:
            firsts.setdefault(create.avatar, create.at)
        left_after_s = self.situation.leaves_after_s or QUEUED_S  # then a create waited, too
        in_time = self.answer.sent_at + min(QUEUED_S, left_after_s) + self.lost_s
        return sum(at > in_time for at in firsts.values())

    @property
    def known(self) -> tuple[ObservedSession, ...]:
        """The sessions whose id the target has certainly learnt."""
        known = {each.session for each in self.creates if self.got(each) is Got.GOOD}
        return tuple(session for session in self.sessions if session.id in known)

    def got(self, call: UpstreamCall) -> Got:
        """Return what the answer to a call was worth."""
        effects = self.effects_on(call)
        if call.status is None or call.status >= 300 or not call.arrives:
            return Got.NOTHING
        needed = _NEEDED.get(call.operation, ()) if call.fields is not None else ()
        lacking = [name for name in needed if not _is_text((call.fields or {}).get(name))]
        if lacking or _BREAKS_THE_BYTES & effects.keys():
            return Got.NOTHING
        return Got.GOOD if effects.keys() <= _HARMLESS else Got.DOUBTFUL

    def effects_on(self, call: UpstreamCall) -> Json:
        """Return the effects of the faults that struck a call, by their names."""
        effects: dict[str, Any] = {}
        for name in call.faults:  # the journal has the name, or the number, behind the scenario's
            effects |= self._effects.get(name.rpartition("/")[2], {})
        return effects

    @cached_property
    def _effects(self) -> Mapping[str, Json]:
        faults = (self.situation.session or {}).get("faults", ())
        numbered = enumerate(faults, start=1)
        return {str(each.get("name", number)): each["effect"] for number, each in numbered}

    def stopped_at(self, *, consumes: bool) -> str:
        """Return the hop at which the connect stopped, and what came there, in a clause.

        Args:
            consumes: the target has to consume, not the browser.
        """
        elsewhere = "its later calls went to another host than RUNWAYML_BASE_URL, or it sent none"
        ready = [each.wait_s for each in self.polls if each.shown == "READY" and each.arrives]
        if not self.creates:
            return "no create reached Runway"
        if not self.known:
            return f"the create got {self.creates[-1].reply}"
        if self.consumes:
            return f"the consume got {self.consumes[-1].reply}"
        if not self.polls:
            return f"a session was created and neither polled nor consumed: {elsewhere}"
        if ready and consumes and min(ready) >= _SLOW_S:
            return f"polls that showed READY took {min(ready):.1f}s, and it did not wait for them"
        if ready and consumes:
            return f"the session was READY and no consume followed: {elsewhere}"
        return f"the last of {len(self.polls)} polls got {self.polls[-1].reply}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
