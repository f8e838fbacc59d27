"""What each status of a session means for the answer."""

import json

from contracts.judge.case import Breach, Breaches, Case, requirement
from contracts.judge.observation import TERMINAL
from contracts.judge.requirements.common import (
    answered,
    every,
    never_a_success,
    over_was_shown,
    sent,
    showed,
    struck,
)
from contracts.judge.situation import Trait

_CLOCKS_S = 0.05
"""How much the instants of both ends may differ, in seconds."""


@requirement(
    "terminal.ends-the-wait",
    "A session that has ended ends the wait within seconds, not at the deadline.",
    why="It cannot become READY any more.",
    source="seed A (COMPLETED, FAILED, CANCELLED throw); observed (only FAILED looked at)",
    premise=every(over_was_shown, answered),
    traits={Trait.ENDS},
    unless={Trait.RUNNING},
)
def terminal_ends_the_wait(case: Case) -> Breaches:
    """Check the time from the end of the session to the answer."""
    limit_s = case.prompt_s
    for answer, session in zip(case.seen.answers, case.seen.sessions, strict=False):
        ends = [at for at, _, state in session.moves if state in TERMINAL]
        waited_s = answer.came_at - ends[0] if answer.status is not None and ends else 0.0
        if waited_s > limit_s + case.seen.lost_s:
            expected = f"an answer within {limit_s:g}s of the end ({session.state})"
            yield Breach(expected, f"one after {waited_s:.1f}s")


terminal_failure = requirement(
    "terminal.is-a-failure",
    "A session that has ended is answered with a non-2xx status.",
    why="The SDK throws on a non-2xx answer, and takes a 2xx one for credentials.",
    source="SDK; seed A",
    premise=every(over_was_shown, answered),
    traits={Trait.ENDS},
    unless={Trait.RUNNING},
)(never_a_success)
state_running = requirement(
    "state.running",
    "A RUNNING session is never handed out: another client has used its key.",
    why="It cannot be consumed again.",
    source="published OpenAPI (no key in RUNNING); observed (RUNNING taken as READY)",
    premise=every(showed("RUNNING"), answered),
    traits={Trait.RUNNING},
)(never_a_success)
state_keyless = requirement(
    "state.ready-without-key",
    "A READY session without a key is never handed out.",
    why="There is nothing to consume.",
    source="SDK",
    premise=every(struck("getSession"), answered),
    traits={Trait.NO_KEY},
)(never_a_success)
state_unknown = requirement(
    "state.unknown",
    "A session with an undocumented status, or none, is never handed out.",
    why="Only READY says that a session can be consumed.",
    source="ours",
    premise=every(struck("getSession"), answered),
    traits={Trait.UNKNOWN_STATUS},
)(never_a_success)


@requirement(
    "state.only-ready",
    "Only a session that a poll has shown as READY is handed out, whatever else the poll shows.",
    why="A key may stand beside any status, and a status that looks like READY is another one.",
    source="seed A; seed B (READY, then consume); ours",
    premise=every(sent("getSession"), answered),
    traits={
        *(Trait.SUCCESS, Trait.PASSING, Trait.MANY_ONE_SLOW, Trait.ENDS),
        *(Trait.UNKNOWN_STATUS, Trait.ODD_STATUS, Trait.ODD_KEY),
    },
)
def state_only_ready(case: Case) -> Breaches:
    """Check that a poll showed READY before the answer."""
    ours = {session.id for session in case.seen.sessions}
    for answer in case.handed_out:
        if (session := answer.fields.get("sessionId")) not in ours:
            continue  # checked by shape.session-id
        shown = [
            each.shown
            for each in case.seen.polls
            if each.session == session and each.arrives and each.at <= answer.came_at + _CLOCKS_S
        ]
        if "READY" not in shown:
            last = json.dumps(shown[-1]) if shown else "no poll"
            yield Breach("a poll that shows READY", f"a success after {last}")
