"""From what an endpoint answered to how it is set: a function for each switch, all pure.

A rule sees all calls and yields what follows from them, with the evidence in a line. It says
nothing where the calls do not decide. No rule shows an id, a key or a body.
"""

import base64
import binascii
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contracts.wire.schema import BodyValidator
from fake_runway.calibration.asset_rules import ASSET_RULES
from fake_runway.calibration.file_rules import FILE_RULES
from fake_runway.calibration.history import (
    AVATARS,
    DOWNLOADED,
    ORGANIZATION,
    SESSIONS,
    History,
    Seen,
    Subject,
    instant,
    is_refused_secret,
)
from fake_runway.calibration.measures import (
    Between,
    Learned,
    Rule,
    credits_of,
    measured,
    scenario_names,
)
from fake_runway.calibration.routing_rules import GENERATE, ROUTING_RULES
from fake_runway.calibration.share_rules import SHARE_RULES
from fake_runway.core.durations import written_span
from fake_runway.core.lifecycles.task import TASK_FAILURES
from fake_runway.core.scenario.notations import DEFAULT_JOIN
from fake_runway.core.scenario.scenario import parse_scenario
from fake_runway.core.scenario.settings import (
    ACCOUNT,
    DEFAULT_MAX_DURATION_S,
    SESSION,
    TASK,
    Settings,
)
from fake_runway.core.tasks.models import TIERS, Quota
from fake_runway.core.tasks.table import MODELS

UNKNOWN_KEY = "calibrationUnknownKey"
"""A key that no body has."""

UNKNOWN_CURSOR = "calibrationunknowncursor"
"""A cursor that no page had."""

UNKNOWN_TAG = "[fake:calibration]"
"""A tag that no scenario of the fake has; to any other endpoint it is text."""

SESSION_MODEL = "gwm1_avatars"
CREATE_COSTS = 2
"""Credits of a session's create."""

CREDITS_OF_A_BLOCK, BLOCK_S = 2, 6.0
"""Credits of RUNNING, and the seconds that they last."""

NOT_LEARNED: Mapping[str, str] = {
    "call": "what an avatar does in a call is not seen by these calls",
    "script": "what an avatar does in a call is not seen by these calls",
    "progress": "polls see samples of it, and each task has its own",
    "upload_bytes": "it bounds this fake's memory, and is more than these calls send",
    "document_failure": "no answer has the state of a document, nor why it failed",
}
"""Switches that no call of ours tells apart, each with the reason."""

_AT_ONCE_S = 0.05  # an answer that takes less is not held back
_SPREAD = 0.2  # times that differ by more than this share of them are no fixed one
_FOR_EVER_S = 30.0
_ENOUGH = 3
_ROUGHLY_S = 3.0
_OVER = ("COMPLETED", "FAILED", "CANCELLED")
_MODELS = {model.id: model for model in MODELS}
_NOTATIONS = {
    (form, switch.key): switch.notation
    for form, rows in (("account", ACCOUNT), ("session", SESSION), ("task", TASK))
    for switch in rows
}
_JWT_PARTS = 3
_LONGEST_ROOM = 200


def learned_from(history: History) -> list[Learned]:
    """Return what follows from some calls; of several answers for a switch, the first.

    What no scenario can say is left out: an endpoint may answer anything.
    """
    found: dict[tuple[str, str], Learned] = {}
    for rule in RULES:
        for each in rule(history):
            if (each.form, each.key) not in found and _can_be_said(each):
                found[each.form, each.key] = each
    return list(found.values())


def _can_be_said(learned: Learned) -> bool:
    if learned.key == "then":
        return _is_then(learned)
    notation = _NOTATIONS[learned.form, learned.key]
    if not BodyValidator(notation.schema).is_valid(learned.value):
        return False
    try:
        notation.parse(learned.value)
    except ValueError:
        return False
    return True


def _is_then(learned: Learned) -> bool:
    try:
        parse_scenario({learned.form: {"then": learned.value}}, default_name="shares")
    except ValueError:
        return False
    return True


