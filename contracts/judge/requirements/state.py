"""What each status of a session means for the answer."""

from collections.abc import Iterable

from contracts.judge.case import Breach, Context, Situation, requirement
from contracts.judge.observation import TERMINAL, Observation
from contracts.judge.requirements.common import (
    never,
    promptly_s,
)


@requirement(
    "terminal.ends-the-wait",
    "A session that has ended ends the wait within seconds, and not at the deadline.",
    why="Nothing will come of it any more.",
    source="seed A (COMPLETED, FAILED, CANCELLED throw); observed (only FAILED looked at)",
    tags="ends",
    unless="running",
)
def terminal_ends_the_wait(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    """Judge the time from the end of the session to the answer."""
    prompt_s = promptly_s(context)
    for answer, session in zip(seen.answers, seen.sessions, strict=False):
        ended = [at for at, _, state in session.moves if state in TERMINAL]
        if (
            answer.status is not None
            and ended
            and answer.came_at - ended[0] > prompt_s + seen.lost_s
        ):
            waited = answer.came_at - ended[0]
            yield Breach(
                f"an answer within {prompt_s:g}s of the end ({session.state})",
                f"{waited:.1f}s later",
            )


terminal_failure = never(
    "terminal.is-a-failure",
    "A session that has ended is a non-2xx answer.",
    "The SDK throws on a non-2xx answer, and takes a 2xx one for credentials.",
    "SDK; seed A",
    "ends",
    "running",
)


state_running = never(
    "state.running",
    "RUNNING is never handed out: somebody else has used the key.",
    "What is handed out cannot be consumed any more.",
    "published OpenAPI (no key in RUNNING); observed (RUNNING taken as READY)",
    "running",
)


state_keyless = never(
    "state.ready-without-key",
    "READY without a session key is never handed out.",
    "There is nothing to consume.",
    "SDK",
    "keyless",
)


state_strange = never(
    "state.unknown",
    "A status that nobody knows, or none, is never handed out.",
    "What it means is not known; that it is not READY is.",
    "ours",
    "strange",
)
