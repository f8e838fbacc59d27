"""Both admin clients against a served fake: each test runs with the one and with the other."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any, get_args

import aiohttp
import pytest

from fake_runway import FakeRunway
from fake_runway.client import answers as admin_types
from fake_runway.client import blocking as sync_client
from fake_runway.client.aio import AsyncAdmin, AsyncFaultHandle
from fake_runway.client.answers import (
    AdminError,
    BadRequest,
    Conflict,
    EventName,
    NoSuch,
    NotAllowed,
    StateName,
    Unreachable,
    WaitTimedOut,
)
from fake_runway.client.blocking import Admin, FaultHandle
from fake_runway.client.fake import Fake
from fake_runway.client.transport import Transport
from fake_runway.core.lifecycles.session import Event, State
from tests.support.fake.synchronous import SOURCE, TARGET, synchronous
from tests.support.fake.waiting import WAIT_S

CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
_BLOCKING = (Admin, FaultHandle, sync_client.Clock, sync_client.Sessions, sync_client.Journal)


class InThreads:
    """A blocking client that can be awaited: each of its calls is made in another thread."""

    def __init__(self, blocking: Any) -> None:
        self._blocking = blocking

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._blocking, name)
        if not inspect.ismethod(found):
            return self._wrapped(found)

        async def call(*arguments: Any, **options: Any) -> Any:
            return self._wrapped(await asyncio.to_thread(found, *arguments, **options))

        return call

    @staticmethod
    def _wrapped(value: Any) -> Any:
        return InThreads(value) if isinstance(value, (*_BLOCKING, sync_client.Credits)) else value


@pytest.fixture(params=["asyncio", "blocking"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """A world whose clock stands still, by the one client or the other."""
    async with FakeRunway(frozen=True) as served:
        if request.param == "asyncio":
            yield served
            return
        assert served.name
        transport = Transport(served.base_url.partition("/w/")[0], served.name, None).owning()
        with Fake(transport) as blocking:
            yield InThreads(blocking)


async def create(fake: Any) -> str:
    """Create a session as an application does, and return its id."""
    status, body = await call(fake, "POST", "/v1/realtime_sessions", json=CREATE)
    assert status == 200
    return str(body["id"])


async def call(fake: Any, method: str, path: str, **options: Any) -> tuple[int, Any]:
    """Call the Runway API as an application of this world does."""
    headers = {"Authorization": f"Bearer {fake.secret}", "X-Runway-Version": "2024-11-06"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, fake.base_url + path, **options) as response,
    ):
        return response.status, await response.json()


async def test_the_clock_is_moved_frozen_and_scaled(fake: Any) -> None:
    """Each way of moving a clock shows what it shows afterwards."""
    start = await fake.clock.now()
    assert (await fake.clock.jump(2.5)).now == start + 2.5
    assert (await fake.clock.jump("1m")).now == start + 62.5
    assert (await fake.clock.jump_to(start + 100)).now == start + 100
    await fake.sessions.make("provisioning")
    assert (await fake.clock.next()).now == start + 101.5
    assert (await fake.clock.set_rate(60)).rate == 60
    assert (await fake.clock.freeze()).rate == 0
    assert (await fake.clock.get()).next_due_at is not None


async def test_a_scenario_is_selected_by_name_or_data(fake: Any) -> None:
    """The world follows the selected scenario, and the catalogue lists the names."""
    names = [line.name for line in await fake.scenarios()]
    assert "slow" in names
    assert (await fake.scenario("slow")).name == "slow"
    data = {"name": "poor", "account": {"credits": 1}}
    assert (await fake.scenario(data)).data["account"] == {"credits": 1}
    assert (await fake.current_scenario()).name == "poor"
    assert (await call(fake, "POST", "/v1/realtime_sessions", json=CREATE))[0] == 402


async def test_an_avatar_is_bound_and_unbound(fake: Any) -> None:
    """Its creates follow the form that it is bound to, until it is unbound."""
    form = {"faults": [{"match": {"moment": "create"}, "effect": {"status": 429}}]}
    assert (await fake.bind_avatar("Music-Superstar", form)).data["avatars"] == {
        "music-superstar": form
    }
    assert (await call(fake, "POST", "/v1/realtime_sessions", json=CREATE))[0] == 429
    await fake.unbind_avatar("music-superstar")
    assert (await call(fake, "POST", "/v1/realtime_sessions", json=CREATE))[0] == 200
    with pytest.raises(NoSuch):
        await fake.unbind_avatar("music-superstar")
    with pytest.raises(
        BadRequest, match=r'path: expected a version 4 UUID or a preset id .*got "nobody"'
    ):
        await fake.bind_avatar("nobody", form)
    with pytest.raises(BadRequest, match=r"\$\.faults\[0\]"):
        await fake.bind_avatar("cat-character", {"faults": [{"effect": {"status": 1}}]})


async def test_a_fault_strikes_until_it_is_removed(fake: Any) -> None:
    """A fault is given as data or by its parts, is counted, and its handle removes it."""
    fault = await fake.fault(effect={"status": 503}, match={"operation": "getOrganization"})
    also = await fake.fault({"name": "b", "effect": {"status": 500}}, from_="1h", times=2)
    assert (await call(fake, "GET", "/v1/organization"))[0] == 503
    first, second = await fake.faults()
    assert (first.name, first.seen, first.struck, first.by_hand) == (fault.name, 1, 1, True)
    assert second.fault == {"effect": {"status": 500}, "from": "1h", "times": 2}
    await fault.remove()
    assert (await call(fake, "GET", "/v1/organization"))[0] == 200
    with pytest.raises(NoSuch):
        await fault.remove()
    assert also.name in repr(also)
    await fake.remove_faults()
    assert await fake.faults() == ()


async def test_sessions_are_created_and_moved_and_have_a_timeline(fake: Any) -> None:
    """A session is made in a state, events are applied to it, and its timeline has them."""
    ready = await fake.sessions.make("ready", max_duration_s=60)
    assert (ready.state, ready.max_duration_s) == ("ready", 60)
    assert ready.session_key.startswith("stk_")
    assert ready.session_key not in repr(ready)
    assert ready.next.event == "expired"
    assert (await fake.sessions.occur(ready.id, "consumed")).state == "running"
    failed = await fake.sessions.fail(ready.id, "BROKEN", "It broke.")
    assert (failed.failure.code, failed.failure.text) == ("BROKEN", "It broke.")
    other = await fake.sessions.make("failed", failure=("EARLY", "At once."))
    assert [each.id for each in await fake.sessions.list()] == [other.id, ready.id]
    assert await fake.sessions.list(state="ready") == ()
    assert len(await fake.sessions.list(limit=1)) == 1
    assert await fake.sessions.get(ready.id) == failed
    timeline = await fake.timeline(ready.id)
    assert timeline == await fake.sessions.timeline(ready.id)
    assert timeline.entries[0]["kind"] == "move"
    assert "BROKEN" in str(timeline)


async def test_the_journal_is_read_filtered_and_cleared(fake: Any) -> None:
    """Exchanges are filtered by their facts, unexpected ones have the route that was meant."""
    session_id = await create(fake)
    await call(fake, "GET", f"/v1/realtime_sessions/{session_id}")
    await call(fake, "GET", "/v1/realtime_session")
    journal = await fake.journal.list()
    assert [each.status for each in journal] == [200, 200, 404]
    assert (len(journal), journal.total, journal.dropped) == (3, 3, 0)
    created = await fake.journal.list(operation="createSession", session=session_id, status=200)
    assert created[0].request.body["model"] == "gwm1_avatars"
    assert len(await fake.journal.list(method="GET", limit=1)) == 1
    assert len(await fake.journal.list(fault="none")) == 0
    assert (await fake.journal.unmatched(limit=5))[0].nearest is not None
    await fake.journal.clear()
    assert len(await fake.journal.list()) == 0


async def test_findings_report_what_the_client_does_wrong(fake: Any) -> None:
    """A key that was answered and never used is a finding, with its severity and session."""
    session_id = await create(fake)
    await fake.clock.next()
    await call(fake, "GET", f"/v1/realtime_sessions/{session_id}")
    await fake.clock.jump("10m")
    found = {finding.id: finding for finding in await fake.findings()}
    finding = found["consume-never-arrived"]
    assert (finding.severity, finding.session) == ("error", session_id)
    assert str(finding).startswith("error consume-never-arrived: ")


async def test_findings_from_a_severity_on(fake: Any) -> None:
    """What is only worth knowing can be left out, and what wastes as well; broken things cannot."""
    path = f"/v1/realtime_sessions/{await create(fake)}"
    await fake.clock.next()
    _, ready = await call(fake, "GET", path)
    options = {
        "headers": {"Authorization": f"Bearer {ready['sessionKey']}"},
        "skip_auto_headers": {"Content-Type"},
    }
    assert (await call(fake, "POST", f"{path}/consume", **options))[0] == 200
    assert [each.severity for each in await fake.findings()] == ["info"]
    assert await fake.findings(at_least="warning") == []
    unused = await create(fake)
    await fake.clock.next()
    await call(fake, "GET", f"/v1/realtime_sessions/{unused}")
    await fake.clock.jump("10m")
    assert {each.severity for each in await fake.findings()} > {"error"}
    assert {each.severity for each in await fake.findings(at_least="error")} == {"error"}


async def test_credits_are_set_and_spent(fake: Any) -> None:
    """What is left can be set, and a session costs."""
    assert (await fake.credits.set(10)).left == 10
    await fake.sessions.make()
    after = await fake.credits.get()
    assert (after.left, after.spent, after.sessions_today) == (8, 2, 1)


async def test_waits_end_when_their_condition_holds(fake: Any) -> None:
    """A wait for a session returns it, and a wait for calls returns them."""

    async def later() -> None:
        await create(fake)
        await fake.clock.next()

    acting = asyncio.ensure_future(later())
    session = await fake.wait_for_session("ready", timeout=WAIT_S)
    await acting
    assert (await fake.wait_for_session("ready", "running", session=session.id)) == session
    calls = await fake.wait_for_calls(operation="createSession", timeout=f"{WAIT_S:g}s")
    assert calls[0].session == session.id
    assert await fake.wait_for_calls(1, since=calls[0].number, status=200, method="POST")


async def test_a_wait_that_timed_out_reports_states_and_clock(fake: Any) -> None:
    """After its timeout a wait reports its condition and the clock's mode."""
    with pytest.raises(WaitTimedOut, match=r"awaitSession: Waited .* stands still") as caught:
        await fake.wait_for_session("ready", timeout=0.01)
    assert (caught.value.status, caught.value.code) == (408, "waited_in_vain")
    with pytest.raises(WaitTimedOut, match="there are 0"):
        await fake.wait_for_calls(2, method="DELETE", timeout="10ms")


