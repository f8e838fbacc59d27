"""The size of AVIF and HEIC pictures: of the item that the file calls its primary one.

Such a file has a list of items (the picture, its tiles, a thumbnail), one of properties, and a
table of which item has which properties. Source: ISO/IEC 23008-12.
"""

from collections.abc import Iterator

from fake_runway.media.fields import Description, Fields, boxes, inside

_AVIF = (b"avif", b"avis")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_MOST_BRANDS = 32


def is_heif(content: bytes) -> bool:
    """Return whether a file begins as one of these pictures does."""
    return content[4:8] == b"ftyp" and content[8:12] in (*_AVIF, *_HEIF)


def read_heif(content: bytes) -> Description:
    """Return the size of the picture as it is shown: without tiles and thumbnails, and turned.

    Raises:
        UnreadableMedia: the file does not say it, or is damaged.
    """
    fields = Fields(content, "AVIF or HEIC")
    content_type = "image/avif" if _is_avif(fields) else "image/heic"
    meta = inside(fields, (0, len(content)), b"meta")
    if meta is None:
        raise fields.error("a description of the picture", "none")
    start, end = meta[0] + 4, meta[1]  # behind the version
    listed = inside(fields, (start, end), b"iprp", b"ipco")
    if listed is None:
        raise fields.error("the properties of the picture", "none")
    properties = list(boxes(fields, *listed))
    mine = properties
    primary = _primary(fields, inside(fields, (start, end), b"pitm"))
    table = inside(fields, (start, end), b"iprp", b"ipma")
    if primary is not None and table is not None:
        chosen = _properties_of(fields, primary, *table)
        mine = [properties[each - 1] for each in chosen if 0 < each <= len(properties)]
    sizes = [
        (fields.number(at + 4, 4), fields.number(at + 8, 4))
        for kind, at, _ in mine
        if kind == b"ispe"
    ]
    if not sizes:
        raise fields.error("the size of the picture", "none")
    width, height = max(sizes)
    if sum(fields.number(at, 1) & 3 for kind, at, _ in mine if kind == b"irot") % 2:
        width, height = height, width  # quarters of a turn
    return fields.picture(width, height, content_type)


def _is_avif(fields: Fields) -> bool:
    """Return whether one of the brands is that of AVIF: `mif1` may come first in both."""
    end = min(fields.number(0, 4), 16 + 4 * _MOST_BRANDS)
    brands = (fields.content[at : at + 4] for at in (8, *range(16, end, 4)))
    return any(each in _AVIF for each in brands)


def _primary(fields: Fields, box: tuple[int, int] | None) -> int | None:
    if box is None:
        return None
    return fields.number(box[0] + 4, 2 if fields.number(box[0], 1) == 0 else 4)


def _properties_of(fields: Fields, item: int, start: int, end: int) -> list[int]:
    """Return the places in the list of properties that an item has, counted from 1."""
    of_id = 2 if fields.number(start, 1) == 0 else 4
    wide = fields.number(start + 3, 1) & 1
    return [
        place
        for other, places in _entries(fields, start + 4, end, of_id, 1 + wide)
        if other == item
        for place in places
    ]


def _entries(
    fields: Fields, start: int, end: int, of_id: int, of_place: int
) -> Iterator[tuple[int, list[int]]]:
    """Yield each item of the table with the places of its properties.

    Args:
        of_id, of_place: bytes of each; the first bit of a place says something else.
    """
    at, mask = start + 4, (1 << 8 * of_place - 1) - 1
    for _ in range(fields.number(start, 4)):
        fields.part()
        item, count = fields.number(at, of_id), fields.number(at + of_id, 1)
        at += of_id + 1
        if at + count * of_place > end:
            raise fields.error(f"a table that ends at {end}", "a longer one")
        yield item, [fields.number(at + of_place * each, of_place) & mask for each in range(count)]
        at += of_place * count
