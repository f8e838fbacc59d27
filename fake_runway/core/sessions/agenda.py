"""Which session is due next.

The problem: a heap of a hundred thousand sessions lies all over the memory, and taking one out
waits for the memory some forty times: 8 of the 15 us of an event. Sorting all that is due at once
would be quicker, and other worlds would have to wait for it. The choice: a heap for each sixteenth
of a second, small enough to stay in a processor's cache, and a heap of those.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import inf

from fake_runway.core.sessions.session import Session

_SLOTS_PER_S = 16


@dataclass(slots=True)
class Agenda:
    """Sessions by `due_at`, of equals the one with the lower ordinal first.

    It may hold versions of sessions that others have replaced since: who reads it has to check.
    """

    _heaps: dict[int, list[Session]] = field(default_factory=dict)  # by slot; none is empty
    _slots: list[int] = field(default_factory=list)  # a heap of the keys
    _length: int = 0

    def __len__(self) -> int:
        return self._length

    def add(self, session: Session) -> None:
        """Add a session; one that is never due is left out."""
        due_at = session.due_at
        if due_at is None or due_at == inf:
            return
        self._length += 1
        slot = int(due_at * _SLOTS_PER_S)
        heap = self._heaps.get(slot)
        if heap is None:
            self._heaps[slot] = [session]
            heappush(self._slots, slot)
        else:
            heappush(heap, session)

    def first(self) -> Session | None:
        """Return the session that is due next, None if none is."""
        return self._heaps[self._slots[0]][0] if self._slots else None

    def remove_first(self) -> None:
        """Remove what `first` returned."""
        slot = self._slots[0]
        heap = self._heaps[slot]
        heappop(heap)
        self._length -= 1
        if not heap:
            del self._heaps[slot]
            heappop(self._slots)

    def keep(self, wanted: Callable[[Session], bool]) -> None:
        """Remove all sessions that are not `wanted`. O(sessions)."""
        kept = {slot: [*filter(wanted, heap)] for slot, heap in self._heaps.items()}
        self._heaps = {slot: heap for slot, heap in kept.items() if heap}
        self._slots = sorted(self._heaps)
        self._length = sum(map(len, self._heaps.values()))
        for heap in self._heaps.values():
            heapify(heap)

    def copy(self) -> "Agenda":
        """Return an independent copy. O(sessions)."""
        heaps = {slot: heap.copy() for slot, heap in self._heaps.items()}
        return Agenda(heaps, self._slots.copy(), self._length)
