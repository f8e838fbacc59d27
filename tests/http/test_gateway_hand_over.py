"""The instant at which a session becomes its caller's: when its answer's last byte is the kernel's.

A caller who has left before that must not leave a session that runs and is billed; one who leaves
after it keeps the session. Callers are plain sockets, which a hook moves at the very instant: when
the answer is about to be written, and the gateway's loop has no turn before the write.
"""

import asyncio
import logging
import os
import re
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import uvloop
from aiohttp import web

from fake_runway.core.lifecycles.session import State
from fake_runway.core.scenario.settings import Limits, Settings
from gateway.web.app import SERVICE
from gateway.web.server import GatewayRunner
from tests.support.checked import attach
from tests.support.processes import PATIENCE_S
from tests.support.servers import Fake, gateway_application, provisioned_in, serving_fake

Run = Callable[[Coroutine[Any, Any, None]], None]
LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)
PATH = "/api/avatar/connect"
BODY = b'{"avatarId":"music-superstar"}'
LEAVERS, ONE_SHOT = 40, 200
MANY_LEAVERS, MANY_ONE_SHOT = 1_000, 3_000
CALLERS_AT_ONCE = 4
ENDLESS = Settings(
    limits=Limits(concurrency=None, daily=None, credits=None, retained=MANY_ONE_SHOT)
)


def connect_request(*lines: bytes, shape: str = "credentials") -> bytes:
    """Return the bytes of a connect."""
    start = f"POST {PATH}?shape={shape} HTTP/1.1\r\nHost: x\r\n".encode()
    more = b"".join(line + b"\r\n" for line in lines)
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    return start + more + kind + BODY


@dataclass
class Ground:
    """A fake and a gateway, served as the command does, and what happens as answers are written.

    Attributes:
        port: of the gateway.
        before_write: is called with each connect that is about to be answered with a session.
    """

    fake: Fake
    app: web.Application
    port: int
    before_write: Callable[[web.Request], None] = lambda request: None

    def states(self) -> Counter[State]:
        """Return how many of the world's sessions are in which state."""
        account = self.fake.world.account
        account.advance(self.fake.world.clock.now())
        return Counter(session.state for session in account.sessions.values())

    async def settled(self) -> None:
        """Return when every connect is answered, and all that it left is cancelled."""
        connects = self.app[SERVICE].connects
        async with asyncio.timeout(PATIENCE_S):
            while connects.in_flight:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
        await connects.drain()

    def counted(self, name: str) -> float:
        """Return the value of one series of the gateway's metrics."""
        metrics = self.app[SERVICE].metrics
        assert metrics is not None
        found = re.search(rf"(?m)^gateway_{re.escape(name)} ([0-9.]+)$", metrics.text()[0].decode())
        assert found, name
        return float(found[1])


@asynccontextmanager
async def serving(**config: Any) -> AsyncIterator[Ground]:
    """Serve both."""
    async with serving_fake(provisioned_in(0, ENDLESS), rate=1.0) as fake:
        app = gateway_application(fake.url, **config)
        violations = attach(app, "gateway")
        runner = GatewayRunner(app, shutdown_timeout=1)

        async def hook(request: web.Request, response: web.StreamResponse) -> None:
            if response.status == 200 and request.path == PATH:
                ground.before_write(request)

        app.on_response_prepare.append(hook)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            ground = Ground(fake, app, runner.addresses[0][1])
            yield ground
        finally:
            await runner.cleanup()
        assert not violations


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on either loop."""

    def runs(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(main)

    return runs


def codes(caplog: pytest.LogCaptureFixture) -> Counter[str]:
    """Return the outcomes of the connects that were logged."""
    lines = [each for each in caplog.records if each.name == "gateway.access"]
    return Counter(vars(each)["code"] for each in lines if vars(each)["path"] == PATH)


# How a caller leaves. Each gets the caller's own socket.


def closes(caller: socket.socket) -> None:
    """End it as any client does: FIN."""
    caller.close()


def resets(caller: socket.socket) -> None:
    """End it as a process does that is killed with unread bytes: RST."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()


