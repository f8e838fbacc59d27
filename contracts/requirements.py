"""Every requirement of the connect contract, each with its judge.

A judge looks at one observation of a situation that its requirement is about, and yields what is
wrong with it. Where the contract is silent, everything is allowed: several statuses, either shape,
any text. An answer that never came is the deadline's affair (`time.deadline`) and nobody else's.
One mistake is one finding where that can be had: a create that Runway refuses because of its body
is not also a session that was not waited for. A judge that has nothing to look at raises
`NotJudged` with the reason; a requirement that all situations say so about is skipped.

Sources: `seed A` is the guide to the connect endpoint, `seed B` the server setup guide, `SDK` the
behaviour of the official browser SDKs (which throw on a non-2xx answer, and take a 2xx one as it
is), `observed` what others report of the real API, `ours` a judgement of this project.
"""

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import orjson

from contracts.case import SLACK_S, Context, Level, Requirement, Shape, Situation
from contracts.case import requirement as _requirement
from contracts.evidence import TERMINAL, Answer, Observation, Upstream

SHORTEST_INTERVAL_S = 0.1
LONGEST_INTERVAL_S = 5.0
PROMPT_S = 6.0
"""How long after the end of a session its caller may wait for the news, in seconds."""
MOST_ATTEMPTS = 6
"""How often one request may be tried that fails again and again."""
CANCELLED_WITHIN_S = 5.0
_AT_ONCE_S = 0.2
"""So soon after a broken connection, a repetition is the HTTP library's own."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KEY = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}")
_CREDENTIALS = ("sessionId", "serverUrl", "token", "roomName")
_SESSION_KEY = ("sessionId", "sessionKey")


class NotJudged(Exception):
    """There is nothing to judge in this observation; the message says why, for people."""


def shape_of(answer: Answer) -> Shape | None:
    """Return which shape an answer has, None if it is neither or both."""
    fields = answer.fields
    credentials = all(name in fields for name in _CREDENTIALS)
    key = all(name in fields for name in _SESSION_KEY)
    if credentials == key:
        return None
    return Shape.CREDENTIALS if credentials else Shape.SESSION_KEY


def _came(observation: Observation) -> Iterator[Answer]:
    """Yield the answers that came."""
    return (answer for answer in observation.answers if answer.status is not None)


def _in_time(observation: Observation, context: Context) -> Iterator[Answer]:
    """Yield the answers that came by the deadline; later ones are `time.deadline`'s affair."""
    latest_s = context.timeout_s + SLACK_S
    return (answer for answer in _came(observation) if answer.took_s <= latest_s)


def _successes(observation: Observation) -> Iterator[Answer]:
    return (answer for answer in observation.answers if answer.ok)


def _prompt_s(context: Context) -> float:
    """Return how long bad news may take: less than a short deadline, or nobody could tell."""
    return min(PROMPT_S, max(1.0, context.timeout_s * 0.7))


def _own_mistake(seen: Observation, context: Context) -> bool:
    """Tell whether the connect failed for a mistake that another requirement is about.

    Runway refused the body of a create, or the key of a consume; or the consume went elsewhere.
    """
    refused = [each for each in seen.creates if each.status in (400, 404, 422) and not each.faults]
    if refused and not seen.sessions:
        return True
    return any(each.key_fits is False for each in seen.consumes) or _went_elsewhere(seen, context)


def _went_elsewhere(seen: Observation, context: Context) -> bool:
    ready = any(each.shown == "READY" and each.arrives for each in seen.polls)
    consumes = context.shape is not Shape.SESSION_KEY
    return consumes and ready and not seen.consumes and not any(each.ok for each in seen.answers)


def _room_of(token: Any) -> str | None:
    """Return the room that a LiveKit token opens, None if it is no such token."""
    try:
        _, claims, _ = str(token).split(".")
        parsed = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return str(parsed["video"]["room"])
    except (ValueError, NotBase64, KeyError, TypeError):
        return None


def _of_shape(observation: Observation, shape: Shape) -> Iterator[Answer]:
    """Yield the successes of one shape.

    Raises:
        NotJudged: there are successes, and none of them is.
    """
    successes = [*_successes(observation)]
    fitting = [answer for answer in successes if shape_of(answer) is shape]
    if successes and not fitting:
        raise NotJudged(f"the target does not hand out the shape {shape.value}")
    yield from fitting


