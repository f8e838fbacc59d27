"""The operations of model routers: their configurations, what they were asked, and generation.

A router chooses a model for a request that names none (`core/routing/choosing.py`), and the request
then makes a task as the chosen model's own endpoint does.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fake_runway.core import asset_calls, task_calls
from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.kinds import ROUTERS
from fake_runway.core.assets.pages import page_of, read_cursor, write_cursor
from fake_runway.core.errors import Refused
from fake_runway.core.lifecycles.task import ROUTED
from fake_runway.core.routing.choosing import REASON_TEXTS, Candidate, Choice, Filter, choose
from fake_runway.core.routing.routers import (
    NO_LIST,
    NoEligibleModel,
    RouterContent,
    RoutingRecord,
    SlugTaken,
    UnknownModelId,
    UnknownRouterConfig,
    changed_router,
    new_router,
)
from fake_runway.core.tasks.inputs import media_of
from fake_runway.core.tasks.models import Quota
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.types import Json
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.candidates import (
    ASPECTS,
    DURATION_S,
    RATIOS,
    RESOLUTIONS,
    candidates,
    models_of,
    provider_of,
)
from fake_runway.runway_api.inputs import check_files, check_limits, files_in
from fake_runway.runway_api.queries import page_limit
from fake_runway.runway_api.tasks import plan_of_create
from fake_runway.runway_api.wire import instant
from fake_runway.web.replies import Reply
from fake_runway.worlds.given_spec import shapes_of
from fake_runway.worlds.world import World

DEFAULT_PAGE = 50


# Configurations


def list_routers(call: RunwayCall) -> Reply:
    """Answer one page of the routers, newest first; the order is assumed."""
    world, at = call.world, call.exchange.at
    world.account.advance(at)
    routers = world.account.assets.of_kind(ROUTERS.name).values()
    return _page(call, routers, lambda asset: (asset.created_at, asset.rank), _router_body)


def create_router(call: RunwayCall) -> Reply:
    """Keep a router, and answer it."""
    world, exchange = call.world, call.exchange
    _check_models(world, exchange.body)
    content, at = new_router(exchange.body), exchange.at
    other = _by_slug(world, content.slug)
    if other is not None:
        if world.settings.unique_slugs and not world.settings.materialise:
            raise SlugTaken("A router with this slug already exists")
        asset_calls.delete_asset(world.account, other, at=at)
    router = asset_calls.create_asset(world.account, ROUTERS, content, at=at)
    return Reply(200, _router_body(router))


def get_router(call: RunwayCall) -> Reply:
    """Answer one router."""
    return Reply(200, _router_body(_find(call)))


def update_router(call: RunwayCall) -> Reply:
    """Change a router, and answer it; a body without fields changes nothing."""
    router = _find(call)
    _check_models(call.world, call.exchange.body)
    content = changed_router(router.content, call.exchange.body)
    if content != router.content:
        account, at = call.world.account, call.exchange.at
        router = asset_calls.update_asset(account, router, content, at=at)
    return Reply(200, _router_body(router))


def delete_router(call: RunwayCall) -> Reply:
    """Delete a router; its slug is free again."""
    asset_calls.delete_asset(call.world.account, _find(call), at=call.exchange.at)
    return Reply(204)


def list_router_requests(call: RunwayCall) -> Reply:
    """Answer one page of what a router was asked, newest first."""
    router, world = _find(call), call.world
    records = [each for each in world.account.routed if each.router == router.id]
    return _page(
        call,
        records,
        lambda record: (record.at, record.ordinal),
        lambda record: _record_body(record, world),
    )


def _page(call: RunwayCall, items: Iterable[Any], position: Any, body: Any) -> Reply:
    limit, name = page_limit(call, default=DEFAULT_PAGE), call.exchange.operation
    of, at, draws = f"{name} {call.exchange.subject.id}", call.exchange.at, call.world.draws
    rules = call.world.settings.cursors
    after = read_cursor(call.exchange.query.get("cursor"), of=of, draws=draws, at=at, rules=rules)
    page = page_of(items, position=position, limit=limit, after=after, descending=True)
    cursor = None if page.end is None else write_cursor(page.end, of=of, draws=draws, at=at)
    data = [body(item) for item in page.items]
    return Reply(200, {"data": data, "hasMore": cursor is not None, "nextCursor": cursor})


def _find(call: RunwayCall) -> Asset:
    account, at = call.world.account, call.exchange.at
    return asset_calls.get_asset(account, ROUTERS, call.exchange.subject.id, at=at)


def _by_slug(world: World, slug: str) -> Asset | None:
    routers = world.account.assets.of_kind(ROUTERS.name).values()
    return next((each for each in routers if each.content.slug == slug), None)


def _check_models(world: World, body: Json) -> None:
    """Refuse ids that no public model of videos or images has.

    Raises:
        UnknownModelId.
    """
    named = body.get("settings", {}).get("models", NO_LIST)["ids"]
    if not named or world.settings.materialise:
        return
    shapes = shapes_of(world.spec)
    known = models_of("video", shapes) | models_of("image", shapes)
    if unknown := [each for each in named if each not in known]:
        raise UnknownModelId(f"Unknown model: {unknown[0][:100]}")


def _router_body(router: Asset) -> Json:
    content: RouterContent = router.content
    return {
        "id": router.id,
        "slug": content.slug,
        "name": content.name,
        "description": content.description,
        "version": content.version,
        "settings": content.settings,
        "createdAt": instant(router.created_at),
        "updatedAt": instant(router.updated_at),
    }


def _record_body(record: RoutingRecord, world: World) -> Json:
    return {
        "id": world.draws.uuid("routing-request", record.ordinal),
        "requestId": world.draws.token("routing-request-id", record.ordinal),
        "status": record.status,
        "model": record.model,
        "provider": None if record.model is None else provider_of(record.model),
        "reason": REASON_TEXTS.get(record.reason_code or ""),
        "reasonCode": record.reason_code,
        "estimatedCredits": record.credits,
        "taskId": record.task,
        "createdAt": instant(record.at),
        "pipeline": list(record.pipeline),
        "emptiedBy": list(record.emptied_by),
    }


# Generation


def generate(call: RunwayCall) -> Reply:
    """Choose a model, make its task, and answer both."""
    world, exchange = call.world, call.exchange
    kind, body = ROUTED[exchange.operation], exchange.body
    check_files(world, body, at=exchange.at)
    router = _router_of(call)
    choice = _choice(world, router.content, kind, body["input"])
    is_dry = body.get("dryRun") is True
    if choice.chosen is None:
        if not is_dry:
            _keep(call, router, choice, "no_eligible_model")
        raise NoEligibleModel(choice.pipeline, choice.emptied_by)
    chosen = choice.chosen
    files = files_in(world, chosen.body, at=exchange.at)
    request = request_of(
        exchange.operation,
        chosen.body,
        media=media_of(files),
        endpoint=chosen.endpoint,
        default_price=world.settings.default_price,
    )
    routing = {
        "model": chosen.model,
        "provider": provider_of(chosen.model),
        "configId": router.content.slug,
        "resolvedSettings": {
            "optimizeFor": router.content.prefers.value,
            "priceCeiling": router.content.ceiling(kind),
        },
        "resolvedInput": _resolved_input(kind, body["input"], chosen),
        "estimatedCost": {"credits": _plain(request.estimate)},
    }
    if choice.skipped or choice.all_exhausted:
        routing["capacityFallback"] = {
            "skipped": list(choice.skipped),
            "allExhausted": choice.all_exhausted,
        }
    if is_dry:
        return Reply(200, {"routing": routing})
    try:
        plan = plan_of_create(world, body)
        if files:
            plan = check_limits(world, chosen.endpoint, chosen.body, files, plan)
        task = task_calls.create_task(world.account, request, at=exchange.at, plan=plan)
    except Refused:
        _keep(call, router, choice, "error")
        raise
    _keep(call, router, choice, "routed", task.id)
    return Reply(200, {"id": task.id, "routing": routing})


def _router_of(call: RunwayCall) -> Asset:
    """Return the router that a request names by its slug.

    Raises:
        UnknownRouterConfig.
    """
    slug, account = call.exchange.body["configId"], call.world.account
    account.advance(call.exchange.at)
    router = _by_slug(call.world, slug)
    if router is not None:
        return router
    if call.world.settings.materialise:
        content = new_router({"slug": slug})
        return asset_calls.create_asset(account, ROUTERS, content, at=call.exchange.at)
    raise UnknownRouterConfig


def _choice(world: World, router: RouterContent, kind: str, asked: Json) -> Choice:
    every = [*_weighed(world, router, kind, asked)]
    choice = choose(
        every,
        prefers=router.prefers,
        on_capacity=router.on_capacity,
        ranking=world.settings.ranking,
    )
    if choice.chosen is None and world.settings.materialise:
        lenient = [each._replace(fails=frozenset()) for each in every]
        return choose(lenient, prefers=router.prefers, on_capacity=False)
    return choice


def _weighed(world: World, router: RouterContent, kind: str, asked: Json) -> Iterator[Candidate]:
    """Yield the candidates with what the router and the organization say of them."""
    disabled, ceiling = world.settings.disabled_models, router.ceiling(kind)
    count = asked.get("outputCount", 1)
    account = world.account

    def is_free(pool: str, quota: Quota) -> bool:
        use, limits = account.tasks.use_of(pool), account.settings.task_limits
        most = limits.of_pool(pool, quota).concurrency
        return most is None or use.active + len(use.queue) < most

    shapes, price = shapes_of(world.spec), world.settings.default_price
    for each in candidates(kind, asked, shapes=shapes, is_free=is_free, default_price=price):
        fails = set(each.fails)
        listed = kind == "audio" or router.allows(each.model)  # lists name no model of sounds
        if not listed or disabled is None or each.model in disabled:
            fails.add(Filter.ALLOW_DENY)
        if ceiling is not None and each.credits / count > ceiling:
            fails.add(Filter.PRICE)
        yield each._replace(fails=frozenset(fails))


def _keep(
    call: RunwayCall, router: Asset, choice: Choice, status: str, task: str | None = None
) -> None:
    account, chosen = call.world.account, choice.chosen
    record = RoutingRecord(
        account.routed_count,
        router.id,
        call.exchange.at,
        status,
        None if chosen is None else chosen.model,
        choice.reason_code,
        None if chosen is None else chosen.credits,
        task,
        choice.pipeline,
        choice.emptied_by,
    )
    account.routed_count += 1
    account.routed.append(record)


def _resolved_input(kind: str, asked: Json, chosen: Candidate) -> Json:
    if kind == "audio":
        voice = asked.get("voice", {}).get("type")
        without = "default" if asked["type"] == "speech" else "none"
        return {"type": asked["type"], "voice": voice or without}
    aspect = asked.get("aspectRatio", ASPECTS[kind])
    resolution = asked.get("resolution", RESOLUTIONS[kind])
    if kind == "video":
        duration = asked.get("duration", DURATION_S)
        return {"duration": duration, "ratio": RATIOS[aspect], "resolution": resolution}
    ratio = chosen.body.get("ratio", aspect)
    return {"ratio": ratio, "aspectRatio": aspect, "resolution": resolution}


def _plain(credits: float) -> float:
    return int(credits) if credits == int(credits) else credits
