"""`runway-contracts`: judge anybody's gateway."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from contracts.drift.command import drift
from contracts.judge.case import Context, Level, Requirement, Shape, Situation
from contracts.judge.contract_page import contract_page
from contracts.judge.fake import Control, ControlError, Fake, control, started_fake
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.run import MEDIA_URL, marker_of, secret_of, told
from contracts.judge.runner import PRESETS, Listener, Runner, RunPlan
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import Target, TargetError, Watch, is_address, reachable, started
from contracts.judge.verdict import Report
from contracts.report import Format, reporters, write
from contracts.report.redaction import Redaction

EXIT_BROKEN, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_INTERNAL = 1, 2, 3, 4
EXIT_SIGNAL = 128  # and the number of the signal, as shells have it
DEFAULT_URL = "http://127.0.0.1:4011/api/avatar/connect"
ADMIN_TOKEN_VARIABLE = "FAKE_RUNWAY_ADMIN_TOKEN"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110: the name of a header
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Judge a gateway: does a connect endpoint do the right thing, whatever Runway does to it?

    \b
    runway-contracts check --target URL -- npm start    start it, judge it, stop it
    runway-contracts list                               what is demanded
    runway-contracts explain poll.stops                 one demand: why, and how it is judged
    """


class _Interrupted(Exception):
    """Somebody wants this to end: the number of a signal."""


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
    examples: int
    quick: bool
    seed: str
    wait_s: float
    fake_port: int
    fake_url: str | None
    admin_token: str | None
    secret: str

    @property
    def custom_avatars(self) -> list[str]:
        """Those that the fake has to know."""
        ours = [avatar for avatar in self.avatars if _UUID.fullmatch(avatar)]
        return [CUSTOM_AVATAR, *(avatar.lower() for avatar in ours)]


@main.command()
@click.option(
    "--target",
    "url",
    default=DEFAULT_URL,
    show_default=True,
    callback=lambda _, __, url: _address(url, "--target"),
    help="The endpoint: what a page POSTs to.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 120),
    default=30.0,
    show_default=True,
    help="The target's own deadline, in seconds: it has to answer by then, whatever happens.",
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
    help="What the target's allow-list takes, separated by commas: presets, or UUIDs of custom"
    " avatars. So many situations run side by side. [default: the nine presets]",
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
@click.option(
    "--examples",
    type=click.IntRange(0, 10_000),
    default=0,
    show_default=True,
    help="Play so many random situations as well; the smallest that breaks something is told."
    " Needs hypothesis.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=len(PRESETS),
    show_default=True,
    help="At most so many situations side by side.",
)
@click.option(
    "--seed", default="0", show_default=True, help="Same seed, same ids, keys and secret."
)
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
@click.option(
    "--fake-url",
    callback=lambda _, __, url: _address(url, "--fake-url") if url else None,
    help="A fake that runs already, instead of one of our own. The world of --secret is made new.",
)
@click.option(
    "--fake-admin-token",
    "admin_token",
    help=f"What that fake demands of admins. [default: {ADMIN_TOKEN_VARIABLE}]",
)
@click.option("--secret", help="The API secret that the target uses. [default: made from --seed]")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help="junit, json, html or github; repeatable. A file named - is standard output: what is told"
    " there otherwise then goes to standard error, but for github.",
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
    examples: int,
    seed: str,
    wait_s: float,
    fake_port: int,
    fake_url: str | None,
    admin_token: str | None,
    secret: str | None,
    reports: Sequence[str],
    command: tuple[str, ...],
) -> None:
    """Judge a gateway, and say for each requirement whether it is kept.

    With a COMMAND after `--`, the target is started with RUNWAYML_BASE_URL and
    RUNWAYML_API_SECRET set, and stopped afterwards, with all its children. Without one, it has to
    run already with these two: the lines are printed, and --fake-port makes them known beforehand.

    \b
    Exit code
      0  every MUST is kept, and with --strict every SHOULD
      1  one is not
      2  usage
      3  no target: it cannot be started, does not listen, or ended in the middle; or nothing to
         judge: it gave no HTTP answer, or never asked the fake
      4  the judge itself failed: its fake does not run, or a report cannot be written
      130 and 143: interrupted; whatever was started has ended

    \b
    Examples
      start it, judge it, stop it:
        runway-contracts check --target http://127.0.0.1:3000/api/avatar/connect -- node server.js
      the same in seconds, with a page that shows what was seen:
        runway-contracts check --profile quick --report html=report.html -- npm start
      one that you start yourself, in another terminal, with the two lines that are printed:
        runway-contracts check --fake-port 4010 --target http://127.0.0.1:8000/connect
      one behind a login, that takes two avatars only, with a deadline of 10 s:
        runway-contracts check --header 'Authorization: Bearer abc' --timeout 10 \\
          --avatars music-superstar,tennis-coach -- npm start
      one family of requirements:
        runway-contracts check --only request -- npm start
    """
    chosen = _chosen(only, skip)
    quick = profile == "quick"
    if examples and find_spec("hypothesis") is None:
        raise click.UsageError("--examples needs hypothesis: pip install hypothesis")
    if fake_port and fake_url:
        raise click.UsageError("--fake-port is for a fake of our own, --fake-url for another one")
    job = _Job(
        target=Target(url, dict(map(_header, headers)), _template(body_template)),
        command=command,
        timeout_s=timeout_s,
        shape=Shape(shape) if shape else None,
        requirements=chosen,
        avatars=_avatars(avatars),
        jobs=jobs,
        examples=examples,
        quick=quick,
        seed=seed,
        wait_s=wait_s,
        fake_port=fake_port,
        fake_url=fake_url,
        admin_token=admin_token or os.environ.get(ADMIN_TOKEN_VARIABLE),
        secret=secret or secret_of(seed),
    )
    if not _played(job, "marker"):
        raise click.UsageError("no situation of the quick profile is about these requirements")
    written = list(map(_report, reports))
    to_output = [form for form, file in written if str(file) == "-"]
    if len(to_output) > 1:
        raise click.UsageError("only one --report can be written to standard output")
    # annotations of GitHub are found in any log; another report must be alone for who reads it
    alone = bool(to_output) and to_output != [Format.GITHUB]
    listen, close = reporters(strict=strict, err=alone)
    try:
        report = _run(_check(job, listen))
        close()
        for form, file in written:
            write(report, form, file, strict=strict)
    except (TargetError, ControlError, _Interrupted, OSError) as error:
        close()
        _end(error, Redaction(job.secret))
    if report.nothing_judged:
        hint = Redaction.of(report).line(report.nothing_judged)
        click.echo(f"runway-contracts: {hint}", err=True)
    if report.broken(strict=strict):
        sys.exit(EXIT_BROKEN)
    sys.exit(EXIT_UNREACHABLE if report.nothing_judged else 0)


