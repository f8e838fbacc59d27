"""Laws of the rates, and how they are configured."""

from contextlib import suppress
from copy import deepcopy
from dataclasses import fields
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.errors import LimitsUnavailable, RateLimited
from gateway.limits import window
from gateway.limits.rates import RateLimiter, parse_rate
from gateway.limits.settings import LimitSettings
from gateway.limits.storage import MEMORY, Outage, Storage
from gateway.limits.window import MARGIN_S, Counters, Rate, wait_s
from gateway.settings import SETTING
from tests.support.simulation import simulate

rates = st.builds(Rate, st.integers(1, 50), st.integers(1, 12))
pauses = st.lists(st.floats(0, 30) | st.just(0.0), min_size=1, max_size=80)


@given(st.lists(rates, min_size=1, max_size=3), pauses)
def test_waiting_for_retry_after_is_enough(limits: list[Rate], pauses: list[float]) -> None:
    """After any history, the connect at the time that a refusal names passes."""
    counters = Counters(limits)
    for now in accumulate(pauses, initial=1e6):
        wait = counters.take("caller", now)
        if wait:
            assert deepcopy(counters).take("caller", now + wait) == 0.0


@given(rates, pauses)
def test_no_wait_is_too_long(rate: Rate, pauses: list[float]) -> None:
    """A connect noticeably before the time that a refusal names is refused."""
    counters = Counters([rate])
    for now in accumulate(pauses, initial=1e6):
        wait = counters.take("caller", now)
        if wait > 3 * MARGIN_S:
            assert deepcopy(counters).take("caller", now + wait - 3 * MARGIN_S) > 0.0


@given(rates, pauses)
def test_the_passed_connects_are_bounded(rate: Rate, pauses: list[float]) -> None:
    """No span of a window's length sees twice the amount and more, however connects are timed."""
    counters = Counters([rate])
    passed = [now for now in accumulate(pauses, initial=1e6) if not counters.take("caller", now)]
    for start in passed:
        assert sum(start <= now < start + rate.window_s for now in passed) <= 2 * rate.amount


@given(rates, st.integers(2, 9))
def test_a_rate_is_fully_usable(rate: Rate, idle: int) -> None:
    """Of any number of connects at one instant exactly the amount passes, and so after a pause."""
    counters = Counters([rate])
    for now in (5.0, 5.0 + idle * rate.window_s):
        passed = [counters.take("caller", now) == 0.0 for _ in range(2 * rate.amount + 1)]
        assert passed == [True] * rate.amount + [False] * (rate.amount + 1)


@pytest.mark.parametrize("border", [10.0, 20.0])
def test_a_connect_at_the_end_of_a_window_counts_in_the_next(border: float) -> None:
    """Six seconds later it counts whole, and the one before it no more."""
    counters = Counters([Rate(10, 2)])
    waits = [counters.take("caller", now) for now in (0.0, border, border + 6, border + 6)]
    assert [wait > 0 for wait in waits] == [False, False, False, True]


@given(st.lists(st.sampled_from("abc"), max_size=60), rates)
def test_callers_do_not_affect_each_other(callers: list[str], rate: Rate) -> None:
    """Each caller gets the decisions that it would get alone."""
    together = Counters([rate])
    alone = {caller: Counters([rate]) for caller in callers}
    for nth, caller in enumerate(callers):
        assert together.take(caller, nth / 7) == alone[caller].take(caller, nth / 7)


@given(rates, st.integers(0, 30), st.integers(0, 30), st.floats(0, 1))
def test_a_wait_is_never_longer_than_two_windows(
    rate: Rate, previous: int, current: int, share: float
) -> None:
    """Nor is it negative, also when the operator has lowered the rate meanwhile."""
    wait = wait_s(rate, previous=previous, current=current, left_s=share * rate.window_s)
    assert 0.0 <= wait <= 2 * rate.window_s + MARGIN_S


