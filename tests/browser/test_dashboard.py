"""The dashboard in a real browser: by mouse and by keyboard, live, and with hostile text."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.browser.breaks import proxied
from tests.browser.histories import long_history
from tests.browser.pages import (
    DARK,
    LIGHT,
    PHONE,
    ZOOM,
    Tab,
    World,
    executed,
    lively,
    opened,
    option,
    shows,
    stocked,
)
from tests.support.processes import PATIENCE_S
from tests.support.servers import serving_fake
from tests.support.threads import in_a_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

TOKEN = "an-admin-token-0123456789"
RESOURCES = ("sessions", "tasks", "avatars", "voices", "documents", "routers")
TABS = (*RESOURCES, "journal", "findings", "faults", "scenario", "world")


def test_from_the_worlds_to_both_sides_of_a_call_by_mouse(browser: Browser, world: World) -> None:
    """Search a world, see its sessions as lanes, open one, and choose a call of it."""
    sessions = lively(world)
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.fake.url}/__admin/")
        page.get_by_label("Search worlds").fill(world.name)
        option(page, "Worlds", world.name)
        lanes = page.get_by_role("listbox", name="Sessions").get_by_role("option")
        lanes.nth(5).wait_for()
        assert lanes.count() == 6
        failed = lanes.filter(has_text="failed").first
        assert failed.locator(".bar.running").count() == 1
        assert failed.locator(".bar.failed").count() == 1
        assert failed.locator(".speck").count() == 2
        failed.click()
        shows(page, "INTERNAL")
        assert sessions[1] in page.url
        option(page, "Timeline", "/consume")
        answer = page.get_by_role("region", name="Answer")
        answer.get_by_text('"roomName"').wait_for()
        assert "[redacted]" in answer.inner_text().lower() or "token" in answer.inner_text()
        page.get_by_role("region", name="Request").get_by_text("fits").wait_for()


def test_findings_lead_to_the_calls_that_prove_them(browser: Browser, world: World) -> None:
    """And the journal shows near misses and what a fault struck."""
    lively(world)
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/findings")
        card = page.get_by_role("article").filter(has_text="consume-never-arrived").first
        card.get_by_role("link").first.click()
        page.get_by_role("region", name="Answer").get_by_text('"id"').wait_for()
        page.get_by_label("Entries shown").select_option("near")
        option(page, "Journal", "/v1/realtime_session")
        shows(page, "The nearest is /v1/realtime_sessions.")
        page.get_by_label("Entries shown").select_option("faults")
        option(page, "Journal", "too-many")
        page.get_by_label("Search the journal").fill("nothing has this text")
        shows(page, "0 of")


def test_the_whole_way_by_keyboard(browser: Browser, world: World) -> None:
    """Lists by arrows and Enter, tabs by arrows, buttons by Tab and Enter."""
    lively(world)
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.fake.url}/__admin/")
        shows(page, world.name)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # skip to the content
        page.keyboard.press("Tab")
        page.keyboard.type(world.name)
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.get_by_role("listbox", name="Sessions").wait_for()
        page.get_by_role("listbox", name="Sessions").focus()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        shows(page, "← Sessions")
        page.get_by_role("listbox", name="Timeline").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.get_by_role("region", name="Answer").wait_for()
        page.get_by_role("tab", name="Sessions").focus()
        for name in ("Tasks", "Avatars"):
            page.keyboard.press("ArrowRight")
            page.get_by_role("tab", name=name, selected=True).wait_for()
        before = world.admin.clock.now()
        page.get_by_label("Jump by").focus()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("7s")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        shows(page, "Done")
        assert world.admin.clock.now() == pytest.approx(before + 7)


def test_what_happens_shows_without_a_reload(browser: Browser, world: World) -> None:
    """A session is created, moves by the clock's buttons, and is failed from its page."""
    world.admin.look()
    with opened(browser) as tab:
        page = tab.page
        page.goto(world.url)
        shows(page, "No sessions yet")
        session = world.create()
        lane = page.get_by_role("listbox", name="Sessions").get_by_role("option").first
        lane.get_by_text("provisioning").wait_for()
        page.get_by_role("button", name="Next event").click()
        lane.get_by_text("ready ·").wait_for()
        lane.click()
        page.get_by_role("button", name="Fail", exact=True).click()
        shows(page, "INTERNAL")
        assert world.admin.sessions.get(session).state == "failed"


