"""`fake-runway listen`: calls, transitions and findings, as they happen, one line each."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

import click

from fake_runway.cli.remote import Remote, remote
from fake_runway.cli.running import stop_signal
from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.answers import EventView, Unreachable
from fake_runway.clock import pause
from fake_runway.core.history.timeline import instant_text
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.text import printable, short
from fake_runway.core.types import Json

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 4.0
_LONGEST_ACT = 120
_EVERYTHING = "0"
_KINDS = tuple(each.name for each in RUNWAY_API.kinds)

Show = Callable[[EventView], None]


@click.command()
@click.option("--all", "everything", is_flag=True, help="Begin with all that the journal keeps.")
@remote
def listen(to: Remote, *, everything: bool) -> None:
    """Show calls, transitions and findings as they happen, one line each.

    Without --world those of all worlds. After a break it goes on where it was; Ctrl-C ends it.

    \b
    12:00:01.000 mine  POST /v1/realtime_sessions -> 200
    12:00:02.500 mine  * session 0f6e31b2 provisioning -> ready: provisioned
    12:00:09.000 mine  ? warning polled-too-fast: ...
    12:00:10.000 mine  ! putScenario {"name": "slow"}

    With --json, each event of GET /__admin/events is a line.
    """
    asyncio.run(_listen(to, after=_EVERYTHING if everything else ""))


async def _listen(to: Remote, *, after: str) -> None:
    stopped = stop_signal()
    listening = asyncio.ensure_future(
        _follow_all(to, after) if to.world is None else _follow(to, to.world, after)
    )
    waiting = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({listening, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for each in (listening, waiting):
        each.cancel()
    (result, _) = await asyncio.gather(listening, waiting, return_exceptions=True)
    if isinstance(result, Exception):
        raise result


async def _follow_all(to: Remote, after: str) -> None:
    """Follow every world, those that begin meanwhile from their first event."""
    following: dict[str, asyncio.Task[None]] = {}
    begin = after

    def show(event: EventView) -> None:
        nonlocal begin
        if event.kind == "start":
            return
        running = following.get(event.world)
        if event.kind == "world" and (running is None or running.done()):
            following[event.world] = asyncio.ensure_future(
                _follow(to, event.world, begin, again=False)
            )

    async def begun() -> None:
        nonlocal begin
        await pause(_FIRST_PAUSE_S)
        begin = _EVERYTHING  # worlds that are new from now on

    beginning = asyncio.ensure_future(begun())
    try:
        await _resumed(to, None, "", show)
    finally:
        beginning.cancel()
        for task in following.values():
            task.cancel()
        await asyncio.gather(beginning, *following.values(), return_exceptions=True)


async def _follow(to: Remote, world: str, after: str, *, again: bool = True) -> None:
    """Follow a world, also after it was dropped if `again`."""

    def show(event: EventView) -> None:
        line = json.dumps(asdict(event), ensure_ascii=False) if to.as_json else _line(event)
        if line:
            click.echo(line)

    while True:
        await _resumed(to, world, after, show)
        if not again:
            return
        after = _EVERYTHING
        await pause(_FIRST_PAUSE_S)


async def _resumed(to: Remote, world: str | None, after: str, show: Show) -> None:
    """Show events until the stream ends for good: the world was dropped.

    Raises:
        AdminError: the first connection failed, or the fake refuses.
    """
    connected, pause_s = False, _FIRST_PAUSE_S
    admin = AsyncAdmin(to.base, world=world, token=to.token)
    while True:
        try:
            async for event in admin.events(after=after or None):
                if pause_s > _FIRST_PAUSE_S:
                    click.echo(f"fake-runway: connected again to {to.base}", err=True)
                connected, pause_s = True, _FIRST_PAUSE_S
                after = event.id or after
                show(event)
                if event.kind == "dropped" and world is not None:
                    return
        except Unreachable as error:
            if not connected:
                raise
            if pause_s == _FIRST_PAUSE_S:
                click.echo(f"fake-runway: {printable(error.message)}; trying again", err=True)
        await pause(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _line(event: EventView) -> str:
    """Return an event for people; empty: it is nothing that they need to see."""
    data = event.data
    text = _text(event.kind, data)
    if not text:
        return ""
    at = instant_text(float(data["at"]))[11:23] if "at" in data else " " * 12
    return printable(f"{at} {event.world}  {text}")


def _text(kind: str, data: Json) -> str:
    match kind:
        case "exchange":
            response = data["response"]
            notes = [response["code"]] if response["code"] else []
            notes += [f"fault {name}" for name in data["faults"]]
            if data["nearest"]:
                notes.append(f"did you mean {data['nearest']}?")
            noted = f"  [{'; '.join(notes)}]" if notes else ""
            return f"{data['method']} {data['path']} -> {response['status'] or 'no answer'}{noted}"
        case "move":
            return _move(data)
        case "act":
            given = json.dumps(data["given"], ensure_ascii=False)
            return f"! {data['act']} {short(given, _LONGEST_ACT)}"
        case "finding":
            return f"? {data['severity']} {data['id']}: {data['message']}"
        case "gap":
            return f"... {data['missed']} entries are no longer kept"
        case "reset":
            return "begins anew"
        case "dropped":
            return "is dropped"
        case "too_slow":
            return "this listener was too slow, and connects again"
    return ""


def _move(data: Json) -> str:
    kind = next(each for each in _KINDS if each in data)
    before = f"{data['before']} -> " if data["before"] else ""
    failure = data["failure"]
    why = f" ({failure['code']}: {failure['text']})" if failure else ""
    return f"* {kind} {str(data[kind])[:8]} {before}{data['after']}: {data['event']}{why}"
