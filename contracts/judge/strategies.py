"""Random situations: what Runway does, and what follows from it for the target.

Whether a session can be handed out is derived from the data, conservatively: where the contract is
silent about a combination, the situation has no traits, and only the requirements that are about
all situations (deadline, secrecy, one consume, ...) judge it.

Needs hypothesis, which is part of the `test` extra.
"""

from hypothesis import strategies as st

from contracts.judge.situation import Expect, Json, Shape, Situation, Trait

_HOPS = {"createSession": Trait.CREATE, "getSession": Trait.POLL, "consumeSession": Trait.CONSUME}
_STATUSES = (400, 401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504)


def spans(low_s: float, high_s: float) -> st.SearchStrategy[str]:
    """Return spans as a scenario writes them, in steps of 50 ms."""
    steps = st.integers(round(low_s * 20), round(high_s * 20))
    return steps.map(lambda step: f"{step * 50}ms")


def effects(marker: str) -> st.SearchStrategy[Json]:
    """Return effects on one call; each text of the upstream contains `marker`."""
    status = st.sampled_from(_STATUSES).map(
        lambda code: {"status": {"code": code, "error": f"{marker} {code}"}}
    )
    return st.one_of(
        status,
        st.tuples(status, st.sampled_from(["0", "1", "2", "soon", "-1"])).map(
            lambda both: {**both[0], "headers": {"Retry-After": both[1]}}
        ),
        st.sampled_from(
            [
                {"reset": True},
                {"empty": True},
                {"lost": True},
                {"malformed": True},
                {"truncate": 7},
                {"page": f"<p>{marker}</p>"},
                {"content_type": "text/plain"},
                {"status": 502, "page": f"<p>{marker}</p>"},
            ]
        ),
        st.sampled_from(["status", "id", "sessionKey", "token", "url"]).map(
            lambda name: {"omit": [name]}
        ),
        spans(0, 1).map(lambda span: {"delay": span}),
    )


def faults(marker: str) -> st.SearchStrategy[Json]:
    """Return faults of one hop each, for all calls or some."""
    return st.builds(
        lambda hop, effect, times, skip: {
            "match": {"operation": hop},
            "effect": effect,
            **({"times": times} if times else {}),
            **({"skip": skip} if skip else {}),
        },
        st.sampled_from(sorted(_HOPS)),
        effects(marker),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([0, 0, 1]),
    )


def happenings() -> st.SearchStrategy[Json]:
    """Return events that happen to a session by themselves."""
    return st.builds(
        lambda where, after: {**where, "after": after},
        st.sampled_from(
            [
                {"in": "queued", "event": "failed"},
                {"in": "provisioning", "event": "failed"},
                {"in": "provisioning", "event": "cancelled"},
                {"in": "ready", "event": "consumed"},
                {"in": "ready", "event": "failed"},
            ]
        ),
        spans(0, 1),
    )


def forms(timeout_s: float, marker: str) -> st.SearchStrategy[Json]:
    """Return session forms of scenarios, for a target with this deadline."""
    waits = st.one_of(spans(0, min(1.5, timeout_s / 2)), st.just("never"))
    return st.fixed_dictionaries(
        {"provision_time": st.one_of(spans(0, min(2, timeout_s / 2)), waits)},
        optional={
            "queued": spans(0, 1),
            "then": st.lists(happenings(), max_size=2, unique_by=lambda one: one["in"]),
            "faults": st.lists(faults(marker), max_size=3),
        },
    )


def situations(timeout_s: float, marker: str) -> st.SearchStrategy[Situation]:
    """Return random situations."""
    return forms(timeout_s, marker).map(lambda form: situation_of(form, timeout_s))


def situation_of(form: Json, timeout_s: float) -> Situation:
    """Return the situation of a session form, with the traits that follow from it for certain."""
    faults = form.get("faults", ())
    troubles = [each for each in faults if set(each["effect"]) != {"delay"}]
    lasting = {
        _HOPS[each["match"]["operation"]]
        for each in troubles
        if "times" not in each and "skip" not in each and _always_fails(each)
    }
    traits, expect = set[Trait](), Expect.EITHER
    if troubles:
        traits = {Trait.ERROR, *lasting}
        if lasting - {Trait.CONSUME}:
            expect = Expect.FAILURE
    elif not form.get("then"):
        ready_s = _seconds(form["provision_time"]) + _seconds(form.get("queued", "0ms"))
        if ready_s + len(faults) < timeout_s - 1.5:
            traits, expect = {Trait.SUCCESS, Trait.SLOW}, Expect.SUCCESS
        elif ready_s > timeout_s + 1:
            traits, expect = {Trait.ERROR, Trait.DEADLINE}, Expect.FAILURE
    shape = Shape.CREDENTIALS if Trait.CONSUME in traits else None
    about = "A random situation."
    return Situation("example", about, expect, traits, session=form, shape=shape)


def _always_fails(fault: Json) -> bool:
    """Tell whether a call that the fault strikes has no usable answer."""
    effect, operation = fault["effect"], fault["match"]["operation"]
    if "omit" in effect:
        needed = {"createSession": {"id"}, "getSession": {"status"}, "consumeSession": {"token"}}
        return bool(needed[operation] & set(effect["omit"]))
    return "content_type" not in effect and "delay" not in effect


def _seconds(span: str) -> float:
    return float("inf") if span == "never" else float(span.removesuffix("ms")) / 1000
