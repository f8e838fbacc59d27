"""One situation as a sequence of rows between three lifelines. Pure; `svg.py` places them.

Rows are evenly spaced: most events of a connect lie milliseconds apart, the others seconds, so that
a scale of time would show neither. The time stands beside each row instead. Equal polls in a row
are folded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from contracts.judge.case import Context
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.situation import CallerRequest, Expect, Situation
from contracts.report.findings import began
from contracts.report.redaction import Redaction, short


class Lane(StrEnum):
    """A lifeline, from left to right."""

    BROWSER = "browser"
    GATEWAY = "gateway"
    FAKE = "fake Runway"


class Tone(Enum):
    """The meaning of a row's colour."""

    PLAIN = "plain"
    GOOD = "good"  # what was expected
    BAD = "bad"  # what was not expected
    TROUBLE = "trouble"  # an error of Runway, injected or real


@dataclass(frozen=True)
class Arrow:
    """A message.

    Attributes:
        at_s: since the first call of the situation, like all times here.
        detail: a second line.
        lost: it does not arrive.
    """

    at_s: float
    source: Lane
    to: Lane
    label: str
    detail: str = ""
    tone: Tone = Tone.PLAIN
    lost: bool = False


@dataclass(frozen=True)
class Mark:
    """A session's change of state, on the fake's lifeline."""

    at_s: float
    label: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class DeadlineLine:
    """The declared deadline, across all lifelines."""

    at_s: float
    label: str


@dataclass(frozen=True)
class Fold:
    """Stands for rows that are left out."""

    at_s: float
    label: str


Row = Arrow | Mark | DeadlineLine | Fold
_MOST_ROWS = 90
_REPEATS = 4  # equal units from which on the middle ones are folded

EXPECTED = {
    Expect.SUCCESS: "2xx with credentials",
    Expect.FAILURE: "a JSON error, not 2xx",
    Expect.REFUSAL: "4xx, and no session",
    Expect.EITHER: "credentials, or a JSON error",
    Expect.NO_ANSWER: "nothing: the caller leaves",
}


def as_expected(situation: Situation, answer: TargetAnswer) -> bool:
    """Return whether a correct gateway could give this answer."""
    match situation.expect:
        case Expect.SUCCESS:
            return answer.ok
        case Expect.FAILURE:
            return answer.status is not None and not answer.ok
        case Expect.REFUSAL:
            return answer.status is not None and 400 <= answer.status < 500
        case Expect.EITHER:
            return answer.status is not None
        case Expect.NO_ANSWER:
            return answer.status is None


def sequence(
    seen: Observation, context: Context, redact: Redaction, *, broken: bool
) -> tuple[Row, ...]:
    """Return the rows of a situation, earliest first.

    Args:
        broken: there is a finding, so that no answer is marked as right.
    """
    zero = began(seen)
    ranked = [
        *_callers(seen, redact, broken=broken),
        *_upstream(seen, redact),
        *_moves(seen, redact),
    ]
    rows = [row for _, row in sorted(ranked, key=lambda each: each[0])]
    rows = [replace(row, at_s=row.at_s - zero) for row in rows]
    if rows and rows[-1].at_s > context.timeout_s * 0.9:
        deadline = DeadlineLine(context.timeout_s, f"declared deadline {context.timeout_s:g}s")
        rows = sorted([*rows, deadline], key=lambda row: row.at_s)
    return tuple(_shortened(_folded(_folded(rows, 2), 1)))


Rank = tuple[float, int, float]
"""Instant, number of the exchange, place in it: the order of simultaneous rows."""
_LAST = 1 << 40