# Answers: shape


@_requirement(
    "shape.one-of-two",
    "A success is exactly one of {sessionId, sessionKey} and {sessionId, serverUrl, token,"
    " roomName}, spelled so.",
    why="The SDK takes anything else as it is, and LiveKit is given undefined.",
    source="seed A; SDK",
    tags="success repeat one-slow",
)
def shape_one_of_two(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the keys of successes."""
    for answer in _successes(seen):
        keys = sorted(answer.fields)
        both = "sessionKey" in keys and ("serverUrl" in keys or "token" in keys)
        if shape_of(answer) is None or both:
            yield f"allowed: one of the two shapes; came: an answer with the keys {keys}"


@_requirement(
    "shape.types",
    "Every field of a success is a text that is not empty.",
    why="A null serverUrl counts as present for the SDK, and the call fails without a word.",
    source="SDK",
    tags="success repeat one-slow error",
)
def shape_types(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the values of successes."""
    for answer in _successes(seen):
        for name in (*_CREDENTIALS, "sessionKey"):
            value = answer.fields.get(name, "absent")
            if not isinstance(value, str) or not value:
                yield f"allowed: a text as {name}; came: {type(value).__name__}"


@_requirement(
    "shape.session-id",
    "sessionId is the id of a session that was created for this call.",
    why="The page shows and ends that session.",
    source="seed A; seed B",
    tags="success",
)
def shape_session_id(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the id against the fake's."""
    ids = {session.id for session in seen.sessions}
    for answer in _successes(seen):
        if shape_of(answer) is not None and answer.fields["sessionId"] not in ids:
            yield f"allowed: {' or '.join(sorted(ids)) or 'none'}; came: another sessionId"


@_requirement(
    "shape.content-type",
    "Successes and failures are declared as application/json.",
    why="Clients that look at the declared type parse nothing else.",
    source="seed A (Response.json, res.json)",
    unless="gone big",
    level=Level.SHOULD,
)
def shape_content_type(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the header."""
    for answer in _came(seen):
        declared = {key.lower(): text for key, text in answer.headers.items()}.get("content-type")
        if answer.body and "json" not in (declared or "none"):
            yield f"allowed: application/json; came: {declared or 'no content type'}"


@_requirement(
    "shape.declared",
    "The shape is the one that was declared (--shape).",
    why="The vanilla SDK takes only {sessionId, sessionKey}.",
    source="SDK",
    tags="success",
)
def shape_declared(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the shape; without a declaration there is nothing to judge."""
    if context.shape is None:
        raise NotJudged("no shape was declared, and none was seen")
    for answer in _successes(seen):
        came = shape_of(answer)
        if context.shape is not None and came not in (None, context.shape):
            yield f"allowed: {context.shape.value}; came: {came.value if came else 'neither'}"


@_requirement(
    "shape.credentials",
    "serverUrl, token and roomName are what the consume of that session answered.",
    why="Any others lead into no room, or into somebody else's.",
    source="seed A; seed B",
    tags="success",
)
def shape_credentials(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge against what the fake hands out: the room is named like the session."""
    rooms = {session.id for session in seen.sessions}
    for answer in _of_shape(seen, Shape.CREDENTIALS):
        fields = answer.fields
        room = fields["sessionId"] if fields["sessionId"] in rooms else fields["roomName"]
        if not isinstance(fields["roomName"], str) or not isinstance(fields["token"], str):
            continue  # which is the affair of shape.types
        if fields["serverUrl"] != context.media_url and isinstance(fields["serverUrl"], str):
            yield f"allowed: serverUrl {context.media_url}; came: another"
        if fields["roomName"] != room or fields["roomName"] not in rooms:
            yield "allowed: the room of that session; came: another roomName"
        if seen.consumes and _room_of(fields["token"]) != room:
            yield "allowed: the token that opens that room; came: another"


@_requirement(
    "shape.key",
    "sessionKey is the key of that session, not used yet.",
    why="The browser consumes it, once.",
    source="seed A",
    tags="success",
)
def shape_key(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the key, and that nobody has used it."""
    for answer in _of_shape(seen, Shape.SESSION_KEY):
        if not isinstance(answer.fields["sessionKey"], str):
            continue  # which is the affair of shape.types
        if not _KEY.fullmatch(answer.fields["sessionKey"]):
            yield "allowed: the session's key; came: something else as sessionKey"
        used = [each for each in seen.consumes if each.status == 200]
        if any(each.session == answer.fields["sessionId"] for each in used):
            yield "allowed: a key that nobody has used; came: one that the target has consumed"


# Requests


def _refused(seen: Observation, _: Situation, __: Context) -> Iterable[str]:
    for answer in seen.answers:
        if answer.status is None and "closed" in answer.failure:
            continue  # a body that is not wanted may be cut off
        if answer.status is None or not 400 <= answer.status < 500:
            yield f"allowed: 4xx; came: {answer}"


def _refusal(id_: str, text: str, tags: str, **more: Any) -> Requirement:
    made = _requirement(
        id_,
        text,
        why="The caller is wrong, and has to hear that it is.",
        source=more.pop("source", "ours; RFC 9110"),
        tags=tags,
        **more,
    )
    return made(_refused)


request_json = _refusal("request.bad-json", "A body that is no JSON object is 4xx.", "bad-json")
request_missing = _refusal(
    "request.missing-avatar", "A body without an avatar (or an empty one) is 4xx.", "no-avatar"
)
request_type = _refusal("request.wrong-type", "An avatarId that is no text is 4xx.", "wrong-type")
request_unknown = _refusal(
    "request.unknown-avatar",
    "An avatarId that is neither a preset nor a UUID is 4xx.",
    "unknown",
    source="seed B (validate avatar ids)",
)
request_hostile = _refusal(
    "request.hostile-avatar",
    "A hostile avatarId is 4xx like any other unknown one.",
    "hostile",
    source="seed B (validate avatar ids)",
)
request_big = _refusal(
    "request.big-body",
    "A body of megabytes is refused, or its connection closed.",
    "big",
    level=Level.SHOULD,
)


@_requirement(
    "request.no-upstream",
    "A caller who is wrong causes no create.",
    why="Each create costs credits.",
    source="seed B (validate avatar ids); observed (2 credits at create)",
    tags="refused",
    unless="big",
)
def request_no_upstream(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the fake's journal."""
    made = [each for each in seen.creates if each.status == 200]
    if made:
        yield f"allowed: no create; came: {len(made)}"


@_requirement(
    "request.preset",
    "A preset is asked for as {type: runway-preset, presetId}.",
    why="Runway knows it by nothing else.",
    source="seed A; published OpenAPI",
    tags="success",
    unless="custom",
)
def request_preset(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the body of creates, and that Runway does not refuse it."""
    if _UUID.fullmatch(seen.avatar):
        return  # the target takes custom avatars only (--avatars)
    for create in seen.creates:
        avatar = create.body.get("avatar")
        avatar = avatar if isinstance(avatar, dict) else {}
        if avatar.get("type") != "runway-preset" or "presetId" not in avatar:
            yield f"allowed: {{type: runway-preset, presetId}}; came: {avatar or 'no avatar'}"
        elif create.status in (400, 404, 422) and not create.faults:
            yield f"allowed: a create that Runway takes; came: one that it refuses, {create.status}"


@_requirement(
    "request.custom-avatar",
    "A UUID is asked for as {type: custom, avatarId}.",
    why="A custom avatar under the wrong field is refused by Runway.",
    source="published OpenAPI; observed (gateways that send it as a preset)",
    tags="custom",
)
def request_custom_avatar(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the body of creates, or the lack of any."""
    for answer in _came(seen):
        if answer.status is not None and 400 <= answer.status < 500 and not seen.creates:
            raise NotJudged("the target takes no custom avatars, or not this one")
    right = {"type": "custom", "avatarId": seen.avatar}
    if not any(each.body.get("avatar") == right and each.status == 200 for each in seen.creates):
        yield f"allowed: a create with the avatar {right}; came: none"


# Polling


@_requirement(
    "poll.waits",
    "The target waits until the session is READY and then hands it out.",
    why="That is what the endpoint is for.",
    source="seed A; seed B",
    tags="success",
    unless="last custom many",
)
def poll_waits(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the answer."""
    if _own_mistake(seen, context):
        return
    for answer in _came(seen):
        if not answer.ok:
            yield f"allowed: 2xx with credentials; came: {answer}"


@_requirement(
    "poll.not-too-fast",
    "Two looks at a session are at least 100 ms apart.",
    why="A client that polls without a pause is a denial of service.",
    source="SDK (1 s); observed (0.4 s to 5 s)",
    tags="slow error gone one-slow",
)
def poll_not_too_fast(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the gaps between looks; a repetition after a failure may be sooner, once."""
    fast = [
        after.at - before.at
        for before, after in pairwise(seen.polls)
        if before.session == after.session
        and before.status == 200
        and before.arrives
        and after.at - before.at < SHORTEST_INTERVAL_S * 0.9
    ]
    if len(fast) >= 3:
        yield (
            f"allowed: at least {SHORTEST_INTERVAL_S:g}s between looks; came: {len(fast)} gaps"
            f" down to {min(fast):.3f}s"
        )


@_requirement(
    "poll.not-too-slow",
    "Two looks at a session are at most 5 s apart.",
    why="A caller waits for half of the pause, on average, after the session is READY.",
    source="SDK (1 s); observed (20 to 90 polls at 1 to 5 s)",
    tags="slow deadline",
)
def poll_not_too_slow(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the gaps between looks, and the one before the first."""
    looks = [*seen.creates[-1:], *seen.polls]
    slow = [after.at - before.at for before, after in pairwise(looks)]
    if slow and max(slow) > LONGEST_INTERVAL_S * 1.1:
        yield f"allowed: at most {LONGEST_INTERVAL_S:g}s between looks; came: {max(slow):.1f}s"


@_requirement(
    "poll.stops",
    "Nothing looks at the session any more once the caller has its answer.",
    why="Polling that nobody waits for goes on for ever, and costs the account its limits.",
    source="ours; observed (poll loops without an end)",
    unless="gone many one-slow refused",
)
def poll_stops(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the looks after the answer; one may be on its way."""
    if seen.answer.status is None:
        return
    late = [each for each in seen.polls if each.at > seen.answer.came_at + 0.5]
    if late:
        after = late[0].at - seen.answer.came_at
        yield f"allowed: no look after the answer; came: {len(late)}, the first {after:.1f}s later"


# Time


@_requirement(
    "time.deadline",
    "Whatever happens upstream, the caller is answered by the declared deadline.",
    why="A page that waits for ever shows nothing and tells nobody.",
    source="seed A (30 s); seed B (a server action without a limit)",
    unless="gone",
)
def time_deadline(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time to the answer."""
    for answer in seen.answers:
        late = answer.took_s > context.timeout_s + SLACK_S
        silent = answer.status is None and "closed" not in answer.failure
        if silent or late:
            yield f"allowed: an answer within {context.timeout_s:g}s; came: {answer}"


@_requirement(
    "time.status",
    "A session that is not READY by the deadline is a 504, or another 5xx.",
    why="The caller may try again later.",
    source="seed A (504)",
    tags="deadline",
)
def time_status(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the status."""
    for answer in _in_time(seen, context):
        if answer.status is not None and not 500 <= answer.status < 600:
            yield f"allowed: 504 or another 5xx; came: {answer}"


@_requirement(
    "time.last-moment",
    "A session that is READY a second before the deadline is handed out.",
    why="It has been paid for, and the caller is still there.",
    source="ours",
    tags="last",
    level=Level.SHOULD,
)
def time_last_moment(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the answer."""
    if _own_mistake(seen, context):
        return
    if seen.creates and seen.creates[0].at > seen.answer.sent_at + 0.4:
        raise NotJudged("the create came so late that the session was not READY in time")
    for answer in _came(seen):
        if not answer.ok:
            yield f"allowed: 2xx with credentials; came: {answer}"


# The session ends, or is nothing that can be handed out


@_requirement(
    "terminal.ends-the-wait",
    "A session that has ended ends the wait within seconds, and not at the deadline.",
    why="Nothing will come of it any more.",
    source="seed A (COMPLETED, FAILED, CANCELLED throw); observed (only FAILED looked at)",
    tags="ends",
    unless="running",
)
def terminal_ends_the_wait(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time from the end of the session to the answer."""
    prompt_s = _prompt_s(context)
    for answer, session in zip(seen.answers, seen.sessions, strict=False):
        ended = [at for at, _, state in session.moves if state in TERMINAL]
        if answer.status is not None and ended and answer.came_at - ended[0] > prompt_s:
            waited = answer.came_at - ended[0]
            yield (
                f"allowed: an answer within {prompt_s:g}s of the end ({session.state});"
                f" came: {waited:.1f}s later"
            )


def _never_a_success(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    for answer in _in_time(seen, context):
        if not answer.ok:
            continue
        yield f"allowed: a non-2xx answer; came: {answer} with the keys {sorted(answer.fields)}"


def _never(id_: str, text: str, why: str, source: str, tags: str, unless: str = "") -> Requirement:
    made = _requirement(id_, text, why=why, source=source, tags=tags, unless=unless)
    return made(_never_a_success)


terminal_failure = _never(
    "terminal.is-a-failure",
    "A session that has ended is a non-2xx answer.",
    "The SDK throws on a non-2xx answer, and takes a 2xx one for credentials.",
    "SDK; seed A",
    "ends",
    "running",
)
state_running = _never(
    "state.running",
    "RUNNING is never handed out: somebody else has used the key.",
    "What is handed out cannot be consumed any more.",
    "published OpenAPI (no key in RUNNING); observed (RUNNING taken as READY)",
    "running",
)
state_keyless = _never(
    "state.ready-without-key",
    "READY without a session key is never handed out.",
    "There is nothing to consume.",
    "SDK",
    "keyless",
)
state_strange = _never(
    "state.unknown",
    "A status that nobody knows, or none, is never handed out.",
    "What it means is not known; that it is not READY is.",
    "ours",
    "strange",
)
time_nothing = _never(
    "time.nothing-to-hand-out",
    "Without a READY session there is no success at the deadline.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "deadline",
)
upstream_create = _never(
    "upstream.create",
    "A create that fails, in whatever way, is a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK; seed A (500)",
    "create",
    "repeat",
)
upstream_poll = _never(
    "upstream.poll",
    "Looks that all fail, in whatever way, are a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK",
    "poll",
    "repeat keyless strange",
)
upstream_consume = _never(
    "upstream.consume",
    "A consume that fails, in whatever way, is a non-2xx answer.",
    "The SDK takes a 2xx answer for credentials.",
    "SDK; observed (the consume's answer used unchecked)",
    "consume",
)


@_requirement(
    "upstream.not-the-callers-fault",
    "Runway's 401 and 403 are never the caller's: the answer is a 5xx.",
    why="The caller's browser would ask its user to log in; the gateway's secret is wrong.",
    source="ours; observed (upstream status passed on)",
    tags="unauthorized",
)
def upstream_not_the_callers_fault(
    seen: Observation, _: Situation, context: Context
) -> Iterable[str]:
    """Judge the status."""
    for answer in _came(seen):
        if answer.status in (401, 403):
            yield f"allowed: 5xx; came: {answer}"


@_requirement(
    "upstream.final-ends-the-wait",
    "An error of a look that will not pass (401, 402, 403, 404) ends the wait within seconds.",
    why="The next look will say the same.",
    source="observed (401 and 402 swallowed until the deadline)",
    tags="final",
)
def upstream_final(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the time from the first such error to the answer."""
    prompt_s = _prompt_s(context)
    errors = [each.at for each in seen.polls if each.status is not None and each.status >= 400]
    for answer in _came(seen):
        if errors and answer.came_at - errors[0] > prompt_s:
            waited = answer.came_at - errors[0]
            yield f"allowed: an answer within {prompt_s:g}s; came: {waited:.1f}s after the error"


# Errors


@_requirement(
    "error.json",
    "Every failure is a JSON object with a text as `error`.",
    why="The page shows it, and programs look at it.",
    source="seed A; seed B ({error})",
    unless="gone big",
)
def error_json(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the bodies of failures; nothing more is demanded of them."""
    for answer in _came(seen):
        error = answer.fields.get("error")
        if not answer.ok and not (isinstance(error, str) and error):
            came = f"the keys {sorted(answer.fields)}" if answer.fields else "no JSON object"
            yield f"allowed: {{error: text}}; came: {answer} with {came}"


# Repetitions


def _row(calls: Iterable[Upstream]) -> list[Upstream]:
    """Return the longest row of calls that failed, one after the other."""
    longest: list[Upstream] = []
    row: list[Upstream] = []
    for call in calls:
        failed = call.status is None or call.status >= 400 or not call.arrives
        row = [*row, call] if failed else []
        longest = row if len(row) > len(longest) else longest
    return longest


def _attempts(calls: list[Upstream]) -> list[Upstream]:
    """Return the calls without those that repeat a broken connection at once: one each."""
    attempts: list[Upstream] = []
    forgiven = False
    for call in calls:
        broken = bool(attempts) and not attempts[-1].arrives
        if broken and not forgiven and call.at - attempts[-1].at < _AT_ONCE_S:
            attempts[-1], forgiven = call, True
            continue
        attempts.append(call)
        forgiven = False
    return attempts


@_requirement(
    "retry.bounded",
    "A create or a consume that fails again and again is given up after a few attempts.",
    why="Each attempt may cost credits, and an outage is made worse by clients that hammer.",
    source="SDK (2 repetitions); ours",
    tags="create consume",
)
def retry_bounded(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the number of attempts."""
    for name, calls in (("creates", seen.creates), ("consumes", seen.consumes)):
        if len(row := _row(calls)) > MOST_ATTEMPTS:
            yield f"allowed: at most {MOST_ATTEMPTS} {name} in a row; came: {len(row)}"


@_requirement(
    "retry.spaced",
    "Between two attempts of the same request there is a pause.",
    why="What failed a millisecond ago fails again.",
    source="SDK (0.5 s and more); observed (Runway's guidance: exponential backoff)",
    tags="create poll consume",
)
def retry_spaced(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the gaps; a library's own repetition on a fresh connection counts as one attempt."""
    for calls in (seen.creates, seen.polls, seen.consumes):
        gaps = [after.at - before.at for before, after in pairwise(_attempts(_row(calls)))]
        fast = [gap for gap in gaps if gap < SHORTEST_INTERVAL_S * 0.9]
        if len(fast) >= 2:
            yield (
                f"allowed: pauses of {SHORTEST_INTERVAL_S:g}s and more; came: {len(fast)} attempts"
                f" after {min(fast):.3f}s"
            )


@_requirement(
    "retry.honours-retry-after",
    "An attempt is not repeated before the time that Retry-After names.",
    why="The server has said when it makes sense.",
    source="SDK (honours it up to 60 s); RFC 9110",
    tags="after",
    level=Level.SHOULD,
)
def retry_after(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the gaps between creates: Retry-After was 1."""
    early = [
        after.at - before.at
        for before, after in pairwise(seen.creates)
        if after.at - before.at < 0.9
    ]
    if early:
        yield f"allowed: 1s and more between creates; came: {min(early):.3f}s"


@_requirement(
    "retry.create-not-blindly",
    "A create whose reply was lost is not repeated.",
    why="Runway has no idempotency key: each create makes a session and costs credits.",
    source="observed (2 credits at create; SDKs send no idempotency header)",
    tags="lost",
)
def retry_create_not_blindly(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the number of creates that were acted on."""
    made = [each for each in seen.creates if each.acted]
    if len(made) > 1:
        yield f"allowed: one create; came: {len(made)}, each with a session of its own"


@_requirement(
    "retry.passing-error",
    "A look that fails once does not cost the caller the session.",
    why="The session is fine, and has been paid for.",
    source="SDK (retries GET); ours",
    tags="repeat",
    unless="create",
    level=Level.SHOULD,
)
def retry_passing_error(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge whether there was another look; what came of it is judged elsewhere."""
    for answer in _came(seen):
        if not answer.ok and len(seen.polls) == 1:
            yield f"allowed: another look; came: {answer} after the first"


@_requirement(
    "retry.busy",
    "A create that is refused once with 429 or 503 and Retry-After: 1 is tried again.",
    why="The server certainly did not act, and has said when to come back.",
    source="SDK (retries 429 and 503)",
    tags="repeat",
    unless="poll",
    level=Level.SHOULD,
)
def retry_busy(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge whether there was another create; what came of it is judged elsewhere."""
    for answer in _came(seen):
        if not answer.ok and len(seen.creates) == 1 and seen.creates[0].faults:
            yield f"allowed: another create; came: {answer} after the first"


# Consume


@_requirement(
    "consume.once",
    "A key is used once: no consume follows one that the server has acted on.",
    why="The second is refused, and the credentials of the first are gone.",
    source="observed (single use)",
)
def consume_once(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the consumes of each session."""
    for session in seen.sessions:
        consumes = [each for each in seen.consumes if each.session == session.id]
        acted = [index for index, each in enumerate(consumes) if each.acted and each.status == 200]
        if acted and len(consumes) > acted[0] + 1:
            yield f"allowed: one consume; came: {len(consumes)}"


@_requirement(
    "consume.with-the-key",
    "consume is authorised by the session's key, and not by the API secret.",
    why="The API secret opens the whole account; the key opens one session, once.",
    source="seed B; SDK",
    tags="success",
)
def consume_with_the_key(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge what came with the consumes."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    wrong = [each for each in seen.consumes if not each.key_fits]
    if wrong:
        yield f"allowed: the session's key; came: another bearer token, {len(wrong)} times"


@_requirement(
    "consume.arrives",
    "Credentials come from a consume that went to the configured host, with a session's key.",
    why="A host that is written into the code is production, also in tests.",
    source="observed (consume sent to a hard-coded host)",
    tags="success",
)
def consume_arrives(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge whether the consume of each handed out session was seen."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    ours = {session.id for session in seen.sessions}
    consumed = {each.session for each in seen.consumes}
    for answer in _successes(seen):
        session = answer.fields.get("sessionId")
        if shape_of(answer) is Shape.CREDENTIALS and session in ours - consumed:
            yield "allowed: a consume upstream; came: credentials without one"
    if _went_elsewhere(seen, context):
        yield (
            f"allowed: a consume upstream after READY, with the session's key; came: none,"
            f" and {seen.answer}"
        )


# Headers


@_requirement(
    "header.version",
    "Every request with the API secret carries X-Runway-Version: 2024-11-06.",
    why="Runway requires it on every operation that is authorised by the secret.",
    source="published OpenAPI",
    tags="success deadline gone poll",
)
def header_version(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge all but consumes, where browsers leave it out."""
    bare = [each for each in seen.upstream if not each.versioned and each not in seen.consumes]
    if bare:
        yield f"allowed: the header on every request; came: {len(bare)} without, such as {bare[0]}"


@_requirement(
    "header.version-on-consume",
    "consume carries the version header too.",
    why="Runway's guide sends it there; the browser SDK does not, so both work today.",
    source="seed B; SDK (leaves it out); observed (missing on consume)",
    tags="success",
    level=Level.MAY,
)
def header_version_on_consume(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge consumes."""
    if context.shape is Shape.SESSION_KEY:
        raise NotJudged("the browser consumes, not the target")
    bare = [each for each in seen.consumes if not each.versioned]
    if bare:
        yield f"allowed: the header; came: {len(bare)} consumes without it"


# Cancelling


def _left_behind(seen: Observation, situation: Situation, _: Context) -> Iterable[str]:
    if any(answer.ok for answer in seen.answers):
        return  # handed out, rightly or wrongly
    if situation.leaves_after_s is None and not [*_came(seen)]:
        return  # it was still at it when looking ended: time.deadline's affair
    for session in seen.known:
        if session.state in TERMINAL:
            continue
        tried = any(each.session == session.id for each in seen.calls("deleteSession"))
        what = "a cancel that did not succeed" if tried else "none"
        yield f"allowed: a DELETE of {session.id}; came: {what}; it is {session.state}"


def _cancelled(id_: str, text: str, tags: str, unless: str = "") -> Requirement:
    made = _requirement(
        id_,
        text,
        why="Nobody else knows the session, and it goes on costing credits until it expires.",
        source="observed (orphaned sessions of 44 credits each); ours",
        tags=tags,
        unless=unless,
    )
    return made(_left_behind)


cancel_deadline = _cancelled(
    "cancel.at-the-deadline",
    "A session that is not READY by the deadline is cancelled.",
    "deadline",
)
cancel_failure = _cancelled(
    "cancel.after-a-failure",
    "A session that cannot be handed out because of an error is cancelled.",
    "poll consume keyless strange running",
    "deadline",
)
cancel_gone = _cancelled(
    "cancel.caller-gone",
    "The session of a caller who has hung up is cancelled.",
    "gone",
)


# Many callers


@_requirement(
    "many.one-session-each",
    "Callers who call at once get a session each, and nobody gets another's.",
    why="A key works once: of two who share it, one is left without a call.",
    source="ours",
    tags="many",
)
def many_one_session_each(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge the ids that were handed out."""
    if len(seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
    if _own_mistake(seen, context):
        return
    ours = {session.id for session in seen.sessions}
    ids = [answer.fields.get("sessionId") for answer in _successes(seen)]
    known = [each for each in ids if isinstance(each, str) and each in ours]
    refused = [answer for answer in seen.answers if not answer.ok]
    if refused:
        yield f"allowed: {len(seen.answers)} successes; came: {refused[0]}, {len(refused)} times"
    if len(set(known)) != len(known):
        yield f"allowed: {len(known)} different sessions; came: {len(set(known))}"


@_requirement(
    "many.not-in-a-row",
    "Callers who call at once are served side by side; a slow connect delays nobody.",
    why="One slow session would stop the whole page.",
    source="ours",
    tags="many one-slow",
)
def many_not_in_a_row(seen: Observation, situation: Situation, context: Context) -> Iterable[str]:
    """Judge the times: the slow one's is its own."""
    if len(seen.answers) < 2:
        raise NotJudged("there is one avatar, so one caller at a time")
    if _own_mistake(seen, context):
        return
    slow, *others = seen.answers
    if "one-slow" in situation.tags:
        if slow.took_s < 1.0:
            raise NotJudged("the target does not wait, so nobody is slow")
        late = [each for each in others if not each.ok or each.came_at > slow.came_at]
        if len(late) >= 2:
            yield f"allowed: the others before the slow one; came: {len(late)} after, or {late[0]}"
        return
    late = [answer for answer in seen.answers if answer.ok and answer.took_s > 5.0]
    if late:
        yield f"allowed: each within 5s; came: {len(late)} later, such as {late[0]}"


# Secrets


def _places(seen: Observation) -> Iterator[tuple[str, str]]:
    for answer in seen.answers:
        yield "an answer's body", answer.body.decode(errors="replace")
        yield "an answer's headers", str(dict(answer.headers))


@_requirement(
    "secrecy.api-secret",
    "The API secret is in no answer, and in no URL.",
    why="It opens the whole account.",
    source="seed B (never expose it)",
)
def secrecy_api_secret(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge bodies, headers and addresses."""
    for place, text in _places(seen):
        if context.secret in text:
            yield f"allowed: the API secret nowhere; came: in {place}"
    if any(each.secret_in_url for each in seen.upstream):
        yield "allowed: no secret in a URL; came: one in a request upstream"


@_requirement(
    "secrecy.session-key",
    "The session key is in the session-key shape's answer alone.",
    why="Whoever has it can take the session over until it is consumed.",
    source="seed B (log without credentials); ours",
)
def secrecy_session_key(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge answers of the other kind."""
    for answer in seen.answers:
        entitled = answer.ok and shape_of(answer) is not Shape.CREDENTIALS
        shown = f"{dict(answer.headers)}" + ("" if entitled else answer.body.decode("latin-1"))
        if _KEY.search(shown):
            yield "allowed: no session key in this answer; came: one"


@_requirement(
    "secrecy.output",
    "Neither the API secret nor a session key is in what the target writes.",
    why="Logs are read, shipped and kept by many who must not have either.",
    source="seed B (log without credentials); ours",
)
def secrecy_output(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge what the target wrote meanwhile."""
    if not seen.output:
        raise NotJudged("the target was not heard: the judge did not start it, or it wrote nothing")
    if context.secret in seen.output:
        yield "allowed: no API secret in the target's output; came: one"
    if _KEY.search(seen.output):
        yield "allowed: no session key in the target's output; came: one"


@_requirement(
    "secrecy.upstream-text",
    "Nothing that Runway says is passed on to the caller.",
    why="It was written for the account's owner: limits, balance, moderation, internals.",
    source="observed (raw upstream bodies sent to browsers); ours",
    tags="error repeat",
)
def secrecy_upstream_text(seen: Observation, _: Situation, context: Context) -> Iterable[str]:
    """Judge by the marker word in all that the fake says."""
    for answer in _came(seen):
        if context.marker.encode() in answer.body:
            yield f"allowed: a text of the target's own; came: the upstream's, with {answer}"


REQUIREMENTS: tuple[Requirement, ...] = tuple(
    each for each in dict(globals()).values() if isinstance(each, Requirement)
)
"""All requirements, in the order in which they stand here."""
