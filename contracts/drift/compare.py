"""How a published OpenAPI document differs from our contract, and whom each difference breaks.

A difference has an id such as `CreateSession:closed`: a place in *our* document, and what differs
there. A place starts at the shape that holds it, not at the operation, so that a shape used in
many places is one difference, and one line where differences are explained.

Whom it breaks depends on who sends the value. In a request, a narrower rule means that the fake
accepts what Runway refuses: the fake has to change. A rule that no request of today keeps (a field
newly required, entirely different values) breaks every client. In an answer, a wider rule means
that clients get values that the fake never sends; a narrower one, that the fake may send values
that Runway never does. `JUDGED` is that reasoning as a table.

Renames are guessed: something removed and something added are one rename if they have the same
form and similar names, or the same form and no rivals. Both names are reported, so that a wrong
guess shows.

What does not live here: reading documents (`openapi.py`), the reasons of known differences
(`explained.py`), and printing (`command.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from contracts.drift.openapi import (
    LOWER,
    UPPER,
    AnswerShape,
    BodyShape,
    Endpoint,
    Field,
    ValueShape,
    calls,
    operations,
    route,
)

T = TypeVar("T", str, tuple[str, str])
ALIKE = 0.6  # of two names; found by trial: case, plural and a changed word stay above
NONE = "none"
OPENNESS = ("closed", "open to some keys", "open")
SCOPE = (["realtime_sessions"], ["avatars"])


class ChangeKind(StrEnum):
    """How the published document differs from our contract.

    CHANGED is neither narrower nor wider, or incomparable (patterns).
    """

    ADDED = "added"
    REMOVED = "removed"
    NARROWED = "narrowed"
    WIDENED = "widened"
    RENAMED = "renamed"
    CHANGED = "changed"


class Judgement(StrEnum):
    """Whom a difference breaks; US: the fake accepts or answers what Runway does not."""

    CLIENTS = "breaking for clients"
    US = "breaking for us"
    HARMLESS = "harmless"


class Side(StrEnum):
    """Who sends the value: the client, the server, or neither (the operation itself)."""

    REQUEST = "request"
    RESPONSE = "response"
    CALL = "operation"


class Topic(StrEnum):
    """What differs, as far as the judgement depends on it."""

    VALUES = "values"
    OTHER_VALUES = "other values"
    OPENNESS = "openness"
    REQUIREMENT = "requirement"
    FIELD = "field"
    NEEDED_FIELD = "needed field"
    BRANCH = "branch"
    DEFAULT = "default"
    MEDIA = "media"
    STATUS = "status"
    SUCCESS = "success"
    REFUSALS = "refusals"
    OPERATION = "operation"
    PATH_NAME = "path name"
    SECURITY = "security"


A, R, N, W, M, C = ChangeKind  # added, removed, narrowed, widened, renamed (moved), changed
IN, OUT, CALL = Side
CLIENTS, US, HARMLESS = Judgement

JUDGED: Mapping[tuple[Side, Topic, ChangeKind], tuple[Judgement, str]] = {
    (IN, Topic.VALUES, N): (US, "The fake accepts what Runway refuses."),
    (IN, Topic.VALUES, W): (HARMLESS, "Runway accepts more; the fake still refuses it."),
    (IN, Topic.VALUES, C): (US, "The fake may accept what Runway refuses."),
    (OUT, Topic.VALUES, N): (US, "The fake may answer what Runway never does."),
    (OUT, Topic.VALUES, W): (CLIENTS, "Clients may get values that the fake never sends."),
    (OUT, Topic.VALUES, C): (CLIENTS, "Clients get values of another form than the fake's."),
    (IN, Topic.OTHER_VALUES, C): (CLIENTS, "Runway refuses every value that clients send today."),
    (OUT, Topic.OTHER_VALUES, C): (CLIENTS, "Clients cannot read the value as they do today."),
    (IN, Topic.OPENNESS, N): (US, "The fake accepts unknown keys, which Runway refuses."),
    (IN, Topic.OPENNESS, W): (HARMLESS, "The fake refuses unknown keys, which Runway accepts."),
    (OUT, Topic.OPENNESS, N): (US, "The fake may answer keys that Runway never does."),
    (OUT, Topic.OPENNESS, W): (HARMLESS, "Runway may answer more keys; clients skip them."),
    (IN, Topic.REQUIREMENT, N): (CLIENTS, "Runway refuses requests without it."),
    (IN, Topic.REQUIREMENT, W): (HARMLESS, "Runway does without it; the fake still asks for it."),
    (OUT, Topic.REQUIREMENT, N): (US, "The fake may leave out what Runway always answers."),
    (OUT, Topic.REQUIREMENT, W): (CLIENTS, "Runway may leave out what clients count on."),
    (IN, Topic.FIELD, A): (HARMLESS, "Runway accepts it; the fake does not know it."),
    (IN, Topic.FIELD, R): (US, "The fake accepts what Runway no longer knows."),
    (IN, Topic.FIELD, M): (CLIENTS, "Clients send a name that Runway no longer knows."),
    (OUT, Topic.FIELD, A): (HARMLESS, "Runway answers more than the fake; clients skip it."),
    (OUT, Topic.FIELD, R): (CLIENTS, "Clients do not find what the fake answers."),
    (OUT, Topic.FIELD, M): (CLIENTS, "Clients do not find it under the name that the fake uses."),
    (IN, Topic.NEEDED_FIELD, A): (CLIENTS, "Runway refuses requests without it."),
    (OUT, Topic.NEEDED_FIELD, A): (US, "The fake leaves out what Runway always answers."),
    (IN, Topic.BRANCH, A): (HARMLESS, "Runway accepts one more form; the fake refuses it."),
    (IN, Topic.BRANCH, R): (US, "The fake accepts a form that Runway refuses."),
    (OUT, Topic.BRANCH, A): (CLIENTS, "Clients may get a form that the fake never answers."),
    (OUT, Topic.BRANCH, R): (US, "The fake may answer a form that Runway never does."),
    (IN, Topic.DEFAULT, C): (US, "A request that leaves it out means something else to the fake."),
    (OUT, Topic.DEFAULT, C): (HARMLESS, "A default does not change what is answered."),
    (IN, Topic.MEDIA, A): (HARMLESS, "Runway accepts one more content type."),
    (IN, Topic.MEDIA, R): (US, "The fake accepts a content type that Runway refuses."),
    (OUT, Topic.MEDIA, A): (CLIENTS, "Clients may get a content type that the fake never sends."),
    (OUT, Topic.MEDIA, R): (CLIENTS, "Clients do not get the body that the fake answers."),
    (OUT, Topic.STATUS, A): (CLIENTS, "Clients may get a status that the fake never answers."),
    (OUT, Topic.STATUS, R): (US, "The fake may answer a status that Runway never does."),
    (OUT, Topic.SUCCESS, A): (CLIENTS, "Clients may get a success that the fake never answers."),
    (OUT, Topic.SUCCESS, R): (CLIENTS, "Clients wait for a success that Runway never answers."),
    (OUT, Topic.REFUSALS, R): (US, "Runway's refusals are not published; the fake guesses them."),
    (CALL, Topic.OPERATION, A): (HARMLESS, "The fake does not know it and answers 404 or 405."),
    (CALL, Topic.OPERATION, R): (CLIENTS, "Clients call what Runway does not publish."),
    (CALL, Topic.OPERATION, M): (CLIENTS, "Clients call it where it no longer is."),
    (CALL, Topic.PATH_NAME, M): (HARMLESS, "A name inside a template; nothing else on the wire."),
    (CALL, Topic.SECURITY, C): (CLIENTS, "Clients authenticate in a way that is no longer listed."),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of the published document.

    `id` is a place in our document and what differs there. `operation` is our operation's id, or
    method and path of one that we do not have; `path` is its path. `places` are those in the
    operation, such as `request $.avatar<custom>.avatarId`. `was` is our contract's side and `now`
    the published one, "none" for nothing; `consequence` is one sentence.
    """

    id: str
    operation: str
    method: str
    path: str
    side: Side
    places: tuple[str, ...]
    kind: ChangeKind
    judgement: Judgement
    was: str
    now: str
    consequence: str

    @property
    def breaking(self) -> bool:
        """Whether it breaks clients or us."""
        return self.judgement is not Judgement.HARMLESS


