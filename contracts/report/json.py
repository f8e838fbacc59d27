"""A report as JSON, for programs. Its form is `contracts/wire/schemas/report.json`, format 1.

Times are seconds since the first call of their situation. Keys are only added within a format.
"""

from dataclasses import asdict

import orjson

from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.verdict import Report, Verdict
from contracts.report.findings import began, headline, summary
from contracts.report.redaction import Redaction
from contracts.wire.documents import Json

FORMAT = 1


def as_json(report: Report, *, strict: bool) -> str:
    """Return the JSON document."""
    redact, counts = Redaction.of(report), summary(report)
    shape = report.context.shape
    value = {
        "format": FORMAT,
        "tool": "runway-contracts",
        "target": redact.line(report.target_url),
        "seed": redact.line(report.seed),
        "timeout_s": report.context.timeout_s,
        "shape": shape.value if shape else None,
        "strict": strict,
        "passed": report.kept(strict=strict),
        "headline": redact.line(headline(report, strict=strict)),
        "nothing_judged": redact.line(report.nothing_judged) or None,
        "no_connect": redact.line(report.no_connect) or None,
        "took_s": round(report.took_s, 3),
        "replay_token": report.replay_token or None,
        "summary": {
            "passed": counts.passed,
            "failed": counts.failed,
            **asdict(counts),
            "errors": 0,  # of format 1; no requirement has this outcome any more
        },
        "requirements": [_verdict(each, redact, strict=strict) for each in report.verdicts],
        "left_out": list(report.left_out),
        "situations": [_situation(each, report, redact) for each in report.observations],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options).decode()


def _verdict(verdict: Verdict, redact: Redaction, *, strict: bool) -> Json:
    requirement = verdict.requirement
    return {
        "id": requirement.id,
        "family": requirement.family,
        "level": requirement.level.value,
        "text": requirement.text,
        "outcome": verdict.outcome.value,
        "judged": verdict.judged,
        "reason": redact.line(verdict.reason) or None,
        "findings": [
            {
                "id": each.id,
                "situation": each.seen.situation.id,
                "counts": requirement.level.counts(strict=strict),
                "texts": [
                    # the words of format 1, in which programs may look for both halves
                    redact.line(f"allowed: {breach.expected}; came: {breach.got}")
                    for breach in each.breaches
                ],
            }
            for each in verdict.findings
        ],
    }


def _situation(seen: Observation, report: Report, redact: Redaction) -> Json:
    situation, zero = seen.situation, began(seen)
    return {
        "id": situation.id,
        "about": situation.about,
        "expect": situation.expect.value,
        "avatar": redact.line(seen.avatar) or None,
        "findings": [each.id for each in report.findings if each.seen is seen],
        "answers": [_answer(each, zero, redact) for each in seen.answers],
        "upstream": [_upstream(each, zero, redact) for each in seen.upstream],
        "sessions": [_session(each, zero, redact) for each in seen.sessions],
    }


def _answer(answer: TargetAnswer, zero: float, redact: Redaction) -> Json:
    return {
        "sent_s": round(answer.sent_at - zero, 3),
        "came_s": round(answer.came_at - zero, 3),
        "status": answer.status,
        "failure": redact.line(answer.failure) or None,
        "headers": {redact.line(key): redact.line(text) for key, text in answer.headers.items()},
        "body": redact.block(answer.body),
        "body_bytes": len(answer.body),
    }


def _upstream(call: UpstreamCall, zero: float, redact: Redaction) -> Json:
    return {
        "number": call.number,
        "at_s": round(call.at - zero, 3),
        "operation": redact.line(call.operation) or None,
        "method": redact.line(call.method),
        "path": redact.line(call.path),
        "session": redact.line(call.session) or None,
        "status": call.status,
        "arrives": call.arrives,
        "shown": redact.line(call.shown_text) if call.shown_text else None,
        "faults": [redact.line(each) for each in call.faults],
    }


def _session(session: ObservedSession, zero: float, redact: Redaction) -> Json:
    return {
        "id": redact.line(session.id),
        "state": redact.line(session.state),
        "moves": [
            {"at_s": round(at - zero, 3), "event": redact.line(event), "state": redact.line(after)}
            for at, event, after in session.moves
        ],
    }
