"""The list of surviving mutants is about the code as it is."""

from pathlib import Path

import pytest

from tests.mutants.survivors import Key, listed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("key", listed(), ids=lambda key: f"{key[0]}: {key[2]}")
def test_a_listed_survivor_has_its_line_and_a_reason(key: Key) -> None:
    """The line is still there, the change changes it, and the reason is a sentence."""
    file, before, after = key

    assert before in [line.strip() for line in (ROOT / file).read_text().splitlines()]
    assert before != after
    assert listed()[key].endswith(".")