def differences(
    published: Mapping[str, Any], ours: Mapping[str, Any], *, outside: bool = False
) -> tuple[Difference, ...]:
    """Return all differences of `published` from `ours`, by operation.

    Both are OpenAPI documents as JSON gives them. Operations that only the published document has
    are reported under /realtime_sessions and /avatars, and with `outside` wherever they are.

    Raises:
        BadDocument: one of them is no OpenAPI document.
    """
    known = calls(ours)
    there = operations(published)
    routes = {route(*each) for each in there}
    lost = [call for call in known if call.route not in routes]
    kept = {call.route for call in known}

    def wanted(method: str, path: str) -> bool:
        return route(method, path) in kept or any(_may_be(one, method, path) for one in lost)

    pairs = _pairs(calls(published, wanted), known)
    taken = {(call.method, call.path) for call in pairs.values()}
    new = [
        (method, path)
        for method, path in there
        if (method, path) not in taken and (outside or path.split("/")[2:3] in SCOPE)
    ]

    def all_differences() -> Iterator[Difference]:
        for call in known:
            here = f"{call.method} {call.path}"
            if call.name in pairs:
                yield from _Walk(call).call(pairs[call.name])
            else:
                at = _At(call.name)
                yield _Walk(call).differ(at, "unpublished", Topic.OPERATION, R, here, NONE)
        for method, path in new:
            here = f"{method} {path}"
            walk = _Walk(Endpoint(here, method, path))
            yield walk.differ(_At(here), "new", Topic.OPERATION, A, NONE, here)

    found: dict[Difference, tuple[str, ...]] = {}
    for each in all_differences():
        alone = replace(each, places=())
        found[alone] = (*found.get(alone, ()), *each.places)
    return tuple(replace(each, places=tuple(dict.fromkeys(at))) for each, at in found.items())


