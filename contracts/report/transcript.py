"""The calls on both hops of a situation, as lines of text."""

from collections.abc import Iterator
from itertools import groupby

from contracts.judge.observation import Observation
from contracts.report.findings import began
from contracts.report.redaction import Redaction

_BODY = 300


def evidence(seen: Observation, redact: Redaction) -> Iterator[str]:
    """Yield the callers' answers, the upstream calls (equal ones in a row folded), the sessions."""
    zero = began(seen)
    several = len(seen.answers) > 1
    for index, answer in enumerate(seen.answers, start=1):
        caller = f"caller {index}" if several else "caller  "
        body = f"  {redact.line(answer.body, longest=_BODY)}" if answer.body else ""
        yield f"{caller}  {_at(answer.sent_at - zero)} POST -> {redact.line(str(answer))}{body}"
    if not seen.upstream:
        yield "upstream  nothing"
    for _, group in groupby(seen.upstream, key=lambda call: (str(call), call.faults)):
        calls = list(group)
        first = calls[0]
        line = f"upstream  {_at(first.at - zero)} {redact.line(str(first), longest=200)}"
        if len(calls) > 1:
            line += f"  ({len(calls)} times, the last at {_at(calls[-1].at - zero).strip()})"
        yield line
    for session in seen.sessions:
        moves = ", ".join(f"{after} {_at(at - zero).strip()}" for at, _, after in session.moves)
        yield f"session   {redact.line(f'{session.id}: {moves or session.state}', longest=400)}"


def _at(seconds: float) -> str:
    return f"{seconds:+8.2f}s"
