"""Expectations about calls: which count, how many, and what a failure says."""

from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.client.answers import Exchanges, ExchangeView
from fake_runway.client.verifying import CallMatch, Expected, VerificationFailed, check_order


def call(number: int, operation: str = "createSession", **parts: Any) -> ExchangeView:
    """Return a call of a journal."""
    return ExchangeView.of(
        {
            "number": number,
            "at": 0.0,
            "operation": operation,
            "method": parts.get("method", "POST"),
            "path": parts.get("path", "/v1/realtime_sessions"),
            "session": parts.get("session"),
            "avatar": None,
            "request": {
                "agent": None,
                "retry": None,
                "versioned": True,
                "secret_in_url": False,
                "key_fits": None,
                "query": parts.get("query", {}),
                "body": parts.get("body"),
            },
            "response": {
                "status": parts.get("status", 200),
                "body": None,
                "code": None,
                "arrives": True,
                "wait_s": 0.0,
            },
            "acted": True,
            "faults": parts.get("faults", ()),
            "nearest": None,
        }
    )


def journal(*calls: ExchangeView, gone: int = 0) -> Exchanges:
    """Return a journal with these calls."""
    return Exchanges(calls, len(calls) + gone, gone, gone, 0)


def expected(calls: int | None = None, **arguments: Any) -> Expected:
    """Return what `verify` means by its arguments."""
    least, most = arguments.pop("at_least", None), arguments.pop("at_most", None)
    return Expected.of(calls, least, most, CallMatch(**arguments))  # type: ignore[typeddict-item]


STATUSES = st.lists(st.sampled_from([200, 429, 500]), max_size=8)


@given(STATUSES, st.integers(0, 9))
def test_exactly_so_many(statuses: list[int], number: int) -> None:
    """It passes with that number and no other, and returns those that count."""
    calls = [call(at, status=status) for at, status in enumerate(statuses)]
    right = [each for each in calls if each.status == 429]
    if len(right) == number:
        assert expected(number, status=429).check(journal(*calls)) == tuple(right)
    else:
        with pytest.raises(VerificationFailed, match=f"got {len(right)} of {len(calls)} call"):
            expected(number, status=429).check(journal(*calls))


@given(STATUSES, st.integers(0, 9), st.integers(0, 9))
def test_at_least_and_at_most(statuses: list[int], least: int, most: int) -> None:
    """Both bounds belong to it; a bound that is not given is none."""
    calls = journal(*(call(at, status=status) for at, status in enumerate(statuses)))
    number = statuses.count(200)
    if least <= most:
        assert passes(expected(at_least=least, at_most=most, status=200), calls) == (
            least <= number <= most
        )
    assert passes(expected(at_most=most, status=200), calls) == (number <= most)
    assert passes(expected(at_least=least, status=200), calls) == (number >= least)
    assert passes(expected(status=200), calls) == (number >= 1)


def passes(wanted: Expected, calls: Exchanges) -> bool:
    """Tell whether a verification passes."""
    try:
        wanted.check(calls)
    except VerificationFailed:
        return False
    return True


@given(st.integers(1, 5), st.integers(0, 3))
def test_nothing_rests_on_calls_that_are_gone(gone: int, found: int) -> None:
    """What the calls that are there prove holds; what needs those that are gone is refused."""
    calls = journal(*(call(at) for at in range(found)), gone=gone)

    assert passes(expected(at_least=found), calls)
    assert not passes(expected(found), calls)
    assert not passes(expected(at_most=found), calls)
    with pytest.raises(VerificationFailed, match="larger --journal"):
        expected(at_least=found + 1).check(calls)
    with pytest.raises(VerificationFailed, match="larger --journal"):
        check_order(calls, ["createSession"])


