"""The size and length of Matroska and WebM: from its `Info` and its `Tracks`.

A file is a tree of elements: an id, a size, and the content. Clusters of frames follow what
describes them, so they are not looked at, and a file without end (of a live recording) is read as
any. Such a one often has no length. Source: RFC 8794, RFC 9559.
"""

from collections.abc import Iterator
from struct import unpack
from typing import NamedTuple

from fake_runway.media.fields import Description, Fields

_SEGMENT, _INFO, _TRACKS, _CLUSTER = (*(0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675),)
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TRACK, _TYPE, _VIDEO = 0xAE, 0x83, 0xE0
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _UNIT = 0xB0, 0xBA, 0x54B0, 0x54BA, 0x54B2
_PICTURES = 1
_IN_PIXELS = 0
_USUAL_SCALE = 1_000_000  # nanoseconds


class _Element(NamedTuple):
    id: int
    start: int
    end: int


def read_matroska(content: bytes) -> Description:
    """Return the size and length of a film, or the length of a sound.

    Raises:
        UnreadableMedia: the file does not describe its tracks, or is damaged.
    """
    fields = Fields(content, "Matroska or WebM")
    segment = next((one for one in _elements(fields, 0, len(content)) if one.id == _SEGMENT), None)
    if segment is None:
        raise fields.error("a segment", "none")
    info = tracks = None
    for one in _elements(fields, segment.start, segment.end):
        if one.id == _INFO:
            info = one
        elif one.id == _TRACKS:
            tracks = one
        if tracks is not None and (info is not None or one.id == _CLUSTER):
            break  # a writer that comes back to the length does so in what stands before
    if tracks is None:
        raise fields.error("a description of its tracks", "none")
    seconds = None if info is None else _seconds(fields, info)
    sizes = [size for one in _inside(fields, tracks, _TRACK) if (size := _shown(fields, one))]
    if not sizes:
        return Description("audio/webm", "audio", seconds=seconds)
    width, height = max(sizes)
    fields.picture(width, height, "")
    return Description("video/webm", "video", width, height, seconds)


def _elements(fields: Fields, start: int, end: int) -> Iterator[_Element]:
    """Yield the elements of a part of a file; one of unknown size goes to the end of its parent.

    A segment may be cut off, so what is read first counts; anything else ends in its parent.
    """
    at = start
    while at < end:
        fields.part()
        first = fields.number(at, 1)
        of_id = 9 - first.bit_length()
        if of_id > 4:
            raise fields.error(f"the id of an element at {at}", f"{first:#04x}")
        id_, at = fields.number(at, of_id), at + of_id
        of_size = 9 - fields.number(at, 1).bit_length()
        if of_size > 8:
            raise fields.error(f"a size at {at}", "0")
        size, at = fields.number(at, of_size) & (1 << 7 * of_size) - 1, at + of_size
        is_open = size == (1 << 7 * of_size) - 1
        until = end if is_open or id_ == _SEGMENT else at + size
        if until > end and id_ != _CLUSTER:
            raise fields.error(f"an element inside of {start} to {end}", f"one of {size} bytes")
        yield _Element(id_, at, until)
        at = until


def _inside(fields: Fields, parent: _Element, *ids: int) -> list[_Element]:
    """Return the elements with one of these ids in another."""
    return [one for one in _elements(fields, parent.start, parent.end) if one.id in ids]


def _numbers(fields: Fields, parent: _Element, *ids: int) -> dict[int, int]:
    """Return whole numbers of an element by their ids; those that are not there are left out."""
    found = {}
    for one in _inside(fields, parent, *ids):
        if one.end - one.start > 8:
            raise fields.error("a number of 8 bytes at most", f"{one.end - one.start}")
        found[one.id] = fields.number(one.start, one.end - one.start)
    return found


def _seconds(fields: Fields, info: _Element) -> float | None:
    scale = _numbers(fields, info, _SCALE).get(_SCALE, _USUAL_SCALE)
    for one in _inside(fields, info, _DURATION):
        size = one.end - one.start
        if size not in (4, 8):
            raise fields.error("a duration of 4 or 8 bytes", f"{size}")
        (ticks,) = unpack(">f" if size == 4 else ">d", fields.slice(one.start, size))
        return fields.seconds(ticks * scale, 1_000_000_000) or None
    return None


def _shown(fields: Fields, track: _Element) -> tuple[int, int] | None:
    """Return the size of a track of pictures as it is shown; None: it has none."""
    if _numbers(fields, track, _TYPE).get(_TYPE) != _PICTURES:
        return None
    for video in _inside(fields, track, _VIDEO):
        found = _numbers(fields, video, _WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _UNIT)
        size = found.get(_WIDTH, 0), found.get(_HEIGHT, 0)
        if found.get(_UNIT, _IN_PIXELS) != _IN_PIXELS:
            return size
        return found.get(_SHOWN_WIDTH, size[0]), found.get(_SHOWN_HEIGHT, size[1])
    raise fields.error("the size of each track of pictures", "none")
