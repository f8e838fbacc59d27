"""What `http_calls.py` measured, as figures with goals: each says its best and its worst case."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.http_cases import Case, Headers, Kind
from benchmarks.http_contestants import CONDITIONS
from benchmarks.report import Row, against, ratios

POLLS = (Kind.GET_READY, Kind.GET_NOT_READY)


@dataclass(slots=True)
class Measured:
    """The results of one contestant in one case: an entry for each round.

    Attributes:
        rates: requests per second.
        cpu_us: CPU microseconds of the server's processes for each request.
        busy: the part of its core that the load used.
        failures: the first answers other than 2xx.
    """

    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: int = 0


Results = Mapping[tuple[str, Case], Measured]
"""By the key of the contestant and the case."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Ratios of the fake against others, in some cases.

    Attributes:
        goal: that each of the cases has to reach; None: only watched.
        ours: the key of the fake, or of one under a condition.
    """

    what: str
    goal: float | None
    kinds: Sequence[Kind]
    headers: Sequence[Headers]
    against: Sequence[str]
    ours: str = "ours"


@dataclass(frozen=True, slots=True)
class Pair:
    """A case of a figure: the ratios of all rounds, above 1 where ours is better."""

    name: str
    by_rate: Sequence[float]
    by_cpu: Sequence[float]


def figures() -> Iterator[Figure]:
    """Yield all figures, in the order of the table."""
    both = tuple(Headers)
    steady = ("steady", "steady-whole")
    others = ("prism", "mockoon", "wiremock", "express")
    for headers, x_steady in ((Headers.TWO, 1.5), (Headers.SDK, 3.0)):
        name = f"{headers.value} headers"
        yield Figure(f"GET x bare, {name}", 0.9, POLLS, [headers], ["bare"])
        yield Figure(f"GET x Steady, {name}", x_steady, POLLS, [headers], steady)
    for headers in Headers:
        name = f"{headers.value} headers"
        yield Figure(f"POST x bare, {name}", 0.7, [Kind.CREATE], [headers], ["bare"])
        yield Figure(f"POST x Steady, {name}", 1.5, [Kind.CREATE], [headers], steady)
    yield Figure("whole connect x before", 2.0, [Kind.CONNECT], both, ["before"])
    yield Figure("GET x before", None, POLLS, both, ["before"])
    yield Figure("POST x before", None, [Kind.CREATE], both, ["before"])
    yield Figure("whole connect x bare", None, [Kind.CONNECT], both, ["bare"])
    # a mock without state must not be faster in anything
    yield Figure("whole connect x Steady", 1.0, [Kind.CONNECT], both, ["steady"])
    for what, kinds in (
        ("GET", POLLS),
        ("POST", (Kind.CREATE,)),
        ("whole connect", (Kind.CONNECT,)),
    ):
        yield Figure(f"{what} x Prism, Mockoon, WireMock, Express", 1.0, kinds, both, others)
    for condition, name in CONDITIONS.items():
        yield Figure(f"{name}, x plain", 0.9, tuple(Kind), both, ["ours"], condition)


def pairs(figure: Figure, results: Results) -> list[Pair]:
    """Return the measured cases of a figure, the worst one by CPU time first."""
    found = []
    for case in (Case(kind, headers) for kind in figure.kinds for headers in figure.headers):
        for key in figure.against:
            ours, theirs = results.get((figure.ours, case)), results.get((key, case))
            if ours is None or theirs is None:
                continue
            name = f"{case}, {key}" if len(figure.against) > 1 else str(case)
            by_cpu = ratios(theirs.cpu_us, ours.cpu_us)
            found.append(Pair(name, ratios(ours.rates, theirs.rates), by_cpu))
    return sorted(found, key=lambda pair: median(pair.by_cpu))


def rows(results: Results) -> Iterator[Row]:
    """Yield a row for each figure that was measured."""
    for figure in figures():
        found = pairs(figure, results)
        if not found:
            continue
        worst, best = found[0], found[-1]
        yield (
            figure.what,
            "watched" if figure.goal is None else verdict(found, figure.goal),
            worst.name,
            spread(worst.by_rate),
            spread(worst.by_cpu),
            best.name if best is not worst else "the only one",
            spread(best.by_rate),
            spread(best.by_cpu),
        )


def verdict(found: Sequence[Pair], goal: float) -> str:
    """Say whether all cases reach a goal, by rate as well as by CPU time."""
    by_rate = min(median(pair.by_rate) for pair in found) >= goal
    by_cpu = min(median(pair.by_cpu) for pair in found) >= goal
    text = against(f"at least {goal:g}", met=by_rate and by_cpu)
    if by_rate != by_cpu:
        text += " by rate" if by_cpu else " by CPU"
    return text


HEAD = ("figure", "goal", "worst case", "by rate", "by CPU", "best case", "by rate", "by CPU")


def spread(values: Iterable[float]) -> str:
    """Return the median and, in brackets, the least and the most."""
    ordered = sorted(values)
    return f"{median(ordered):.2f} ({ordered[0]:.2f} to {ordered[-1]:.2f})"
