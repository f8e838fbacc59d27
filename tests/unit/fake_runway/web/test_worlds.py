"""Worlds are made when first named, and tell nothing secret of themselves."""

from fake_runway.core.settings import Settings
from fake_runway.core.world import key_tag, name_from_secret
from fake_runway.web.worlds import Worlds


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
    """What a debugger prints is fit for a log."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 1.0)
    shown = repr(worlds.named(name_from_secret("planted")))
    assert "0 sessions" in shown
    assert "planted" not in shown


def test_a_fork_that_began_anew_no_longer_answers_to_its_origin_s_keys() -> None:
    """Keys that no world knows any more lead nowhere, and hold no world in memory."""
    worlds = Worlds(seed="0", settings=Settings(), source=lambda: 1.0)
    fork = worlds.fork(worlds.named("one"), "two")
    worlds.drop("one")
    worlds.fork(fork, "two")  # in its own place: now it alone has sessions of "one"
    assert worlds.of_tag(key_tag("one")) is worlds.get("two")
    again = worlds.reset(worlds.named("two"))
    assert worlds.of_tag(key_tag("one")) is None
    assert worlds.of_tag(key_tag("two")) is again
