"""Which changed files are a reason to judge a target again."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.live.changes import OwnFiles

FILES = st.frozensets(st.sampled_from(["app.js", "log.txt", "db.sqlite", "out/page.js"]))
"""What changed at one time."""


@given(st.lists(FILES, min_size=2))
def test_what_a_target_writes_in_each_run_ends(written: list[frozenset[str]]) -> None:
    """A file that changes during every run causes one run more, and is then left alone."""
    own, runs_for = OwnFiles(), []
    for each in written:
        files, _ = own.after_run(each | {"always.log"})
        runs_for.append("always.log" in files)

    assert runs_for == [True, *(False for _ in written[1:])]


@given(st.lists(FILES), FILES)
def test_a_change_while_nothing_runs_always_counts(
    during: list[frozenset[str]], idle: frozenset[str]
) -> None:
    """Also of a file that was taken for the target's own."""
    own = OwnFiles()
    for each in during:
        own.after_run(each)

    assert own.while_idle(idle) == sorted(idle)


@given(st.lists(FILES))
def test_every_change_of_a_run_counts_or_is_said_to_be_left_out(
    during: list[frozenset[str]],
) -> None:
    """None is dropped without a word."""
    own, left_out = OwnFiles(), set[str]()
    for each in during:
        files, now_own = own.after_run(each)
        left_out |= {*now_own}

        assert {*files} | (left_out & each) == each
        assert not {*files} & left_out


def test_an_edit_in_one_run_of_two_counts() -> None:
    """Somebody who saves during a run, and again later, is heard both times."""
    own = OwnFiles()

    assert own.after_run(["app.js"]) == (["app.js"], [])
    assert own.after_run([]) == ([], [])
    assert own.after_run(["app.js"]) == (["app.js"], [])
