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
