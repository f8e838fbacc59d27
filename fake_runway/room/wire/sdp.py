"""Session descriptions as text: what clients need in them and aiortc does not write.

Only lines are moved, dropped and added; nothing is parsed beyond the lines that matter here.

Remote candidates are dropped. Ours are the only ones that are needed: a client's checks come to
them, whatever its addresses are. And aioice would ask the network for the `*.local` names by which
browsers hide addresses.

Source: RFC 8866 for the form, RFC 8852 for the RID extensions, LiveKit's clients for the stream id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LARGEST_SDP = 128 * 1024
"""Characters of an offer or answer; a browser with camera and microphone sends about 20 kB."""
MOST_SECTIONS = 64
_BEGINNING = 200  # characters, in which the origin stands

_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_RID_EXTENSIONS = frozenset(
    {
        "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    }
)
_CANDIDATES = ("a=candidate:", "a=end-of-candidates", "a=remote-candidates:")


class BadDescription(Exception):
    """A session description that cannot be answered. The message says why."""


@dataclass(frozen=True, slots=True)
class Section:
    """One media section.

    Attributes:
        mid: its id.
        kind: audio, video or application.
        direction: as its sender sees it.
        lines: all of it.
    """

    mid: str
    kind: str
    direction: str
    lines: tuple[str, ...]

    @property
    def track(self) -> str:
        """The id of the track that is sent in it; empty if none is."""
        if self.direction not in ("sendrecv", "sendonly"):
            return ""
        return next(
            (line.partition(" ")[2] for line in self.lines if line.startswith("a=msid:")), ""
        )


def sections(sdp: str) -> list[Section]:
    """Return the media sections of a description, in order.

    Raises:
        BadDescription: it is too large, or has none, too many, or one without an id.
    """
    return _split(sdp)[1]


def without_candidates(sdp: str) -> str:
    """Return a description without the addresses of its sender."""
    return _joined(line for line in sdp.splitlines() if not line.startswith(_CANDIDATES))


def is_of_firefox(sdp: str) -> bool:
    """Return whether Firefox has written a description: the line of its origin says so."""
    return any(line.startswith("o=mozilla") for line in sdp[:_BEGINNING].splitlines())


def answer_text(answer: str, offer: str, tracks: Mapping[str, str]) -> str:
    """Return the answer that clients understand.

    The sections of the avatar's tracks get stream ids that name participant and track; without
    them a client drops the track. Each video section gets the RID extensions of the offer back:
    Chromium reads their absence as a refusal of its simulcast camera for good.

    Args:
        tracks: by mid, what stands behind `a=msid:`, see `stream_id`.
    """
    offered = {section.mid: section for section in sections(offer)}
    head, answered = _split(answer)
    lines = list(head)
    for section in answered:
        asked = offered.get(section.mid)
        rids = _rid_lines(asked) if asked is not None and section.kind == "video" else []
        lines += _with_stream(section, tracks.get(section.mid))
        lines += [line for line in rids if line not in section.lines]
    return _joined(lines)


def offer_text(offer: str, tracks: Mapping[str, str]) -> str:
    """Return an offer of ours with the stream ids of the avatar's tracks; see `answer_text`."""
    head, offered = _split(offer)
    lines = list(head)
    for section in offered:
        lines += _with_stream(section, tracks.get(section.mid))
    return _joined(lines)


def stream_id(participant_sid: str, track_sid: str) -> str:
    """Return what names a participant's track: the client splits it at the bar."""
    return f"{participant_sid}|{track_sid} {track_sid}"


def receiving(offered: list[Section], kind: str) -> str:
    """Return the id of the section of a kind in which the client receives, "" if there is none.

    It is the first in which it does nothing else: LiveKit's clients send in sections of their own.
    Where there is none, it is the first in which it may send as well, as WHEP allows.
    """
    for direction in ("recvonly", "sendrecv"):
        for each in offered:
            if each.kind == kind and each.direction == direction:
                return each.mid
    return ""


def _with_stream(section: Section, stream: str | None) -> Iterator[str]:
    if stream is None:
        yield from section.lines
        return
    for line in section.lines:
        if not line.startswith("a=msid:"):
            yield line
    yield f"a=msid:{stream}"


def _rid_lines(section: Section) -> list[str]:
    extensions = (line for line in section.lines if line.startswith("a=extmap:"))
    return [line for line in extensions if not _RID_EXTENSIONS.isdisjoint(line.split(" "))]


def _split(sdp: str) -> tuple[list[str], list[Section]]:
    if len(sdp) > LARGEST_SDP:
        raise BadDescription(
            f"expected a description of at most {LARGEST_SDP} characters, got {len(sdp)}"
        )
    head: list[str] = []
    parts: list[list[str]] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            parts.append([])
        (parts[-1] if parts else head).append(line)
    if not 0 < len(parts) <= MOST_SECTIONS:
        raise BadDescription(f"expected 1 to {MOST_SECTIONS} media sections, got {len(parts)}")
    return head, [_section(lines) for lines in parts]


def _section(lines: list[str]) -> Section:
    kind = lines[0].removeprefix("m=").partition(" ")[0]
    mid = next((line.removeprefix("a=mid:") for line in lines if line.startswith("a=mid:")), "")
    if not mid:
        raise BadDescription(f"expected an id (a=mid) in each section, got none for {kind[:20]!r}")
    directions = (line.removeprefix("a=") for line in lines if line[2:] in _DIRECTIONS)
    return Section(mid, kind, next(directions, "sendrecv"), tuple(lines))


def _joined(lines: Iterator[str] | list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
