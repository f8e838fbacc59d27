"""`fake-runway task`: the tasks of a running fake, looked at and changed."""

from typing import get_args

import click

from fake_runway.cli.remote import Remote, ago, remote, resource_line, table
from fake_runway.client.answers import TaskEventName, TaskStateName
from fake_runway.core.text import printable


@click.group()
def task() -> None:
    """Look at the tasks of a running fake, and change them.

    \b
    fake-runway task list --state running
    fake-runway task show 3f2a                    its timeline; the beginning of an id is enough
    fake-runway task fail 3f2a --code SAFETY.INPUT.TEXT
    fake-runway task end 3f2a                     it has succeeded, now
    """


_ID = click.argument("task_id", metavar="ID")
_STATES = click.Choice(get_args(TaskStateName))


@task.command(name="list")
@click.option("--state", type=_STATES, help="Only those.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@remote
def list_(to: Remote, *, state: TaskStateName | None, limit: int) -> None:
    """List the tasks, newest first; those that clients have deleted too."""
    tasks = to.fake.tasks.list(state=state, limit=limit)
    now = 0.0 if to.as_json else to.fake.clock.now()
    rows = [("ID", "STATE", "CREATED", "NEXT", "MODEL", "CREDITS", "SCENARIO")]
    for each in tasks:
        due = f"{each.next.event} {ago(now, each.next.at)}" if each.next else "-"
        state_ = f"{each.state} {each.progress:.0%}" if each.progress is not None else each.state
        state_ += f" ({printable(each.failure.code)})" if each.failure else ""
        names = (printable(each.model or "-"), str(each.cost), printable(each.scenario or "-"))
        rows.append((each.id, state_, ago(now, each.created_at), due, *names))
    gone = [f"{tasks.gone} more have ended and are no longer kept"] if tasks.gone else []
    to.show(tasks, [*table(rows, empty="no tasks"), *gone])


@task.command()
@_ID
@remote
def show(to: Remote, task_id: str) -> None:
    """Show a task and its timeline: calls, states, faults, downloads."""
    id_ = to.task_id(task_id)
    timeline = to.fake.tasks.timeline(id_)
    if to.as_json:
        to.show({"task": to.fake.tasks.get(id_), "timeline": timeline}, "")
        return
    to.show(None, [resource_line(to.fake.tasks.get(id_)), *map(printable, timeline.lines)])


@task.command()
@click.option("--state", type=_STATES, default="pending", show_default=True)
@remote
def make(to: Remote, *, state: TaskStateName) -> None:
    """Create a task, a film of five seconds, and bring it into a state."""
    made = to.fake.tasks.make(state)
    to.show(made, resource_line(made))


@task.command()
@_ID
@click.option("--code", default="INTERNAL", show_default=True, help="The failure code.")
@click.option("--text", default="", help="What the wire says. [default: a usual sentence]")
@remote
def fail(to: Remote, task_id: str, *, code: str, text: str) -> None:
    """Let a task fail."""
    failed = to.fake.tasks.fail(to.task_id(task_id), code, text)
    to.show(failed, resource_line(failed))


@task.command()
@_ID
@remote
def end(to: Remote, task_id: str) -> None:
    """Let a task succeed now: one that is PENDING starts first."""
    id_ = to.task_id(task_id)
    if to.fake.tasks.get(id_).state == "pending":
        to.fake.tasks.occur(id_, "started")
    ended = to.fake.tasks.occur(id_, "succeeded")
    to.show(ended, resource_line(ended))


@task.command()
@_ID
@click.argument("event", type=click.Choice(get_args(TaskEventName)))
@remote
def occur(to: Remote, task_id: str, *, event: TaskEventName) -> None:
    """Apply any event to a task that its state allows."""
    after = to.fake.tasks.occur(to.task_id(task_id), event)
    to.show(after, resource_line(after))
