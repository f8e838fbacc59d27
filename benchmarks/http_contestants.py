"""The fakes of `http_calls.py`, plain and under conditions, and the bare handler.

A fake is the real process with everything on that is on by default. What would refuse the load is
lifted (credits, concurrency, creates a day), by a scenario like any user's; so is the time that a
session takes, where a case asks for one that is READY, or never is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

from benchmarks import load
from benchmarks.children import HERE, LOAD_CORE, Server, address, installed, pinned, serving
from benchmarks.http_cases import (
    CREATE_BODY,
    SESSIONS,
    Case,
    Headers,
    Kind,
    Subject,
    conversations,
    create,
    poll,
)
from benchmarks.load import CONNECTIONS, Conversation
from benchmarks.report import progress

Json = dict[str, Any]

JOURNAL = 10_000  # calls: ten times the default
WORLDS = 1_000  # the default of --max-worlds
CONDITIONS = {
    "faults": "a fault for each operation",
    "journal": f"a journal of {JOURNAL:,} calls full",
    "worlds": f"{WORLDS:,} worlds, each connection in one",
    "mixed": f"{WORLDS:,} worlds, another at each request",
    "sessions": "very many sessions in one world",
}
"""What a fake is under, by its key."""

_POLLED = 1_000  # of very many sessions: so many are polled
_UNLIMITED = {"credits": "unlimited", "concurrency": "unlimited", "daily": "unlimited"}
_SETTINGS: Mapping[Kind, Json] = {
    Kind.GET_READY: {"provision_time": "0s"},
    Kind.GET_NOT_READY: {"provision_time": "never"},
    Kind.CREATE: {},
    # a session ends before it is billed: else those of one burst go on costing during the next ones
    Kind.CONNECT: {"provision_time": "0s", "session_cap": "1s"},
}
_FAULTS: Sequence[Json] = [
    {
        "match": {"operation": operation},
        "effect": {"status": 503},
        "probability": 1e-9,  # drawn for each call, and so rare that no answer is spoilt
    }
    for operation in ("createSession", "getSession", "consumeSession")
]


class Contestant(Protocol):
    """A server and what it can be asked.

    Attributes:
        key: the word for it that `--only` takes.
        name: for the tables.
        kinds: the kinds of calls that it can be asked.
    """

    key: str
    name: str
    server: Server
    kinds: frozenset[Kind]

    def prepare(self, case: Case) -> Sequence[Conversation]:
        """Make the server ready for a burst of a case, and return what to send."""
        ...


@dataclass(slots=True)
class Stateless:
    """A server that needs no preparing: it answers any id."""

    key: str
    name: str
    server: Server
    sessions: Mapping[Kind, str]
    kinds: frozenset[Kind] = frozenset(Kind)

    def prepare(self, case: Case) -> Sequence[Conversation]:
        return conversations(case, [Subject("benchmark", self.sessions.get(case.kind, ""))])


@dataclass(slots=True)
class Fake:
    """A fake, whose worlds get the settings of a case, and sessions to poll, before each burst.

    Attributes:
        secrets: each is a world that is asked.
        faults: that are active in the worlds.
        begins_anew: the worlds are reset before each burst.
        polled: READY sessions that are there already; none: a session for each connection is made.
    """

    key: str
    name: str
    server: Server
    secrets: Sequence[str] = ("benchmark",)
    faults: Sequence[Json] = ()
    begins_anew: bool = False
    polled: Sequence[str] = ()
    kinds: frozenset[Kind] = frozenset(Kind)

    def prepare(self, case: Case) -> Sequence[Conversation]:
        subjects: list[Subject] = []
        with _Caller.of(self.server) as caller:
            for secret in self.secrets:
                if self.begins_anew:
                    caller.call("POST", "/__admin/reset", secret, {})
                caller.follow(secret, case.kind, self.faults)
                subjects += self._subjects(caller, secret, case.kind)
        return conversations(case, subjects)

    def _subjects(self, caller: "_Caller", secret: str, kind: Kind) -> Iterator[Subject]:
        # the first one also applies what has become due since the last burst, at no burst's expense
        first = caller.create(secret)
        if kind in (Kind.CREATE, Kind.CONNECT):
            yield Subject(secret)
        elif kind is Kind.GET_READY and self.polled:
            yield from (Subject(secret, each) for each in self.polled)
        else:
            yield Subject(secret, first)
            for _ in range(CONNECTIONS // len(self.secrets) - 1):
                yield Subject(secret, caller.create(secret))


@contextmanager
def plain_fake(*, folder: str | None = None) -> Iterator[Fake]:
    """Serve the fake as it starts.

    Args:
        folder: of another checkout than the installed one.

    Raises:
        RuntimeError: `folder` holds no fake.
    """
    if folder is None:
        with _fake("ours") as server:
            yield Fake("ours", "ours", server, begins_anew=True)
        return
    # the folder of the caller comes first otherwise, and may hold the version to compare with
    environment = {"PYTHONPATH": str(Path(folder).resolve()), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", "import fake_runway; print(fake_runway.__path__[0])"]
    found = subprocess.run(
        command, env=os.environ | environment, check=True, capture_output=True, text=True
    ).stdout.strip()
    if Path(found).parent != Path(folder).resolve():
        raise RuntimeError(f"expected a fake_runway in {folder}, found {found}")
    program = [sys.executable, "-m", "fake_runway", "serve", "--port=0"]
    progress(f"starting what is in {folder}")
    with serving("ours, before", program, environment=environment) as server:
        yield Fake("before", "ours, before", server, begins_anew=True)


def with_faults(plain: Fake) -> Fake:
    """Return another world of the plain fake, with a fault for each of the calls."""
    return _under("faults", plain.server, secrets=("faulty",), faults=_FAULTS, begins_anew=True)


@contextmanager
def with_full_journal() -> Iterator[Fake]:
    """Serve a fake with a large journal that is full."""
    with _fake("ours, journal", f"--journal={JOURNAL}", "--journal-mib=1024") as server:
        polling = Case(Kind.GET_READY, Headers.SDK)
        with _Caller.of(server) as caller:
            caller.follow("benchmark", Kind.GET_READY)
            request = poll(polling, Subject("benchmark", caller.create("benchmark")))
        progress(f"filling a journal of {JOURNAL:,} calls")
        _send_all(server, iter([request] * JOURNAL))
        yield _under("journal", server)


@contextmanager
def with_many_worlds() -> Iterator[Sequence[Fake]]:
    """Serve a fake with very many worlds.

    Yields it twice: where each connection keeps to a world of its own, and where it asks another at
    each request.
    """
    secrets = [f"world {number}" for number in range(WORLDS)]
    with _fake("ours, worlds") as server:
        progress(f"making {WORLDS:,} worlds")
        with _Caller.of(server) as caller:
            for secret in secrets:
                caller.follow(secret, Kind.CREATE)
        yield (
            _under("worlds", server, secrets=secrets[:CONNECTIONS]),
            _under("mixed", server, secrets=secrets),
        )


@contextmanager
def with_many_sessions(sessions: int) -> Iterator[Fake]:
    """Serve a fake with very many sessions in one world; polls go through a part of them."""
    with _fake("ours, sessions") as server:
        with _Caller.of(server) as caller:
            caller.follow("benchmark", Kind.GET_READY)
        progress(f"creating {sessions:,} sessions")
        making = create(Case(Kind.CREATE, Headers.TWO), Subject("benchmark"))
        answers: list[bytes] = []
        _send_all(server, iter([making] * sessions), answers)
        step = max(1, sessions // _POLLED)
        ids = [json.loads(each.partition(b"\r\n\r\n")[2])["id"] for each in answers[::step]]
        yield _under("sessions", server, polled=ids)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the fake answers, for servers without state to answer the same."""

    sessions: Mapping[Kind, Json]
    created: Json
    credentials: Json

    @property
    def ids(self) -> Mapping[Kind, str]:
        """The id of the session to poll, by the kind of poll."""
        return {kind: session["id"] for kind, session in self.sessions.items()}

    def as_json(self) -> str:
        """Return the answers as `bare_handler.py` and `express_handler.mjs` take them."""
        sessions = {session["id"]: session for session in self.sessions.values()}
        return json.dumps(
            {"sessions": sessions, "created": self.created, "credentials": self.credentials}
        )


