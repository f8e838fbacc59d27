"""What the admin API can do against what the dashboard offers, and how near that is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import contracts.wire
from tests.browser.pages import World, bound, fault, opened, option, running, shows, snapshot

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

ADMIN = json.loads((Path(contracts.wire.__file__).parent / "schemas/admin.json").read_text())
OPERATIONS: Mapping[str, tuple[str, str]] = {
    each["operationId"]: (method.upper(), path.removeprefix("/__admin"))
    for path, methods in ADMIN["paths"].items()
    if path.startswith("/__admin/")
    for method, each in methods.items()
    if method in ("get", "post", "put", "delete")
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the dashboard offers an operation.

    Attributes:
        place: a tab; a kind and a state: the page of a resource in that state.
        press: the button; empty: opening the place is enough.
        filled: what the operation is about, by the label of a field.
        sure: whether the button asks whether one is sure.
    """

    place: str
    press: str = ""
    filled: Mapping[str, str] = field(default_factory=dict)
    sure: bool = False

    @property
    def clicks(self) -> int:
        """How many clicks it is away from a page of the world, or of the resource."""
        return ("/" not in self.place) + bool(self.press)


OFFERED: Mapping[str, Offer] = {
    "getEvents": Offer("sessions"),
    "getWorld": Offer("world"),
    "getCredits": Offer("world"),
    "putCredits": Offer("world", "Set"),
    "listSnapshots": Offer("world"),
    "takeSnapshot": Offer("world", "Take a snapshot"),
    "restoreSnapshot": Offer("world", "Restore before"),
    "deleteSnapshot": Offer("world", "Delete before"),
    "forkWorld": Offer("world", "Fork"),
    "getSeed": Offer("world", "Get the seed"),
    "applySeed": Offer("world", "Put it into this world", {"Seed": '{"credits": 5}'}),
    "bindAvatar": Offer("world", "Bind", {"Avatar": "influencer"}),
    "unbindAvatar": Offer("world", "Unbind cat-character"),
    "getReplay": Offer("world", "Get the token"),
    "postReplay": Offer("world", "Replay", {"Token to replay": "of no run"}),
    "getClock": Offer("sessions", "Jump"),
    "setClockRate": Offer("sessions", "Run"),
    "moveClock": Offer("sessions", "Jump"),
    "listScenarios": Offer("scenario"),
    "getScenario": Offer("scenario"),
    "getScenarioNamed": Offer("scenario", "create-429-twice", {"Search scenarios": "429 twice"}),
    "putScenario": Offer("scenario", "Use in this world", {"Search scenarios": "429 twice"}),
    "listFaults": Offer("faults"),
    "addFault": Offer("faults", "Add the fault"),
    "removeFault": Offer("faults", "Remove of-the-form"),
    "removeFaults": Offer("faults", "Remove all"),
    "listSessions": Offer("sessions"),
    "makeSession": Offer("sessions", "Make a session"),
    "getAdminSession": Offer("sessions/ready"),
    "getTimeline": Offer("sessions/ready", "Copy the timeline"),
    "occur": Offer("sessions/ready", "Let it happen"),
    "direct": Offer("sessions/running", "Hang up"),
    "watchSession": Offer("sessions/running", "Watch"),
    "listTasks": Offer("tasks"),
    "makeTask": Offer("tasks", "Make a task"),
    "getAdminTask": Offer("tasks/running"),
    "getTaskTimeline": Offer("tasks/running", "Copy the timeline"),
    "occurTask": Offer("tasks/running", "Let it happen"),
    "getTaskOutputs": Offer("tasks/succeeded", "Show the outputs"),
    "listAssets": Offer("avatars"),
    "makeAsset": Offer("avatars", "Make an avatar"),
    "getAsset": Offer("avatars/processing"),
    "getAssetTimeline": Offer("avatars/processing", "Copy the timeline"),
    "occurToAsset": Offer("avatars/processing", "Let it happen"),
    "clearJournal": Offer("journal", "Clear", sure=True),
    "resetWorld": Offer("world", "Reset", sure=True),
    "dropWorld": Offer("world", "Drop", sure=True),
}
EXCLUDED: Mapping[str, str] = {
    "getAdminHealth": "for programs that watch the server; the page says whether it is connected",
    "getSpec": "says how the server was started, nothing about a world",
    "getAdminDocument": "describes this API to programs",
    "listWorlds": "the stream of all worlds says the same, live",
    "getJournal": "the stream of the world says the same, live",
    "getUnmatched": "the same stream; the journal's filter shows near misses",
    "getFindings": "the stream says the same, live",
    "awaitSession": "for programs: a person sees the state come",
    "awaitTask": "for programs, as well",
    "awaitCalls": "for programs, as well",
    "reportCall": "the room reports what happens in it; by hand it would be a lie about a call",
    "reportDownload": "the fake sees downloads from itself; for storage elsewhere, by programs",
}
"""What a person does not want, and why."""


