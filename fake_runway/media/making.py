"""The maker: a file of each format, in pure Python.

What needs a codec, films of any size, is passed in: `workshop.py` knows whether it is installed.
"""

from collections.abc import Callable

from fake_runway.media import shapes
from fake_runway.media.archive import archive
from fake_runway.media.film import Reel, film
from fake_runway.media.flac import flac
from fake_runway.media.jpeg import jpeg
from fake_runway.media.mp3 import mp3
from fake_runway.media.ogg import ogg
from fake_runway.media.picture import Picture
from fake_runway.media.png import png
from fake_runway.media.sound import wav
from fake_runway.media.svg import svg
from fake_runway.media.wanted import MAX_FRAMES, Made, Wanted, made
from fake_runway.media.webp import webp

RATE = 24
"""Pictures a second of a sequence."""

_DIFFERENT, _EACH = 24, 4  # pictures of a loop in a sequence, and how often each stands there


def nearest_reel(wanted: Wanted) -> Reel:
    """Return the film made beforehand that is most like this one."""
    return shapes.reel(*shapes.nearest(wanted.width, wanted.height))


def make(wanted: Wanted, reel_of: Callable[[Wanted], Reel] = nearest_reel) -> Made:
    """Make a file: a pure function, which takes half a second for the largest
    picture, and four for the largest film that is made to size.

    Call it in a thread, not in an event loop: see `workshop.py`. Pictures are exactly as large as
    wanted, and films and sounds exactly as long, within the bounds of `Wanted.bounded`.

    Args:
        wanted: what it is to be.
        reel_of: where the pictures of a film come from; the size of a film is theirs.
    """
    wanted = wanted.bounded()
    about = comment(wanted)
    match wanted.format:
        case "png":
            content = png(Picture(wanted), about)
        case "jpeg":
            content = jpeg(Picture(wanted), about)
        case "webp":
            content = webp(Picture(wanted))
        case "svg":
            content = svg(wanted)
        case "zip":
            content = _sequence(wanted)
        case "mp4" | "mov" as brand:
            track = _sound(wanted).aac if wanted.sound else None
            content = film(reel_of(wanted), track, wanted.seconds, brand=brand, comment=about)
        case "wav":
            content = wav(wanted.seconds, seed=wanted.seed, index=wanted.index, comment=about)
        case "flac":
            content = flac(wanted.seconds, seed=wanted.seed, index=wanted.index, comment=about)
        case "mp3":
            rate = shapes.SAMPLE_RATE
            content = mp3(_sound(wanted).mp3, wanted.seconds, rate=rate, comment=about)
        case "ogg":
            content = ogg(_sound(wanted).opus, wanted.seconds, comment=about)
    return made(content, wanted)


def comment(wanted: Wanted) -> str:
    """Return what is written into a file's properties: all but WebP, SVG and ZIP have some."""
    return "\n".join(part for part in (wanted.title, *wanted.details) if part)


def _sound(wanted: Wanted) -> shapes.Sound:
    return shapes.sound((wanted.seed + wanted.index) % len(shapes.SOUNDS))


def _sequence(wanted: Wanted) -> bytes:
    """Return the pictures of a film, one after the other, in a ZIP."""
    count = min(max(round(wanted.seconds * RATE), 1), MAX_FRAMES)
    picture = Picture(wanted)
    different = [
        png(picture, phase=at / _DIFFERENT) for at in range(min(-(-count // _EACH), _DIFFERENT))
    ]
    names = [f"frame_{at:05}.png" for at in range(1, count + 1)]
    return archive([(name, different[at // _EACH % _DIFFERENT]) for at, name in enumerate(names)])
