"""What the page is told of a run, as JSON: the events of the judge, redacted. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.judge.observation import Observation
from contracts.judge.runner import RunBegan, RunEnded, RunEvent, SituationPlayed
from contracts.judge.verdict import Finding
from contracts.report.findings import headline
from contracts.report.redaction import Redaction
from contracts.report.sequence import EXPECTED

Message = Mapping[str, Any]
_ANSWERS = 3


def starting(run: int, target: str, *, why: str, watches: bool) -> Message:
    """Return the first message of a run; the page forgets the run before."""
    return {"kind": "starting", "run": run, "target": target, "why": why, "watches": watches}


def failed(text: str) -> Message:
    """Return the last message of a run that came to no verdict: why, in a line."""
    return {"kind": "failed", "text": text}


def left_out(files: Sequence[str]) -> Message:
    """Return which files are watched no longer, because the target writes them itself."""
    return {"kind": "left-out", "files": [*files]}


def message(event: RunEvent, run: int, secret: str, *, strict: bool) -> Message:
    """Return what the page is told of an event.

    Args:
        secret: the API secret, to be redacted.
    """
    match event:
        case RunBegan(situations=situations, requirements=requirements):
            return {"kind": "began", "situations": situations, "requirements": requirements}
        case SituationPlayed():
            return _played(event, Redaction.seen(secret, [event.seen]), strict=strict)
        case RunEnded(report=report):
            redact = Redaction.of(report)
            return {
                "kind": "ended",
                "run": run,
                "kept": report.kept(strict=strict),
                "headline": redact.line(headline(report, strict=strict), longest=600),
                "took": f"{report.took_s:.1f} s",
            }


def _played(event: SituationPlayed, redact: Redaction, *, strict: bool) -> Message:
    seen, wrong = event.seen, [each for each in event.findings if not each.is_note]
    counts = any(each.requirement.level.counts(strict=strict) for each in wrong)
    return {
        "kind": "played",
        "done": event.done,
        "of": event.of,
        "situation": redact.line(seen.situation.id),
        "about": redact.line(seen.situation.about),
        "expected": EXPECTED[seen.situation.expect],
        "got": _got(seen, redact),
        "outcome": "fail" if counts else "warn" if wrong else "pass",
        "findings": [_finding(each, redact) for each in wrong],
    }


def _got(seen: Observation, redact: Redaction) -> str:
    more = " …" if len(seen.answers) > _ANSWERS else ""
    return redact.line(", ".join(map(str, seen.answers[:_ANSWERS]))) + more


def _finding(finding: Finding, redact: Redaction) -> Message:
    return {
        "id": finding.requirement.id,
        "level": finding.requirement.level.value,
        "text": finding.requirement.text,
        "breaches": [
            {
                "expected": redact.line(each.expected, longest=600),
                "got": redact.line(each.got, longest=600),
            }
            for each in finding.breaches
        ],
    }
