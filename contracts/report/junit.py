"""A report as JUnit XML: a test case for each requirement, its family being the class.

Where nothing could be judged, one more case is an error and says why. A failure is what makes the
run fail. A broken requirement that does not (a SHOULD without
`--strict`) is skipped with what was found as the reason, so that CI and the exit code agree.
"""

from xml.etree import ElementTree as XML

from contracts.judge.verdict import Outcome, Report, Verdict
from contracts.report.findings import Finding, began, findings, observed, summary
from contracts.report.redaction import Redaction
from contracts.report.transcript import evidence


def junit(report: Report, *, strict: bool) -> str:
    """Return the XML document."""
    cover = Redaction.of(report)
    found = findings(report, strict=strict)
    failures = len(report.broken(strict=strict))
    counts = summary(report)
    sums = {
        "name": "runway-contracts",
        "tests": str(len(report.verdicts) + bool(report.nothing_judged)),
        "failures": str(failures),
        "errors": str(counts.errors + bool(report.nothing_judged)),
        "skipped": str(counts.skipped + counts.failed - failures),
        "time": f"{report.took_s:.3f}",
    }
    root = XML.Element("testsuites", sums)
    suite = XML.SubElement(root, "testsuite", sums)
    _properties(
        suite,
        {
            "target": cover.line(report.target_url),
            "seed": cover.line(report.seed),
            "timeout_s": f"{report.context.timeout_s:g}",
            "strict": str(strict).lower(),
            "replay_token": report.replay_token,
        },
    )
    if report.nothing_judged:
        attributes = {"classname": "runway-contracts", "name": "runway-contracts.judged"}
        case = XML.SubElement(suite, "testcase", {**attributes, "time": "0.000"})
        message = cover.line(report.nothing_judged)
        XML.SubElement(case, "error", {"message": message, "type": "target"})
    for verdict in report.verdicts:
        mine = [each for each in found if each.requirement is verdict.requirement]
        _case(suite, verdict, mine, report, cover)
    XML.indent(root)
    text: str = XML.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(
    suite: XML.Element, verdict: Verdict, found: list[Finding], report: Report, cover: Redaction
) -> None:
    requirement = verdict.requirement
    # Situations are played side by side and judged together; what a requirement took is the
    # longest of those that it is about.
    took_s = max((each.until - began(each) for each in observed(report, requirement)), default=0.0)
    case = XML.SubElement(
        suite,
        "testcase",
        {"classname": requirement.family, "name": requirement.id, "time": f"{took_s:.3f}"},
    )
    _properties(case, {"level": requirement.level.value, "requirement": requirement.text})
    match verdict.outcome:
        case Outcome.SKIP:
            XML.SubElement(case, "skipped", {"message": cover.line(verdict.reason)})
        case Outcome.ERROR:
            XML.SubElement(case, "error", {"message": cover.line(verdict.reason), "type": "judge"})
        case Outcome.FAIL:
            counts = any(each.counts for each in found)
            where = f"in {len(found)} of {verdict.judged} situations"
            if counts:
                attributes = {"message": f"broken {where}", "type": requirement.level.value}
                element = XML.SubElement(case, "failure", attributes)
            else:
                rule = (
                    "not done, which is allowed"
                    if found[0].is_note
                    else "counts with --strict only"
                )
                message = f"{requirement.level.value}, {rule}: {where}"
                XML.SubElement(case, "skipped", {"message": message})
                element = XML.SubElement(case, "system-out")
            element.text = "\n\n".join(_text(each, cover) for each in found)
        case Outcome.PASS:
            pass


def _text(finding: Finding, cover: Redaction) -> str:
    texts = [cover.line(str(each)) for each in finding.breaches]
    lines = [finding.id, finding.situation.about, *texts, *evidence(finding.observation, cover)]
    return "\n".join(lines)


def _properties(parent: XML.Element, values: dict[str, str]) -> None:
    properties = XML.SubElement(parent, "properties")
    for name, value in values.items():
        XML.SubElement(properties, "property", {"name": name, "value": value})