# The account


def _key(history: History) -> Iterator[Learned]:
    refused = [each for each in history.calls if is_refused_secret(each)]
    if refused:
        word = "suspended" if "suspend" in refused[0].error.lower() else "unknown"
        yield Learned("account", "key", word, refused[0].words())
    elif any(each.ok for each in history.calls):
        yield Learned("account", "key", "valid", "no call was refused with 401")


def _organization(history: History) -> Iterator[Learned]:
    answers = [each for each in history.of("GET", ORGANIZATION) if each.ok]
    if not answers:
        return
    first = answers[0]
    if history.balances():
        balance = history.balances()[0][1]
        yield Learned("account", "credits", balance, f"creditBalance was {balance}")
    models = _limits(first)
    if (limits := models.pop(SESSION_MODEL, None)) is not None:
        for key, limit in zip(("concurrency", "daily"), limits, strict=True):
            yield Learned("account", key, limit, f"the organization says so of {SESSION_MODEL}")
    yield from _tier(models)


def _limits(answer: Seen) -> dict[str, tuple[int | str, int | str]]:
    """Return how many at once and how many a day, of each model that the answer lists."""
    found: dict[str, tuple[int | str, int | str]] = {}
    tier = answer.body.get("tier")
    models = tier.get("models") if isinstance(tier, dict) else None
    for name, limits in models.items() if isinstance(models, dict) else ():
        if isinstance(limits, dict):
            at_once, daily = (
                limits.get("maxConcurrentGenerations"),
                limits.get("maxDailyGenerations"),
            )
            found[name] = (
                "unlimited" if at_once is None else at_once,
                "unlimited" if daily is None else daily,
            )
    return found


def _tier(models: Mapping[str, tuple[int | str, int | str]]) -> Iterator[Learned]:
    known = {name: limits for name, limits in models.items() if name in _MODELS}
    if not known:
        return
    evidence = f"the organization lists the limits of {len(known)} models that this fake knows"

    def of_tier(name: str, tier: int) -> tuple[int | None, int | None]:
        usual = TIERS[_quota(name)][tier - 1]
        return usual.concurrent, usual.daily

    def fitting(place: int) -> list[int]:
        """Return the tiers by which most models have this limit; a few may be special."""
        hits = {
            tier: sum(of_tier(name, tier)[place] == limits[place] for name, limits in known.items())
            for tier in (1, 2, 3, 4, 5)
        }
        most = max(hits.values())
        return [tier for tier, count in hits.items() if count == most and 2 * count > len(known)]

    by_place = [fitting(place) for place in (0, 1)]
    for place, key in enumerate(("task_concurrency", "task_daily")):
        values = {limits[place] for limits in known.values()}
        if by_place[place]:
            yield Learned("account", key, "tier", evidence)
        elif len(values) == 1:
            yield Learned("account", key, values.pop(), evidence)
    tiers = [set(each) for each in by_place if each]
    common = set.intersection(*tiers) if tiers else set()
    if len(common) == 1:
        yield Learned("account", "tier", common.pop(), evidence)


def _quota(model: str) -> Quota:
    return _MODELS[model].quota


def _retained(history: History) -> Iterator[Learned]:
    ended = [(each, over) for each in history.sessions() if (over := each.ended()) is not None]
    for session, over in ended:
        gone = [
            each
            for each in session.later
            if each.method == "GET" and each.status == 404 and each.number > over.number
        ]
        if gone:
            after = sum(over.number < other.number <= gone[0].number for _, other in ended)
            yield Learned(
                "account", "retained", after, f"{gone[0].words()} after {after} more had ended"
            )
            return


