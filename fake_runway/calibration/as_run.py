"""A recording as a run of this fake, which a replay token can hold.

A token holds the inputs of a world, and a world makes its answers itself. So the recorded calls are
made again: in a world that follows what the recording teaches, on a frozen clock that is moved to
the instant of each call. Ids of what calls created are those of the world from then on. What comes
of it is a run like any other, with a timeline and findings, and can be a token. It is not the
recording: where the world answers otherwise, that is counted, and the first such call is named.

Nothing secret gets into it, because a recording holds no secret: the world has a secret of its own,
and a consume uses the world's own key, or a wrong one where it was refused.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from yarl import URL

from fake_runway.calibration.endpoint import VERSION
from fake_runway.calibration.har import LARGEST_HAR
from fake_runway.calibration.history import CONSUME, History, Seen
from fake_runway.calibration.result import document, failures
from fake_runway.calibration.rules import learned_from
from fake_runway.core.scenario.settings import Settings
from fake_runway.core.text import printable
from fake_runway.replay.record import record, token_of
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import Applied, RequestHead
from fake_runway.runway_api.handler import RunwayHandler
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.web.paths import path_of
from fake_runway.worlds.registry import Retention, Worlds
from fake_runway.worlds.world import World

RECORDED = "recorded"
"""The name of the world, and of its scenario."""

_SECRET, _WRONG_KEY = "recorded", "stk_another_key"
_UNAUTHORIZED = 401
_DEEPEST = 64


class Run(NamedTuple):
    """What came of a recording.

    Attributes:
        calls: how many were made again.
        left_out: how many were not, because the API has no such operation.
        otherwise: how many were answered with another status than was recorded, of HTTP or of what
            they are about.
        first: the first of these, in a line; empty if there is none.
    """

    world: World
    calls: int
    left_out: int
    otherwise: int
    first: str

    def token(self) -> str:
        """Return the replay token of the run.

        Raises:
            NotReplayable: it has more calls than a record holds.
        """
        return token_of(record(self.world))

    def summary(self) -> str:
        """Return how close the run is to the recording, in a line."""
        alike = self.calls - self.otherwise
        line = f"{alike} of {self.calls} calls are answered as recorded"
        line += f", the first that is not: {self.first}" if self.first else ""
        return line + (f"; no operation of the API: {self.left_out}" if self.left_out else "")


def run_of(history: History, *, source: str) -> Run:
    """Make recorded calls again, each at its instant.

    Args:
        source: what was recorded, for people.
    """
    return _Rerun(history, source).run()


class _Rerun:
    """A world in which recorded calls are made again, and what its ids are called there."""

    def __init__(self, history: History, source: str) -> None:
        self._calls = sorted(history.calls, key=lambda each: each.at - each.took_s)
        start = self._calls[0].at - self._calls[0].took_s
        data = document(
            learned_from(history), name=RECORDED, source=source, faults=failures(history)
        )
        account = data.setdefault("account", {})
        account.setdefault("bad_inputs", "accept")  # files are cut in a recording
        account.pop("latency", None)  # the clock stands still while a call is made
        catalogue = Catalogue.builtin().with_data([data])
        scenario = catalogue.get(RECORDED)
        assert scenario is not None
        worlds = Worlds(
            seed=RECORDED,
            settings=Settings(),
            source=lambda: start,
            rate=0.0,
            scenario=scenario,
            catalogue=catalogue,
            retention=Retention(journal=len(self._calls) + 1, journal_bytes=LARGEST_HAR),
        )
        self._world = worlds.named(RECORDED)
        self._handler = RunwayHandler(worlds, LiveKit())
        self._names: dict[str, str] = {}

    def run(self) -> Run:
        left_out = otherwise = 0
        first = ""
        for seen in self._calls:
            if (answer := self._made(seen)) is None:
                left_out += 1
                continue
            status, body = answer
            self._learn_names(seen, body)
            if problem := _difference(seen, status, body):
                otherwise += 1
                first = first or f"{printable(seen.words())}, {problem}"
        return Run(self._world, len(self._calls) - left_out, left_out, otherwise, first)

    def _made(self, seen: Seen) -> tuple[int, Mapping[str, Any]] | None:
        """Make a call at its instant; return the status and the body, None: there is none such."""
        world = self._world
        world.clock.jump_to(max(world.clock.now(), seen.at - seen.took_s))
        world.account.advance(world.clock.now())
        path = "/".join(self._names.get(part, part) for part in seen.path.split("/"))
        target = f"{path}?{seen.query}" if seen.query else path
        raw = json.dumps(self._renamed(seen.asked, _DEEPEST)).encode() if seen.asked else b""
        try:
            url = URL(target, encoded=True)
        except ValueError:
            return None
        head = RequestHead(seen.method, target, url, self._headers(seen), None)
        read = self._handler.read_at_once(head, path_of(target))
        answer = None if read is None else self._handler.answer_at_once(read, lambda: raw)
        if not isinstance(answer, Applied):
            return None
        exchange = world.log.exchanges[-1]
        reply = exchange.reply
        return answer.delivery.status, reply if isinstance(reply, Mapping) else {}

    def _headers(self, seen: Seen) -> dict[str, str]:
        key = _SECRET
        if seen.path.endswith(f"/{CONSUME}"):
            session = self._world.account.sessions.get(self._names.get(seen.name, ""))
            fits = session is not None and seen.status != _UNAUTHORIZED
            key = self._world.account.session_key(session) if fits and session else _WRONG_KEY
        return {
            "Authorization": f"Bearer {key}",
            "X-Fake-World": RECORDED,
            **({"X-Runway-Version": VERSION} if seen.versioned else {}),
            **({"Content-Type": seen.content_type} if seen.content_type is not None else {}),
            **({"User-Agent": seen.agent} if seen.agent else {}),
            **({"X-Stainless-Retry-Count": seen.retry} if seen.retry else {}),
        }

    def _learn_names(self, seen: Seen, body: Mapping[str, Any]) -> None:
        """Note what the world calls what a recorded call created."""
        if seen.method != "POST" or not seen.ok:
            return
        for key in ("id", "runwayUri"):
            theirs, ours = seen.body.get(key), body.get(key)
            if isinstance(theirs, str) and isinstance(ours, str):
                self._names[theirs] = ours

    def _renamed(self, value: Any, depth: int) -> Any:
        match value:
            case str():
                return self._names.get(value, value)
            case Mapping() if depth:
                return {key: self._renamed(each, depth - 1) for key, each in value.items()}
            case list() if depth:
                return [self._renamed(each, depth - 1) for each in value]
            case _:
                return value


def _difference(seen: Seen, status: int, body: Mapping[str, Any]) -> str:
    """Return how an answer differs from what was recorded, empty if it does not."""
    if status != seen.status:
        return f"here {status}"
    theirs, ours = seen.body.get("status"), body.get("status")
    if seen.ok and isinstance(theirs, str) and theirs != ours:
        return f"{printable(theirs[:40])} there, {ours} here"
    return ""