def _end(error: Exception, cover: Redaction) -> None:
    """Say in a line what went wrong, and end with its code."""
    if isinstance(error, _Interrupted):
        click.echo("runway-contracts: interrupted", err=True)
        sys.exit(EXIT_SIGNAL + error.args[0])
    click.echo(f"runway-contracts: {error}", err=True)
    if isinstance(error, TargetError) and error.said:
        # covered before lines are cut: half a secret is one too
        for line in cover.block(error.said, longest=1 << 30).split("\n"):
            click.echo(f"  | {line[:300]}", err=True)
    sys.exit(EXIT_UNREACHABLE if isinstance(error, TargetError) else EXIT_INTERNAL)


def _run(job: Coroutine[Any, Any, Report]) -> Report:
    """Run to the end, or until a signal: then whatever was started ends in order, once.

    Raises:
        _Interrupted.
    """
    caught: list[int] = []

    async def main() -> Report:
        task = asyncio.ensure_future(job)
        loop = asyncio.get_running_loop()

        def interrupt(number: int) -> None:
            if not caught:  # a second one would leave children behind
                caught.append(number)
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupt, number)
        return await task

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise _Interrupted(*caught) from None


async def _check(job: _Job, listen: Listener) -> Report:
    async with AsyncExitStack() as stack:
        fake: Fake | None = None
        if job.fake_url is None:
            fake = await stack.enter_async_context(
                started_fake(port=job.fake_port, seed=job.seed, media_url=MEDIA_URL)
            )
        url = fake.url if fake else str(job.fake_url).rstrip("/")
        desk = await stack.enter_async_context(control(url, job.secret, job.admin_token))
        await desk.begin("judged", job.custom_avatars)
        media_url = MEDIA_URL
        if fake is None:
            media_url = await desk.media_url()
            await desk.begin("judged", job.custom_avatars)
        environment = {"RUNWAYML_BASE_URL": url, "RUNWAYML_API_SECRET": job.secret}
        if job.command:
            watch = await stack.enter_async_context(
                started(
                    job.command,
                    job.target,
                    environment={**os.environ, **environment},
                    wait_s=job.wait_s,
                )
            )
        else:
            click.echo("Expecting a target that runs with these two:", err=True)
            for line in told(url, seed=job.seed, secret=job.secret, option="--secret"):
                click.echo(line, err=True)
            watch = await reachable(job.target, wait_s=job.wait_s)
        return await _judged(_runner(job, desk, listen, media_url), watch, fake)