async def test_a_world_is_kept_restored_forked_and_reset(fake: Any) -> None:
    """Snapshots bring a world back, forks go on apart, a reset empties it."""
    await fake.sessions.make()
    kept = await fake.snapshot("one")
    assert (await fake.snapshot()).name != "one"
    assert (await fake.snapshots())[0] == kept
    await fake.sessions.make()
    fork = await fake.fork("twin")
    assert fork.base_url.endswith("/w/twin")
    assert (await fake.restore("one")).sessions == 1
    assert (await fork.look()).sessions == 2
    await fork.close()
    await fake.delete_snapshot("one")
    with pytest.raises(NoSuch):
        await fake.restore("one")
    with pytest.raises(Conflict, match="forkWorld"):
        await fake.fork("twin")
    assert (await fake.reset()).sessions == 0
    assert [world.name for world in await fake.worlds()] == [fake.name, "twin"]
    await fake.drop()
    assert [world.name for world in await fake.worlds()] == ["twin"]


async def test_a_run_is_repeated_from_its_token(fake: Any) -> None:
    """The token of a run makes another world that has the same journal."""
    await create(fake)
    token = await fake.replay_token()
    assert token == (await fake.recording()).token
    replayed = await fake.replay(token, name="again")
    assert (replayed.identical, replayed.divergence, replayed.exchanges) == (True, None, 1)
    with pytest.raises(BadRequest) as caught:
        await fake.replay("fr1.nonsense", name="other")
    assert caught.value.where == "$.token"