def _pairs(theirs: Sequence[Endpoint], ours: Sequence[Endpoint]) -> dict[str, Endpoint]:
    """Return the published counterpart of our operations, by our name: same route, or renamed."""
    routes = {call.route: call for call in theirs}
    kept = {call.name: routes.pop(call.route) for call in ours if call.route in routes}
    moved = _best_pairs(
        (alike, one.name, other.route)
        for one in ours
        if one.name not in kept
        for other in routes.values()
        if _may_be(one, other.method, other.path) and (alike := _alikeness(one, other)) > 0
    )
    return kept | {name: routes[there] for name, there in moved.items()}


def _may_be(call: Endpoint, method: str, path: str) -> bool:
    """Return whether `call` may have moved there: same method or path, and similar paths."""
    moved = (call.method == method) != (call.path == path)
    return moved and _names_alike(call.path, path) >= ALIKE


def _names_alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _alikeness(one: Endpoint, other: Endpoint) -> float:
    """Return how likely `other` is `one` under another method or path, 0: it is not."""
    mine, theirs = _vocabulary(one), _vocabulary(other)
    shared = len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0
    return _names_alike(one.path, other.path) + shared if shared >= 0.5 else 0


def _vocabulary(call: Endpoint) -> set[str]:
    """Return the outermost keys of an operation's request and of its successful answers."""
    good = [each.media for status, each in call.answers.items() if status.startswith("2")]
    bodies = [("body", call.body.media)] if call.body else []
    return {
        f"{side} {key}"
        for side, media in [*bodies, *(("answer", each) for each in good)]
        for shape in media.values()
        for inner in (shape, *shape.branches.values())
        for key in inner.properties
    }


def _best_pairs(scored: Iterable[tuple[float, str, T]]) -> dict[str, T]:
    """Return the pairs of the highest scores in which each member occurs once."""
    found: dict[str, T] = {}
    for _, one, other in sorted(scored, reverse=True):
        if one not in found and other not in found.values():
            found[one] = other
    return found


