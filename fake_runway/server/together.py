"""What is asked of a server as a whole, put together from the answers of all its workers.

Each worker knows the worlds that it has. The one that is asked asks the others, and a caller gets
one answer: all worlds, or all counters. Pure: from what workers answered to one answer.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from fake_runway.admin_api.paths import METRICS, ROOT
from fake_runway.web.paths import Path

Together = Callable[[Sequence[bytes]], bytes]
WORLDS = f"{ROOT}/worlds"


def together(path: Path) -> Together | None:
    """Return what puts the answers to a GET of `path` together; None: one worker answers it."""
    return _BY_PATH.get(path.segments)


def worlds_together(bodies: Sequence[bytes]) -> bytes:
    """Return one list of worlds, the most recently used first.

    A world that has just moved may be in two lists: the one that used it last tells of it.
    """
    found = {world["name"]: world for world in sorted(_listed(bodies), key=_used_at)}
    return orjson.dumps({"worlds": sorted(found.values(), key=_used_at, reverse=True)})


def uses_together(bodies: Sequence[bytes]) -> set[tuple[float, str]]:
    """Return when each world in lists of worlds was used, and its name."""
    return {(_used_at(world), world["name"]) for world in _listed(bodies)}


def _listed(bodies: Sequence[bytes]) -> list[Any]:
    return [world for body in bodies for world in orjson.loads(body)["worlds"]]


def _used_at(world: Any) -> float:
    return float(world["used_at"])


def metrics_together(bodies: Sequence[bytes]) -> bytes:
    """Return the metrics of all workers as one: sums, but for when the first of them began."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import Metric
    from prometheus_client.parser import text_string_to_metric_families

    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for body in bodies:
        for family in text_string_to_metric_families(body.decode()):
            families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            known = values.setdefault(family.name, {})
            for sample in family.samples:
                key = sample.name, tuple(sorted(sample.labels.items()))
                if key not in known:
                    known[key] = sample.value
                elif family.name == "process_start_time_seconds":
                    known[key] = min(known[key], sample.value)
                else:
                    known[key] += sample.value
    for family_name, found in values.items():
        for (sample_name, labels), value in sorted(found.items()):
            families[family_name].add_sample(sample_name, dict(labels), value)

    class _Every:
        def collect(self) -> Sequence[Metric]:
            return list(families.values())

    registry = CollectorRegistry()
    registry.register(_Every())
    return generate_latest(registry)


_BY_PATH: Mapping[tuple[str, ...], Together] = MappingProxyType(
    {tuple(WORLDS.split("/")[1:]): worlds_together, METRICS: metrics_together}
)
