"""A report as commands of GitHub Actions, which become annotations of the run.

The first line has the verdict and the summary: a notice, or an error if the run is no evidence. A
finding that makes the run fail is an error, another one a warning, a MAY that is not done a notice.
A MUST that was not observed is a warning, with `--strict` an error.
GitHub shows the first ten errors of a step: the first finding of each requirement comes before the
second of any.

Source: "Workflow commands for GitHub Actions" and the toolkit's escaping.
"""

from itertools import zip_longest

from contracts.judge.verdict import Report
from contracts.report.findings import headline, left_out, summary
from contracts.report.redaction import Redaction


def github(report: Report, *, strict: bool) -> str:
    """Return the annotations, a line each."""
    redact = Redaction.of(report)
    first = redact.line(headline(report, strict=strict))
    ended = redact.line(f"{summary(report)}, {report.took_s:.1f} s, seed {report.seed}")
    parts = [each for each in (first, ended, left_out(report)) if each]
    kind = "error" if report.not_exercised else "notice"
    lines = [_command(kind, "runway-contracts", "\n".join(parts))]
    in_turn = zip_longest(*(verdict.findings for verdict in report.verdicts))
    for finding in (each for turn in in_turn for each in turn if each is not None):
        counts = finding.requirement.level.counts(strict=strict)
        kind = "error" if counts else "notice" if finding.is_note else "warning"
        about = f"{finding.requirement.text}\nIn this situation: {finding.seen.situation.about}"
        texts = "\n".join(redact.line(str(each)) for each in finding.breaches)
        title = f"{finding.id} ({finding.requirement.level.value})"
        lines.append(_command(kind, title, f"{about}\n{texts}"))
    for verdict in report.unobserved:
        title = f"{verdict.requirement.id} ({verdict.requirement.level.value}), not observed"
        kind = "error" if strict else "warning"
        lines.append(_command(kind, title, redact.line(verdict.reason)))
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, text: str) -> str:
    escaped = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
