"""The requests of `http_calls.py`: four kinds of calls, each with two sets of headers."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import cycle, product

from benchmarks.load import CONNECTIONS, SDK_HEADERS, Conversation

SESSIONS = "/v1/realtime_sessions"
CREATE_BODY = json.dumps(
    {
        "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
        "model": "gwm1_avatars",
    },
    separators=(",", ":"),
).encode()

_CREATED_ID = re.compile(rb'"id": ?"([^"]+)"')
_SESSION_KEY = re.compile(rb'"sessionKey": ?"([^"]+)"')
_ANY_KEY = b"stk_of_a_server_that_gives_none"


class Kind(Enum):
    """What is called, by the name that `--only` and the tables use."""

    GET_READY = "get-ready"
    GET_NOT_READY = "get-not-ready"
    CREATE = "create"
    CONNECT = "connect"


class Headers(Enum):
    """The headers beside Host, by the name that `--only` and the tables use."""

    TWO = "two"
    SDK = "sdk"

    def lines(self, secret: str) -> Mapping[str, str]:
        """Return the headers of a request with this API secret."""
        if self is Headers.TWO:
            return {"Authorization": f"Bearer {secret}", "X-Runway-Version": "2024-11-06"}
        return {**SDK_HEADERS, "Authorization": f"Bearer {secret}"}


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of call with a set of headers."""

    kind: Kind
    headers: Headers

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.headers.value}"


CASES = tuple(Case(*each) for each in product(Kind, Headers))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a connection asks for: as whom, and of which session (of polls)."""

    secret: str
    session: str = ""


def conversations(
    case: Case, subjects: Sequence[Subject], *, connections: int = CONNECTIONS
) -> Sequence[Conversation]:
    """Return a conversation for each connection.

    With more subjects than connections, each connection goes through its share of them, another
    one at each request; with fewer, some connections ask for the same.
    """
    shares = [subjects[number::connections] for number in range(connections)]
    dealt = [share or [subjects[number % len(subjects)]] for number, share in enumerate(shares)]
    if case.kind is Kind.CONNECT:
        return [_connects(case, share) for share in dealt]
    make = create if case.kind is Kind.CREATE else poll
    return [repeated([make(case, each) for each in share]) for share in dealt]


def request(
    line: str, headers: Mapping[str, str], body: bytes | None = None, *, host: str = "127.0.0.1"
) -> bytes:
    """Return the bytes of a request. `line` is its method and its path."""
    lines = [f"{line} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def poll(case: Case, subject: Subject) -> bytes:
    """Return the request that polls the subject's session."""
    return request(f"GET {SESSIONS}/{subject.session}", case.headers.lines(subject.secret))


def create(case: Case, subject: Subject) -> bytes:
    """Return the request that creates a session."""
    return request(f"POST {SESSIONS}", case.headers.lines(subject.secret), CREATE_BODY)


def repeated(requests: Sequence[bytes]) -> Conversation:
    """Send the same requests over and over."""
    for each in cycle(requests):  # noqa: UP028  # `yield from` would send the answers to `cycle`
        yield each


_ID_MARK, _KEY_MARK = "00000000-0000-4000-8000-000000000000", "THE-KEY"


def _connects(case: Case, subjects: Sequence[Subject]) -> Conversation:
    """Create, poll twice, consume; and again.

    A server without state gives no key and perhaps no readable id: it gets others. The requests are
    cut once where an id or a key goes, so that making them costs the load little.
    """
    known = [_connect_parts(case, subject) for subject in subjects]
    for create_, poll_, consume in cycle(known):
        answer = yield create_
        found = _CREATED_ID.search(answer)
        id_ = found[1] if found else _ID_MARK.encode()
        asking = poll_[0] + id_ + poll_[1]
        yield asking
        answer = yield asking
        key = _SESSION_KEY.search(answer)
        yield consume[0] + id_ + consume[1] + (key[1] if key else _ANY_KEY) + consume[2]


def _connect_parts(case: Case, subject: Subject) -> tuple[bytes, Sequence[bytes], Sequence[bytes]]:
    id_, key = _ID_MARK.encode(), _KEY_MARK.encode()
    of_mark = Subject(subject.secret, _ID_MARK)
    line = f"POST {SESSIONS}/{_ID_MARK}/consume"
    consume = request(line, case.headers.lines(_KEY_MARK), b"{}")
    before, _, rest = consume.partition(id_)
    return (
        create(case, subject),
        poll(case, of_mark).split(id_),
        (before, *rest.split(key)),
    )
