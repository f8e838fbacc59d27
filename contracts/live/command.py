"""Runs that can be watched: one with an open page, or one after another."""

import webbrowser
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import click

from contracts.judge.fake import FakeError
from contracts.judge.runner import Listener, RunEnded, RunEvent
from contracts.judge.target import TargetError
from contracts.judge.verdict import Report
from contracts.live.again import Ended, Reasons, watched
from contracts.live.messages import failed, left_out, message, starting
from contracts.live.server import LivePage
from contracts.report import Format, render
from contracts.report.redaction import Redaction

_HOW = "Runs again when a file changes, or on Enter; q and Enter ends"
Run = Callable[[Listener], Awaitable[Report]]
"""One run from beginning to end; the listener gets its events."""
Finish = Callable[[Report | Exception], None]
"""Shows and writes how a run ended, if another one may follow."""


@dataclass(frozen=True, kw_only=True)
class Watching:
    """How the runs of a command are watched.

    Attributes:
        target: the address, for the page.
        secret: the API secret, to be redacted.
        opened: whether the page is opened in a browser.
        paths: what is watched; None: there is one run.
        unwatched: files that the judge writes itself.
    """

    target: str
    secret: str
    strict: bool
    opened: bool = False
    paths: Sequence[Path] | None = None
    unwatched: Sequence[Path] = field(default=())

    async def runs(self, run: Run, listen: Listener, finish: Finish) -> Report:
        """Run once, or until it is ended; return the last report.

        Raises:
            TargetError, FakeError: as the last run ended.
        """
        reasons = Reasons(self.paths or [], self.unwatched)
        page = LivePage(reasons.ask if self.paths is not None else None)
        async with page.served(), self._watched(reasons):
            self._show(page.url)
            number, why = 1, ""
            while True:
                page.begin(starting(number, self.target, why=why, watches=self.paths is not None))
                ended = await self._one(run, listen, page, number)
                if self.paths is None:
                    await page.read()
                    return _returned(ended)
                finish(ended)
                if own := await reasons.settle():
                    page.tell(left_out(own))
                    click.echo(f"\nNot watched, changes in each run: {', '.join(own)}", err=True)
                click.echo(f"\n{_HOW}", err=True)
                try:
                    why = await reasons.next()
                except Ended:
                    return _returned(ended)
                number += 1
                click.echo(f"\nRun {number}: {why}", err=True)

    async def _one(
        self, run: Run, listen: Listener, page: LivePage, number: int
    ) -> Report | TargetError | FakeError:
        def both(event: RunEvent) -> None:
            listen(event)
            told = message(event, number, self.secret, strict=self.strict)
            if isinstance(event, RunEnded):
                page.keep(number, render(event.report, Format.HTML, strict=self.strict))
            page.tell(told)

        try:
            return await run(both)
        except (TargetError, FakeError) as error:
            page.tell(failed(Redaction(self.secret).line(str(error))))
            return error

    def _watched(self, reasons: Reasons) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.paths is None else watched(self.paths, reasons)

    def _show(self, url: str) -> None:
        click.echo(f"Watch it at {url}", err=True)
        if self.opened and not webbrowser.open(url):
            click.echo("No browser could be opened: open that address yourself", err=True)


def _returned(ended: Report | Exception) -> Report:
    if isinstance(ended, Exception):
        raise ended
    return ended
