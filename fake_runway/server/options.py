"""The options of `serve` and `up`, one for everything in `Settings`, and the way to what they mean.

`configuration_from` is that way for the command line and the library alike, so that a rule about
safety cannot hold for one of them alone.
"""

import math
import os.path
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from fake_runway.admin_api.handler import LOOPBACK
from fake_runway.clock import LARGEST_RATE
from fake_runway.core.billing import Unpaid
from fake_runway.core.durations import Duration, parse_duration, parse_span
from fake_runway.core.scenario.scenario import Scenario
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR, ErrorStyle, Limits, Settings
from fake_runway.core.sessions.session import Plan
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue, ScenarioFileError
from fake_runway.server.serving import Configuration
from fake_runway.worlds.retention import Retention
from fake_runway.worlds.world import DEFAULT_SCENARIO

Command = TypeVar("Command", bound=Callable[..., Any])
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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


def _limit(text: str) -> int | float:
    if text == "unlimited":
        return math.inf
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError(f"expected a whole number from 0 or `unlimited`, got {text!r}")


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("expected a secret to sign with, got nothing")
    return text


def _cap(text: str) -> float:
    return math.inf if text == "none" else parse_span(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= LARGEST_RATE:
        raise ValueError(f"expected a number from 0 (frozen) to {LARGEST_RATE:g}, got {text!r}")
    return rate


def _avatar(text: str) -> str:
    if text != "any" and not _UUID.fullmatch(text):
        raise ValueError(f"expected a UUID or `any`, got {text!r}")
    return text.lower()


PORT = click.IntRange(0, 65_535)
_LIVEKIT = LiveKit()
_RETENTION = Retention()
_DURATION = _Parsed("duration", parse_duration)
_SPAN = _Parsed("span", parse_span)
_COUNT = _Parsed("number|unlimited", _limit)


def _choice(*names: str) -> click.Choice[str]:
    return click.Choice(names)


_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port", type=PORT, default=4010, show_default=True, help="0 takes any free port."
    ),
    click.option(
        "--log-level",
        type=_choice("debug", "info", "warning", "error"),
        default="info",
        show_default=True,
        help="debug shows every call, by world; secrets and keys are never logged.",
    ),
    click.option(
        "--log-format",
        type=_choice("text", "json"),
        default="text",
        show_default=True,
        help="json: one object a line.",
    ),
    click.option(
        "--scenario",
        metavar="NAME|FILE",
        help="What new worlds follow: one of `fake-runway scenarios list`, or a YAML file. What it"
        " says is stronger than the options here.",
    ),
    click.option(
        "--journal",
        type=click.IntRange(1, 1_000_000),
        default=_RETENTION.journal,
        show_default=True,
        help="Calls that each world remembers; a replay needs all of a run.",
    ),
    click.option(
        "--max-worlds",
        type=click.IntRange(1, 1_000_000),
        default=_RETENTION.most,
        show_default=True,
        help="Beyond it, the world used longest ago is dropped.",
    ),
    click.option(
        "--world-idle",
        type=_SPAN,
        default=f"{_RETENTION.idle_s / 3_600:g}h",
        show_default=True,
        help="A world that nobody uses for this long (real time) is dropped.",
    ),
    click.option(
        "--admin-token",
        type=_Parsed("text", _not_empty),
        envvar="FAKE_RUNWAY_ADMIN_TOKEN",
        help="Required of admin requests, as X-Fake-Admin-Token. Generated and printed when --host"
        " is not of this machine alone.",
    ),
    click.option(
        "--provision-time",
        type=_DURATION,
        default="1.5s",
        show_default=True,
        help="From create to READY: 1.5s, uniform(1s, 3s), lognormal(5s, 0.3), never.",
    ),
    click.option(
        "--latency",
        type=_DURATION,
        default="0s",
        show_default=True,
        help="Every answer is held back this long.",
    ),
    click.option(
        "--time-scale",
        type=_Parsed("number", _rate),
        default="1",
        show_default=True,
        help="Seconds that pass in a world per real second; 0 freezes.",
    ),
    click.option(
        "--seed", default="0", show_default=True, help="Same seed and calls, same ids and draws."
    ),
    click.option(
        "--concurrency",
        type=_COUNT,
        default="20",
        show_default=True,
        help="Sessions active at once; more are queued.",
    ),
    click.option(
        "--daily", type=_COUNT, default="25000", show_default=True, help="Creates in 24 hours."
    ),
    click.option(
        "--credits", type=_COUNT, default="100000", show_default=True, help="Granted at the start."
    ),
    click.option(
        "--retained",
        type=click.IntRange(min=0),
        default=10_000,
        show_default=True,
        help="Ended sessions that stay readable.",
    ),
    click.option(
        "--avatar",
        "avatars",
        type=_Parsed("uuid|any", _avatar),
        multiple=True,
        help=f"A custom avatar that exists; repeatable. [default: {EXAMPLE_AVATAR}]",
    ),
    click.option("--livekit-url", default=_LIVEKIT.url, show_default=True),
    click.option("--livekit-api-key", default=_LIVEKIT.api_key, show_default=True),
    click.option(
        "--livekit-api-secret",
        type=_Parsed("text", _not_empty),
        default=_LIVEKIT.api_secret,
        show_default="LiveKit's dev secret",
        help="Signs the tokens that consume hands out.",
    ),
    click.option(
        "--errors",
        type=_choice("guide", "observed"),
        default="guide",
        show_default=True,
        help="Missing credits: 402 as the setup guide says, or 400 as seen live.",
    ),
    click.option(
        "--retry-after/--no-retry-after", default=True, help="Send Retry-After when out of quota."
    ),
    click.option(
        "--running-on",
        type=_choice("consume", "join"),
        default="consume",
        show_default=True,
        help="What makes a READY session RUNNING.",
    ),
    click.option(
        "--join-time",
        type=_DURATION,
        default="1s",
        show_default=True,
        help="With --running-on join: from consume to the first participant.",
    ),
    click.option(
        "--expires-in",
        type=_SPAN,
        default="300s",
        show_default=True,
        help="From READY to expiresAt.",
    ),
    click.option(
        "--session-cap",
        type=_Parsed("span|none", _cap),
        default="none",
        show_default=True,
        help="RUNNING ends after this even if maxDuration is longer; live: 300s.",
    ),
    click.option(
        "--unpaid",
        type=_choice("complete", "fail", "overdraw"),
        default="complete",
        show_default=True,
        help="A running session that cannot be paid any more.",
    ),
    click.option(
        "--delete-again",
        type=_choice("204", "404"),
        default="204",
        show_default=True,
        help="DELETE of a session that has ended.",
    ),
    click.option(
        "--unknown-ids",
        type=_choice("refuse", "materialise"),
        default="refuse",
        show_default=True,
        help="materialise: any well-formed id is a session, as with a stateless mock.",
    ),
    click.option(
        "--unknown-keys",
        type=_choice("refuse", "ignore"),
        default="refuse",
        show_default=True,
        help="Keys in a body that the API does not know.",
    ),
    click.option(
        "--consume-body",
        type=_choice("strict", "lenient"),
        default="strict",
        show_default=True,
        help="strict: empty or JSON, another content type is refused.",
    ),
    click.option(
        "--version-header",
        type=_choice("required", "ignored"),
        default="required",
        show_default=True,
        help="X-Runway-Version on every call but consume.",
    ),
    click.option("--doc-url/--no-doc-url", default=True, help="Error bodies carry docUrl."),
)


