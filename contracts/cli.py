"""`runway-contracts`: judge anybody's gateway."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import click

from contracts.case import Context, Level, Requirement, Shape
from contracts.control import ControlError, control, fake
from contracts.report import Format, reporters, write
from contracts.requirements import REQUIREMENTS
from contracts.runner import PRESETS, Listener, Plan, Report, Runner
from contracts.situations import CUSTOM_AVATAR, situations
from contracts.target import Target, TargetError, reachable, started

EXIT_BROKEN, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_INTERNAL = 1, 2, 3, 4
DEFAULT_URL = "http://127.0.0.1:4011/api/avatar/connect"
MEDIA_URL = "wss://media.judge.invalid"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Judge a gateway: does a connect endpoint do the right thing, whatever Runway does to it?

    \b
    runway-contracts check --target URL -- npm start    start it, judge it, stop it
    runway-contracts list                               what is demanded
    runway-contracts explain poll.stops                 why, and what was seen
    """


@dataclass(frozen=True)
class _Job:
    """Everything that `check` was told."""

    target: Target
    command: tuple[str, ...]
    timeout_s: float
    shape: Shape | None
    requirements: tuple[Requirement, ...]
    avatars: tuple[str, ...]
    jobs: int
    quick: bool
    seed: str
    wait_s: float
    fake_port: int
    fake_url: str | None
    secret: str


@main.command()
@click.option("--target", "url", default=DEFAULT_URL, show_default=True, help="The endpoint.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 120),
    default=30.0,
    show_default=True,
    help="The target's own deadline, in seconds.",
)
@click.option(
    "--shape",
    type=click.Choice([shape.value for shape in Shape]),
    help="What it hands out. Without it, either is right.",
)
@click.option("--header", "headers", multiple=True, help="`Name: value`, sent with every call.")
@click.option(
    "--body-template",
    default='{"avatarId": "$AVATAR"}',
    show_default=True,
    help="The body; $AVATAR is replaced.",
)
@click.option(
    "--avatars",
    default=",".join(PRESETS),
    help="Presets that the target takes, separated by commas; so many situations run side by"
    " side. [default: all nine]",
)
@click.option("--only", multiple=True, help="Only requirements whose id begins so; repeatable.")
@click.option("--skip", multiple=True, help="No requirement whose id begins so; repeatable.")
@click.option("--strict", is_flag=True, help="A broken SHOULD counts as well.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "full"]),
    default="full",
    show_default=True,
    help="quick: a few situations, in seconds.",
)
@click.option("--jobs", type=click.IntRange(1, 64), default=len(PRESETS), show_default=True)
@click.option("--seed", default="0", show_default=True)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 600),
    default=60.0,
    show_default=True,
    help="How long the target may take until it listens, in seconds.",
)
@click.option(
    "--fake-port",
    type=click.IntRange(0, 65_535),
    default=0,
    help="Where the fake listens; so a target that you start yourself can be told beforehand.",
)
@click.option("--fake-url", help="A fake that runs already, instead of one of our own.")
@click.option("--secret", help="The API secret that the target uses. [default: made from --seed]")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help="junit, json, html or github; repeatable. A file named - is standard output.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def check(
    url: str,
    timeout_s: float,
    shape: str | None,
    headers: Sequence[str],
    body_template: str,
    avatars: str,
    only: Sequence[str],
    skip: Sequence[str],
    strict: bool,  # click calls it by name
    profile: str,
    jobs: int,
    seed: str,
    wait_s: float,
    fake_port: int,
    fake_url: str | None,
    secret: str | None,
    reports: Sequence[str],
    command: tuple[str, ...],
) -> None:
    """Judge a gateway, and say for each requirement whether it is kept.

    With a COMMAND after `--`, the target is started with RUNWAYML_BASE_URL and
    RUNWAYML_API_SECRET set, and stopped afterwards. Without one, it has to run already with these
    two; the lines are printed, and --fake-port makes them known beforehand.

    Exit code 0: every MUST is kept. 1: one is not. 2: usage. 3: no target. 4: the judge failed.

    \b
    Examples:
      runway-contracts check --target http://127.0.0.1:3000/api/avatar/connect -- node server.js
      runway-contracts check --profile quick --report html=report.html -- npm start
      runway-contracts check --fake-port 4010 --target http://127.0.0.1:8000/connect
    """
    job = _Job(
        target=Target(url, dict(map(_header, headers)), _template(body_template)),
        command=command,
        timeout_s=timeout_s,
        shape=Shape(shape) if shape else None,
        requirements=_chosen(only, skip),
        avatars=_avatars(avatars),
        jobs=jobs,
        quick=profile == "quick",
        seed=seed,
        wait_s=wait_s,
        fake_port=fake_port,
        fake_url=fake_url,
        secret=secret or f"judge-{blake2b(seed.encode(), digest_size=12).hexdigest()}",
    )
    chosen = dict(map(_report, reports))
    listen, close = reporters(strict=strict)
    try:
        report = asyncio.run(_check(job, listen))
    except TargetError as error:
        close()
        click.echo(f"runway-contracts: {error}", err=True)
        sys.exit(EXIT_UNREACHABLE)
    except ControlError as error:
        close()
        click.echo(f"runway-contracts: {error}", err=True)
        sys.exit(EXIT_INTERNAL)
    close()
    for form, file in chosen.items():
        write(report, form, file, strict=strict)
    sys.exit(EXIT_BROKEN if report.broken(strict=strict) else 0)


