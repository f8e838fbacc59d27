"""Which faults strike a call: match, schedule, chance. Only decides; changes nothing.

A fault is data: what it matches, its effects (`effects/`), when and how often. Each call is decided
on twice, before and after the server processes it, and a fault belongs to one of the two phases.
"How often" is counted by a tally per fault, which the caller keeps: `decide` takes the tallies and
returns those that changed.

A fault of a session's plan has a tally for each session, so that "the first poll fails" is true of
every session. Calls that address no resource (create among them) and faults of a whole world are
counted for the world.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fake_runway.core.draws import Draws
from fake_runway.core.faults.fault import ActiveFault, Fault
from fake_runway.core.faults.matching import CallFacts
from fake_runway.core.lifecycles.vocabulary import Phase


class Tally(NamedTuple):
    """How many calls a fault matched, and how often it struck."""

    seen: int = 0
    struck: int = 0


_NO_TALLY = Tally()

Key = tuple[str, int]
"""A fault's name and the ordinal of the resource that is counted, `WORLD_SCOPE` for the world."""

WORLD_SCOPE = -1


def decide(
    active: Iterable[ActiveFault],
    facts: CallFacts,
    *,
    phase: Phase,
    tallies: Mapping[Key, Tally],
    draws: Draws,
) -> tuple[tuple[Fault, ...], Mapping[Key, Tally]]:
    """Return which of the active faults strike a call in a phase, and the tallies that changed."""
    striking: tuple[Fault, ...] = ()
    changed: dict[Key, Tally] = {}
    at = facts.at
    apart = WORLD_SCOPE if facts.place is None or not facts.addressed else facts.place[1]
    for fault, since in active:
        if fault.phase is not phase or not fault.match.fits(facts):
            continue
        began = facts.since if since is None else since
        if at < began + fault.starts_s:
            continue
        if fault.ends_s is not None and at >= began + fault.ends_s:
            continue
        key = (fault.name, apart if fault.per_session else WORLD_SCOPE)
        seen, struck = tallies.get(key, _NO_TALLY)
        seen += 1
        # a draw costs more than all of the above, and a certain one is none
        if (
            seen > fault.skip
            and (fault.times is None or struck < fault.times)
            and (fault.every == 1 or (seen - fault.skip) % fault.every == 0)
            and (not fault.match.nth or seen in fault.match.nth)
            and (fault.probability >= 1 or draws.number_of("fault", key, seen) < fault.probability)
        ):
            striking += (fault,)
            struck += 1
        changed[key] = Tally(seen, struck)
    return striking, changed
