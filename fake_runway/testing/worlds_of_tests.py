"""What the pytest plugin does once a test uses it; the plugin itself loads nothing of this before.

Worlds are named after tests, so that a test has the same ids and choices each time it runs with the
same seed, whichever worker runs it and whatever ran before.

The world of a test that is run again begins as the recorded one did: it is made by replaying that
record without its steps.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fake_runway.client.answers import AdminError, ExchangeView, SessionView
from fake_runway.client.fake import Fake
from fake_runway.client.transport import Transport
from fake_runway.core.scenario.scenario import data_of
from fake_runway.core.scenario.schema import NAME_PATTERN
from fake_runway.core.text import shown

MOST_SESSIONS = 8
MOST_LINES = 40
LONGEST_TOKEN = 2_000
_REPLAY_WORLD = "pytest-desk"


class CannotServe(Exception):
    """There is no server for the tests. The message is for people."""


class BadMark(Exception):
    """A marker that cannot be followed. The message is for people."""


@dataclass(frozen=True, slots=True)
class Server:
    """A fake that tests use.

    Attributes:
        url: its base URL, without any world.
        token: what its admin API wants; None: nothing.
    """

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """How a test wants its world, as its markers say."""

    scenario: str | PathLike[str] | Mapping[str, Any] | None = None
    seed: str | None = None
    rate: float | None = None
    faults: Sequence[Mapping[str, Any]] = ()


_KEYWORDS = ("scenario", "seed", "rate", "faults")


def wish_of(marks: Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]]) -> WorldOptions:
    """Return what markers ask for, given as their arguments, the closest first.

    Raises:
        BadMark.
    """
    given: dict[str, Any] = {}
    for positional, named in reversed(marks):
        if len(positional) > 1 or (positional and "scenario" in named):
            raise BadMark("takes one scenario, and everything else by keyword")
        words = {**({"scenario": positional[0]} if positional else {}), **named}
        unknown = [name for name in words if name not in _KEYWORDS]
        if unknown:
            raise BadMark(f"has no keyword {unknown[0]!r}; it has {', '.join(_KEYWORDS)}")
        given |= words
    if isinstance(given.get("faults"), Mapping):
        given["faults"] = (given["faults"],)
    scenario = given.get("scenario")
    if not isinstance(scenario, str | PathLike | Mapping | None):
        wanted = "scenario=: expected a scenario's name, a file or data"
        raise BadMark(f"{wanted}, got {shown(scenario)}")
    if given.get("seed") is not None:
        given["seed"] = str(given["seed"])
    return WorldOptions(**given)


def _followed(
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
        return text  # the server may know others than this process
    from fake_runway.scenarios.catalogue import ScenarioFileError
    from fake_runway.testing.embedded import configuration

    try:
        given = configuration(text)
    except ScenarioFileError as error:
        raise BadMark(f"cannot be followed: {error}") from error
    in_file = given.catalogue.added if given.catalogue is not None else ()
    data = data_of(given.scenario)
    for avatar, bound in given.scenario.avatars.items():
        if bound.name in in_file:  # of which the server knows nothing
            data["avatars"][avatar] = dict(bound.session)
    return data


def world_name(nodeid: str) -> str:
    """Return the name of the world of a test: its own, and a digest of where it stands."""
    test = nodeid.rpartition("::")[2]
    words = re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")[:48].rstrip("-") or "test"
    return f"{words}-{blake2b(nodeid.encode(), digest_size=4).hexdigest()}"


class Bench:
    """The server that the tests of this process use, and the worlds they get.

    Args:
        server: one that serves already; None: one of our own in a thread.
        seed: of worlds that do not say otherwise; None: the server's.
        run: distinguishes this run from others on the same server.
        recorded: a run whose test is to begin as it did; None: there is none.
    """

    def __init__(
        self, server: Server | None, *, seed: str | None, run: str, recorded: str | None
    ) -> None:
        self.record = _record(recorded)
        self.repeated = False
        self._seed_of_worlds = seed if server is not None else None
        self._run = f"-{run}" if run else ""
        self._begun: dict[str, int] = {}
        self._left = ExitStack()
        self.server = server or self._started(seed)
        self._transport = Transport(self.server.url, None, self.server.token)
        self._check()

    def _started(self, seed: str | None) -> Server:
        from fake_runway.server.serving import PortTaken
        from fake_runway.testing.embedded import configuration, served_in_a_thread

        given = configuration(seed="0" if seed is None else seed)
        try:
            url = self._left.enter_context(served_in_a_thread(given))
        except PortTaken as error:
            raise CannotServe(f"the fake Runway could not start: {error}") from error
        return Server(url, given.admin_token)

    def _check(self) -> None:
        try:
            self._desk().health()
        except AdminError as error:
            self.close()
            raise CannotServe(
                f"no fake Runway for the tests at {self.server.url}: {error.message}"
            ) from error

    def close(self) -> None:
        """End the connections, and the server if it is our own."""
        self._transport.close()
        self._left.close()

    def _desk(self) -> Fake:
        """Return a world that is nobody's, through which worlds are made."""
        return Fake(self._transport.of_world(_REPLAY_WORLD))

    def world(self, nodeid: str, wish: WorldOptions) -> Fake:
        """Return a fresh world for a test.

        Raises:
            BadMark: the server does not accept what the marker says.
        """
        base = world_name(nodeid)
        number = self._begun[base] = self._begun.get(base, 0) + 1
        name = base + self._run + (f"-{number}" if number > 1 else "")
        fake = Fake(self._transport.of_world(name), prefix=f"{name}.")
        record = self.record if self.record and _is_of(self.record["world"], base) else None
        seed = wish.seed if wish.seed is not None else self._seed_of_worlds
        try:
            if record is not None:
                self._begin(name, record)
                self.repeated = True
            elif seed is not None:
                fake.reset(seed=seed)
            if wish.scenario is not None:
                fake.scenario(_followed(wish.scenario))
            for fault in wish.faults:
                fake.fault(fault)
            if wish.rate is not None:
                fake.clock.set_rate(wish.rate)
        except AdminError as error:
            raise BadMark(f"cannot be followed: {error}") from error
        return fake

    def _begin(self, name: str, record: Mapping[str, Any]) -> None:
        """Make a world that begins as the recorded one did, its clock at the recorded rate."""
        from fake_runway.replay.record import token_of

        empty = {"world": name, "now": record["epoch"], "steps": [], "journal": [], "seal": ""}
        # whether it comes out as it was sealed does not matter: nothing has happened in it yet
        self._desk().replay(token_of({**record, **empty}), name=name)
        Fake(self._transport.of_world(name)).clock.set_rate(record["rate"])