def _runner(job: _Job, desk: Control, listen: Listener, media_url: str) -> Runner:
    marker = marker_of(job.secret)
    plan = RunPlan(
        _played(job, marker),
        Context(job.timeout_s, job.shape, job.secret, marker, media_url),
        avatars=job.avatars,
        requirements=job.requirements,
        seed=job.seed,
        jobs=job.jobs,
        examples=job.examples,
    )
    return Runner(plan, job.target, desk, listen)


def _played(job: _Job, marker: str) -> list[Situation]:
    """Return the situations that a chosen requirement is about, and one that shows the shape."""
    every = situations(job.timeout_s, marker)
    wanted = [
        each
        for each in every
        if (each.quick or not job.quick) and any(one.is_about(each) for one in job.requirements)
    ]
    if job.shape is None and any(each.shape for each in wanted):
        wanted += [each for each in every[:1] if each not in wanted]
    return wanted


async def _judged(runner: Runner, watch: Watch, fake: Fake | None) -> Report:
    """Run, unless what it needs gets lost.

    Raises:
        TargetError, ControlError.
    """
    run = asyncio.ensure_future(runner.run())
    no_target = asyncio.ensure_future(watch.lost(runner.under_way))
    no_fake = asyncio.ensure_future(fake.lost()) if fake else None
    tasks: list[asyncio.Future[Any]] = [run, no_target, *([no_fake] if no_fake else [])]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if no_fake is not None and no_fake.done():
            raise ControlError(no_fake.result())
        if no_target.done() and not run.done():
            raise no_target.result()
        return await run
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _address(url: str, option: str) -> str:
    if not is_address(url):
        raise click.BadParameter(
            f"expected an address such as {DEFAULT_URL}, got {url!r}", param_hint=option
        )
    return url


def _header(text: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in text.partition(":"))
    wrong = ""  # says nothing of the value, which may be a secret
    if not colon:
        wrong = "no colon"
    elif not _TOKEN.fullmatch(name):
        wrong = f"the name {name!r}"
    elif _CONTROL.search(value):
        wrong = f"a value of {name} that cannot be sent"
    if wrong:
        raise click.BadParameter(f"expected `Name: value`, got {wrong}", param_hint="--header")
    return name, value


def _template(text: str) -> str:
    if "$AVATAR" not in text:
        raise click.BadParameter("expected $AVATAR somewhere in it", param_hint="--body-template")
    try:
        if text.lstrip().startswith(("{", "[")):
            json.loads(text.replace("$AVATAR", PRESETS[0]))
    except ValueError as error:
        raise click.BadParameter(
            f"expected JSON, as it begins like it, got {text!r}: {error}",
            param_hint="--body-template",
        ) from None
    return text


def _avatars(text: str) -> tuple[str, ...]:
    avatars = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    avatars = tuple(each for each in avatars if each.lower() != CUSTOM_AVATAR)  # has a lane already
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
    form, equals, name = text.partition("=")
    file = Path(name if equals else "-")
    if not file.parent.is_dir() or file.is_dir():
        raise click.BadParameter(f"{file} cannot be written", param_hint="--report")
    try:
        return Format(form), file
    except ValueError:
        known = ", ".join(each.value for each in Format)
        raise click.BadParameter(
            f"expected FORMAT=FILE with one of {known}, got {text!r}", param_hint="--report"
        ) from None


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The whole contract as a page.")
@click.option("--situations", "as_situations", is_flag=True, help="What is played instead.")
@click.option("--level", type=click.Choice([level.value for level in Level]))
def list_(
    level: str | None,
    *,
    as_json: bool,
    as_markdown: bool,
    as_situations: bool,
) -> None:
    """List what is demanded of a gateway."""
    if as_markdown:
        click.echo(contract_page(), nl=False)
        return
    if as_situations:
        for situation in situations(30.0, "marker"):
            profile = "quick" if situation.quick else "full"
            click.echo(f"{profile:<6} {situation.id:<28} {situation.about}")
        return
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
    """Explain one requirement: the sentence, the reason, the source, how it is judged.

    The id of a finding, `requirement@situation`, will do.
    """
    from difflib import get_close_matches

    by_id = {each.id: each for each in REQUIREMENTS}
    requirement_id = requirement_id.partition("@")[0]
    if requirement_id not in by_id:
        close = get_close_matches(requirement_id, by_id, n=1)
        hint = f"; did you mean {close[0]}?" if close else "; see `runway-contracts list`"
        raise click.UsageError(f"there is no requirement {requirement_id!r}{hint}")
    each = by_id[requirement_id]
    about = [one for one in situations(30.0, "marker") if each.is_about(one)]
    click.echo(f"{each.id}  ({each.level.value})\n\n{each.text}\n\nWhy: {each.why}")
    click.echo(f"Source: {each.source}\n\nJudged in {len(about)} situations:")
    for situation in about:
        click.echo(f"  {situation.id:<28} {situation.about}")


main.add_command(drift)