def test_each_action_shows_its_curl_and_its_python(browser: Browser, world: World) -> None:
    """Both do, run by themselves, what the button does."""
    world.create()
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/faults")
        page.get_by_label("Operation").select_option("getSession")
        page.get_by_label("Name").fill("of-the-form")
        shows(page, "operation: getSession")
        executed(page.get_by_label("Python", exact=True).inner_text())
        assert [each.name for each in world.admin.faults()] == ["of-the-form"]
        page.get_by_label("Name").fill("of-curl")
        command = page.get_by_label("curl", exact=True).inner_text()
        if shutil.which("curl"):
            subprocess.run(
                [*shlex.split(command), "-fsS"], check=True, timeout=PATIENCE_S, capture_output=True
            )
            assert len(world.admin.faults()) == 2
        page.get_by_role("button", name="Add the fault").click()
        shows(page, "The fault is in place.")
        for label, expected in (("Next event", "fake.clock.next()"), ("Jump", 'jump("1m")')):
            page.get_by_role("button", name=label).hover()
            shows(page, expected)
        python = page.locator("[data-copy=python]").get_attribute("title")
        assert python is not None
        before = world.admin.clock.now()
        executed(python)
        assert world.admin.clock.now() == pytest.approx(before + 60)


JOIN = """async ({url, token}) => {
    await import('/__pages/call-view.js');
    const view = document.createElement('call-view');
    view.id = 'user';
    Object.assign(view.style, {position: 'fixed', right: 0, bottom: 0, width: '160px'});
    document.body.append(view);
    await view.join({url: url.replace(/^ws/, 'http') + '/whep', token});
}"""


def test_a_running_call_is_watched(browser: Browser, world: World) -> None:
    """The picture moves for the viewer as for the user, and the session knows of the user alone."""
    world.admin.clock.set_rate(1)
    session, key = world.ready("cat-character")
    credentials = world.consume(session, key)
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/sessions/{session}")
        shows(page, "Hang up")
        page.evaluate(JOIN, credentials)
        page.locator("#user[state=ready]").wait_for()
        page.get_by_role("button", name="Watch").click()
        page.locator("call-view.watched[state=ready]").wait_for()
        lines = "\n".join(world.admin.timeline(session).lines)
        assert lines.count("joined") == 1
        tab.shot("dashboard-watched")


def test_a_task_is_followed_to_what_it_has_made(browser: Browser, world: World) -> None:
    """Its lane, how far it is, its outputs once they are asked for, and why another one failed."""
    picture = {"model": "gen4_image", "promptText": "a lake", "ratio": "1280:720"}
    film = {"model": "gen4.5", "promptText": "a lake", "ratio": "1280:720", "duration": 5}
    ids = [world.call("POST", "/v1/text_to_image", picture)["id"]]
    ids.append(world.call("POST", "/v1/text_to_video", film)["id"])
    refused = {**picture, "promptText": "a lake [fake:safety-input-text]"}
    ids.append(world.call("POST", "/v1/text_to_image", refused)["id"])
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/tasks/{ids[0]}")
        shows(page, "createTextToImage")
        assert page.get_by_role("button", name="Show the outputs").count() == 0
        world.admin.clock.jump(1.0)
        shows(page, "0 %")
        world.admin.clock.jump(600.0)
        page.get_by_role("button", name="Show the outputs").click()
        picture_shown = page.get_by_role("img", name="Output 1")
        page.wait_for_function("image => image.naturalWidth", arg=picture_shown.element_handle())
        page.goto(f"{world.url}/tasks/{ids[1]}")
        page.get_by_role("button", name="Show the outputs").click()
        film_shown = page.locator("video").element_handle()
        page.wait_for_function("film => film.videoWidth", arg=film_shown)
        tab.shot("dashboard-task")
        page.goto(f"{world.url}/tasks/{ids[2]}")
        shows(page, "SAFETY.INPUT.TEXT")
        page.get_by_role("link", name="← Tasks").click()
        lanes = page.get_by_role("listbox", name="Tasks").get_by_role("option")
        assert lanes.count() == 3
        assert lanes.filter(has_text="succeeded").locator(".bar.running").count() == 2
        tab.shot("dashboard-lanes-of-tasks")


