"""Calls that an endpoint answered, in order: what the rules read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

SESSIONS, TASKS, ORGANIZATION = "/v1/realtime_sessions", "/v1/tasks", "/v1/organization"
AVATARS, VOICES, DOCUMENTS = "/v1/avatars", "/v1/voices", "/v1/documents"
ROUTERS, WORKFLOWS, RUNS = "/v1/routers", "/v1/workflows", "/v1/workflow_invocations"
UPLOADS, AUDIT_LOG = "/v1/uploads", "/v1/organization/webapp/audit_logs"
STORED, DOWNLOADED = "/storage/upload", "/storage/output"
"""Paths that stand for a file that is sent to its slot, and for one that is fetched: their real
addresses are the endpoint's affair."""

CONSUME = "consume"

_ID = re.compile(r"/[0-9a-fA-F-]{36}")
_FROM_VERSION = re.compile(r"/v1/[^?#]{1,300}")


def path_of(target: str) -> str:
    """Return the part of a URL or path that begins with the API's version; empty: there is none."""
    found = _FROM_VERSION.search(target)
    return found[0].rstrip("/") if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One call and its answer.

    Attributes:
        at: when the answer came, in seconds, on one clock for all calls.
        number: its place among all calls, which a `History` gives it.
        took_s: from the request to the answer.
        path: from `/v1` on, without the query.
        query: what follows it.
        content_type: that the request declared; None: it declared none.
        versioned: it had a version header.
        asked: the JSON object that was sent; empty if there was none.
        status: of the answer.
        headers: of the answer, with names in lower case.
        body: the JSON object of the answer; empty if it was none.
        agent, retry: what the client says of itself, and how often it has tried before.
    """

    at: float
    number: int = -1
    took_s: float
    method: str
    path: str
    query: str = ""
    content_type: str | None = None
    versioned: bool = True
    asked: Mapping[str, Any] = field(default_factory=dict)
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    agent: str = ""
    retry: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was answered with success."""
        return 200 <= self.status < 300

    @property
    def error(self) -> str:
        """The text of the error, empty if there is none."""
        text = self.body.get("error")
        return text if isinstance(text, str) else ""

    @property
    def id(self) -> str:
        """The id in the answer, empty if there is none."""
        found = self.body.get("id")
        return found if isinstance(found, str) else ""

    @property
    def data(self) -> list[Mapping[str, Any]]:
        """The objects of the page that was answered."""
        page = self.body.get("data")
        return [each for each in page if isinstance(each, dict)] if isinstance(page, list) else []

    @property
    def name(self) -> str:
        """The id in the path: of a session or a task."""
        parts = self.path.split("/")
        return parts[3] if len(parts) > 3 else ""

    def words(self) -> str:
        """The call in a line, without an id."""
        kind = _ID.sub("/{id}", self.path[:200])
        return f"{self.method} {kind} -> {self.status}"


def is_refused_secret(call: Seen) -> bool:
    """Return whether the API secret was refused; keys and addresses of files have a 401, too."""
    return call.status == 401 and call.path.startswith("/v1/") and CONSUME not in call.path


class Subject:
    """What happened to one session or task: its create, its polls, its deletes."""

    def __init__(self, create: Seen, later: tuple[Seen, ...]) -> None:
        self.create = create
        self.later = later

    @property
    def id(self) -> str:
        """The id that the create answered."""
        return str(self.create.body["id"])

    @property
    def polls(self) -> Iterator[Seen]:
        """Yield its GETs that were answered with a status."""
        return (
            each
            for each in self.later
            if each.method == "GET" and each.ok and isinstance(each.body.get("status"), str)
        )

    @property
    def deletes(self) -> list[Seen]:
        """Its DELETEs."""
        return [each for each in self.later if each.method == "DELETE"]

    @property
    def consumes(self) -> list[Seen]:
        """Its consumes, whatever came of them."""
        return [each for each in self.later if each.path.endswith(CONSUME)]

    def first(self, *statuses: str) -> Seen | None:
        """Return the first poll with one of these statuses."""
        return next((each for each in self.polls if each.body["status"] in statuses), None)

    def last_before(self, moment: Seen) -> Seen:
        """Return the poll before another one, or the create."""
        before = self.create
        for each in self.polls:
            if each is moment:
                return before
            before = each
        return before

    def ended(self) -> Seen | None:
        """Return the first call after which it is over: a poll that says so, or a DELETE."""
        over = ("COMPLETED", "FAILED", "CANCELLED", "SUCCEEDED")
        return next(
            (
                each
                for each in self.later
                if (each.method == "DELETE" and each.ok)
                or (each.method == "GET" and each.body.get("status") in over)
            ),
            None,
        )


class History:
    """Calls in order, and what they were about.

    Args:
        invented: ids that nothing on the endpoint can have.
    """

    def __init__(self, calls: list[Seen], *, invented: frozenset[str] = frozenset()) -> None:
        self.calls = [replace(each, number=number) for number, each in enumerate(calls)]
        self.invented = invented

    def of(self, method: str, path: str) -> list[Seen]:
        """Return the calls of an operation, by its exact path."""
        return [each for each in self.calls if (each.method, each.path) == (method, path)]

    def about(self, path: str, id_: str) -> list[Seen]:
        """Return the calls of one resource, by its path and its id."""
        return [each for each in self.calls if each.path == f"{path}/{id_}"]

    def created(self, path: str) -> list[Seen]:
        """Return the creates at a path that were answered with an id."""
        return [each for each in self.of("POST", path) if each.ok and each.id]

    def sessions(self) -> list[Subject]:
        """Return the sessions whose create is here."""
        return self._subjects(self.of("POST", SESSIONS), SESSIONS)

    def tasks(self) -> list[Subject]:
        """Return the tasks whose create is here."""
        known = {each.name for each in self.calls if each.path.startswith(f"{TASKS}/")}
        creates = [
            each
            for each in self.calls
            if each.method == "POST"
            and each.path != SESSIONS
            and not each.path.startswith(WORKFLOWS)
            and each.body.get("id") in known
        ]
        return self._subjects(creates, TASKS)

    def _subjects(self, creates: list[Seen], path: str) -> list[Subject]:
        about: dict[str, list[Seen]] = {}
        for each in self.calls:
            if each.path.startswith(f"{path}/"):
                about.setdefault(each.name, []).append(each)
        return [
            Subject(each, tuple(about.get(each.body["id"], ())))
            for each in creates
            if each.ok and isinstance(each.body.get("id"), str)
        ]

    def balances(self) -> list[tuple[Seen, int]]:
        """Return what the organization said of its credits."""
        return [
            (each, each.body["creditBalance"])
            for each in self.of("GET", ORGANIZATION)
            if isinstance(each.body.get("creditBalance"), int)
        ]


def instant(text: object) -> float | None:
    """Return an instant of the wire in seconds; None if it is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None
