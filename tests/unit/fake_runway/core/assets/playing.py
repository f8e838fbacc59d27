"""Accounts with stored resources under test: a kind that is processed, and one that is not."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from fake_runway.core.account import Account
from fake_runway.core.assets.asset import AssetKind
from fake_runway.core.assets.rules import AssetChange
from fake_runway.core.draws import Draws
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.asset import plain_table, processed_table
from fake_runway.core.lifecycles.vocabulary import ResourceKind
from fake_runway.core.scenario.settings import Settings


class Oven(Enum):
    """The state of a cake."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Shelf(Enum):
    """The state of a jar."""

    READY = "ready"
    DELETED = "deleted"


class UnknownThing(Refused):
    """No such cake or jar."""

    code: ClassVar[str] = "unknown_thing"
    status: ClassVar[int] = 404


CAKE = AssetKind(ResourceKind("cake", processed_table(Oven)), UnknownThing, "No such cake.")
JAR = AssetKind(ResourceKind("jar", plain_table(Shelf)), UnknownThing, "No such jar.")


def account_with(record: Callable[[AssetChange], None] = lambda _: None, **given: Any) -> Account:
    """Return a new account; `given` are fields of its settings."""
    draws = Draws("1", "w")
    return Account(draws=draws, key_tag="0" * 12, settings=Settings(**given), record_asset=record)
