"""The operations of the organization: its limits and its usage."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from contracts.wire.documents import load
from fake_runway.core.account import Account
from fake_runway.core.billing import DAY_S
from fake_runway.core.errors import Refused
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.table import MODELS
from fake_runway.core.tasks.tiers import ModelLimits
from fake_runway.core.types import Json
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.wire import MODEL
from fake_runway.web.replies import Reply

CREDITS_PER_MONTH = 10_000_000  # the highest tier's $100,000 at $0.01; source: public tiers page
USAGE_DAYS = 30
LONGEST_USAGE_DAYS = 90


class BadDates(Refused):
    """A usage query whose dates are well formed but make no range."""

    code = "bad_dates"
    status = 400


def get_organization(call: RunwayCall) -> Reply:
    """Answer limits, balance and usage of the account."""
    account = call.world.account
    left = CREDITS_PER_MONTH if account.left is None else max(0, account.left)
    limits, used = {}, {}
    for model in _models():
        most, today = _of_model(account, model, call.exchange.at)
        limits[model] = {
            "maxConcurrentGenerations": most.concurrency,
            "maxDailyGenerations": most.daily,
        }
        used[model] = {"dailyGenerations": today}
    return Reply(
        200,
        {
            "tier": {"maxMonthlyCreditSpend": CREDITS_PER_MONTH, "models": limits},
            "creditBalance": left,
            "usage": {"models": used},
        },
    )


@cache
def _models() -> Mapping[str, Quota]:
    """Return every model that the API lists, with what its limits depend on.

    Source: an account was seen to list all, those that are retired included. Assumed for those
    that no endpoint takes any more.
    """
    listed = load("runway").raw["components"]["schemas"]["ModelId"]["enum"]
    known = {row.id: row.quota for row in MODELS}
    return {model: known.get(model, _quota(model)) for model in listed}


def _quota(model: str) -> Quota:
    if model.startswith("gwm1"):
        return Quota.AVATAR
    return Quota.AUDIO if model.startswith(("eleven", "voice")) else Quota.VIDEO


def _of_model(account: Account, model: str, at: float) -> tuple[ModelLimits, int]:
    """Return the limits of a model, and how many of the daily ones are used."""
    if model == MODEL:
        limits = account.settings.limits
        return ModelLimits(limits.concurrency, limits.daily), account.used_today
    pool = next((row.limited_as or row.id for row in MODELS if row.id == model), model)
    limits_of_pool = account.settings.task_limits.of_pool(pool, _models()[model])
    return limits_of_pool, account.tasks.used_today(pool, at)


def query_usage(call: RunwayCall) -> Reply:
    """Answer credits by UTC day, for the days on which any were spent.

    The published defaults leave today out: from 30 days ago, for 30 days, end not included.
    """
    account = call.world.account
    start, before = _range(call)
    amounts = {(number, MODEL): amount for number, amount in account.spent_by_day.items()}
    amounts |= {key: amount for key, amount in account.tasks.spent.items() if amount}
    amounts |= account.assets.spent
    by_day: dict[date, dict[str, int]] = {}
    for (number, model), amount in sorted(amounts.items()):
        if start <= (day := _date_of(number)) < before:
            by_day.setdefault(day, {})[model] = amount
    results: list[Json] = [
        {
            "date": day.isoformat(),
            "usedCredits": [{"model": model, "amount": amount} for model, amount in used.items()],
        }
        for day, used in by_day.items()
    ]
    models = sorted({model for used in by_day.values() for model in used})
    return Reply(200, {"results": results, "models": models})


def _range(call: RunwayCall) -> tuple[date, date]:
    today = _date_of(int(call.exchange.at // DAY_S))
    start = _date(call.exchange.body, "startDate") or today - timedelta(days=USAGE_DAYS)
    last = min(start.toordinal() + USAGE_DAYS, date.max.toordinal())
    before = _date(call.exchange.body, "beforeDate") or date.fromordinal(last)
    days = (before - start).days
    if not 0 <= days <= LONGEST_USAGE_DAYS:  # the official suites ask for no day at all
        raise BadDates(
            f"beforeDate must be 0 to {LONGEST_USAGE_DAYS} days after startDate, got {days}."
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
