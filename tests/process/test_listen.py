"""`fake-runway listen`: what happens shows at once, also after a break, until Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from fake_runway import FakeRunway
from fake_runway.cli.listen import _line
from fake_runway.client.answers import EventView

FAULT = {"effect": {"status": 503}, "name": "outage"}


@contextmanager
def listening(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command for the block."""
    command = [sys.executable, "-m", "fake_runway", "listen", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def next_of(process: "subprocess.Popen[str]", kind: str) -> dict[str, Any]:
    """Return the next event of a kind."""
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["kind"] == kind:
            return event
    raise AssertionError(f"no {kind}, and it ended")


def test_it_goes_on_after_a_break_and_ends_cleanly() -> None:
    """The world of a server that was started again is followed from its first event."""
    with ExitStack() as stack:
        with FakeRunway(world="mine") as fake:
            url = fake.base_url.partition("/w/")[0]
            port = int(url.rpartition(":")[2])
            process = stack.enter_context(listening("--json", "--url", url, "--world", "mine"))
            next_of(process, "start")
            fake.world("other").fault(FAULT)
            fake.fault(FAULT)
            first = next_of(process, "act")
            fake.sessions.make("ready")
            moved = next_of(process, "move")
        with FakeRunway(world="mine", port=port) as fake:
            fake.fault(FAULT)
            begun, again = next_of(process, "reset"), next_of(process, "act")
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
        assert process.stderr is not None
        errors = process.stderr.read()
    assert (first["world"], first["data"]["act"]) == ("mine", "addFault")
    assert moved["data"]["after"] == "queued"
    assert (begun["world"], again["data"]["act"]) == ("mine", "addFault")
    assert code == 0
    assert "Traceback" not in errors
    assert f"connected again to {url}" in errors


def test_no_fake_is_an_error() -> None:
    """At the first connection: there is nothing to go on with."""
    with listening("--url", "http://127.0.0.1:1") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors.startswith("fake-runway: no answer from http://127.0.0.1:1")


EXCHANGE = {
    "at": 1.5,
    "method": "GET",
    "path": "/v1/x",
    "response": {"status": 404, "code": "unknown_route"},
    "faults": ["outage"],
    "nearest": "/v1/y",
}
MOVE = {
    "at": 1.5,
    "session": "0f6e31b2-0000",
    "before": "ready",
    "after": "failed",
    "event": "failed",
    "failure": {"code": "INTERNAL", "text": "Lost."},
}


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        (
            "exchange",
            EXCHANGE,
            (
                "00:00:01.500 mine  GET /v1/x -> 404"
                "  [unknown_route; fault outage; did you mean /v1/y?]"
            ),
        ),
        (
            "move",
            MOVE,
            "00:00:01.500 mine  * session 0f6e31b2 ready -> failed: failed (INTERNAL: Lost.)",
        ),
        ("act", {"at": 1.5, "act": "reset", "given": {}}, "00:00:01.500 mine  ! reset {}"),
        (
            "finding",
            {"at": 1.5, "severity": "error", "id": "x", "message": "Odd\x1b[2J."},
            "00:00:01.500 mine  ? error x: Odd\\x1b[2J.",
        ),
        ("gap", {"missed": 3}, "             mine  ... 3 entries are no longer kept"),
        ("reset", {}, "             mine  begins anew"),
        ("dropped", {}, "             mine  is dropped"),
        ("start", {"next": 3}, ""),
    ],
)
def test_each_event_is_one_line(kind: str, data: dict[str, Any], line: str) -> None:
    """Safe for a terminal."""
    assert _line(EventView("1.0.1", kind, "mine", data)) == line