def test_a_world_as_a_whole(browser: Browser, world: World) -> None:
    """Credits, snapshot, restore, fork, replay token, reset."""
    world.create()
    from playwright.sync_api import expect

    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/world")
        page.get_by_label("Credits left").fill("7")
        page.get_by_role("button", name="Set", exact=True).click()
        shows(page, "Set.")
        assert world.admin.credits.get().left == 7
        page.get_by_role("button", name="Take a snapshot").click()
        page.get_by_role("button", name="Restore snapshot-1").wait_for()
        world.create()
        page.get_by_role("button", name="Restore snapshot-1").click()
        shows(page, "Back at snapshot-1.")
        assert world.admin.look().sessions == 1
        page.get_by_role("button", name="Get the token").click()
        expect(page.get_by_label("Replay token")).not_to_have_value("")
        page.get_by_role("button", name="Fork").click()
        page.wait_for_url(f"**/#/{world.name}-copy")
        page.goto(f"{world.url}/world")
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("dialog").get_by_role("button", name="Reset").click()
        shows(page, "The world begins anew.")
        assert world.admin.look().sessions == 0


def test_a_scenario_is_found_read_and_used(browser: Browser, world: World) -> None:
    """Search, what it does, its YAML, and a button."""
    world.admin.look()
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/scenario")
        page.get_by_label("Search scenarios").fill("429 twice")
        option(page, "Scenarios", "create-429-twice")
        page.locator("pre.yaml").get_by_text("operation: createSession").wait_for()
        page.get_by_role("button", name="Use in this world").click()
        shows(page, "The world follows create-429-twice.")
        assert world.admin.current_scenario().name == "create-429-twice"


def test_sessions_stay_without_their_journal(browser: Browser, world: World) -> None:
    """Lanes do not need the entries, and an address names an entry before it has come."""
    lively(world)
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/journal/2")
        page.get_by_role("region", name="Answer").get_by_text('"id"').wait_for()
        page.get_by_role("button", name="Clear").click()
        page.get_by_role("dialog").get_by_role("button", name="Clear").click()
        shows(page, "0 of 0")
        page.get_by_role("tab", name="Sessions").click()
        shows(page, "6 sessions")
        page.get_by_role("listbox", name="Sessions").get_by_text("failed").first.wait_for()


def numbers(page: Page) -> list[str]:
    """Return the entries that the journal's list has, as ids of elements."""
    found: list[str] = page.eval_on_selector_all(
        "#main .entries .item", "all => all.map(e => e.id)"
    )
    return found


def test_two_tabs_and_a_break_lose_and_double_nothing(browser: Browser, world: World) -> None:
    """A hidden tab closes its stream, and catches up when it is shown again."""
    world.admin.look()
    with opened(browser) as one, opened(browser) as other:
        for tab in (one, other):
            tab.page.goto(f"{world.url}/journal")
            tab.page.get_by_label("Entries shown").select_option("all")
        for _ in range(2):
            world.create()
        for tab in (one, other):
            shows(tab.page, "6 of 6")
        other.hide(hidden=True)
        shows(other.page, "paused")
        for _ in range(2):
            world.create()
        shows(one.page, "12 of 12")
        assert other.page.get_by_text("6 of 6").is_visible()
        other.hide(hidden=False)
        shows(other.page, "12 of 12")
        expected = [f"journal-{number}" for number in range(12)]
        assert numbers(one.page) == numbers(other.page) == expected
        assert sum("after=0" in address for address in other.requests) == 1
        world.admin.reset()
        world.create()
        for tab in (one, other):
            shows(tab.page, "3 of 3")
            assert numbers(tab.page) == expected[:3]


