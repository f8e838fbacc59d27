"""Ten thousand hostile requests: refusals in JSON, no call upstream, no growth.

`FAKE_RUNWAY_TEST_HOSTILE` is how many; more of them find more.
"""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
import uvloop
from aiohttp import ClientConnectionResetError
from hypothesis import HealthCheck, Phase, given, settings

from gateway.access.addresses import parse_networks
from gateway.access.cors import Origins
from gateway.access.settings import AuthSettings, Mode
from gateway.limits.rates import parse_rate
from gateway.limits.settings import LimitSettings
from tests.support.gateway.hostile import (
    JSON,
    LAST,
    MARK,
    PATH,
    PATIENCE_S,
    REFUSED,
    SHORT_S,
    Reply,
    chunks,
    framed,
    hostile_ground,
    request,
)
from tests.support.gateway.hostile_requests import REQUESTS, with_odd_headers
from tests.support.gateway.hostile_strategies import BODIES, HEADERS, METHODS, SOME_TARGETS

HOSTILE = int(os.environ.get("FAKE_RUNWAY_TEST_HOSTILE", "10000"))
PER_EXAMPLE = 19
LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)
ROUNDS = 3


@contextmanager
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if a log line holds a caller's words, or is an error."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert MARK.decode() not in caplog.text
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


class Grounds:
    """A gateway on a loop that plain functions can run."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._entered = hostile_ground()
        self.ground = runner.run(self._entered.__aenter__())

    def close(self) -> None:
        """Stop the gateway."""
        self._runner.run(self._entered.__aexit__(None, None, None))

    def refused(self, *requests: bytes, patience_s: float = PATIENCE_S) -> list[list[Reply]]:
        """Send each on a connection of its own, at once, and return the bytes received for each."""

        async def send() -> list[list[Reply]]:
            return await asyncio.gather(
                *(self.ground.refused(each, patience_s) for each in requests)
            )

        return self._runner.run(send())

    def tasks(self) -> int:
        """Return how many tasks there are once every connection is gone."""

        async def count() -> int:
            async with asyncio.timeout(PATIENCE_S):
                while self.ground.connections:  # noqa: ASYNC110 - their ends may be on the way
                    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
            for _ in range(100):
                await asyncio.sleep(0)  # noqa: TID251 - the same
            return len(asyncio.all_tasks())

        return self._runner.run(count())


@pytest.fixture(scope="module", params=LOOPS)
def grounds(request: pytest.FixtureRequest) -> Iterator[Grounds]:
    """A gateway on either loop."""
    with asyncio.Runner(loop_factory=request.param) as runner:
        served = Grounds(runner)
        yield served
        served.close()


@pytest.mark.parametrize("name", REQUESTS)
def test_each_of_these_is_refused(
    name: str, grounds: Grounds, caplog: pytest.LogCaptureFixture
) -> None:
    """In JSON that quotes nothing, with the ids of a request, and no word about the server."""
    with _quiet(caplog):
        (answer,) = grounds.refused(REQUESTS[name] + LAST)
    assert answer


@pytest.mark.parametrize(
    "config",
    [
        {"auth": AuthSettings(mode=Mode.BEARER, tokens=("planted-token-number-1",))},
        {"auth": AuthSettings(mode=Mode.JWT, jwt_secret="planted-jwt-secret-of-32-bytes-or-more")},
        {
            "trusted": parse_networks("127.0.0.1"),
            "origins": Origins.parse("https://app.example.com"),
            "limits": LimitSettings(rates=parse_rate("1000000/minute")),
        },
    ],
    ids=["bearer", "jwt", "proxied"],
)
async def test_no_header_is_a_defect(config: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Any bytes in any header that is read, whatever is switched on: a refusal, never a 5xx."""
    requests = [each + LAST for each in with_odd_headers()]
    with _quiet(caplog):
        async with hostile_ground(**config) as ground:
            for start in range(0, len(requests), 50):
                some = requests[start : start + 50]
                for answers in await asyncio.gather(
                    *(ground.refused(each, SHORT_S) for each in some)
                ):
                    assert answers


