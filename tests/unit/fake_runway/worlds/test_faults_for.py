"""A world returns the active faults for a call, and the facts that they match."""

import pytest

from fake_runway.core.history.journal import Exchange
from fake_runway.core.lifecycles.session import State
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.worlds.world import World
from tests.support.fake.runs import FOREIGN_ID, alone

CATALOGUE = Catalogue.builtin()
ANY = {"effect": {"status": 503}}
TEMPLATE = "/v1/realtime_sessions/{id}"


@pytest.fixture
def world() -> World:
    """A world whose account, sessions and cats have a fault each; the cats' is about creates."""
    scenario = {
        "name": "made-up",
        "account": {"faults": [{**ANY, "name": "of-account", "match": {"method": "GET"}}]},
        "session": {"faults": [{**ANY, "name": "of-session"}]},
        "avatars": {
            "cat-character": {
                "faults": [{**ANY, "name": "of-cats", "match": {"operation": "createSession"}}]
            }
        },
    }
    player = alone(scenario=CATALOGUE.parse(scenario), catalogue=CATALOGUE)
    player.world.account.create(at=player.world.clock.now())
    return player.world


def names(world: World, exchange: Exchange, *, avatar: str | None = None) -> list[str]:
    """Return the names of the active faults for a call, without their scenario's."""
    found = world.faults_for(exchange, template=TEMPLATE, avatar=avatar)
    every = () if found is None else (*found[0].before, *found[0].after)
    return [each.fault.name.rpartition("/")[2] for each in every]


def test_a_call_about_a_session_meets_the_faults_of_its_plan(world: World) -> None:
    """Those of the account come first; the facts name the session by ordinal and state."""
    [session] = world.account.sessions.values()
    exchange = Exchange(
        "getSession", "GET", "/", subject=Subject("session", session.id), at=session.created_at + 1
    )

    found = world.faults_for(exchange, template=TEMPLATE, avatar=None)

    assert found is not None
    faults, facts = found
    assert [(fault.name, since) for fault, since in faults.before] == [
        ("made-up/account-of-account", world.since),
        ("made-up/of-session", None),
    ]
    assert (faults.after, facts.since) == ((), session.created_at)
    assert (facts.path, facts.at) == (TEMPLATE, exchange.at)
    assert (facts.place, facts.addressed, facts.state) == (("session", 0), True, State.PROVISIONING)


def test_a_call_about_an_unknown_session_meets_the_faults_of_the_scenario(world: World) -> None:
    """It addresses no session, whose tallies could be counted."""
    exchange = Exchange("getSession", "GET", "/", subject=Subject("session", FOREIGN_ID))

    assert names(world, exchange) == ["account-of-account", "of-session"]


def test_a_create_meets_the_faults_of_the_form_that_its_avatar_selects(world: World) -> None:
    """Those of the scenario's own form stand for all other avatars; its session comes next."""
    create = Exchange("createSession", "POST", "/")

    assert names(world, create, avatar="cat-character") == ["account-of-account", "of-cats"]
    assert names(world, create, avatar="influencer") == ["account-of-account", "of-session"]
    found = world.faults_for(create, template=TEMPLATE, avatar="influencer")
    assert found is not None
    assert (found[1].place, found[1].addressed, found[1].state) == (("session", 1), False, None)


def test_a_call_about_no_session_meets_the_faults_of_the_account_alone(world: World) -> None:
    """Where an account has none, no fault is active for the call."""
    exchange = Exchange("getOrganization", "GET", "/v1/organization")

    assert names(world, exchange) == ["account-of-account"]
    assert names(alone().world, exchange) == []


def test_faults_come_and_go_with_what_brings_them(world: World) -> None:
    """What is known of a call's faults is found anew after each act that changes them."""
    poll = Exchange("getSession", "GET", "/", subject=Subject("session", FOREIGN_ID))
    create = Exchange("createSession", "POST", "/")
    about_none = Exchange("getOrganization", "GET", "/v1/organization")
    [placed] = CATALOGUE.parse({"name": "x", "account": {"faults": [ANY]}}).account_faults
    assert names(world, poll) == ["account-of-account", "of-session"]
    assert names(world, create, avatar="cat-character") == ["account-of-account", "of-cats"]

    world.place(placed, at=world.clock.now())
    assert len(names(world, poll)) == 3
    world.lift(placed.name)
    assert names(world, poll) == ["account-of-account", "of-session"]

    form = CATALOGUE.parse({"name": "made-up-cat", "session": {"faults": [{**ANY, "name": "new"}]}})
    world.bind("cat-character", form, at=world.clock.now())
    assert names(world, create, avatar="cat-character") == ["account-of-account", "new"]
    twin = world.copy("twin", world.clock)
    assert names(world, about_none) == ["account-of-account"]
    fault = {**ANY, "name": "new", "match": {"operation": "getOrganization"}}
    other = CATALOGUE.parse({"name": "other", "account": {"faults": [fault]}})
    world.follow_scenario(other, at=world.clock.now())
    assert names(world, about_none) == ["account-new"]
    assert names(world, Exchange("queryUsage", "POST", "/v1/organization/usage")) == []
    assert names(twin, about_none) == ["account-of-account"]
    world.follow_scenario(CATALOGUE.parse({"name": "quiet"}), at=world.clock.now())
    assert names(world, poll) == names(world, create, avatar="influencer") == []
    assert names(twin, poll) == ["account-of-account", "of-session"]
