"""Admin operations on avatars, voices and documents: what there is, one made in any state, events.

One operation of each sort for all kinds. An act carries the id in its body, so that a replay finds
it there.
"""

from functools import partial

from fake_runway.admin_api.calls import AdminCall, AdminRefused, NoSuch, limit_of
from fake_runway.admin_api.declaration import WorldAct, WorldScoped, operation
from fake_runway.admin_api.requests import ASSET_KIND, ASSET_STATE, LIMIT
from fake_runway.core.asset_calls import apply_asset_event, put_asset
from fake_runway.core.assets.asset import Asset
from fake_runway.core.assets.kinds import ASSET_KINDS, MADE
from fake_runway.core.errors import IllegalTransition
from fake_runway.core.history.timeline import timeline
from fake_runway.core.history.views import asset_view, entry_body
from fake_runway.core.lifecycles.asset import AssetEvent
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.types import Json
from fake_runway.web.replies import Reply


@operation(
    "listAssets",
    "GET /assets",
    WorldScoped,
    answers="AssetList",
    query=(ASSET_KIND, ASSET_STATE, LIMIT),
)
def list_assets(call: AdminCall) -> Reply:
    """Answer the newest avatars, voices, documents and routers, kept deleted ones too."""
    kind, state = call.query.get("kind"), call.query.get("state")
    assets = call.world.account.assets
    fitting = [
        each
        for each in assets.every()
        if kind in (None, each.kind) and state in (None, each.state.value)
    ]
    newest = sorted(fitting, key=lambda each: each.rank, reverse=True)[: limit_of(call.query)]
    return Reply(200, {"assets": [asset_view(each) for each in newest], "gone": assets.evicted})


@operation("getAsset", "GET /assets/{name}", WorldScoped, answers="AssetView")
def get_asset(call: AdminCall) -> Reply:
    """Answer one as the world knows it."""
    return Reply(200, asset_view(_asset(call)))


@operation("getAssetTimeline", "GET /assets/{name}/timeline", WorldScoped, answers="AssetTimeline")
def get_asset_timeline(call: AdminCall) -> Reply:
    """Answer the timeline of one, as data and as lines of text."""
    asset, log = _asset(call), call.world.log
    subject = Subject(asset.kind, asset.id)
    entries, gone = list(log.of_subject(subject)), log.evicted.about(subject)
    return Reply(
        200,
        {
            "id": asset.id,
            "entries": [entry_body(entry) for entry in entries],
            "lines": timeline(entries, start=call.world.epoch),
            "gone": gone.certain,
            "uncertain": gone.uncertain,
        },
    )


@operation("makeAsset", "POST /assets", WorldAct, takes="NewAsset", answers="AssetView")
def make_asset(call: AdminCall) -> Reply:
    """Make one in any state, without limit and without charge."""
    body = call.body
    kind, state = ASSET_KINDS[body["kind"]], body.get("state", "")
    failure = _failure(body, fails=state == "failed")
    content = MADE[kind.name]
    if "name" in body:
        content = content._replace(name=body["name"])
    account = call.world.account
    asset = put_asset(account, kind, content, at=call.at, state=state, failure=failure)
    return Reply(201, asset_view(asset))


@operation(
    "occurToAsset",
    "POST /assets/{name}/events",
    partial(
        WorldAct,
        written=lambda call, _: {"id": call.name.lower(), **call.body},
        repeat=lambda step: (
            step["given"]["id"],
            {key: value for key, value in step["given"].items() if key != "id"},
        ),
    ),
    takes="AssetOccurrence",
    answers="AssetView",
)
def occur_to_asset(call: AdminCall) -> Reply:
    """Let an event happen to one."""
    asset, event = _asset(call), AssetEvent(call.body["event"])
    failure = _failure(call.body, fails=event is AssetEvent.FAILED)
    kind, account = ASSET_KINDS[asset.kind], call.world.account
    if asset.is_deleted:
        raise IllegalTransition(f"a {asset.kind} that is deleted cannot be {event.value}")
    after = apply_asset_event(account, kind, asset.id, event, at=call.at, failure=failure)
    return Reply(200, asset_view(after))


def _asset(call: AdminCall) -> Asset:
    name = call.name.lower()
    for kind in ASSET_KINDS.values():
        if (asset := call.world.account.assets.find(kind.name, name)) is not None:
            return asset
    raise NoSuch("There is no avatar, voice, document or router with that id.")


def _failure(body: Json, *, fails: bool) -> Failure | None:
    given = body.get("failure")
    if given is not None and not fails:
        raise AdminRefused(
            "Expected a failure only for one that fails, got one for another.", where="$.failure"
        )
    return None if given is None else Failure(given["code"], given["text"])
