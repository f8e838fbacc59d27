"""`runway-contracts`: judge a gateway in any language."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.util import find_spec
from pathlib import Path
from textwrap import indent
from typing import Any

import click

from contracts.drift.command import drift
from contracts.drift.importing import import_spec
from contracts.durations import DEADLINES_S, seconds
from contracts.endpoint import address, endpoint_options, target
from contracts.judge.case import Level, Requirement
from contracts.judge.contract_page import contract_page, judged_in
from contracts.judge.explore import SHRINK_S
from contracts.judge.fake import FakeError
from contracts.judge.repairs import NAMES, repair_of
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.requirements.common import counted
from contracts.judge.run import Judge, RunOptions
from contracts.judge.runner import PRESETS, Listener
from contracts.judge.situation import Shape
from contracts.judge.situations.building import CUSTOM_AVATAR
from contracts.judge.situations.catalogue import situations
from contracts.judge.target import PORT, Target, TargetError
from contracts.judge.verdict import Report
from contracts.live.command import Watching
from contracts.report import Format, check_writable, write
from contracts.report.redaction import Redaction
from contracts.report.terminal import Terminal

EXIT_BROKEN, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_INTERNAL = 1, 2, 3, 4
EXIT_SIGNAL = 128  # and the number of the signal, as shells have it


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fake-runway", prog_name="runway-contracts")
def main() -> None:
    """Judge a gateway: does a connect endpoint do the right thing when Runway fails?

    \b
    runway-contracts check --target URL -- npm start    start it, judge it, stop it
    runway-contracts list                               list the requirements
    runway-contracts explain poll.stops                 explain one of them
    """


class _Interrupted(Exception):
    """A signal has ended the run: its number."""


def _parsed(parse: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return the callback of an option that parses its text, or each of its texts."""

    def callback(_: click.Context, __: click.Parameter, value: Any) -> Any:
        if isinstance(value, tuple):
            return [parse(each) for each in value]
        return None if value is None else parse(value)

    return callback