def test_each_operation_is_offered_or_left_out_for_a_reason() -> None:
    """A new one fails this until somebody has decided; what is offered is two clicks away."""
    assert OFFERED.keys() | EXCLUDED.keys() == OPERATIONS.keys()
    assert not OFFERED.keys() & EXCLUDED.keys()
    assert {name for name, offer in OFFERED.items() if offer.clicks > 2} == set()


MADE: Mapping[str, Callable[[World], str]] = {
    "sessions/ready": lambda world: world.admin.sessions.make("ready").id,
    "sessions/running": running,
    "tasks/running": lambda world: world.admin.tasks.make("running").id,
    "tasks/succeeded": lambda world: world.admin.tasks.make("succeeded").id,
    "avatars/processing": lambda world: world.admin.assets.make("avatar", "processing").id,
}


NEEDED: Mapping[str, Callable[[World], str]] = {
    "restoreSnapshot": snapshot,
    "unbindAvatar": bound,
    "removeFault": fault,
    "removeFaults": fault,
}
"""What has to be in the world first."""


@pytest.mark.exhaustive
def test_each_offer_stands_where_the_list_says(browser: Browser, world: World) -> None:
    """Opening the place and pressing the button sends the operation."""
    with opened(browser) as tab:
        page = tab.page
        for name, offer in OFFERED.items():
            if name in NEEDED:
                NEEDED[name](world)
            place = offer.place
            if place in MADE:
                place = f"{place.partition('/')[0]}/{MADE[place](world)}"
            sent = asking(name, world)
            if not offer.press:
                page.goto("about:blank")
                with page.expect_request(sent):
                    page.goto(f"{world.url}/{place}")
                continue
            page.goto(f"{world.url}/{place}")
            shows(page, "live")
            for label, text in offer.filled.items():
                page.get_by_label(label, exact=True).fill(text)
            pressed(page, offer, sent)
            if name == "forkWorld":
                page.wait_for_url("**-copy")  # where it leads by itself
        # what a made session or a made-up token cannot do is refused, which is not the page's fault
        tab.complaints[:] = [each for each in tab.complaints if "status of 4" not in each]


def pressed(page: Page, offer: Offer, sent: Callable[[Request], bool]) -> None:
    """Press the button of an offer, and wait until its operation is sent."""
    if offer.press == "create-429-twice":
        with page.expect_request(sent):
            option(page, "Scenarios", offer.press)
        return
    if offer.place == "scenario":
        option(page, "Scenarios", "create-429-twice")
    with page.expect_request(sent):
        page.get_by_role("button", name=offer.press, exact=True).click()
        if offer.sure:
            page.get_by_role("dialog").get_by_role("button", name=offer.press).click()


def asking(name: str, world: World) -> Callable[[Request], bool]:
    """Return whether a request is for an operation, in a world or of the server."""
    method, path = OPERATIONS[name]
    known = re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(path))
    address = re.compile(rf"{re.escape(world.fake.url)}(/w/[^/]+)?/__admin{known}(\?.*)?")
    return lambda request: request.method == method and bool(address.fullmatch(request.url))
