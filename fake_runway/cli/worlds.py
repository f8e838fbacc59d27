"""`fake-runway world`, `clock` and `fault`: the worlds of a running fake, looked at and changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from fake_runway.cli.remote import Remote, ago, remote, table
from fake_runway.client.answers import ClockView, FaultView, WorldView
from fake_runway.core.text import printable, quoted
from fake_runway.scenarios.yaml_lines import NotYaml, read_documents


@click.group()
def world() -> None:
    """Look at the worlds of a running fake, and change them.

    \b
    fake-runway world list
    fake-runway world scenario create-429-twice --world s-0123456789ab
    fake-runway world reset                        no sessions, no journal, the first instant
    fake-runway world findings                     what the client seems to do wrong
    """


@world.command(name="list")
@remote
def list_(to: Remote) -> None:
    """List all worlds, the most recently used first."""
    worlds = to.fake.worlds()
    rows = [["NAME", "SCENARIO", "SESSIONS", "ACTIVE", "CALLS", "FAULTS", "CLOCK", ""]]
    for each in worlds:
        numbers = (each.sessions, each.active, each.calls, each.faults)
        names = [printable(each.name), printable(each.scenario)]
        uncalled = ["(only the admin API has used it)"] if each.only_admin else [""]
        rows.append([*names, *map(str, numbers), _rate(each.clock), *uncalled])
    to.show(
        worlds,
        table(
            rows,
            empty="no worlds in memory: a request makes one, or reads one that a store has",
        ),
    )


@world.command()
@remote
def show(to: Remote) -> None:
    """Show a world in numbers."""
    _show(to, to.fake.look())


@world.command()
@click.argument("scenario", required=False)
@click.option("--seed", help="Another one. [default: as before]")
@remote
def reset(to: Remote, *, scenario: str | None, seed: str | None) -> None:
    """Start a world again as it began; with SCENARIO, it follows another one."""
    _show(to, to.fake.reset(scenario, seed=seed))


@world.command()
@click.argument("name_or_file", metavar="NAME|FILE")
@remote
def scenario(to: Remote, *, name_or_file: str) -> None:
    """Let a world follow another scenario; sessions that exist keep their plans."""
    given: Any = name_or_file
    if name_or_file.endswith((".yaml", ".yml")):
        given = _mapping_of(Path(name_or_file))
    now = to.fake.scenario(given)
    to.show(now, f"{printable(now.name)}: {printable(now.about)}")


@world.command()
@remote
def drop(to: Remote) -> None:
    """Delete a world; the next request that names it makes a new one."""
    to.fake.drop()
    to.show({"dropped": True}, "dropped")


@world.command()
@click.argument("name")
@remote
def fork(to: Remote, *, name: str) -> None:
    """Copy a world under another NAME."""
    copy = to.fake.fork(name)
    _show(to, copy.look())


@world.command()
@click.argument("name")
@remote
def snapshot(to: Remote, *, name: str) -> None:
    """Keep a copy of a world under a NAME, for `world restore`."""
    kept = to.fake.snapshot(name)
    to.show(kept, f"kept as {printable(kept.name)}")


@world.command()
@click.argument("name")
@remote
def restore(to: Remote, *, name: str) -> None:
    """Bring a world back to a snapshot."""
    _show(to, to.fake.restore(name))


@world.command()
@click.argument("left", type=click.IntRange(min=0), required=False)
@remote
def credits(to: Remote, *, left: int | None) -> None:
    """Show the credits, or set how many are LEFT."""
    now = to.fake.credits.get() if left is None else to.fake.credits.set(left)
    limit = "no limit" if now.left is None else f"{now.left} left"
    to.show(now, f"{limit}, {now.spent} spent, {now.sessions_today} sessions in 24 hours")


@world.command()
@remote
def findings(to: Remote) -> None:
    """List what the client seems to do wrong."""
    found = to.fake.findings()
    to.show(found, [printable(str(each)) for each in found] or "no findings")


@world.command()
@remote
def export(to: Remote) -> None:
    """Print the state of a world as a seed: avatars, sessions, tasks, credits."""
    import yaml

    seed = to.fake.seed()
    to.show(seed, yaml.safe_dump(dict(seed), sort_keys=False, allow_unicode=True).rstrip())


@world.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@remote
def seed(to: Remote, *, file: Path) -> None:
    """Put what a seed FILE holds into a world."""
    _show(to, to.fake.apply_seed(_mapping_of(file)))


@world.command("token")
@remote
def token(to: Remote) -> None:
    """Print the run so far as a token for `fake-runway replay`."""
    text = to.fake.replay_token()
    to.show({"token": text}, text)


def _show(to: Remote, world: WorldView) -> None:
    name, follows = printable(world.name), printable(world.scenario)
    sessions = f"{world.sessions} sessions ({world.active} active), {world.calls} calls"
    to.show(world, f"{name}: {follows}, {sessions}, {world.faults} faults, {_rate(world.clock)}")


def _rate(clock: ClockView) -> str:
    if not clock.rate:
        return "frozen"
    return "real time" if clock.rate == 1 else f"{clock.rate:g}x"


@click.group()
def clock() -> None:
    """Look at a world's clock, and move it: only forward.

    \b
    fake-runway clock jump 5m      everything due until then happens, each at its own instant
    fake-runway clock next         to the next event that is due
    fake-runway clock freeze
    fake-runway clock rate 60      an hour in a minute
    """


@clock.command("show")
@remote
def show_clock(to: Remote) -> None:
    """Show its instant, its rate, and when the next event is due."""
    _show_clock(to, to.fake.clock.get())


@clock.command()
@click.argument("by", metavar="DURATION")
@remote
def jump(to: Remote, *, by: str) -> None:
    """Move it forward by a duration such as 90s, 5m or 1h."""
    _show_clock(to, to.fake.clock.jump(by))


@clock.command("next")
@remote
def next_(to: Remote) -> None:
    """Move it forward to the next event that is due."""
    _show_clock(to, to.fake.clock.next())


@clock.command()
@remote
def freeze(to: Remote) -> None:
    """Stop it."""
    _show_clock(to, to.fake.clock.freeze())


@clock.command()
@click.argument("number", metavar="RATE", type=click.FloatRange(min=0))
@remote
def rate(to: Remote, *, number: float) -> None:
    """Set how many seconds pass in the world per real second; 1 is real time."""
    _show_clock(to, to.fake.clock.set_rate(number))


def _show_clock(to: Remote, clock: ClockView) -> None:
    from fake_runway.core.history.timeline import instant_text

    due = ago(clock.now, clock.next_due_at) if clock.next_due_at is not None else "nothing is due"
    to.show(clock, f"{instant_text(clock.now)}, {_rate(clock)}, next event: {due}")


@click.group()
def fault() -> None:
    """Look at the faults of a world, add some, remove them.

    \b
    fake-runway fault add --status 503 --operation createSession --times 2
    fake-runway fault add --file fault.yaml        anything that a scenario can say
    fake-runway fault list
    fake-runway fault remove fault-1
    """


@fault.command("list")
@remote
def list_faults(to: Remote) -> None:
    """List the faults that apply to all calls, the scenario's first."""
    faults = to.fake.faults()
    rows = [("NAME", "STRUCK", "MATCHED", "FROM", "FAULT")]
    for each in faults:
        source = "admin API" if each.by_hand else "scenario"
        numbers = (str(each.struck), str(each.seen))
        rows.append((printable(each.name), *numbers, source, _short(each)))
    to.show(faults, table(rows, empty="no faults"))


