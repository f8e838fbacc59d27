"""The options of `serve` and `up`: those of the server, and one for each row of the settings.

`configuration_from` turns them into a configuration for the command line and the library alike, so
that a rule about safety cannot hold for one of them alone.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from fake_runway.admin_api.paths import LOOPBACK
from fake_runway.clock import LARGEST_RATE
from fake_runway.core.durations import parse_span
from fake_runway.core.scenario.settings import ACCOUNT, SESSION, Settings, Switch
from fake_runway.room.named import Reach
from fake_runway.room.rooms import NO_CLIENT, has_client
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.merging import selected
from fake_runway.server.address import PORT
from fake_runway.server.serving import Configuration
from fake_runway.server.store import StoreAddress
from fake_runway.worlds.given_spec import read_given_spec, vocabulary_of
from fake_runway.worlds.registry import Retention
from fake_runway.worlds.state_place import State, Sync
from fake_runway.worlds.world import DEFAULT_SCENARIO

Command = TypeVar("Command", bound=Callable[..., Any])


class _Parsed(click.ParamType[Any]):
    """An option whose text a function turns into a value, or refuses with a ValueError."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("expected a secret to sign with, got nothing")
    return text


def _websocket_url(text: str) -> str:
    url = text.rstrip("/")
    url = f"ws{url.removeprefix('http')}" if url.startswith("http") else url
    if not _URL.fullmatch(url):
        raise ValueError(f"expected a URL like wss://host:port, got {text!r}")
    return url


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("expected a URL like redis://host:port/0, got another text")
    return text


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= LARGEST_RATE:
        raise ValueError(f"expected a number from 0 (frozen) to {LARGEST_RATE:g}, got {text!r}")
    return rate


LENIENT: Mapping[str, str] = {
    "credits": "1000000000",
    "daily": "1000000",  # a number, because older SDKs take no null for a limit
    "concurrency": "1000000",
    "task_daily": "1000000",
    "unknown_ids": "materialise",
    "custom_avatars": "any",
    "unknown_cursor": "first-page",
    "empty_update": "accept",
    "same_slug": "replace",
    "bad_inputs": "accept",
    "retired_models": "accept",
}
"""What `--lenient` sets: all that clients' own test suites need, which were written against a mock
that keeps nothing. A new switch of that kind belongs here."""

_LIVEKIT = LiveKit()
_URL = re.compile(r"wss?://[^\s/?#]+(/[^\s?#]*)?", re.IGNORECASE)
_RETENTION = Retention()
_LOAD_SAMPLE = 100

spec_option = click.option(
    "--spec",
    metavar="FILE",
    type=_Parsed("file", lambda text: read_given_spec(Path(text))),
    envvar="FAKE_RUNWAY_SPEC",
    show_envvar=True,
    help="A newer OpenAPI document of the Runway API, as JSON or YAML: its models, fields and"
    " endpoints that create tasks are served at once.",
)

