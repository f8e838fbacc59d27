"""Worlds are created when first named, show no secret, and follow their scenario."""

from collections.abc import Mapping
from typing import Any

import pytest

from fake_runway.core.history.views import exchange_body
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import Settings
from fake_runway.replay.record import read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.errors import RequestRefused
from fake_runway.worlds.naming import key_tag, name_from_secret
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import DEFAULT_SCENARIO, World
from tests.support.fake.runs import FOREIGN_ID, LIVEKIT, Ask, Do, Player, alone

Json = Mapping[str, Any]

TWICE_429 = {"match": {"moment": "create"}, "effect": {"status": 429}, "times": 2}
FIRST_POLL = {"match": {"operation": "getSession"}, "effect": {"status": 503}, "times": 1}


def create_for(avatar: str) -> Ask:
    """Return a create for a preset, or for the custom avatar of that UUID."""
    custom = {"type": "custom", "avatarId": avatar}
    preset = {"type": "runway-preset", "presetId": avatar}
    return Ask(
        "createSession",
        body={"model": "gwm1_avatars", "avatar": custom if avatar == FOREIGN_ID else preset},
    )


def following(scenario: Json) -> Player:
    """Return the client of a new world that follows a scenario."""
    player = alone()
    player.do(Do("putScenario", {"scenario": scenario}))
    return player


def assert_replays(world: World) -> None:
    """The record of a world comes out the same."""
    done = replay(read(token_of(record(world))), livekit=LIVEKIT, catalogue=world.catalogue)
    assert done.divergence is None


def test_a_world_is_made_once() -> None:
    """The same name is the same world; another name is another; tags lead back."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 1.0)
    one = worlds.named("one")
    assert worlds.named("one") is one
    assert worlds.named("two") is not one
    assert len(worlds) == 2
    assert worlds.of_tag(key_tag("one")) is one
    assert worlds.of_tag("0" * 12) is None
    assert worlds.of_tag(None) is None


def test_a_world_shows_its_name_and_no_secret() -> None:
    """The representation of a world is fit for a log."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 1.0)
    shown = repr(worlds.named(name_from_secret("planted")))
    assert "0 sessions" in shown
    assert "planted" not in shown


def test_a_fork_that_was_reset_no_longer_accepts_its_origin_s_keys() -> None:
    """Keys that no world has any more select no world, and keep none in memory."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 1.0)
    fork = worlds.fork(worlds.named("one"), "two")
    worlds.drop("one")
    worlds.fork(fork, "two")  # in its own place: now it alone has sessions of "one"
    assert worlds.of_tag(key_tag("one")) is worlds.get("two")
    again = worlds.reset(worlds.named("two"))
    assert worlds.of_tag(key_tag("one")) is None
    assert worlds.of_tag(key_tag("two")) is again


def test_a_change_of_scenario_keeps_what_was_counted_for_a_session() -> None:
    """A session whose first poll has failed does not fail it again; creates count anew."""
    scenario = {"name": "made-up", "session": {"faults": [TWICE_429, FIRST_POLL]}}
    player = following(scenario)
    creates = [player.ask(create_for("cat-character")).status for _ in range(3)]
    first = player.ask(Ask("getSession")).status
    player.do(Do("putScenario", {"scenario": scenario}))
    second = player.ask(Ask("getSession")).status
    assert (creates, first, second) == ([429, 429, 200], 503, 200)
    assert player.ask(create_for("cat-character")).status == 429
    assert_replays(player.world)


def test_faults_of_creates_count_their_time_from_when_the_scenario_was_put_in_place() -> None:
    """An hour after the world's beginning, the first ten seconds of a scenario are to come."""
    fault = {**TWICE_429, "until": "10s"}
    player = alone()
    player.do(Do("moveClock", {"by": "1h"}))
    player.do(Do("putScenario", {"scenario": {"name": "made-up", "session": {"faults": [fault]}}}))
    player.do(Do("moveClock", {"by": "9s"}))
    assert player.ask(create_for("cat-character")).status == 429
    copied = player.worlds.fork(player.world, "copy")
    assert copied.since == player.world.since
    player.do(Do("moveClock", {"by": "1s"}))
    assert player.ask(create_for("cat-character")).status == 200
    assert_replays(player.world)