def _short(fault: FaultView) -> str:
    import json

    text = printable(json.dumps(fault.fault, ensure_ascii=False))
    return text if len(text) <= 80 else f"{text[:77]}..."


@fault.command()
@click.option("--status", type=click.IntRange(400, 599), help="Answer with this status.")
@click.option(
    "--effect",
    "effects",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="Any effect of a scenario file, such as reset or delay=10s; repeatable.",
)
@click.option("--operation", metavar="ID", help="Only calls of it, such as createSession.")
@click.option("--times", type=click.IntRange(min=1), help="So many times. [default: always]")
@click.option("--skip", type=click.IntRange(min=0), help="Let so many pass before.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    help="3: only the 3rd, the 6th, ... that match. [default: 1]",
)
@click.option("--probability", type=click.FloatRange(0, 1), help="Of each call that matches.")
@click.option("--name", help="What the journal calls it. [default: made]")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A fault as YAML or JSON, as in a scenario file; what is given here is stronger.",
)
@remote
def add(
    to: Remote,
    *,
    status: int | None,
    effects: Sequence[str],
    operation: str | None,
    file: Path | None,
    **parts: Any,
) -> None:
    """Add a fault to a world."""
    data: dict[str, Any] = _mapping_of(file) if file else {}
    wanted = {} if status is None else {"status": status}
    for effect in effects:
        key, equals, value = effect.partition("=")
        wanted[key] = _value(value) if equals else True
    if wanted:
        data["effect"] = wanted
    if operation is not None:
        data["match"] = {**data.get("match", {}), "operation": operation}
    if "effect" not in data:
        raise click.UsageError("expected --status, --effect, or a --file with an effect")
    added = to.fake.fault(data, **{key: part for key, part in parts.items() if part is not None})
    to.show(added.view, f"added {printable(added.name)}: {_short(added.view)}")


@fault.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="All that the admin API has added.")
@remote
def remove(to: Remote, *, name: str | None, every: bool) -> None:
    """Remove a fault by NAME, or all with --all."""
    if (name is None) != every:
        raise click.UsageError("expected a NAME or --all")
    if name is None:
        to.fake.remove_faults()
    else:
        to.fake.remove_fault(name)
    to.show({"removed": name or "all"}, "removed")


def _mapping_of(file: Path) -> dict[str, Any]:
    """Return the mapping in a YAML or JSON file."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: {error}") from None
    found = _value(text, f"{file}: ")
    if not isinstance(found, dict):
        raise click.UsageError(f"{file}: expected a mapping, got {quoted(found)}")
    return found


def _value(text: str, where: str = "") -> Any:
    """Return the value of a YAML text; JSON is YAML too."""
    try:
        documents = read_documents(text)
    except NotYaml as error:
        raise click.UsageError(f"{where}{error}") from None
    problems = [str(problem) for each in documents for problem in each.problems]
    if problems or len(documents) > 1:
        raise click.UsageError(f"{where}{'; '.join(problems) or 'expected one document'}")
    return documents[0].value if documents else None
