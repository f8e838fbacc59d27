"""The options of `serve` that are rows of the table of settings: field and help."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fake_runway.cli.main import main
from fake_runway.core.assets.asset import AssetPlan
from fake_runway.core.assets.pages import CursorRules
from fake_runway.core.assets.settings import AssetRules
from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import Fixed, Uniform
from fake_runway.core.scenario.settings import (
    ACCOUNT,
    SESSION,
    BadInputs,
    ConsumeBody,
    ErrorStyle,
    Limits,
    Settings,
    Switch,
)
from fake_runway.core.sessions.session import Plan
from fake_runway.core.tasks.rules import TaskCost, TaskCosts
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.core.uploads import UploadRules
from fake_runway.room.tokens import LiveKit
from fake_runway.server.options import LENIENT
from fake_runway.testing.embedded import configuration

OPTIONS = [setting for setting in (*ACCOUNT, *SESSION) if setting.option is not None]
OTHER = Settings(
    plan=Plan(provision=Uniform(1.0, 2.0), expires_in_s=7.0, session_cap_s=9.0, join=Fixed(4.0)),
    limits=Limits(concurrency=None, daily=3, credits=0, retained=5),
    latency=Fixed(0.25),
    unpaid=Unpaid.OVERDRAW,
    deleted_again=False,
    materialise=True,
    avatars=frozenset({"123e4567-e89b-42d3-a456-426614174000"}),
    errors=ErrorStyle.OBSERVED,
    retry_after=False,
    version_required=False,
    strict_keys=False,
    consume_body=ConsumeBody.LENIENT,
    doc_url=False,
    task_limits=TaskLimits(tier=2, concurrency=3, daily=None, workflows=2),
    task_costs=TaskCosts(TaskCost.ZERO, TaskCost.ZERO),
    deleted_task_is_gone=False,
    prompt_tags=False,
    uploads=UploadRules(1, 2, 3, 4.0, 5.0),
    bad_inputs=BadInputs.ACCEPT,
    retired_models=True,
    task_delete_ends_runs=False,
    unique_slugs=False,
    workspace=False,
    avatar_plan=AssetPlan(Fixed(1.0)),
    voice_plan=AssetPlan(Fixed(2.0)),
    document_plan=AssetPlan(Fixed(3.0)),
    asset_rules=AssetRules(1, 2, 3, 4, 5, refuse_unready=False, refuse_empty_update=False),
    cursors=CursorRules(refuse_unknown=False, lifetime_s=60.0),
    default_price=7,
)


def with_options(*settings: Switch) -> Settings:
    """Return what a server does that is started with these options, each as in `OTHER`."""
    options = {each.option_name.replace("-", "_"): each.described(OTHER) for each in settings}
    return configuration(**options).settings


def test_no_option_at_all_is_the_default() -> None:
    """A server without any option does what `Settings` says."""
    assert with_options() == Settings()


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda each: each.key)
def test_help_shows_an_option_with_its_default(setting: Switch) -> None:
    """The default that a reader sees is that of the field."""
    shown = " ".join(CliRunner().invoke(main, ["serve", "--help"]).output.split())
    default = setting.default[0] if isinstance(setting.default, list) else setting.default
    on = setting.option_name if default is True else f"no-{setting.option_name}"
    end = f" [default: {on if isinstance(default, bool) else default}"

    assert f" --{setting.option_name} " in shown
    assert f"{setting.option_help or setting.help}{end}" in shown


def test_all_options_together_set_everything() -> None:
    """Each field that has an option can be changed by it."""
    assert with_options(*OPTIONS) == OTHER


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda each: each.key)
def test_an_option_sets_its_field_and_no_other(setting: Switch) -> None:
    """As the same key of a scenario does; a time of joining alone changes nothing."""
    value = setting.notation.parse(setting.described(OTHER))

    assert with_options(setting) == setting.put(Settings(), value)
    assert (with_options(setting) == Settings()) is (setting.key == "join_time")


def test_lenient_sets_what_the_page_lists_and_what_is_given_stays() -> None:
    """Each switch of the set exists, and differs from its default."""
    lenient, by_key = configuration(lenient=True).settings, {each.key: each for each in ACCOUNT}
    page = (Path(__file__).parents[4] / "docs/fidelity.md").read_text()
    listed = dict(re.findall(r"^\| `--([a-z-]+) ([a-z0-9-]+)` \|", page, re.MULTILINE))

    assert listed == {by_key[key].option_name: text for key, text in LENIENT.items()}
    for key in LENIENT:
        assert str(by_key[key].described(lenient)) == LENIENT[key] != str(by_key[key].default)
    assert configuration(lenient=True, credits="7").settings.limits.credits == 7


@pytest.mark.parametrize(
    ("options", "livekit"),
    [
        ({}, LiveKit(url="", hosted=True)),
        ({"room_url": "http://a.example/b/"}, LiveKit(url="ws://a.example/b", hosted=True)),
        ({"room_url": "wss://a.example:1"}, LiveKit(url="wss://a.example:1", hosted=True)),
        ({"livekit_url": "https://a.example"}, LiveKit(url="wss://a.example")),
        (
            {"livekit_url": "ws://a.example", "livekit_avatar": True},
            LiveKit(url="ws://a.example", joined=True),
        ),
    ],
)
def test_tokens_lead_to_the_fake_itself_unless_said_otherwise(
    options: dict[str, Any], livekit: LiveKit
) -> None:
    """To the host of each call, to one address, or to a LiveKit server."""
    assert configuration(**options).livekit == livekit


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"room_url": "a.example"}, "expected a URL like wss://host:port"),
        ({"room_url": "ws://"}, "expected a URL like"),
        ({"livekit_url": "ftp://a.example"}, "expected a URL like"),
        ({"livekit_url": "ws://a.example/?x=1"}, "expected a URL like"),
        ({"livekit_url": "ws://a", "room_url": "ws://b"}, "--livekit-url or --room-url, got both"),
        ({"livekit_avatar": True}, "expected --livekit-url beside --livekit-avatar, got none"),
    ],
)
def test_an_address_of_a_room_is_one_url(options: dict[str, Any], problem: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValueError, match=problem):
        configuration(**options)
