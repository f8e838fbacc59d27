"""What is said of a run that exercised nothing."""

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

    assert ("An older server" in why) is not started
    assert ("another API secret" in why) is elsewhere