async def _check(job: _Job, listen: Listener) -> Report:
    marker = f"upstream{blake2b(job.secret.encode(), digest_size=6).hexdigest()}"
    context = Context(job.timeout_s, job.shape, job.secret, marker, MEDIA_URL)
    async with AsyncExitStack() as stack:
        url = job.fake_url
        if url is None:
            url = await stack.enter_async_context(
                fake(port=job.fake_port, seed=job.seed, media_url=MEDIA_URL)
            )
        desk = await stack.enter_async_context(control(url, job.secret))
        await desk.begin("judged", [CUSTOM_AVATAR])
        environment = {"RUNWAYML_BASE_URL": url, "RUNWAYML_API_SECRET": job.secret}
        if job.command:
            target = await stack.enter_async_context(
                started(job.command, job.target, environment=environment, wait_s=job.wait_s)
            )
        else:
            for name, value in environment.items():
                click.echo(f"{name}={value}", err=True)
            await reachable(job.target, wait_s=job.wait_s)
            target = job.target
        every = situations(job.timeout_s, marker)
        plan = Plan(
            [each for each in every if each.quick or not job.quick],
            context,
            avatars=job.avatars,
            requirements=job.requirements,
            seed=job.seed,
            jobs=job.jobs,
        )
        return await Runner(plan, target, desk, listen).run()


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"expected `Name: value`, got {text!r}", param_hint="--header")
    return name.strip(), value.strip()


def _template(text: str) -> str:
    if "$AVATAR" not in text:
        raise click.BadParameter("expected $AVATAR somewhere in it", param_hint="--body-template")
    return text


def _avatars(text: str) -> tuple[str, ...]:
    avatars = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if not avatars:
        raise click.BadParameter("expected at least one avatar", param_hint="--avatars")
    return avatars


def _chosen(only: Sequence[str], skip: Sequence[str]) -> tuple[Requirement, ...]:
    for prefix in (*only, *skip):
        if not any(each.id.startswith(prefix) for each in REQUIREMENTS):
            raise click.UsageError(f"no requirement's id begins with {prefix!r}; see `list`")
    chosen = tuple(
        each
        for each in REQUIREMENTS
        if (not only or each.id.startswith(tuple(only)))
        and not (skip and each.id.startswith(tuple(skip)))
    )
    if not chosen:
        raise click.UsageError("--only and --skip leave no requirement")
    return chosen


def _report(text: str) -> tuple[Format, Path]:
    form, equals, file = text.partition("=")
    try:
        return Format(form), Path(file if equals else "-")
    except ValueError:
        known = ", ".join(each.value for each in Format)
        raise click.BadParameter(
            f"expected FORMAT=FILE with one of {known}, got {text!r}", param_hint="--report"
        ) from None


@main.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.option("--level", type=click.Choice([level.value for level in Level]))
def list_(level: str | None, *, as_json: bool) -> None:
    """List what is demanded of a gateway."""
    chosen = [each for each in REQUIREMENTS if level in (None, each.level.value)]
    if as_json:
        lines = [{"id": each.id, "level": each.level.value, "text": each.text} for each in chosen]
        click.echo(json.dumps(lines, indent=2))
        return
    for each in chosen:
        click.echo(f"{each.level.value:<7} {each.id:<34} {each.text}")


@main.command()
@click.argument("requirement_id", metavar="ID")
def explain(requirement_id: str) -> None:
    """Explain one requirement: the sentence, the reason, the source, how it is judged."""
    from difflib import get_close_matches

    by_id = {each.id: each for each in REQUIREMENTS}
    if requirement_id not in by_id:
        close = get_close_matches(requirement_id, by_id, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise click.UsageError(f"there is no requirement {requirement_id!r}{hint}")
    each = by_id[requirement_id]
    about = [one for one in situations(30.0, "marker") if each.is_about(one)]
    click.echo(f"{each.id}  ({each.level.value})\n\n{each.text}\n\nWhy: {each.why}")
    click.echo(f"Source: {each.source}\n\nJudged in {len(about)} situations:")
    for situation in about:
        click.echo(f"  {situation.id:<28} {situation.about}")
