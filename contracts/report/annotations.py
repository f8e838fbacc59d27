"""A report as commands of GitHub Actions, which become annotations of the run.

A finding that makes the run fail is an error, another one a warning, a MAY that is not done a
notice; the last line is a notice with the summary.
GitHub shows the first ten errors of a step: the first finding of each requirement comes before the
second of any.

Source: "Workflow commands for GitHub Actions" and the toolkit's escaping.
"""

from collections import Counter

from contracts.judge.verdict import Report
from contracts.report.findings import findings, summary
from contracts.report.redaction import Redaction


def github(report: Report, *, strict: bool) -> str:
    """Return the annotations, a line each."""
    redact = Redaction.of(report)
    lines = []
    if report.nothing_judged:
        lines.append(_command("error", "Nothing was judged", redact.line(report.nothing_judged)))
    ordinals: Counter[str] = Counter()
    ranked = []
    for finding in findings(report, strict=strict):
        ranked.append((ordinals[finding.requirement.id], finding))
        ordinals[finding.requirement.id] += 1
    for _, finding in sorted(ranked, key=lambda each: each[0]):
        kind = "error" if finding.counts else "notice" if finding.is_note else "warning"
        about = f"{finding.requirement.text}\nIn this situation: {finding.situation.about}"
        texts = "\n".join(redact.line(str(each)) for each in finding.breaches)
        title = f"{finding.id} ({finding.requirement.level.value})"
        lines.append(_command(kind, title, f"{about}\n{texts}"))
    ended = f"{summary(report)}, {report.took_s:.1f} s, seed {report.seed}"
    lines.append(_command("notice", "runway-contracts", redact.line(ended)))
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, text: str) -> str:
    escaped = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
