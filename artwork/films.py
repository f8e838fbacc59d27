"""The loops of films and sounds: encoded slowly, so that they take little space."""

from fake_runway.media.encoding import aac, mp3, opus, reel
from fake_runway.media.picture import Picture
from fake_runway.media.shapes import PICTURES, RATE, SAMPLE_RATE, SIZES, SOUNDS, pack
from fake_runway.media.sound import mixed
from fake_runway.media.wanted import Wanted

SLOW = {"preset": "veryslow", "crf": "32", "tune": "animation", "refs": "3"}


def film(width: int, height: int) -> bytes:
    """Return the file of one size: without text, because it is for any prompt."""
    wanted = Wanted(format="mp4", width=width, height=height, seed=SIZES.index((width, height)))
    made = reel(Picture(wanted, text=False), rate=RATE, count=PICTURES, options=SLOW)
    return pack([made.setup, *made.pictures])


def sound(number: int) -> bytes:
    """Return the file of one sound."""
    loop = mixed(SOUNDS[number], SAMPLE_RATE)
    track = aac(loop, SAMPLE_RATE, 48_000)
    others = *mp3(loop, SAMPLE_RATE, 64_000), *opus(loop, SAMPLE_RATE, 32_000)
    return pack([track.setup, *track.frames, *others])
