"""An upstream whose answers are good and late: each hop, the whole answer or its body."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.situation import Json, Shape, Situation, Trait
from contracts.judge.situations.building import AT_ONCE, succeeds

LONGEST_POLL_S = 2.5
"""How long each of many polls takes at most, in seconds: many give up a poll after three."""


def slow_upstream(timeout_s: float) -> Iterator[Situation]:
    third_s, quarter_s, fifth_s = (timeout_s / part for part in (3, 4, 5))

    def slow(id_: str, about: str, *traits: Trait, faults: list[Json], **more: Any) -> Situation:
        session = {**AT_ONCE, "faults": faults, **more}
        shape = Shape.CREDENTIALS if {*traits} == {Trait.SLOW_CONSUME} else None
        traits = (Trait.SLOW_UPSTREAM, *traits)
        return succeeds(id_, about, *traits, session=session, shape=shape)

    create = ("create", "createSession", Trait.SLOW_CREATE, 5)
    poll = ("poll", "getSession", Trait.SLOW_POLL, 40)
    consume = ("consume", "consumeSession", Trait.SLOW_CONSUME, 80)
    for name, operation, trait, piece in (create, poll, consume):
        late = _fault(operation, {"delay": f"{third_s:.3f}s"}, times=1)
        # about ten pieces: the bodies have 45, 250 and 600 bytes
        drops = {"dribble": {"bytes": piece, "every": f"{quarter_s * 100:.0f}ms"}}
        about = f"The first {name} is answered after a third of the deadline."
        yield slow(f"slow-first-{name}", about, trait, faults=[late])
        about = f"The body of the {name}'s answer comes in pieces."
        yield slow(f"{name}-in-pieces", about, trait, faults=[_fault(operation, drops)])
    second = _fault("getSession", {"delay": f"{third_s:.3f}s"}, times=1, skip=1)
    yield slow(
        "slow-second-poll",
        "The second poll is answered after a third of the deadline.",
        Trait.SLOW_POLL,
        faults=[second],
        provision_time="50ms",
    )
    each_s = min(third_s, LONGEST_POLL_S)
    yield slow(
        "slow-every-poll",
        f"Every poll is answered after {each_s:.1f} s.",
        Trait.SLOW_POLLS,
        faults=[_fault("getSession", {"delay": f"{each_s:.3f}s"})],
    )
    yield slow(
        "slow-hops",
        "Create, poll and consume are answered after a fifth of the deadline each.",
        Trait.SLOW_HOPS,
        faults=[
            _fault(operation, {"delay": f"{fifth_s:.3f}s"}, times=1)
            for _, operation, _, _ in (create, poll, consume)
        ],
    )


def _fault(operation: str, effect: Json, **more: int) -> Json:
    return {"match": {"operation": operation}, "effect": effect, **more}
