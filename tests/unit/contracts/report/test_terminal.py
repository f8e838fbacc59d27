"""The output during a run, and after it."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from contracts.judge.runner import RunBegan, RunEnded, SituationPlayed
from contracts.judge.verdict import Report
from contracts.report.terminal import Terminal
from tests.support.judge import made_reports as reports


def output_of(report: Report, *, strict: bool = False, terminal: bool = False) -> tuple[str, str]:
    """Return what a whole run leaves on standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    consoles = [
        Console(file=each, force_terminal=terminal, width=90, highlight=False, markup=False)
        for each in (out, err)
    ]
    listener = Terminal(consoles[0], consoles[1], strict)
    count = len(report.observations)
    listener.listen(RunBegan(count, len(report.verdicts)))
    for done, seen in enumerate(report.observations, start=1):
        listener.listen(SituationPlayed(seen, done, count))
    listener.listen(RunEnded(report))
    listener.close()
    return out.getvalue(), err.getvalue()


def line(text: str, word: str) -> str:
    """Return the first line with a word in it."""
    return next(each for each in text.splitlines() if word in each)


def test_progress_is_plain_lines_where_nothing_may_move() -> None:
    """A log gets a line a situation, on standard error, and no control character."""
    out, err = output_of(reports.mixed())

    assert "[1/3] ready-at-once: 200 after 0.2s" in err.splitlines()
    assert "\x1b" not in out + err
    assert "[1/3]" not in out


def test_progress_moves_on_a_terminal() -> None:
    """There it is one line, which is gone afterwards."""
    _, err = output_of(reports.mixed(), terminal=True)

    assert "\x1b[" in err
    assert "3/3" in err


def test_verdicts_stand_under_their_families() -> None:
    """Each requirement has one line: outcome, level, id, and the sentence or the reason."""
    out, _ = output_of(reports.mixed())
    lines = out.splitlines()

    assert lines.index("shape") < lines.index("poll") < lines.index("time")
    assert line(out, "shape.content-type").split()[:3] == ["fail", "SHOULD", "shape.content-type"]
    assert line(out, "poll.stops").endswith("Polls end with the answer.")
    assert line(out, "time.status").endswith("nothing was played")


def test_a_failure_shows_expected_got_and_both_hops() -> None:
    """A developer can repair it without another run."""
    out, _ = output_of(reports.mixed())
    found = out[out.index("poll.stops@never-ready") :]

    assert re.search(r"expected: +no poll after the answer\n +got: +2, the first 0.5s later", found)
    lines = re.sub(" +", " ", found)
    assert 'caller +0.00s POST -> 504 after 4.0s {"error": "too late"}\n' in lines
    assert "upstream +0.01s POST /v1/realtime_sessions -> 200\n" in lines
    assert "upstream +0.50s GET" in lines
    assert "200 NOT_READY (9 times, the last at +4.10s)" in lines
    assert "provisioning +0.01s" in found


def test_evidence_is_shown_once() -> None:
    """A situation that breaks two requirements has its evidence once."""
    out, _ = output_of(reports.mixed())

    assert out.count("poll-fails") == 0
    assert out.count("<h1>oops</h1>") == 1
    assert "evidence: as for poll.stops@poll-500" in out


def test_the_end_shows_sums_and_next_commands() -> None:
    """Sums and seconds, then commands that can be copied."""
    out, _ = output_of(reports.mixed())

    assert "1 passed, 2 failed (1 MUST, 1 SHOULD), 1 skipped, 12.3 seconds" in out
    assert "runway-contracts explain poll.stops" in out
    assert "fake-runway replay fr1.abcdef" in out


def test_a_run_without_findings_ends_with_its_sums() -> None:
    """There is nothing to do next."""
    out, _ = output_of(reports.kept())

    assert "1 passed, 0 failed, 0 skipped" in out
    assert "What to do next" not in out
    assert "What is broken" not in out


def test_the_sums_of_a_run_that_judged_nothing_show_it() -> None:
    """The first line has the reason, and the sums pass nothing."""
    out, _ = output_of(reports.unexercised())

    assert out.startswith("nothing was judged: not one request reached the fake")
    assert "0 passed, 0 failed, 1 not observed, 0 skipped, 12.3 seconds" in out
    assert out.count("not one request reached the fake") == 1
    assert "see the first line" in out
    assert "mend what the first line says, and run the same command again" in out
    assert "explain" not in out


@pytest.mark.parametrize(
    ("report", "strict", "first"),
    [
        (reports.kept(), True, "kept"),
        (reports.mixed(), False, "broken: 1 MUST"),
        (reports.mixed(), True, "broken: 1 MUST and 1 SHOULD"),
        (reports.partly_observed(), False, "kept as far as observed (1 not)"),
        (reports.never_connected(), False, reports.never_connected().no_connect),
    ],
)
def test_the_first_line_is_the_verdict(report: Report, first: str, *, strict: bool) -> None:
    """A reader of the first line knows whether the run is good, and why not."""
    out, _ = output_of(report, strict=strict)

    assert out.splitlines()[0] == first


def test_what_was_not_observed_stands_with_its_cause() -> None:
    """It is an outcome of its own, beside pass, fail and skip."""
    out, _ = output_of(reports.partly_observed())
    row = line(out, "cancel.MUST")

    assert re.split(" {2,}", row.strip())[0] == "not observed MUST"
    assert row.endswith("never-ready: no create reached Runway")


def test_a_broken_may_is_a_note() -> None:
    """A missing MAY is not broken, does not fail, and needs no action."""
    out, _ = output_of(reports.optional(), strict=True)

    assert line(out, "header.more").split()[:3] == ["note", "MAY", "header.more"]
    assert "1 passed, 0 failed, 0 skipped, 1 MAY not done" in out
    assert "What is broken" not in out
    assert "What to do next" not in out


@pytest.mark.parametrize("terminal", [False, True])
def test_no_secret_and_no_control_reaches_the_terminal(*, terminal: bool) -> None:
    """The text of a target can neither colour the screen nor show a key."""
    out, err = output_of(reports.hostile(), terminal=terminal)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out + err) if terminal else out + err

    secrets = (reports.SECRET, reports.KEY, reports.OTHER_KEY, reports.JWT, "pass-word")
    assert [each for each in secrets if each in plain] == []
    assert re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", plain) == []
    assert "\x1b[31mred" not in out


def test_standard_output_is_left_to_a_report_if_it_takes_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Then the verdicts go to standard error too."""
    terminal = Terminal.usual(strict=False, err=True)
    terminal.listen(RunEnded(reports.kept()))
    terminal.close()

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "1 passed" in captured.err


def test_many_situations_are_named_and_many_callers_cut_short() -> None:
    """Evidence is for the first three, and a line of progress stays a line."""
    out, err = output_of(reports.everywhere())

    assert out.count("caller 1 ") == 3
    assert "and in: place-3, place-4" in out
    assert err.count("200 after 1.0s, 200 after 1.0s, 200 after 1.0s, …") == 5


def test_a_long_token_is_not_printed() -> None:
    """It would push everything else out of sight; the reports have it."""
    out, _ = output_of(replace(reports.mixed(), replay_token="fr1." + "x" * 1_000))

    assert "fake-runway replay TOKEN" in out
    assert "xxxx" not in out


def test_an_end_before_the_beginning_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    """A run can fail before its first situation, and then the output has none."""
    Terminal.usual(strict=False).close()

    assert capfd.readouterr().out == ""