@pytest.mark.parametrize("avatar", ["cat-character", FOREIGN_ID])
def test_a_bound_avatar_selects_its_form_until_it_is_unbound(avatar: str) -> None:
    """Creates follow the form, for any case of the id; the scenario is otherwise the same."""
    player = following({"name": "made-up", "account": {"credits": 9}})
    player.do(Do("bindAvatar", {"faults": [{**TWICE_429, "name": "busy"}]}, name=avatar.upper()))
    assert player.ask(create_for(avatar)).status == 429
    assert player.world.log.exchanges[-1].faults == (f"avatar-{avatar}/busy",)
    player.do(Do("bindAvatar", {"provision_time": "7s"}, name=avatar))
    assert player.ask(create_for(avatar)).status == 200
    assert [each.due_at for each in player.world.account.sessions.values()] == [
        player.world.epoch + 7
    ]
    assert (player.world.scenario.name, player.world.account.left) == ("made-up", 7)
    player.do(Do("unbindAvatar", name=avatar.upper()))
    assert player.ask(create_for(avatar)).status == (404 if avatar == FOREIGN_ID else 200)
    assert_replays(player.world)


def test_binding_an_avatar_leaves_what_was_counted_for_another() -> None:
    """In the middle of "twice 429", another avatar is bound, and only once more is left."""
    player = following({"name": "made-up", "session": {"faults": [FIRST_POLL]}})
    twice = {"faults": [TWICE_429]}
    player.do(Do("bindAvatar", twice, name="cat-character"))
    assert player.ask(create_for("cat-character")).status == 429
    player.do(Do("bindAvatar", twice, name="music-superstar"))
    assert player.ask(create_for("music-superstar")).status == 429
    player.do(Do("unbindAvatar", name="music-superstar"))
    assert [player.ask(create_for("cat-character")).status for _ in range(2)] == [429, 200]
    player.do(Do("bindAvatar", twice, name="cat-character"))
    assert [player.ask(create_for("cat-character")).status for _ in range(3)] == [429, 429, 200]
    assert_replays(player.world)


def test_the_faults_of_a_bound_avatar_count_their_time_from_the_binding() -> None:
    """Ten seconds are ten seconds after the binding, also in a copy of the world."""
    player = alone()
    player.do(Do("moveClock", {"by": "1h"}))
    player.do(Do("bindAvatar", {"faults": [{**TWICE_429, "until": "10s"}]}, name="cat-character"))
    player.do(Do("moveClock", {"by": "9s"}))
    player.world = player.worlds.fork(player.world, "copy")
    assert player.ask(create_for("cat-character")).status == 429
    player.do(Do("moveClock", {"by": "1s"}))
    assert player.ask(create_for("cat-character")).status == 200
    assert_replays(player.world)


def test_bindings_go_with_their_scenario_and_are_replayed_so() -> None:
    """Another scenario has its own bindings, and what is bound later belongs to that one."""
    player = alone()
    form = {"faults": [TWICE_429]}
    player.do(Do("bindAvatar", form, name="cat-character"))
    copied = dict(player.do(Do("putScenario", {"name": "slow"})).body)
    assert player.ask(create_for("cat-character")).status == 200
    player.do(Do("bindAvatar", form, name="music-superstar"))
    assert player.ask(create_for("music-superstar")).status == 429
    player.do(Do("putScenario", {"scenario": copied["data"]}))
    assert player.ask(create_for("music-superstar")).status == 200
    player.do(Do("bindAvatar", form, name=FOREIGN_ID))
    assert player.ask(Ask("listAvatars")).status == 200
    assert_replays(player.world)


@pytest.mark.parametrize(
    ("name", "form", "place"),
    [
        ("cat-character", {"provision_tiem": "1s"}, "$.provision_tiem"),
        ("cat-character", {"then": [{"in": "ready", "event": "billed"}]}, "$.then[0].event"),
        ("cat-character", {}, "$"),
        ("a b", {"provision_time": "1s"}, "path: name"),
        ("x" * 101, {"provision_time": "1s"}, "path: name"),
    ],
)
def test_a_wrong_binding_is_refused_with_its_place(name: str, form: Json, place: str) -> None:
    """Nothing is bound, and the refusal has the path in the body."""
    player = alone()
    before = player.world.scenario
    with pytest.raises(RequestRefused) as caught:
        player.do(Do("bindAvatar", form, name=name))
    assert caught.value.headers["X-Fake-Where"] == place
    assert player.world.scenario is before
    assert len(player.world.log) == 0


