"""Every action of the dashboard as it is shown: curl and Python do the same, and it works."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fake_runway.client import Admin, NoSuch
from fake_runway.core.history.journal import Act
from tests.browser.pages import FAULT, World, bound, fault, opened, running, snapshot
from tests.support.processes import PATIENCE_S
from tests.support.servers import Fake

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

SHOWN = """async ([world, name, given]) => {
    const {commandsOf, curl, pythonOf} = await import('/__pages/dashboard/commands.js');
    const command = name.split('.').reduce((all, key) => all[key], commandsOf(world))(...given);
    return [curl(command), pythonOf(command)];
}"""
NAMES = """async () => {
    const {commandsOf} = await import('/__pages/dashboard/commands.js');
    return Object.entries(commandsOf('any')).flatMap(([name, one]) =>
        typeof one === 'function' ? name : Object.keys(one).map((key) => `${name}.${key}`));
}"""
KINDS = ("sessions", "tasks", "assets")
HARD = 'it\'s "hard" \\ $HOME `x` \u00e9 \u2603 \u2028'

Given = Callable[[World], list[Any]]


COMMANDS: Mapping[str, Given] = {
    "freeze": lambda _: [],
    "rate": lambda _: [2.5],
    "jump": lambda _: ["1m"],
    "next": lambda world: [None][bool(running(world)) :],
    "sessions.make": lambda _: ["ready"],
    "sessions.occur": lambda world: [running(world), "capped"],
    "sessions.fail": lambda world: [running(world), "INTERNAL", HARD],
    "sessions.timeline": lambda world: [running(world)],
    "sessions.say": lambda world: [running(world), HARD],
    "sessions.clientEvent": lambda world: [running(world), "show", {"a": [1, None, True, HARD]}],
    "sessions.callTool": lambda world: [running(world), "look_up", {"deep": {"er": 0.5}}],
    "sessions.hangUp": lambda world: [running(world)],
    "tasks.make": lambda _: ["running"],
    "tasks.occur": lambda world: [world.admin.tasks.make("running").id, "succeeded"],
    "tasks.fail": lambda world: [world.admin.tasks.make("running").id, "INTERNAL", HARD],
    "tasks.timeline": lambda world: [world.admin.tasks.make("running").id],
    "assets.make": lambda _: ["failed", "voice"],
    "assets.occur": lambda world: [world.admin.assets.make("voice").id, "deleted"],
    "assets.fail": lambda world: [world.admin.assets.make("avatar").id, "NO_FACE", HARD],
    "assets.timeline": lambda world: [world.admin.assets.make("avatar").id],
    "scenario": lambda _: ["create-429-twice"],
    "fault": lambda _: [FAULT],
    "removeFault": lambda world: [fault(world)],
    "removeFaults": lambda world: [None][bool(fault(world)) :],
    "bindAvatar": lambda _: ["cat-character", {"provision_time": "never"}],
    "unbindAvatar": lambda world: [bound(world)],
    "seed": lambda _: [],
    "applySeed": lambda _: [{"assets": [{"kind": "document", "text": HARD}], "credits": 5}],
    "credits": lambda _: [7],
    "snapshot": lambda _: ["before"],
    "restore": lambda world: [snapshot(world)],
    "deleteSnapshot": lambda world: [snapshot(world)],
    "fork": lambda world: [f"{world.name}-copy"],
    "reset": lambda _: [],
    "drop": lambda _: [],
    "clearJournal": lambda _: [],
    "replayToken": lambda _: [],
    "replay": lambda world: [f"{world.name}-again", world.admin.replay_token()],
}
"""What each action is given, in a world where it is possible."""
CHANGE_NOTHING = {"freeze", "replayToken", "seed", *(f"{kind}.timeline" for kind in KINDS)}


def executed_curl(command: str) -> None:
    """Run a curl as it is shown; fail unless the server says that it is done."""
    subprocess.run(
        [*shlex.split(command), "-fsS"], check=True, timeout=PATIENCE_S, capture_output=True
    )


def executed_python(code: str) -> None:
    """Run Python as it is shown."""
    names: dict[str, Any] = {}
    try:
        exec(code, names)
    finally:
        names["fake"].close()


def outcome(world: World) -> Any:
    """Return what an action has left behind, apart from names and ids; None: the world is gone."""
    inside = world.fake.worlds.get(world.name)
    if inside is None:
        return None
    acts = [each for each in inside.log.entries() if isinstance(each, Act)]
    account = inside.account
    return (
        [(each.what, _without(world.name, dict(each.given))) for each in acts],
        [each.state for each in account.sessions.values()],
        [each.state for each in account.tasks.by_id.values()],
        [(each.kind, each.state) for each in account.assets.every()],
        sorted(inside.snapshots),
        inside.clock.rate,
        sorted(
            each.name.replace(world.name, "*")
            for each in world.fake.worlds
            if "-" in each.name and each.name.startswith(f"{world.name}-")
        ),
    )


def _without(name: str, value: Any) -> Any:
    """Return a value without ids and the name of its world; 0 and 0.0 are equal, as texts not."""
    if isinstance(value, Mapping):
        if value.keys() == {"steps"} and len(value["steps"]) == 1:  # the client's form of one step
            (value,) = value["steps"]
        return {key: _without(name, one) for key, one in value.items() if key != "id"}
    return value.replace(name, "*") if isinstance(value, str) else value


def test_each_action_does_by_curl_and_by_python_what_it_says(browser: Browser, fake: Fake) -> None:
    """In two equal worlds they leave the same behind; no action is missing here."""
    with opened(browser) as tab:
        tab.page.goto(f"{fake.url}/__admin/")
        assert set(tab.page.evaluate(NAMES)) == COMMANDS.keys()
        for name, given in COMMANDS.items():
            left = []
            for form, execute in enumerate((executed_curl, executed_python)):
                with Admin(fake.url, world=f"{name}{form}") as admin:
                    world = World(fake, f"{name}{form}", admin)
                    admin.clock.set_rate(0)
                    arguments, before = given(world), outcome(world)
                    shown = tab.page.evaluate(SHOWN, [world.name, name, arguments])
                    execute(shown[form])
                    left.append(outcome(world))
                    if name not in CHANGE_NOTHING:
                        assert left[-1] != before, (name, shown[form])
            assert left[0] == left[1], name


def test_an_action_that_the_server_refuses_fails_in_both(browser: Browser, fake: Fake) -> None:
    """So a success above is one."""
    with opened(browser) as tab, Admin(fake.url, world="refused") as admin:
        admin.reset()  # so the world is there
        tab.page.goto(f"{fake.url}/__admin/")
        curl, python = tab.page.evaluate(SHOWN, ["refused", "restore", ["nothing"]])
        with pytest.raises(subprocess.CalledProcessError):
            executed_curl(curl)
        with pytest.raises(NoSuch):
            executed_python(python)