def server_options(command: Command) -> Command:
    """Give a command every option of a server."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def configuration_from(
    options: dict[str, Any], *, scenario: Mapping[str, Any] | None = None
) -> Configuration:
    """Return what a server is told by the parsed options.

    A server that others than this machine can reach has an admin token, a new one if none is given:
    without one the only check is the Host of a request, and that is what its sender says it is.

    Args:
        scenario: what new worlds follow, as the data of a scenario file; None: as the options say.

    Raises:
        ScenarioFileError: there is no such scenario, or it is wrong.
    """
    named, catalogue = scenario_from(options)
    return Configuration(
        settings=settings_from(options),
        scenario=named if scenario is None else catalogue.parse(scenario),
        catalogue=catalogue,
        livekit=livekit_from(options),
        retention=retention_from(options),
        host=options["host"],
        port=options["port"],
        seed=options["seed"],
        rate=options["time_scale"],
        admin_token=options["admin_token"] or _token_for(options["host"]),
    )


def _token_for(host: str) -> str | None:
    return None if host.lower() in LOOPBACK else secrets.token_urlsafe(24)


def settings_from(options: dict[str, Any]) -> Settings:
    """Return the settings of new worlds that the parsed options ask for."""
    avatars = options["avatars"] or (EXAMPLE_AVATAR,)
    return Settings(
        plan=read_session(options),
        limits=Limits(
            concurrency=_finite(options["concurrency"]),
            daily=_finite(options["daily"]),
            credits=_finite(options["credits"]),
            retained=options["retained"],
        ),
        latency=options["latency"],
        unpaid=Unpaid(options["unpaid"]),
        deleted_again=options["delete_again"] == "204",
        materialise=options["unknown_ids"] == "materialise",
        avatars=None if "any" in avatars else frozenset(avatars),
        errors=ErrorStyle(options["errors"]),
        retry_after=options["retry_after"],
        version_required=options["version_header"] == "required",
        strict_keys=options["unknown_keys"] == "refuse",
        strict_consume_body=options["consume_body"] == "strict",
        doc_url=options["doc_url"],
    )


def read_session(options: dict[str, Any]) -> Plan:
    join: Duration | None = options["join_time"] if options["running_on"] == "join" else None
    cap = options["session_cap"]
    return Plan(
        provision=options["provision_time"],
        expires_in_s=options["expires_in"],
        session_cap_s=None if math.isinf(cap) else cap,
        join=join,
    )


def _finite(limit: float) -> int | None:
    return None if math.isinf(limit) else int(limit)


def retention_from(options: dict[str, Any]) -> Retention:
    """Return how many worlds are kept, how long, and how much of each is remembered."""
    return Retention(
        most=options["max_worlds"], idle_s=options["world_idle"], journal=options["journal"]
    )


def scenario_from(options: dict[str, Any]) -> tuple[Scenario, Catalogue]:
    """Return what new worlds follow, and what can be chosen.

    Raises:
        ScenarioFileError: the file is wrong, or there is neither such a file nor such a name.
    """
    catalogue, wanted = Catalogue.builtin(), options["scenario"]
    if wanted is None:
        return DEFAULT_SCENARIO, catalogue
    scenario = catalogue.get(wanted)
    if scenario is None and (os.path.exists(wanted) or wanted.endswith((".yaml", ".yml"))):
        catalogue = catalogue.with_file(wanted)
        scenario = catalogue.get(catalogue.added[0])
    if scenario is None:
        nearest = catalogue.nearest(wanted)
        hint = f"; did you mean {nearest}?" if nearest else ""
        raise ScenarioFileError([f"there is no scenario and no file named {wanted}{hint}"])
    return scenario, catalogue


def livekit_from(options: dict[str, Any]) -> LiveKit:
    """Return where tokens lead and who signs them."""
    return LiveKit(
        url=options["livekit_url"],
        api_key=options["livekit_api_key"],
        api_secret=options["livekit_api_secret"],
    )