@pytest.mark.parametrize(
    ("amount", "previous", "current", "left_s", "expected"),
    [
        (4, 0, 3, 10.0, 0.0),
        (4, 7, 0, 5.0, 0.0),  # half of the seven count, rounded down
        (4, 8, 0, 5.0, 0.002),
        (4, 8, 0, 10.0, 5.002),  # when half of the window before counts
        (4, 8, 2, 10.0, 7.502),  # when a quarter of it does
        (4, 0, 4, 3.0, 3.002),  # when this window is the one before
        (4, 0, 8, 3.0, 8.002),  # and when half of it counts
    ],
)
def test_a_wait_is_until_enough_of_a_window_has_gone(
    amount: int, previous: int, current: int, left_s: float, expected: float
) -> None:
    """And two milliseconds more, because Redis counts in milliseconds."""
    wait = wait_s(Rate(10, amount), previous=previous, current=current, left_s=left_s)
    assert wait == pytest.approx(expected, abs=1e-9)


def test_a_hundred_thousand_callers_are_kept() -> None:
    """Then the one that has been idle longest is forgotten for each new one."""
    counters = Counters([Rate(60, 1)])
    for number in range(100_002):
        counters.take(str(number), 1.0)
    assert len(counters) == 100_000
    assert counters.take("2", 1.0) > 0.0
    assert counters.take("1", 1.0) == 0.0


def test_a_refused_connect_costs_nothing() -> None:
    """A caller who retries at once passes no later than one who waits."""
    patient, hammering = Counters([Rate(10, 2)]), Counters([Rate(10, 2)])
    for counters in (patient, hammering):
        counters.take("caller", 0.0)
        counters.take("caller", 0.0)
    for tenth in range(90):
        assert hammering.take("caller", tenth / 10) > 0.0
    assert hammering.take("caller", 10.5) == patient.take("caller", 10.5)


@given(st.integers(1, 40), st.floats(0, 4))
def test_idle_callers_are_forgotten(callers: int, pause: float) -> None:
    """Only callers of the last two windows are kept."""
    counters = Counters([Rate(5, 1)])
    instants = [nth * pause for nth in range(callers)]
    for nth, now in enumerate(instants):
        counters.take(f"caller-{nth}", now)
    assert len(counters) == sum(instants[-1] - now < 10 for now in instants)


def test_idle_callers_go_faster_than_others_come() -> None:
    """Two for each connect, so that the counters get smaller without a connect that takes long."""
    counters = Counters([Rate(5, 1)])
    for nth in range(10):
        counters.take(f"caller-{nth}", 0.0)
    kept = []
    for nth in range(3):
        counters.take(f"later-{nth}", 10.0)
        kept.append(len(counters))
    assert kept == [9, 8, 7]


