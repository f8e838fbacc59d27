"""Text in pictures: three fonts of few shades, enlarged by whole numbers.

The letters are Aileron Regular (CC0), drawn by `python -m artwork`. Only ASCII is drawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zlib import decompress

from fake_runway.media import shapes

FIRST_LETTER, LAST_LETTER = " ", "~"

SHADES = 4
"""How much ink a pixel has: 0 is none, 3 is all."""

SIZES = (11, 16, 24)
"""Of the fonts, in pixels."""


@dataclass(frozen=True, slots=True)
class Font:
    """Letters of one size.

    Attributes:
        high: the rows of a line.
        glyphs: of each letter its rows; a byte is a pixel's shade.
    """

    high: int
    glyphs: tuple[tuple[bytes, ...], ...]

    def width(self, text: str) -> int:
        """Return the pixels that a line of text takes."""
        return sum(len(self._glyph(letter)[0]) for letter in text)

    def rows(self, text: str, scale: int = 1) -> Iterator[bytes]:
        """Yield the rows of a line of text, each pixel `scale` wide; each row stands once."""
        glyphs = [self._glyph(letter) for letter in text]
        for row in range(self.high):
            pixels = b"".join(glyph[row] for glyph in glyphs)
            yield pixels if scale == 1 else b"".join(_WIDE[one] * scale for one in pixels)

    def fitted(self, text: str, room: int) -> tuple[str, str]:
        """Return what of a text fits into a line, whole words if possible, and the rest."""
        if self.width(text) <= room:
            return text, ""
        end = used = 0
        for letter in text:
            used += len(self._glyph(letter)[0])
            if used > room:
                break
            end += 1
        space = text.rfind(" ", 0, end + 1)
        end = space if space > 0 else end
        return text[:end], text[end:].lstrip()

    def _glyph(self, letter: str) -> tuple[bytes, ...]:
        known = letter if FIRST_LETTER <= letter <= LAST_LETTER else "?"
        return self.glyphs[ord(known) - ord(FIRST_LETTER)]


_WIDE = tuple(bytes([shade]) for shade in range(SHADES))


@cache
def fonts() -> tuple[Font, ...]:
    """Return the fonts of `SIZES`.

    Of each the file has: the height, the width of each letter, then each letter's rows; a byte
    each.
    """
    data = decompress(files(shapes).joinpath("letters.bin").read_bytes())
    count = ord(LAST_LETTER) - ord(FIRST_LETTER) + 1
    found, at = [], 0
    for _ in SIZES:
        high, widths = data[at], data[at + 1 : at + 1 + count]
        at += 1 + count
        glyphs = []
        for wide in widths:
            glyphs.append(
                tuple(data[at + row * wide : at + (row + 1) * wide] for row in range(high))
            )
            at += wide * high
        found.append(Font(high, tuple(glyphs)))
    return tuple(found)


def chosen(pixels: float) -> tuple[Font, int]:
    """Return the font, and how much it is enlarged, for lines of about so many pixels."""
    scales = {at: max(int(pixels / size), 1) for at, size in enumerate(SIZES)}
    fitting = [at for at, size in enumerate(SIZES) if size <= max(pixels, SIZES[0])]
    best = max(fitting, key=lambda at: SIZES[at] * (scales[at] + 1))  # a finer one looks better
    return fonts()[best], scales[best]
