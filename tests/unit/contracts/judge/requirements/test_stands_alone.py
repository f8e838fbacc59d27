"""Which requirements a target can break that never used the fake."""

from contracts.judge.requirements import REQUIREMENTS


def test_a_leak_a_crash_and_silence_stand_alone() -> None:
    """Any other breach is none there: no fault of a situation has reached the target."""
    alone = {each.id for each in REQUIREMENTS if each.stands_alone}

    assert alone == {
        *("secrecy.api-secret", "secrecy.session-key", "secrecy.output", "secrecy.output-parts"),
        *("survive.anything", "time.deadline"),
    }