def half_closes(caller: socket.socket) -> None:
    """Close the sending side, and go on reading."""
    caller.shutdown(socket.SHUT_WR)


LEAVES = [closes, resets, half_closes]


async def _leave(
    ground: Ground, many: int, leaves: Callable[[socket.socket], None], shape: str
) -> None:
    """Let callers leave, one after the other, each as its answer is about to be written."""
    loop = asyncio.get_running_loop()
    for _ in range(many):
        with socket.create_connection(("127.0.0.1", ground.port)) as caller:
            left = asyncio.Event()

            def leave(_request: web.Request, caller: socket.socket = caller) -> None:
                leaves(caller)
                left.set()  # noqa: B023 - called within this turn

            ground.before_write = leave
            caller.setblocking(False)
            await loop.sock_sendall(caller, connect_request(shape=shape))
            async with asyncio.timeout(PATIENCE_S):
                await left.wait()
            await ground.settled()
            if caller.fileno() >= 0:
                assert await _rest(caller) == b""


async def _rest(caller: socket.socket) -> bytes:
    """Return what still comes until the connection ends, however it ends."""
    received = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while piece := await asyncio.get_running_loop().sock_recv(caller, 1 << 20):
                received += piece
    except ConnectionError:
        pass
    return bytes(received)


def _assert_all_left(ground: Ground, caplog: pytest.LogCaptureFixture, many: int) -> None:
    assert ground.states() == {State.CANCELLED: many}
    assert codes(caplog) == {"caller_gone": many}
    assert ground.counted('connects_total{code="caller_gone"}') == many
    assert ground.counted('connects_total{code="ok"}') == 0
    assert ground.counted("sessions_cancelled_total") == many
    assert ground.counted("sessions_left_behind_total") == 0


