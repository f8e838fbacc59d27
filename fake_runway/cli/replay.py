"""`fake-runway replay`: a recorded run, run again in this process."""

import sys
from pathlib import Path

import click

from fake_runway.core.history.timeline import instant_text, timeline
from fake_runway.core.types import Json
from fake_runway.replay.record import PREFIX, NotReplayable, journal_bytes, read, token_of
from fake_runway.replay.rerun import Replayed, replay
from fake_runway.room.tokens import LiveKit
from fake_runway.server.options import spec_option
from fake_runway.version import __version__
from fake_runway.worlds.given_spec import GivenSpec

_EXIT_DIVERGED = 1
_EXIT_USAGE = 2


@click.command("replay")
@click.argument("token_or_file")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the replayed journal, a line an entry."
)
@spec_option
@click.option("--token", "as_token", is_flag=True, help="Print the token of the record instead.")
def replay_command(
    token_or_file: str, *, as_json: bool, as_token: bool, spec: GivenSpec | None
) -> None:
    """Run a recorded run again, and compare.

    The report of a test that failed has a token, and so has the answer of
    GET /__admin/replay, whose `record` can be saved as a file. `-` reads from standard input.

    Exit code 0: every exchange is the same, byte for byte. 1: one is not; the first is
    named. 2: this is no record.

    \b
    Examples:
      fake-runway replay fr1.eNrtVk2P...
      curl -s http://127.0.0.1:4010/__admin/replay > run.json && fake-runway replay run.json
    """
    try:
        record = read(_text(token_or_file))
        if as_token:
            click.echo(token_of(record))
            return
        done = replay(record, livekit=LiveKit(), spec=spec)
    except NotReplayable as error:
        click.echo(f"fake-runway: {error}", err=True)
        sys.exit(_EXIT_USAGE)
    if as_json:
        click.echo(journal_bytes(done.world))
    else:
        _print(record, done)
    if done.divergence is not None:
        click.echo(f"fake-runway: {done.divergence}", err=True)
        sys.exit(_EXIT_DIVERGED)


def _text(token_or_file: str) -> str | bytes:
    if token_or_file == "-":
        return sys.stdin.buffer.read()
    if token_or_file.startswith(PREFIX):
        return token_or_file
    try:
        return Path(token_or_file).read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise NotReplayable(
            f"expected a replay token ({PREFIX}...) or a file: {token_or_file[:80]}: {reason}"
        ) from error


def _print(record: Json, done: Replayed) -> None:
    world = done.world
    click.echo(
        f"world {record['world']}, scenario {record['scenario']}, seed {record['seed']},"
        f" from {instant_text(record['epoch'])}"
    )
    if record.get("fake_runway") != __version__:
        click.echo(f"recorded by version {record.get('fake_runway')}, this is {__version__}")
    for line in timeline(world.log.entries(), start=world.epoch):
        click.echo(line)
    if done.divergence is None:
        click.echo(f"{len(world.log.exchanges)} exchanges, identical")
