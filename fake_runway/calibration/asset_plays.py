"""Plays with avatars, voices and documents: how long they are processed, and how much there may be.

Everything that a play makes is deleted when it ends. No price of any of this is published.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from fake_runway.calibration.asset_rules import CHARACTERS_OF_A_TOKEN, LONGEST_DOCUMENT
from fake_runway.calibration.endpoint import Endpoint
from fake_runway.calibration.history import AVATARS, DOCUMENTS, VOICES, Seen
from fake_runway.calibration.play import Play
from fake_runway.calibration.samples import data_uri, picture
from fake_runway.core.scenario.settings import Settings

_VOICE = {
    "name": "Calibration",
    "from": {
        "type": "text",
        "prompt": "A calm voice that reads a story at night.",
        "model": "eleven_ttv_v3",
    },
}
_DOCUMENT = {"name": "Calibration", "content": "x"}
_POLL_S = 1.0


def _avatar() -> dict[str, Any]:
    return {
        "name": "Calibration",
        "personality": "Calm.",
        "referenceImage": data_uri("image/png", picture()),
        "voice": {"type": "runway-live-preset", "presetId": "clara"},
    }


async def _voices_and_avatars(endpoint: Endpoint) -> None:
    """Use a voice before it is ready, let voices and avatars become ready, change nothing."""
    for path in (VOICES, AVATARS):
        await endpoint.call("GET", f"{path}?limit=100")
    avatar = _avatar()
    async with AsyncExitStack() as kept:
        voice = await kept.enter_async_context(endpoint.made(VOICES, _VOICE))
        if voice is not None:
            await endpoint.call("GET", f"{VOICES}/{voice}")
            early = {**avatar, "voice": {"type": "custom", "id": voice}}
            await kept.enter_async_context(endpoint.made(AVATARS, early))
            await _processed(endpoint, f"{VOICES}/{voice}")
            await kept.enter_async_context(endpoint.made(VOICES, _VOICE))
        first = await kept.enter_async_context(endpoint.made(AVATARS, avatar))
        if first is not None:
            await _processed(endpoint, f"{AVATARS}/{first}")
            await endpoint.call("PATCH", f"{AVATARS}/{first}", {})
            await kept.enter_async_context(endpoint.made(AVATARS, avatar))


async def _processed(endpoint: Endpoint, path: str) -> None:
    await endpoint.poll(
        path,
        lambda seen: seen.body.get("status") != "PROCESSING",
        every_s=_POLL_S,
        at_most_s=2 * endpoint.patience_s,
    )


async def _documents(endpoint: Endpoint) -> None:
    """Give an avatar ever longer documents, and read their list page by page."""
    avatar = _avatar()
    async with AsyncExitStack() as kept:
        avatar_id = await kept.enter_async_context(endpoint.made(AVATARS, avatar))
        one, other = [
            await kept.enter_async_context(endpoint.made(DOCUMENTS, _DOCUMENT)) for _ in range(2)
        ]
        if one is None:
            return
        if avatar_id is not None:
            await _attached(endpoint, avatar_id, [one])
        if other is None:
            return
        longest = await _longest(endpoint, other)
        if avatar_id is not None and longest > 1:
            await endpoint.call("PATCH", f"{DOCUMENTS}/{other}", {"content": "x"})
            if await _attached(endpoint, avatar_id, [one, other]):
                await _most(endpoint, one, other, longest)
        for limit in (100, 1, 100):
            await endpoint.call("GET", f"{DOCUMENTS}?limit={limit}")


async def _attached(endpoint: Endpoint, avatar: str, documents: list[str]) -> bool:
    """Let an avatar know documents, as soon as they can be used; return whether it does."""
    began = endpoint.clock.now()
    while True:
        path, body = f"{AVATARS}/{avatar}", {"documentIds": documents}
        if (await endpoint.call("PATCH", path, body)).ok:
            return True
        if endpoint.clock.now() - began > endpoint.patience_s:
            return False
        await endpoint.clock.pause(_POLL_S)


async def _longest(endpoint: Endpoint, document: str) -> int:
    """Find how many characters a document may have that no avatar knows."""

    async def fits(characters: int) -> bool:
        return (await _write(endpoint, document, characters)).ok

    if await fits(LONGEST_DOCUMENT):
        return LONGEST_DOCUMENT
    return await boundary(fits, 1, LONGEST_DOCUMENT)


async def _most(endpoint: Endpoint, one: str, other: str, longest: int) -> None:
    """Find how many tokens two documents of one avatar may have together."""
    lengths = {one: 1, other: 1}

    async def fits(tokens: int) -> bool:
        characters = tokens * CHARACTERS_OF_A_TOKEN
        of_one = min(characters - 1, longest)
        for document, length in ((other, 1), (one, of_one), (other, characters - of_one)):
            if lengths[document] != length:
                if not (await _write(endpoint, document, length)).ok:
                    return False
                lengths[document] = length
        return True

    usual = Settings().asset_rules.knowledge_tokens or 1
    most = 2 * longest // CHARACTERS_OF_A_TOKEN
    if usual < most and await fits(usual):
        if await fits(usual + 1) and not await fits(most):
            await boundary(fits, usual + 1, most)
    elif most > 1 and not await fits(most):
        await boundary(fits, 1, min(usual, most))


async def _write(endpoint: Endpoint, document: str, characters: int) -> Seen:
    return await endpoint.call("PATCH", f"{DOCUMENTS}/{document}", {"content": "x" * characters})


async def boundary(fits: Callable[[int], Awaitable[bool]], low: int, high: int) -> int:
    """Return the largest number that fits, of which `low` does and `high` does not."""
    while high - low > 1:
        middle = (low + high) // 2
        if await fits(middle):
            low = middle
        else:
            high = middle
    return low


ASSET_PLAYS = (
    Play("voices and avatars", 0, _voices_and_avatars),
    Play("documents", 0, _documents),
)
