"""Which world a request selects, and which scenario that world follows.

A world is named by the path or a header, else by the API secret, else by the tag in a session key.
A scenario is named by a header, else by the secret.
"""

from collections.abc import Mapping

from fake_runway.core.errors import KeyRefused, Refused
from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT
from fake_runway.core.scenario.scenario import Scenario, scenario_act
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.errors import RequestRefused
from fake_runway.worlds.naming import (
    SecretRefused,
    check_secret,
    explicit_name,
    name_from_secret,
    scenario_in_name,
    tag_of_key,
)
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

SCENARIO_HEADER = "X-Fake-Scenario"


class UnknownScenario(RequestRefused):
    """A header selects a scenario that does not exist."""

    code = "unknown_scenario"


async def world_of_secret(
    worlds: Worlds, secret: str, named: str | None, headers: Mapping[str, str]
) -> World:
    """Return the world of a caller who has an API secret; it follows the selected scenario.

    Args:
        named: the world that the request names; None: that of the secret.

    Raises:
        SecretRefused, BadWorldName.
        UnknownScenario: what the header selects; SecretRefused: what the secret selects.
    """
    selected = headers.get(SCENARIO_HEADER)
    if selected is None:
        return world_as_it_is(worlds, secret, named)
    check_secret(secret)
    name = name_from_secret(secret) if named is None else explicit_name(named)
    scenario = _scenario(worlds.catalogue, selected, UnknownScenario)
    world = worlds.named(name, scenario)
    if world.scenario.name != scenario.name:
        await follow(world, scenario)
    return world


async def follow(world: World, scenario: Scenario) -> None:
    """Let a world follow another scenario from now on, as an act that a replay repeats."""
    await world.catch_up()
    at = world.clock.now()
    world.account.advance(at)
    number = world.log.number()
    world.follow_scenario(scenario, at=at)
    world.log.add_act(Act(number, at, "putScenario", NO_SUBJECT, scenario_act(scenario)))
    world.notify()


def world_as_it_is(worlds: Worlds, secret: str, named: str | None) -> World:
    """Return the world of a caller who has an API secret, and whom no header gives a scenario.

    Raises:
        SecretRefused, BadWorldName.
    """
    check_secret(secret)
    name = name_from_secret(secret) if named is None else explicit_name(named)
    tag = scenario_in_name(secret)
    scenario = None if tag is None else _scenario(worlds.catalogue, tag, SecretRefused)
    return worlds.named(name, scenario)


def _scenario(catalogue: Catalogue, name: str, refusal: type[Refused]) -> Scenario:
    scenario = catalogue.get(name)
    if scenario is not None:
        return scenario
    nearest = catalogue.nearest(name)
    hint = f" Did you mean {nearest}?" if nearest else ""
    raise refusal(f"There is no scenario of that name.{hint}")


def world_of_key(worlds: Worlds, key: str, named: str | None) -> World:
    """Return the world of a caller who has a session key and no API secret.

    One who sends an API secret instead is refused in the world of that secret, where its journal is
    read. A consume makes no world: there would be nothing to consume in it.

    Raises:
        KeyRefused: no world has such a key.
        BadWorldName.
    """
    world = worlds.of_tag(tag_of_key(key)) if named is None else None
    if world is None:
        name = name_from_secret(key) if named is None else explicit_name(named)
        known = worlds.found(name)
        world = None if known is None else worlds.named(known.name)
    if world is None:
        raise KeyRefused("The session key is not valid." if key else "No session key was sent.")
    return world


async def world_of_any(
    worlds: Worlds, token: str, named: str | None, headers: Mapping[str, str]
) -> World:
    """Return the world of a caller who may have an API secret, a session key, or neither.

    Raises:
        Refused: the request selects none.
    """
    if token and not token.startswith("stk_"):
        try:
            return await world_of_secret(worlds, token, named, headers)
        except SecretRefused:
            if named is None:
                raise
    if named is None:
        return world_of_key(worlds, token, None)
    return worlds.named(explicit_name(named))