def test_a_stream_that_breaks_loses_and_doubles_nothing(browser: Browser, world: World) -> None:
    """The page says that it reconnects, catches up, and tells a server that has begun anew."""
    world.create()
    with (
        in_a_thread(lambda: proxied(world.fake.url)) as proxy,
        in_a_thread(serving_fake) as restarted,
        opened(browser) as tab,
    ):
        page = tab.page
        page.goto(f"{proxy.url}/__admin/#/{world.name}/journal")
        page.get_by_label("Entries shown").select_option("all")
        shows(page, "3 of 3")
        for entries in (6, 9):
            proxy.cut()
            page.locator("#live").get_by_text("reconnecting").wait_for()
            world.create()
            proxy.mend()
            page.locator("#live").get_by_text("live").wait_for()
            shows(page, f"{entries} of {entries}")
            assert numbers(page) == [f"journal-{number}" for number in range(entries)]
        assert sum("after=0" in address for address in tab.requests) == 1
        shown = page.get_by_text("has begun anew")
        assert shown.count() == 0

        proxy.cut()
        World(restarted, world.name, world.admin).create()
        proxy.aim(restarted.url)
        proxy.mend()
        shown.wait_for()
        shows(page, "3 of 3")
        assert numbers(page) == [f"journal-{number}" for number in range(3)]
        tab.complaints[:] = [each for each in tab.complaints if "net::ERR" not in each]


HOSTILE = "<img src=x onerror='window.hacked=1'>\x1b[31mred\x1b[0m\x00\u202egnp"


def test_hostile_text_stays_text(browser: Browser, world: World) -> None:
    """Markup, ANSI, control and bidi characters of clients and scenarios change nothing."""
    world.create(personality=HOSTILE)
    world.call("GET", "/v1/%3Cimg%20src=x%20onerror=window.hacked=1%3E%1b%5b31m")
    agent = "<script>window.hacked=1</script>"
    world.call("GET", "/v1/organization", headers={"User-Agent": agent})
    world.admin.scenario(
        {"name": "hostile", "about": "<b onclick=x>\x1b[1mbold</b>", "seed": "<u>"}
    )
    session = world.admin.sessions.make("running").id
    said = {"role": "user", "turn": 1, "text": HOSTILE, "seconds": 1.0}
    world.admin.sessions.report(session, "joined", participant="<i>user</i>", hidden=False)
    world.admin.sessions.report(session, "said", **said)
    with opened(browser) as tab:
        page = tab.page
        for place in ("journal", "findings", "scenario", f"sessions/{session}", "sessions"):
            page.goto(f"{world.url}/{place}")
            shows(page, "live")
            if place == "journal":
                page.get_by_label("Entries shown").select_option("all")
                for text in ("%3Cimg", "organization"):
                    option(page, "Journal", text)
                shows(page, agent)
                option(page, "Journal", "POST /v1/realtime_sessions")
                shows(page, "onerror='window.hacked=1'")
                assert "\\u001b[31mred" in page.locator(".detail").inner_text()
            if place == "scenario":
                shows(page, "<b onclick=x>␛[1mbold</b>")
            if place.startswith("sessions/"):
                shows(page, "␛[31mred")
            assert page.evaluate("window.hacked") is None
            assert page.locator("main img, main script, main i, main u").count() == 0


def test_long_histories_have_few_elements(browser: Browser, world: World) -> None:
    """1,000 sessions and 10,000 calls: what is not seen is not there, and rows are not redrawn."""
    world.admin.look()
    long_history(world.fake.worlds.named(world.name))
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/journal")
        shows(page, "10,000")
        page.get_by_role("listbox", name="Journal").focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowDown")
        assert page.locator("#main .item").count() < 80
        page.eval_on_selector("#main .item", "row => (row.kept = true)")
        world.call("GET", "/v1/organization")
        shows(page, "10001 of 10001")
        assert page.eval_on_selector("#main .item", "row => row.kept")
        page.get_by_role("tab", name="Sessions").click()
        shows(page, "1000 sessions")
        assert page.locator("#main .item").count() < 60


