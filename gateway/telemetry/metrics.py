"""What a gateway counts and measures, for Prometheus.

Each gateway has a registry of its own: several applications in one process must not share series.
Every label has a bounded set of values, none of them chosen by a caller. Series that an alert may
be built on exist from the start with the value 0, because a rate shows no increase from nothing.
"""

from collections.abc import Callable, Iterator, Sequence

from gateway import errors
from gateway.flow.polling import FailureReason, UpstreamFailure
from gateway.flow.watch import Watch

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OK = "ok"
CALLER_GONE = "caller_gone"
OTHER = "other"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
_POLLS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)


def known_codes() -> Iterator[str]:
    """Yield every outcome that a connect can have: `ok`, `caller_gone`, and each error's code."""
    yield OK
    yield CALLER_GONE
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.GatewayError):
            yield one.code


class Metrics(Watch):
    """Counts and measures the connects of one gateway.

    Args:
        in_flight: returns how many callers wait for their session; called at each scrape.
        waiting: returns how many callers wait for their turn; the same.
    """

    def __init__(self, *, in_flight: Callable[[], int], waiting: Callable[[], int]) -> None:
        # imported here: the library makes starting slower, and metrics can be off
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"gateway_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"gateway_{name}", text, buckets=buckets, registry=registry)

        def gauge(name: str, text: str, read: Callable[[], int]) -> None:
            Gauge(f"gateway_{name}", text, registry=registry).set_function(read)

        connects = counter("connects", "Connects that ended, by outcome", "code")
        # children are looked up once: labels() costs more than counting
        self._ended = {code: connects.labels(code) for code in known_codes()}
        self._ended_otherwise = connects.labels(OTHER)
        self._failures = counter(
            "upstream_failures",
            "Upstream requests that failed, by request and reason; retries count",
            *("hop", "reason"),
        )
        self._duration = histogram(
            "connect_seconds", "Request to answer, of connects that ended well", _SECONDS
        )
        self._until_ready = histogram(
            "time_to_ready_seconds", "Session created to READY polled", _SECONDS
        )
        self._polls = histogram("polls_per_connect", "Polls until READY", _POLLS)
        self._created = counter("sessions_created", "Sessions created, whatever became of them")
        self._cancelled = counter("sessions_cancelled", "Sessions not handed out and cancelled")
        self._left_behind = counter(
            "sessions_left_behind", "Sessions that could not be cancelled; must stay 0"
        )
        self._lost = counter(
            "sessions_lost",
            "Creates without a readable answer; each may have created a session of unknown id",
        )
        gauge("connects_in_flight", "Callers waiting for a session", in_flight)
        gauge("callers_waiting", "Callers waiting for their turn", waiting)

    def ended(self, code: str, seconds: float) -> None:
        """Count one connect that ended with `code` after `seconds`.

        A code that is not of this gateway (an embedding application's own error) counts as
        `other`, so that the set of series stays bounded.
        """
        self._ended.get(code, self._ended_otherwise).inc()
        if code == OK:
            self._duration.observe(seconds)

    def created(self) -> None:
        """Count a session that was created."""
        self._created.inc()

    def ready(self, after_s: float, polls: int) -> None:
        """Measure how long a session took to be READY, and how many polls that needed."""
        self._until_ready.observe(after_s)
        self._polls.observe(polls)

    def upstream_failed(self, failure: UpstreamFailure) -> None:
        """Count a failed request: by its HTTP status if there is one, else by its reason."""
        reason: str = failure.reason.value
        if failure.reason is FailureReason.STATUS:
            reason = str(failure.status) if 100 <= failure.status <= 599 else OTHER
        self._failures.labels(failure.hop.value, reason).inc()

    def cancelled(self, session_id: str) -> None:
        """Count a session that was cancelled. Its id is no label: there are too many."""
        self._cancelled.inc()

    def left_behind(self, session_id: str) -> None:
        """Count a session that could not be cancelled. Must stay 0."""
        self._left_behind.inc()

    def lost(self) -> None:
        """Count a create after which a session with an unknown id may exist."""
        self._lost.inc()

    def text(self) -> tuple[bytes, str]:
        """Return all values in the text format that every Prometheus reads, and its media type."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry), CONTENT_TYPE
