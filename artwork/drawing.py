"""A friendly face, drawn large with Pillow and made small: that gives smooth edges.

Lengths are pixels of the finished picture, 320 wide and 180 high, and heights count from below the
strip: its `STRIP` rows stay dark, because the room writes there who this is and what the session
does, for each call anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from PIL import Image, ImageDraw, ImageFilter

from artwork.looks import Colour, Look
from fake_runway.room.media.loops import HEIGHT, LINE, STRIP, WIDTH

SCALE = 4
"""How much larger the drawing is than the picture."""

_MIDDLE = WIDTH / 2
_BLACK_HOLE = "#5a1420"  # the inside of the mouth
_TONGUE = "#d9656a"


@dataclass(frozen=True, slots=True)
class Pose:
    """A moment of the face.

    Attributes:
        breath: 0 (out) to 1 (in).
        lid: 0 (open eyes) to 1 (shut).
        mouth: 0 (a closed smile) to 1 (wide open).
        round: 0 (a broad mouth) to 1 (an "o").
        brow: how much the brows are raised, 0 to 1.
    """

    breath: float = 0.0
    lid: float = 0.0
    mouth: float = 0.0
    round: float = 0.0
    brow: float = 0.0


class Portrait:
    """A picture that is being drawn."""

    def __init__(self, look: Look, pose: Pose) -> None:
        self._look = look
        self._pose = pose
        self._rise = -2.0 * pose.breath  # what moves up when it breathes in
        self._image = _wall(*look.wall)
        self._draw = ImageDraw.Draw(self._image)

    @property
    def large(self) -> Image.Image:
        """What is drawn so far, four times as large."""
        return self._image

    def picture(self) -> Image.Image:
        """Draw everything and return the picture, 320x180, RGB."""
        look = self._look
        behind = getattr(self, f"_{look.cut}_behind", None)
        if behind is not None:
            behind()
        self._shoulders()
        if "elf_ears" in look.wears:
            self._pointed_ears()
        elif "cat" in look.wears:
            self._cat_ears()
        else:
            for side in (-1, 1):
                self._ellipse(_MIDDLE + side * 38, 76, 7, 10, _darker(look.skin, 0.92))
        self._face()
        front = getattr(self, f"_{look.cut}_front", None)
        if front is not None:
            front()
        self._eyes()
        self._mouth()
        for thing in look.wears:
            wear = getattr(self, thing, None)
            if wear is not None:
                wear()
        self._rectangle(0, -STRIP, WIDTH, -LINE, "#14161f", still=True)
        self._rectangle(0, -LINE, WIDTH, 0, look.shirt[1], still=True)
        return self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    # The head.

    def _shoulders(self) -> None:
        look = self._look
        body, collar = look.shirt
        lift = -0.8 * self._pose.breath  # shoulders rise less than the head
        wide = 72 + 1.2 * self._pose.breath
        self._ellipse(_MIDDLE, 172 + lift, wide, 50, body, still=True)
        self._rectangle(_MIDDLE - 15, 100, _MIDDLE + 15, 126, _darker(look.skin, 0.82))
        self._ellipse(_MIDDLE, 126, 15, 8, _darker(look.skin, 0.82))
        for side in (-1, 1):
            self._polygon([(side * 15, 118), (side * 30, 128), (side * 11, 143), (0, 135)], collar)

    def _face(self) -> None:
        skin = self._look.skin
        self._ellipse(_MIDDLE, 98, 27, 22, skin)
        self._ellipse(_MIDDLE, 72, 38, 43, skin)
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 23, 88, 8, 5.5, _mixed(skin, "#f07070", 0.28))

    def _eyes(self) -> None:
        pose = self._pose
        for side in (-1, 1):
            x, y = _MIDDLE + side * 15.5, 73.0
            open_ = 1 - pose.lid
            if open_ > 0.15:
                self._ellipse(x, y, 8.2, 7.2 * open_, "#ffffff")
                self._ellipse(x, y, 4.8, min(4.8, 7.2 * open_), self._look.iris)
                self._ellipse(x, y, 2.5, min(2.5, 7.2 * open_), "#101014")
                if open_ > 0.6:
                    self._ellipse(x + 1.7, y - 1.9, 1.3, 1.3, "#ffffff")
            lash = y - 7.2 * open_ + (2 if open_ <= 0.15 else 0)
            self._arc(x, lash + 6, 9, 6.5, 205, 335, 1.7, "#2a1c1c")
            brow = _darker(self._look.hair, 0.7)
            lift = -2.2 * pose.brow
            self._arc(x, 66.5 + lift, 10.5, 8, 220 - 6 * side, 320 - 6 * side, 2.4, brow)
        if "cat" not in self._look.wears:
            self._arc(_MIDDLE, 82, 4.5, 5.5, 40, 140, 1.6, _darker(self._look.skin, 0.72))

    def _mouth(self) -> None:
        pose = self._pose
        y = 98.0 if "cat" not in self._look.wears else 99.0
        lips = _mixed(self._look.skin, "#c03a48", 0.62)
        if pose.mouth < 0.06:
            self._arc(_MIDDLE, y - 6, 12.5, 9, 28, 152, 2.3, lips)
            return
        wide = 12.5 - 5.0 * pose.round
        high = 1.6 + 7.2 * pose.mouth
        self._ellipse(_MIDDLE, y + 1, wide + 1.6, high + 1.6, lips)
        self._ellipse(_MIDDLE, y + 1, wide, high, _BLACK_HOLE)
        if high > 4:
            self._ellipse(_MIDDLE, y + 1 + high * 0.62, wide * 0.55, high * 0.36, _TONGUE)
            if pose.round < 0.5:
                self._rectangle(
                    _MIDDLE - wide * 0.62, y + 1 - high * 0.82,
                    _MIDDLE + wide * 0.62, y + 1 - high * 0.42, "#fdfdfd",
                )  # fmt: skip

    # Hair: what lies behind the head, and what lies on it.

    def _long_behind(self) -> None:
        self._ellipse(_MIDDLE, 66, 50, 52, self._look.hair)
        self._polygon([(-50, 66), (50, 66), (54, 138), (-54, 138)], self._look.hair)
        shade = _darker(self._look.hair, 0.82)
        self._polygon([(-36, 84), (36, 84), (34, 138), (-34, 138)], shade)

    def _long_front(self) -> None:
        self._fringe(24)

    def _bob_behind(self) -> None:
        self._ellipse(_MIDDLE, 68, 47, 50, self._look.hair)
        self._rectangle(_MIDDLE - 47, 68, _MIDDLE + 47, 104, self._look.hair)
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 38, 104, 9, 7, self._look.hair)

    def _bob_front(self) -> None:
        self._fringe(27)

    def _bun_behind(self) -> None:
        self._ellipse(_MIDDLE, 19, 17, 15, self._look.hair)
        self._ellipse(_MIDDLE, 66, 42, 46, self._look.hair)

    def _bun_front(self) -> None:
        self._fringe(17)

    def _curls_behind(self) -> None:
        for at in range(17):
            angle = pi * (0.92 + 1.16 * at / 16)
            x, y = _MIDDLE + 41 * cos(angle), 66 + 40 * sin(angle)
            self._ellipse(x, y, 15, 15, self._look.hair)

    def _curls_front(self) -> None:
        for at in range(7):
            angle = pi * (1.18 + 0.64 * at / 6)
            self._ellipse(_MIDDLE + 33 * cos(angle), 66 + 35 * sin(angle), 10, 9, self._look.hair)

    def _short_behind(self) -> None:
        self._ellipse(_MIDDLE, 62, 42, 42, self._look.hair)

    def _short_front(self) -> None:
        self._fringe(15)

    def _spikes_behind(self) -> None:
        points = []
        for at in range(15):
            angle = pi * (0.98 + 1.04 * at / 14)
            far = 54 if at % 2 else 42
            points.append((far * cos(angle), 64 + far * sin(angle)))
        self._polygon(points, self._look.hair)

    def _spikes_front(self) -> None:
        self._polygon(
            [(-37, 62), (-33, 38), (-8, 28), (20, 29), (36, 44), (37, 62), (27, 47), (14, 53),
             (4, 45), (-8, 53), (-20, 46)],
            self._look.hair,
        )  # fmt: skip

    def _fringe(self, deep: float) -> None:
        """A parted fringe that reaches `deep` below the hairline."""
        top = [(37 * cos(pi * a / 20), 66 - 42 * sin(pi * a / 20)) for a in range(21)]
        low = [(-38, 68), (-33, 34 + deep), (-14, 30 + deep * 0.55), (-6, 36), (10, 30 + deep / 2),
               (32, 34 + deep), (38, 68)]  # fmt: skip
        self._polygon([*top, *low], self._look.hair)
        self._arc(_MIDDLE, 62, 30, 30, 225, 300, 2, _mixed(self._look.hair, "#ffffff", 0.25))

    # What they wear.

    def _pointed_ears(self) -> None:
        for side in (-1, 1):
            self._polygon(
                [(side * 34, 70), (side * 62, 56), (side * 36, 88)], _darker(self._look.skin, 0.93)
            )

    def circlet(self) -> None:
        """A golden band with a stone."""
        self._arc(_MIDDLE, 66, 37, 24, 205, 335, 2.6, "#e0bc54")
        self._ellipse(_MIDDLE, 43, 4.2, 4.8, "#d03a50")

    def headphones(self) -> None:
        """Over the ears, with a band."""
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 43, 76, 9, 15, "#22222c")
            self._ellipse(_MIDDLE + side * 46, 76, 5, 11, "#f06ab0")
        self._arc(_MIDDLE, 68, 47, 52, 190, 350, 5, "#22222c")

    def beard(self) -> None:
        """A full one, with the mouth left free."""
        hair = self._look.hair
        points = [(-37, 78), (-33, 100), (-16, 122), (0, 126), (16, 122), (33, 100), (37, 78)]
        inner = [(27, 88), (17, 90), (0, 87.5), (-17, 90), (-27, 88)]
        self._polygon([*points, *inner], hair)
        self._ellipse(_MIDDLE, 99, 16.5, 11.5, self._look.skin)
        self._mouth()

    def scar(self) -> None:
        """Across a brow."""
        self._line([(22, 55), (27, 66)], 1.6, _darker(self._look.skin, 0.75))

    def _cat_ears(self) -> None:
        for side in (-1, 1):
            self._polygon([(side * 10, 34), (side * 36, 6), (side * 41, 62)], self._look.hair)
            self._polygon([(side * 20, 32), (side * 33, 16), (side * 36, 44)], "#f6b8b0")

    def cat(self) -> None:
        """Stripes, muzzle, nose and whiskers."""
        stripe = self._look.hair
        for x in (-10, 0, 10):
            self._line([(x, 30 + abs(x) * 0.15), (x * 0.7, 46 - abs(x) * 0.3)], 4, stripe)
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 9, 92, 11, 8.5, "#fdeedd")
        self._mouth()
        self._polygon([(-5, 84), (5, 84), (0, 90)], "#e2676f")
        for side in (-1, 1):
            for rise in (-3, 1, 5):
                self._line(
                    [(side * 14, 91 + rise * 0.5), (side * 46, 88 + rise * 2)], 1.1, "#fff6ea"
                )

    def sunglasses(self) -> None:
        """Pushed up into the hair."""
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 15, 37, 13, 8.5, "#2a2430")
            self._line([(side * 8, 33), (side * 14, 40)], 1.6, "#6a6076")
        self._line([(-4, 35), (4, 35)], 3, "#2a2430")

    def sweatband(self) -> None:
        """Around the head, with a stripe."""
        self._polygon(
            [(-38, 54), (-34, 42), (0, 36), (34, 42), (38, 54), (0, 47)], self._look.shirt[0]
        )
        self._line([(-36, 48), (0, 41.5), (36, 48)], 2.4, self._look.shirt[1])

    def glasses(self) -> None:
        """Round ones."""
        for side in (-1, 1):
            self._arc(_MIDDLE + side * 15.5, 73, 12.5, 11.5, 0, 360, 1.8, "#3a2c2c")
            self._line([(side * 28, 72), (side * 38, 70)], 1.8, "#3a2c2c")
        self._arc(_MIDDLE, 74, 4, 4, 200, 340, 1.8, "#3a2c2c")

    def beret(self) -> None:
        """Worn to the side."""
        red = self._look.shirt[1]
        self._ellipse(_MIDDLE + 8, 27, 50, 18, red)
        self._ellipse(_MIDDLE + 2, 37, 40, 9, _darker(red, 0.82))
        self._ellipse(_MIDDLE + 14, 9, 3, 5, red)

    def earrings(self) -> None:
        """Large golden rings."""
        for side in (-1, 1):
            self._arc(_MIDDLE + side * 40, 94, 5, 6, 0, 360, 1.8, "#e6c257")

    def moustache(self) -> None:
        """A curled one."""
        for side in (-1, 1):
            self._ellipse(_MIDDLE + side * 8, 91, 9.5, 4.2, self._look.hair)
            self._ellipse(_MIDDLE + side * 18, 88.5, 3.2, 3.2, self._look.hair)

    def chefs_hat(self) -> None:
        """White and tall."""
        for x, y, size in ((-26, 25, 17), (26, 25, 17), (0, 21, 21)):
            self._ellipse(_MIDDLE + x, y, size, size * 0.85, "#fbfaf6")
        self._polygon([(-36, 24), (36, 24), (35, 45), (-35, 45)], "#fbfaf6")
        self._polygon([(-36, 41), (36, 41), (36, 47), (-36, 47)], "#e6e2d8")

    # Shapes, in pixels of the finished picture. All but the still ones rise with the breath.

    def _ellipse(
        self, x: float, y: float, wide: float, high: float, colour: Colour, *, still: bool = False
    ) -> None:
        y += STRIP + (0 if still else self._rise)
        self._draw.ellipse(_large(x - wide, y - high, x + wide, y + high), fill=colour)

    def _rectangle(
        self,
        x: float,
        y: float,
        right: float,
        bottom: float,
        colour: Colour,
        *,
        still: bool = False,
    ) -> None:
        rise = STRIP + (0 if still else self._rise)
        self._draw.rectangle(_large(x, y + rise, right, bottom + rise), fill=colour)

    def _polygon(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon(self._placed(points), fill=colour)

    def _line(self, points: Sequence[tuple[float, float]], thick: float, colour: Colour) -> None:
        self._draw.line(
            self._placed(points), fill=colour, width=round(thick * SCALE), joint="curve"
        )

    def _arc(
        self, x: float, y: float, wide: float, high: float, start: float, end: float,
        thick: float, colour: Colour,
    ) -> None:  # fmt: skip
        y += STRIP + self._rise
        box = _large(x - wide, y - high, x + wide, y + high)
        self._draw.arc(box, start, end, fill=colour, width=round(thick * SCALE))

    def _placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points count from the middle of the picture and from the strip."""
        return [((_MIDDLE + x) * SCALE, (STRIP + y + self._rise) * SCALE) for x, y in points]


def _large(*lengths: float) -> list[float]:
    return [one * SCALE for one in lengths]


def _wall(middle: Colour, edge: Colour) -> Image.Image:
    size = (WIDTH * SCALE, HEIGHT * SCALE)
    glow = Image.radial_gradient("L").resize((size[0], size[1] * 2))
    glow = glow.crop((0, size[1] // 2, size[0], size[1] // 2 + size[1]))
    glow = glow.filter(ImageFilter.GaussianBlur(8))
    return Image.composite(Image.new("RGB", size, edge), Image.new("RGB", size, middle), glow)


def _channels(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _darker(colour: Colour, light: float) -> Colour:
    return "#" + bytes(round(one * light) for one in _channels(colour)).hex()


def _mixed(colour: Colour, other: Colour, much: float) -> Colour:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + bytes(round(a + (b - a) * much) for a, b in pairs).hex()
