"""The dashboard's tabs of stored resources, seeds and bound avatars in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fake_runway.client import Admin
from fake_runway.client.transport import Transport
from fake_runway.server.seeding import read_seed
from tests.browser.pages import World, opened, option, shows, stocked
from tests.support.fake.assets import AVATAR

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror='window.hacked=1'>\x1b[31m\x7f\u2028\u202egnp: # - {"


def rows(page: Page, label: str) -> list[str]:
    """Return what the list of a tab says of each resource."""
    return page.get_by_role("listbox", name=label).get_by_role("option").all_inner_texts()


def test_what_is_stored_is_followed_live(browser: Browser, world: World) -> None:
    """An avatar comes, is processed, changes its name, and is deleted, without a reload."""
    world.admin.look()
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/avatars")
        shows(page, "No avatars yet")
        created = world.call("POST", "/v1/avatars", {**AVATAR, "name": "Guide"})["id"]
        shows(page, "processing ·")
        assert rows(page, "Avatars")[0].startswith("Guide")
        world.call("PATCH", f"/v1/avatars/{created}", {"name": "Museum guide"})
        shows(page, "Museum guide")
        page.get_by_role("button", name="Next event").click()
        shows(page, "ready ·")
        option(page, "Avatars", "Museum guide")
        shows(page, "processing → ready: processed")
        page.get_by_role("button", name="Let it happen").click()
        shows(page, "made to happen: deleted")
        page.get_by_role("link", name="← Avatars").click()
        shows(page, "1 avatars, 0 live")
    assert world.admin.assets.get(created).state == "deleted"


def test_what_is_made_and_failed_by_hand_says_why(browser: Browser, world: World) -> None:
    """In each tab; a failure is asked for by its code and its text, by keyboard."""
    with opened(browser) as tab:
        page = tab.page
        for label, one, name in (
            ("Avatars", "an avatar", "Custom avatar"),
            ("Voices", "a voice", "Custom voice"),
            ("Tasks", "a task", "gen4.5"),
        ):
            page.goto(f"{world.url}/{label.lower()}")
            start = "running" if label == "Tasks" else "processing"
            page.get_by_label("State of the new").select_option(start)
            page.get_by_role("button", name=f"Make {one}").click()
            page.get_by_role("listbox", name=label).focus()
            shows(page, f"{start} ·")
            shows(page, name)  # which no call tells
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            page.get_by_role("button", name="Fail with…").focus()
            page.keyboard.press("Enter")
            page.get_by_label("Code").fill("NO_FACE")
            page.get_by_label("Text").fill(HOSTILE)
            shows(page, '"NO_FACE"')  # the line of Python
            page.keyboard.press("Enter")
            shows(page, "NO_FACE: <img")
            # what was pressed is gone, and the focus is not lost
            assert page.evaluate("document.activeElement.tagName") == "H2"
            assert page.evaluate("window.hacked") is None


def test_the_tabs_show_what_clients_named_as_text(browser: Browser, world: World) -> None:
    """In rows, titles, facts and entries of each kind."""
    ids = {"router": world.call("POST", "/v1/routers", {"slug": "films"})["id"]}
    for kind in ("avatar", "voice", "document"):
        ids[kind] = world.admin.assets.make(kind, "ready", name=HOSTILE[:50]).id
    with opened(browser) as tab:
        page = tab.page
        for kind, id_ in ids.items():
            shown = "films" if kind == "router" else "<img src=x"
            for place in (f"{kind}s", f"{kind}s/{id_}"):
                page.goto(f"{world.url}/{place}")
                page.locator("#main").get_by_text(shown).first.wait_for()
            assert page.evaluate("window.hacked") is None
            assert page.locator("main img").count() == 0


def test_a_seed_is_saved_and_put_into_another_world(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    """The file is one for `serve --seed-file`, whatever texts it holds."""
    stocked(world)
    world.call("POST", "/v1/documents", {"name": "hostile", "content": HOSTILE})
    world.admin.sessions.make("ready")
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/world")
        page.get_by_role("button", name="Get the seed").click()
        page.wait_for_function("document.querySelector('[aria-label=Seed]').value !== ''")
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as a file").click()
        file = tmp_path / saving.value.suggested_filename
        saving.value.save_as(file)
        assert file.name == f"{world.name}.yaml"
        seed = world.admin.seed()
        assert read_seed(file) == seed
        text = page.get_by_label("Seed", exact=True).input_value()
        page.goto(f"{world.fake.url}/__admin/#/{world.name}-2/world")
        page.get_by_role("button", name="Put it into this world").click()
        shows(page, "Expected a seed as JSON, got nothing.")
        page.get_by_label("Seed", exact=True).fill(text)
        page.get_by_role("button", name="Put it into this world").click()
        shows(page, "It is in the world.")
        page.get_by_role("tab", name="Documents").click()
        shows(page, "hostile")
    with Admin(
        world.fake.url, transport=Transport(world.fake.url, f"{world.name}-2", None)
    ) as admin:
        assert admin.seed() == seed


def test_an_avatar_is_bound_and_unbound(browser: Browser, world: World) -> None:
    """What is wrong with a form is said, and changes nothing."""
    world.admin.look()
    with opened(browser) as tab:
        page = tab.page
        page.goto(f"{world.url}/world")
        page.get_by_label("Avatar", exact=True).fill("cat-character")
        for form, said in (
            ("{", "Expected a session form as JSON"),
            ('{"a": 1}', "expected one of queued"),
        ):
            page.get_by_label("Session form").fill(form)
            page.get_by_role("button", name="Bind", exact=True).click()
            shows(page, said)
        page.get_by_label("Session form").fill('{"provision_time": "never"}')
        page.get_by_role("button", name="Bind", exact=True).click()
        page.get_by_role("button", name="Unbind cat-character").wait_for()
        assert list(world.admin.current_scenario().data["avatars"]) == ["cat-character"]
        page.get_by_role("button", name="Unbind cat-character").click()
        page.get_by_role("button", name="Unbind cat-character").wait_for(state="detached")
        assert not world.admin.current_scenario().data.get("avatars")
        tab.complaints[:] = [each for each in tab.complaints if "400" not in each]
