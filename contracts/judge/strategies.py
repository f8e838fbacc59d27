"""Random situations: what Runway does, and what the caller does.

They say what may go wrong, and expect nothing: what a right target does about it follows from what
happened (`oracle.py`). The names of faults say what they are, `createSession reset`.

Needs hypothesis: `pip install -c constraints.txt '.[examples]'` in the checkout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from contracts.judge.situation import Expect, Json, Situation
from contracts.judge.situations.unexpected_requests import unexpected_requests
from contracts.judge.situations.wrong_requests import wrong_requests

HOPS = ("createSession", "getSession", "consumeSession", "deleteSession")
CREATE, POLL, CONSUME, CANCEL = HOPS
FIELDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {CREATE: ("id",), POLL: ("status", "sessionKey"), CONSUME: ("token", "url"), CANCEL: ()}
)
KEYLESS: Sequence[Json] = ({"omit": ["sessionKey"]}, {"set": {"sessionKey": None}})
"""Effects on a READY answer that leave it without its key."""
ODD_STATUSES = (
    *("PAUSED", "ready", "READY ", "READY_SOON", "", True, 1),
    *("RUNNING", "COMPLETED", "FAILED", "CANCELLED", "NOT_READY"),
)
ODD_KEYS: Sequence[Json] = tuple({"sessionKey": key} for key in (7, "", True, ["stk"]))
SHARE = 0.6
"""A slow call takes up to this part of the deadline, and then succeeds."""


def kinds_of(hop: str) -> Sequence[str]:
    """Return the kinds of fault that a hop can have: a cancel's answer has no body."""
    common = ("refused", "busy", "failing", "reset", "lost", "hang", "slow")
    of_body = ("malformed", "truncated", "page", "content type", "lacking")
    return (*common, *of_body) if FIELDS[hop] else common


def statuses(marker: str, *codes: int) -> st.SearchStrategy[Json]:
    """Return effects that answer one of these statuses, with a text of the upstream."""
    return st.sampled_from(codes).map(
        lambda code: {"status": {"code": code, "error": f"{marker}: {code}"}}
    )


def effects(hop: str, kind: str, timeout_s: float, marker: str) -> st.SearchStrategy[Json]:
    """Return effects of one kind on one hop; each text of the upstream contains `marker`."""

    page = f"<p>{marker}</p>"
    match kind:
        case "refused":
            often, seldom = (401, 402, 403, 404), (400, 405, 409, 410, 422)
            return statuses(marker, *often, *often, *seldom)
        case "busy":
            after = st.sampled_from(["1", "1", "0", "2", "2", "3600", "soon", "-1"])
            return st.builds(
                lambda error, text: {**error, "headers": {"Retry-After": text}},
                statuses(marker, 429, 503),
                after,
            )
        case "failing":
            return st.one_of(
                statuses(marker, 408, 429, 500, 502, 503, 504),
                st.just({"status": 502, "page": page}),
            )
        case "reset":
            return st.sampled_from([{"reset": True}, {"empty": True}])
        case "truncated":
            return st.integers(0, 20).map(lambda sent: {"truncate": sent})
        case "page":
            return st.just({"page": page})
        case "content type":
            return st.just({"content_type": "text/plain"})
        case "lacking":
            name = st.sampled_from(FIELDS[hop])
            omitted = name.map(lambda field: {"omit": [field]})
            null = name.map(lambda field: {"set": {field: None}})
            return st.one_of(omitted, null, *[odd_answers()] * 2 * (hop == POLL))
        case "slow":
            return spans(0.2, timeout_s * SHARE).map(lambda span: {"delay": span})
        case _:
            return st.just({kind: True})  # lost, hang, malformed


def odd_answers() -> st.SearchStrategy[Json]:
    """Return what makes a poll show an odd status, beside the key if it is READY, or an odd key."""
    odd = st.sampled_from(ODD_STATUSES).map(lambda status: {"status": status})
    return st.one_of(odd, st.sampled_from(ODD_KEYS)).map(lambda fields: {"set": fields})


def spans(low_s: float, high_s: float) -> st.SearchStrategy[str]:
    """Return spans as a scenario writes them, in steps of 50 ms."""
    steps = st.integers(round(low_s * 20), max(round(low_s * 20), int(high_s * 20)))
    return steps.map(lambda step: f"{step * 50}ms")


def fault(hop: str, kind: str, effect: Json, *, times: int = 0, skip: int = 0) -> Json:
    """Return the fault that has an effect: at all calls of a hop, or at some."""
    match: dict[str, Any] = {"operation": hop}
    if hop == POLL and effect in KEYLESS:
        match["state"] = "ready"
    where = f" {skip + 1}" if skip or times else ""
    made = {"name": f"{hop} {kind}{where}", "match": match, "effect": effect}
    return made | ({"times": times} if times else {}) | ({"skip": skip} if skip else {})


