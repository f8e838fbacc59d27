"""What the pytest plugin does once a test uses it; the plugin imports this file only then.

Worlds are named after tests, so that a test has the same ids and choices each time it runs with the
same seed, on any worker and after any other test.

The world of a test that is run again begins as the recorded one did: by a replay of that record
without its steps.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fake_runway.client.answers import AdminError, ExchangeView, FindingView
from fake_runway.client.fake import Fake
from fake_runway.client.transport import Transport
from fake_runway.core.scenario.scenario import data_of
from fake_runway.core.scenario.schema import NAME_PATTERN
from fake_runway.core.text import quoted

MOST_SESSIONS = 8
MOST_LINES = 40
LONGEST_TOKEN = 2_000
_SETTLED = "1h"  # no session lives longer that is not held up on purpose
_FORKED, _LONGEST_FORKED = "-settled", 90
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_REPLAY_WORLD = "pytest-replay"
"""The world through which the admin API is asked to make others."""


class CannotServe(Exception):
    """There is no server for the tests. The message is a line for people."""


class BadMark(Exception):
    """A marker that is wrong. The message is a line for people."""


@dataclass(frozen=True, slots=True)
class Server:
    """A fake that tests use.

    Attributes:
        url: its base URL, without any world.
        token: of its admin API; None: it needs none.
    """

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What the markers of a test say about its world."""

    scenario: str | PathLike[str] | Mapping[str, Any] | None = None
    seed: str | None = None
    rate: float | None = None
    faults: Sequence[Mapping[str, Any]] = ()


_KEYWORDS = ("scenario", "seed", "rate", "faults")


def world_options(
    marks: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]], *, folder: Path | None = None
) -> WorldOptions:
    """Return what markers say, from their arguments, the closest first.

    Args:
        folder: of the file of the test: a scenario's file is looked for there first.

    Raises:
        BadMark.
    """
    values: dict[str, Any] = {}
    for positional, named in reversed(marks):
        if len(positional) > 1 or (positional and "scenario" in named):
            raise BadMark("expected one scenario, and everything else by keyword")
        words = {**({"scenario": positional[0]} if positional else {}), **named}
        unknown = [name for name in words if name not in _KEYWORDS]
        if unknown:
            raise BadMark(f"expected one of {', '.join(_KEYWORDS)}, got {unknown[0]!r}")
        values |= words
    if isinstance(values.get("faults"), Mapping):
        values["faults"] = (values["faults"],)
    scenario = values.get("scenario")
    if not isinstance(scenario, str | PathLike | Mapping | None):
        expected = "scenario=: expected a scenario's name, a file or data"
        raise BadMark(f"{expected}, got {quoted(scenario)}")
    if folder is not None and isinstance(scenario, str | PathLike):
        beside = folder / fspath(scenario)
        if not re.fullmatch(NAME_PATTERN, fspath(scenario)) and beside.exists():
            values["scenario"] = beside
    if values.get("seed") is not None:
        values["seed"] = str(values["seed"])
    return WorldOptions(**values)


def _by_name_or_as_data(
    scenario: str | PathLike[str] | Mapping[str, Any],
) -> str | Mapping[str, Any]:
    """Return a scenario as the admin API takes it: a file is read here, as `FakeRunway` does it.

    Raises:
        BadMark: the file is wrong, or there is none.
    """
    if isinstance(scenario, Mapping):
        return scenario
    text = fspath(scenario)
    if re.fullmatch(NAME_PATTERN, text):
        return text  # the server may have scenarios that this process has not
    from fake_runway.scenarios.catalogue import ScenarioFileError
    from fake_runway.testing.embedded import configuration

    try:
        config = configuration(text)
    except ScenarioFileError as error:
        raise BadMark(str(error)) from error
    in_file = config.catalogue.added if config.catalogue is not None else ()
    data = data_of(config.scenario)
    for avatar, bound in config.scenario.avatars.items():
        if bound.name in in_file:  # the server does not have it
            data["avatars"][avatar] = dict(bound.session.data)
    return data