def answers_of(fake: Fake) -> Answers:
    """Ask the fake for one answer of each kind."""
    secret = fake.secrets[0]
    sessions = {}
    with _Caller.of(fake.server) as caller:
        for kind in (Kind.GET_READY, Kind.GET_NOT_READY):
            caller.follow(secret, kind)
            sessions[kind] = caller.call("GET", f"{SESSIONS}/{caller.create(secret)}", secret)
        ready = sessions[Kind.GET_READY]
        path = f"{SESSIONS}/{ready['id']}/consume"
        credentials = caller.call("POST", path, ready["sessionKey"], {})
    return Answers(sessions, {"id": ready["id"]}, credentials)


@contextmanager
def bare_handler(answers: Answers) -> Iterator[Stateless]:
    """Serve the bare handler, which answers the same as the fake."""
    progress("starting the bare handler")
    command = [sys.executable, str(HERE / "bare_handler.py"), answers.as_json()]
    with serving("bare handler", command) as server:
        yield Stateless("bare", "bare aiohttp handler", server, answers.ids)


def _under(condition: str, server: Server, **options: Any) -> Fake:
    return Fake(condition, f"ours, {CONDITIONS[condition]}", server, **options)


@contextmanager
def _fake(name: str, *options: str) -> Iterator[Server]:
    progress(f"starting {name}")
    with serving(name, [installed("fake-runway"), "serve", "--port=0", *options]) as server:
        yield server


