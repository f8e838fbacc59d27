"""A report as JUnit XML: a test case for each requirement, in the class of its family.

A requirement that makes the run fail is a failure. A broken one that does not (a SHOULD without
`--strict`) is skipped, with the findings as its output, so that CI and the exit code agree. One
that was not observed is skipped too, with the cause after "not observed"; with `--strict` a MUST is
a failure of that type. If nothing was judged, or no connect succeeded, an extra case is an error
with the reason.
"""

from xml.etree import ElementTree as XML

from contracts.judge.case import Level
from contracts.judge.verdict import Finding, Outcome, Report, Verdict
from contracts.report.findings import began, headline, left_out, summary
from contracts.report.redaction import Redaction
from contracts.report.transcript import evidence


def junit(report: Report, *, strict: bool) -> str:
    """Return the XML document."""
    redact = Redaction.of(report)
    unobserved = report.unobserved if strict else []
    failures = len(report.broken(strict=strict)) + len(unobserved)
    counts = summary(report)
    not_kept = counts.skipped + counts.not_observed + counts.failed
    sums = {
        "name": "runway-contracts",
        "tests": str(len(report.verdicts) + bool(report.not_exercised)),
        "failures": str(failures),
        "errors": str(int(bool(report.not_exercised))),
        "skipped": str(not_kept - failures),
        "time": f"{report.took_s:.3f}",
    }
    root = XML.Element("testsuites", sums)
    suite = XML.SubElement(root, "testsuite", sums)
    _properties(
        suite,
        {
            "headline": redact.line(headline(report, strict=strict)),
            "target": redact.line(report.target_url),
            "seed": redact.line(report.seed),
            "timeout_s": f"{report.context.timeout_s:g}",
            "strict": str(strict).lower(),
            "replay_token": report.replay_token,
            **({"left_out": rest} if (rest := left_out(report)) else {}),
        },
    )
    if report.not_exercised:
        name = "runway-contracts.judged" if report.nothing_judged else "runway-contracts.connected"
        attributes = {"classname": "runway-contracts", "name": name}
        case = XML.SubElement(suite, "testcase", {**attributes, "time": "0.000"})
        message = redact.line(report.not_exercised)
        XML.SubElement(case, "error", {"message": message, "type": "target"})
    for verdict in report.verdicts:
        _case(suite, verdict, report, redact, strict=strict)
    XML.indent(root)
    text: str = XML.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(
    suite: XML.Element, verdict: Verdict, report: Report, redact: Redaction, *, strict: bool
) -> None:
    requirement = verdict.requirement
    # Situations are played side by side; the time of a requirement is that of its longest one.
    mine = (each for each in report.observations if requirement.is_about(each.situation))
    took_s = max((each.until - began(each) for each in mine), default=0.0)
    case = XML.SubElement(
        suite,
        "testcase",
        {"classname": requirement.family, "name": requirement.id, "time": f"{took_s:.3f}"},
    )
    _properties(case, {"level": requirement.level.value, "requirement": requirement.text})
    match verdict.outcome:
        case Outcome.SKIP:
            XML.SubElement(case, "skipped", {"message": redact.line(verdict.reason)})
        case Outcome.NOT_OBSERVED:
            message = redact.line(f"{verdict.outcome.value}: {verdict.reason}")
            if strict and requirement.level is Level.MUST:
                attributes = {"message": message, "type": verdict.outcome.value}
                XML.SubElement(case, "failure", attributes)
            else:
                XML.SubElement(case, "skipped", {"message": message})
        case Outcome.FAIL:
            where = f"in {len(verdict.findings)} of {verdict.judged} situations"
            if requirement.level.counts(strict=strict):
                attributes = {"message": f"broken {where}", "type": requirement.level.value}
                element = XML.SubElement(case, "failure", attributes)
            else:
                note = requirement.level is Level.MAY
                rule = "not done, which is allowed" if note else "counts with --strict only"
                message = f"{requirement.level.value}, {rule}: {where}"
                XML.SubElement(case, "skipped", {"message": message})
                element = XML.SubElement(case, "system-out")
            element.text = "\n\n".join(_text(each, redact) for each in verdict.findings)
        case Outcome.PASS:
            pass


def _text(finding: Finding, redact: Redaction) -> str:
    texts = [redact.line(str(each)) for each in finding.breaches]
    lines = [finding.id, finding.seen.situation.about, *texts, *evidence(finding.seen, redact)]
    return "\n".join(lines)


def _properties(parent: XML.Element, values: dict[str, str]) -> None:
    properties = XML.SubElement(parent, "properties")
    for name, value in values.items():
        XML.SubElement(properties, "property", {"name": name, "value": value})