def world_name(nodeid: str) -> str:
    """Return the name of the world of a test: its own, and a digest of its node id."""
    test = nodeid.rpartition("::")[2]
    words = _BETWEEN_WORDS.sub("-", test.lower()).strip("-")[:48].rstrip("-") or "test"
    return f"{words}-{blake2b(nodeid.encode(), digest_size=4).hexdigest()}"


class WorldsOfTests:
    """The server that the tests of this process use, and the worlds they get.

    Args:
        server: one that serves already; None: one is started in a thread.
        seed: of worlds whose markers name none; None: the server's.
        run: a suffix of world names, unlike that of other runs on the same server.
        recorded: a run whose test is to begin in the same way; None: there is none.
        options: keyword arguments of `embedded.configuration`, for a server that is started.
        scenario: of worlds whose markers name none, on a server that serves already.
    """

    def __init__(
        self,
        server: Server | None,
        *,
        seed: str | None,
        run: str,
        recorded: str | None,
        options: Mapping[str, Any] | None = None,
        scenario: str | None = None,
    ) -> None:
        self.record = _read_record(recorded)
        self._scenario = scenario if server is not None else None
        self.repeated = False
        self._seed_of_worlds = seed if server is not None else None
        self._run = f"-{run}" if run else ""
        self._begun: dict[str, int] = {}
        self._open = ExitStack()
        self.server = server or self._start(options or {})
        self._transport = Transport(self.server.url, None, self.server.token)
        self._fake = Fake(self._transport.of_world(_REPLAY_WORLD))
        try:
            self._fake.health()
        except AdminError as error:
            self.close()
            raise CannotServe(
                f"no fake Runway for the tests at {self.server.url}: {error.message}"
            ) from error

    def _start(self, options: Mapping[str, Any]) -> Server:
        from fake_runway.server.address import PortTaken
        from fake_runway.testing.embedded import configuration, served_in_a_thread

        config = configuration(**options)
        try:
            url = self._open.enter_context(served_in_a_thread(config))
        except PortTaken as error:
            raise CannotServe(f"the fake Runway could not start: {error}") from error
        return Server(url, config.admin_token)

    def close(self) -> None:
        """End the connections, and the server if it was started here."""
        self._transport.close()
        self._open.close()

    def world(self, nodeid: str, options: WorldOptions) -> Fake:
        """Return a fresh world for a test.

        Raises:
            BadMark: the server does not accept what the marker says.
        """
        base = world_name(nodeid)
        number = self._begun[base] = self._begun.get(base, 0) + 1
        name = base + self._run + (f"-{number}" if number > 1 else "")
        fake = Fake(self._transport.of_world(name), prefix=f"{name}.")
        record = self.record
        if record is not None and not f"{record['world']}-".startswith(f"{base}-"):
            record = None
        seed = options.seed if options.seed is not None else self._seed_of_worlds
        try:
            if record is not None:
                from fake_runway.replay.record import token_of

                # no step is replayed, so the seal does not matter
                began = {"world": name, "now": record["epoch"], "steps": [], "journal": []}
                self._fake.replay(token_of({**record, **began, "seal": ""}), name=name)
                fake.clock.set_rate(record["rate"])
                self.repeated = True
            elif seed is not None:
                fake.reset(seed=seed)
            scenario = self._scenario if options.scenario is None else options.scenario
            if scenario is not None:
                fake.scenario(_by_name_or_as_data(scenario))
            for fault in options.faults:
                fake.fault(fault)
            if options.rate is not None:
                fake.clock.set_rate(options.rate)
        except AdminError as error:
            raise BadMark(str(error)) from error
        return fake