async def test_refusals_are_errors_that_name_operation_code_and_place(fake: Any) -> None:
    """An error says which operation was refused and why, and where in the body."""
    with pytest.raises(NoSuch, match=r"putScenario: .* Did you mean slow\?") as caught:
        await fake.scenario("slo")
    assert (caught.value.status, caught.value.operation) == (404, "putScenario")
    with pytest.raises(BadRequest, match="addFault") as wrong:
        await fake.fault(effect={"nonsense": 1})
    assert wrong.value.where
    with pytest.raises(BadRequest, match=r"at \$\.by"):
        await fake.clock.jump("a while")
    with pytest.raises(NoSuch):
        await fake.sessions.get("00000000-0000-4000-8000-000000000000")
    assert (await fake.health()).status == "ok"


@pytest.mark.parametrize("kind", [AsyncAdmin, Admin])
async def test_a_token_opens_a_guarded_server(kind: Any) -> None:
    """With the server's token both clients are accepted, without it neither is."""
    async with FakeRunway(admin_token="let-me-in") as fake:
        server = fake.base_url.partition("/w/")[0]
        assert (await fake.look()).name == "main"
        assert "let-me-in" not in repr(fake)
        for token, allowed in (("let-me-in", True), (None, False)):
            admin = kind(server, world="other", token=token)
            client: Any = admin if kind is AsyncAdmin else InThreads(admin)
            if allowed:
                await client.reset()
                assert (await client.look()).name == "other"
            else:
                with pytest.raises(NotAllowed):
                    await client.look()
            await client.close()


