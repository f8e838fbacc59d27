"""A landscape that depends on a seed, with text below it, at any size in little time.

A picture is a palette and rows of indexes into it. A row is not computed pixel by pixel: it is
the colour of the sky with a few spans in other colours laid over it, whose ends are known from
the shapes' equations. So a picture costs a few microseconds a row, and its width costs nothing
but copying. Every format is made from these rows.

It moves: at phase 1 it looks as at phase 0, because the hills move by whole waves and the sun
goes round.
"""

from collections.abc import Iterator
from colorsys import hsv_to_rgb
from dataclasses import dataclass
from math import asin, cos, pi, sin, sqrt

from fake_runway.core.draws import Draws
from fake_runway.media.letters import SHADES, Font, chosen
from fake_runway.media.wanted import Wanted

SKY = 96
"""The colours of the sky."""

_PANEL = 0  # the colours of the text: the ground of the panel first
_SKY = _PANEL + SHADES
_HALO = _SKY + SKY
_SUN = _HALO + 1
_HILLS = _SUN + 1
HILLS = 3
COLOURS = _HILLS + HILLS

_TITLE_LINES = 2


@dataclass(frozen=True, slots=True)
class _Hill:
    """The wave `level - height * sin(...)`, all in parts of the picture's height or width."""

    level: float
    height: float
    waves: float
    start: float
    steps: int  # the waves that it moves by in a loop


@dataclass(frozen=True, slots=True)
class _Line:
    font: Font
    scale: int
    text: str

    @property
    def high(self) -> int:
        return self.font.high * self.scale


