"""Two hundred callers at once, every scenario of the catalogue upstream, and SIGTERM in the middle.

Real processes on real time. One gateway meets all scenarios that an avatar can choose, since each
caller picks its own; a scenario about the account needs a world, and so a gateway, for itself. All
storms rage at the same time: most of their time is the gateway's timeouts of requests that
hang. `benchmarks/storm.py` is the long version.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from fake_runway.client.answers import (
    ExchangeView,
    RequestView,
    ResponseView,
    SessionView,
    StateName,
)
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.gateway.storm import (
    API_SECRET,
    CALLER_TOKEN,
    FAKE_OPTIONS,
    Caller,
    Reply,
    Seen,
    Storm,
    by_avatar,
    wave_of,
    weather,
    wrongs,
)
from tests.support.processes import running

CALLERS = 200
AT_ONCE = 6  # storms; starting all gateways together would leave the callers no machine
GROWTH = 3 * 1024 * 1024  # bytes from one wave to the next that no leak needs to explain
PATIENT_S = 6.0  # the deadline of a storm that has to hand something out, on any machine
SLOW_CREATES = ("create-hangs", "create-slow-first-byte", "create-dribbled-body")
"""After these the gateway waits for an id, and so does the test: in the first wave alone."""

CATALOGUE = Catalogue.builtin()
AVATARS = by_avatar(CATALOGUE)
BRIEF = [avatar for avatar in AVATARS if AVATARS[avatar] not in SLOW_CREATES]
OF_ACCOUNTS = tuple(name for name in CATALOGUE.names if name not in AVATARS.values())


def _storms(*, every: bool) -> list[Storm]:
    about_accounts = list(_about_accounts())
    stopped = _stopped(list(AVATARS) if every else BRIEF)
    return [_calm(every=every), *stopped, *(about_accounts if every else about_accounts[::5])]


def _calm(*, every: bool) -> Storm:
    avatars = (list(AVATARS), BRIEF, BRIEF, BRIEF) if every else (BRIEF,)
    waves = tuple(wave_of(each, CALLERS, seed=seed) for seed, each in enumerate(avatars))
    return Storm("calm", "default", waves, deadline_s=PATIENT_S)


def _stopped(avatars: list[str]) -> Iterator[Storm]:
    """Yield storms with SIGTERM while creates go out, and while sessions are handed out."""
    moments = {("createSession", CALLERS // 2): 1.0, ("consumeSession", 10): 0.0}
    for seed, (moment, grace_s) in enumerate(moments.items(), 4):
        wave = wave_of(avatars, CALLERS, seed=seed)
        world = f"stopped-after-{moment[1]}-{moment[0]}"
        yield Storm(world, "default", (wave,), moment, deadline_s=5.0, grace_s=grace_s)


def _about_accounts() -> Iterator[Storm]:
    for number, name in enumerate(OF_ACCOUNTS):
        wave = wave_of(["music-superstar"], 5, seed=number)
        yield Storm(name, name, (wave,), ("createSession", 3) if number % 2 else None)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
async def test_no_scenario_makes_the_gateway_leave_anything_behind(every: bool) -> None:
    """Every caller gets a row or a session, and no session, secret or memory is left.

    A usual run: one wave, without the slow avatars, and a fifth of the account scenarios.
    """
    async with running("fake_runway", *FAKE_OPTIONS) as fake:
        url = (await fake.line()).split()[-1]
        turn = asyncio.Semaphore(AT_ONCE)

        async def play(storm: Storm) -> Seen:
            async with turn:
                return await weather(url, storm)

        seen = await asyncio.gather(*[play(storm) for storm in _storms(every=every)])
    calm, *others = seen
    assert [wrong for each in seen for wrong in wrongs(each)] == []
    assert {*AVATARS} - calm.avatars == {
        avatar for avatar, name in AVATARS.items() if name in SLOW_CREATES and not every
    }
    assert all(each.creates for each in others)
    assert {"ok", "timeout", "upstream_error"} <= set(calm.codes)
    if every:
        # a leak grows with each wave; how much is held at most depends on how slow the machine is
        assert min(after - before for before, after in pairwise(calm.resident[2:])) < GROWTH


# The check itself: a storm in which nothing went wrong, and the same with one wrong each


SESSION = "00000000-0000-4000-8000-000000000000"
KEY = f"stk_{'0' * 12}_{'1' * 32}"
ANSWER = f'{{"sessionId": "{SESSION}", "sessionKey": "{KEY}"}}'.encode()
REFUSAL = b'{"error": "Session creation timed out", "code": "timeout"}'
HANDED_OUT = Reply(Caller("influencer", "session-key"), 200, b"", ANSWER)
REFUSED = Reply(Caller("influencer", "session-key"), 504, b"", REFUSAL)
HUNG_UP_ON = Reply(Caller("influencer", "session-key"))


def _session(state: StateName) -> SessionView:
    unknown = (None, None, None, None)
    return SessionView(SESSION, 0, state, None, 0.0, 0.0, *unknown, 1800.0, 0, None, None)


def _call(operation: str, *, acted: bool = True, arrives: bool = True) -> ExchangeView:
    request = RequestView(None, None, True, False, None, {}, {})
    reply = {"id": SESSION} if operation == "createSession" else None
    response = ResponseView(200 if acted else 503, reply, None, arrives, 0.0)
    return ExchangeView(
        0, 0.0, operation, "", "", SESSION, None, request, response, acted, ("a fault",), None
    )


CREATE, CANCEL = _call("createSession"), _call("deleteSession")
IN_VAIN = _call("deleteSession", acted=False)
UNHEARD = _call("createSession", arrives=False)
CALM = Storm("calm", "default", ())
STOPPED = Storm("stopped", "default", (), ("createSession", 1))
GOOD = Seen(CALM, (HANDED_OUT,), (_session("running"),), (CREATE,), (), b"gateway: ...", 0)
GIVEN_UP = replace(GOOD, replies=(REFUSED,), sessions=(_session("cancelled"),), cancels=(CANCEL,))
ALIVE = replace(GIVEN_UP, sessions=(_session("ready"),), cancels=())


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(GOOD, id="handed out"),
        pytest.param(GIVEN_UP, id="cancelled"),
        pytest.param(replace(GIVEN_UP, storm=STOPPED, replies=(HUNG_UP_ON,)), id="hung up on"),
        pytest.param(replace(ALIVE, cancels=(IN_VAIN,) * 5), id="cancelled in vain"),
        pytest.param(replace(ALIVE, creates=(UNHEARD,)), id="its id is unknown"),
    ],
)
def test_the_judge_finds_nothing_where_nothing_is_wrong(seen: Seen) -> None:
    """Handed out, cancelled, or of unknown id: the check finds no wrong."""
    assert wrongs(seen) == []


def _answered(reply: Reply, **otherwise: Any) -> Seen:
    return replace(GOOD if reply.ok else GIVEN_UP, replies=(replace(reply, **otherwise),))


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (ALIVE, "left behind after 0 cancels"),
        (replace(ALIVE, cancels=(IN_VAIN,)), "left behind after 1 cancels"),
        (replace(ALIVE, storm=STOPPED, replies=(HUNG_UP_ON,)), "left behind after 0 cancels"),
        (replace(GOOD, cancels=(CANCEL,)), "was handed out, and cancelled"),
        (replace(GOOD, replies=(HANDED_OUT, HANDED_OUT)), "handed out twice"),
        (replace(GOOD, sessions=()), "was never made"),
        (replace(GOOD, exit_code=1), "exit code 1"),
        (replace(GIVEN_UP, replies=(HUNG_UP_ON,)), "the gateway was not stopped"),
        (_answered(REFUSED, status=503), "no such row"),
        (_answered(REFUSED, body=b"<h1>"), "no such row"),
        (_answered(REFUSED, violation="not as it is written"), "not as it is written"),
        (_answered(REFUSED, status=500, body=b'{"code": "internal"}'), "did not expect"),
        (_answered(HANDED_OUT, caller=Caller("influencer", "credentials")), "not of the shape"),
        (_answered(HANDED_OUT, head=CALLER_TOKEN.encode()), "a secret stands in an answer"),
        (_answered(REFUSED, body=REFUSAL + KEY.encode()), "a secret stands in an answer"),
        (_answered(HANDED_OUT, body=API_SECRET.encode()), "the API secret stands in an answer"),
        (replace(GOOD, output=API_SECRET.encode()), "a secret stands in its output"),
        (replace(GIVEN_UP, output=KEY.encode()), "a secret stands in its output"),
    ],
)
def test_the_judge_finds(seen: Seen, wrong: str) -> None:
    """Each kind of wrong is found, and reported in a sentence of its own."""
    assert any(wrong in each for each in wrongs(seen)), wrongs(seen)
