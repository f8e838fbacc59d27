"""What the gateway makes of an upstream's answers: each at the border between good and bad."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.clock import LoopClock
from gateway.errors import GatewayError, TimedOut
from gateway.flow.avatars import Avatar
from gateway.flow.connect_flow import CallerGone, ConnectFlow
from gateway.flow.credentials import RoomCredentials, Shape
from gateway.flow.options import NO_OPTIONS
from gateway.flow.polling import FailureReason, UpstreamFailure
from gateway.flow.runway_client import RunwayClient
from gateway.flow.watch import Watch
from tests.support.simulation import simulate

ATTEMPT_S = 5.0
AVATAR = Avatar("cat-character", custom=False)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Seen(Watch):
    """What a flow reports, as words."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.became_ready: list[tuple[float, int]] = []

    def ready(self, after_s: float, polls: int) -> None:
        """Note it."""
        self.became_ready.append((after_s, polls))

    def created(self) -> None:
        """Note it."""
        self.words.append("created")

    def cancelled(self, session_id: str) -> None:
        """Note it."""
        self.words.append(f"cancelled {session_id}")

    def left_behind(self, session_id: str) -> None:
        """Note it."""
        self.words.append(f"left {session_id}")

    def lost(self) -> None:
        """Note it."""
        self.words.append("lost")


