"""What the judges of several families use: thresholds, and ways to look at an observation."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from contracts.judge.case import (
    SLACK_S,
    Breach,
    Context,
    Requirement,
    Shape,
    Situation,
    requirement,
)
from contracts.judge.observation import Answer, Observation

SHORTEST_INTERVAL_S = 0.1
LONGEST_INTERVAL_S = 5.0
PROMPT_S = 6.0
"""How long after the end of a session its caller may wait for the news, in seconds."""
MOST_ATTEMPTS = 6
"""How often one request may be tried that fails again and again."""
CANCELLED_WITHIN_S = 5.0
AT_ONCE_S = 0.2
"""So soon after a broken connection, a repetition is the HTTP library's own."""

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}")
CREDENTIAL_KEYS = ("sessionId", "serverUrl", "token", "roomName")
SESSION_KEY_KEYS = ("sessionId", "sessionKey")


class NotJudged(Exception):
    """There is nothing to judge in this observation; the message says why, for people."""


def shape_of(answer: Answer) -> Shape | None:
    """Return which shape an answer has, None if it is neither or both."""
    fields = answer.fields
    credentials = all(name in fields for name in CREDENTIAL_KEYS)
    key = all(name in fields for name in SESSION_KEY_KEYS)
    if credentials == key:
        return None
    return Shape.CREDENTIALS if credentials else Shape.SESSION_KEY


def arrived(observation: Observation) -> Iterator[Answer]:
    """Yield the answers that came."""
    return (answer for answer in observation.answers if answer.status is not None)


def in_time(observation: Observation, context: Context) -> Iterator[Answer]:
    """Yield the answers that came by the deadline; later ones are `time.deadline`'s affair."""
    latest_s = context.timeout_s + SLACK_S
    return (answer for answer in arrived(observation) if answer.took_s <= latest_s)


def handed_out(observation: Observation) -> Iterator[Answer]:
    return (answer for answer in observation.answers if answer.ok)


def promptly_s(context: Context) -> float:
    """Return how long bad news may take: less than a short deadline, or nobody could tell."""
    return min(PROMPT_S, max(1.0, context.timeout_s * 0.7))


def own_mistake(seen: Observation, context: Context) -> bool:
    """Tell whether the connect failed for a mistake that another requirement is about.

    Runway refused the body of a create, or the key of a consume; or the consume went elsewhere.
    """
    refused = [each for each in seen.creates if each.status in (400, 404, 422) and not each.faults]
    if refused and not seen.sessions:
        return True
    return any(each.key_fits is False for each in seen.consumes) or went_elsewhere(seen, context)


def went_elsewhere(seen: Observation, context: Context) -> bool:
    ready = any(each.shown == "READY" and each.arrives for each in seen.polls)
    consumes = context.shape is not Shape.SESSION_KEY
    return consumes and ready and not seen.consumes and not any(each.ok for each in seen.answers)


def room_of(token: Any) -> str | None:
    """Return the room that a LiveKit token opens, None if it is no such token."""
    try:
        _, claims, _ = str(token).split(".")
        parsed = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return str(parsed["video"]["room"])
    except (ValueError, NotBase64, KeyError, TypeError):
        return None


def of_shape(observation: Observation, shape: Shape) -> Iterator[Answer]:
    """Yield the successes of one shape.

    Raises:
        NotJudged: there are successes, and none of them is.
    """
    successes = [*handed_out(observation)]
    fitting = [answer for answer in successes if shape_of(answer) is shape]
    if successes and not fitting:
        raise NotJudged(f"the target does not hand out the shape {shape.value}")
    yield from fitting


def _never_a_success(seen: Observation, _: Situation, context: Context) -> Iterable[Breach]:
    for answer in in_time(seen, context):
        if not answer.ok:
            continue
        yield Breach("a non-2xx answer", f"{answer} with the keys {sorted(answer.fields)}")


def never(id_: str, text: str, why: str, source: str, tags: str, unless: str = "") -> Requirement:
    made = requirement(id_, text, why=why, source=source, tags=tags, unless=unless)
    return made(_never_a_success)
