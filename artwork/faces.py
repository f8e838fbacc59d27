"""The faces of all avatars in one small picture, for pages: `python -m artwork faces`."""

from pathlib import Path

from PIL import Image

from artwork.drawing import Portrait, Pose
from artwork.looks import LOOKS
from fake_runway import pages
from fake_runway.room.media.loops import WIDTH

FILE = Path(pages.__file__).parent / "demo" / "faces.png"
SIZE = 112
COLUMNS = 5
_PLACE = (93, 42, 227, 176)  # of a face in its picture
_COLOURS = 200


def faces() -> Image.Image:
    """Return the faces in the order of `LOOKS`, row by row."""
    rows = -(-len(LOOKS) // COLUMNS)
    sheet = Image.new("RGB", (SIZE * COLUMNS, SIZE * rows))
    for index, look in enumerate(LOOKS.values()):
        portrait = Portrait(look, Pose(brow=0.3))
        portrait.picture()
        scale = portrait.large.width / WIDTH
        left, top, right, bottom = (each * scale for each in _PLACE)
        face = portrait.large.crop((left, top, right, bottom))
        row, column = divmod(index, COLUMNS)
        small = face.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        sheet.paste(small, (column * SIZE, row * SIZE))
    return sheet


def write() -> None:
    """Write the file."""
    faces().quantize(_COLOURS, method=Image.Quantize.MEDIANCUT).save(FILE, optimize=True)
