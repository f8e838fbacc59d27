"""A report as one page: no script, nothing from elsewhere, light and dark.

What is broken comes first and open, each situation with its diagram and the evidence of both hops.
The page forbids itself scripts and requests, so that nothing from a target could do anything even
if it got in unescaped.
"""

from collections.abc import Iterable
from html import escape
from importlib import resources

from contracts.judge.case import Breach, Situation
from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.verdict import Outcome, Report, Verdict
from contracts.report.findings import Finding, families, findings, summary
from contracts.report.redaction import Redaction
from contracts.report.sequence import EXPECTED, sequence
from contracts.report.svg import Note, drawing
from contracts.report.transcript import evidence

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_OUTPUT = 6_000


def html(report: Report, *, strict: bool) -> str:
    """Return the page."""
    return _Page(report, strict=strict).text()


class _Page:
    def __init__(self, report: Report, *, strict: bool) -> None:
        self.report = report
        self.strict = strict
        self.cover = Redaction.of(report)
        self.findings = findings(report, strict=strict)
        self.broken = bool(report.broken(strict=strict))
        self.seen = {each.situation: each for each in report.observations}
        self.played = [each for each in report.situations if each.id in self.seen]

    def text(self) -> str:
        good = self.report.kept(strict=self.strict)
        style = (resources.files(__package__) / "page.css").read_text()
        broken = [each for each in self.played if self.wrong(each)]
        # What makes the run fail comes before what does not; else in the order of play.
        broken.sort(key=lambda each: not any(one.counts for one in self.of(each)))
        fine = [each for each in self.played if not self.wrong(each)]
        word = "Kept" if good else "Broken" if self.broken else "Not judged"
        title = f"{word}: the connect contract"
        rest = "What was seen" if self.report.nothing_judged else "What is right"
        parts = [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{title}</title><style>{style}</style></head><body>",
            self.header(good=good),
            "<main>",
            self.section("broken", "What is broken", [self.situation(each) for each in broken]),
            self.requirements(),
            self.section("fine", rest, [self.situation(each) for each in fine]),
            self.replay(),
            "</main></body></html>\n",
        ]
        return "\n".join(part for part in parts if part)

    def line(self, text: str | bytes) -> str:
        return escape(self.cover.line(text))

    def block(self, text: str | bytes) -> str:
        return escape(self.cover.block(text))

    def of(self, situation: Situation) -> list[Finding]:
        return [each for each in self.findings if each.situation.id == situation.id]

    def wrong(self, situation: Situation) -> list[Finding]:
        return [each for each in self.of(situation) if not each.is_note]

    def header(self, *, good: bool) -> str:
        report, counts = self.report, summary(self.report)
        shape = report.context.shape.value if report.context.shape else "either"
        tiles = [
            ("pass", counts.passed, "passed"),
            ("fail", counts.failed_must, "MUST broken"),
            ("warn", counts.failed_should, "SHOULD broken"),
            ("skip", counts.skipped, "skipped"),
        ]
        if counts.failed_may:
            tiles.append(("skip", counts.failed_may, "MAY not done"))
        if counts.errors:
            tiles.append(("fail", counts.errors, "not judged"))
        cells = "".join(
            f'<li class="{kind if number else "none"}"><b>{number}</b> {text}</li>'
            for kind, number, text in tiles
        )
        facts = {
            "target": self.line(report.target_url),
            "deadline": f"{report.context.timeout_s:g} s",
            "shape": shape,
            "situations": str(len(self.played)),
            "took": f"{report.took_s:.1f} s",
            "seed": self.line(report.seed),
            "strict": "yes" if self.strict else "no",
        }
        rows = "".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items())
        verdict = "The contract is kept" if good else "The contract is broken"
        why = self.line(report.nothing_judged)
        if why and not self.broken:
            verdict, why = f"Not judged: {why}", ""
        more = f"<p>{why}</p>" if why else ""
        return (
            f'<header class="{"good" if good else "bad"}"><p class="tool">runway-contracts</p>'
            f'<h1>{verdict}</h1>{more}<ul class="tiles">{cells}</ul>'
            f'<dl class="facts">{rows}</dl></header>'
        )

    def section(self, id_: str, title: str, items: Iterable[str]) -> str:
        text = "\n".join(items)
        return f'<section id="{id_}"><h2>{title}</h2>\n{text}</section>' if text else ""

    def situation(self, situation: Situation) -> str:
        seen, mine, wrong = self.seen[situation.id], self.of(situation), self.wrong(situation)
        counts = any(each.counts for each in mine)
        kind = "fail" if counts else "warn" if wrong else "pass"
        if self.report.nothing_judged and not wrong:
            kind = "skip"
        word = "broken" if wrong else "not judged" if kind == "skip" else "right"
        notes = map(self.note, wrong)
        came = ", ".join(map(str, seen.answers[:3])) + (" …" if len(seen.answers) > 3 else "")
        context = self.report.context
        rows = sequence(situation, seen, context, self.cover, broken=kind != "pass")
        title = f"Sequence of {situation.id}: {situation.about}"
        return (
            f'<details class="situation {kind}" id="{self.line(situation.id)}"'
            f"{' open' if wrong else ''}>"
            f'<summary><span class="badge">{word}</span> <b>{self.line(situation.id)}</b>'
            f' <span class="about">{self.line(situation.about)}</span></summary>'
            f'<p class="versus"><span>expected <b>{escape(EXPECTED[situation.expect])}</b></span>'
            f" <span>got <b>{self.line(came)}</b></span></p>"
            f"{''.join(map(self.finding, mine))}"
            f'<div class="drawing">{drawing(rows, notes, title=title)}</div>'
            f"{self.evidence(seen)}</details>"
        )

    def note(self, finding: Finding) -> Note:
        breaches = tuple(
            Breach(*(self.cover.line(half, longest=600) for half in (each.expected, each.got)))
            for each in finding.breaches
        )
        return Note(finding.id, breaches, finding.counts)

    def finding(self, finding: Finding) -> str:
        requirement = finding.requirement
        return (
            f'<div class="finding {"fail" if finding.counts else "warn"}"'
            f' id="{self.line(finding.id)}"><p><span class="level">{requirement.level.value}</span>'
            f' <a class="id" href="#{self.line(requirement.id)}">{self.line(finding.id)}</a></p>'
            f"<p>{self.line(requirement.text)}</p>"
            f'<p class="why">{self.line(requirement.why)}'
            f" <i>Source: {self.line(requirement.source)}</i></p></div>"
        )

    def evidence(self, seen: Observation) -> str:
        answers = "".join(map(self.answer, seen.answers[:12]))
        lines = escape("\n".join(evidence(seen, self.cover)))
        output = ""
        if seen.output.strip():
            text = escape(self.cover.block(seen.output, longest=1 << 30)[-_OUTPUT:])
            output = (
                "<details><summary>What the target wrote meanwhile</summary>"
                f"<pre>{text}</pre></details>"
            )
        return (
            f"<details><summary>Both hops, in full</summary><pre>{lines}</pre>{answers}</details>"
            f"{output}"
        )

    def answer(self, answer: TargetAnswer) -> str:
        headers = "\n".join(f"{name}: {text}" for name, text in answer.headers.items())
        head = f"{answer}\n{headers}".rstrip()
        body = f"\n\n{self.block(answer.body)}" if answer.body else ""
        return f'<pre class="answer">{self.block(head)}{body}</pre>'

    def requirements(self) -> str:
        groups = "".join(
            f'<tbody><tr><th colspan="3" scope="rowgroup">{self.line(family)}</th></tr>'
            f"{''.join(map(self.row, verdicts))}</tbody>"
            for family, verdicts in families(self.report.verdicts)
        )
        return (
            '<section id="requirements"><h2>Every requirement</h2>'
            f'<div class="drawing"><table>{groups}</table></div></section>'
        )

    def row(self, verdict: Verdict) -> str:
        requirement = verdict.requirement
        mine = [each for each in self.findings if each.requirement is requirement]
        kind = verdict.outcome.value
        if verdict.outcome is Outcome.FAIL and not any(each.counts for each in mine):
            kind = "warn"
        more = ""
        if mine:
            links = ", ".join(
                f'<a href="#{self.line(each.id)}">{self.line(each.situation.id)}</a>'
                for each in mine
            )
            more = f'<p class="more">{len(mine)} of {verdict.judged} situations: {links}</p>'
        elif verdict.reason:
            more = f'<p class="more">{self.line(verdict.reason)}</p>'
        word = "fail" if kind == "warn" else kind
        if mine and mine[0].is_note:
            kind, word = "skip", "note"
        return (
            f'<tr class="{kind}" id="{self.line(requirement.id)}">'
            f'<td><span class="badge">{word}</span></td>'
            f'<td><code>{self.line(requirement.id)}</code> <span class="level">'
            f"{requirement.level.value}</span></td>"
            f"<td>{self.line(requirement.text)}{more}</td></tr>"
        )

    def replay(self) -> str:
        if not self.report.replay_token:
            return ""
        command = escape(f"fake-runway replay {self.report.replay_token}")
        return (
            '<section id="replay"><h2>Run it again</h2><details><summary>What the fake saw, as a'
            f" command</summary><pre>{command}</pre></details></section>"
        )
