"""What the commands share that look at a running fake and change it: where it is, what is printed.

They are clients of the admin API and no more: what they do can be scripted in any language.
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import click

from fake_runway.cli.places import started_url
from fake_runway.client.answers import (
    AdminError,
    NotAllowed,
    SessionView,
    TaskView,
    Unreachable,
)
from fake_runway.client.blocking import Admin
from fake_runway.client.transport import Transport
from fake_runway.core.text import printable

DEFAULT_URL = "http://127.0.0.1:4010"
EXIT_REFUSED, EXIT_USAGE, EXIT_NO_SERVER = 1, 2, 3
_MOST = 10_000  # sessions or tasks that are looked through
_WHOLE_ID = 36

Command = Callable[..., None]


@dataclass(frozen=True)
class Remote:
    """A running fake as a command sees it.

    Attributes:
        fake: the client of the world.
        as_json: whether a program reads what is printed.
        base, world, token: of the server, the world if one was named, and the admin token.
    """

    fake: Admin
    as_json: bool
    base: str
    world: str | None
    token: str | None = field(default=None, repr=False)

    def show(self, value: Any, text: str | Iterable[str]) -> None:
        """Print a value: as JSON, or as lines for people."""
        if self.as_json:
            click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))
            return
        for line in [text] if isinstance(text, str) else text:
            click.echo(line)

    def session_id(self, beginning: str) -> str:
        """Return the id of the one session that begins so.

        Raises:
            click.BadParameter: none does, or several do.
        """
        return _only("session", beginning, lambda: self.fake.sessions.list(limit=_MOST))

    def task_id(self, beginning: str) -> str:
        """Return the id of the one task that begins so.

        Raises:
            click.BadParameter: none does, or several do.
        """
        return _only("task", beginning, lambda: self.fake.tasks.list(limit=_MOST))


def _only(kind: str, beginning: str, every: Callable[[], Iterable[SessionView | TaskView]]) -> str:
    if len(beginning) >= _WHOLE_ID:
        return beginning
    found = [each.id for each in every() if each.id.startswith(beginning.lower())]
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} {kind}s begin with {beginning!r}: {', '.join(found[:3])}"
    none = f"no {kind} of this world begins with {beginning!r}; see `{kind} list`"
    raise click.BadParameter(several if found else none)


def remote(command: Command) -> Command:
    """Give a command the options of a running fake, and a `Remote` as its first argument.

    What the fake refuses is a line on stderr and exit code 1, no fake is exit code 3.
    """

    @click.option(
        "--url",
        envvar="FAKE_RUNWAY_URL",
        show_envvar=True,
        help="Where the fake serves; a base URL with /w/NAME means that world. [default: the one"
        f" that `fake-runway start` has started, else {DEFAULT_URL}]",
    )
    @click.option(
        "--world",
        metavar="NAME",
        envvar="FAKE_RUNWAY_WORLD",
        show_envvar=True,
        help="The world. [default: the only one]",
    )
    @click.option(
        "--admin-token",
        envvar="FAKE_RUNWAY_ADMIN_TOKEN",
        show_envvar=True,
        help="Its admin token, if it requires one.",
    )
    @click.option("--json", "as_json", is_flag=True, help="For programs.")
    @wraps(command)
    def connected(
        *, url: str | None, world: str | None, admin_token: str | None, as_json: bool, **given: Any
    ) -> None:
        base, named = _split(url or started_url() or DEFAULT_URL)
        try:
            transport = Transport(base, world or named, admin_token)
            with Admin(base, transport=transport) as fake:
                to = Remote(fake, as_json, base, world or named, admin_token)
                command(to, **given)
            if transport.created:
                new = f"there was no world {transport.created} yet: this has made it"
                click.echo(f"fake-runway: {printable(new)}", err=True)
        except ValueError as error:
            raise click.UsageError(f"--url: {error}") from None
        except AdminError as error:
            click.echo(f"fake-runway: {_explained(error)}", err=True)
            sys.exit(EXIT_NO_SERVER if isinstance(error, Unreachable) else EXIT_REFUSED)

    return connected


def _split(url: str) -> tuple[str, str | None]:
    """Return the address of the server, and the world that a base URL names."""
    base, _, rest = url.rstrip("/").partition("/w/")
    return base, rest.partition("/")[0] or None


def _explained(error: AdminError) -> str:
    hint = ""
    if isinstance(error, Unreachable):
        hint = "; start one with `fake-runway serve`, or say where it is: --url, FAKE_RUNWAY_URL"
    elif error.code == "which_world" and "There are 0." in error.message:
        return "this fake has no world yet: the first call of an application makes one"
    elif error.code == "which_world":
        return "this fake has several worlds: name one with --world; `world list` shows them"
    elif isinstance(error, NotAllowed):
        hint = "; --admin-token or FAKE_RUNWAY_ADMIN_TOKEN gives its token"
    at = f" (at {error.where})" if error.where else ""
    message = error.message.removesuffix(".") if at or hint else error.message
    return printable(f"{message}{at}{hint}")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


def table(rows: Sequence[Sequence[str]], *, empty: str) -> list[str]:
    """Return rows in columns, the first being the heading; `empty` if there are no others."""
    if len(rows) == 1:
        return [empty]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def ago(now: float, at: float | None) -> str:
    """Return how far away an instant of the world is, for people."""
    if at is None:
        return "-"
    seconds = abs(now - at)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            text = f"{seconds / size:.0f}{unit}"
            break
    else:
        text = f"{seconds:.1f}s"
    return f"in {text}" if at > now else f"{text} ago"


def resource_line(resource: SessionView | TaskView) -> str:
    """Return a session or a task in a line."""
    failure = f" ({resource.failure.code})" if resource.failure else ""
    return f"{resource.id}  {resource.state}{failure}"
