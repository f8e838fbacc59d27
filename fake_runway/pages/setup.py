"""What the demo page is told about its server: nothing that changes, and no secret."""

from collections.abc import Mapping
from dataclasses import dataclass

from fake_runway.core.types import Json
from fake_runway.room.media.loops import PRESETS


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo page calls.

    Attributes:
        endpoint: the URL of the gateway beside this fake; empty: there is none, so it has to be
            typed.
        world: the one that the endpoint's calls come to; empty: unknown.
    """

    endpoint: str = ""
    world: str = ""


def setup(demo: Demo, themes: Mapping[str, tuple[str, ...]], no_room: str) -> Json:
    """Return what the page is told.

    Args:
        themes: names of scenarios by theme.
        no_room: why a call cannot be joined here; empty: it can.
    """
    return {
        "endpoint": demo.endpoint,
        "world": demo.world,
        "presets": list(PRESETS),
        "families": [{"title": title, "names": list(names)} for title, names in themes.items()],
        "no_room": no_room,
    }
