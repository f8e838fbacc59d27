"""Plays with files: uploads of several sizes, what expires, inputs that are not as documented."""

from contextlib import AsyncExitStack

from fake_runway.calibration.asset_plays import boundary
from fake_runway.calibration.endpoint import Endpoint
from fake_runway.calibration.file_rules import DAMAGED, SHORT_S, TOO_LONG
from fake_runway.calibration.history import DOCUMENTS, ROUTERS, UPLOADS
from fake_runway.calibration.play import Play
from fake_runway.calibration.routing_rules import GENERATE
from fake_runway.calibration.samples import data_uri, picture, sound
from fake_runway.core.scenario.settings import Settings

_SLUG = "fake-runway-calibration"
_GROWTH = 1.1  # of the time between two looks at what expires
_ISOLATION_COSTS = 1
_RETIRED = {"model": "gen3a_turbo", "duration": 5, "ratio": "1280:720"}
_RETIRED_COSTS = 25


async def _uploads(endpoint: Endpoint) -> None:
    """Send files of several sizes, around the limits that are documented first."""
    rules = Settings().uploads

    async def fits(size: int) -> bool:
        return await endpoint.upload(bytes(size)) is not None

    async def is_too_small(size: int) -> bool:
        return not await fits(size)

    if not await fits(rules.smallest):
        if not await fits(endpoint.largest_file):
            return
        await boundary(is_too_small, rules.smallest, endpoint.largest_file)
    elif await fits(rules.smallest - 1) and not await fits(0):
        await boundary(is_too_small, 0, rules.smallest - 1)
    least = max(rules.smallest, 1)
    near = endpoint.largest_file > rules.largest and await fits(rules.largest)
    if near and not await fits(rules.largest + 1):
        return
    if not await fits(endpoint.largest_file) and await fits(least):
        await boundary(fits, least, endpoint.largest_file)


async def _expiring(endpoint: Endpoint) -> None:
    """Use slots, an upload and a cursor ever later, as long as it is waited for."""
    body = {"slug": _SLUG}
    document = {"name": "Calibration", "content": "x"}
    times = [1.0]
    while times[-1] * _GROWTH < endpoint.wait_s:
        times.append(times[-1] * _GROWTH)
    async with AsyncExitStack() as kept:
        await kept.enter_async_context(endpoint.made(ROUTERS, body))
        for _ in range(2):
            await kept.enter_async_context(endpoint.made(DOCUMENTS, document))
        page = await endpoint.call("GET", f"{DOCUMENTS}?limit=1")
        uri = await endpoint.upload(picture())
        asked = {"filename": "cat.png", "type": "ephemeral"}
        slots = [await endpoint.call("POST", UPLOADS, asked) for _ in times]
        began, cursor, open_ = endpoint.clock.now(), page.body.get("nextCursor"), True
        for after_s, slot in zip((*times[1:], endpoint.wait_s), slots, strict=True):
            if not open_ and uri is None and cursor is None:
                return
            await endpoint.clock.pause(max(0.0, began + after_s - endpoint.clock.now()))
            if open_:
                open_ = await endpoint.store(slot, picture()) is not None
            if uri is not None and not await _can_be_used(endpoint, uri):
                uri = None
            if isinstance(cursor, str):
                path = f"{DOCUMENTS}?limit=1&cursor={cursor}"
                cursor = cursor if (await endpoint.call("GET", path)).ok else None


async def _can_be_used(endpoint: Endpoint, uri: str) -> bool:
    """Return whether a dry run takes an upload."""
    asked = {"promptText": "A cat", "referenceImages": [{"uri": uri, "role": "first"}]}
    body = {"configId": _SLUG, "input": asked, "dryRun": True}
    return (await endpoint.call("POST", f"{GENERATE}/video", body)).ok


async def _inputs(endpoint: Endpoint) -> None:
    """Name a file that is damaged, one that its model does not take, and a model that is gone."""
    too_short = data_uri("audio/wav", sound(SHORT_S))
    for uri in (DAMAGED, too_short):
        body = {"model": "eleven_voice_isolation", "audioUri": uri}
        async with endpoint.made("/v1/voice_isolation", body):
            pass
    retired = {**_RETIRED, "promptImage": "https://example.com/cat.png", "promptText": TOO_LONG}
    async with endpoint.made("/v1/image_to_video", retired):
        pass


FILE_PLAYS = (Play("uploads", 0, _uploads),)
EXPIRING = Play("what expires", 0, _expiring)
INPUTS = Play(
    "files that are damaged, models that are gone",
    2 * _ISOLATION_COSTS + _RETIRED_COSTS,
    _inputs,
)
