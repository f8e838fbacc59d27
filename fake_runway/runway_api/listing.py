"""Pages of stored resources, as every list of them answers."""

from collections.abc import Callable, Iterable
from typing import Any

from fake_runway.core.asset_calls import adopt_asset, delete_asset
from fake_runway.core.assets.asset import Asset, AssetKind
from fake_runway.core.assets.pages import Position, page_of, read_cursor, write_cursor
from fake_runway.core.assets.settings import OtherClient
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.queries import page_limit
from fake_runway.web.replies import Reply

DEFAULT_PAGE = 50


def page_reply(
    call: RunwayCall,
    items: Iterable[Any],
    *,
    of: str,
    position: Callable[[Any], Position],
    body: Callable[[Any], Any],
    descending: bool = False,
    default: int = DEFAULT_PAGE,
) -> tuple[Reply, Position | None]:
    """Return the page that a call asks for, and its end if there is more behind it.

    Args:
        of: the name of the list and its order, which a cursor has to fit.
        position: of an item, as of `page_of`.
        body: renders an item.

    Raises:
        BadQuery, BadCursor, ExpiredCursor.
    """
    world, query, at = call.world, call.exchange.query, call.exchange.at
    limit = page_limit(call, default=default)
    rules, draws = world.settings.cursors, world.draws
    after = read_cursor(query.get("cursor"), of=of, draws=draws, at=at, rules=rules)
    page = page_of(items, position=position, limit=limit, after=after, descending=descending)
    end = page.end
    cursor = None if end is None else write_cursor(end, of=of, draws=draws, at=at)
    data = [body(each) for each in page.items]
    return Reply(200, {"data": data, "hasMore": end is not None, "nextCursor": cursor}), end


def let_other_client_act(
    call: RunwayCall,
    kind: AssetKind,
    *,
    made: Any,
    rest: Callable[[], Asset | None],
) -> None:
    """Change a list behind a page that was read, if the scenario says so.

    Args:
        made: what one holds that another client creates.
        rest: returns the first of the next page, None if it cannot be deleted.
    """
    world, at = call.world, call.exchange.at
    match world.settings.asset_rules.other_client:
        case OtherClient.CREATES:
            ordinal = world.account.assets.next_ordinal(kind.name)
            asset_id = world.draws.uuid(f"other-{kind.name}-id", ordinal)
            adopt_asset(world.account, kind, asset_id, made, at=at)
        case OtherClient.DELETES if (asset := rest()) is not None:
            delete_asset(world.account, asset, at=at)