@st.composite
def faults(
    draw: st.DrawFn, hop: str, kind: str, timeout_s: float, marker: str, *, times: int = 0
) -> Json:
    """Return faults of one kind at one hop: so many calls, or all."""
    return fault(hop, kind, draw(effects(hop, kind, timeout_s, marker)), times=times)


@st.composite
def any_faults(draw: st.DrawFn, timeout_s: float, marker: str) -> Json:
    """Return faults of any kind, at any hop, for all calls or some."""
    hop = draw(st.sampled_from(HOPS))
    kinds = [each for each in kinds_of(hop) if (hop, each) != (CREATE, "hang")]
    kind = draw(st.sampled_from(kinds))
    effect = draw(effects(hop, kind, timeout_s, marker))
    times, skip = draw(st.sampled_from([0, 1, 2])), draw(st.sampled_from([0, 0, 1]))
    return fault(hop, kind, effect, times=times, skip=skip)


ENDINGS: Mapping[str, Sequence[Json]] = MappingProxyType(
    {
        "failed in the queue": ({"in": "queued", "event": "failed"},),
        "failed": ({"in": "provisioning", "event": "failed"},),
        "cancelled": ({"in": "provisioning", "event": "cancelled"},),
        "used": ({"in": "ready", "event": "consumed"},),
        "completed": (
            {"in": "ready", "event": "consumed"},
            {"in": "running", "event": "ended"},
        ),
        "failed when ready": ({"in": "ready", "event": "failed"},),
    }
)
"""How a session ends by itself, or by another client."""
JUST_BEFORE_THE_CONSUME = ("expired", "consumed", "cancelled")
"""What may happen to a session after its READY was shown."""


@st.composite
def ending(draw: st.DrawFn, name: str, marker: str) -> Sequence[Json]:
    """Return the events of an ending, each so long after its state is entered."""
    events = []
    for each in ENDINGS[name]:
        soon = each["in"] in ("ready", "running")
        after = draw(st.just("0ms") if soon else spans(0.1, 0.8))
        failure = {"code": "INTERNAL", "text": f"{marker}: it broke."}
        more = {"failure": failure} if each["event"] == "failed" else {}
        events.append({**each, "after": after, **more})
    return events


@st.composite
def happenings(draw: st.DrawFn, marker: str) -> Sequence[Json]:
    """Return an ending whose last event may come later than at once."""
    *others, last = draw(ending(draw(st.sampled_from(sorted(ENDINGS))), marker))
    return [*others, {**last, "after": draw(spans(0, 1))}]


def before_the_consume(event: str) -> Json:
    """Return the fault that spoils a session just before its consume."""
    return {
        "name": f"{CONSUME} {event} before",
        "match": {"moment": "consume"},
        "effect": {"event": event},
    }


def forms(timeout_s: float, marker: str) -> st.SearchStrategy[Json]:
    """Return session forms of scenarios, for a target with this deadline."""
    soon = spans(0, min(2, timeout_s / 2))
    late = st.one_of(spans(max(0.0, timeout_s - 1.5), timeout_s + 1.0), st.just("never"))
    spoilt = st.sampled_from(JUST_BEFORE_THE_CONSUME).map(before_the_consume)
    some = st.one_of(*[any_faults(timeout_s, marker)] * 4, spoilt)
    return st.fixed_dictionaries(
        {"provision_time": st.one_of(soon, soon, soon, late)},
        optional={
            "queued": spans(0, 1),
            "then": happenings(marker),
            "faults": st.lists(some, max_size=3, unique_by=lambda one: one["name"]),
        },
    )


def situation_of(form: Json, **more: Any) -> Situation:
    """Return the situation in which Runway does what a session form says."""
    about = "A random situation."
    made = Situation("example", about, Expect.EITHER, session=form, **more)
    hangs = any(each["name"].startswith(f"{CREATE} hang") for each in form.get("faults", ()))
    return replace(made, retried_late=hangs)


def leaving(timeout_s: float) -> st.SearchStrategy[float]:
    """Return when a caller hangs up, in seconds."""
    return st.integers(1, int(timeout_s * 20)).map(lambda step: step / 20)


def odd_requests() -> st.SearchStrategy[Situation]:
    """Return wrong requests, and those that no page of the site sends, as they are known."""
    return st.sampled_from([*wrong_requests(), *unexpected_requests()])


@st.composite
def connects(draw: st.DrawFn, timeout_s: float, marker: str) -> Situation:
    """Return situations in which the request is right."""
    form = draw(forms(timeout_s, marker))
    waits = draw(st.sampled_from([True, True, True, False]))
    leaves = None if waits else draw(leaving(timeout_s))
    custom = draw(st.sampled_from([False] * 9 + [True]))
    return situation_of(form, leaves_after_s=leaves, custom=custom)


def situations(timeout_s: float, marker: str) -> st.SearchStrategy[Situation]:
    """Return random situations, now and then with a request that is not as it should be."""
    right = connects(timeout_s, marker)
    return st.integers(0, 19).flatmap(lambda dice: right if dice < 19 else odd_requests())
