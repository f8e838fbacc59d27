"""One answer from those of several workers."""

from typing import Any

import orjson

from fake_runway.server.all_events import AllEvents
from fake_runway.server.together import metrics_together, together, worlds_together
from fake_runway.web.paths import path_of

ONE = b"""# HELP fake_runway_calls_total Calls.
# TYPE fake_runway_calls_total counter
fake_runway_calls_total{operation="a",status="200"} 3.0
# HELP process_start_time_seconds Start time.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 70.0
# HELP process_open_fds Files.
# TYPE process_open_fds gauge
process_open_fds 5.0
"""
OTHER = b"""# HELP fake_runway_calls_total Calls.
# TYPE fake_runway_calls_total counter
fake_runway_calls_total{operation="a",status="200"} 4.0
fake_runway_calls_total{operation="b",status="none"} 1.0
# HELP process_start_time_seconds Start time.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 60.0
# HELP process_open_fds Files.
# TYPE process_open_fds gauge
process_open_fds 6.0
"""


def listed(**used_at: float) -> bytes:
    """Return a list of worlds."""
    return orjson.dumps({"worlds": [{"name": name, "used_at": at} for name, at in used_at.items()]})


def test_worlds_are_one_list_by_use() -> None:
    """A world that has just moved stands there once, as the worker has it that used it last."""
    raw = worlds_together([listed(a=5, b=2), listed(c=9, b=7), listed()])
    found = [(each["name"], each["used_at"]) for each in orjson.loads(raw)["worlds"]]
    assert found == [("c", 9), ("b", 7), ("a", 5)]


def test_metrics_are_sums() -> None:
    """All but the instant at which the first process began, in the same form."""
    lines = metrics_together([ONE, OTHER]).decode().splitlines()
    assert [each for each in lines if not each.startswith("#")] == [
        'fake_runway_calls_total{operation="a",status="200"} 7.0',
        'fake_runway_calls_total{operation="b",status="none"} 1.0',
        "process_start_time_seconds 60.0",
        "process_open_fds 11.0",
    ]
    assert "# TYPE fake_runway_calls_total counter" in lines
    assert metrics_together([ONE]) == ONE


def test_what_is_of_one_worker_is_not_put_together() -> None:
    """Nothing but the list and the metrics, and neither in a world."""
    assert together(path_of("/__admin/worlds?x=1")) is worlds_together
    assert together(path_of("/metrics")) is metrics_together
    for target in ("/__admin/world", "/w/a/__admin/worlds", "/health", "/v1/worlds"):
        assert together(path_of(target)) is None


async def test_a_world_that_moves_is_not_dropped() -> None:
    """Whoever of its two workers is heard first; one whose worker ends is dropped."""

    async def none() -> list[str]:
        return []

    def told(address: str, kind: str = "", world: str = "") -> list[Any]:
        event = {"id": "", "kind": kind, "world": world, "data": {}}
        block = b"data: " + orjson.dumps(event) if kind else b""
        lines = events.told(address, block).split(b"\n\n")[:-1]
        found = [orjson.loads(line.removeprefix(b"data: ")) for line in lines]
        return [(each["kind"], each["world"]) for each in found]

    events = AllEvents(lambda _: None, none)
    assert told("one", "start") == [("start", "")]
    assert told("other", "start") == []
    assert told("one", "world", "w") == [("world", "w")]
    assert told("other", "world", "w") == [("world", "w")]
    assert told("one", "dropped", "w") == []
    assert told("other", "dropped", "w") == [("dropped", "w")]
    assert told("other", "world", "w") == [("world", "w")]
    assert told("one") == []
    assert told("other") == [("dropped", "w")]
    assert events.told("one", b": still here") == b": still here\n\n"
