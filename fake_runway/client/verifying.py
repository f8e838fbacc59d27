"""Were the right calls made? Expectations about a journal, and why they were not met. Pure.

A verification whose journal has lost calls that may count is refused, not guessed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from fake_runway.client.answers import Exchanges, ExchangeView
from fake_runway.core.text import printable, quoted, short
from fake_runway.core.types import Json

_NEAREST = 3
_MOST_SHOWN = 8
_LONGEST_PATH = 80


class CallMatch(TypedDict, total=False):
    """What a call has to be, to count; None: anything.

    `body` and `query` may have more than what is named; a `body` is compared in depth.
    """

    operation: str | None
    method: str | None
    path: str | None
    session: str | None
    task: str | None
    status: int | None
    fault: str | None
    body: Json | None
    query: Json | None


class VerificationFailed(AssertionError):
    """The calls are not what was expected; the message shows the nearest ones, and what differs."""


_GET: Mapping[str, Callable[[ExchangeView], Any]] = {
    "operation": lambda call: call.operation,
    "method": lambda call: call.method,
    "path": lambda call: call.path,
    "session": lambda call: call.session,
    "task": lambda call: call.task,
    "status": lambda call: call.status,
    "fault": lambda call: call.faults,
    "body": lambda call: call.request.body,
    "query": lambda call: call.request.query,
}


@dataclass(frozen=True)
class Expected:
    """What calls are expected: which, and how many."""

    match: CallMatch
    least: int
    most: int | None

    @classmethod
    def of(
        cls, calls: int | None, at_least: int | None, at_most: int | None, match: CallMatch
    ) -> "Expected":
        """Return what the arguments of `verify` mean; without a number: at least one.

        Raises:
            ValueError: they contradict each other, or `match` has an unknown part.
        """
        if calls is not None and (at_least is not None or at_most is not None):
            raise ValueError("expected calls, or at_least and at_most, got both")
        if any(each is not None and each < 0 for each in (calls, at_least, at_most)):
            raise ValueError("expected a number of calls, got a negative one")
        if unknown := sorted(set(match) - set(_GET)):
            raise ValueError(f"expected any of {', '.join(_GET)}, got {unknown[0]!r}")
        if calls is not None:
            return cls(match, calls, calls)
        if at_least is None:
            at_least = 1 if at_most is None else 0
        if at_most is not None and at_most < at_least:
            raise ValueError(f"expected at_most of {at_least} or more, got {at_most}")
        return cls(match, at_least, at_most)

    def check(self, journal: Exchanges) -> tuple[ExchangeView, ...]:
        """Return the calls that count.

        Raises:
            VerificationFailed: they are too few, too many, or no longer to be counted.
        """
        found = tuple(call for call in journal if not _differences(call, self.match))
        if self.most is not None and len(found) > self.most:
            raise VerificationFailed(self._message(journal, found))
        if journal.gone and (self.most is not None or len(found) < self.least):
            raise VerificationFailed(
                f"expected {self}; the journal no longer has {journal.gone} calls that may"
                " count: serve with a larger --journal"
            )
        if len(found) < self.least:
            raise VerificationFailed(self._message(journal, found))
        return found

    def __str__(self) -> str:
        if self.most == 0:
            number = "no call"
        elif self.least == self.most:
            number = f"exactly {_calls(self.least)}"
        elif self.most is None:
            number = f"at least {_calls(self.least)}"
        elif not self.least:
            number = f"at most {_calls(self.most)}"
        else:
            number = f"{self.least} to {_calls(self.most)}"
        return f"{number}{_with(self.match)}"

    def _message(self, journal: Exchanges, found: Sequence[ExchangeView]) -> str:
        lines = [f"expected {self}, got {len(found)} of {_calls(len(journal))}"]
        lines += [f"  {_line(call)}  counts" for call in found[:_MOST_SHOWN]]
        if len(found) > _MOST_SHOWN:
            lines.append(f"  ... and {len(found) - _MOST_SHOWN} more")
        if len(found) < self.least:
            lines += _near_misses(journal, self.match)
        return "\n".join(lines)


def check_order(journal: Exchanges, wanted: Sequence[str | CallMatch]) -> tuple[ExchangeView, ...]:
    """Return one call for each that is wanted, in this order; others may lie between them.

    Args:
        wanted: each a match, or the id of an operation.

    Raises:
        VerificationFailed: one is missing after those before it.
    """
    matches = [CallMatch(operation=each) if isinstance(each, str) else each for each in wanted]
    if journal.gone:
        raise VerificationFailed(
            f"the journal no longer has {journal.gone} calls that may count: serve with a"
            " larger --journal"
        )
    calls = iter(journal)
    found: list[ExchangeView] = []
    for number, match in enumerate(matches, 1):
        call = next((call for call in calls if not _differences(call, match)), None)
        if call is None:
            order = ", then ".join(f"a call{_with(each)}" for each in matches)
            lines = [f"expected {order}; number {number} did not come"]
            lines += [f"  {_line(each)}  is number {at}" for at, each in enumerate(found, 1)]
            after = [each for each in journal if not found or each.number > found[-1].number]
            raise VerificationFailed("\n".join([*lines, *_near_misses(after, match)]))
        found.append(call)
    return tuple(found)


def _calls(number: int) -> str:
    return f"{number} call" if number == 1 else f"{number} calls"


def _with(match: CallMatch) -> str:
    parts = [f"{name} {_value(value)}" for name, value in match.items() if value is not None]
    return f" with {', '.join(parts)}" if parts else ""


def _near_misses(calls: Sequence[ExchangeView] | Exchanges, match: CallMatch) -> Iterator[str]:
    """Yield the calls that come nearest, each with what differs."""
    missed = [(call, found) for call in calls if (found := _differences(call, match))]
    if not missed:
        yield "  there were no other calls"
        return
    yield "the nearest:"
    for call, found in sorted(missed, key=lambda each: len(each[1]))[:_NEAREST]:
        yield f"  {_line(call)}"
        yield from (f"      {each}" for each in found[:_MOST_SHOWN])


def _line(call: ExchangeView) -> str:
    status = "no answer" if call.status is None else call.status
    path = printable(short(call.path, _LONGEST_PATH))
    faults = f" ({', '.join(map(printable, call.faults))})" if call.faults else ""
    return f"#{call.number} {call.operation or 'unknown'}: {call.method} {path} -> {status}{faults}"


def _differences(call: ExchangeView, match: CallMatch) -> list[str]:
    """Return in what a call differs from a match; empty: it counts."""
    return [
        difference
        for name, wanted in match.items()
        if wanted is not None
        for difference in _of_part(name, wanted, _GET[name](call))
    ]


def _of_part(name: str, wanted: Any, got: Any) -> Iterator[str]:
    if name == "fault":
        if wanted not in got:
            struck = _value(", ".join(got)) if got else "none"
            yield f"fault: expected {_value(wanted)}, got {struck}"
    elif isinstance(wanted, Mapping):
        yield from _in_depth(name, wanted, got)
    elif wanted != got:
        yield f"{name}: expected {_value(wanted)}, got {_value(got)}"


def _in_depth(place: str, wanted: Any, got: Any) -> Iterator[str]:
    """Yield where `got` lacks something of `wanted`, or has something else."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for key, part in wanted.items():
            if key in got:
                yield from _in_depth(f"{place}.{key}", part, got[key])
            else:
                yield f"{place}.{printable(str(key))}: expected {_value(part)}, got nothing"
    elif wanted != got:
        yield f"{place}: expected {_value(wanted)}, got {_value(got)}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return printable(short(value, _LONGEST_PATH))
    try:
        return quoted(value)
    except TypeError:  # a value that compares, such as mock.ANY
        return repr(value)