def _record(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    from fake_runway.replay.record import PREFIX, NotReplayable, read

    try:
        if not text.startswith(PREFIX):
            text = Path(text).read_text(encoding="utf-8")
        return read(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotServe(
            f"--fake-runway-replay: no token, and no file to read: {error}"
        ) from error
    except NotReplayable as error:
        raise CannotServe(f"--fake-runway-replay: {error}") from error


def _is_of(recorded: str, base: str) -> bool:
    return recorded == base or recorded.startswith(f"{base}-")


# What a failing test's report says


def account_of(
    fake: Fake, nodeid: str, keep: Path | None, *, longest_token: int = LONGEST_TOKEN
) -> str:
    """Return what happened in the world of a test, for the report of its failure.

    Args:
        keep: a folder for a replay token that is too long to be shown; None: it is shown anyway.
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
        yield f"{_title(session)}\n{_bounded(fake.timeline(session.id).lines)}"
    if not sessions:
        yield "no session was created"
    calls = [each for each in fake.journal.list(limit=1_000) if each.session is None]
    if calls:
        lines = [_call_line(each, world.epoch) for each in calls]
        yield f"calls about no session\n{_bounded(lines)}"
    for finding in fake.findings()[:MOST_LINES]:
        yield f"finding: {finding}"


def _title(session: SessionView) -> str:
    return f"session {session.ordinal + 1}: {session.id}, {session.state}"


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


def _replay(fake: Fake, nodeid: str, keep: Path | None, longest: int) -> str:
    token = fake.replay_token()
    if keep is not None and len(token) > longest:
        path = keep / f"{fake.name}.token"
        path.write_text(token, encoding="utf-8")
        token = str(path)
    return (
        f"replay the calls:   fake-runway replay {token}\n"
        f"run the test again: pytest {_quoted(nodeid)} --fake-runway-replay {token}"
    )


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w./:-]+", text) else "'" + text.replace("'", "'\\''") + "'"


def errors_of(fake: Fake) -> list[str]:
    """Return the findings of severity error of a test's worlds, as lines."""
    return [
        str(finding)
        for each in (fake, *fake.others)
        for finding in each.findings()
        if finding.severity == "error"
    ]