def test_faults_of_sessions_leave_avatars_alone() -> None:
    """A call about an avatar is none about a session: no fault of one strikes or counts it."""
    anything = {"effect": {"status": 503}, "times": 1}
    player = following({"name": "made-up", "session": {"faults": [anything]}})
    asked = player.ask(Ask("getAvatar"))
    [exchange] = player.world.log.exchanges
    shown = exchange_body(exchange)
    assert (asked.status, exchange.faults, player.world.tallies) == (404, (), {})
    assert (shown["session"], shown["avatar"]) == (None, FOREIGN_ID)
    player.do(Do("bindAvatar", {"provision_time": "1s"}, name=FOREIGN_ID))
    assert player.ask(Ask("getAvatar")).status == 200
    assert_replays(player.world)


@pytest.mark.parametrize(
    ("seed", "of_scenario", "expected"),
    [
        (None, None, "server"),
        (None, "scenario", "scenario"),
        (None, "", ""),
        ("given", "scenario", "given"),
        ("", "scenario", ""),
        ("given", None, "given"),
    ],
)
def test_the_seed_of_a_reset_overrides_those_of_scenario_and_server(
    seed: str | None, of_scenario: str | None, expected: str
) -> None:
    """It holds until another is set, also an empty one, and a replay has the same."""
    worlds = Worlds(seed="server", settings=Settings(), source=lambda: 1.0, rate=0.0)
    scenario = Scenario(name="seeded", seed=of_scenario)
    world = worlds.reset(worlds.named("one", scenario), seed=seed)
    assert world.draws.seed == expected
    again = worlds.reset(world, scenario=Scenario(name="other", seed="another"))
    assert again.draws.seed == ("another" if seed is None else seed)
    forked = worlds.fork(world, "two")
    assert forked.draws.seed == worlds.reset(forked).draws.seed == expected
    assert record(world)["seed"] == expected
    player = Player(worlds, world)
    player.ask(create_for("cat-character"))
    assert_replays(world)


def test_a_copy_shares_nothing_that_changes() -> None:
    """An event in a copy does not happen in the world, nor the other way round."""
    player = following({"name": "made-up", "session": {"faults": [TWICE_429]}})
    player.worlds.snapshot(player.world, "before")
    copied = Player(player.worlds, player.worlds.fork(player.world, "copy"))
    before = {name: str(value) for name, value in vars(player.world).items()}
    assert not copied.world.snapshots
    copied.ask(create_for("cat-character"))
    copied.do(Do("addFault", {"effect": {"status": 500}}))
    copied.do(Do("bindAvatar", {"provision_time": "1s"}, name="cat-character"))
    copied.do(Do("moveClock", {"by": "1s"}))
    copied.ask(create_for("cat-character"))
    assert {name: str(value) for name, value in vars(player.world).items()} == before
    assert_replays(copied.world)


def test_there_is_one_default_scenario() -> None:
    """The constant is the catalogue's, so a record of a world that follows it carries none."""
    catalogue = Catalogue.builtin()
    default = catalogue.get("default")
    assert default == DEFAULT_SCENARIO
    player = alone(scenario=DEFAULT_SCENARIO, catalogue=catalogue)
    player.ask(create_for("cat-character"))
    assert record(player.world)["scenarios"] == {}
    assert_replays(player.world)


def test_listeners_hear_of_every_world_that_changes() -> None:
    """Of calls, acts, new, replaced and dropped worlds; each name once until it is taken."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 0.0)
    old = worlds.named("old")
    with worlds.listening() as one, worlds.listening() as other:
        old.notify()
        old.notify()
        assert one.seen.is_set()
        assert one.taken() == ["old"]
        assert not one.seen.is_set()
        worlds.named("new").notify()
        assert one.taken() == ["new"]
        worlds.drop("new")
        renewed = worlds.reset(old)
        assert one.taken() == ["new", "old"]
        renewed.notify()
        worlds.fork(renewed, "copy").notify()
        assert one.taken() == ["old", "copy"]
    assert other.taken() == ["old", "new", "copy"]
    assert all(world.heard is None for world in worlds)


def test_a_world_that_takes_the_place_of_another_is_told_from_it() -> None:
    """By its incarnation: listeners continue in the same one only."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 0.0)
    first = worlds.named("one")
    worlds.snapshot(first, "kept")
    every = [first, worlds.restore(first, "kept"), worlds.reset(first), worlds.fork(first, "two")]

    assert len({world.incarnation for world in every}) == 4