@pytest.mark.parametrize("look", [LIGHT, DARK, PHONE])
def test_everyone_can_use_every_part(browser: Browser, world: World, look: str) -> None:
    """No violation of axe anywhere; pictures of all parts may be kept for people to look at."""
    stored = stocked(world)
    sessions = lively(world)
    with opened(browser, look, policy=False) as tab:
        page = tab.page
        page.goto(f"{world.fake.url}/__admin/")
        shows(page, world.name)
        assert looked_at(tab, "worlds", look) == []
        for part in (*TABS, f"sessions/{sessions[1]}", f"avatars/{stored['avatar']}"):
            page.goto(f"{world.url}/{part}")
            shows(page, "live")
            if part in ("journal", f"sessions/{sessions[1]}"):
                page.locator("#main .item").nth(4).click()
            if part == "scenario":
                page.locator("pre.yaml").get_by_text("name:").wait_for()
            name = part.split("s/")[0]  # of one: that of its kind
            assert looked_at(tab, name, look) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_nothing_scrolls_sideways_at_four_times_the_size(browser: Browser, world: World) -> None:
    """Every part fits into 320 x 256, with all of its controls; lists keep some height."""
    stored = stocked(world)
    sessions = lively(world)
    with opened(browser, ZOOM) as tab:
        page = tab.page
        page.goto(f"{world.fake.url}/__admin/")
        shows(page, world.name)
        assert tab.beyond_its_width() == []
        tab.shot("dashboard-worlds-zoom", whole=True)
        for part in (*TABS, f"sessions/{sessions[1]}", f"avatars/{stored['avatar']}"):
            page.goto(f"{world.url}/{part}")
            shows(page, "live")
            if part in ("journal", f"sessions/{sessions[1]}"):
                page.locator("#main .item").nth(2).click()
            if part == "scenario":
                page.locator("pre.yaml").get_by_text("name:").wait_for()
            assert tab.beyond_its_width() == [], part
            name = part.split("s/")[0]  # of one: that of its kind
            tab.shot(f"dashboard-{name}-zoom", whole=True)
            selected = page.get_by_role("tab", selected=True).bounding_box()
            assert selected is not None
            assert selected["x"] >= 0
            assert selected["x"] + selected["width"] <= 320


def looked_at(tab: Tab, name: str, look: str) -> list[str]:
    """Keep a picture, if that is wanted, and return what axe finds."""
    tab.shot(f"dashboard-{name}-{look}")
    return tab.violations(look)


def test_the_token_is_typed_once_and_stands_nowhere(browser: Browser) -> None:
    """A wrong one is asked for again; none is in the page or in an address."""
    with (
        in_a_thread(lambda: serving_fake(admin_token=TOKEN)) as locked,
        opened(browser) as tab,
    ):
        page = tab.page
        page.goto(f"{locked.url}/__admin/")
        for token, outcome in (("wrong", "The token was not accepted."), (TOKEN, "No worlds yet")):
            page.get_by_role("textbox", name="Token").fill(token)
            page.get_by_role("button", name="Continue").click()
            shows(page, outcome)
        page.reload()
        shows(page, "No worlds yet")
        assert TOKEN not in page.content()
        assert not any(TOKEN in address for address in tab.requests)
        tab.complaints[:] = [each for each in tab.complaints if "401" not in each]


def test_the_dashboard_is_light(browser: Browser, world: World) -> None:
    """All that it transfers is below 150 kB, and comes from the fake."""
    world.create()
    answers: list[Response] = []
    with opened(browser) as tab:
        page = tab.page
        page.on("response", lambda answer: answers.append(answer))
        page.goto(f"{world.url}/scenario")
        page.locator("pre.yaml").get_by_text("name:").wait_for()
        transferred = sum(
            int(answer.header_value("content-length") or 0)
            for answer in answers
            if "/__pages/" in answer.url or answer.url.endswith("/__admin/")
        )
        assert 10_000 < transferred < 150_000
        assert all(url.startswith(world.fake.url) for url in tab.requests if "data:" not in url[:5])
