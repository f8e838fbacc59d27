"""A report as commands of GitHub Actions, which become annotations of the run.

What breaks the run is an error, what does not is a warning; a summary ends it as a notice.
Source: "Workflow commands for GitHub Actions" and the toolkit's escaping.
"""

from contracts.report.findings import findings, summary
from contracts.report.text import Cover
from contracts.runner import Report


def github(report: Report, *, strict: bool) -> str:
    """Return the annotations, a line each."""
    cover = Cover.of(report)
    lines = []
    for finding in findings(report, strict=strict):
        kind = "error" if finding.counts else "warning"
        about = f"{finding.requirement.text}\nIn this situation: {finding.situation.about}"
        texts = "\n".join(cover.line(text) for text in finding.texts)
        title = f"{finding.id} ({finding.requirement.level.value})"
        lines.append(_command(kind, title, f"{about}\n{texts}"))
    ended = f"{summary(report)}, {report.took_s:.1f} s, seed {report.seed}"
    lines.append(_command("notice", "runway-contracts", cover.line(ended)))
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
