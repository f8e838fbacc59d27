"""A gateway's metrics, read as Prometheus reads them."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from gateway.flow.polling import FailureReason, Hop, UpstreamFailure
from gateway.flow.watch import Watch
from gateway.telemetry.metrics import CONTENT_TYPE, Metrics, known_codes

CODES = sorted(set(known_codes()))


def a_metrics(
    in_flight: Callable[[], int] = lambda: 0, waiting: Callable[[], int] = lambda: 0
) -> Metrics:
    """Return metrics of a gateway where no caller waits."""
    return Metrics(in_flight=in_flight, waiting=waiting)


def scraped(metrics: Metrics) -> dict[str, float]:
    """Return every series with its value, as `name{label=value,...}`."""
    body, _ = metrics.text()
    return {
        sample.name
        + "".join(f"{{{name}={value}}}" for name, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.name.endswith("_created") or sample.name == "gateway_sessions_created"
    }


def test_series_for_alerts_exist_from_the_start() -> None:
    """Every outcome and every fate of a session has a series, 0 before any connect."""
    series = scraped(a_metrics())
    expected = {f"gateway_connects_total{{code={code}}}" for code in (*CODES, "other")}
    expected |= {
        f"gateway_sessions_{fate}_total" for fate in ("created", "cancelled", "left_behind", "lost")
    }

    assert {name: series.get(name) for name in expected} == dict.fromkeys(expected, 0.0)
    assert {"ok", "caller_gone", "timeout", "rate_limited", "internal"} <= set(CODES)


@given(st.lists(st.tuples(st.sampled_from([*CODES, "made-up", 'x"\n']), st.floats(0, 100))))
def test_each_connect_counts_once_and_only_good_ones_are_measured(
    ended: list[tuple[str, float]],
) -> None:
    """Totals by outcome count ended connects; durations are those of `ok`; series stay the same."""
    metrics = a_metrics()
    before = scraped(metrics)
    for code, seconds in ended:
        metrics.ended(code, seconds)
    after = scraped(metrics)
    expected = Counter(code if code in CODES else "other" for code, _ in ended)
    good = [seconds for code, seconds in ended if code == "ok"]

    assert after.keys() == before.keys()
    for code in (*CODES, "other"):
        assert after[f"gateway_connects_total{{code={code}}}"] == expected[code]
    assert after["gateway_connect_seconds_count"] == len(good)
    assert after["gateway_connect_seconds_sum"] == pytest.approx(sum(good))
    assert after["gateway_connect_seconds_bucket{le=60.0}"] == sum(s <= 60 for s in good)


@given(
    st.sampled_from(Hop),
    st.sampled_from(FailureReason),
    st.integers(-5, 100_000) | st.integers(90, 610),
)
@example(Hop.CREATE, FailureReason.STATUS, 99)
@example(Hop.CREATE, FailureReason.STATUS, 100)
@example(Hop.CREATE, FailureReason.STATUS, 599)
@example(Hop.CREATE, FailureReason.STATUS, 600)
def test_reasons_of_failures_are_bounded(hop: Hop, reason: FailureReason, status: int) -> None:
    """A label is a reason's name or a possible HTTP status, for any answer of an upstream."""
    metrics = a_metrics()
    metrics.upstream_failed(UpstreamFailure(hop, reason, status=status))
    series = [name for name in scraped(metrics) if "upstream_failures_total" in name]
    possible = str(status) if 100 <= status <= 599 else "other"
    label = possible if reason is FailureReason.STATUS else reason.value

    assert series == [f"gateway_upstream_failures_total{{hop={hop.value}}}{{reason={label}}}"]


def test_the_events_of_the_connect_flow_are_counted() -> None:
    """Sessions created, READY, cancelled, left behind and lost are counted apart."""
    metrics = a_metrics()
    watch: Watch = metrics
    for _ in range(5):
        watch.created()
    watch.ready(1.75, polls=6)
    for _ in range(4):
        watch.cancelled("id-1")
    for _ in range(3):
        watch.left_behind("id-2")
    watch.lost()
    series = scraped(metrics)

    assert series["gateway_sessions_created_total"] == 5
    assert series["gateway_sessions_cancelled_total"] == 4
    assert series["gateway_sessions_left_behind_total"] == 3
    assert series["gateway_sessions_lost_total"] == 1
    assert series["gateway_time_to_ready_seconds_sum"] == 1.75
    assert series["gateway_time_to_ready_seconds_bucket{le=2.0}"] == 1
    assert series["gateway_time_to_ready_seconds_bucket{le=1.5}"] == 0
    assert series["gateway_polls_per_connect_sum"] == 6
    assert not any("id-" in name for name in series)


def test_waiting_callers_are_read_at_each_scrape() -> None:
    """The gauges show the state at the scrape, not at the last count."""
    waiting = [3, 4]
    metrics = a_metrics(in_flight=lambda: len(waiting), waiting=lambda: sum(waiting))
    first = scraped(metrics)
    waiting.append(5)
    second = scraped(metrics)

    names = ("gateway_connects_in_flight", "gateway_callers_waiting")
    assert [(first[name], second[name]) for name in names] == [(2, 3), (7, 12)]


def test_gateways_of_one_process_count_apart() -> None:
    """Two sets of metrics count apart, and neither is in the library's global registry."""
    one, other = a_metrics(), a_metrics()
    one.ended("ok", 1.0)

    assert scraped(one)["gateway_connects_total{code=ok}"] == 1
    assert scraped(other)["gateway_connects_total{code=ok}"] == 0
    assert not any(family.name.startswith("gateway") for family in REGISTRY.collect())


def test_the_text_has_its_media_type_and_help() -> None:
    """The media type is that of the text format, and every series comes with help."""
    body, content_type = a_metrics().text()
    families = list(text_string_to_metric_families(body.decode()))

    assert content_type == CONTENT_TYPE
    assert content_type.startswith("text/plain; version=0.0.4")
    assert [family.name for family in families if not family.documentation] == []
