"""Which random situations come first, so that few of them touch much.

The first 40 touch each kind of fault at each hop, each ending and each behaviour of a caller,
whatever the seed: that chooses statuses, fields and times. Some of the fixed situations with wrong
requests and with many callers follow, and then what hypothesis draws.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

import hypothesis
from hypothesis import strategies as st

from contracts.judge.situation import Json, Situation, Trait
from contracts.judge.situations.building import MORE_THAN_HALF
from contracts.judge.situations.catalogue import situations as fixed_situations
from contracts.judge.strategies import (
    CANCEL,
    CONSUME,
    CREATE,
    ENDINGS,
    JUST_BEFORE_THE_CONSUME,
    KEYLESS,
    POLL,
    before_the_consume,
    ending,
    fault,
    faults,
    kinds_of,
    situation_of,
    situations,
    spans,
    statuses,
)

T = TypeVar("T")

QUEUED: Json = MappingProxyType({"queued": "never"})
FINAL = (401, 402, 403, 404)
PASSING = (500, 502, 503, 504)
FIRST = 40
"""So many examples touch everything."""
ASKED: Mapping[Trait, int] = MappingProxyType(
    {
        Trait.BAD_JSON: 2,
        Trait.NO_AVATAR: 1,
        Trait.WRONG_TYPE: 1,
        Trait.UNKNOWN_AVATAR: 2,
        Trait.HOSTILE_AVATAR: 1,
        Trait.OTHER_METHOD: 2,
        Trait.FOREIGN_REQUEST: 1,
        Trait.FOREIGN_ORIGIN: 2,
        Trait.ODD_STATUS: 2,
        Trait.MANY: 1,
        Trait.MANY_ONE_SLOW: 2,
    }
)
"""How many requests of each kind follow: wrong ones, unexpected ones, and many at once."""
AT_ONCE = (Trait.EXTRA_KEYS, Trait.OWN_CREDENTIALS)
"""What of a request must not reach Runway: all of a kind may come in one."""
BESIDE_A_CONSUME: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType(
    {
        "refused": ((POLL, "failing"),),
        "busy": ((POLL, "page"), (CANCEL, "busy")),
        "failing": ((POLL, "reset"), (CANCEL, "slow")),
        "reset": ((POLL, "slow"),),
        "malformed": ((POLL, "busy"),),
        "truncated": ((POLL, "truncated"), (CANCEL, "reset")),
        "page": ((POLL, "malformed"), (CANCEL, "refused")),
        "content type": ((POLL, "content type"), (CREATE, "content type")),
        "lacking": ((POLL, "lost"),),
    }
)
"""What goes wrong at first, at other hops, where all consumes go wrong in one way."""
BESIDE_A_POLL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "refused": (CANCEL, "failing"),
        "hang": (CANCEL, "hang"),
        "lacking": (CANCEL, "lost"),
    }
)
"""What goes wrong with the cancel, where all polls go wrong in one way."""


def examples(timeout_s: float, marker: str, *, count: int, seed: str) -> list[Situation]:
    """Return so many situations; the same ones for the same seed."""
    first = st.tuples(touching_everything(timeout_s, marker), requests(timeout_s, marker))
    covers, asked = _drawn(first, 2, seed)[-1]
    chosen = [*covers, *asked]
    rest = count - len(chosen)
    return [*chosen, *_drawn(situations(timeout_s, marker), rest, seed)][:count]


def _drawn(strategy: st.SearchStrategy[T], count: int, seed: str) -> list[T]:
    """Return what hypothesis draws, at most so much: it ends where it has seen everything."""
    drawn: list[T] = []
    if count <= 0:
        return drawn

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.generate,),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def draw(value: T) -> None:
        drawn.append(value)

    draw()
    return drawn


@st.composite
def requests(draw: st.DrawFn, timeout_s: float, marker: str) -> Sequence[Situation]:
    """Return a request for a custom avatar, and of the fixed situations some of each kind."""
    every = fixed_situations(timeout_s, marker)
    chosen = [situation_of({"provision_time": "0ms"}, custom=True)]
    chosen += [each for each in every if each.id == "other-values"]
    chosen += [_all_in_one([each for each in every if kind in each.traits]) for kind in AT_ONCE]
    for trait, count in ASKED.items():
        of_kind = [each for each in every if trait in each.traits]
        chosen += draw(st.permutations(of_kind))[:count]
    return chosen


def _all_in_one(kind: Sequence[Situation]) -> Situation:
    """Return a situation whose request has the keys and headers of all of a kind."""
    keys = {key: value for each in kind for key, value in each.request.keys.items()}
    headers = {name: value for each in kind for name, value in each.request.headers.items()}
    return replace(kind[0], request=replace(kind[0].request, keys=keys, headers=headers))


@st.composite
def touching_everything(draw: st.DrawFn, timeout_s: float, marker: str) -> Sequence[Situation]:
    """Return situations that touch everything, the most telling ones first."""
    slots = _Slots(draw, timeout_s, marker)
    telling = [slots.success(), slots.without_key(), slots.ends("used"), slots.left_waiting()]
    telling += [slots.creates("refused"), slots.consumes("lacking"), slots.ends("failed")]
    return [
        *telling,
        *slots.at_the_deadline(),
        *(slots.polls(kind) for kind in BESIDE_A_POLL),
        *(slots.creates(kind) for kind in _lasting(CREATE) if kind != "refused"),
        *(slots.consumes(kind) for kind in kinds_of(CONSUME) if kind not in ("lacking", "slow")),
        *(slots.ends(name) for name in ENDINGS if name not in ("used", "failed")),
        *(slots.spoilt(event) for event in JUST_BEFORE_THE_CONSUME),
        *(slots.left_early(), slots.left_late()),
    ]


def _lasting(hop: str) -> Iterator[str]:
    """Yield the kinds of fault that every right target has to answer with a failure."""
    return (kind for kind in kinds_of(hop) if kind not in ("slow", "content type"))


class _Slots:
    """The situations of `touching_everything`, each with what is left to chance."""

    def __init__(self, draw: Callable[..., Any], timeout_s: float, marker: str) -> None:
        self.draw, self.timeout_s, self.marker = draw, timeout_s, marker

    def _soon(self, **more: Any) -> dict[str, Any]:
        return {"provision_time": self.draw(spans(0.3, min(1.2, self.timeout_s / 3))), **more}

    def _fault(self, hop: str, kind: str, *, times: int = 0) -> Json:
        drawn: Json = self.draw(faults(hop, kind, self.timeout_s, self.marker, times=times))
        return drawn

    @property
    def _late(self) -> str:
        """After more than half of the deadline."""
        return f"{round(self.timeout_s * MORE_THAN_HALF * 1000)}ms"

    def success(self) -> Situation:
        """A session that has to be handed out, though one poll and the consume take a while."""
        slow = {"delay": f"{int(self.timeout_s / 3 * 1000)}ms"}
        slow_ones = [fault(POLL, "slow", slow, times=1), fault(CONSUME, "slow", slow)]
        return situation_of({"provision_time": "0ms", "faults": slow_ones})

    def at_the_deadline(self) -> Iterator[Situation]:
        """Sessions that are READY in the last moment, and never."""
        late_s = max(0.0, self.timeout_s - 1.2)
        yield situation_of({"provision_time": self.draw(spans(late_s, late_s + 0.15))})
        never = self.draw(st.sampled_from([{"provision_time": "never"}, dict(QUEUED)]))
        yield situation_of(never)

    def without_key(self) -> Situation:
        """A session that is READY without its key."""
        effect = self.draw(st.sampled_from(KEYLESS))
        return situation_of(self._soon(faults=[fault(POLL, "lacking", effect)]))

    def creates(self, kind: str) -> Situation:
        """Creates that all go wrong."""
        return situation_of(self._soon(faults=[self._fault(CREATE, kind)]))

    def polls(self, kind: str) -> Situation:
        """Polls that all go wrong, and a cancel that does."""
        hangs = kind == "hang"
        beside = [self._fault(*BESIDE_A_POLL[kind], times=0 if hangs else 1)]
        polls = self._fault(POLL, kind)
        if hangs:  # the create has spent half of the deadline
            beside.append(fault(CREATE, "slow", {"delay": self._late}))
        if kind == "refused":  # for good, while the cancel fails in a way that passes
            final, passing = (self.draw(statuses(self.marker, *each)) for each in (FINAL, PASSING))
            polls, beside = fault(POLL, kind, final), [fault(CANCEL, "failing", passing, times=1)]
        form = self._soon(faults=[polls, *beside])  # or READY at once, with the key beside
        return situation_of({**form, "provision_time": "0ms"} if kind == "lacking" else form)

    def consumes(self, kind: str) -> Situation:
        """Consumes that all go wrong, after something else that did once."""
        beside = [
            self._fault(hop, of_hop, times=4 if of_hop == "failing" else 1)
            for hop, of_hop in BESIDE_A_CONSUME.get(kind, ())
        ]
        form = self._soon(faults=[self._fault(CONSUME, kind), *beside])
        return situation_of({**form, "provision_time": self._late} if kind == "hang" else form)

    def ends(self, name: str) -> Situation:
        """A session that ends."""
        then = self.draw(ending(name, self.marker))
        form: dict[str, Any] = (
            dict(QUEUED) if then[0]["in"] == "queued" else {"provision_time": "never"}
        )
        if then[0]["in"] == "ready":
            form = {"provision_time": "600ms"}
        return situation_of({**form, "then": then})

    def spoilt(self, event: str) -> Situation:
        """A session that is spoilt between READY and the consume; the first create was busy."""
        busy = self._fault(CREATE, "busy", times=1)
        return situation_of(self._soon(faults=[before_the_consume(event), busy]))

    def left_early(self) -> Situation:
        """A caller who leaves before the create is answered."""
        slow = self._fault(CREATE, "slow")
        return situation_of(self._soon(faults=[slow]), leaves_after_s=0.1)

    def left_waiting(self) -> Situation:
        """A caller who leaves while the session is provisioned."""
        form = {"provision_time": self.draw(st.sampled_from(["never", "1700ms"]))}
        return situation_of(form, leaves_after_s=min(0.7, self.timeout_s / 2))

    def left_late(self) -> Situation:
        """A caller who leaves while the session is consumed."""
        slow = fault(CONSUME, "slow", {"delay": "2s"})
        return situation_of({"provision_time": "0ms", "faults": [slow]}, leaves_after_s=0.8)