PARTS: dict[str, tuple[Any, Any]] = {
    "operation": ("createSession", "getSession"),
    "method": ("POST", "GET"),
    "path": ("/v1/a", "/v1/b"),
    "session": ("s1", "s2"),
    "status": (200, 500),
    "body": ({"a": {"b": 1}}, {"a": {"b": 2}}),
    "query": ({"limit": "1"}, {"limit": "2"}),
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_tells_calls_apart(part: str) -> None:
    """A call that differs in that part alone does not count, and the failure says in what."""
    right, wrong = (
        {key: value[at if key == part else 0] for key, value in PARTS.items()} for at in (0, 1)
    )
    counting, other = call(1, **right), call(2, **wrong)

    assert expected(1, **right).check(journal(counting, other)) == (counting,)
    with pytest.raises(VerificationFailed) as failure:
        expected(1, **right).check(journal(other))
    lines = str(failure.value).splitlines()
    assert [line.strip().partition(":")[0].partition(".")[0] for line in lines[3:]] == [part]


def test_a_body_may_have_more_than_what_is_named() -> None:
    """In depth; `ANY` stands for any value, and a missing key is not one."""
    made = call(1, body={"model": "m", "avatar": {"type": "custom", "avatarId": "x"}, "tools": []})

    assert passes(expected(1, body={"avatar": {"type": "custom"}}), journal(made))
    assert passes(expected(1, body={"avatar": {"avatarId": ANY}}), journal(made))
    with pytest.raises(VerificationFailed) as failure:
        expected(1, body={"avatar": {"presetId": "cat", "type": "custom"}}).check(journal(made))
    assert "body.avatar.presetId: expected cat, got nothing" in str(failure.value)
    with pytest.raises(VerificationFailed, match="body: expected a mapping, got null"):
        expected(1, body={"a": 1}).check(journal(call(1)))


def test_a_fault_is_one_of_those_that_struck() -> None:
    """By its name."""
    calls = journal(call(1, faults=["slow", "late"]), call(2))

    assert len(expected(1, fault="late").check(calls)) == 1
    with pytest.raises(VerificationFailed, match="fault: expected gone, got slow, late"):
        expected(fault="gone").check(calls)


def test_a_failure_shows_the_nearest_calls_first() -> None:
    """Those that differ in the least; never more than a few."""
    calls = [call(at, "getSession", status=500, method="GET") for at in range(30)]
    calls.append(call(30, status=429))
    with pytest.raises(VerificationFailed) as failure:
        expected(2, operation="createSession", status=200, method="POST").check(journal(*calls))
    text = str(failure.value)

    assert text.startswith(
        "expected exactly 2 calls with operation createSession, status 200, method POST,"
        " got 0 of 31 calls\n"
    )
    assert text.index("#30 ") < text.index("#0 ")
    assert len(text.splitlines()) < 20


def test_what_clients_sent_is_printed_safely() -> None:
    """Paths and bodies are theirs."""
    with pytest.raises(VerificationFailed) as failure:
        expected(status=1).check(journal(call(1, path="/\x1b[31m" + "x" * 9999)))

    assert "\x1b" not in str(failure.value)
    assert len(str(failure.value)) < 600


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=4))
def test_an_order_is_a_subsequence(made: list[str], wanted: list[str]) -> None:
    """Each is found after the one before it."""
    calls = journal(*(call(at, operation) for at, operation in enumerate(made)))
    left = iter(made)
    if all(each in left for each in wanted):
        found = check_order(calls, wanted)
        assert [each.operation for each in found] == wanted
        assert [each.number for each in found] == sorted({each.number for each in found})
    else:
        with pytest.raises(VerificationFailed, match="did not come"):
            check_order(calls, [CallMatch(operation=each) for each in wanted])


@pytest.mark.parametrize(
    "arguments",
    [{"calls": 1, "at_least": 1}, {"calls": -1}, {"at_least": 2, "at_most": 1}, {"verb": "GET"}],
)
def test_arguments_that_contradict_each_other(arguments: dict[str, Any]) -> None:
    """They are an error of the test, not of the application."""
    with pytest.raises(ValueError, match="expected"):
        expected(**arguments)
