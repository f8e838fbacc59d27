"""`fake-runway session`: the sessions of a running fake, looked at and changed."""

import sys
from collections.abc import Callable
from typing import Any, get_args

import click

from fake_runway.cli.remote import EXIT_USAGE, Remote, ago, remote, resource_line, table
from fake_runway.client.answers import EventName, StateName
from fake_runway.core.text import printable


@click.group()
def session() -> None:
    """Look at the sessions of a running fake, and change them.

    \b
    fake-runway session list --state running
    fake-runway session show 3f2a                  its timeline; the beginning of an id is enough
    fake-runway session fail 3f2a --code INTERNAL
    fake-runway session say 3f2a 'Hello!'          its avatar, while a client is in the room
    """


_ID = click.argument("session_id", metavar="ID")
_STATES = click.Choice(get_args(StateName))


@session.command(name="list")
@click.option("--state", type=_STATES, help="Only those.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@remote
def list_(to: Remote, *, state: StateName | None, limit: int) -> None:
    """List the sessions, newest first."""
    sessions = to.fake.sessions.list(state=state, limit=limit)
    now = 0.0 if to.as_json else to.fake.clock.now()
    rows = [("ID", "STATE", "CREATED", "NEXT", "SCENARIO")]
    for each in sessions:
        due = f"{each.next.event} {ago(now, each.next.at)}" if each.next else "-"
        state_ = each.state + (f" ({printable(each.failure.code)})" if each.failure else "")
        scenario = each.scenario or "-"
        rows.append((each.id, state_, ago(now, each.created_at), due, printable(scenario)))
    gone = [f"{sessions.gone} more have ended and are no longer kept"] if sessions.gone else []
    to.show(sessions, [*table(rows, empty="no sessions"), *gone])


@session.command()
@_ID
@remote
def show(to: Remote, session_id: str) -> None:
    """Show a session and its timeline: calls, states, faults, and what happened in its room."""
    id_ = to.session_id(session_id)
    timeline = to.fake.sessions.timeline(id_)
    if to.as_json:
        to.show({"session": to.fake.sessions.get(id_), "timeline": timeline}, "")
        return
    to.show(None, [resource_line(to.fake.sessions.get(id_)), *map(printable, timeline.lines)])


@session.command()
@click.option("--state", type=_STATES, default="provisioning", show_default=True)
@remote
def make(to: Remote, *, state: StateName) -> None:
    """Create a session and bring it into a state; a READY one's key is printed, to consume it."""
    made = to.fake.sessions.make(state)
    key = [f"session key: {made.session_key}"] if made.session_key else []
    to.show(made, [resource_line(made), *key])


@session.command()
@_ID
@click.option("--code", default="INTERNAL", show_default=True, help="The failure code.")
@click.option("--text", default="", help="What the wire says. [default: a usual sentence]")
@remote
def fail(to: Remote, session_id: str, *, code: str, text: str) -> None:
    """Let a session fail."""
    failed = to.fake.sessions.fail(to.session_id(session_id), code, text)
    to.show(failed, resource_line(failed))


@session.command()
@_ID
@remote
def end(to: Remote, session_id: str) -> None:
    """End the call of a RUNNING session: it is COMPLETED."""
    ended = to.fake.sessions.occur(to.session_id(session_id), "ended")
    to.show(ended, resource_line(ended))


@session.command()
@_ID
@click.argument("event", type=click.Choice(get_args(EventName)))
@remote
def occur(to: Remote, session_id: str, *, event: EventName) -> None:
    """Apply any event to a session that its state allows."""
    after = to.fake.sessions.occur(to.session_id(session_id), event)
    to.show(after, resource_line(after))


def _directed(to: Remote, session_id: str, act: Callable[[Any], Any]) -> None:
    after = act(to.fake.sessions.get(to.session_id(session_id)))
    to.show(after, resource_line(after))


@session.command()
@_ID
@click.argument("text")
@remote
def say(to: Remote, session_id: str, *, text: str) -> None:
    """Let the avatar of a call say a text."""
    _directed(to, session_id, lambda session: session.say(text))


@session.command("event")
@_ID
@click.argument("tool")
@click.option("--args", "text", default="{}", show_default=True, help="A JSON object.")
@remote
def client_event(to: Remote, session_id: str, *, tool: str, text: str) -> None:
    """Let the avatar send a client event of a tool that the session declared."""
    args = _object(text)
    _directed(to, session_id, lambda session: session.client_event(tool, args))


@session.command("tool")
@_ID
@click.argument("tool")
@click.option("--args", "text", default="{}", show_default=True, help="A JSON object.")
@click.option("--within", metavar="DURATION", help="How long it waits. [default: as declared]")
@remote
def call_tool(to: Remote, session_id: str, *, tool: str, text: str, within: str | None) -> None:
    """Let the avatar call a tool of the backend; the timeline gets the answer."""
    args = _object(text)
    _directed(to, session_id, lambda session: session.call_tool(tool, args, within=within))


@session.command("hang-up")
@_ID
@remote
def hang_up(to: Remote, session_id: str) -> None:
    """Let the avatar end the call."""
    _directed(to, session_id, lambda session: session.hang_up())


def _object(text: str) -> dict[str, Any]:
    import json

    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        click.echo(f"fake-runway: --args: expected a JSON object, got {text!r}", err=True)
        sys.exit(EXIT_USAGE)
    return found
