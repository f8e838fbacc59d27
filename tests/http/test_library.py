"""The fake inside a program: in a thread, in the running loop, and how it is set up."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fake_runway import FakeRunway
from fake_runway.scenarios.catalogue import ScenarioFileError
from fake_runway.server.address import PortTaken
from fake_runway.testing.embedded import configuration


def test_a_block_serves_in_a_thread() -> None:
    """The block gets a served world, and its port is closed after the block."""
    with FakeRunway(frozen=True) as fake:
        assert fake.look().clock.rate == 0
        assert fake.env == {
            "RUNWAYML_BASE_URL": fake.base_url,
            "RUNWAYML_API_SECRET": fake.secret,
        }
        assert fake.secret not in repr(fake)
    with pytest.raises(Exception, match="no answer from"):
        fake.look()


async def test_an_async_block_serves_in_the_running_loop() -> None:
    """An application on the same loop is served while the block runs."""
    async with FakeRunway("slow", rate=60) as fake:
        headers = {"Authorization": f"Bearer {fake.secret}", "X-Runway-Version": "2024-11-06"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{fake.base_url}/v1/organization") as answer,
        ):
            assert answer.status == 200
        assert (await fake.aio.look()).scenario == "slow"
        assert (await fake.world("other").look()).name == "other"


async def test_a_blocking_world_has_an_async_client() -> None:
    """`aio` is the same world, for code that must not block its loop."""
    with FakeRunway() as fake:
        session = await fake.aio.sessions.make("ready")
        assert fake.sessions.get(session.id).state == "ready"
        assert fake.aio.env == fake.env
        assert fake.aio.world("x").base_url == fake.world("x").base_url


def test_worlds_of_one_server_are_apart() -> None:
    """Further worlds have names of their own, and nothing in common with the first."""
    with FakeRunway(world="one") as fake:
        fake.sessions.make()
        second, third = fake.world(), fake.world("three")
        assert (second.name, third.name) == ("world-2", "three")
        assert (fake.look().sessions, second.look().sessions) == (1, 0)
        assert len({fake.secret, second.secret, third.secret}) == 3


async def test_further_worlds_are_one_family_however_they_are_made() -> None:
    """Unnamed ones never share state, and the block's world lists each of them once."""
    with FakeRunway(world="world-2") as fake:
        one, two, three = fake.world("world-4"), fake.aio.world(), fake.world()
        four, five = one.world(), two.world()
        names = [each.name for each in (one, two, three, four, five)]
        assert names == ["world-4", "world-3", "world-5", "world-6", "world-7"]
        assert fake.aio.world("world-4").base_url == one.base_url
        assert [each.name for each in fake.others] == names
        await two.sessions.make()
        assert [each.look().sessions for each in fake.others] == [0, 1, 0, 0, 0]


def test_the_variables_are_set_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """`use` sets the variables of both SDKs, through a setter that restores them."""
    set_: dict[str, str] = {}
    monkeypatch.setattr(monkeypatch, "setenv", set_.__setitem__)
    with FakeRunway() as fake:
        fake.use(monkeypatch)
        assert set_ == fake.env
        fake.aio.use(monkeypatch)
        assert set_ == fake.env


def test_the_options_are_those_of_the_command(tmp_path: Path) -> None:
    """Options have the words of `serve`; a scenario is a name, a path or data."""
    with FakeRunway(credits=7, retry_after=False, avatar=["any"], provision_time="0s") as fake:
        assert fake.credits.get().left == 7
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nabout: Mine.\naccount: {credits: 3}\n")
    for scenario in (path, str(path), {"name": "mine", "account": {"credits": 3}}):
        with FakeRunway(scenario) as fake:
            assert (fake.look().scenario, fake.credits.get().left) == ("mine", 3)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "a-name.test"])
def test_a_server_that_others_can_reach_has_a_token(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one, unless one is set; a server on loopback has none."""
    monkeypatch.delenv("FAKE_RUNWAY_ADMIN_TOKEN", raising=False)
    first, second = (configuration(host=host).admin_token for _ in range(2))
    assert first
    assert second not in (None, first)
    assert configuration(host=host, admin_token="mine").admin_token == "mine"
    assert configuration(host="LocalHost").admin_token is None
    monkeypatch.setenv("FAKE_RUNWAY_ADMIN_TOKEN", "of the environment")
    assert configuration(host=host).admin_token == "of the environment"


async def test_a_forged_host_does_not_open_a_server_that_others_can_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its admin API requires the token of every caller but the block's own world."""
    monkeypatch.delenv("FAKE_RUNWAY_ADMIN_TOKEN", raising=False)
    async with FakeRunway(host="0.0.0.0") as fake, aiohttp.ClientSession() as http:
        async with http.get(
            f"{fake.base_url}/__admin/world", headers={"Host": "127.0.0.1"}
        ) as answer:
            assert answer.status == 401
        assert (await fake.look()).name == fake.name


def test_equal_seeds_give_equal_ids() -> None:
    """The first session has the same id with the same seed, and another with another."""

    def first(seed: int) -> str:
        with FakeRunway(seed=seed) as fake:
            return fake.sessions.make().id

    assert first(1) == first(1) != first(2)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"credit": 5}, TypeError, "no option 'credit'; it has .*credits"),
        ({"log_level": "debug"}, TypeError, "no option 'log_level'"),
        ({"credits": "many"}, ValueError, "whole number"),
        ({"rate": -1}, ValueError, "frozen"),
        ({"scenario": "slo"}, ScenarioFileError, "did you mean slow"),
        ({"scenario": {"name": "x", "acount": {}}}, ScenarioFileError, "acount"),
        ({"world": "no/slash"}, Exception, "world's name"),
    ],
)
def test_wrong_options_are_refused_at_once(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A mistake is raised before anything is served."""
    with pytest.raises(error, match=words):
        FakeRunway(**options)


def test_a_taken_port_is_reported() -> None:
    """A port in use is an error with the reason."""
    with FakeRunway() as fake:
        port = int(fake.base_url.partition("/w/")[0].rpartition(":")[2])
        with pytest.raises(PortTaken, match=f"cannot listen on .*{port}"), FakeRunway(port=port):
            pass


async def test_it_is_entered_once_at_a_time() -> None:
    """A second entry is refused while the first lasts; afterwards it serves again."""
    runway = FakeRunway()
    with runway as fake:
        assert fake.health().status == "ok"
        assert "serving" in repr(runway)
        with pytest.raises(RuntimeError, match="serves already"), runway:
            pass
        with pytest.raises(RuntimeError, match="serves already"):
            async with runway:
                pass
    async with runway as again:
        assert (await again.health()).status == "ok"
    assert "not entered" in repr(runway)


def test_outside_its_block_the_error_explains_the_use() -> None:
    """A use of the FakeRunway instead of the block's world is an error that says so."""
    with pytest.raises(AttributeError, match=r"with FakeRunway\(\) as fake: fake\.base_url"):
        _ = FakeRunway().base_url


def test_importing_the_package_is_cheap() -> None:
    """`import fake_runway` loads the standard library alone; unknown names are refused."""
    code = (
        "import sys, fake_runway; assert fake_runway.__version__\n"
        "assert not {'aiohttp', 'yaml', 'orjson', 'click'} & sys.modules.keys()\n"
        "try: fake_runway.nonsense\n"
        "except AttributeError as error: print(error)\n"
        "from fake_runway import FakeRunway; print(FakeRunway.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "module 'fake_runway' has no attribute 'nonsense'",
        "FakeRunway",
    ]