@pytest.mark.parametrize("kind", [AsyncAdmin, Admin])
async def test_an_absent_server_is_an_error_that_names_it(kind: Any) -> None:
    """The error names the address at which no server answers."""
    async with FakeRunway() as fake:
        gone = fake.base_url.partition("/w/")[0]
    admin = kind(gone)
    client: Any = admin if kind is AsyncAdmin else InThreads(admin)
    with pytest.raises(Unreachable, match=gone) as caught:
        await client.health()
    assert caught.value.status == 0


async def test_a_server_that_is_no_fake_is_an_error_of_its_own() -> None:
    """Answers of another form are errors of their own, for any status."""
    answers = iter([(200, b"<html>"), (200, b"{}"), (500, b'{"oops": 1}'), (500, b"")])

    async def answer(request: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
        status, body = next(answers)
        return aiohttp.web.Response(status=status, body=body)

    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(answer))
    await runner.setup()
    try:
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        admin = AsyncAdmin(f"http://127.0.0.1:{runner.addresses[0][1]}")
        for _ in range(4):
            with pytest.raises(Unreachable):
                await admin.look()
    finally:
        await runner.cleanup()


def test_threads_share_a_blocking_client() -> None:
    """One thread can wait while another applies the event that it waits for."""
    with FakeRunway(frozen=True) as fake:
        seen: list[str] = []
        waiting = threading.Thread(
            target=lambda: seen.append(fake.wait_for_session("ready", timeout=WAIT_S).id)
        )
        waiting.start()
        made = fake.sessions.make("ready")
        waiting.join()
    assert seen == [made.id]


def test_a_connection_that_the_server_closed_is_made_again() -> None:
    """A blocking client goes on when a server has come back at the same address."""
    with FakeRunway() as fake:
        fake.health()
        port = int(fake.base_url.partition("/w/")[0].rpartition(":")[2])
        transport = Transport(f"http://127.0.0.1:{port}", "main", None)
        admin = Admin(transport.base_url, transport=transport)
        admin.health()
    with FakeRunway(port=port):
        assert admin.health().status == "ok"
    admin.close()


def test_an_address_that_is_no_url_is_refused() -> None:
    """A blocking client wants a base URL."""
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:4010"):
        Admin("localhost:4010")


def test_the_blocking_client_is_made_from_the_other_one() -> None:
    """`blocking.py` is up to date: `python -m tests.support.fake.synchronous` writes it."""
    assert TARGET.read_text() == synchronous(SOURCE.read_text())


@pytest.mark.parametrize(("names", "kind"), [(StateName, State), (EventName, Event)])
def test_the_names_are_those_of_the_core(names: Any, kind: type[Enum]) -> None:
    """The types of states and events have the names that the core has."""
    assert set(get_args(names)) == {each.value for each in kind}


def test_errors_have_one_root() -> None:
    """Catching AdminError catches all errors of a client."""
    found = [each for each in vars(admin_types).values() if inspect.isclass(each)]
    assert all(issubclass(e, AdminError) for e in found if issubclass(e, Exception))
    assert AsyncFaultHandle.__name__ == f"Async{FaultHandle.__name__}"
