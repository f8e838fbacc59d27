"""What somebody who started a run sees: progress, then verdicts, evidence, and what to do next.

Progress is for standard error, and moves only if that is a terminal; the verdict is for standard
output. Nothing is wrapped or coloured where it would end up in a file.
"""

from dataclasses import dataclass, field

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
from contracts.judge.verdict import Outcome, Report, Verdict
from contracts.report.findings import Finding, families, findings, summary
from contracts.report.redaction import Redaction
from contracts.report.transcript import evidence

_MOST_SHOWN = 3
"""In so many situations a broken requirement is shown with evidence; of the others, the names."""
_SHORT_TOKEN = 400
_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.SKIP: "dim",
    Outcome.ERROR: "magenta",
}


def _console(*, stderr: bool) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


@dataclass
class Terminal:
    """Listens to one run.

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
        """Return one for the standard streams, or for standard error alone."""
        return cls(_console(stderr=err), _console(stderr=True), strict)

    def listen(self, event: RunEvent) -> None:
        """Show what has just happened."""
        match event:
            case RunBegan(situations=situations, requirements=requirements):
                self._begin(situations, requirements)
            case SituationPlayed():
                self._played(event)
            case RunEnded(report=report):
                self.close()
                self._show(report)

    def close(self) -> None:
        """Take the moving line away, if there is one."""
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
        answers = event.observation.answers
        came = ", ".join(map(str, answers[:3])) + (", …" if len(answers) > 3 else "")
        text = f"{event.situation.id}: {came}"
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=event.done, description=text)
        else:
            self.err.print(f"[{event.done}/{event.of}] {text}", soft_wrap=True)

    def _show(self, report: Report) -> None:
        cover = Redaction.of(report)
        every = findings(report, strict=self.strict)
        found = tuple(each for each in every if not each.is_note)
        for family, verdicts in families(report.verdicts):
            self._line()
            self._line((family, "bold"))
            for verdict in verdicts:
                self._verdict(verdict, cover)
        if found:
            self._findings(report, found, cover)
        self._end(report, found, cover)

    def _verdict(self, verdict: Verdict, cover: Redaction) -> None:
        requirement, outcome = verdict.requirement, verdict.outcome
        style, word = _STYLES[outcome], outcome.value
        if outcome is Outcome.FAIL and not self._counts(verdict):
            style = "yellow"
        text = requirement.text
        if outcome is Outcome.FAIL and requirement.level is Level.MAY:
            style, word, text = "", "note", f"Not done, which is allowed: {text}"
        if outcome in (Outcome.SKIP, Outcome.ERROR):
            text = cover.line(verdict.reason)
        dim = "dim" if outcome is Outcome.SKIP else ""
        self._line(
            ("  ", ""),
            (f"{word:<6}", style),
            (f"{requirement.level.value:<7}", "dim"),
            (f"{requirement.id:<32}", dim),
            (f" {text}", dim),
        )

    def _counts(self, verdict: Verdict) -> bool:
        return verdict.requirement.level.value == "MUST" or self.strict

    def _findings(self, report: Report, found: tuple[Finding, ...], cover: Redaction) -> None:
        self._line()
        self._line(("What is broken", "bold underline"))
        shown: dict[str, str] = {}
        for verdict in report.verdicts:
            mine = [each for each in found if each.requirement is verdict.requirement]
            if not mine:
                continue
            requirement = verdict.requirement
            self._line()
            where = f"  {requirement.level.value}, in {len(mine)} of {verdict.judged} situations"
            self._line(
                (requirement.id, "bold red" if mine[0].counts else "bold yellow"), (where, "")
            )
            self._line((f"  {requirement.text}", ""))
            for finding in mine[:_MOST_SHOWN]:
                self._finding(finding, shown, cover)
            if rest := [each.situation.id for each in mine[_MOST_SHOWN:]]:
                self._line((f"  and in: {', '.join(rest)}", ""))

    def _finding(self, finding: Finding, shown: dict[str, str], cover: Redaction) -> None:
        self._line()
        self._line((f"  {finding.id}", "bold"), (f"  {finding.situation.about}", ""))
        for breach in finding.breaches:
            self._line(("    expected: ", "green"), (cover.line(breach.expected, longest=600), ""))
            self._line(("    got:      ", "red"), (cover.line(breach.got, longest=600), ""))
        if before := shown.get(finding.situation.id):
            self._line((f"    evidence: as for {before}", "dim"))
            return
        shown[finding.situation.id] = finding.id
        for line in evidence(finding.observation, cover):
            self._line((f"    {line}", "dim"))

    def _end(self, report: Report, found: tuple[Finding, ...], cover: Redaction) -> None:
        counts = summary(report)
        good = report.kept(strict=self.strict)
        nothing = ", nothing was judged" if report.nothing_judged and not found else ""
        self._line()
        self._line(
            (f"{counts}{nothing}", "bold green" if good else "bold red"),
            (f", {report.took_s:.1f} seconds, {cover.line(report.target_url)}", ""),
        )
        if not found:
            return
        self._line()
        self._line(("What to do next", "bold"))
        self._line((f"  runway-contracts explain {found[0].requirement.id}", "cyan"))
        self._line(("      why it is demanded, and how it is judged", "dim"))
        first = found[0].requirement.id
        self._line((f"  runway-contracts check --only {first} --report html=report.html …", "cyan"))
        self._line(("      judge it alone, and draw what happened", "dim"))
        if report.replay_token:
            short = len(report.replay_token) <= _SHORT_TOKEN
            token = report.replay_token if short else "TOKEN"
            where = "" if short else "; the token stands in the JSON, JUnit and HTML reports"
            self._line((f"  fake-runway replay {token}", "cyan"))
            self._line(
                (
                    f"      what the fake saw, run again (seed {cover.line(report.seed)}){where}",
                    "dim",
                )
            )

    def _line(self, *parts: tuple[str, str]) -> None:
        self.out.print(Text.assemble(*parts), soft_wrap=True)