def _send_all(
    server: Server, requests: Iterator[bytes], answers: list[bytes] | None = None
) -> None:
    """Send requests, a few at a time, and keep the answers if they are wanted."""

    def conversation() -> Conversation:
        for each in requests:
            answer = yield each
            if answers is not None:
                answers.append(answer)

    sent = load.send(server.url, [conversation() for _ in range(CONNECTIONS)])
    if sent.failed:
        raise RuntimeError(f"expected 2xx only, got {sent.failures[0]}")


@dataclass(slots=True)
class _Caller:
    """One connection to a fake for what is not measured."""

    connection: HTTPConnection
    _headers: Mapping[str, str] = field(
        default_factory=lambda: {
            "X-Runway-Version": "2024-11-06",
            "Content-Type": "application/json",
        }
    )

    @classmethod
    @contextmanager
    def of(cls, server: Server) -> Iterator["_Caller"]:
        """Connect, from the core of the load, until the block ends."""
        with pinned(LOAD_CORE), closing(HTTPConnection(*address(server.url))) as connection:
            yield cls(connection)

    def call(self, method: str, path: str, secret: str, body: object = None) -> Any:
        """Return the answer's JSON.

        Raises:
            RuntimeError: the answer is no 2xx.
        """
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        self.connection.request(
            method, path, data, {"Authorization": f"Bearer {secret}", **self._headers}
        )
        response = self.connection.getresponse()
        answer = response.read()
        if response.status // 100 != 2:
            raise RuntimeError(f"{method} {path} was answered {response.status}: {answer!r}")
        return json.loads(answer or b"null")

    def follow(self, secret: str, kind: Kind, faults: Sequence[Json] = ()) -> None:
        """Let the world follow the scenario of a kind of calls."""
        session = {"expires_in": "24h", **_SETTINGS[kind]}
        if faults:
            session["faults"] = faults
        form = {"name": f"benchmark-{kind.value}", "account": _UNLIMITED, "session": session}
        self.call("PUT", "/__admin/scenario", secret, {"scenario": form})

    def create(self, secret: str) -> str:
        """Create a session and return its id."""
        id_: str = self.call("POST", SESSIONS, secret, CREATE_BODY)["id"]
        return id_