def _renames(gone: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, str]:
    """Return which of the names `gone` is now which of the names `new`; see the module."""
    if len(gone) == len(new) == 1 and [*gone.values()] == [*new.values()]:
        return dict(zip(gone, new, strict=True))
    return _best_pairs(
        (alike, old, name)
        for old, was in gone.items()
        for name, now in new.items()
        if was.has_the_form_of(now) and (alike := _names_alike(_plain(old), _plain(name))) >= ALIKE
    )


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@dataclass(frozen=True, slots=True)
class _At:
    """A place: its name in our document, where an operation meets it, and who sends the value."""

    name: str
    where: str = ""
    side: Side = CALL

    def inner(self, suffix: str, where: str | None = None) -> _At:
        return _At(self.name + suffix, self.where + (where or suffix), self.side)


class _Walk:
    """Compares one of our operations with a published one."""

    def __init__(self, ours: Endpoint) -> None:
        self._ours = ours

    def differ(
        self, at: _At, what: str, topic: Topic, kind: ChangeKind, was: str, now: str
    ) -> Difference:
        """Return one difference, judged."""
        judgement, consequence = JUDGED[at.side, topic, kind]
        return Difference(
            id=f"{at.name}:{what}",
            operation=self._ours.name,
            method=self._ours.method,
            path=self._ours.path,
            side=at.side,
            places=(at.where,) if at.where else (),
            kind=kind,
            judgement=judgement,
            was=was,
            now=now,
            consequence=consequence,
        )

    def call(self, theirs: Endpoint) -> Iterator[Difference]:
        """Yield all differences of the published operation."""
        ours, at = self._ours, _At(self._ours.name)
        if ours.route != theirs.route:
            here, there = f"{ours.method} {ours.path}", f"{theirs.method} {theirs.path}"
            yield self.differ(at, "renamed", Topic.OPERATION, M, here, there)
        elif ours.path != theirs.path:
            yield self.differ(at, "path-name", Topic.PATH_NAME, M, ours.path, theirs.path)
        if ours.security != theirs.security:
            was, now = _list(ours.security), _list(theirs.security)
            yield self.differ(at, "security", Topic.SECURITY, C, was, now)
        for place in ("path", "query", "header", "cookie"):
            mine, others = (
                {key: each for (where, key), each in call.parameters.items() if where == place}
                for call in (ours, theirs)
            )
            yield from self._fields(_At(ours.name, place, IN), mine, others, before=" ")
        yield from self._body(theirs.body)
        yield from self._answers(theirs.answers)

    def _fields(
        self, at: _At, ours: Mapping[str, Field], theirs: Mapping[str, Field], *, before: str = "."
    ) -> Iterator[Difference]:
        """Compare properties, parameters or headers by name; `before` stands before the name."""
        gone = {key: ours[key] for key in ours if key not in theirs}
        new = {key: theirs[key] for key in theirs if key not in ours}
        renamed = _renames(gone, new)
        for key, field in ours.items():
            inner = at.inner(f".{field.name}", before + field.name)
            if key in gone and key not in renamed:
                yield self.differ(inner, "removed", Topic.FIELD, R, _outline(field.shape), NONE)
                continue
            other = theirs[renamed.get(key, key)]
            if key in renamed:
                yield self.differ(inner, "renamed", Topic.FIELD, M, key, renamed[key])
            yield from self._required(inner, "required", field, other)
            yield from self._shape(inner, field.shape, other.shape)
        for field in (each for key, each in new.items() if key not in renamed.values()):
            inner = at.inner(f".{field.name}", before + field.name)
            yield self._added(inner, "added", _outline(field.shape), field)

    def _required(
        self, at: _At, what: str, ours: Field | BodyShape, theirs: Field | BodyShape
    ) -> Iterator[Difference]:
        if ours.required != theirs.required:
            kind = N if theirs.required else W
            yield self.differ(at, what, Topic.REQUIREMENT, kind, _need(ours), _need(theirs))

    def _added(self, at: _At, what: str, outline: str, new: Field | BodyShape) -> Difference:
        topic = Topic.NEEDED_FIELD if new.required else Topic.FIELD
        return self.differ(at, what, topic, A, NONE, f"{outline}, {_need(new)}")

    def _body(self, theirs: BodyShape | None) -> Iterator[Difference]:
        at, ours = _At(self._ours.name, "request", IN), self._ours.body
        if ours is not None and theirs is not None:
            yield from self._required(at, "request-required", ours, theirs)
            yield from self._media(replace(at, name=f"{at.name}.request"), ours, theirs)
        elif theirs is not None:
            yield self._added(at, "request-added", "a body", theirs)
        elif ours is not None:
            yield self.differ(at, "request-removed", Topic.FIELD, R, "a body", NONE)

    def _answers(self, theirs: Mapping[str, AnswerShape]) -> Iterator[Difference]:
        name, ours = self._ours.name, self._ours.answers
        gone = [status for status in ours if status not in theirs]
        if not any(map(_is_refusal, theirs)) and (unpublished := [*filter(_is_refusal, ours)]):
            gone = [status for status in gone if status not in unpublished]
            was, at = ", ".join(sorted(unpublished)), _At(name, "response", OUT)
            yield self.differ(at, "refusals", Topic.REFUSALS, R, was, NONE)
        for status in (*gone, *(each for each in theirs if each not in ours)):
            at = _At(f"{name}.{status}", status, OUT)
            topic = Topic.STATUS if _is_refusal(status) else Topic.SUCCESS
            if status in ours:
                yield self.differ(at, "removed", topic, R, status, NONE)
            else:
                yield self.differ(at, "added", topic, A, NONE, status)
        for status in (each for each in ours if each in theirs):
            at = _At(f"{name}.{status}", status, OUT)
            yield from self._media(at, ours[status], theirs[status])
            at = replace(at, where=f"{status} header")
            yield from self._fields(at, ours[status].headers, theirs[status].headers, before=" ")

    def _media(
        self, at: _At, ours: BodyShape | AnswerShape, theirs: BodyShape | AnswerShape
    ) -> Iterator[Difference]:
        for media in (each for each in ours.media if each not in theirs.media):
            yield self.differ(at, "content", Topic.MEDIA, R, media, NONE)
        for media in (each for each in theirs.media if each not in ours.media):
            yield self.differ(at, "content", Topic.MEDIA, A, NONE, media)
        for media in (each for each in ours.media if each in theirs.media):
            inside = replace(at, where=f"{at.where} $")
            yield from self._shape(inside, ours.media[media], theirs.media[media])

    def _shape(self, at: _At, ours: ValueShape, theirs: ValueShape) -> Iterator[Difference]:
        at = replace(at, name=ours.name or at.name)
        ours, theirs = _as_union(ours, theirs), _as_union(theirs, ours)
        if _types_apart(ours, theirs) or bool(ours.branches) != bool(theirs.branches):
            topic = Topic.OTHER_VALUES if _types_apart(ours, theirs) else Topic.VALUES
            kind = W if theirs == ValueShape() else N if ours == ValueShape() else C
            yield self.differ(at, "type", topic, kind, _outline(ours), _outline(theirs))
            return
        yield from (self.differ(at, *rule) for rule in _rules(ours, theirs))
        yield from self._fields(at, ours.fields, theirs.fields)
        for suffix, one, other in (
            ("[]", ours.items, theirs.items),
            ("{}", _mapped(ours.extra), _mapped(theirs.extra)),
            ("{key}", ours.names, theirs.names),
        ):
            if one is not None or other is not None:
                yield from self._shape(at.inner(suffix), one or ValueShape(), other or ValueShape())
        for value, branch in ours.branches.items():
            inner = at.inner(f"<{value}>")
            if value in theirs.branches:
                yield from self._shape(inner, branch, theirs.branches[value])
            else:
                yield self.differ(inner, "removed", Topic.BRANCH, R, value, NONE)
        for value in (each for each in theirs.branches if each not in ours.branches):
            yield self.differ(at.inner(f"<{value}>"), "added", Topic.BRANCH, A, NONE, value)


