"""A report as one page: no script, nothing from elsewhere, light and dark.

What is broken comes first and open, each situation with its diagram and the evidence of both hops.
The templates escape every value, and what a target sent is redacted before. The page forbids
itself scripts and requests as well, so that nothing from a target could do anything even if it got
in unescaped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.judge.case import Level
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.situation import Situation
from contracts.judge.verdict import Finding, Outcome, Report, Verdict
from contracts.report.findings import families, headline, left_out, reason, summary
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
    findings: Sequence[Finding]
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

    verdict: Verdict
    kind: str
    word: str
    reason: str


def _values(report: Report, redact: Redaction, *, strict: bool) -> Mapping[str, Any]:
    """Return what the templates name."""
    kept = report.kept(strict=strict)
    is_broken = bool(report.broken(strict=strict))
    outcome = "Kept" if kept else "Broken" if is_broken else "Not judged"
    if not report.not_exercised and not is_broken and report.unobserved:
        outcome = "Not all observed"
    first, not_exercised = headline(report, strict=strict), bool(report.not_exercised)
    played = [_played(each, report, redact, strict=strict) for each in report.observations]
    # What makes the run fail comes before what does not; else in the order of play.
    broken = sorted((each for each in played if each.broken), key=lambda each: each.kind != "fail")
    return {
        "outcome": outcome,
        "kept": kept,
        "strict": strict,
        "heading": _sentence(first) if not_exercised else f"The contract is {first}",
        "counts": summary(report),
        "left_out": _sentence(left_out(report)),
        "report": report,
        "broken": broken,
        "families": [
            (family, [_row(each, reason(each, report), strict=strict) for each in verdicts])
            for family, verdicts in families(report.verdicts)
        ],
        "fine": [each for each in played if not each.broken],
        "lanes": LANES,
        "width": WIDTH,
    }


def _played(seen: Observation, report: Report, redact: Redaction, *, strict: bool) -> _Played:
    mine = [each for each in report.findings if each.seen is seen]
    wrong = [each for each in mine if not each.is_note]
    kind, word = "pass", "right"
    if wrong:
        counts = any(each.requirement.level.counts(strict=strict) for each in mine)
        kind, word = "fail" if counts else "warn", "broken"
    elif report.nothing_judged:
        kind, word = "skip", Outcome.NOT_OBSERVED.value
    rows = sequence(seen, report.context, redact, broken=kind != "pass")
    return _Played(
        seen.situation,
        mine,
        kind,
        word,
        broken=bool(wrong),
        expected=EXPECTED[seen.situation.expect],
        got=", ".join(map(str, seen.answers[:3])) + (" …" if len(seen.answers) > 3 else ""),
        drawing=drawing(rows, wrong, redact, strict=strict),
        evidence="\n".join(evidence(seen, redact)),
        answers=[_in_full(each, redact) for each in seen.answers[:_ANSWERS]],
        output=redact.block(seen.output.strip() and seen.output, longest=1 << 30)[-_OUTPUT:],
    )


def _in_full(answer: TargetAnswer, redact: Redaction) -> str:
    headers = "".join(f"\n{name}: {text}" for name, text in answer.headers.items())
    head = redact.block(f"{answer}{headers}")
    return f"{head}\n\n{redact.block(answer.body)}" if answer.body else head


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(verdict: Verdict, why: str, *, strict: bool) -> _Row:
    kind = word = verdict.outcome.value
    level = verdict.requirement.level
    if verdict.outcome is Outcome.NOT_OBSERVED:
        kind = "warn" if level is Level.MUST else "skip"
    if verdict.outcome is Outcome.FAIL and level is Level.MAY:
        kind, word = "skip", "note"
    elif verdict.outcome is Outcome.FAIL and not level.counts(strict=strict):
        kind = "warn"
    return _Row(verdict, kind, word, why)
