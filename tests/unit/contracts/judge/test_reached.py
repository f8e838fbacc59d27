"""What is said of a run that exercised nothing."""

from dataclasses import replace

import pytest

from contracts.judge.observation import Observation
from contracts.judge.reached import why_not_exercised
from contracts.judge.situation import Expect, Situation, Trait
from tests.support.judge.made_reports import answer

URL = "http://127.0.0.1:3000/connect"


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("started", [False, True])
def test_an_older_server_is_named_where_the_judge_started_none(
    *, elsewhere: bool, started: bool
) -> None:
    """It answers at the same address, with the variables that it was started with."""
    situation = Situation("ready-at-once", "", Expect.SUCCESS, {Trait.SUCCESS})
    seen = Observation(situation, "an-avatar", (answer(500),), (), (), until=9.0)

    why = why_not_exercised(URL, [seen], reached=False, elsewhere=elsewhere, started=started)

    assert "; in ready-at-once, no create " in why
    assert ", and the caller got 500 after 1.0s. " in why
    assert ("An older server" in why) is not started
    assert ("another API secret" in why) is elsewhere


def seen(id_: str, expect: Expect, *statuses: int | None, loss: str = "") -> Observation:
    """Return a situation with these answers, in which nothing was sent upstream."""
    answers = tuple(answer(each) for each in statuses)
    return Observation(Situation(id_, "", expect), "", answers, (), (), until=9.0, loss=loss)


RIGHT = seen("ready-at-once", Expect.SUCCESS, 404)
SILENT = seen("ready-at-once", Expect.SUCCESS, None)
WRONG = seen("bad-json", Expect.REFUSAL, 502)


@pytest.mark.parametrize(
    ("played", "why"),
    [
        ([], ""),
        ([WRONG], ""),
        ([WRONG, RIGHT], "in ready-at-once, no create reached the fake, and the caller got 404"),
        ([SILENT], "gave not one HTTP answer; in ready-at-once, no create reached the fake"),
        ([seen("bad-json", Expect.REFUSAL, None)], "gave not one HTTP answer; in bad-json"),
        ([seen("ready-at-once", Expect.SUCCESS, 401)], "by --header (in ready-at-once, no create"),
        ([seen("ready-at-once", Expect.SUCCESS, 307)], "as --target (in ready-at-once, no create"),
        ([replace(WRONG, loss="ended with code 7")], ""),
        (
            [replace(WRONG, loss="ended with code 7"), SILENT],
            "reached the fake; in bad-json, the target ended with code 7",
        ),
    ],
)
def test_the_line_has_the_situation_and_what_came(played: list[Observation], why: str) -> None:
    """Wrong requests alone need no upstream; a target that ended was there."""
    line = why_not_exercised(URL, played, reached=False, elsewhere=False, started=True)

    assert why in line
    assert bool(line) is bool(why)


def test_a_target_that_sent_a_request_was_exercised() -> None:
    """Also if it answers nothing, which is for the requirements to judge."""
    assert why_not_exercised(URL, [SILENT], reached=True, elsewhere=True, started=True) == ""
