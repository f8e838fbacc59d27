"""`fake-runway calibrate`: how an endpoint is set, learned from its answers."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from fake_runway.calibration.endpoint import Endpoint, EndpointFailed, RealTime, sender
from fake_runway.calibration.har import NotHar, read_har
from fake_runway.calibration.history import History
from fake_runway.calibration.plays import ALL_CREDITS, PLAYS, play_all
from fake_runway.calibration.result import scenario, table
from fake_runway.calibration.rules import learned_from

_EXIT_USAGE, _EXIT_NO_ANSWER = 2, 3
_TIMEOUT_S = 60.0
_SECRET = "RUNWAYML_API_SECRET"


@click.command()
@click.option("--base-url", metavar="URL", help="Of the endpoint. [default: RUNWAYML_BASE_URL]")
@click.option(
    "--max-credits",
    type=click.IntRange(min=0),
    default=ALL_CREDITS,
    show_default=True,
    help="Spend no more than that; what it does not cover is left out, and said.",
)
@click.option("--yes", is_flag=True, help="Do not ask before credits are spent.")
@click.option(
    "--har",
    type=click.Path(path_type=Path),
    help="Learn from recorded traffic (HAR) instead; nothing is called.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the scenario to this file. [default: only print it]",
)
@click.option("--name", default="calibrated", show_default=True, help="The name of the scenario.")
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0.1, max=1_000),
    default=1.0,
    show_default=True,
    help="How fast the endpoint's clock runs: of a fake, its own --time-scale.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0, max=1_000_000),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="Use upload slots, uploads and cursors ever later, so long of the endpoint's time.",
)
@click.option(
    "--largest-file",
    type=click.IntRange(min=1 << 20, max=1 << 30),
    default=1 << 20,
    show_default=True,
    metavar="BYTES",
    help="Send files of up to so many bytes, to find the largest upload.",
)
def calibrate(
    *,
    base_url: str | None,
    max_credits: int,
    yes: bool,
    har: Path | None,
    output: Path | None,
    name: str,
    time_scale: float,
    wait: float,
    largest_file: int,
) -> None:
    """Learn from an endpoint what the documentation does not say.

    The fake has a switch for each thing that is unknown (docs/fidelity.md). This makes the
    smallest set of calls that tells them apart, prints a table "switch, here, there, evidence",
    and writes a scenario that makes the fake answer as the endpoint does.

    The API secret is read from RUNWAYML_API_SECRET; it is shown and stored nowhere. On the real
    API this costs credits: they are stated and asked for before the first call.

    \b
    Exit codes: 0 something was learned, 2 wrong usage, 3 there was no answer.

    \b
    Examples
      fake-runway calibrate --base-url https://api.dev.runwayml.com --output real.yaml
      fake-runway calibrate --max-credits 0                 # only what costs nothing
      fake-runway calibrate --har traffic.har               # from what your browser recorded
      fake-runway serve --scenario real.yaml
    """
    try:
        if har is not None:
            history, source, left_out = read_har(har), "recorded traffic", list[str]()
        else:
            options = _Options(max_credits, time_scale, wait, largest_file)
            endpoint = _endpoint_of(base_url, options, yes=yes)
            history, left_out = asyncio.run(_played(endpoint))
            source = urlsplit(endpoint.url).hostname or "an endpoint"
    except NotHar as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(_EXIT_USAGE)
    except EndpointFailed as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(_EXIT_NO_ANSWER)
    _show(history, name=name, source=source, left_out=left_out, output=output)


class _Options(NamedTuple):
    """What may be spent: credits, seconds and bytes."""

    max_credits: int
    time_scale: float
    wait_s: float
    largest_file: int


class _Wanted(NamedTuple):
    """What is called, before there is a loop."""

    url: str
    secret: str
    options: _Options


def _endpoint_of(base_url: str | None, options: _Options, *, yes: bool) -> _Wanted:
    url = base_url or os.environ.get("RUNWAYML_BASE_URL")
    secret = os.environ.get(_SECRET)
    if not url:
        raise click.UsageError("expected --base-url, RUNWAYML_BASE_URL, or --har FILE")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--base-url: expected an address such as https://host")
    if parts.username or parts.password or parts.query:
        raise click.UsageError("--base-url: expected an address without a secret or a query")
    if not secret:
        raise click.UsageError(f"expected an API secret of that endpoint in {_SECRET}")
    costs = sum(play.credits for play in PLAYS if play.credits <= options.max_credits)
    most = min(options.max_credits, costs)
    if not yes:  # also without credits: much is unpriced; also here: a proxy may lead to Runway
        click.echo(
            f"This makes about 400 calls to {parts.hostname} with the secret in {_SECRET}, and"
            f" costs at most {most} credits ({most / 100:.2f} US dollars). No price of avatars,"
            " voices, documents and uploads is published: two or three of each are made, and count"
            " as free. What it creates is cancelled or deleted again."
        )
        click.confirm("Go on?", abort=True, err=True)
    return _Wanted(url.rstrip("/").removesuffix("/v1"), secret, options)


async def _played(wanted: _Wanted) -> tuple[History, list[str]]:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        endpoint = Endpoint(
            sender(http, wanted.url),
            wanted.secret,
            wanted.options.max_credits,
            RealTime(wanted.options.time_scale),
            wait_s=wanted.options.wait_s,
            largest_file=wanted.options.largest_file,
        )
        await play_all(endpoint, lambda line: click.echo(line, err=True))
    return endpoint.history(), endpoint.left_out


def _show(
    history: History, *, name: str, source: str, left_out: list[str], output: Path | None
) -> None:
    learned = learned_from(history)
    click.echo(table(learned))
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    text = scenario(learned, name=name, source=source)
    if output is None:
        click.echo(f"\n{text}", nl=False)
        return
    try:
        output.write_text(text)
    except OSError as error:
        raise click.UsageError(f"--output: {output}: {error.strerror}") from None
    click.echo(f"written: {output}", err=True)