_defaulted = partial(click.option, show_default=True)
_SERVER = (
    _defaulted("--host", default="127.0.0.1", help="Address to listen on."),
    _defaulted("--port", type=PORT, default=4010, help="0 takes any free port."),
    _defaulted(
        "--log-level",
        type=click.Choice(("debug", "info", "warning", "error")),
        default="info",
        help="debug shows every call, by world; secrets and keys are never logged.",
    ),
    _defaulted(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        help="json: one object a line.",
    ),
    click.option(
        "--scenario",
        metavar="NAME|FILE",
        multiple=True,
        help="What new worlds follow: one of `fake-runway scenarios list`, or a YAML file, which is"
        " read again when it changes. Several are merged; a contradiction is an error. What they"
        " say is stronger than the options here. [default: default]",
    ),
    click.option(
        "--lenient",
        is_flag=True,
        help="Take what a stateless mock takes: the options that docs/fidelity.md lists, each as"
        " far as it is not given itself.",
    ),
    click.option(
        "--fetch-assets",
        is_flag=True,
        help="Fetch and read the files that creates name by URL; without it nothing is fetched.",
    ),
    click.option(
        "--seed-file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="A YAML file with avatars, credits, sessions and tasks that every new world begins"
        " with; `fake-runway init` writes one. [default: none]",
    ),
    spec_option,
    _defaulted(
        "--journal",
        type=click.IntRange(1, 1_000_000),
        default=_RETENTION.journal,
        help="Calls that each world remembers; a replay needs all of a run.",
    ),
    _defaulted(
        "--journal-mib",
        type=click.IntRange(1, 1_000_000),
        default=_RETENTION.journal_bytes >> 20,
        help="Memory that these calls may take, in MiB; the oldest go first.",
    ),
    click.option(
        "--load-mode",
        is_flag=True,
        help="For load on an endpoint in front of the fake: of the calls that went well the journal"
        f" keeps one in {_LOAD_SAMPLE}, and counts all.",
    ),
    _defaulted(
        "--max-worlds",
        type=click.IntRange(1, 1_000_000),
        default=_RETENTION.most,
        help="Beyond it, the world used longest ago is dropped.",
    ),
    _defaulted(
        "--world-idle",
        type=_Parsed("span", parse_span),
        default=f"{_RETENTION.idle_s / 3_600:g}h",
        help="A world that is not used for this long (real time) is dropped.",
    ),
    click.option(
        "--admin-token",
        type=_Parsed("text", _not_empty),
        envvar="FAKE_RUNWAY_ADMIN_TOKEN",
        help="Required of admin requests, as X-Fake-Admin-Token. Generated and printed when --host"
        " is not of this machine alone.",
    ),
    _defaulted(
        "--time-scale",
        type=_Parsed("number", _rate),
        default="1",
        help="Seconds that pass in a world per real second; 0 freezes.",
    ),
    click.option(
        "--state",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Keep all worlds in this file: a server that is started with it again goes on with"
        " them, however the last one ended.",
    ),
    _defaulted(
        "--state-sync",
        type=click.Choice([each.value for each in Sync]),
        default=Sync.SECOND.value,
        help="When that has to reach the disk, so that a power cut loses nothing either: always"
        " (before anything is answered), every second, or never.",
    ),
    click.option(
        "--store",
        metavar="URL",
        type=_Parsed("url", _redis_url),
        help="A Redis, such as redis://127.0.0.1:6379/0, that keeps all worlds and that several"
        " servers share; needs the extra redis.",
    ),
    _defaulted(
        "--store-expires",
        type=_Parsed("span", parse_span),
        default="24h",
        help="How long a world that no server has in memory stays in that Redis.",
    ),
    click.option(
        "--peer-host",
        metavar="HOST",
        default="",
        help="Where the other servers of that Redis reach this machine, if not at --host.",
    ),
    _defaulted("--seed", default="0", help="Same seed and calls, same ids and draws."),
    click.option(
        "--livekit-url",
        metavar="URL",
        type=_Parsed("url", _websocket_url),
        help="A LiveKit server that tokens lead to, instead of the room of the fake itself.",
    ),
    click.option(
        "--livekit-avatar",
        is_flag=True,
        help="Join each session's room on that server as its avatar; needs the extra livekit.",
    ),
    click.option(
        "--livekit-rooms",
        type=click.Choice([each.value for each in Reach]),
        default=Reach.LOOPBACK.value,
        show_default=True,
        help="Where the avatar joins the room that a create names (livekit); needs that extra.",
    ),
    click.option(
        "--room-url",
        metavar="URL",
        type=_Parsed("url", _websocket_url),
        help="Where browsers reach this server, if consume is called at another address.",
    ),
    _defaulted("--livekit-api-key", default=_LIVEKIT.api_key),
    click.option(
        "--livekit-api-secret",
        type=_Parsed("text", _not_empty),
        default=_LIVEKIT.api_secret,
        show_default="LiveKit's dev secret",
        help="Signs the tokens that consume hands out.",
    ),
)
"""What is about the server as a whole; all else is a row of the table of settings."""


