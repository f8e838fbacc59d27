"""Every action of the dashboard as it is shown: curl and Python do the same, and it works."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fake_runway.client import Admin, NoSuch
from fake_runway.core.history.journal import Act
from tests.browser.pages import World, opened
from tests.support.processes import PATIENCE_S
from tests.support.room import HOSTED
from tests.support.servers import Fake, serving_fake
from tests.support.threads import in_a_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")

SHOWN = """async ([world, name, given]) => {
    const {commandsOf, curl, pythonOf} = await import('/__pages/dashboard/commands.js');
    const command = commandsOf(world)[name](...given);
    return [curl(command), pythonOf(command)];
}"""
NAMES = """async () => {
    const {commandsOf} = await import('/__pages/dashboard/commands.js');
    return Object.keys(commandsOf('any'));
}"""
HARD = 'it\'s "hard" \\ $HOME `x` \u00e9 \u2603 \u2028'
FAULT = {"name": "of-the-form", "match": {"operation": "getSession"}, "effect": {"status": 500}}

Given = Callable[[World], list[Any]]


def running(world: World) -> str:
    """Return a session whose call goes on; its avatar takes directions, and does nothing."""
    session = world.admin.sessions.make("running").id
    inside = world.fake.worlds.named(world.name)
    inside.directions[session] = asyncio.Queue()
    return session


def fault(world: World) -> str:
    """Place a fault and return its name."""
    world.admin.fault(FAULT)
    return str(FAULT["name"])


def snapshot(world: World) -> str:
    """Take a snapshot, let something happen, and return its name."""
    world.admin.snapshot("before")
    world.admin.sessions.make("ready")
    return "before"


COMMANDS: Mapping[str, Given] = {
    "freeze": lambda _: [],
    "rate": lambda _: [2.5],
    "jump": lambda _: ["1m"],
    "next": lambda world: [None][bool(running(world)) :],
    "make": lambda _: ["ready"],
    "occur": lambda world: [running(world), "capped"],
    "fail": lambda world: [running(world), "INTERNAL", HARD],
    "say": lambda world: [running(world), HARD],
    "clientEvent": lambda world: [running(world), "show", {"a": [1, None, True, HARD]}],
    "callTool": lambda world: [running(world), "look_up", {"deep": {"er": 0.5}}],
    "hangUp": lambda world: [running(world)],
    "scenario": lambda _: ["create-429-twice"],
    "fault": lambda _: [FAULT],
    "removeFault": lambda world: [fault(world)],
    "removeFaults": lambda world: [None][bool(fault(world)) :],
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


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """One fake for all; each action has two worlds of its own."""
    with in_a_thread(lambda: serving_fake(livekit=HOSTED)) as served:
        yield served


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
        sorted(inside.snapshots),
        inside.clock.rate,
        sorted(
            each.name.replace(world.name, "*")
            for each in world.fake.worlds
            if "-" in each.name and each.name.startswith(f"{world.name}-")
        ),
    )


def _without(name: str, value: Any) -> Any:
    """Return a value without the name of its world; 0 and 0.0 are equal, as texts they are not."""
    if isinstance(value, Mapping):
        if value.keys() == {"steps"} and len(value["steps"]) == 1:  # the client's form of one step
            (value,) = value["steps"]
        return {key: _without(name, one) for key, one in value.items()}
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
                    if name not in ("replayToken", "freeze"):
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
