"""Outages of the shared storage on virtual time: calls, answers, probes and log lines."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.clock import LoopClock
from gateway.errors import LimitsUnavailable
from gateway.limits.storage import (
    ANSWER_S,
    CONNECTIONS,
    PROBE_EVERY_S,
    Outage,
    Outages,
    Storage,
    parse_storage,
    shown,
)
from tests.support.processes import PATIENCE_S
from tests.support.simulation import simulate


class Server:
    """A server that answers, fails or hangs as the test sets it."""

    def __init__(self) -> None:
        self.works = True
        self.hangs = False
        self.asked: list[float] = []

    async def answer(self) -> str:
        """Answer one question."""
        clock = LoopClock()
        self.asked.append(clock.now())
        if self.hangs:
            await asyncio.Event().wait()
        if not self.works:
            raise ConnectionRefusedError("secret words")
        return "yes"


def outages(policy: Outage = Outage.OPEN) -> Outages:
    """Return those of a storage by name of `store`."""
    return Outages("store", policy=policy, clock=LoopClock())


async def outcome(asking: Awaitable[str | None]) -> str | None:
    """Return an answer, or `refused`."""
    try:
        return await asking
    except LimitsUnavailable:
        return "refused"


@pytest.mark.parametrize(("policy", "answer"), [(Outage.OPEN, None), (Outage.CLOSED, "refused")])
def test_the_policy_decides_during_an_outage(policy: Outage, answer: str | None) -> None:
    """Open lets pass, closed refuses, and afterwards answers count again."""

    async def main() -> list[str | None]:
        server, store, seen = Server(), outages(policy), []
        for works, hangs in [(True, False), (False, False), (True, True), (True, False)]:
            server.works, server.hangs = works, hangs
            seen.append(await outcome(store.call(server.answer)))
            await LoopClock().sleep(2.0)
        return seen

    assert simulate(main()) == ["yes", answer, answer, "yes"]


async def test_a_process_that_is_late_is_no_outage() -> None:
    """An answer that arrived in time, and is read late because the machine was busy, counts."""
    answer_s = 0.1
    store = Outages("store", policy=Outage.CLOSED, clock=LoopClock(), answer_s=answer_s)

    async def answer() -> str:
        time.sleep(2 * answer_s)  # noqa: ASYNC251 - what a busy machine does to a process
        await LoopClock().sleep(0.001)
        return "yes"

    assert await store.call(answer) == "yes"


def test_one_pays_for_a_server_that_hangs() -> None:
    """The first call waits for the bound, the next ones not at all, and now and then one probes."""

    async def main() -> tuple[list[float], list[float]]:
        server, store, clock, took = Server(), outages(), LoopClock(), []
        server.hangs = True
        for _ in range(500):
            began = clock.now()
            await store.call(server.answer)
            took.append(clock.now() - began)
            await clock.sleep(0.01)
        return took, server.asked

    took, asked = simulate(main())
    assert {round(each, 6) for each in took} == {0.0, ANSWER_S}
    assert sum(each > 0 for each in took) == len(asked) <= 6


def test_the_times_of_an_outage_are_the_documented_ones() -> None:
    """An answer has one second; two seconds after it was missed, one call probes for another."""

    async def main() -> tuple[list[float], list[float], float | None]:
        server, store, clock, took = Server(), outages(Outage.CLOSED), LoopClock(), []
        server.hangs, began = True, clock.now()
        for at in (0.0, 1.5, 2.99, 3.01):
            await clock.sleep(began + at - clock.now())
            before = clock.now()
            with pytest.raises(LimitsUnavailable) as refused:
                await store.call(server.answer)
            took.append(round(clock.now() - before, 3))
        return took, [round(each - began, 3) for each in server.asked], refused.value.retry_after_s

    assert simulate(main()) == ([1.0, 0.0, 0.0, 1.0], [0.0, 3.01], 2.0)


@settings(max_examples=15)
@given(st.integers(1, 3 * CONNECTIONS))
def test_many_callers_wait_little_longer_than_one(callers: int) -> None:
    """None waits for more than its own bound and that of the calls before it."""

    async def main() -> tuple[float, int]:
        server, store, clock = Server(), outages(), LoopClock()
        server.hangs = True
        began = clock.now()
        await asyncio.gather(*(store.call(server.answer) for _ in range(callers)))
        return clock.now() - began, len(server.asked)

    took, asked = simulate(main())
    assert took <= 2 * ANSWER_S
    assert asked <= CONNECTIONS


def test_one_probe_at_a_time() -> None:
    """Of many calls while a probe is due, one is sent."""

    async def main() -> list[float]:
        server, store = Server(), outages()
        server.hangs = True
        await store.call(server.answer)
        await LoopClock().sleep(PROBE_EVERY_S)
        await asyncio.gather(*(store.call(server.answer) for _ in range(100)))
        return server.asked

    assert len(simulate(main())) == 2


@given(st.integers(1, 3 * CONNECTIONS))
def test_the_end_of_an_outage_lets_every_caller_in(callers: int) -> None:
    """Where connects are refused during an outage, all that wait for a probe share its outcome."""

    async def main() -> tuple[list[str | None], int]:
        server, store, asked_while_one_was_out = Server(), outages(Outage.CLOSED), 0
        server.works = False
        await outcome(store.call(server.answer))
        await LoopClock().sleep(PROBE_EVERY_S)
        server.works = True
        before = len(server.asked)

        async def slow_answer() -> str:
            nonlocal asked_while_one_was_out
            answer = await server.answer()
            await LoopClock().sleep(ANSWER_S / 2)
            asked_while_one_was_out = asked_while_one_was_out or len(server.asked) - before
            return answer

        seen = await asyncio.gather(*(outcome(store.call(slow_answer)) for _ in range(callers)))
        return seen, asked_while_one_was_out

    assert simulate(main()) == (["yes"] * callers, 1)


@pytest.mark.parametrize("hangs", [True, False])
def test_a_probe_that_fails_refuses_every_caller_who_waits_for_it(hangs: bool) -> None:
    """One question is asked for all of them, and none waits for longer than its bound."""

    async def main() -> tuple[list[str | None], int, float]:
        server, store, clock = Server(), outages(Outage.CLOSED), LoopClock()
        server.works = False
        await outcome(store.call(server.answer))
        await clock.sleep(PROBE_EVERY_S)
        server.hangs, began = hangs, clock.now()
        seen = await asyncio.gather(*(outcome(store.call(server.answer)) for _ in range(100)))
        seen.append(await outcome(store.call(server.answer)))  # the next probe is not due
        return seen, len(server.asked), clock.now() - began

    seen, asked, took = simulate(main())
    assert (set(seen), asked) == ({"refused"}, 2)
    assert took == pytest.approx(ANSWER_S if hangs else 0.0)


def test_a_probe_whose_caller_leaves_is_followed_by_another() -> None:
    """It says nothing, so the next caller probes at once instead of being refused."""

    async def main() -> list[str | None]:
        server, store, clock = Server(), outages(Outage.CLOSED), LoopClock()
        server.works = False
        await outcome(store.call(server.answer))
        await clock.sleep(PROBE_EVERY_S)
        server.works, server.hangs = True, True
        leaves, *stay = (asyncio.create_task(outcome(store.call(server.answer))) for _ in range(3))
        await clock.sleep(ANSWER_S / 2)
        server.hangs = False
        leaves.cancel()
        return await asyncio.gather(*stay)

    assert simulate(main()) == ["yes", "yes"]


def test_an_outage_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """Two lines per outage, for any traffic, and no word of the error's text."""
    caplog.set_level(logging.INFO, "gateway")

    async def main() -> None:
        server, store = Server(), outages()
        for works in (True, False, True):
            server.works = works
            for _ in range(60):
                await asyncio.gather(*(store.call(server.answer) for _ in range(5)))
                await LoopClock().sleep(0.1)

    simulate(main())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "store cannot be reached (ConnectionRefusedError): connects pass without limits",
        ),
        ("INFO", "store can be reached again after 6.0 s"),
    ]