def _errors(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if each.method == "POST" and "credits" in each.error.lower():
            if each.status == 402:
                yield Learned("account", "errors", "guide", each.words())
            elif each.status == 400:
                yield Learned("account", "errors", "observed", each.words())


def _retry_after(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if each.status == 429:
            yield Learned("account", "retry_after", "retry-after" in each.headers, each.words())


def _doc_url(history: History) -> Iterator[Learned]:
    for each in history.calls:
        routed = each.path.startswith(GENERATE)  # their refusals have a form of their own
        if each.status in (400, 404) and each.error and not routed:
            yield Learned("account", "doc_url", "docUrl" in each.body, each.words())


def _delete_again(history: History) -> Iterator[Learned]:
    for session in history.sessions():
        for each in session.deletes:
            over = session.ended()
            if over is not None and each.number > over.number and each.status in (204, 404):
                evidence = f"{each.words()} after the end"
                yield Learned("account", "delete_again", each.status, evidence)


def _unknown_ids(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if each.method == "GET" and each.name in history.invented:
            if each.ok:
                yield Learned("account", "unknown_ids", "materialise", each.words())
            elif each.status == 404:
                yield Learned("account", "unknown_ids", "refuse", each.words())


def _unknown_keys(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if each.status == 400 and "unrecognized key" in each.error.lower():
            yield Learned("account", "unknown_keys", "refuse", each.words())
        elif UNKNOWN_KEY in each.asked and each.status in (200, 404):
            yield Learned("account", "unknown_keys", "ignore", f"{each.words()} with such a key")


def _consume_body(history: History) -> Iterator[Learned]:
    consumes = [each for session in history.sessions() for each in session.consumes]
    for each in consumes:
        declared = each.content_type
        if each.ok and declared is not None and "json" not in declared:
            yield Learned("account", "consume_body", "lenient", f"{each.words()} of {declared}")
        elif declared is None and each.status == 415:
            yield Learned("account", "consume_body", "typed", f"{each.words()} without a type")
    refused = any(each.status == 415 and each.content_type is not None for each in consumes)
    bare = next((each for each in consumes if each.ok and each.content_type is None), None)
    if refused and bare is not None:
        evidence = f"{bare.words()} without a type, 415 with a form's"
        yield Learned("account", "consume_body", "strict", evidence)


def _version_header(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if not each.versioned and not each.path.endswith("consume"):
            if each.status == 400:
                yield Learned("account", "version_header", "required", f"{each.words()} without")
            elif each.ok:
                yield Learned("account", "version_header", "ignored", f"{each.words()} without")


def _custom_avatars(history: History) -> Iterator[Learned]:
    used: set[str] = set()
    for each in history.of("POST", SESSIONS):
        avatar = each.asked.get("avatar")
        avatar_id = avatar.get("avatarId") if isinstance(avatar, dict) else None
        if each.ok and avatar_id in history.invented:
            yield Learned("account", "custom_avatars", "any", f"{each.words()} of an invented one")
        elif each.ok and isinstance(avatar_id, str):
            used.add(avatar_id)
    ids: list[str] = []
    for each in history.of("GET", AVATARS):
        if each.ok and not each.query:
            ids += [
                str(one.get("id"))
                for one in each.data
                if str(one.get("name")) not in scenario_names()
            ]
            break
    made = {each.id for each in history.created(AVATARS)}
    more = sorted(used - made - set(ids))
    if ids or more or any(each.ok and not each.query for each in history.of("GET", AVATARS)):
        evidence = f"the first page lists {len(ids)}, sessions have {len(more)} more"
        yield Learned("account", "custom_avatars", ids + more, evidence)


def _unknown_cursor(history: History) -> Iterator[Learned]:
    for each in history.of("GET", AVATARS):
        if UNKNOWN_CURSOR in each.query and (each.ok or each.status == 400):
            word = "first-page" if each.ok else "refuse"
            yield Learned("account", "unknown_cursor", word, f"{each.words()} with such a cursor")


def _latency(history: History) -> Iterator[Learned]:
    took = sorted(
        each.took_s
        for each in history.calls
        if each.method == "GET" and not each.path.startswith(DOWNLOADED)
    )
    if len(took) < _ENOUGH:
        return
    usual = took[len(took) // 2]
    value = "0s" if usual < _AT_ONCE_S else written_span(round(usual / 0.05) * 0.05)
    yield Learned(
        "account", "latency", value, f"{usual * 1000:.0f} ms in the middle, with the network"
    )


# Sessions


def _queued(history: History) -> Iterator[Learned]:
    for session in history.sessions():
        waited = [each for each in session.polls if each.body.get("queued") is True]
        free = next((each for each in session.polls if not each.body.get("queued")), None)
        if free is not None and not waited:
            yield Learned("session", "queued", "0s", "the first poll of a session was not queued")
        elif free is not None:
            span = Between(waited[-1].at - session.create.at, free.at - session.create.at)
            yield Learned("session", "queued", span.written(), "until a poll was not queued")


def _provision(history: History) -> Iterator[Learned]:
    """Both times, each made exact by the other: a session says when its key expires."""
    times: list[Between] = []
    for session in history.sessions():
        ready = session.first("READY")
        if ready is None:
            continue
        queued = [each for each in session.polls if each.body.get("queued") is True]
        since = queued[-1] if queued else session.create
        span = Between(session.last_before(ready).at - since.at, ready.at - since.at)
        created, expires = (instant(ready.body.get(key)) for key in ("createdAt", "expiresAt"))
        if created is not None and expires is not None and not queued:
            lifetime = round(expires - created - span.middle)
            yield Learned("session", "expires_in", written_span(lifetime), "expiresAt of a session")
            exact = expires - created - lifetime
            if span.holds(exact):
                span = Between(exact, exact)
        times.append(span)
    if times:
        low, high = (pick(each.middle for each in times) for pick in (min, max))
        evidence = f"of {len(times)} sessions"
        fixed = high - low <= _SPREAD * high
        value = (
            times[0].written(Settings().plan.provision)
            if fixed
            else f"uniform({measured(low)}, {measured(high)})"
        )
        yield Learned("session", "provision_time", value, evidence)
        return
    for session in history.sessions():
        polls = [each for each in session.polls if each.body["status"] == "NOT_READY"]
        waited = polls[-1].at - session.create.at if polls else 0.0
        if waited > _FOR_EVER_S:
            yield Learned("session", "provision_time", "never", f"not READY within {waited:.0f} s")


def _running_on(history: History) -> Iterator[Learned]:
    for session in history.sessions():
        used = next((each for each in session.consumes if each.ok), None)
        after = [each for each in session.polls if used is not None and each.number > used.number]
        if used is None or not after:
            continue
        if after[0].body["status"] == "RUNNING":
            yield Learned("session", "running_on", "consume", "RUNNING in the poll after a consume")
            continue
        if after[0].body["status"] != "READY":
            continue
        yield Learned("session", "running_on", "join", "READY in the poll after a consume")
        joined = next((each for each in after if each.body["status"] == "RUNNING"), None)
        if joined is not None:
            before = max(session.last_before(joined).at, used.at)
            span = Between(before - used.at, joined.at - used.at)
            evidence = "from the consume to the first poll that says RUNNING"
            yield Learned("session", "join_time", span.written(DEFAULT_JOIN), evidence)


def _token_room(history: History) -> Iterator[Learned]:
    for session in history.sessions():
        for each in session.consumes:
            if each.ok and (room := _room_of(each.body.get("token"))) is not None:
                same = room == session.id
                evidence = "the token's room is the session's" if same else "the token's room"
                yield Learned("session", "token_room", None if same else room, evidence)


def _room_of(token: object) -> str | None:
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != _JWT_PARTS:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    video = claims.get("video") if isinstance(claims, dict) else None
    room = video.get("room") if isinstance(video, dict) else None
    return room if isinstance(room, str) and len(room) <= _LONGEST_ROOM else None


def _ends(history: History) -> Iterator[Learned]:
    """How a call ends by itself: by its cap, or because nothing is left to pay it."""
    for session in history.sessions():
        running, over = session.first("RUNNING"), session.first("COMPLETED", "FAILED")
        if running is None or over is None:
            continue
        wanted = session.create.asked.get("maxDuration", DEFAULT_MAX_DURATION_S)
        lasted = (session.last_before(over).at + over.at) / 2 - running.at
        whole = isinstance(wanted, int) and lasted > wanted - _ROUGHLY_S
        poor = next(
            (
                seen
                for seen, left in history.balances()
                if left < CREDITS_OF_A_BLOCK and running.number < seen.number < over.number
            ),
            None,
        )
        if poor is None and over.body["status"] == "COMPLETED":
            evidence = f"a call of at most {wanted} s was over after {lasted:.0f} s"
            yield Learned("session", "session_cap", "none" if whole else measured(lasted), evidence)
        elif poor is not None and whole and over.at - poor.at > 2 * BLOCK_S:
            evidence = f"RUNNING for {over.at - poor.at:.0f} s without credits"
            yield Learned("account", "unpaid", "overdraw", evidence)
        elif poor is not None and not whole:
            word = "complete" if over.body["status"] == "COMPLETED" else "fail"
            evidence = f"{over.body['status']} when the credits were used up"
            yield Learned("account", "unpaid", word, evidence)


# Tasks


def _task_times(history: History) -> Iterator[Learned]:
    usual = Settings().task
    for task in history.tasks():
        if task.deletes:
            continue
        polls = list(task.polls)
        entered = Between(task.create.at, task.create.at)
        if polls and polls[0].body["status"] != "THROTTLED":
            evidence = "the first poll of a task was not THROTTLED"
            yield Learned("task", "throttled", "0s", evidence)
        for status, key, default in (
            ("THROTTLED", "throttled", usual.throttled),
            ("PENDING", "pending", usual.pending),
            ("RUNNING", "run", None),
        ):
            came = [each for each in polls if each.body["status"] == status]
            later = next((each for each in polls if came and each.number > came[-1].number), None)
            if later is None:
                continue
            span = Between(came[-1].at - entered.high, later.at - entered.low)
            as_usual = key == "run" and span.holds(_usual_run_s(task))
            value = "usual" if as_usual else span.written(default)
            yield Learned("task", key, value, f"until a poll was not {status}")
            entered = Between(came[-1].at, later.at)


def _usual_run_s(task: Subject) -> float:
    """Return how long a task of this model usually runs, by the table of models."""
    model = _MODELS.get(str(task.create.asked.get("model")))
    return math.nan if model is None else model.typical_s


def _task_ends(history: History) -> Iterator[Learned]:
    for task in history.tasks():
        last = next(iter(reversed(list(task.polls))), None)
        if last is None or task.deletes:
            continue
        code, output = last.body.get("failureCode"), last.body.get("output")
        if last.body["status"] == "FAILED" and isinstance(code, str):
            text = last.body.get("failure")
            known = code in TASK_FAILURES and text in (None, TASK_FAILURES[code])
            value: Any = code if known else {"code": code, "text": str(text or code)}
            yield Learned("task", "failure", value, f"FAILED with {code[:60]}")
        elif last.body["status"] == "SUCCEEDED" and isinstance(output, list):
            evidence = f"SUCCEEDED with outputs: {len(output)}"
            yield Learned("task", "failure", None, evidence)
            yield Learned("task", "output", "files" if output else "none", evidence)
            if output and (lifetime_s := _lifetime(output[0], task, last)) is not None:
                evidence = "the instant in the address of an output"
                yield Learned("task", "output_lifetime", written_span(lifetime_s), evidence)


def _lifetime(url: object, task: Subject, answer: Seen) -> float | None:
    """Return how long an address works, by the instant in its query and the task's own time."""
    created = instant(answer.body.get("createdAt"))
    if created is None:
        return None
    asked = parse_qs(urlsplit(str(url)).query, max_num_fields=50) if isinstance(url, str) else {}
    expires: float | None = None
    for name in ("expires", "Expires"):
        if asked.get(name, [""])[0].isdigit():
            expires = float(asked[name][0])
    if (token := asked.get("_jwt", [""])[0]) and expires is None:
        try:
            part = token.split(".")[1]
            expires = float(json.loads(base64.urlsafe_b64decode(part + "=="))["exp"])
        except (IndexError, KeyError, TypeError, ValueError, RecursionError):
            return None
    now = created + answer.at - task.create.at
    return None if expires is None else float(round(expires - now, -1))


def _failed_task_cost(history: History) -> Iterator[Learned]:
    left, words = {"full", "zero", "documented"}, []
    for task in history.tasks():
        failed = task.first("FAILED")
        cost = None if failed is None else credits_of(failed.body.get("cost"))
        estimate = credits_of(task.create.body.get("estimatedCost"))
        if failed is None or cost is None or not estimate:
            continue
        moderated = "SAFETY" in str(failed.body.get("failureCode", ""))
        paid = "full" if cost > 0 else "zero"
        documented = "full" if moderated else "zero"
        left &= {paid, "documented"} if paid == documented else {paid}
        words.append(f"{str(failed.body.get('failureCode'))[:40]} cost {cost:g} of {estimate:g}")
    if words and len(left) == 1:
        yield Learned("account", "failed_task_cost", left.pop(), "; ".join(words[:3]))


def _cancelled_task(history: History) -> Iterator[Learned]:
    for task in history.tasks():
        cancelled = next((each for each in task.deletes if each.ok), None)
        if cancelled is None or any(
            each.number < cancelled.number
            and each.body["status"] in ("SUCCEEDED", "FAILED", "CANCELLED")
            for each in task.polls
        ):
            continue
        for each in task.later:
            if each.method == "GET" and each.number > cancelled.number:
                if each.status == 404:
                    yield Learned("account", "deleted_task", 404, f"{each.words()} after a DELETE")
                elif each.body.get("status") == "CANCELLED":
                    evidence = "CANCELLED after a DELETE"
                    yield Learned("account", "deleted_task", "cancelled", evidence)
        yield from _cancelled_cost(history, task.create, cancelled)


def _cancelled_cost(history: History, create: Seen, cancelled: Seen) -> Iterator[Learned]:
    earlier = [left for seen, left in history.balances() if seen.number < create.number]
    later = [left for seen, left in history.balances() if seen.number > cancelled.number]
    spent = [
        each
        for each in history.calls
        if each.method == "POST" and create.number < each.number < cancelled.number and each.ok
    ]
    estimate = credits_of(create.body.get("estimatedCost"))
    if not earlier or not later or spent or not estimate:
        return
    paid = earlier[-1] - later[0]
    word = "full" if paid >= estimate else "zero" if paid <= 0 else None
    if word is not None:
        evidence = f"a task of {estimate:g} credits that was deleted cost {paid}"
        yield Learned("account", "cancelled_task_cost", word, evidence)


def _prompt_tags(history: History) -> Iterator[Learned]:
    for each in history.calls:
        if UNKNOWN_TAG in str(each.asked.get("promptText", "")):
            refused = each.headers.get("x-fake-code") == "unknown_tag"
            if refused or each.ok:
                evidence = f"{each.words()} with {UNKNOWN_TAG}"
                yield Learned("account", "prompt_tags", refused, evidence)


RULES: tuple[Rule, ...] = (
    *SHARE_RULES,  # first: of several answers for a switch the first counts
    *(_key, _organization, _retained, _errors, _retry_after, _doc_url, _delete_again),
    *(
        _unknown_ids,
        _unknown_keys,
        _consume_body,
        _version_header,
        _custom_avatars,
        _unknown_cursor,
        _latency,
    ),
    *(_queued, _provision, _running_on, _token_room, _ends),
    *(_task_times, _task_ends, _failed_task_cost, _cancelled_task, _prompt_tags),
    *ASSET_RULES,
    *FILE_RULES,
    *ROUTING_RULES,
)
