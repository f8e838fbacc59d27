"""One situation as a sequence of rows between three lifelines. Pure; `svg` draws it.

Rows are evenly spaced: a connect does most of what matters within milliseconds, and then nothing
for seconds, so a scale of time would show neither. The time stands beside each row instead. What
repeats itself is folded, because thirty equal looks are one thing that was seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from contracts.judge.case import Context, Expect, Situation
from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall
from contracts.report.findings import began
from contracts.report.redaction import Redaction, short


class Lane(Enum):
    """A lifeline, from left to right."""

    BROWSER = 0
    GATEWAY = 1
    FAKE = 2


class Tone(Enum):
    """How a row is to be taken."""

    PLAIN = "plain"
    GOOD = "good"  # what was expected
    BAD = "bad"  # what was not expected
    TROUBLE = "trouble"  # what Runway was made to do wrong


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
class Rule:
    """An instant that concerns everybody, such as the deadline."""

    at_s: float
    label: str


@dataclass(frozen=True)
class Fold:
    """Rows that are left out."""

    at_s: float
    label: str


Row = Arrow | Mark | Rule | Fold
_MOST_ROWS = 90
_REPEATS = 4  # from so many equal units on, the middle ones are folded

EXPECTED = {
    Expect.SUCCESS: "2xx with credentials",
    Expect.FAILURE: "a JSON error, not 2xx",
    Expect.REFUSAL: "4xx, and no session",
    Expect.EITHER: "credentials, or a JSON error",
    Expect.NOBODY: "nothing: the caller leaves",
}


def as_expected(situation: Situation, answer: TargetAnswer) -> bool:
    """Tell whether an answer is of the kind that a correct gateway gives."""
    match situation.expect:
        case Expect.SUCCESS:
            return answer.ok
        case Expect.FAILURE:
            return answer.status is not None and not answer.ok
        case Expect.REFUSAL:
            return answer.status is not None and 400 <= answer.status < 500
        case Expect.EITHER:
            return answer.status is not None
        case Expect.NOBODY:
            return answer.status is None


def sequence(
    situation: Situation, seen: Observation, context: Context, cover: Redaction, *, broken: bool
) -> tuple[Row, ...]:
    """Return the rows of a situation, earliest first.

    Args:
        broken: something was found; no answer is shown as right then.
    """
    zero = began(seen)
    ranked = [
        *_callers(situation, seen, cover, broken=broken),
        *_upstream(seen, cover),
        *_moves(seen, cover),
    ]
    rows = [row for _, row in sorted(ranked, key=lambda each: each[0])]
    rows = [replace(row, at_s=row.at_s - zero) for row in rows]
    if rows and rows[-1].at_s > context.timeout_s * 0.9:
        rule = Rule(context.timeout_s, f"declared deadline {context.timeout_s:g}s")
        rows = sorted([*rows, rule], key=lambda row: row.at_s)
    return tuple(_shortened(_folded(_folded(rows, 2), 1)))


Rank = tuple[float, int, float]
"""Instant, then the number of the exchange, then the place in it: sorts what is simultaneous."""
_LAST = 1 << 40


def _callers(
    situation: Situation, seen: Observation, cover: Redaction, *, broken: bool
) -> Iterator[tuple[Rank, Row]]:
    several = len(seen.answers) > 1
    asked = f"avatar {cover.line(seen.avatar)}" if seen.avatar else ""
    if situation.body is not None:
        asked = cover.line(situation.body[:200]) or "(empty body)"
    fine = Tone.PLAIN if broken else Tone.GOOD
    for index, answer in enumerate(seen.answers, start=1):
        who = f", caller {index}" if several else ""
        label = f"POST{who}" if several else f"POST {short(asked, 33)}"
        yield (answer.sent_at, -1, 0), Arrow(answer.sent_at, Lane.BROWSER, Lane.GATEWAY, label)
        who = f", caller {index}" if several else ""
        good = as_expected(situation, answer)
        lanes = Lane.GATEWAY, Lane.BROWSER
        if answer.status is None:
            label = f"{cover.line(answer.failure)} after {answer.took_s:.1f}s{who}"
            lanes = lanes if situation.leaves_after_s is None else lanes[::-1]
        else:
            label = f"{answer.status}{who} {_content(answer, cover)}"
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


def _content(answer: TargetAnswer, cover: Redaction) -> str:
    """Return what a body holds, as far as a label has place: names of fields, or a beginning."""
    fields = answer.fields
    if fields:
        if isinstance(error := fields.get("error"), str):
            return cover.line(error)
        return "{" + ", ".join(cover.line(str(name)) for name in fields) + "}"
    return cover.line(answer.body[:400]) or "(empty body)"


def _upstream(seen: Observation, cover: Redaction) -> Iterator[tuple[Rank, Row]]:
    for call in seen.upstream:
        path = call.path
        if call.session:
            path = path.replace(call.session, short(call.session, 9))
        label = short(cover.line(f"{call.method} {path}"), 52)
        yield (call.at, call.number, 0), Arrow(call.at, Lane.GATEWAY, Lane.FAKE, label)
        at = call.at + call.wait_s
        faults = f"injected: {', '.join(call.faults)}" if call.faults else ""
        trouble = call.faults or not call.arrives or call.status is None or call.status >= 400
        yield (
            (at, call.number, 2),
            Arrow(
                at,
                Lane.FAKE,
                Lane.GATEWAY,
                short(cover.line(_reply(call)), 52),
                detail=short(cover.line(faults), 52),
                tone=Tone.TROUBLE if trouble else Tone.PLAIN,
                lost=call.status is None or not call.arrives,
            ),
        )


def _reply(call: UpstreamCall) -> str:
    if call.status is None:
        return "no answer"
    cut = ", cut off" if not call.arrives else ""
    return f"{call.status}{cut} {call.shown or ''}".rstrip()


def _moves(seen: Observation, cover: Redaction) -> Iterator[tuple[Rank, Row]]:
    """Yield the marks; what an exchange caused stands between its request and its reply."""
    for session in seen.sessions:
        causes = {call.at: call.number for call in seen.upstream if call.session == session.id}
        for at, event, after in session.moves:
            label = cover.line(f"{after} ({event})")
            tone = Tone.TROUBLE if after == "failed" else Tone.PLAIN
            yield (at, causes.get(at, -1), 1), Mark(at, short(label, 28), tone)


def _folded(rows: Sequence[Row], size: int) -> list[Row]:
    """Leave out the middle of units of `size` rows that follow each other and look the same."""
    looks = [replace(row, at_s=0) for row in rows]
    kept: list[Row] = []
    at = 0
    while at < len(rows):
        unit = looks[at : at + size]
        end = at + size
        while len(unit) == size and looks[end : end + size] == unit:
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