def _leaves_are_cancelled(
    run: Run, caplog: pytest.LogCaptureFixture, many: int, leaves: Callable[[socket.socket], None]
) -> None:
    async def main() -> None:
        async with serving() as ground:
            for shape in ("credentials", "session-key"):
                await _leave(ground, many // 2, leaves, shape)
            _assert_all_left(ground, caplog, many)

    with caplog.at_level(logging.INFO, "gateway"):
        run(main())


@pytest.mark.parametrize("leaves", LEAVES)
def test_a_caller_who_leaves_before_the_write_leaves_no_session(
    leaves: Callable[[socket.socket], None], run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """It is cancelled, and the caller counts as gone, also if it closed its sending side alone."""
    _leaves_are_cancelled(run, caplog, LEAVERS, leaves)


@pytest.mark.exhaustive
@pytest.mark.parametrize("leaves", LEAVES)
def test_a_thousand_callers_who_leave_before_the_write_leave_no_session(
    leaves: Callable[[socket.socket], None], run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """As above."""
    _leaves_are_cancelled(run, caplog, MANY_LEAVERS, leaves)


def call_once(port: int, reset: bool) -> bytes:
    """Connect, read exactly the answer, and close at once, as a caller in a thread of its own."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as caller:
        if reset:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.sendall(connect_request())
        received = b""
        while not received.endswith(b"}"):
            piece = caller.recv(1 << 16)
            assert piece, received
            received += piece
    return received


def _one_shots_keep_their_sessions(
    run: Run, caplog: pytest.LogCaptureFixture, many: int, reset: bool
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(CALLERS_AT_ONCE) as threads:
            async with serving() as ground:
                calls = [
                    loop.run_in_executor(threads, call_once, ground.port, reset)
                    for _ in range(many)
                ]
                answers = await asyncio.gather(*calls)
                await ground.settled()
                assert ground.states() == {State.RUNNING: many}
                assert codes(caplog) == {"ok": many}
                assert ground.counted('connects_total{code="ok"}') == many
                assert ground.counted("sessions_cancelled_total") == 0
                ids = {
                    orjson.loads(each.partition(b"\r\n\r\n")[2])["sessionId"] for each in answers
                }
                assert ids == ground.fake.world.account.sessions.keys()

    with caplog.at_level(logging.INFO, "gateway.access"):
        run(main())


@pytest.mark.parametrize("reset", [False, True])
def test_a_caller_who_closes_after_reading_keeps_the_session(
    reset: bool, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """However soon and in whatever way it closes."""
    _one_shots_keep_their_sessions(run, caplog, ONE_SHOT, reset)


@pytest.mark.exhaustive
def test_thousands_of_callers_who_close_after_reading_keep_their_sessions(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    """As above."""
    _one_shots_keep_their_sessions(run, caplog, MANY_ONE_SHOT, reset=False)


def fill(request: web.Request) -> None:
    """Leave no room in the kernel's buffer of a connection: the next write has to wait."""
    assert request.transport is not None
    number = os.dup(request.transport.get_extra_info("socket").fileno())
    with socket.socket(fileno=number) as own:
        own.setblocking(False)
        try:
            while own.send(b" " * (1 << 16)):
                pass
        except BlockingIOError:
            return


Ending = Callable[[Ground, socket.socket], Awaitable[bytes]]


async def reads_all(_ground: Ground, caller: socket.socket) -> bytes:
    """Read everything, and close."""
    received = b""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_S):
        while not received.endswith(b"}"):
            received = (received + await loop.sock_recv(caller, 1 << 20))[-1000:]
    caller.close()
    return received


async def reads_nothing(ground: Ground, caller: socket.socket) -> bytes:
    """Stay until the gateway gives up."""
    await ground.settled()
    return (await _rest(caller)).strip(b" ")


async def resets_instead(_ground: Ground, caller: socket.socket) -> bytes:
    """Reset without reading."""
    resets(caller)
    return b""


@pytest.mark.parametrize(
    ("ends", "code", "state", "answered"),
    [
        (reads_all, "ok", State.RUNNING, True),
        (reads_nothing, "timeout", State.CANCELLED, False),
        (resets_instead, "caller_gone", State.CANCELLED, False),
    ],
)
def test_an_answer_that_has_to_wait_is_handed_over_when_it_is_sent(
    ends: Ending,
    code: str,
    state: State,
    answered: bool,
    run: Run,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The kernel's buffer is full: the session belongs to the gateway until there is room."""

    async def main() -> None:
        async with serving(deadline_s=1.0) as ground:
            filled = asyncio.Event()

            def hook(request: web.Request) -> None:
                fill(request)
                filled.set()

            ground.before_write = hook
            with socket.create_connection(("127.0.0.1", ground.port)) as caller:
                caller.setblocking(False)
                await asyncio.get_running_loop().sock_sendall(caller, connect_request())
                async with asyncio.timeout(PATIENCE_S):
                    await filled.wait()
                assert (b"sessionId" in await ends(ground, caller)) == answered
                await ground.settled()
            assert ground.states() == {state: 1}
            assert codes(caplog) == {code: 1}

    with caplog.at_level(logging.INFO, "gateway"):
        run(main())


def test_an_answer_that_is_being_written_is_waited_for_at_shutdown(run: Run) -> None:
    """The gateway does not end while a caller is to get a session; without grace it cancels it."""

    async def main() -> None:
        async with serving() as ground:
            filled = asyncio.Event()

            def hook(request: web.Request) -> None:
                fill(request)
                filled.set()

            ground.before_write = hook
            connects = ground.app[SERVICE].connects
            with socket.create_connection(("127.0.0.1", ground.port)) as caller:
                caller.setblocking(False)
                await asyncio.get_running_loop().sock_sendall(caller, connect_request())
                async with asyncio.timeout(PATIENCE_S):
                    await filled.wait()
                assert connects.in_flight == 1
                connects.shut_down()
                await ground.settled()
            assert ground.states() == {State.CANCELLED: 1}

    run(main())