async def test_a_refusal_of_the_server_is_logged_like_every_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line with status, code and the answer's own id, which the caller may choose."""
    asked = request(REFUSED, b"Expect: \xff", b"X-Request-Id: mine", b"Connection: close")
    with caplog.at_level(logging.INFO, "gateway"):
        async with hostile_ground() as ground:
            (mine,) = await ground.refused(asked)
            (unreadable,) = await ground.refused(b"no such thing\r\n\r\n")
    assert mine.headers["x-request-id"] == "mine"
    lines = [(vars(each)["status"], vars(each)["code"]) for each in caplog.records]
    assert lines == [(400, "invalid_request")] * 2
    assert [vars(each)["reason"] for each in caplog.records] == [None, "BadHttpMethod"]
    assert len(unreadable.headers["x-request-id"]) == 16


@given(body=BODIES, headers=HEADERS, target=SOME_TARGETS, method=METHODS)
@settings(
    max_examples=1 + HOSTILE // PER_EXAMPLE // len(LOOPS),
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # they can be read as they are, and shrinking takes long
    suppress_health_check=list(HealthCheck),
)
def _many(grounds: Grounds, **drawn: Any) -> None:
    body, headers = drawn["body"], drawn["headers"]
    framings = (
        request(body),
        chunks(body),
        chunks(body, size=1 + len(body) // 50, extension=b";" + MARK),
    )
    (together,) = grounds.refused(b"".join(framings) + LAST)
    assert len(together) == len(framings) + 1, "each is one request, for any body"
    apart = [
        make(body, *lines, method, target)
        for make, lines, method, target in product(
            (_plain, _in_chunks), ((), headers), (b"POST", drawn["method"]), (PATH, drawn["target"])
        )
    ]
    assert len(apart) + len(framings) == PER_EXAMPLE
    grounds.refused(*(each + LAST for each in apart), patience_s=SHORT_S)


def _plain(body: bytes, *rest: bytes) -> bytes:
    *lines, method, target = rest
    return request(body, *lines, method=method, target=target)


def _in_chunks(body: bytes, *rest: bytes) -> bytes:
    *lines, method, target = rest
    start = (method, target, b"HTTP/1.1")
    lines = [b"Host: x", JSON, b"Transfer-Encoding: chunked", *lines]
    return framed(
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n", *lines, start=start
    )


def test_ten_thousand_requests_are_refused(
    grounds: Grounds, caplog: pytest.LogCaptureFixture
) -> None:
    """Any body, headers, target and method, alone and together: as above."""
    with _quiet(caplog):
        _many(grounds)


async def test_a_caller_who_leaves_early_is_no_defect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """aiohttp then sends 100 Continue to a closed connection: one line, no traceback, no error.

    The instant of the connection's end depends on the machine.
    """
    async with hostile_ground() as ground:
        assert ground.runner.server is not None
        protocol = ground.runner.server()
        with caplog.at_level(logging.INFO, "gateway"):
            for error in (ClientConnectionResetError("closing"), KeyError("a defect")):
                protocol.log_exception("could not handle a request", exc_info=error)
    assert [each.levelname for each in caplog.records] == ["INFO", "ERROR"]


def test_nothing_grows(grounds: Grounds) -> None:
    """After many requests there are as many tasks, connections and objects as after some."""
    some = [each + LAST for each in REQUESTS.values() if len(each) < 50_000]

    def held() -> tuple[int, int]:
        for start in range(0, len(some), 50):
            grounds.refused(*some[start : start + 50])
        tasks = grounds.tasks()
        gc.collect()
        return tasks, sys.getallocatedblocks()

    held()  # fills caches and pools
    tasks_before, blocks_before = held()
    tasks_after, blocks_after = [held() for _ in range(ROUNDS)][-1]
    assert tasks_after == tasks_before
    assert blocks_after - blocks_before < ROUNDS * len(some), "less than an object for each"