def _read_record(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    from fake_runway.replay.record import PREFIX, NotReplayable, read

    try:
        if not text.startswith(PREFIX):
            text = Path(text).read_text(encoding="utf-8")
        return read(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotServe(f"--fake-runway-replay: expected a token or a file: {error}") from error
    except NotReplayable as error:
        raise CannotServe(f"--fake-runway-replay: {error}") from error


# The report of a failing test


def failure_report(
    fake: Fake, nodeid: str | None, keep: Path | None, *, longest_token: int = LONGEST_TOKEN
) -> str:
    """Return what happened in the world of a test, for the report of its failure.

    Args:
        nodeid: of a test that pytest can run again; None: it is of another runner.
        keep: a folder for a replay token that is too long for the report; None: it is shown anyway.
        longest_token: in characters.
    """
    blocks = []
    for each in (fake, *fake.others):
        if fake.others:
            blocks.append(f"world {each.name}")
        try:
            blocks += _blocks(each)
            blocks.append(_replay(each, nodeid, keep, longest_token))
        except AdminError as error:
            blocks.append(f"({error})")
    return "\n".join(blocks)


def _blocks(fake: Fake) -> Iterator[str]:
    sessions = fake.sessions.list(limit=1_000)
    world = fake.look()
    yield f"scenario: {world.scenario}"
    if len(sessions) > MOST_SESSIONS:
        yield f"{len(sessions) - MOST_SESSIONS} older sessions are left out"
    for session in reversed(sessions[:MOST_SESSIONS]):
        title = f"session {session.ordinal + 1}: {session.id}, {session.state}"
        yield f"{title}\n{_bounded(fake.timeline(session.id).lines)}"
    if not sessions:
        yield "no session was created"
    calls = [each for each in fake.journal.list(limit=1_000) if each.session is None]
    if calls:
        lines = [_call_line(each, world.epoch) for each in calls]
        yield f"calls about no session\n{_bounded(lines)}"
    findings = fake.findings()
    for finding in findings[:MOST_LINES]:
        yield f"finding: {finding}"
    if findings.gone:
        yield f"{findings.gone} older journal entries are no longer kept: raise --journal"


def _bounded(lines: Sequence[str]) -> str:
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines = [*lines[:half], f"    ... {len(lines) - 2 * half} more ...", *lines[-half:]]
    return "\n".join(lines)


def _call_line(exchange: ExchangeView, start: float) -> str:
    notes = [exchange.response.code] if exchange.response.code else []
    notes += [f"fault {name}" for name in exchange.faults]
    if exchange.nearest:
        notes.append(f"did you mean {exchange.nearest}?")
    noted = f"  [{'; '.join(notes)}]" if notes else ""
    status = exchange.status or "no answer"
    return f"{exchange.at - start:+10.3f}s  {exchange.method} {exchange.path} -> {status}{noted}"


def _replay(fake: Fake, nodeid: str | None, keep: Path | None, longest: int) -> str:
    token = fake.replay_token()
    if keep is not None and len(token) > longest:
        path = keep / f"{fake.name}.token"
        path.write_text(token, encoding="utf-8")
        token = str(path)
    calls = f"replay the calls:   fake-runway replay {token}"
    if nodeid is None:
        return calls
    return f"{calls}\nrun the test again: pytest {shlex.quote(nodeid)} --fake-runway-replay {token}"


def mistakes(fake: Fake) -> list[str]:
    """Return the errors and warnings about the client of a test, as lines, when all has settled."""
    return [
        str(finding)
        for each in (fake, *fake.others)
        for finding in _settled(each)
        if finding.severity != "info"
    ]


def _settled(fake: Fake) -> Sequence[FindingView]:
    """Return the findings as they will be when the sessions that live have come to their end.

    A copy of the world goes there, so that nothing of it is in the world that a report shows.
    """
    if not fake.look().active:
        return fake.findings()
    copy = fake.fork(f"{(fake.name or '')[:_LONGEST_FORKED]}{_FORKED}")
    try:
        copy.clock.jump(_SETTLED)
        return copy.findings()
    finally:
        copy.drop()
