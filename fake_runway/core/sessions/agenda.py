"""Which session or task is due next.

The problem: a heap of a hundred thousand sessions lies all over the memory, and taking one out
waits for the memory some forty times: 8 of the 15 us of an event. Sorting all that is due at once
would be quicker, and other worlds would have to wait for it. The choice: a heap for each sixteenth
of a second, small enough to stay in a processor's cache, and a heap of those.
"""

from collections.abc import Callable
from dataclasses import field
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any, Generic, Protocol, TypeVar

from fake_runway.core.values import dataclass

_SLOTS_PER_S = 16


class Due(Protocol):
    """A value that something happens to by itself, at `due_at`; it sorts by that first."""

    @property
    def due_at(self) -> float | None: ...
    def __lt__(self, other: Any, /) -> bool: ...


D = TypeVar("D", bound=Due)


@dataclass(slots=True)
class Agenda(Generic[D]):
    """Sessions and tasks by `due_at`; of equals as they sort: sessions first, by their ordinals.

    It may hold versions that others have replaced since: who reads it has to check.
    """

    _heaps: dict[int, list[D]] = field(default_factory=dict)  # by slot; none is empty
    _slots: list[int] = field(default_factory=list)  # a heap of the keys
    _length: int = 0

    def __len__(self) -> int:
        return self._length

    def add(self, session: D) -> None:
        """Add one; what is never due is left out."""
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

    def first(self) -> D | None:
        """Return what is due next, None if nothing is."""
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

    def keep(self, wanted: Callable[[D], bool]) -> None:
        """Remove all that are not `wanted`. O(length)."""
        kept = {slot: [*filter(wanted, heap)] for slot, heap in self._heaps.items()}
        self._heaps = {slot: heap for slot, heap in kept.items() if heap}
        self._slots = sorted(self._heaps)
        self._length = sum(map(len, self._heaps.values()))
        for heap in self._heaps.values():
            heapify(heap)

    def copy(self) -> "Agenda[D]":
        """Return an independent copy. O(length)."""
        heaps = {slot: heap.copy() for slot, heap in self._heaps.items()}
        return Agenda(heaps, self._slots.copy(), self._length)
