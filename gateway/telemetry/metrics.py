"""What a gateway counts and measures, for Prometheus.

Each gateway has a registry of its own: several applications in one process must not meet. Every
label has a bounded set of values, none of them chosen by a caller. Series that an alert may be
built on exist from the start with the value 0, because a rate sees no first increase from nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gateway import errors
from gateway.flow.polling import Fault, UpstreamFailure

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OK = "ok"
CALLER_GONE = "caller_gone"
OTHER = "other"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
_LOOKS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)


def known_codes() -> Iterator[str]:
    """Yield every outcome that a connect can have: `ok`, `caller_gone`, and each error's code."""
    yield OK
    yield CALLER_GONE
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.GatewayError):
            yield one.code


class Metrics:
    """Watches the connects of one gateway.

    Args:
        in_flight: how many callers wait for their session now; asked at each scrape.
        waiting: how many callers wait for their turn now; the same.
    """

    def __init__(self, *, in_flight: Callable[[], int], waiting: Callable[[], int]) -> None:
        # imported here: the library makes starting slower, and metrics can be off
        from prometheus_client import CollectorRegistry, Counter

        self._registry = registry = CollectorRegistry()
        connects = Counter(
            "gateway_connects", "ConnectFlow that ended, by outcome", ["code"], registry=registry
        )
        # children are looked up once: labels() costs more than counting
        self._ended = {code: connects.labels(code) for code in known_codes()}
        self._ended_otherwise = connects.labels(OTHER)
        self._failures = Counter(
            "gateway_upstream_failures",
            "Upstream requests that failed, by request and reason; repeats count",
            ["hop", "reason"],
            registry=registry,
        )
        self._duration, self._until_ready, self._looks = _histograms(registry)
        self._created, self._cancelled, self._left_behind, self._lost = _counters(registry)
        _gauge(registry, "gateway_connects_in_flight", "Callers waiting for a session", in_flight)
        _gauge(registry, "gateway_callers_waiting", "Callers waiting for their turn", waiting)

    def ended(self, code: str, seconds: float) -> None:
        """Count one connect that ended with `code` after `seconds`.

        A code that is not of this gateway (an embedding application's own error) counts as
        `other`, so that the set of series stays bounded.
        """
        self._ended.get(code, self._ended_otherwise).inc()
        if code == OK:
            self._duration.observe(seconds)

    def created(self) -> None:
        """Count a session made."""
        self._created.inc()

    def ready(self, after_s: float, looks: int) -> None:
        """Measure how long a session took to be READY, and how many looks that needed."""
        self._until_ready.observe(after_s)
        self._looks.observe(looks)

    def upstream_failed(self, failure: UpstreamFailure) -> None:
        """Count a failed request."""
        self._failures.labels(failure.hop.value, reason_of(failure)).inc()

    def cancelled(self, session_id: str) -> None:
        """Count a session that was cancelled. Its id is no label: there are too many."""
        self._cancelled.inc()

    def left_behind(self, session_id: str) -> None:
        """Count a session that could not be cancelled. Must stay 0."""
        self._left_behind.inc()

    def lost(self) -> None:
        """Count a create after which a session may exist that nobody knows."""
        self._lost.inc()

    def text(self) -> tuple[bytes, str]:
        """Return all values in the text format that every Prometheus reads, and its media type."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry), CONTENT_TYPE


def reason_of(failure: UpstreamFailure) -> str:
    """Return why a request failed: the HTTP status if there is one, else the fault's name."""
    if failure.fault is Fault.STATUS:
        return str(failure.status) if 100 <= failure.status <= 599 else OTHER
    reason: str = failure.fault.value
    return reason


def _histograms(registry: CollectorRegistry) -> tuple[Histogram, Histogram, Histogram]:
    from prometheus_client import Histogram

    return (
        Histogram(
            "gateway_connect_seconds",
            "Request to answer, of connects that ended well",
            buckets=_SECONDS,
            registry=registry,
        ),
        Histogram(
            "gateway_time_to_ready_seconds",
            "Session created to READY seen",
            buckets=_SECONDS,
            registry=registry,
        ),
        Histogram(
            "gateway_polls_per_connect",
            "Looks until READY was seen",
            buckets=_LOOKS,
            registry=registry,
        ),
    )


def _counters(registry: CollectorRegistry) -> list[Counter]:
    from prometheus_client import Counter

    texts = {
        "created": "Sessions made, whatever became of them",
        "cancelled": "Sessions not handed out and cancelled",
        "left_behind": "Sessions that could not be cancelled; must stay 0",
        "lost": "Creates without a readable answer; each may have made a session nobody knows",
    }
    return [
        Counter(f"gateway_sessions_{name}", text, registry=registry) for name, text in texts.items()
    ]


def _gauge(registry: CollectorRegistry, name: str, text: str, read: Callable[[], int]) -> None:
    from prometheus_client import Gauge

    Gauge(name, text, registry=registry).set_function(read)