def test_the_number_of_kept_callers_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond it the caller that has been idle longest is evicted, and no other."""
    monkeypatch.setattr(window, "MOST_CALLERS", 3)
    counters = Counters([Rate(5, 2)])
    for caller in "abcad":
        assert counters.take(caller, 1.0) == 0.0
    assert len(counters) == 3
    assert counters.take("a", 1.0) > 0.0
    assert [counters.take("b", 1.0) for _ in range(2)] == [0.0, 0.0]


def test_a_limiter_in_process_follows_the_loops_time() -> None:
    """Refused with a time to wait, and passed after it, on virtual time."""

    async def main() -> float:
        clock = LoopClock()
        limiter = RateLimiter(parse_rate("2/minute;3/hour"), storage=None, clock=clock)
        began = clock.now()
        await limiter.hit("caller")
        await limiter.hit("caller")
        for _ in range(2):  # by the minute, then by the hour
            with pytest.raises(RateLimited) as refused:
                await limiter.hit("caller")
            await clock.sleep(refused.value.retry_after_s or 0.0)
            await limiter.hit("caller")
        return clock.now() - began

    assert simulate(main()) == pytest.approx(3600, rel=0.5)


@pytest.mark.parametrize(("limits", "passing"), [((), 1000), ((Rate(60, 10),), 10)])
def test_without_a_rate_every_connect_passes(limits: tuple[Rate, ...], passing: int) -> None:
    """Without a rate no connect is refused; with one, so many pass at one instant."""

    async def main() -> int:
        limiter = RateLimiter(limits, storage=None, clock=LoopClock())
        passed = 0
        with suppress(RateLimited):
            for _ in range(1000):
                await limiter.hit("caller")
                passed += 1
        return passed

    assert simulate(main()) == passing


# Shared through a storage


class RateStorage(Storage):
    """A storage without a server: counts as the script in Redis does, on the loop's virtual time.

    That the script itself does so is shown with a real Redis in tests/process.
    """

    def __init__(self) -> None:
        super().__init__("unix:///nowhere", policy=Outage.CLOSED, clock=LoopClock())
        self.kept: dict[str, tuple[int, int]] = {}  # name: number, when it goes in milliseconds

    async def command(self, *words: str | float) -> list[list[int]]:
        """Count one connect, or return what each rate knows."""
        evaluate, script, count, *rest = words
        assert (evaluate, "RENAME" in str(script)) == ("EVAL", True)
        keys = [str(each) for each in rest[: int(count)]]
        bounds = [int(each) for each in rest[int(count) :]]
        now = round(LoopClock().now() * 1000)
        self.kept = {name: each for name, each in self.kept.items() if each[1] > now}
        seen, refused = [], False
        pairs = list(zip(keys[::2], keys[1::2], bounds[::2], bounds[1::2], strict=True))
        for current, previous, amount, window_ms in pairs:
            left = self.kept[current][1] - now - window_ms if current in self.kept else window_ms
            if left <= 0:
                self.kept[previous] = self.kept[current]
                left += window_ms
                self.kept[current] = (0, now + left + window_ms)
            before, counted = (self.kept.get(each, (0, 0))[0] for each in (previous, current))
            refused = refused or before * left // window_ms + counted >= amount
            seen.append([before, counted, left])
        if refused:
            return seen
        for current, _, _, window_ms in pairs:
            counted, goes_at = self.kept.get(current, (0, now + 2 * window_ms))
            self.kept[current] = (counted + 1, goes_at)
        return []


exact_pauses = st.lists(st.integers(0, 240).map(lambda eighths: eighths / 8), max_size=30)
"""Redis counts whole milliseconds."""


async def waited(limiter: RateLimiter) -> float:
    """Return how long the next connect has to wait; 0 if it has passed."""
    try:
        await limiter.hit("caller")
    except RateLimited as refused:
        return refused.retry_after_s or 0.0
    return 0.0


@given(rates, exact_pauses)
def test_a_shared_rate_is_the_same_as_one_in_process(rate: Rate, pauses: list[float]) -> None:
    """Through a storage the same connects pass, and refusals name the same times."""

    async def main() -> None:
        alone = RateLimiter([rate], storage=None, clock=LoopClock())
        shared = RateLimiter([rate], storage=RateStorage(), clock=LoopClock())
        for pause in [0.0, *pauses]:
            await LoopClock().sleep(pause)
            assert await waited(shared) == pytest.approx(await waited(alone))

    simulate(main())


@given(st.lists(rates, min_size=1, max_size=3, unique_by=lambda rate: rate.window_s), exact_pauses)
def test_waiting_for_the_retry_after_of_a_shared_rate_is_enough(
    limits: list[Rate], pauses: list[float]
) -> None:
    """After any history and any refusal the connect at that time passes, with several rates too."""

    async def main() -> None:
        shared = RateLimiter(limits, storage=RateStorage(), clock=LoopClock())
        for pause in pauses:
            await LoopClock().sleep(pause)
            if wait := await waited(shared):
                assert wait >= MARGIN_S
                await LoopClock().sleep(wait)
                assert await waited(shared) == 0.0

    simulate(main())


def test_an_answer_about_other_rates_is_an_outage() -> None:
    """What a storage says of one rate too few decides nothing: the policy does."""

    class Forgetful(RateStorage):
        async def command(self, *words: str | float) -> list[list[int]]:
            return (await super().command(*words))[1:]

    async def main() -> None:
        limits = [Rate(1, 9), Rate(60, 1), Rate(61, 1)]
        limiter = RateLimiter(limits, storage=Forgetful(), clock=LoopClock())
        await limiter.hit("caller")
        with pytest.raises(LimitsUnavailable):
            await limiter.hit("caller")

    simulate(main())


# Configuration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" off ", ()),
        ("30/minute", (Rate(60, 30),)),
        ("30/minute;500/day", (Rate(60, 30), Rate(86_400, 500))),
        ("500 per day, 10 per 2 hours", (Rate(7_200, 10), Rate(86_400, 500))),
        ("5/minute;3/60 seconds", (Rate(60, 3),)),
        ("1/second;1000000/366 days", (Rate(1, 1), Rate(366 * 86_400, 1_000_000))),
        ("1PER2Hours|4 / day", (Rate(7_200, 1), Rate(86_400, 4))),
        (" 007/month , 9 per 1 year ", (Rate(30 * 86_400, 7), Rate(360 * 86_400, 9))),
    ],
)
def test_rates_are_read(text: str, expected: tuple[Rate, ...]) -> None:
    """Shortest window first, and the stricter of two for the same window."""
    assert parse_rate(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("30", "got '30'"),
        ("1/fortnight", "got '1/fortnight'"),
        ("1/minutess", "got '1/minutess'"),
        ("-1/minute", "got '-1/minute'"),
        ("a/b", "got 'a/b'"),
        ("30/minute; often", "got 'often' in '30/minute; often'"),
        ("30/minute;", "got '' in '30/minute;'"),
        ("0/minute", "an amount is from 1 to 1000000, got 0"),
        ("2000000/day", "an amount is from 1 to 1000000, got 2000000"),
        ("5/0 seconds", "a window is from 1 to 31622400 seconds, got 0"),
        ("5/2 years", "a window is from 1 to 31622400 seconds, got 62208000"),
    ],
)
def test_a_malformed_rate_is_refused(text: str, reason: str) -> None:
    """The message names the rate among several, before anything is served."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_rate(text)


