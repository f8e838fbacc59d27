"""The gateways that `connects.py` puts side by side, and the fake behind them.

"Everything on" asks for all that an operator may switch on and that costs something per connect.
A version of the gateway ignores the options that it does not know, so each contestant is asked
what is really on: a table must not claim more than was measured.
"""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt

from benchmarks.children import LOAD_CORE, Server, installed, serving
from benchmarks.connect_load import BODY, Target
from benchmarks.express_gateway import Express

SECRET = "benchmark"
UNLIMITED = ("--concurrency=unlimited", "--daily=unlimited", "--credits=unlimited")

_JWT_SECRET = "only-for-benchmarks-" * 2  # HS256 wants 32 bytes
_TOKENS = 2000
_TOKEN_LIFE_S = 24 * 3600

KEY_SHAPE = {"GATEWAY_SHAPE": "session-key"}
EVERYTHING = {
    "GATEWAY_AUTH": "jwt",
    "GATEWAY_JWT_SECRET": _JWT_SECRET,
    "GATEWAY_RATE_LIMIT": "1000000/minute",
    "GATEWAY_IN_FLIGHT_LIMIT": "100000",
    "GATEWAY_METRICS": "on",
    "GATEWAY_LOG_FORMAT": "json",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers.

    Attributes:
        upstream_requests: of one connect that finds its session READY.
        does: the observed features beside connecting.
        cpu_goal: connects per CPU second, as a multiple of the Express with as many requests;
            0: none.
    """

    server: Server
    target: Target
    upstream_requests: int
    does: str
    is_express: bool = False
    cpu_goal: float = 0.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """A gateway that can be started in front of a fake, whose URL it gets.

    The fake has to make sessions READY at once, because a started gateway is tried.

    Attributes:
        only_cpu: only its CPU time differs from that of another contestant.
    """

    name: str
    start: Callable[[str], AbstractContextManager[Running]]
    only_cpu: bool = False


def contestants(express: Sequence[Express]) -> list[Contestant]:
    """Return ours as it starts by itself, ours with everything on, and every Express.

    Ours stands there once more with the session's key as its answer, as one Express gives it: only
    then do both of them send the same two requests upstream. And once more with a new token in each
    connect, which is its worst case: a token that is not remembered has to be verified.
    """
    found = [
        _contestant("ours", {}, cpu_goal=3.0),
        _contestant("ours, everything on", EVERYTHING, cpu_goal=2.0),
        _contestant("ours, everything on, new tokens", EVERYTHING, only_cpu=True, is_minting=True),
        _contestant("ours, everything on, session key", EVERYTHING | KEY_SHAPE, only_cpu=True),
    ]
    return found + [
        Contestant(each.name, partial(_express, each), only_cpu=each is not express[0])
        for each in express
    ]


def _contestant(
    name: str, options: Mapping[str, str], *, only_cpu: bool = False, **more: Any
) -> Contestant:
    return Contestant(name, lambda upstream: _ours(name, upstream, options, **more), only_cpu)


@contextmanager
def fake(*options: str) -> Iterator[Server]:
    """Run the fake without limits, beside the load, until the block ends."""
    # a call ends after a second: the fake must not bill ever more of them while we measure
    command = [installed("fake-runway"), "serve", "--port=0", "--provision-time=0s"]
    command += ["--session-cap=1s"]
    with serving("fake", [*command, *UNLIMITED, *options], core=LOAD_CORE) as server:
        yield server


def begin_anew(fake: Server, *, provision_time: str) -> None:
    """Reset the world; new sessions take so long, the same after every reset."""
    _admin(fake, "reset", {}, method="POST")
    form = {"name": "connects", "session": {"provision_time": provision_time}}
    _admin(fake, "scenario", {"scenario": form}, method="PUT")


def ready_at(fake: Server) -> dict[str, float]:
    """Return when each of the fake's sessions became READY, by `time.monotonic` (seconds).

    The fake reports its own time; the fastest call gives the offset of both clocks, so the result
    is off by less than that call took.
    """
    offset = min(_clock_offsets(fake))[1]
    sessions = _admin(fake, "sessions?limit=10000")["sessions"]
    return {
        session["id"]: session["ready_at"] - offset
        for session in sessions
        if session["ready_at"] is not None
    }


def _clock_offsets(fake: Server) -> Iterator[tuple[float, float]]:
    """Yield the duration of a call and the offset of the fake's clock against ours, in seconds."""
    for _ in range(20):
        asked_at = time.monotonic()
        now = _admin(fake, "clock")["now"]
        answered_at = time.monotonic()
        yield answered_at - asked_at, now - (asked_at + answered_at) / 2


def _admin(fake: Server, what: str, body: object = None, *, method: str = "GET") -> Any:
    request = urllib.request.Request(
        f"{fake.url}/__admin/{what}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


@contextmanager
def _express(express: Express, upstream: str) -> Iterator[Running]:
    environment = {"RUNWAYML_BASE_URL": upstream, "RUNWAYML_API_SECRET": SECRET}
    with express.serving(environment) as server:
        _status(server.url, BODY)  # so that the first round is not the first connect
        target, requests = Target(server.url), express.upstream_requests
        yield Running(server, target, requests, "what is written there", is_express=True)


@contextmanager
def _ours(
    name: str,
    upstream: str,
    options: Mapping[str, str],
    *,
    cpu_goal: float = 0.0,
    is_minting: bool = False,
) -> Iterator[Running]:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        log = Path(folder, "log")
        environment = {"RUNWAYML_BASE_URL": upstream, "RUNWAYML_API_SECRET": SECRET, **options}
        # the log has to go somewhere, or writing it would cost nothing
        command = ["sh", "-c", 'exec "$@" 2>"$LOG"', "sh", installed("runway-gateway"), "serve"]
        environment |= {"LOG": str(log), "GATEWAY_PORT": "0"}
        try:
            server = stack.enter_context(serving(name, command, environment=environment))
        except RuntimeError as error:
            raise RuntimeError(f"{name} did not start: {log.read_text()}") from error
        tokens = tuple(islice(_minted(), _TOKENS)) if options else ()
        target = Target(server.url, tokens, _minted() if is_minting else None)
        does = ", ".join(_switched_on(target, log, options))
        requests = 2 if KEY_SHAPE.items() <= options.items() else 3
        yield Running(server, target, requests, does, cpu_goal=cpu_goal)


def _minted() -> Iterator[str]:
    """Yield tokens of different callers, without an end."""
    expires = int(time.time()) + _TOKEN_LIFE_S
    for number in count():
        claims = {"sub": f"caller-{number}", "exp": expires}
        yield jwt.encode(claims, _JWT_SECRET, algorithm="HS256")


def _switched_on(target: Target, log: Path, options: Mapping[str, str]) -> Iterator[str]:
    """Yield the features that a started gateway shows.

    Limits that are never reached cannot be observed; an option in `--help` has to do.
    """
    known = _known_variables()
    status = _status(target.url, BODY, target.headers(0))
    if status != 200:
        raise RuntimeError(f"the first connect was answered {status}: {log.read_text()}")
    if _status(target.url, BODY) == 401:
        yield "JWT"
    if "GATEWAY_RATE_LIMIT" in options and "GATEWAY_RATE_LIMIT" in known:
        yield "rate limit"
    if "GATEWAY_IN_FLIGHT_LIMIT" in options and "GATEWAY_IN_FLIGHT_LIMIT" in known:
        yield "in-flight limit"
    if _status(f"{target.url.removesuffix('/api/avatar/connect')}/metrics") == 200:
        yield "metrics"
    lines = log.read_text().splitlines()
    if lines:
        yield "JSON log" if lines[-1].startswith("{") else "text log"


def _known_variables() -> Sequence[str]:
    help_text = subprocess.run(
        [installed("runway-gateway"), "serve", "--help"],
        env=os.environ | {"COLUMNS": "10000"},  # else a name may be broken across lines
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return re.findall(r"GATEWAY_[A-Z_]+", help_text)


def _status(url: str, body: object = None, headers: Mapping[str, str] | None = None) -> int:
    """Return the status of a POST of `body`, or of a GET if there is none."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, sent)) as response:
            status: int = response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return status