def test_a_caller_who_leaves_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    """A cancelled call is no sign of an outage."""

    async def main() -> str | None:
        server, store = Server(), outages(Outage.CLOSED)
        server.hangs = True
        task = asyncio.create_task(outcome(store.call(server.answer)))
        await LoopClock().sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        server.hangs = False
        return await outcome(store.call(server.answer))

    assert simulate(main()) == "yes"
    assert caplog.records == []


def test_an_error_of_the_gateway_is_no_outage() -> None:
    """An error other than a failure of the storage is raised as it is."""

    async def mistake() -> str:
        raise KeyError("ours")

    async def main(question: Callable[[], Awaitable[str]]) -> None:
        with pytest.raises(KeyError):
            await outages().call(question)

    simulate(main(mistake))


# URLs


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("", "memory://", "memory://"),
        ("memory", "memory://", "memory://"),
        ("redis://cache", "redis://cache", "redis://cache:6379"),
        ("redis://:p%40ss@cache:1/2", "redis://:p%40ss@cache:1/2", "redis://cache:1"),
        ("rediss://me:hunter2@[::1]:7/", "rediss://me:hunter2@[::1]:7/", "rediss://[::1]:7"),
        ("redis+unix:///run/r.sock?db=1", "unix:///run/r.sock?db=1", "unix:///run/r.sock"),
        ("unix:///r", "unix:///r", "unix:///r"),
        ("unix://:hunter2@/run/r.sock", "unix://:hunter2@/run/r.sock", "unix:///run/r.sock"),
    ],
)
def test_a_storage_is_read_and_shown_without_its_password(text: str, url: str, name: str) -> None:
    """The connection has the password, the shown URL has none."""
    assert parse_storage(text) == url
    assert shown(url) == name


