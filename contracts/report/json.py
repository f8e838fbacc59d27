"""A report as JSON, for programs. Its form is `contracts/wire/schemas/report.json`, format 1.

Times are seconds since the first call of their situation. Keys are only added within a format.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from contracts.judge.case import Situation
from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.verdict import Report, Verdict
from contracts.report.findings import Finding, began, findings, summary
from contracts.report.redaction import Redaction

FORMAT = 1
Json = dict[str, Any]


def as_json(report: Report, *, strict: bool) -> str:
    """Return the JSON document."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(as_value(report, strict=strict), option=options).decode()


def as_value(report: Report, *, strict: bool) -> Json:
    """Return the report as a value of JSON."""
    cover, found, counts = Redaction.of(report), findings(report, strict=strict), summary(report)
    seen = {each.situation: each for each in report.observations}
    shape = report.context.shape
    return {
        "format": FORMAT,
        "tool": "runway-contracts",
        "target": cover.line(report.target_url),
        "seed": cover.line(report.seed),
        "timeout_s": report.context.timeout_s,
        "shape": shape.value if shape else None,
        "strict": strict,
        "passed": report.kept(strict=strict),
        "nothing_judged": cover.line(report.nothing_judged) or None,
        "took_s": round(report.took_s, 3),
        "replay_token": report.replay_token or None,
        "summary": {
            "passed": counts.passed,
            "failed": counts.failed,
            "failed_must": counts.failed_must,
            "failed_should": counts.failed_should,
            "failed_may": counts.failed_may,
            "skipped": counts.skipped,
            "errors": counts.errors,
        },
        "requirements": [_verdict(each, found, cover) for each in report.verdicts],
        "situations": [
            _situation(each, seen[each.id], found, cover)
            for each in report.situations
            if each.id in seen
        ],
    }


def _verdict(verdict: Verdict, found: Iterable[Finding], cover: Redaction) -> Json:
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "family": requirement.family,
        "level": requirement.level.value,
        "text": requirement.text,
        "outcome": verdict.outcome.value,
        "judged": verdict.judged,
        "reason": cover.line(verdict.reason) or None,
        "findings": [
            {
                "id": each.id,
                "situation": each.situation.id,
                "counts": each.counts,
                "texts": [
                    # the words of format 1, in which programs may look for both halves
                    cover.line(f"allowed: {breach.expected}; came: {breach.got}")
                    for breach in each.breaches
                ],
            }
            for each in found
            if each.requirement.id == requirement.id
        ],
    }


def _situation(
    situation: Situation, seen: Observation, found: Iterable[Finding], cover: Redaction
) -> Json:
    zero = began(seen)
    return {
        "id": situation.id,
        "about": situation.about,
        "expect": situation.expect.value,
        "avatar": cover.line(seen.avatar) or None,
        "findings": [each.id for each in found if each.situation.id == situation.id],
        "answers": [_answer(each, zero, cover) for each in seen.answers],
        "upstream": [_upstream(each, zero, cover) for each in seen.upstream],
        "sessions": [_session(each, zero, cover) for each in seen.sessions],
    }


def _answer(answer: TargetAnswer, zero: float, cover: Redaction) -> Json:
    return {
        "sent_s": _seconds(answer.sent_at - zero),
        "came_s": _seconds(answer.came_at - zero),
        "status": answer.status,
        "failure": cover.line(answer.failure) or None,
        "headers": {cover.line(key): cover.line(text) for key, text in answer.headers.items()},
        "body": cover.block(answer.body),
        "body_bytes": len(answer.body),
    }


def _upstream(call: UpstreamCall, zero: float, cover: Redaction) -> Json:
    return {
        "number": call.number,
        "at_s": _seconds(call.at - zero),
        "operation": cover.line(call.operation) or None,
        "method": cover.line(call.method),
        "path": cover.line(call.path),
        "session": cover.line(call.session) or None,
        "status": call.status,
        "arrives": call.arrives,
        "shown": cover.line(call.shown) if call.shown else None,
        "faults": [cover.line(each) for each in call.faults],
    }


def _session(session: ObservedSession, zero: float, cover: Redaction) -> Json:
    return {
        "id": cover.line(session.id),
        "state": cover.line(session.state),
        "moves": [
            {"at_s": _seconds(at - zero), "event": cover.line(event), "state": cover.line(after)}
            for at, event, after in session.moves
        ],
    }


def _seconds(value: float) -> float:
    return round(value, 3)
