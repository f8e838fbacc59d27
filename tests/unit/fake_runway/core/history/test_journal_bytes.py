"""A journal has a limit of memory besides its limit of entries."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.history.journal import Act, Exchange, Log, size_of
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT

MOST = 20_000


def add(log: Log, kind: str, length: int) -> None:
    """Add an exchange or an act that holds a text of that length."""
    body = {"a": "x" * length}
    if kind == "exchange":
        log.add_exchange(Exchange("", "POST", "/", body=body))
    else:
        log.add_act(Act(log.number(), 0.0, "addFault", NO_SUBJECT, body))


@given(
    st.lists(st.tuples(st.sampled_from(("exchange", "act")), st.integers(0, 15_000)), max_size=30),
    st.integers(1, 10),
)
def test_the_newest_entries_that_fit_are_kept(added: list[tuple[str, int]], capacity: int) -> None:
    """By number and by bytes; whatever is dropped is counted, and the newest stay."""
    log = Log(capacity, most_bytes=MOST)
    for kind, length in added:
        add(log, kind, length)
        assert log.bytes <= MOST
    kept = log.entries()
    numbers = [entry.number for entry in kept]
    assert log.dropped == len(added) - len(kept)
    exchanges = sum(each.size for each in log.exchanges)
    assert log.bytes == exchanges + sum(1_000 + size_of(act.given) for act in log.acts)
    if len(added) <= capacity:  # then bytes alone decide, and the oldest went first
        assert numbers == list(range(len(added)))[len(added) - len(kept) :]
    log.clear()
    assert log.bytes == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, JSON)
def test_the_size_of_a_value_is_more_than_that_of_its_parts(one: Any, other: Any) -> None:
    """So no shape of a body can hide what it takes."""
    assert size_of([one, other]) > size_of(one) + size_of(other)
    assert size_of({"a": one, "b": other}) > size_of(one) + size_of(other)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_an_object_of_texts_alone_is_measured_as_any(texts: dict[str, str]) -> None:
    """Beside another value each text takes as much."""
    assert size_of({**texts, "": 1}) == size_of(texts) + size_of({"": 1}) - size_of({})
    assert size_of({**texts, "": ""}) == size_of(texts) + size_of({"": ""}) - size_of({})


@given(st.text(), st.text(), JSON)
def test_the_size_of_a_text_grows_with_its_length(one: str, other: str, value: Any) -> None:
    """As a value, as a value of an object, and as a key of it."""
    assert size_of(one + other) - size_of(one) == len(other)
    assert size_of({"a": one + other}) - size_of({"a": one}) == len(other)
    assert size_of({one + other: value}) - size_of({one: value}) == len(other)


def test_an_entry_that_does_not_fit_at_all_is_dropped() -> None:
    """It takes the others with it, because they are older."""
    log = Log(most_bytes=MOST)
    add(log, "exchange", 10)
    add(log, "act", 2 * MOST)
    assert (len(log), log.dropped, log.bytes) == (0, 2, 0)