def _option(setting: Switch) -> Callable[[Command], Command]:
    """Return the option of `serve` that sets what a row of the table is about."""
    name, default = f"--{setting.option_name}", setting.default
    kind: click.ParamType[Any] = click.STRING
    match setting.notation.schema:
        case {"type": "boolean"}:
            name += f"/--no-{setting.option_name}"
            kind = click.BOOL
        case {"enum": words}:
            kind = click.Choice(list(map(str, words)))
        case {"type": "integer", "minimum": least}:
            kind = click.IntRange(min=least)
    return click.option(
        name,
        setting.key,
        type=kind,
        metavar=setting.notation.metavar.upper() or None,
        default=default if isinstance(default, bool | list) else str(default),
        show_default=True,
        multiple=isinstance(default, list),
        help=setting.option_help or setting.help,
        callback=partial(_parsed, setting),
    )


def _parsed(setting: Switch, _: click.Context, __: click.Parameter, written: Any) -> Any:
    try:
        return setting.notation.parse(written)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_SETTINGS = tuple(setting for setting in (*ACCOUNT, *SESSION) if setting.option is not None)


def server_options(command: Command) -> Command:
    """Give a command every option of a server."""
    for option in reversed((*_SERVER, *map(_option, _SETTINGS))):
        command = option(command)
    return command


def option_names() -> tuple[str, ...]:
    """Return the names of all options of a server, with `_`."""
    return tuple(str(each.name) for each in server_options(click.Command("serve")).params)


def configuration_from(
    options: dict[str, Any], *, scenario: Mapping[str, Any] | None = None
) -> Configuration:
    """Return the configuration of a server from the parsed options.

    A server that other machines can reach has an admin token, a new one if none is given: without
    one the only check is the Host of a request, which its sender can set to anything.

    Args:
        scenario: what new worlds follow, as the data of a scenario file; None: as the options say.

    Raises:
        ScenarioFileError: there is no such scenario, or it is wrong.
    """
    if options["livekit_url"] and options["room_url"]:
        raise click.UsageError("expected --livekit-url or --room-url, got both")
    if options["state"] and options["store"]:
        raise click.UsageError("expected --state or --store, got both")
    if options["livekit_avatar"] and not options["livekit_url"]:
        raise click.UsageError("expected --livekit-url beside --livekit-avatar, got none")
    if options["livekit_avatar"] and not has_client():
        raise click.UsageError(NO_CLIENT)
    token = None if options["host"].lower() in LOOPBACK else secrets.token_urlsafe(24)
    load = partial(selected, options["scenario"], vocabulary_of(options["spec"]))
    chosen = load()
    settings = Settings()
    for setting in _SETTINGS:
        value = options[setting.key]
        if options["lenient"] and setting.key in LENIENT and value == _default_of(setting):
            value = setting.notation.parse(LENIENT[setting.key])
        settings = setting.put(settings, value)
    return Configuration(
        settings=settings,
        spec=options["spec"],
        scenario=(chosen.scenario or DEFAULT_SCENARIO)
        if scenario is None
        else chosen.catalogue.parse(scenario),
        catalogue=chosen.catalogue,
        seeds=options["seed_file"] or "",
        files=chosen.files,
        load=load,
        livekit=LiveKit(
            url=options["livekit_url"] or options["room_url"] or "",
            api_key=options["livekit_api_key"],
            api_secret=options["livekit_api_secret"],
            hosted=options["livekit_url"] is None,
            joined=options["livekit_avatar"],
            reach=Reach(options["livekit_rooms"]),
        ),
        retention=Retention(
            most=options["max_worlds"],
            idle_s=options["world_idle"],
            journal=options["journal"],
            journal_bytes=options["journal_mib"] << 20,
            journal_one_in=_LOAD_SAMPLE if options["load_mode"] else 1,
        ),
        host=options["host"],
        port=options["port"],
        seed=options["seed"],
        rate=options["time_scale"],
        admin_token=options["admin_token"] or token,
        fetch_assets=options["fetch_assets"],
        store=_store_from(options),
        state=State(options["state"], Sync(options["state_sync"])) if options["state"] else None,
    )


def _default_of(setting: Switch) -> Any:
    return setting.notation.parse(setting.default)


def _store_from(options: dict[str, Any]) -> StoreAddress | None:
    if not options["store"]:
        return None
    seed = secrets.token_urlsafe(12)
    return StoreAddress(options["store"], seed, options["store_expires"], options["peer_host"])
