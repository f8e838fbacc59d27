"""The fonts of the captions: letters as small pictures, drawn from the font that comes with Pillow.

It is Aileron Regular, which is in the public domain (CC0).
"""

from zlib import compress, decompress

from PIL import Image, ImageDraw, ImageFont

from fake_runway.media.letters import SHADES, SIZES
from fake_runway.room.media.caption import FIRST_LETTER, LAST_LETTER


def font(size: float, *, bold: float = 0.0) -> bytes:
    """Return a font as `caption.py` reads it.

    Args:
        size: in pixels.
        bold: how much the strokes are thickened, in pixels.
    """
    face = ImageFont.load_default(size)
    assert isinstance(face, ImageFont.FreeTypeFont)
    letters = [chr(code) for code in range(ord(FIRST_LETTER), ord(LAST_LETTER) + 1)]
    boxes = [face.getbbox(letter, stroke_width=bold) for letter in letters]
    top = round(min(box[1] for box in boxes if box[3]))
    high = round(max(box[3] for box in boxes)) - top
    digit = max(face.getlength(one) for one in "0123456789")  # a clock should not jitter
    widths = [round((digit if one.isdigit() else face.getlength(one)) + bold) for one in letters]
    glyphs = []
    for letter, wide in zip(letters, widths, strict=True):
        image = Image.new("L", (wide, high))
        left = (wide - face.getlength(letter)) / 2
        ImageDraw.Draw(image).text((left, -top), letter, 255, face, stroke_width=bold)
        glyphs.append(image.tobytes())
    return compress(bytes([high, *widths]) + b"".join(glyphs), 9)


def stencils() -> bytes:
    """Return the fonts as `fake_runway/media/letters.py` reads them: of few shades."""
    shade = bytes(round(ink * (SHADES - 1) / 255) for ink in range(256))
    count = ord(LAST_LETTER) - ord(FIRST_LETTER) + 1
    parts = []
    for size in SIZES:
        data = decompress(font(size, bold=size / 80))
        parts += [data[: 1 + count], data[1 + count :].translate(shade)]
    return compress(b"".join(parts), 9)