@asynccontextmanager
async def upstream(answer: Answer) -> AsyncIterator[RunwayClient]:
    """A client of a server that answers each request like this."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 4010).start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout()) as http:
            base_url = "http://127.0.0.1:4010"
            yield RunwayClient(http, base_url=base_url, secret="x", attempt_s=ATTEMPT_S)
    finally:
        await runner.cleanup()


def flow(client: RunwayClient, watch: Watch, deadline_s: float = 2.0, **more: Any) -> ConnectFlow:
    """Return a flow that notes what becomes of its sessions."""
    return ConnectFlow(
        client,
        deadline_s=deadline_s,
        longest_wait_s=0.2,
        clock=LoopClock(),
        jitter=random.Random(0),
        watch=watch,
        **more,
    )


def asked(
    call: Callable[[RunwayClient], Awaitable[Any]],
    status: int = 200,
    text: str = "",
    **headers: str,
) -> Any:
    """Return what a request of the client returns for this answer, or its failure."""

    async def main() -> Any:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=status, text=text, headers=headers)

        async with upstream(answer) as client:
            try:
                return await call(client)
            except UpstreamFailure as failure:
                return failure

    return simulate(main())


def create(client: RunwayClient) -> Awaitable[str]:
    """Create a session."""
    return client.create(AVATAR, NO_OPTIONS)


@pytest.mark.parametrize("status", [200, 201, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    """Whatever it is called."""
    assert asked(create, status, '{"id": "s-1"}') == "s-1"


@pytest.mark.parametrize("status", [300, 302, 304, 400, 500])
def test_another_status_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    """The secret goes to the configured host and to no other."""
    failure = asked(create, status, '{"id": "s-1"}' if status != 304 else "", Location="/other")
    assert (failure.reason, failure.status) == (FailureReason.STATUS, status)


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_a_long_answer_is_read_up_to_its_bound(more: int, fits: bool) -> None:
    """256 KiB, and not a byte more."""
    answer = asked(create, 200, '{"id": "s-1"}'.ljust((256 << 10) + more))
    assert answer == "s-1" if fits else answer.reason is FailureReason.UNREADABLE


@pytest.mark.parametrize("text", ["", "[]", '"s-1"', "null", "{}", '{"id": ""}', '{"id": 1}'])
def test_an_answer_without_an_id_is_none(text: str) -> None:
    """No JSON is unreadable; all else but an object with an id is not what the contract says."""
    reason = FailureReason.SCHEMA if text else FailureReason.UNREADABLE
    assert asked(create, 200, text).reason is reason


@pytest.mark.parametrize("id_", ["a/b", "..", "a b", "é", "x" * 129])
def test_an_id_that_would_change_a_path_is_refused(id_: str) -> None:
    """Requests about the session would reach something else."""
    assert asked(create, 200, f'{{"id": "{id_}"}}').reason is FailureReason.SCHEMA


def test_a_poll_returns_a_key_with_ready_alone() -> None:
    """A key beside another status is not looked at, and READY needs one that fits into a header."""

    def poll(client: RunwayClient) -> Awaitable[tuple[str, str | None]]:
        return client.retrieve("s-1")

    assert asked(poll, text='{"status": "READY", "sessionKey": "k"}') == ("READY", "k")
    assert asked(poll, text='{"status": "NOT_READY", "sessionKey": "k"}') == ("NOT_READY", None)
    for key in ('""', "null", '"a b"', '"a\\nb"', '"é"'):
        failure = asked(poll, text=f'{{"status": "READY", "sessionKey": {key}}}')
        assert failure.reason is FailureReason.SCHEMA


def test_consume_returns_the_rooms_credentials() -> None:
    """All three, or none."""

    def consume(client: RunwayClient) -> Awaitable[RoomCredentials]:
        return client.consume("s-1", "k")

    whole = '{"url": "wss://r", "token": "t", "roomName": "n"}'
    assert asked(consume, text=whole) == RoomCredentials("wss://r", "t", "n")
    for word in ('"wss://r"', '"t"', '"n"'):
        assert asked(consume, text=whole.replace(word, '""')).reason is FailureReason.SCHEMA


@pytest.mark.parametrize(("status", "fails"), [(204, False), (404, True), (403, True), (405, True)])
def test_only_a_session_that_is_unknown_counts_as_cancelled(status: int, fails: bool) -> None:
    """404 says that there is nothing left to cancel; any other refusal is a failure."""
    answer = asked(lambda client: client.cancel("s-1"), status)
    assert (answer is not None) == (fails and status != 404)


def test_polls_and_cancels_are_cut_short_and_other_requests_are_not() -> None:
    """Giving up on a create or a consume would not undo it."""

    async def main() -> list[tuple[str, float]]:
        async def answer(_request: web.Request) -> web.Response:
            await LoopClock().sleep(4 * ATTEMPT_S)
            text = '{"id": "s", "status": "NOT_READY", "url": "u", "token": "t", "roomName": "n"}'
            return web.Response(text=text)

        took = []
        async with upstream(answer) as client:
            for call in (
                lambda: client.create(AVATAR, NO_OPTIONS),
                lambda: client.consume("s", "k"),
                lambda: client.retrieve("s"),
                lambda: client.cancel("s"),
            ):
                began, reason = LoopClock().now(), "answered"
                try:
                    await call()
                except UpstreamFailure as failure:
                    reason = failure.reason.value
                took.append((reason, round(LoopClock().now() - began, 3)))
        return took

    late, cut = ("answered", 4 * ATTEMPT_S), ("timeout", ATTEMPT_S)
    assert simulate(main()) == [late, late, cut, cut]


@pytest.mark.parametrize(
    ("create_s", "cancel_s", "fate"),
    [
        (16.9, 0.0, ["created", "cancelled s"]),  # within 15 s after the deadline of 2 s
        (17.1, 0.0, ["lost"]),
        (16.9, 4.9, ["created", "cancelled s"]),  # and 15 s more, whatever is left of the first
        (16.9, 5.1, ["created", "left s"]),  # each attempt is cut short
    ],
)
def test_a_session_is_cancelled_after_the_answer(
    create_s: float, cancel_s: float, fate: list[str]
) -> None:
    """The caller has its answer at the deadline; what docs/gateway.md promises for then holds."""

    async def main() -> list[str]:
        async def answer(request: web.Request) -> web.Response:
            await LoopClock().sleep(create_s if request.method == "POST" else cancel_s)
            return web.Response(text='{"id": "s"}')

        seen = Seen()
        async with upstream(answer) as client:
            connects = flow(client, seen)
            began = LoopClock().now()
            with pytest.raises(TimedOut):
                await connects.connect(AVATAR, Shape.SESSION_KEY)
            assert LoopClock().now() - began == pytest.approx(2.0)
            await connects.drain()
            assert LoopClock().now() - began <= 2.0 + 15.0 + 15.0
            await LoopClock().sleep(60)
        return seen.words

    assert simulate(main()) == fate


class Mistaken(RunwayClient):
    """A client with a mistake in it."""

    async def cancel(self, session_id: str) -> None:
        """Fail in a way that is not foreseen."""
        raise KeyError(session_id)


@pytest.mark.parametrize("mistaken", [True, False])
def test_only_what_is_not_foreseen_has_a_traceback_in_the_log(
    mistaken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A session that could not be cancelled is a warning; a mistake of ours has to be found."""

    async def main() -> list[str]:
        async def answer(request: web.Request) -> web.Response:
            status = 500 if request.method == "DELETE" else 200
            return web.Response(status=status, text='{"id": "s", "status": "FAILED_TO_EXIST"}')

        seen = Seen()
        async with upstream(answer) as client:
            if mistaken:
                client.__class__ = Mistaken
            connects = flow(client, seen)
            with pytest.raises(GatewayError):
                await connects.connect(AVATAR, Shape.SESSION_KEY)
            await connects.drain()
        return seen.words

    assert simulate(main()) == ["created", "left s"]
    (record,) = [each for each in caplog.records if "may be left behind" in each.getMessage()]
    assert bool(record.exc_info) is mistaken