def test_settings_do_not_show_a_password() -> None:
    """Their repr may stand in a log."""
    assert "secret" not in repr(LimitSettings(storage="redis://:secret@host"))


def test_nothing_is_opened_for_limits_that_are_off() -> None:
    """A storage without a limit would only be one more thing that can be down."""
    assert LimitSettings(storage="redis://host").open_storage(LoopClock()) is None
    assert LimitSettings(rates=(Rate(60, 1),), storage=MEMORY).open_storage(LoopClock()) is None


async def test_a_storage_is_opened_for_either_limit() -> None:
    """For rates alone and for the connects in flight alone."""
    for limits in (
        LimitSettings(rates=(Rate(60, 1),), storage="redis://host"),
        LimitSettings(in_flight=1, storage="redis://host"),
    ):
        storage = limits.open_storage(LoopClock())
        assert storage is not None
        await storage.close()


@pytest.mark.parametrize(
    ("text", "most"), [("off", 0), (" OFF ", 0), ("1", 1), ("100000", 100_000)]
)
def test_the_connects_in_flight_are_read(text: str, most: int) -> None:
    """A number within bounds, or `off`."""
    assert _in_flight_setting(text) == most


@pytest.mark.parametrize("text", ["0", "-1", "100001", "", "many"])
def test_an_impossible_number_of_connects_in_flight_is_refused(text: str) -> None:
    """0 is not `off`: it might be meant as none at all."""
    with pytest.raises(ValueError, match=r"."):
        _in_flight_setting(text)


def _in_flight_setting(text: str) -> object:
    (field,) = [each for each in fields(LimitSettings) if each.name == "in_flight"]
    return field.metadata[SETTING].parse(text)


def test_pauses_of_a_steady_caller() -> None:
    """Waiting as long as refusals name gives, over many windows, the amount per window."""
    rate = Rate(10, 4)
    counters = Counters([rate])
    now, passed = 0.0, [0.0]
    counters.take("caller", now)
    while now < 1_000:
        wait = counters.take("caller", now)
        now += wait
        if not wait:
            passed.append(now)
    assert len(passed) == pytest.approx(1_000 / 10 * 4, rel=0.05)
    assert all(earlier <= later for earlier, later in pairwise(passed))
