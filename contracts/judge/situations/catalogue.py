"""Every situation that the judge plays, as data.

What depends on the target's own deadline is computed from it. Errors that the fake is asked to send
carry a marker word, so that the judge finds a target that passes Runway's texts on.
"""

from dataclasses import replace

from contracts.judge.situation import Situation
from contracts.judge.situations.callers import cancel_errors, leaving, several
from contracts.judge.situations.endings import endings, never_ready
from contracts.judge.situations.slow_upstream import slow_upstream
from contracts.judge.situations.statuses import statuses
from contracts.judge.situations.successes import successes
from contracts.judge.situations.unexpected_requests import unexpected_requests
from contracts.judge.situations.upstream_errors import consume_errors, create_errors, poll_errors
from contracts.judge.situations.wrong_requests import wrong_requests

QUICK = (
    *("ready-at-once", "ready-after-a-while", "custom-avatar", "caller-gone"),
    "ready-without-key",
    *("bad-json", "no-avatar", "avatar-number", "unknown-preset"),
    *("fails-while-provisioning", "cancelled-while-polling", "running-before-ready"),
    *("create-401", "create-402", "create-500", "create-malformed"),
    *("poll-401", "poll-500-once", "consume-401", "cancel-500-once", "same-avatar"),
    *("slow-every-poll", "ready-in-small-letters"),
    *("method-get", "json-as-text", "extra-model", "own-headers"),
)
"""The situations of the quick profile: one of each family at least, none that takes a deadline."""


def situations(timeout_s: float, marker: str) -> tuple[Situation, ...]:
    """Return all situations for a target with this deadline."""
    every = (
        *successes(timeout_s, marker),
        *slow_upstream(timeout_s),
        *wrong_requests(),
        *unexpected_requests(),
        *endings(marker),
        *never_ready(timeout_s),
        *statuses(),
        *create_errors(marker),
        *poll_errors(marker),
        *consume_errors(timeout_s, marker),
        *leaving(),
        *cancel_errors(marker),
        *several(timeout_s, marker),
    )
    return tuple(replace(each, quick=each.id in QUICK) for each in every)