@pytest.mark.parametrize(
    "text",
    [
        "redis://:hun/ter2@cache",
        "redis://:hun#ter2@cache",
        "redis://:hun?ter2@cache",
        "redis://me:1/hunter2@cache",
        "redis://:hunter2@",
        "redis://:hunter2@cache:port",
        "redis://:hunter2@cache/zero",
        "redis://:hunter2@cache?socket_timeout=60",
        "unix://",
        "unix:///",
        "http://:hunter2@cache",
        "cache:6379",
        "redis://:hunter2@[::1",
    ],
)
def test_a_malformed_storage_is_refused_without_its_password(text: str) -> None:
    """A password with a character that had to be escaped is not in the message."""
    with pytest.raises(ValueError, match="no such URL") as refused:
        parse_storage(text)
    assert not any(word in str(refused.value) for word in ("hun", "ter2", "cache"))
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("text", ["redis://:hunter2@cache\n", "redis://:hun%0Ater2@cache", "\0"])
def test_a_storage_with_control_characters_is_refused(text: str) -> None:
    """Also where they are escaped; the message does not show the text."""
    with pytest.raises(ValueError, match="control characters") as refused:
        parse_storage(f"{text}x")
    assert "hun" not in str(refused.value)


# Redis' own protocol


class RedisServer:
    """A server that speaks as much of Redis' protocol as a storage needs, over real connections.

    Attributes:
        asked: the first word of each command but those about the connection.
        open: how many connections there are.
        closing: how many commands it answers by closing the connection, as when it restarts.
    """

    def __init__(self) -> None:
        self.answer = b"+PONG\r\n"
        self.asked: list[str] = []
        self.open = 0
        self.closing = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every command of one connection."""
        self.open += 1
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2].decode())
            if words[0] == "CLIENT":
                writer.write(b"+OK\r\n")
                continue
            self.asked.append(words[0])
            if self.closing:
                self.closing -= 1
                break
            writer.write(self.answer)
        self.open -= 1
        writer.close()


class HandClock(LoopClock):
    """A clock that the test moves, in seconds."""

    instant = 1000.0

    def now(self) -> float:
        """Return the instant that was set last."""
        return self.instant


@asynccontextmanager
async def with_redis() -> AsyncIterator[tuple[RedisServer, Storage, HandClock]]:
    """A server, and a storage there that refuses during outages. Closing it closes connections."""
    redis, clock = RedisServer(), HandClock()
    async with await asyncio.start_server(redis.serve, "127.0.0.1", 0) as server:
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        storage = Storage(url, policy=Outage.CLOSED, clock=clock, answer_s=PATIENCE_S)
        try:
            yield redis, storage, clock
        finally:
            await storage.close()
        async with asyncio.timeout(PATIENCE_S):
            while redis.open:
                await clock.sleep(0)


async def test_a_storage_has_a_problem_while_it_does_not_answer() -> None:
    """It is asked each time while it is well, and every two seconds while it is not."""
    async with with_redis() as (redis, storage, clock):
        assert await storage.problem() is None
        assert await storage.problem() is None
        assert redis.asked == ["PING", "PING"]
        redis.answer = b"-LOADING Redis is loading the dataset in memory\r\n"
        for _ in range(8):
            assert "cannot be reached" in (await storage.problem() or "")
            clock.instant += PROBE_EVERY_S / 4
        assert len(redis.asked) <= 2 + 2 * 2, "each may be repeated over a new connection"
        redis.answer = b"+PONG\r\n"
        assert await storage.problem() is None


@pytest.mark.parametrize(("closed", "well"), [(1, True), (2, False)])
async def test_a_call_whose_connection_ends_is_sent_once_more(closed: int, well: bool) -> None:
    """A server that has restarted is no outage, one that closes the next connection too is."""
    async with with_redis() as (redis, storage, _):
        redis.closing = closed
        assert (await storage.problem() is None) is well
        assert redis.asked == ["PING", "PING"]


async def test_an_answer_that_is_no_number_counts_as_no_answer() -> None:
    """What listens there is no Redis, or a key of another program is in the way."""

    async with with_redis() as (redis, storage, _):

        async def number() -> int:
            return int(await storage.command("INCR", "x"))

        with pytest.raises(LimitsUnavailable):
            await storage.outages.call(number)
        assert redis.asked == ["INCR"]


async def test_a_storage_opens_a_bounded_number_of_connections() -> None:
    """More calls at once wait for a turn, and all of them are answered."""
    async with with_redis() as (redis, storage, _):
        calls = (storage.outages.call(lambda: storage.command("PING")) for _ in range(200))
        assert set(await asyncio.gather(*calls)) == {True}
        assert redis.open == 32
