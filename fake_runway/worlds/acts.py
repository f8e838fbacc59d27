"""Acts that not only admin operations carry out, but calls as well."""

from fake_runway.core.history.journal import Act
from fake_runway.core.lifecycles.vocabulary import NO_SUBJECT
from fake_runway.core.scenario.scenario import Scenario, data_of
from fake_runway.core.types import Json
from fake_runway.worlds.world import World


def follow_scenario(world: World, scenario: Scenario, *, at: float) -> None:
    """Make a world follow the scenario that a call selects, and log the act.

    Args:
        at: now, POSIX seconds of the world's clock.
    """
    world.account.advance(at)
    number = world.log.number()
    world.follow_scenario(scenario, at=at)
    world.log.add_act(Act(number, at, "putScenario", NO_SUBJECT, scenario_act(scenario)))
    world.notify()


def scenario_act(scenario: Scenario) -> Json:
    """Return what the log keeps when a world begins to follow `scenario`.

    Shape: `given` of `ActStep` in contracts/wire/schemas/admin.json: the scenario's `name`, its
    data as `scenario`, and as `bound` the data of the scenarios that its avatars are bound to, by
    name.
    """
    bound = {each.name: data_of(each) for each in scenario.avatars.values()}
    return {"name": scenario.name, "scenario": data_of(scenario), "bound": bound}
