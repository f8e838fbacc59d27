"""The files of avatars and voices: small pictures, and samples of a voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_runway.core.draws import draw
from fake_runway.media.addresses import OutputAddress, asset_url

if TYPE_CHECKING:
    from fake_runway.core.draws import Draws
    from fake_runway.media.wanted import Wanted
    from fake_runway.worlds.world import World

REFERENCE, PROCESSED, SAMPLE, PREVIEW = "0.png", "1.png", "2.mp3", "3.mp3"
SAMPLE_S = 5.0
_SIDE = 256
_NUMBERS = {int(name[0]): name for name in (REFERENCE, PROCESSED, SAMPLE, PREVIEW)}


def preview_url(prompt: str, *, base: str, draws: Draws, now: float) -> str:
    """Return the address of a sample of a voice that is not created: the same for one prompt."""
    return asset_url(draws.uuid(f"preview {prompt}", 0), PREVIEW, base=base, draws=draws, now=now)


def asset_file(world: World, address: OutputAddress) -> Wanted | None:
    """Return what a file of a stored resource is to be; None: there is no such file.

    Args:
        address: one that the world has made.
    """
    from fake_runway.media.wanted import Wanted  # a start asks for no file

    name = _NUMBERS.get(address.number)
    kind = "avatar" if name in (REFERENCE, PROCESSED) else "voice"
    if name is None or (name != PREVIEW and world.account.assets.get(kind, address.task) is None):
        return None
    seed = draw(world.draws.seed, world.draws.world, f"file {address.task}", address.number)
    number, title = int.from_bytes(seed[:4]), f"{kind} {address.task}"
    if kind == "avatar":
        return Wanted(format="png", width=_SIDE, height=_SIDE, seed=number, prompt=title)
    return Wanted(format="mp3", seconds=SAMPLE_S, seed=number, prompt=title)