def test_connects_poll_less_often_the_more_there_are() -> None:
    """240 of them every 0.3 s each; one alone, before or after, at its own pace."""

    async def main() -> tuple[list[list[list[float]]], Seen]:
        polled: dict[str, list[float]] = {}
        ids = iter(range(1_000))
        ready_at = 0.0

        async def answer(request: web.Request) -> web.Response:
            if request.method == "POST":
                return web.Response(text=f'{{"id": "{next(ids)}"}}')
            now = LoopClock().now()
            polled.setdefault(request.path, []).append(now)
            status = "READY" if now >= ready_at else "NOT_READY"
            return web.Response(text=f'{{"status": "{status}", "sessionKey": "k"}}')

        seen, pauses = Seen(), []
        async with upstream(answer) as client:
            connects = flow(client, seen, deadline_s=30.0)
            for number, ready_in_s in ((1, 0.5), (240, 2.0), (1, 0.5)):
                polled.clear()
                ready_at = LoopClock().now() + ready_in_s
                await asyncio.gather(
                    *(connects.connect(AVATAR, Shape.SESSION_KEY) for _ in range(number))
                )
                pauses.append(
                    [
                        [round(later - earlier, 3) for earlier, later in pairwise(instants)]
                        for instants in polled.values()
                    ]
                )
        return pauses, seen

    (before, many, after), seen = simulate(main())
    assert {pause for pauses in many for pause in pauses[1:]} == {0.3}
    assert before == after == [[0.1, 0.15, 0.2, 0.2]]
    after_s, polls = seen.became_ready[-1]
    assert (round(after_s, 2), polls) == (0.65, 5)
    assert len(seen.became_ready) == 242


def test_draining_waits_for_cancellations_that_begin_meanwhile() -> None:
    """While one session is cancelled another connect fails: both are cancelled in the end."""

    async def main() -> tuple[list[str], float]:
        gone: set[str] = set()

        async def answer(request: web.Request) -> web.Response:
            if request.method == "POST":
                return web.Response(text='{"id": "s"}')
            if request.method == "DELETE":
                await LoopClock().sleep(3.0)
            return web.Response(text='{"status": "NOT_READY"}')

        seen = Seen()
        async with upstream(answer) as client:
            connects = flow(client, seen, deadline_s=30.0)

            async def leaves(name: str) -> None:
                with pytest.raises(CallerGone):
                    async with connects.session(
                        AVATAR, Shape.SESSION_KEY, is_gone=lambda: name in gone
                    ):
                        raise AssertionError("never ready")

            callers = [asyncio.ensure_future(leaves(name)) for name in ("first", "second")]
            await LoopClock().sleep(1.0)
            gone.add("first")
            await callers[0]
            began = LoopClock().now()
            draining = asyncio.ensure_future(connects.drain())
            await LoopClock().sleep(1.0)
            gone.add("second")
            await draining
            drained_s = LoopClock().now() - began
            await callers[1]
            words = list(seen.words)
            await LoopClock().sleep(60)
        return words, drained_s

    words, drained_s = simulate(main())
    assert words == ["created"] * 2 + ["cancelled s"] * 2
    assert 4.0 <= drained_s <= 4.5


def test_a_failure_is_answered_when_the_deadline_leaves_no_time_for_a_retry() -> None:
    """The answer is the failure's own, at once."""

    async def main() -> tuple[str, float]:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=503, headers={"Retry-After": "2"})

        await LoopClock().sleep(30)  # no loop's time begins with the connect
        async with upstream(answer) as client:
            began = LoopClock().now()
            with pytest.raises(GatewayError) as caught:
                await flow(client, Watch()).connect(AVATAR, Shape.SESSION_KEY)
            return caught.value.code, LoopClock().now() - began

    code, after_s = simulate(main())
    assert (code, round(after_s, 2)) == ("upstream_error", 0.0)


@pytest.mark.parametrize(
    ("leaves", "sent"),
    [
        ("while it waits for its turn", []),
        ("during the create", ["POST", "DELETE"]),
        ("before a create is retried", ["POST"]),
        ("between two polls", ["POST", "GET", "DELETE"]),
    ],
)
def test_nothing_more_is_sent_for_a_caller_who_has_left(leaves: str, sent: list[str]) -> None:
    """But the cancellation of what there is; the caller is asked for after every wait."""

    async def main() -> list[str]:
        requests: list[str] = []
        gone = False

        def leave(when: str) -> None:
            nonlocal gone
            gone = gone or when == leaves

        @asynccontextmanager
        async def admission(_caller: str) -> AsyncIterator[None]:
            leave("while it waits for its turn")
            yield

        async def answer(request: web.Request) -> web.Response:
            requests.append(request.method)
            if request.method == "POST":
                leave("during the create")
                if leaves == "before a create is retried":
                    asyncio.get_running_loop().call_later(0.05, leave, leaves)
                    return web.Response(status=503)
            if request.method == "GET":
                asyncio.get_running_loop().call_later(0.05, leave, "between two polls")
            return web.Response(text='{"id": "s", "status": "NOT_READY"}')

        async with upstream(answer) as client:
            connects = flow(client, Watch(), admission=admission)
            with pytest.raises(CallerGone):
                async with connects.session(AVATAR, Shape.SESSION_KEY, is_gone=lambda: gone):
                    raise AssertionError("never ready")
            await connects.drain()
        return requests

    assert simulate(main()) == sent
