"""A report as one page: no script, nothing from elsewhere, light and dark.

What is broken comes first and open, each situation with its diagram and the evidence of both hops.
The templates escape every value, and what a target sent is redacted before. The page forbids
itself scripts and requests as well, so that nothing from a target could do anything even if it got
in unescaped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.judge.case import Requirement, Situation
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.verdict import Outcome, Report, Verdict
from contracts.report.findings import Finding, families, findings, summary
from contracts.report.redaction import Redaction
from contracts.report.sequence import EXPECTED, sequence
from contracts.report.svg import LANES, WIDTH, Drawing, drawing
from contracts.report.transcript import evidence

_ANSWERS = 12
_OUTPUT = 6_000


def html(report: Report, *, strict: bool) -> str:
    """Return the page."""
    from jinja2 import (
        Environment,
        PackageLoader,
        StrictUndefined,
    )  # commands that make no page start without it

    redact = Redaction.of(report)
    templates = Environment(
        loader=PackageLoader("contracts.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["line"] = redact.line
    values = _values(report, redact, strict=strict)
    return templates.get_template("page.html").render(values)


@dataclass(frozen=True, slots=True)
class _Played:
    """A situation on the page; its texts are redacted, but for those of the judge itself.

    Attributes:
        kind: the class of its colours.
        broken: whether anything but notes was found.
    """

    situation: Situation
    findings: list[Finding]
    kind: str
    word: str
    broken: bool
    expected: str
    got: str
    drawing: Drawing
    evidence: str
    answers: list[str]
    output: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A requirement in the table of all."""

    requirement: Requirement
    findings: list[Finding]
    kind: str
    word: str
    judged: int
    reason: str


def _values(report: Report, redact: Redaction, *, strict: bool) -> Mapping[str, Any]:
    """Return what the templates name."""
    found = findings(report, strict=strict)
    counts = summary(report)
    kept = report.kept(strict=strict)
    is_broken = bool(report.broken(strict=strict))
    heading, why = "The contract is kept" if kept else "The contract is broken", ""
    if report.nothing_judged and is_broken:
        why = report.nothing_judged
    elif report.nothing_judged:
        heading = f"Not judged: {report.nothing_judged}"
    seen = {each.situation: each for each in report.observations}
    played = [
        _played(each, seen[each.id], found, report, redact)
        for each in report.situations
        if each.id in seen
    ]
    # What makes the run fail comes before what does not; else in the order of play.
    broken = sorted((each for each in played if each.broken), key=lambda each: each.kind != "fail")
    shape = report.context.shape
    tiles = [
        ("pass", counts.passed, "passed"),
        ("fail", counts.failed_must, "MUST broken"),
        ("warn", counts.failed_should, "SHOULD broken"),
        ("skip", counts.skipped, "skipped"),
        *([("skip", counts.failed_may, "MAY not done")] if counts.failed_may else []),
        *([("fail", counts.errors, "not judged")] if counts.errors else []),
    ]
    return {
        "outcome": "Kept" if kept else "Broken" if is_broken else "Not judged",
        "kept": kept,
        "heading": heading,
        "why": why,
        "tiles": tiles,
        "facts": {
            "target": report.target_url,
            "deadline": f"{report.context.timeout_s:g} s",
            "shape": shape.value if shape else "either",
            "situations": str(len(played)),
            "took": f"{report.took_s:.1f} s",
            "seed": report.seed,
            "strict": "yes" if strict else "no",
        },
        "broken": broken,
        "families": [
            (family, [_row(each, found) for each in verdicts])
            for family, verdicts in families(report.verdicts)
        ],
        "fine": [each for each in played if not each.broken],
        "fine_title": "What was seen" if report.nothing_judged else "What is right",
        "replay_token": report.replay_token,
        "lanes": LANES,
        "width": WIDTH,
    }


def _played(
    situation: Situation,
    seen: Observation,
    found: tuple[Finding, ...],
    report: Report,
    redact: Redaction,
) -> _Played:
    mine = [each for each in found if each.situation.id == situation.id]
    wrong = [each for each in mine if not each.is_note]
    kind, word = "pass", "right"
    if wrong:
        kind, word = "fail" if any(each.counts for each in mine) else "warn", "broken"
    elif report.nothing_judged:
        kind, word = "skip", "not judged"
    rows = sequence(situation, seen, report.context, redact, broken=kind != "pass")
    return _Played(
        situation,
        mine,
        kind,
        word,
        broken=bool(wrong),
        expected=EXPECTED[situation.expect],
        got=", ".join(map(str, seen.answers[:3])) + (" …" if len(seen.answers) > 3 else ""),
        drawing=drawing(rows, wrong, redact),
        evidence="\n".join(evidence(seen, redact)),
        answers=[_in_full(each, redact) for each in seen.answers[:_ANSWERS]],
        output=redact.block(seen.output.strip() and seen.output, longest=1 << 30)[-_OUTPUT:],
    )


def _in_full(answer: TargetAnswer, redact: Redaction) -> str:
    headers = "".join(f"\n{name}: {text}" for name, text in answer.headers.items())
    head = redact.block(f"{answer}{headers}")
    return f"{head}\n\n{redact.block(answer.body)}" if answer.body else head


def _row(verdict: Verdict, found: tuple[Finding, ...]) -> _Row:
    mine = [each for each in found if each.requirement is verdict.requirement]
    kind = word = verdict.outcome.value
    if mine and mine[0].is_note:
        kind, word = "skip", "note"
    elif verdict.outcome is Outcome.FAIL and not any(each.counts for each in mine):
        kind = "warn"
    return _Row(verdict.requirement, mine, kind, word, verdict.judged, verdict.reason)