Rule = tuple[str, Topic, ChangeKind, str, str]


def _rules(ours: ValueShape, theirs: ValueShape) -> Iterator[Rule]:
    """Yield the differences of two shapes, without those of shapes inside them."""
    yield from _types(ours, theirs)
    yield from _choices(ours, theirs)
    was_open, now_open = _open(ours), _open(theirs)
    if was_open != now_open:
        kind = W if now_open > was_open else N
        yield "closed", Topic.OPENNESS, kind, OPENNESS[was_open], OPENNESS[now_open]
    for limit in (*LOWER, *UPPER):
        mine, other = ours.limits.get(limit), theirs.limits.get(limit)
        if mine != other:
            tighter = _bound(limit, other) > _bound(limit, mine)
            kind = N if tighter else W
            yield limit, Topic.VALUES, kind, _number(mine), _number(other)
    for rule in sorted(ours.exact.keys() | theirs.exact.keys()):
        was, now = ours.exact.get(rule), theirs.exact.get(rule)
        if was != now:
            kind = N if was is None else W if now is None else C
            yield rule, Topic.VALUES, kind, was or NONE, now or NONE
    if ours.default != theirs.default and not (ours.choices and theirs.choices == ours.choices):
        yield "default", Topic.DEFAULT, C, ours.default or NONE, theirs.default or NONE


