"""What was seen on both hops of a situation, as lines of text."""

from collections.abc import Iterator
from itertools import groupby

from contracts.judge.observation import Observation, TargetAnswer, UpstreamCall
from contracts.report.findings import began
from contracts.report.redaction import Redaction

_BODY = 300


def evidence(seen: Observation, cover: Redaction) -> Iterator[str]:
    """Yield the callers' answers, then the calls upstream; equal calls in a row are one line."""
    zero = began(seen)
    several = len(seen.answers) > 1
    for index, answer in enumerate(seen.answers, start=1):
        who = f"caller {index}" if several else "caller  "
        yield f"{who}  {_at(answer.sent_at - zero)} POST -> {_answer(answer, cover)}"
    if not seen.upstream:
        yield "upstream  nothing"
    for _, group in groupby(seen.upstream, key=_looks):
        calls = list(group)
        first = calls[0]
        line = f"upstream  {_at(first.at - zero)} {cover.line(str(first), longest=200)}"
        if len(calls) > 1:
            line += f"  ({len(calls)} times, the last at {_at(calls[-1].at - zero).strip()})"
        yield line
    for session in seen.sessions:
        moves = ", ".join(f"{after} {_at(at - zero).strip()}" for at, _, after in session.moves)
        yield f"session   {cover.line(f'{session.id}: {moves or session.state}', longest=400)}"


def _looks(call: UpstreamCall) -> tuple[str, tuple[str, ...]]:
    return str(call), call.faults


def _answer(answer: TargetAnswer, cover: Redaction) -> str:
    body = f"  {cover.line(answer.body, longest=_BODY)}" if answer.body else ""
    return f"{cover.line(str(answer))}{body}"


def _at(seconds: float) -> str:
    return f"{seconds:+8.2f}s"
