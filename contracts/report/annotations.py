"""A report as commands of GitHub Actions, which become annotations of the run.

What breaks the run is an error, what does not is a warning, a MAY that is not done a notice; so is
the summary that ends it.
GitHub shows the first ten errors of a step, so each broken requirement comes with one situation
before any comes with its second.

Source: "Workflow commands for GitHub Actions" and the toolkit's escaping.
"""

from collections.abc import Sequence

from contracts.judge.verdict import Report
from contracts.report.findings import Finding, findings, summary
from contracts.report.redaction import Redaction


def github(report: Report, *, strict: bool) -> str:
    """Return the annotations, a line each."""
    cover = Redaction.of(report)
    lines = []
    if report.nothing_judged:
        lines.append(_command("error", "Nothing was judged", cover.line(report.nothing_judged)))
    for finding in _varied(findings(report, strict=strict)):
        kind = "error" if finding.counts else "notice" if finding.is_note else "warning"
        about = f"{finding.requirement.text}\nIn this situation: {finding.situation.about}"
        texts = "\n".join(cover.line(str(each)) for each in finding.breaches)
        title = f"{finding.id} ({finding.requirement.level.value})"
        lines.append(_command(kind, title, f"{about}\n{texts}"))
    ended = f"{summary(report)}, {report.took_s:.1f} s, seed {report.seed}"
    lines.append(_command("notice", "runway-contracts", cover.line(ended)))
    return "\n".join(lines) + "\n"


def _varied(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings sorted by how many of the same requirement come before them."""
    ordinals: dict[str, int] = {}
    ranked = []
    for finding in found:
        ordinal = ordinals.get(finding.requirement.id, 0)
        ordinals[finding.requirement.id] = ordinal + 1
        ranked.append((ordinal, finding))
    return [finding for _, finding in sorted(ranked, key=lambda each: each[0])]


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
