"""The metrics at `/metrics`: sums over all worlds in Prometheus' text format, without world names.

The hot path counts plain integers; the Prometheus library is imported by the first scrape.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fake_runway.core.lifecycles.session import State
from fake_runway.worlds.registry import Worlds

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def exposition(worlds: Worlds) -> bytes:
    """Return the metrics of a server, the process's own memory and time included."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector(worlds))
    return generate_latest(registry)


class _Collector:
    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    def collect(self) -> Iterator["Metric"]:
        """Yield every metric; called by the registry."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        worlds = self._worlds
        worlds.drop_idle()
        every = list(worlds)
        yield GaugeMetricFamily("fake_runway_worlds", "Worlds that exist.", value=len(every))
        dropped = CounterMetricFamily(
            "fake_runway_worlds_dropped", "Worlds forgotten, by reason.", labels=["reason"]
        )
        for reason in ("idle", "count", "asked"):
            dropped.add_metric([reason], worlds.dropped[reason])
        yield dropped
        sessions = GaugeMetricFamily(
            "fake_runway_sessions",
            "Sessions that are kept, by state when their world was last brought up to date.",
            labels=["state"],
        )
        states = Counter(each.state for world in every for each in world.account.sessions.values())
        for state in State:
            sessions.add_metric([state.value], states[state])
        yield sessions
        yield GaugeMetricFamily(
            "fake_runway_journal_entries",
            "Journal entries that are kept.",
            value=sum(len(world.log) for world in every),
        )
        yield GaugeMetricFamily(
            "fake_runway_snapshots",
            "Snapshots that are kept.",
            value=sum(len(world.snapshots) for world in every),
        )
        yield GaugeMetricFamily(
            "fake_runway_held_back",
            "Answers that are held back right now.",
            value=sum(world.held_back for world in every),
        )
        answered = CounterMetricFamily(
            "fake_runway_calls",
            "Calls to the Runway API, by operation and status; no status: no answer.",
            labels=["operation", "status"],
        )
        for (operation, status), count in sorted(worlds.answered.items()):
            answered.add_metric([operation or "none", str(status or "none")], count)
        yield answered
        yield CounterMetricFamily(
            "fake_runway_faults_struck", "Faults that struck.", value=worlds.struck
        )
