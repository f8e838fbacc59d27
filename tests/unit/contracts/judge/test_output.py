"""A secret in the output of a target is found, however much it writes, and in whatever pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.output import KEPT, LONGEST_LINE, Output
from contracts.judge.spellings import Searched, spellings

SECRET = "judge-5ec2e7/with+signs="
KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
KINDS = {KEY: "session key", **dict.fromkeys(spellings(SECRET), "API secret")}


def written(*chunks: str | bytes) -> Output:
    """Return an output that got these chunks."""
    output = Output(Searched(SECRET))
    for chunk in chunks:
        output.write(chunk)
    return output


@given(
    st.sampled_from(sorted(KINDS)),
    st.text(max_size=30),
    st.text(max_size=30),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_chunks_hide_nothing(secret: str, before: str, after: str, cuts: list[int]) -> None:
    """Wherever the text is cut, and whatever stands around: found once, and never shown."""
    text = f"{before}{secret}{after}".encode(errors="replace")
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    output = written(*(text[a:b] for a, b in pairwise(places)))
    kinds = [leak.what for leak in output.leaks_since(0)]
    assert kinds.count(KINDS[secret]) >= 1
    assert all(secret not in leak.line for leak in output.leaks_since(0))
    assert output.leaks_since(0) == output.leaks_since(0)


@given(st.integers(0, 3), st.booleans())
def test_volume_hides_nothing(times: int, lines: bool) -> None:
    """Megabytes before and after, in lines or in one line: the secret is found, the text goes."""
    noise = ("x" * 999 + ("\n" if lines else " ")) * ((KEPT + LONGEST_LINE) // 1_000 + 1)
    output = written(*([noise] * times), f"my secret is {SECRET}, yes", *([noise] * times))
    (leak,) = output.leaks_since(0)
    assert leak.what == "API secret"
    assert "my secret is [API secret], yes" in leak.line
    assert len(output.since(0)) <= KEPT


def test_a_leak_belongs_to_the_time_of_its_line() -> None:
    """What was written before a mark is not found after it."""
    output = written(f"one {SECRET}\n")
    mark = output.written
    output.write("two\n")
    assert [leak.line for leak in output.leaks_since(0)] == ["one [API secret]"]
    assert output.leaks_since(mark) == ()
    output.write(f"three {KEY} and {SECRET}")
    assert {leak.what for leak in output.leaks_since(mark)} == {"session key", "API secret"}
    assert all("[session key] and [API secret]" in leak.line for leak in output.leaks_since(mark))


def test_many_leaks_of_one_kind_hide_no_other() -> None:
    """The lines that are kept are counted for each kind."""
    output = written(f"{KEY}\n", *([f"{SECRET}\n" * 50] * 10))
    assert {leak.what for leak in output.leaks_since(0)} == {"session key", "API secret"}


def test_the_last_lines_are_kept() -> None:
    """They say why a target ended."""
    output = Output()
    output.write(b"one\n\n")
    output.write("two\nthr\xe4".encode("latin-1"))
    output.write("\xb6e\n".encode())
    assert output.last_lines().splitlines()[:2] == ["one", "two"]
