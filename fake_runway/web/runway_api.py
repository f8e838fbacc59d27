"""The operations of the Runway API that the fake serves: parse, call the core, render."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fake_runway.core.errors import Refused, UnknownAvatar
from fake_runway.core.settings import DAY_S, DEFAULT_MAX_DURATION_S
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.calls import Call, Reply
from fake_runway.web.routes import Auth, Body, Operation
from fake_runway.web.wire import MODEL, Json, avatar_body, session_body
from fake_runway.web.worlds import World

CREDITS_PER_MONTH = 10_000_000  # the highest tier's $100,000 at $0.01; source: public tiers page
USAGE_DAYS = 30
LONGEST_USAGE_DAYS = 90
DEFAULT_PAGE = 50
LARGEST_PAGE = 100


class BadQuery(Refused):
    """A query parameter is not what the operation takes. The texts are assumed."""

    code = "bad_query"
    status = 400


class BadDates(Refused):
    """A usage query whose dates are well formed but make no range."""

    code = "bad_dates"
    status = 400


def create_session(call: Call) -> Reply:
    """Answer `{id}`. The avatar may choose how the session goes; see `World.form_of`."""
    avatar = call.body["avatar"]
    custom = avatar["type"] == "custom"
    form = call.world.form_of(avatar["avatarId"] if custom else avatar["presetId"])
    session = call.world.account.create(
        at=call.at,
        max_duration_s=int(call.body.get("maxDuration", DEFAULT_MAX_DURATION_S)),
        avatar=avatar["avatarId"] if custom and form is None else None,
        plan=None if form is None else call.world.plan_of(form),
    )
    return Reply(200, {"id": session.id})


def get_session(call: Call) -> Reply:
    """Answer the session in the form of its status."""
    account = call.world.account
    session = account.get(call.session_id, at=call.at)
    return Reply(200, session_body(session, account.session_key))


def delete_session(call: Call) -> Reply:
    """Cancel."""
    call.world.account.delete(call.session_id, at=call.at)
    return Reply(204)


def consume_session(call: Call) -> Reply:
    """Answer the credentials of the one caller who uses the key first."""
    session = call.world.account.consume(call.session_id, call.token, at=call.at)
    return Reply(200, call.livekit.user(session, now=call.at))


def connect_backend(call: Call) -> Reply:
    """Answer credentials of a hidden participant."""
    session = call.world.account.admit_backend(call.session_id, at=call.at)
    return Reply(200, call.livekit.backend(session, now=call.at))


def get_organization(call: Call) -> Reply:
    """Answer limits, balance and usage of the account."""
    account = call.world.account
    account.advance(call.at)
    limits = account.settings.limits
    left = CREDITS_PER_MONTH if account.left is None else max(0, account.left)
    model_limits = {
        "maxConcurrentGenerations": limits.concurrency,
        "maxDailyGenerations": limits.daily,
    }
    return Reply(
        200,
        {
            "tier": {
                "maxMonthlyCreditSpend": CREDITS_PER_MONTH,
                "models": {MODEL: model_limits},
            },
            "creditBalance": left,
            "usage": {"models": {MODEL: {"dailyGenerations": account.used_today}}},
        },
    )


def query_usage(call: Call) -> Reply:
    """Answer credits by UTC day, for the days on which any were spent.

    The published defaults leave today out: from 30 days ago, for 30 days, end not included.
    """
    account = call.world.account
    account.advance(call.at)
    start, before = _range(call)
    results: list[Json] = [
        {"date": day.isoformat(), "usedCredits": [{"model": MODEL, "amount": amount}]}
        for number, amount in sorted(account.spent_by_day.items())
        if start <= (day := _date_of(number)) < before
    ]
    return Reply(200, {"results": results, "models": [MODEL] if results else []})


def _range(call: Call) -> tuple[date, date]:
    today = _date_of(int(call.at // DAY_S))
    start = _date(call.body, "startDate") or today - timedelta(days=USAGE_DAYS)
    last = min(start.toordinal() + USAGE_DAYS, date.max.toordinal())
    before = _date(call.body, "beforeDate") or date.fromordinal(last)
    days = (before - start).days
    if not 0 < days <= LONGEST_USAGE_DAYS:
        raise BadDates(
            f"beforeDate must be 1 to {LONGEST_USAGE_DAYS} days after startDate, got {days}."
        )
    return start, before


def _date(body: Any, name: str) -> date | None:
    text = body.get(name)
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:  # the form is right, the day is not: 2026-02-30, year 0
        raise BadDates(f"{name} must be a date that exists.") from error


def _date_of(day_number: int) -> date:
    return datetime.fromtimestamp(day_number * DAY_S, UTC).date()


def list_avatars(call: Call) -> Reply:
    """Answer one page of the custom avatars that exist, in the order of their ids.

    A cursor is the id of the last avatar of the page before.
    """
    limit, cursor = _page(call)
    avatars = [each for each in _avatars(call.world) if cursor is None or each[0] > cursor]
    page, more = avatars[:limit], len(avatars) > limit
    return Reply(
        200,
        {
            "data": [avatar_body(*each) for each in page],
            "hasMore": more,
            "nextCursor": page[-1][0] if more else None,
        },
    )


def get_avatar(call: Call) -> Reply:
    """Answer one custom avatar."""
    for avatar_id, name, about in _avatars(call.world):
        if avatar_id == call.avatar_id:
            return Reply(200, avatar_body(avatar_id, name, about))
    raise UnknownAvatar("Could not find avatar.")


def _avatars(world: World) -> list[tuple[str, str, str]]:
    """Return id, name and description of every custom avatar that exists, by id."""
    given = [avatar for avatar in world.settings.avatars or () if is_uuid4(avatar)]
    exist = dict.fromkeys(given, ("Custom avatar", "It exists."))
    for form in world.catalogue.with_avatars:
        exist[form.avatar] = (form.name, form.about or form.name)
    for avatar, form in world.scenario.avatars.items():
        if is_uuid4(avatar):
            exist[avatar] = (form.name, form.about or form.name)
    return [(avatar, *exist[avatar]) for avatar in sorted(exist)]


def _page(call: Call) -> tuple[int, str | None]:
    text = call.query.get("limit")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadQuery(f"Invalid input: expected number, received {'string' if text else 'NaN'}")
    limit = DEFAULT_PAGE if text is None else int(text)
    if limit < 1:
        raise BadQuery("Too small: expected number to be >=1")
    if limit > LARGEST_PAGE:
        raise BadQuery(f"Too big: expected number to be <={LARGEST_PAGE}")
    cursor = call.query.get("cursor")
    if cursor is not None and not is_uuid4(cursor):
        raise BadQuery("Invalid cursor")
    return limit, cursor


_SESSIONS = "/v1/realtime_sessions"

OPERATIONS = (
    Operation("createSession", "POST", _SESSIONS, create_session, body=Body.REQUIRED),
    Operation("getSession", "GET", f"{_SESSIONS}/{{id}}", get_session),
    Operation("deleteSession", "DELETE", f"{_SESSIONS}/{{id}}", delete_session),
    Operation(
        "consumeSession",
        "POST",
        f"{_SESSIONS}/{{id}}/consume",
        consume_session,
        auth=Auth.SESSION_KEY,
        body=Body.IGNORED,
        versioned=False,  # browsers do not send it
    ),
    Operation(
        "connectBackend",
        "POST",
        f"{_SESSIONS}/{{id}}/connect_backend",
        connect_backend,
        body=Body.IGNORED,
    ),
    Operation("listAvatars", "GET", "/v1/avatars", list_avatars, query=("limit", "cursor")),
    Operation("getAvatar", "GET", "/v1/avatars/{id}", get_avatar, of_avatar=True),
    Operation("getOrganization", "GET", "/v1/organization", get_organization),
    Operation("queryUsage", "POST", "/v1/organization/usage", query_usage, body=Body.OPTIONAL),
)
