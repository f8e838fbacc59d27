"""Counts of what a journal no longer keeps.

The problem: a journal is bounded, and an answer that takes what is left for all that there was says
"none" where it should say "1,100, no longer kept". The choice: what is evicted is counted, by the
facts that filters ask for and by resource. The counts are bounded too: beyond `MOST_SUBJECTS` the
resource that was heard of longest ago is no longer counted apart, and beyond `MOST_KINDS` neither
method nor faults are. An answer that would need those says so, and never guesses.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT, Subject

MOST_SUBJECTS = 2_000
MOST_KINDS = 1_000


class CallKind(NamedTuple):
    """The facts of an exchange by which it is counted. None: no longer counted apart."""

    operation: str
    status: int
    method: str | None
    faults: tuple[str, ...] | None


class Counted(NamedTuple):
    """How many of the evicted entries are meant: certainly, and perhaps as well."""

    certain: int = 0
    uncertain: int = 0


@dataclass(slots=True)
class _About:
    """What was evicted about one resource."""

    others: int = 0
    _calls: Counter[int] | None = None

    @property
    def calls(self) -> Counter[int]:
        """Its calls by the number of their kind; most evicted entries are moves, so often none."""
        if self._calls is None:
            self._calls = Counter()
        return self._calls

    def take(self, other: "_About") -> None:
        """Count what was evicted about another resource as well, and empty that."""
        self.others += other.others
        other.others = 0
        if other._calls:
            mine = self.calls
            for number, count in other._calls.items():
                mine[number] += count
            other._calls = None


class Evicted:
    """What one journal no longer keeps, in numbers.

    Attributes:
        acts, moves: how many.
        newest_call: the number of the newest evicted exchange, -1 if there is none.
    """

    def __init__(self) -> None:
        self.acts = 0
        self.moves = 0
        self.newest_call = -1
        self._kinds: list[CallKind] = []
        self._calls: list[int] = []  # by the number of the kind: its place among all kinds
        self._numbers: dict[CallKind, int] = {}
        self._about: OrderedDict[Subject, _About] = OrderedDict()  # heard of longest ago first
        self._merged = _About()  # of the resources that are no longer counted apart

    @property
    def calls(self) -> int:
        """How many exchanges were evicted."""
        return sum(self._calls)

    def add_call(self, kind: CallKind, subject: Subject, number: int) -> None:
        """Count an exchange, the newest one that is evicted."""
        kind_number = self._numbers.get(kind)
        if kind_number is None:
            kind_number = self._number_of(kind)
        self._calls[kind_number] += 1
        self.newest_call = number
        if subject != NO_SUBJECT:
            self._of(subject).calls[kind_number] += 1

    def _number_of(self, kind: CallKind) -> int:
        if len(self._kinds) >= MOST_KINDS:
            kind = kind._replace(method=None, faults=None)
        number = self._numbers.setdefault(kind, len(self._kinds))
        if number == len(self._kinds):
            self._kinds.append(kind)
            self._calls.append(0)
        return number

    def add_act(self, subject: Subject) -> None:
        """Count an act."""
        self.acts += 1
        if subject != NO_SUBJECT:
            self._of(subject).others += 1

    def add_move(self, subject: Subject) -> None:
        """Count a change of a resource."""
        self.moves += 1
        self._of(subject).others += 1

    def _of(self, subject: Subject) -> _About:
        about = self._about.get(subject)
        if about is not None:
            self._about.move_to_end(subject)
            return about
        if len(self._about) < MOST_SUBJECTS:
            about = self._about[subject] = _About()
            return about
        _, about = self._about.popitem(last=False)
        self._merged.take(about)  # emptied, it serves the next one: a create evicts twice
        self._about[subject] = about
        return about

    def about(self, subject: Subject) -> Counted:
        """Return how many entries about a resource were evicted."""
        merged = self._merged.calls.total() + self._merged.others
        if (about := self._about.get(subject)) is not None:
            return Counted(about.calls.total() + about.others, merged)
        return Counted(0, merged)

    def matching(
        self, filters: Mapping[str, Any], subjects: frozenset[Subject], *, since: int = 0
    ) -> Counted:
        """Return how many exchanges that match were evicted.

        Args:
            filters: `operation`, `method`, `status` and `fault`, each if it is to be matched.
            subjects: the resource that they are about; empty: any.
            since: the number of the first exchange that counts.
        """
        if since > self.newest_call:
            return Counted()
        certain = uncertain = 0
        for kind, count, known in self._counts(subjects):
            fits = _fits(kind, filters)
            if fits and known and since == 0:
                certain += count
            elif fits is not False:
                uncertain += count
        return Counted(certain, uncertain)

    def _counts(self, subjects: frozenset[Subject]) -> Iterator[tuple[CallKind, int, bool]]:
        """Yield how many there are of each kind, and whether they are certainly about these."""
        if not subjects:
            counts = zip(self._kinds, self._calls, strict=True)
            yield from ((kind, count, True) for kind, count in counts)
            return
        if len(subjects) > 1:  # no exchange is about two
            return
        [subject] = subjects
        if (about := self._about.get(subject)) is not None:
            yield from ((self._kinds[number], count, True) for number, count in about.calls.items())
        merged = self._merged.calls.items()
        yield from ((self._kinds[number], count, False) for number, count in merged)

    def copy(self) -> "Evicted":
        """Return an independent copy."""
        return deepcopy(self)


def _fits(kind: CallKind, filters: Mapping[str, Any]) -> bool | None:
    """Return whether exchanges of a kind match; None: that is not known any more."""
    if filters.get("operation", kind.operation) != kind.operation:
        return False
    # a text in a query, a number in a body
    if filters.get("status", kind.status) not in (kind.status, str(kind.status)):
        return False
    if "method" in filters and kind.method not in (None, filters["method"]):
        return False
    if "fault" in filters and kind.faults is not None and filters["fault"] not in kind.faults:
        return False
    unknown = ("method" in filters and kind.method is None) or (
        "fault" in filters and kind.faults is None
    )
    return None if unknown else True