def _types(ours: ValueShape, theirs: ValueShape) -> Iterator[Rule]:
    mine, other = _wide(ours), _wide(theirs)
    if mine != other:
        kind = C
        if not other or (mine and mine < other):
            kind = W
        elif not mine or other < mine:
            kind = N
        yield "type", Topic.VALUES, kind, _outline(ours), _outline(theirs)
    elif (null := "null" in theirs.types) != ("null" in ours.types):
        was, now = ("never null", "may be null") if null else ("may be null", "never null")
        yield "nullable", Topic.VALUES, W if null else N, was, now


def _choices(ours: ValueShape, theirs: ValueShape) -> Iterator[Rule]:
    mine, other = ours.choices, theirs.choices
    if mine and other and not mine & other:
        yield "choices", Topic.OTHER_VALUES, C, _list(mine), _list(other)
    elif not other or not mine:
        if mine != other:
            kind = W if mine else N
            yield "choices", Topic.VALUES, kind, _list(mine) or "any", _list(other) or "any"
    else:
        if gone := mine - other:
            yield "choices", Topic.VALUES, N, _list(gone), NONE
        if new := other - mine:
            yield "choices", Topic.VALUES, W, NONE, _list(new)


def _open(shape: ValueShape) -> int:
    return 2 * shape.extra if isinstance(shape.extra, bool) else 1


def _mapped(extra: ValueShape | bool) -> ValueShape | None:
    return None if isinstance(extra, bool) else extra


def _wide(shape: ValueShape) -> frozenset[str]:
    named = shape.types - {"null"}
    return named | {"integer"} if "number" in named else named


def _types_apart(ours: ValueShape, theirs: ValueShape) -> bool:
    mine, other = (
        _wide(shape).union(*(_wide(branch) for branch in shape.branches.values()))
        for shape in (ours, theirs)
    )
    return bool(mine) and bool(other) and not mine & other


def _bound(limit: str, value: float | None) -> float:
    if value is None:
        return float("-inf")
    return value if limit in LOWER else -value


def _as_union(shape: ValueShape, other: ValueShape) -> ValueShape:
    """Return `shape`, as a union of one if it is one of the alternatives of the union `other`."""
    if shape.branches or not other.branches:
        return shape
    for each in shape.properties.values():
        values = {str(orjson.loads(choice)) for choice in each.choices}
        if values and values & other.branches.keys():
            return ValueShape(name=shape.name, branches=dict.fromkeys(sorted(values), shape))
    return shape


def _is_refusal(status: str) -> bool:
    return status[:1] not in ("1", "2", "3")


def _need(part: Field | BodyShape) -> str:
    return "required" if part.required else "optional"


def _outline(shape: ValueShape) -> str:
    """Describe a shape in a few words."""
    if shape.branches:
        return f"one of {', '.join(sorted(shape.branches))}"
    return " or ".join(sorted(shape.types)) or "anything"


def _list(values: Collection[str]) -> str:
    return ", ".join(sorted(values))


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:g}" if abs(value) < 10**6 else str(value)
