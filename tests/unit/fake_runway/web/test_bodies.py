"""The provider's sentences for problems that no request can cause today."""

from contracts.wire.schema import Kind, Problem
from fake_runway.web.bodies import PROVIDER


def test_a_problem_without_a_sentence_of_its_own_is_still_reported() -> None:
    """A rule that a later contract may bring has the library's shortest sentence."""
    assert PROVIDER.expected(Problem(("a",), Kind.OTHER, "multipleOf", "number")) == "Invalid input"


def test_a_missing_key_of_any_type_is_reported() -> None:
    """Where a schema allows any type, the sentence says so."""
    missing = Problem(("a",), Kind.REQUIRED, (), "nothing")
    assert PROVIDER.expected(missing) == "Invalid input: expected a value, received undefined"
