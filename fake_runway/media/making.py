"""The maker: a file of each format, without anything that has to be installed."""

from fake_runway.media.picture import Picture
from fake_runway.media.png import png
from fake_runway.media.sound import wav
from fake_runway.media.wanted import Made, Wanted, made


def make(wanted: Wanted) -> Made:
    """Make a file: a pure function, which takes up to a second for the largest.

    Call it in a thread, not in an event loop.
    """
    wanted = wanted.bounded()
    match wanted.format:
        case "wav":
            content = wav(
                wanted.seconds, seed=wanted.seed, index=wanted.index, comment=comment(wanted)
            )
        case _:
            content = png(Picture(wanted), {"Comment": comment(wanted)})
    return made(content, wanted)


def comment(wanted: Wanted) -> str:
    """Return what is written into a file's properties."""
    return "\n".join(part for part in (wanted.title, *wanted.details) if part)