class Picture:
    """The picture of a file.

    Args:
        wanted: its size, seed and texts.
        text: whether the texts are drawn.

    Attributes:
        palette: `COLOURS` times red, green and blue.
        sun: where its centre is, in parts of width and height.
    """

    def __init__(self, wanted: Wanted, *, text: bool = True) -> None:
        self.width, self.height = wanted.width, wanted.height
        draws = Draws(str(wanted.seed), "media")
        self._draws, self._index = draws, wanted.index
        self.palette = self._colours()
        self.sun = 0.25 + 0.5 * self._draw("sun"), 0.28 + 0.14 * self._draw("height")
        self._hills = [
            _Hill(
                level=0.60 + 0.13 * at + 0.05 * self._draw("level", at),
                height=0.05 + 0.05 * self._draw("rise", at),
                waves=1 + 1.6 * self._draw("waves", at),
                start=self._draw("start", at),
                steps=1 if at else 0,
            )
            for at in range(HILLS)
        ]
        self._text = list(self._panel(wanted)) if text else []

    def level(self, hill: int, x: float) -> float:
        """Return where the outline of a hill is at a place, in parts of height and width."""
        one = self._hills[hill]
        return one.level - one.height * sin(2 * pi * (one.start + one.waves * x))

    def rows(self, phase: float = 0.0) -> Iterator[bytes]:
        """Yield the rows from the top. A row that looks like the one before is the same object.

        Args:
            phase: 0 to 1, where the loop is.
        """
        land = self.height - len(self._text)
        spans: tuple[tuple[int, int, int], ...] | None = None
        sky, row = -1, b""
        for y in range(land):
            above = sky, spans
            sky = _SKY + y * SKY // max(land, 1)
            spans = tuple(self._spans(y, land, phase))
            if (sky, spans) != above:
                row = self._row(sky, spans)
            yield row
        yield from self._text

    def _row(self, ground: int, spans: tuple[tuple[int, int, int], ...]) -> bytes:
        row = bytearray((ground,)) * self.width
        for start, end, colour in spans:
            row[start:end] = bytes((colour,)) * (end - start)
        return bytes(row)

    def _spans(self, y: int, land: int, phase: float) -> Iterator[tuple[int, int, int]]:
        """Yield what lies over the sky in a row: start, end and colour."""
        yield from self._disc(y, land, phase)
        for at, hill in enumerate(self._hills):
            yield from self._slope(hill, y / land, phase, _HILLS + at)

    def _disc(self, y: int, land: int, phase: float) -> Iterator[tuple[int, int, int]]:
        least = min(self.width, land)
        x = self.sun[0] * self.width + 0.05 * least * cos(2 * pi * phase)
        from_centre = y + 0.5 - self.sun[1] * land - 0.05 * least * sin(2 * pi * phase)
        for radius, colour in ((0.17 * least, _HALO), (0.12 * least, _SUN)):
            if abs(from_centre) < radius:
                half = sqrt(radius * radius - from_centre * from_centre)
                yield from self._span(x - half, x + half, colour)

    def _slope(
        self, hill: _Hill, y: float, phase: float, colour: int
    ) -> Iterator[tuple[int, int, int]]:
        over = (hill.level - y) / hill.height  # inside where the sine is above this
        if over >= 1:
            return
        if over <= -1:
            yield 0, self.width, colour
            return
        first, last = asin(over) / (2 * pi), 0.5 - asin(over) / (2 * pi)
        start = hill.start + hill.steps * phase
        for wave in range(-1, int(hill.waves + start) + 2):
            yield from self._span(
                (first + wave - start) / hill.waves * self.width,
                (last + wave - start) / hill.waves * self.width,
                colour,
            )

    def _span(self, start: float, end: float, colour: int) -> Iterator[tuple[int, int, int]]:
        left, right = max(round(start), 0), min(round(end), self.width)
        if left < right:
            yield left, right, colour

    def _panel(self, wanted: Wanted) -> Iterator[bytes]:
        """Yield the rows with the texts: as many lines as fit into the lower half."""
        size = min(self.width / 28, self.height / 18)
        margin = max(round(size / 2), 2)
        room = self.width - 2 * margin
        lines = list(self._lines(wanted, size, room))
        while lines and sum(line.high for line in lines) + 2 * margin > self.height // 2:
            lines.pop(0 if len(lines) > len(wanted.details) else -1)
        if not lines:
            return
        empty = bytes((_PANEL,)) * self.width
        yield from [empty] * margin
        for line in lines:
            left = bytes((_PANEL,)) * margin
            for pixels in line.font.rows(line.text, line.scale):
                row = (left + pixels).ljust(self.width, left[:1])[: self.width]
                yield from [row] * line.scale
        yield from [empty] * margin

    def _lines(self, wanted: Wanted, size: float, room: int) -> Iterator[_Line]:
        font, scale = chosen(size)
        rest = wanted.title
        for _ in range(_TITLE_LINES):
            text, rest = font.fitted(rest, room // scale)
            if text:
                yield _Line(font, scale, text)
        font, scale = chosen(size * 0.7)
        for detail in wanted.details:
            text, _ = font.fitted(detail, room // scale)
            if text:
                yield _Line(font, scale, text)

    def _colours(self) -> bytes:
        hue = self._draw("hue")
        top, low = (hue, 0.55, 0.55), (hue + 0.08 + 0.3 * self._draw("turn"), 0.35, 1.0)
        ink = [_mixed((0.08, 0.09, 0.12), (0.96, 0.97, 1.0), at / (SHADES - 1)) for at in range(4)]
        sky = [_mixed(_rgb(*top), _rgb(*low), at / (SKY - 1)) for at in range(SKY)]
        sun = [_mixed(sky[SKY // 2], (1.0, 0.95, 0.8), 0.4), (1.0, 0.95, 0.8)]
        hills = [_rgb(hue + 0.45, 0.4 + 0.1 * at, 0.62 - 0.16 * at) for at in range(HILLS)]
        every = [*ink, *sky, *sun, *hills]
        return bytes(round(255 * part) for colour in every for part in colour)

    def _draw(self, what: str, at: int = 0) -> float:
        return self._draws.number(f"{what} {at}", self._index)


def _rgb(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    return hsv_to_rgb(hue % 1, saturation, value)


def _mixed(
    one: tuple[float, float, float], other: tuple[float, float, float], part: float
) -> tuple[float, float, float]:
    red, green, blue = (a + (b - a) * part for a, b in zip(one, other, strict=True))
    return red, green, blue