def _callers(seen: Observation, redact: Redaction, *, broken: bool) -> Iterator[tuple[Rank, Row]]:
    situation, several = seen.situation, len(seen.answers) > 1
    asked = f"avatar {redact.line(seen.avatar)}" if seen.avatar else ""
    if situation.request != CallerRequest():
        asked = redact.line(seen.answer.sent) or "(empty body)"
    fine = Tone.PLAIN if broken else Tone.GOOD
    for index, answer in enumerate(seen.answers, start=1):
        caller = f", caller {index}" if several else ""
        label = f"{answer.method}{caller if several else f' {short(asked, 33)}'}"
        yield (answer.sent_at, -1, 0), Arrow(answer.sent_at, Lane.BROWSER, Lane.GATEWAY, label)
        good = as_expected(situation, answer)
        lanes = Lane.GATEWAY, Lane.BROWSER
        if answer.status is None:
            label = f"{redact.line(answer.failure)} after {answer.took_s:.1f}s{caller}"
            lanes = lanes if situation.leaves_after_s is None else lanes[::-1]
        else:
            label = f"{answer.status}{caller} {_content(answer, redact)}"
        yield (
            (answer.came_at, _LAST, 0),
            Arrow(
                answer.came_at,
                *lanes,
                short(label, 38),
                detail="" if several and good else f"expected: {EXPECTED[situation.expect]}",
                tone=fine if good else Tone.BAD,
                lost=answer.status is None,
            ),
        )


def _content(answer: TargetAnswer, redact: Redaction) -> str:
    """Return a body for a label: its error, the names of its fields, or its beginning."""
    fields = answer.fields
    if fields:
        if isinstance(error := fields.get("error"), str):
            return redact.line(error)
        return "{" + ", ".join(redact.line(str(name)) for name in fields) + "}"
    return redact.line(answer.body[:400]) or "(empty body)"


def _upstream(seen: Observation, redact: Redaction) -> Iterator[tuple[Rank, Row]]:
    for call in seen.upstream:
        path = call.path
        if call.session:
            path = path.replace(call.session, short(call.session, 9))
        if call.bypass is not None:
            path = f"{call.bypass[0]}{path}"  # it went past the base URL
        label = short(redact.line(f"{call.method} {path}"), 52)
        yield (call.at, call.number, 0), Arrow(call.at, Lane.GATEWAY, Lane.FAKE, label)
        at = call.at + call.wait_s
        cut = "" if call.arrives else ", cut off"
        reply = f"{call.status}{cut} {call.shown_text}" if call.status else "no answer"
        faults = f"injected: {', '.join(call.faults)}" if call.faults else ""
        trouble = call.faults or not call.arrives or call.status is None or call.status >= 400
        yield (
            (at, call.number, 2),
            Arrow(
                at,
                Lane.FAKE,
                Lane.GATEWAY,
                short(redact.line(reply.rstrip()), 52),
                detail=short(redact.line(faults), 52),
                tone=Tone.TROUBLE if trouble else Tone.PLAIN,
                lost=call.status is None or not call.arrives,
            ),
        )


def _moves(seen: Observation, redact: Redaction) -> Iterator[tuple[Rank, Row]]:
    """Yield the marks; those that an exchange caused rank between its request and its reply."""
    for session in seen.sessions:
        causes = {call.at: call.number for call in seen.upstream if call.session == session.id}
        for at, event, after in session.moves:
            label = redact.line(f"{after} ({event})")
            tone = Tone.TROUBLE if after == "failed" else Tone.PLAIN
            yield (at, causes.get(at, -1), 1), Mark(at, short(label, 28), tone)


def _folded(rows: Sequence[Row], size: int) -> list[Row]:
    """Fold the middle of a series of units of `size` rows that differ in nothing but time."""
    timeless = [replace(row, at_s=0) for row in rows]
    kept: list[Row] = []
    at = 0
    while at < len(rows):
        unit = timeless[at : at + size]
        end = at + size
        while len(unit) == size and timeless[end : end + size] == unit:
            end += size
        count = (end - at) // size
        if count < _REPEATS or any(isinstance(row, Fold) for row in unit):
            kept.append(rows[at])
            at += 1
            continue
        first, last = rows[at], rows[end - size]
        apart_s = (last.at_s - first.at_s) / (count - 1)
        label = f"{count - 2} more of the same, one each {apart_s:.2g}s"
        kept += [*rows[at : at + size], Fold(rows[at + size].at_s, label), *rows[end - size : end]]
        at = end
    return kept


def _shortened(rows: Sequence[Row]) -> list[Row]:
    if len(rows) <= _MOST_ROWS:
        return list(rows)
    head, tail = _MOST_ROWS * 2 // 3, _MOST_ROWS // 3
    left_out = rows[head:-tail]
    return [*rows[:head], Fold(left_out[0].at_s, f"{len(left_out)} more rows"), *rows[-tail:]]
