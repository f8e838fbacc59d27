"""The operations of conversations: what was said in each session, and how long they took.

A conversation is a session as its transcript shows it, and has its id. What stands in it was
reported by the room; a session that had none has an empty transcript.

Source: the Runway OpenAPI document of 2024-11-06. Assumed: a session is a conversation from its
create on; one that was cancelled has ended; each use of a tool is an entry of its own; the list is
newest first; names; what a DELETE does while a session goes on. See docs/fidelity.md.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from fake_runway.core.lifecycles.session import TERMINAL, State
from fake_runway.core.sessions.call import ToolUse, Utterance
from fake_runway.core.sessions.session import Session
from fake_runway.core.types import Json
from fake_runway.runway_api.avatars import name_of_avatar
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.queries import (
    BadQuery,
    instant_in,
    needed_instant_in,
    page_limit,
    refuse_cursor,
)
from fake_runway.runway_api.wire import instant
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.replies import Reply
from fake_runway.worlds.world import World

DEFAULT_PAGE = 20
LONGEST_USAGE = timedelta(days=90)
_LONGEST_CURSOR = 15  # digits


def list_conversations(call: RunwayCall) -> Reply:
    """Answer one page of the conversations, newest first.

    A cursor is the ordinal of the last session of the page before.
    """
    world, query = call.world, call.exchange.query
    limit, before = page_limit(call, default=DEFAULT_PAGE), _cursor(call)
    avatar = query.get("avatar")
    if avatar is not None and not is_uuid4(avatar):
        raise BadQuery("Invalid UUID")
    since, until = instant_in(call, "startDate"), instant_in(call, "endDate")
    found: list[Session] = []
    for session in reversed([*world.account.sessions.values()]):
        if (
            (before is None or session.ordinal < before)
            and (avatar is None or _has_avatar(session, avatar.lower()))
            and _created_in(session, since, until)
            and not world.account.call(session.id).deleted
        ):
            found.append(session)
            if len(found) > limit:
                break
    page, more = found[:limit], len(found) > limit
    return Reply(
        200,
        {
            "data": [_summary(each, call) for each in page],
            "hasMore": more,
            "nextCursor": str(page[-1].ordinal) if more else None,
        },
    )


def get_conversation(call: RunwayCall) -> Reply:
    """Answer one conversation in the form of its status."""
    at, account = call.exchange.at, call.world.account
    session = account.conversation(call.exchange.subject.id, at=at)
    status = _status(session)
    avatar = _avatar(session, call.world)
    if avatar is not None and avatar["type"] == "custom":
        avatar = {**avatar, "imageUrl": None}
    elif avatar is not None:
        avatar = {key: avatar[key] for key in ("type", "presetId")}
    body: dict[str, Any] = {
        "id": session.id,
        "name": _name(session),
        "avatar": avatar,
        "createdAt": instant(session.created_at),
        "maxDuration": session.max_duration_s,
        "transcript": [_entry(each) for each in account.call(session.id).transcript],
        "recordingUrl": None,
        "tools": [
            {"type": tool.type, "name": tool.name, "description": tool.description}
            for tool in session.options.tools
        ],
        "status": status,
        "startedAt": _instant_or_none(session.started_at),
        "duration": _duration(session, at),
    }
    if status != "in_progress":
        ran = session.started_at is not None
        body["endedAt"] = _instant_or_none(session.changed_at if ran else None)
    if session.failure is not None:
        body["failure"], body["failureCode"] = session.failure.text, session.failure.code
    return Reply(200, body)


def delete_conversation(call: RunwayCall) -> Reply:
    """Delete the transcript; the session stays as it is."""
    call.world.account.delete_conversation(call.exchange.subject.id, at=call.exchange.at)
    return Reply(204)


def get_avatar_usage(call: RunwayCall) -> Reply:
    """Answer how many conversations there were and how long they took, for each day of a range.

    Deleted conversations count, and sessions that retention has evicted do not.
    """
    since, until = needed_instant_in(call, "startDate"), needed_instant_in(call, "endDate")
    if until < since:
        raise BadQuery("endDate must not be before startDate")
    if until - since > LONGEST_USAGE:
        raise BadQuery("The date range must not exceed 90 days")
    sessions: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    measured = 0
    for session in call.world.account.sessions.values():
        if _created_in(session, since, until):
            day = _created(session).date().isoformat()
            sessions[day] += 1
            if session.state in TERMINAL and session.started_at is not None:
                measured += 1
                seconds[day] += _duration(session, call.exchange.at) or 0
    total = seconds.total()
    return Reply(
        200,
        {
            "totalSeconds": total,
            "totalSessions": sessions.total(),
            "avgDurationSeconds": round(total / measured) if measured else 0,
            "byDay": [
                {"date": day, "sessions": sessions[day], "seconds": seconds[day]}
                for day in _days(since, until)
            ],
        },
    )


def _days(since: datetime, until: datetime) -> list[str]:
    """Return the days of a range in order; the end is not in it."""
    if until <= since:
        return []
    first, last = since.date(), (until - timedelta.resolution).date()
    return [(first + timedelta(days=day)).isoformat() for day in range((last - first).days + 1)]


def _cursor(call: RunwayCall) -> int | None:
    cursor = call.exchange.query.get("cursor")
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _LONGEST_CURSOR):
        refuse_cursor(call)
        return None
    return int(cursor)


def _created(session: Session) -> datetime:
    """Return when a session was created, as the wire says it: in whole milliseconds."""
    created = datetime.fromtimestamp(session.created_at, UTC)
    return created.replace(microsecond=created.microsecond // 1000 * 1000)


def _created_in(session: Session, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    created = _created(session)
    return (since is None or since <= created) and (until is None or created < until)


def _has_avatar(session: Session, avatar: str) -> bool:
    return session.options.custom and session.options.avatar == avatar


def _summary(session: Session, call: RunwayCall) -> Json:
    return {
        "id": session.id,
        "name": _name(session),
        "status": _status(session),
        "avatar": _avatar(session, call.world),
        "createdAt": instant(session.created_at),
        "duration": _duration(session, call.exchange.at),
        "hasTools": bool(session.options.tools),
    }


def _name(session: Session) -> str:
    return f"Conversation of {instant(session.created_at)[:16].replace('T', ' ')}"


def _status(session: Session) -> str:
    if session.state not in TERMINAL:
        return "in_progress"
    return "failed" if session.state is State.FAILED else "ended"


def _avatar(session: Session, world: World) -> dict[str, Any] | None:
    options = session.options
    if not options.avatar:
        return None
    if not options.custom:
        name = options.avatar.replace("-", " ").title()
        return {"type": "runway-preset", "presetId": options.avatar, "name": name}
    known, called = name_of_avatar(world, options.avatar)
    return {"type": "custom", "id": known, "name": called}


def _duration(session: Session, now: float) -> int | None:
    if session.started_at is None:
        return None
    return round(session.ran_for_s if session.state in TERMINAL else now - session.started_at)


def _instant_or_none(at: float | None) -> str | None:
    return None if at is None else instant(at)


def _entry(entry: Utterance | ToolUse) -> Json:
    if isinstance(entry, Utterance):
        return {"role": entry.role, "content": entry.text, "timestamp": instant(entry.at)}
    named: Json = {"id": entry.id, "name": entry.tool} if entry.id else {"name": entry.tool}
    body: dict[str, Any] = {
        "role": "assistant",
        "content": None,
        "timestamp": instant(entry.at),
        "toolCalls": [{**named, "arguments": entry.args}],
    }
    if (answer := entry.answer) is not None:
        result = answer.result
        if not isinstance(result, dict | str | None):
            result = orjson.dumps(result).decode()
        milliseconds = round(answer.seconds * 1000)
        facts = {"result": result, "error": answer.error, "durationMs": milliseconds}
        body["toolResults"] = [{**named, **facts}]
    return body
