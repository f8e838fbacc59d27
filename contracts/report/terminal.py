"""A run on the terminal: progress, then verdicts, evidence, and what to do next.

Progress goes to standard error, as a moving bar if that is a terminal; the verdicts go to standard
output. Lines are wrapped and coloured on terminals only, never in files.
"""

from dataclasses import dataclass, field
from functools import partial

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from contracts.judge.case import Level
from contracts.judge.runner import RunBegan, RunEnded, RunEvent, SituationPlayed
from contracts.judge.verdict import Finding, Outcome, Report, Verdict
from contracts.report.findings import families, headline, left_out, reason, summary, to_mend_first
from contracts.report.redaction import Redaction
from contracts.report.transcript import evidence

_MOST_SHOWN = 3
"""Situations of a broken requirement that are shown with evidence; the others are named."""
_SHORT_TOKEN = 400
_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.SKIP: "dim",
    Outcome.NOT_OBSERVED: "bold magenta",
}


@dataclass
class Terminal:
    """Shows one run, event by event.

    Attributes:
        out: for verdicts.
        err: for progress.
    """

    out: Console
    err: Console
    strict: bool
    _progress: Progress | None = None
    _task: TaskID | None = field(default=None, repr=False)

    @classmethod
    def usual(cls, *, strict: bool, err: bool = False) -> "Terminal":
        """Return one for the standard streams.

        Args:
            err: everything goes to standard error, because standard output takes a report.
        """
        plain = partial(Console, highlight=False, markup=False, emoji=False)
        return cls(plain(stderr=err), plain(stderr=True), strict)

    def listen(self, event: RunEvent) -> None:
        """Show one event."""
        match event:
            case RunBegan(situations=situations, requirements=requirements):
                self._begin(situations, requirements)
            case SituationPlayed():
                self._played(event)
            case RunEnded(report=report):
                self.close()
                self._show(report)

    def close(self) -> None:
        """Remove the progress bar, if there is one."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _begin(self, situations: int, requirements: int) -> None:
        if not self.err.is_terminal:
            text = f"{requirements} requirements in {situations} situations"
            self.err.print(text, soft_wrap=True)
            return
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self.err,
            transient=True,
        )
        self._task = self._progress.add_task("", total=situations)
        self._progress.start()

    def _played(self, event: SituationPlayed) -> None:
        answers = event.seen.answers
        got = ", ".join(map(str, answers[:3])) + (", …" if len(answers) > 3 else "")
        text = f"{event.seen.situation.id}: {got}"
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=event.done, description=text)
        else:
            self.err.print(f"[{event.done}/{event.of}] {text}", soft_wrap=True)

    def _show(self, report: Report) -> None:
        redact = Redaction.of(report)
        found = [each for each in report.findings if not each.is_note]
        style = "bold green" if report.kept(strict=self.strict) else "bold red"
        self._line((redact.line(headline(report, strict=self.strict), longest=600), style))
        for family, verdicts in families(report.verdicts):
            self._line()
            self._line((family, "bold"))
            for verdict in verdicts:
                self._verdict(verdict, reason(verdict, report), redact)
        if found:
            self._findings(report, redact)
        self._end(report, redact)

    def _verdict(self, verdict: Verdict, why: str, redact: Redaction) -> None:
        requirement, outcome = verdict.requirement, verdict.outcome
        style, word = _STYLES[outcome], outcome.value
        if outcome is Outcome.FAIL and requirement.level is not Level.MUST and not self.strict:
            style = "yellow"
        text = requirement.text
        if outcome is Outcome.FAIL and requirement.level is Level.MAY:
            style, word, text = "", "note", f"Not done, which is allowed: {text}"
        if outcome in (Outcome.SKIP, Outcome.NOT_OBSERVED):
            text = redact.line(why)
        dim = "dim" if outcome is Outcome.SKIP else ""
        self._line(
            ("  ", ""),
            (f"{word:<13}", style),
            (f"{requirement.level.value:<7}", "dim"),
            (f"{requirement.id:<32}", dim),
            (f" {text}", dim),
        )

    def _findings(self, report: Report, redact: Redaction) -> None:
        self._line()
        self._line(("What is broken", "bold underline"))
        printed: dict[str, str] = {}  # situations whose evidence is on the screen, by the finding
        for verdict in report.verdicts:
            mine, requirement = verdict.findings, verdict.requirement
            if not mine or requirement.level is Level.MAY:
                continue
            self._line()
            counts = requirement.level.counts(strict=self.strict)
            style = "bold red" if counts else "bold yellow"
            where = f"  {requirement.level.value}, in {len(mine)} of {verdict.judged} situations"
            self._line((requirement.id, style), (where, ""))
            self._line((f"  {requirement.text}", ""))
            for finding in mine[:_MOST_SHOWN]:
                self._finding(finding, printed, redact)
            if rest := [each.seen.situation.id for each in mine[_MOST_SHOWN:]]:
                self._line((f"  and in: {', '.join(rest)}", ""))

    def _finding(self, finding: Finding, printed: dict[str, str], redact: Redaction) -> None:
        self._line()
        self._line((f"  {finding.id}", "bold"), (f"  {finding.seen.situation.about}", ""))
        for breach in finding.breaches:
            self._line(("    expected: ", "green"), (redact.line(breach.expected, longest=600), ""))
            self._line(("    got:      ", "red"), (redact.line(breach.got, longest=600), ""))
        situation_id = finding.seen.situation.id
        if before := printed.get(situation_id):
            self._line((f"    evidence: as for {before}", "dim"))
            return
        printed[situation_id] = finding.id
        for line in evidence(finding.seen, redact):
            self._line((f"    {line}", "dim"))

    def _end(self, report: Report, redact: Redaction) -> None:
        counts = summary(report)
        good = report.kept(strict=self.strict)
        self._line()
        self._line(
            (f"{counts}", "bold green" if good else "bold red"),
            (f", {report.took_s:.1f} seconds, {redact.line(report.target_url)}", ""),
        )
        if rest := left_out(report):
            self._line((f"{rest}; --profile full plays them", "yellow"))
        first = to_mend_first(report)
        if not first and not report.nothing_judged:
            return
        self._line()
        self._line(("What to do next", "bold"))
        if report.nothing_judged:
            self._line(("  mend what the first line says, and run the same command again", "cyan"))
            self._line(("      until then, nothing is known of the connects of the target", "dim"))
        if not first:
            return
        self._line((f"  runway-contracts explain {first}", "cyan"))
        self._line(("      the reason for this requirement, and its repair in code", "dim"))
        self._line((f"  runway-contracts check --only {first} --report html=report.html …", "cyan"))
        self._line(("      judge it alone, and draw what happened", "dim"))
        if report.replay_token:
            token, where = report.replay_token, ""
            if len(token) > _SHORT_TOKEN:
                token, where = "TOKEN", "; the token is in the JSON, JUnit and HTML reports"
            self._line((f"  fake-runway replay {token}", "cyan"))
            again = f"the fake's side of this run again (seed {redact.line(report.seed)}){where}"
            self._line((f"      {again}", "dim"))

    def _line(self, *parts: tuple[str, str]) -> None:
        self.out.print(Text.assemble(*parts), soft_wrap=True)
