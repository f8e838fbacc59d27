"""The heads of requests that a connection has read, so that what comes again is not read again.

Two heads say the same if their bytes are equal. And most that differ do so in two places: the id of
a session in the path, and the key of that session in a consume. All else is known then, and what
stands in those two places has a form in which nothing is hidden. So the first poll of a session
takes 35 us of CPU and not 55, its consume 59 and not 96, and a whole connect 160 and not 226; with
the headers of an SDK 164 and not 256. Most of that is aiohttp's parser.

Rejected: heads that differ in their path alone. A consume behind them met a parser that had not run
for a while, and took longer by as much as the poll had gained.
"""

import re
from typing import NamedTuple, TypeVar

from fake_runway.runway_api.calls import Auth, ReadHead

MOST_HEADS = 64
"""Heads that are kept of a connection, about 1 kB each: it may ask for many worlds in turns."""
LONGEST_HEAD = 4_096
"""Bytes of a head that is kept."""


class KnownHead(NamedTuple):
    """A head that has come before: what it says, and how long the body behind it is."""

    read: ReadHead
    length: int


class KnownHeads:
    """The heads that were answered on one connection.

    Attributes:
        _equal: those that were read, by their bytes.
        _derived: those that were derived from others; so many that none of the former goes for one.
        _alike: what others can be derived from.
        _unlike: the head that was last found to be like none, and its cut: it is kept next.
    """

    __slots__ = ("_alike", "_derived", "_equal", "_unlike")

    def __init__(self) -> None:
        self._equal: dict[bytes, KnownHead] = {}
        self._derived: dict[bytes, KnownHead] = {}
        self._alike: dict[_Frame, KnownHead] = {}
        self._unlike: tuple[bytes, _Cut | None] = b"", None

    def find(self, head: bytes) -> KnownHead | None:
        """Return what a head says, None if too little like it has come before."""
        known = self._equal.get(head) or self._derived.get(head)
        if known is None and self._alike and len(head) <= LONGEST_HEAD:
            known = self._found_alike(head)
        return known

    def _found_alike(self, head: bytes) -> KnownHead | None:
        cut = _cut(head)
        known = None if cut is None else self._alike.get(cut.frame)
        if cut is None or known is None:
            self._unlike = head, cut
            return None
        token = cut.key.decode() or known.read.token
        found = KnownHead(known.read.with_other(name=cut.id.decode(), token=token), known.length)
        if found.read.may_come_again:
            _keep(self._derived, head, found)
        return found

    def keep(self, head: bytes, read: ReadHead, length: int) -> None:
        """Keep what a head says, if another one may say the same or nearly so.

        Args:
            head: `LONGEST_HEAD` bytes at most.
        """
        known = KnownHead(read, length)
        if read.may_come_again:
            _keep(self._equal, head, known)
        seen, cut = self._unlike
        if seen is not head:
            cut = _cut(head)
        if read.operation is None or cut is None:
            return
        if (
            cut.id.decode() == read.name  # else it is a world's
            and head.partition(b"\r\n")[0].count(cut.id) == 1  # or both
            and head.lower().count(b"\nauthorization:") == 1  # else another one counts
            # another token than a key is redacted in other headers by what it is
            and bool(cut.key) is (read.operation.auth is Auth.SESSION_KEY)
        ):
            _keep(self._alike, cut.frame, known)


_Frame = tuple[bytes, bytes, bytes]
"""The bytes of a head before the id in its path, between that and a key, and behind the key."""
_Kept = TypeVar("_Kept", bytes, _Frame)


def _keep(heads: dict[_Kept, KnownHead], kept: _Kept, known: KnownHead) -> None:
    if len(heads) >= MOST_HEADS:
        heads.clear()
    heads[kept] = known


class _Cut(NamedTuple):
    """A head in parts. `key`: empty: its token is no session's key, and stands in the frame."""

    frame: _Frame
    id: bytes
    key: bytes


def _cut(head: bytes) -> _Cut | None:
    """Cut a head where heads that are alike differ; None: it has no such places."""
    in_path = _ID.search(head, 0, head.find(b"\r\n"))
    if in_path is None:
        return None
    begins, ends = in_path.span()
    token = head.find(_AUTHORIZATION, ends)
    if token < 0 and (token := head.find(_AUTHORIZATION_OF_FETCH, ends)) < 0:
        return None
    token += len(_AUTHORIZATION)
    key = _SESSION_KEY.match(head, token)
    after = token if key is None else key.end()
    frame = head[:begins], head[ends:token], head[after:]
    return _Cut(frame, head[begins:ends], head[token:after])


_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=[/ ])")
_SESSION_KEY = re.compile(rb"stk_[0-9a-f]{12}_[0-9a-f]{32}(?=\r\n)")
_AUTHORIZATION = b"\r\nAuthorization: Bearer "
_AUTHORIZATION_OF_FETCH = b"\r\nauthorization: Bearer "
