"""The paths at which a room answers, apart from what needs a room's extra to be imported."""

from fake_runway.web.paths import Path

PATHS = frozenset({("rtc",), ("rtc", "v1"), ("rtc", "validate"), ("rtc", "v1", "validate")})
"""The paths that LiveKit's clients append to the URL of their server, as segments."""
WHEP = "whep"
"""What clients by WHEP append to it; what each has joined by is a segment below that."""


def leads_to_room(path: Path) -> bool:
    """Return whether a room answers `path`."""
    return path.in_world in PATHS or is_whep(path)


def is_whep(path: Path) -> bool:
    """Return whether `path` is for clients by WHEP."""
    return path.in_world[:1] == (WHEP,) and len(path.in_world) <= 2


def methods_of(path: Path) -> list[str]:
    """Return the methods of a path that leads to a room."""
    if not is_whep(path):
        return ["GET"]
    return ["POST"] if len(path.in_world) == 1 else ["DELETE"]