def _address(url: str) -> str:
    try:
        return address(url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _avatars(text: str) -> tuple[str, ...]:
    avatars = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    # the judge has a situation of its own for its custom avatar
    avatars = tuple(each for each in avatars if each.lower() != CUSTOM_AVATAR)
    if not avatars:
        raise click.BadParameter("expected at least one avatar")
    return avatars


def _seconds(low_s: float, high_s: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            return seconds(text, low_s, high_s)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return parse


def _report(text: str) -> tuple[Format, Path]:
    form, equals, name = text.partition("=")
    file = Path(name if equals else "-")
    try:
        found = Format(form), file
    except ValueError:
        known = ", ".join(each.value for each in Format)
        raise click.BadParameter(
            f"expected FORMAT=FILE with one of {known}, got {text!r}"
        ) from None
    try:
        check_writable(file)
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be written: {error.strerror}") from None
    return found


@main.command(context_settings={"show_default": True})
@endpoint_options
@click.option(
    "--timeout",
    "timeout_s",
    metavar="DURATION",
    default="30s",
    callback=_parsed(_seconds(*DEADLINES_S)),
    help="The target's own deadline, such as 10s or 500ms: it has to answer by then in every"
    " situation.",
)
@click.option(
    "--shape",
    type=click.Choice([shape.value for shape in Shape]),
    callback=_parsed(Shape),
    help="The shape of its answer. Without it, either is right.",
)
@click.option(
    "--avatars",
    default=",".join(PRESETS),
    show_default=False,
    callback=_parsed(_avatars),
    help="The target's allow-list, separated by commas: presets, or UUIDs of custom avatars. So"
    " many situations run side by side. [default: the nine presets]",
)
@click.option(
    "--instances",
    type=click.IntRange(1, 16),
    default=1,
    help="Start so many of the target side by side, each with a secret of its own: for an endpoint"
    " with few avatars. Needs {port} in --target.",
)
@click.option("--only", multiple=True, help="Only requirements whose id begins so; repeatable.")
@click.option("--skip", multiple=True, help="No requirement whose id begins so; repeatable.")
@click.option(
    "--strict",
    is_flag=True,
    help="A broken SHOULD counts as well, and a MUST that was not observed.",
)
@click.option(
    "--profile",
    type=click.Choice(["quick", "full"]),
    default="full",
    help="quick: a situation of every family at least, in seconds.",
)
@click.option(
    "--examples",
    type=click.IntRange(0, 10_000),
    default=0,
    help="Play so many random situations as well. The first 40 touch each kind of fault at each"
    " hop, each ending and each behaviour of a caller. A MUST that breaks ends the search, and the"
    f" smallest situation that breaks it is looked for, for {SHRINK_S:g}s at most. Needs"
    " hypothesis: pip install -c constraints.txt '.[examples]' in the checkout.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=len(PRESETS),
    help="At most so many situations side by side.",
)
@click.option("--seed", default="0", help="Same seed, same ids, keys and secret.")
@click.option(
    "--wait",
    "wait_s",
    metavar="DURATION",
    default="60s",
    callback=_parsed(_seconds(0, 600)),
    help="How long the target may take until it listens.",
)
@click.option(
    "--intercept/--no-intercept",
    default=True,
    show_default=True,
    help="Calls of COMMAND to Runway's own hosts reach the fake too, and are named: those of"
    " Python, Node and curl. They break upstream.base-url.",
)
@click.option(
    "--fake-port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=False,
    help="The port of the fake, so that you can start a target yourself before. [default: any]",
)
@click.option(
    "--fake-url",
    callback=_parsed(_address),
    help="A fake that runs already. The world of --secret is reset.",
)
@click.option(
    "--fake-admin-token",
    "admin_token",
    envvar="FAKE_RUNWAY_ADMIN_TOKEN",
    show_envvar=True,
    help="The admin token of that fake.",
)
@click.option("--secret", help="The API secret that the target uses. [default: made from --seed]")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_parsed(_report),
    help="junit, json, html or github; repeatable. A file named - is standard output: the verdicts"
    " then go to standard error, but for github.",
)
@click.option(
    "--open",
    "opened",
    is_flag=True,
    help="Open a page in your browser that fills while the run goes on.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Run again when a file changes, on Enter, or from the page; q and Enter ends. Needs"
    " watchfiles: pip install -c constraints.txt '.[watch]' in the checkout.",
)
@click.option(
    "--watch-path",
    "watched",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    show_default=False,
    help="The file or folder that --watch watches; repeatable. [default: this folder]",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def check(
    *,
    url: str,
    method: str,
    headers: Sequence[tuple[str, str]],
    body_template: str,
    custom_body_template: str | None,
    answer_map: Sequence[tuple[str, str]],
    only: Sequence[str],
    skip: Sequence[str],
    strict: bool,
    profile: str,
    reports: Sequence[tuple[Format, Path]],
    opened: bool,
    watch: bool,
    watched: Sequence[Path],
    command: tuple[str, ...],
    **options: Any,  # those that are named like the fields of RunOptions
) -> None:
    """Judge a gateway, and report for each requirement whether it is kept.

    With a COMMAND after `--`, the target is started with RUNWAYML_BASE_URL and
    RUNWAYML_API_SECRET set, and stopped afterwards, with all its children. Without one, it has to
    run already with these two: the lines are printed, and --fake-port makes them known beforehand.

    \b
    Exit code
      0  no MUST is broken, and with --strict no SHOULD, and every MUST was observed
      1  one is, or with --strict was not
      2  usage
      3  no target: it cannot be started, or does not listen; or no evidence, and no MUST that
         is broken: no connect succeeded, no HTTP answer came, or no request reached the fake
         with the secret; then only leaks, crashes and late answers can break a MUST
      4  the judge itself failed: its fake does not run, or a report cannot be written
      130 and 143: interrupted; what was started has ended

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
      one whose endpoint chooses the avatar, four times side by side:
        runway-contracts check --target 'http://127.0.0.1:{port}/connect' --body-template '{}' \\
          --instances 4 -- node server.js --port '{port}'
      one that is called by GET, with keys of its own in the answer:
        runway-contracts check --method GET --target 'http://127.0.0.1:3000/call?who=$AVATAR' \\
          --answer-map session_id=sessionId --answer-map session_key=sessionKey -- npm start
      one family of requirements:
        runway-contracts check --only request -- npm start
      while you mend it, in seconds after each change, on a page that shows what is seen:
        runway-contracts check --profile quick --open --watch -- node server.js
    """
    try:
        options["intercept"] = options["intercept"] and bool(command)
        run = RunOptions(requirements=_chosen(only, skip), quick=profile == "quick", **options)
    except ImportError as error:
        raise click.UsageError(f"--examples: {error}") from None
    _check_together(run, url, command, reports)
    if watch and not (command or run.fake_port or run.fake_url):
        raise click.UsageError("--watch without a COMMAND needs --fake-port: the same in each run")
    to_output = [form for form, file in reports if str(file) == "-"]
    # annotations of GitHub are found in any log; another report must be alone for its reader
    alone = bool(to_output) and to_output != [Format.GITHUB]
    terminal = Terminal.usual(strict=strict, err=alone)
    endpoint = target(
        url,
        headers=headers,
        method=method,
        body_template=body_template,
        custom_body_template=custom_body_template,
        answer_map=answer_map,
    )

    def finish(ended: Report | Exception) -> None:
        terminal.close()
        if isinstance(ended, Exception):
            _say(ended, Redaction(run.api_secret))
            return
        for form, file in reports:
            write(ended, form, file, strict=strict)

    async def once(listen: Listener) -> Report:
        return await _judged(run, endpoint, command, listen)

    try:
        if opened or watch:
            watching = Watching(
                target=endpoint.url,
                secret=run.api_secret,
                strict=strict,
                opened=opened,
                paths=_watched(watched) if watch else None,
                unwatched=[file.resolve() for _, file in reports],
            )
            report = _until_signal(watching.runs(once, terminal.listen, finish))
        else:
            report = _until_signal(once(terminal.listen))
        if not watch:
            finish(report)
    except (TargetError, FakeError, _Interrupted, OSError) as error:
        terminal.close()
        if not watch or isinstance(error, _Interrupted):
            _say(error, Redaction(run.api_secret))
        sys.exit(_code_of(error))
    sys.exit(_code(report, strict=strict))


def _code(report: Report, *, strict: bool) -> int:
    """Return the exit code of a run, and say why it is no evidence if it is not."""
    if report.not_exercised:
        hint = Redaction.of(report).line(report.not_exercised)
        click.echo(f"runway-contracts: {hint}", err=True)
    if report.broken(strict=strict):
        return EXIT_BROKEN
    if report.not_exercised:
        return EXIT_UNREACHABLE
    return 0 if report.kept(strict=strict) else EXIT_BROKEN


def _check_together(
    run: RunOptions,
    url: str,
    command: Sequence[str],
    reports: Sequence[tuple[Format, Path]],
) -> None:
    """Check what options say of each other.

    Raises:
        click.UsageError.
    """
    if run.fake_port and run.fake_url:
        raise click.UsageError("--fake-port is for a fake of our own, --fake-url for another one")
    if PORT in url and not command:
        raise click.UsageError("{port} is for a target that a COMMAND starts")
    if run.instances > 1 and PORT not in url:
        raise click.UsageError("--instances needs {port} in --target, and in the COMMAND or PORT")
    if not run.situations():
        raise click.UsageError("no situation of the quick profile is about these requirements")
    if sum(str(file) == "-" for _, file in reports) > 1:
        raise click.UsageError("only one --report can be written to standard output")
    files = [file.resolve() for _, file in reports if str(file) != "-"]
    if again := [file for at, file in enumerate(files) if file in files[:at]]:
        raise click.UsageError(f"two --report name the same file {again[0]}")


def _watched(paths: Sequence[Path]) -> list[Path]:
    """Return what is watched: absolute paths."""
    if find_spec("watchfiles") is None:
        raise click.UsageError(
            "--watch needs watchfiles: pip install -c constraints.txt '.[watch]' in the checkout"
        )
    return [each.resolve() for each in paths or [Path.cwd()]]


def _chosen(only: Sequence[str], skip: Sequence[str]) -> tuple[Requirement, ...]:
    for prefix in (*only, *skip):
        if not any(each.id.startswith(prefix) for each in REQUIREMENTS):
            raise click.UsageError(f"no requirement's id begins with {prefix!r}; see `list`")
    chosen = tuple(
        each
        for each in REQUIREMENTS
        if (not only or each.id.startswith(tuple(only))) and not each.id.startswith(tuple(skip))
    )
    if not chosen:
        raise click.UsageError("--only and --skip leave no requirement")
    return chosen


async def _judged(
    options: RunOptions, endpoint: Target, command: Sequence[str], listen: Listener
) -> Report:
    async with Judge.started(options) as judge:
        if not command:
            click.echo("Expecting a target that runs with these two:", err=True)
            for line in options.upstream_lines(judge.fake.url, option="--secret"):
                click.echo(line, err=True)
        return await judge.judge(endpoint, command=command, environment=os.environ, listen=listen)


def _until_signal(run: Coroutine[Any, Any, Report]) -> Report:
    """Run to the end, or until a signal: then what was started ends in order, once.

    Raises:
        _Interrupted.
    """
    caught: list[int] = []

    async def main() -> Report:
        task = asyncio.ensure_future(run)
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


def _say(error: Exception, redaction: Redaction) -> None:
    """Print the error in a line, and what the target wrote."""
    if isinstance(error, _Interrupted):
        click.echo("runway-contracts: interrupted", err=True)
        return
    click.echo(f"runway-contracts: {error}", err=True)
    if isinstance(error, TargetError) and error.output:
        # redacted before lines are cut: half a secret is one too
        for line in redaction.block(error.output, longest=1 << 30).split("\n"):
            click.echo(f"  | {line[:300]}", err=True)


def _code_of(error: Exception) -> int:
    """Return the exit code of a run that ended without a report."""
    if isinstance(error, _Interrupted):
        return EXIT_SIGNAL + int(error.args[0])
    return EXIT_UNREACHABLE if isinstance(error, TargetError) else EXIT_INTERNAL


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The whole contract as a page.")
@click.option("--situations", "as_situations", is_flag=True, help="The situations instead.")
@click.option("--level", type=click.Choice([level.value for level in Level]))
def list_(level: str | None, *, as_json: bool, as_markdown: bool, as_situations: bool) -> None:
    """List the requirements for a gateway."""
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
    """Explain one requirement: the sentence, the reason, the source, the repair, the situations.

    ID may be that of a finding: `requirement@situation`.
    """
    from difflib import get_close_matches

    by_id = {each.id: each for each in REQUIREMENTS}
    requirement_id = requirement_id.partition("@")[0]
    if requirement_id not in by_id:
        close = get_close_matches(requirement_id, by_id, n=1)
        hint = f"; did you mean {close[0]}?" if close else "; see `runway-contracts list`"
        raise click.UsageError(f"there is no requirement {requirement_id!r}{hint}")
    each = by_id[requirement_id]
    click.echo(f"{each.id}  ({each.level.value})\n\n{each.text}\n\nWhy: {each.why}")
    repair = repair_of(each.id)
    click.echo(f"Source: {each.source}\n\nRepair: {repair.text}\n\n{NAMES}")
    for language, code in (("Node", repair.node), ("Python", repair.python)):
        click.echo(f"\n{language}:\n{indent(code, '    ')}")
    words, named = judged_in(each, situations(30.0, "marker"))
    if not words:
        words = counted(len(named), "situation")
    click.echo(f"\nJudged in {words}" + (":" if named else ""))
    for situation in named:
        click.echo(f"  {situation.id:<28} {situation.about}")


main.add_command(drift)
main.add_command(import_spec)


def _show_defaults(command: click.Command) -> None:
    """Let the help of a command and of those below it name the default of every option."""
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and not option.required:
            unsaid = option.show_default is None and "[default: " not in (option.help or "")
            if unsaid:
                has_one = option.to_info_dict()["default"] is not None
                option.show_default = True if has_one else "none"
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _show_defaults(inner)


_show_defaults(main)
