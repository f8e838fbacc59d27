"""Records of runs, and running them again somewhere else.

A record holds what a world's history followed from: how the server was told to behave, the
scenario, the seed, the world's name and its first instant, and every call and act with the instant
and the order in which it was applied. A replay makes such a world with a frozen clock, moves it
from instant to instant, and applies the same calls by the same code. Nothing waits, so the order
cannot come out differently. Secrets are not part of a record: a consume says whether its key was
the right one, and a replay uses the right key or a wrong one.

The replayed journal has to be the same, byte for byte. Where it is not, the first difference is
named. A token is a record without the journal itself, which is put in by a digest for each
exchange; a file can hold all of it. A seal covers what an exchange does not show: what the record
tells a replay to do, and the moves of the sessions. Without it, a record that was changed by hand
could come out "identical".
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from fake_runway import __version__
from fake_runway.clock import LARGEST_RATE, VirtualClock
from fake_runway.core.errors import Refused
from fake_runway.core.journal import DEFAULT_CAPACITY, Act, Exchange, Move
from fake_runway.core.render import act_body, entry_body, exchange_body
from fake_runway.core.scenario import (
    Scenario,
    data_of,
    describe_account,
    describe_session,
)
from fake_runway.core.settings import Settings
from fake_runway.core.words import printable
from fake_runway.core.world import is_name
from fake_runway.scenario_files import Catalogue
from fake_runway.web.admin_api import ADMIN_OPERATIONS, carry_out
from fake_runway.web.admin_calls import AdminCall
from fake_runway.web.calls import Arrival
from fake_runway.web.errors import RequestRefused
from fake_runway.web.runway_api import OPERATIONS
from fake_runway.web.service import apply_call
from fake_runway.web.tokens import LiveKit
from fake_runway.web.worlds import World, Worlds

Json = dict[str, Any]

FORMAT = 1
PREFIX = "fr1."
_LARGEST_RECORD = 64 * 1024 * 1024
LONGEST_CALL_S = 1800  # of the contract
_WRONG_KEY = "stk_another_key"
_LAST_INSTANT = 2e11  # in the year 8307: ten more can still be written


class NotReplayable(Exception):
    """A text that is no record, or a world whose journal is no longer complete."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where a replay came out differently.

    Attributes:
        number: of the exchange.
        where: the path in its journal entry, `$` if only its digest is known.
    """

    number: int
    call: str
    where: str
    expected: str
    got: str

    def __str__(self) -> str:
        return (
            f"exchange {self.number} ({self.call}) diverges at {self.where}: recorded"
            f" {self.expected}, replayed {self.got}"
        )


@dataclass(frozen=True, slots=True)
class Replayed:
    """A world run again, and where it first came out differently; None: it did not."""

    world: World
    divergence: Divergence | None


def record(world: World) -> Json:
    """Return the record of everything that happened in `world`.

    Shape: `Record` in contracts/schemas/admin.json.

    Raises:
        NotReplayable: its journal has lost entries.
    """
    if not world.log.complete:
        if world.log.deleted:
            raise NotReplayable(
                "the journal of this world was deleted, and a replay needs all of it:"
                " it can be recorded again after POST /__admin/reset"
            )
        gone = world.log.dropped + world.log.lost_moves
        raise NotReplayable(f"{gone} entries of the journal are gone; keep more with --journal")
    now = world.clock.now()
    world.account.advance(now)
    given: Json = {
        "format": FORMAT,
        "fake_runway": __version__,
        "world": world.name,
        "origin": world.origin,
        "seed": world.draws.seed,
        "media_url": _media_url(world),
        "epoch": world.epoch,
        "rate": world.first_rate,
        "now": now,
        "account": describe_account(world.base),
        "session": describe_session(world.base.plan),
        "scenario": world.first_scenario.name,
        "scenarios": dict(_scenarios_of(world)),
        "steps": [_step(entry) for entry in world.log.entries() if not isinstance(entry, Move)],
        "journal": [exchange_body(exchange) for exchange in world.log.exchanges],
    }
    return {**given, "seal": _seal(given, world)}


def _scenarios_of(world: World) -> Iterator[tuple[str, Json]]:
    """Yield what is not built in, and under the empty name a first one that has no other place.

    Only scenarios of the catalogue have ready-made avatars, so a replay must not add to them.
    """
    for name in world.catalogue.own:
        if (scenario := world.catalogue.get(name)) is not None:
            yield name, data_of(scenario)
    if world.catalogue.get(world.first_scenario.name) != world.first_scenario:
        yield "", data_of(world.first_scenario)


def _seal(given: Json, world: World) -> str:
    """Return digests of what a record tells a replay to do, and of all that came of it."""
    told = {key: value for key, value in given.items() if key not in _NOT_TOLD}
    return f"{_digest(told)}.{blake2b(journal_bytes(world), digest_size=6).hexdigest()}"


_NOT_TOLD = frozenset({"fake_runway", "journal", "digests", "seal"})


def _step(entry: Exchange | Act) -> Json:
    if isinstance(entry, Act):
        return act_body(entry)
    step = exchange_body(entry)
    for name in ("response", "acted", "faults", "nearest"):
        del step[name]
    door = entry.door
    if door is not None:
        step["door"] = {**door._asdict(), "headers": dict(door.headers)}
    return step


def token_of(given: Json) -> str:
    """Return a record as one short text, fit for a command line."""
    lean = {key: value for key, value in given.items() if key != "journal"}
    if "journal" in given:
        lean["digests"] = [_digest(each) for each in given["journal"]]
    packed = zlib.compress(orjson.dumps(lean), level=9)
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(text: str | bytes) -> Json:
    """Return the record that a token or the text of a file holds.

    Shape: `Record` in contracts/schemas/admin.json; a token's has `digests` instead of `journal`.

    Raises:
        NotReplayable: it holds none, or one of another format.
    """
    # what a command line cannot decode comes as surrogates
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    raw = raw.strip()
    if raw.startswith(PREFIX.encode()):
        raw = _unpacked(raw[len(PREFIX) :])
    try:
        given = orjson.loads(raw)
        if isinstance(given, dict) and isinstance(given.get("record"), dict):
            given = given["record"]  # the whole answer of the admin API
    except orjson.JSONDecodeError as error:
        raise NotReplayable(
            f"expected a replay token ({PREFIX}...) or a record as JSON, got another text"
        ) from error
    if isinstance(given, dict) and "format" not in given and isinstance(given.get("error"), str):
        raise NotReplayable(f"expected a record, got an error: {printable(given['error'])}")
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        came = given.get("format") if isinstance(given, dict) else type(given).__name__
        raise NotReplayable(f"expected a record of format {FORMAT}, got {came!r}")
    missing = sorted(_KEYS - given.keys())
    if not given.keys() & {"journal", "digests"}:
        missing.append("journal")
    if missing:
        raise NotReplayable(f"the record lacks {', '.join(missing)}")
    for name, most in (("rate", LARGEST_RATE), ("epoch", _LAST_INSTANT), ("now", _LAST_INSTANT)):
        value = given[name]
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise NotReplayable(f"the record is damaged: {name} is no number from 0 to {most:g}")
    for name in ("world", "origin"):
        if not isinstance(given[name], str) or not is_name(given[name]):
            raise NotReplayable(f"the record is damaged: {name} is no name of a world")
    return given


_KEYS = frozenset(
    {"world", "origin", "seed", "epoch", "rate", "account", "session", "scenario", "scenarios"}
    | {"steps", "now", "seal", "media_url"}
)


def _unpacked(raw: bytes) -> bytes:
    try:
        packed = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
        reader = zlib.decompressobj()
        unpacked = reader.decompress(packed, _LARGEST_RECORD)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise NotReplayable("the replay token is damaged: it cannot be unpacked") from error
    if reader.unconsumed_tail or not reader.eof:
        raise NotReplayable("the replay token is damaged: it is cut off, or too large")
    return unpacked


def _digest(entry: Json) -> str:
    raw = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    return blake2b(raw, digest_size=6).hexdigest()


def _media_url(world: World) -> str:
    """Return where the tokens of this run led, empty if none was handed out."""
    for exchange in world.log.exchanges:
        reply = exchange.reply
        if not exchange.faults and isinstance(reply, dict) and "roomName" in reply:
            return str(reply["url"])
    return ""


def replay(given: Json, *, livekit: LiveKit, catalogue: Catalogue | None = None) -> Replayed:
    """Run a record again and compare.

    Raises:
        NotReplayable: the record cannot be what a run left behind.
    """
    try:
        world, worlds = _world(given, catalogue or Catalogue.builtin())
        livekit = replace(livekit, url=given["media_url"] or livekit.url)
        for step in given["steps"]:
            _apply(step, world, worlds, livekit)
        world.clock.jump_to(given["now"])
        world.account.advance(given["now"])
        divergence = _divergence(given, world)
    except NotReplayable:
        raise
    except Exception as error:  # whatever is wrong with it: the text is somebody's
        raise NotReplayable(f"the record is damaged: {type(error).__name__} {error}") from error
    return Replayed(world, divergence)


def _world(given: Json, catalogue: Catalogue) -> tuple[World, Worlds]:
    known = given["scenarios"]
    grown = catalogue.with_data(data for name, data in known.items() if name)
    told = Scenario(name="", account=given["account"], session=given["session"])
    base = told.settings_over(Settings())
    scenario = grown.parse(known[""]) if "" in known else grown.get(given["scenario"])
    if scenario is None:
        raise NotReplayable(f"the record lacks the scenario {given['scenario']}")
    capacity = max(len(given["steps"]) + 1, DEFAULT_CAPACITY)

    def source() -> float:
        return 0.0

    worlds = Worlds(seed=given["seed"], settings=base, source=source, rate=0.0, catalogue=grown)
    world = World(
        given["world"],
        origin=given["origin"],
        seed=given["seed"],
        base=base,
        scenario=scenario,
        catalogue=grown,
        clock=VirtualClock(source, rate=0.0, start=given["epoch"]),
        journal=capacity,
    )
    world.first_rate, world.given_seed = given["rate"], given["seed"]
    return worlds.adopt(world), worlds


def _apply(step: Json, world: World, worlds: Worlds, livekit: LiveKit) -> None:
    world.clock.jump_to(step["at"])
    if "act" in step:
        _repeat(step, world, worlds, livekit)
    else:
        apply_call(world, _arrival(step, world), livekit)


def _repeat(step: Json, world: World, worlds: Worlds, livekit: LiveKit) -> None:
    operation = next(each for each in ADMIN_OPERATIONS if each.id == step["act"])
    body, name = dict(step["given"]), step["session"] or ""
    if operation.id == "putScenario":
        body = {"scenario": body["scenario"]}  # its name and what it binds are for readers
    elif operation.id == "removeFault":
        name = body["name"]
    elif operation.id in ("bindAvatar", "unbindAvatar"):
        name, body = body["avatar"], body.get("session", {})
    elif operation.id in ("moveClock", "setClockRate"):
        # time is what the steps say; the act is kept for what it tells about the run
        world.account.advance(step["at"])
        world.log.add_act(Act(world.log.number(), step["at"], operation.id, "", step["given"]))
        return
    call = AdminCall(worlds, world, livekit, step["at"], name, body, {})
    carry_out(operation, call)


def _arrival(step: Json, world: World) -> Arrival:
    request, door = step["request"], step.get("door")
    longest = (request["body"] or {}).get("maxDuration", 0)
    if longest > LONGEST_CALL_S:  # it would be paid for block by block, for ever
        raise NotReplayable(f"the record is damaged: a maxDuration of {longest}")
    operation = next((each for each in OPERATIONS if each.id == step["operation"]), None)
    session_id = step["session"] or ""
    if operation is not None and operation.id == "createSession":
        session_id = ""
    return Arrival(
        operation,
        step["method"],
        step["path"],
        session_id,
        _key(request["key_fits"], session_id, world),
        request["body"] or {},
        request["query"],
        None if door is None else _recorded(door),
        request["agent"] or "",
        request["retry"],
        request["versioned"],
        request["secret_in_url"],
        step["avatar"] or "",
    )


def _key(fits: bool | None, session_id: str, world: World) -> str:
    if not fits:
        return _WRONG_KEY
    world.account.advance(world.clock.now())
    return world.account.session_key(world.account.sessions[session_id])


def _recorded(door: Json) -> Refused:
    refusal = RequestRefused(door["message"], headers=door["headers"])
    # class variables elsewhere; this refusal stands for one of whichever class it was
    refusal.code = door["code"]  # type: ignore[misc]  # on purpose, see above
    refusal.status = door["status"]  # type: ignore[misc]  # as well
    return refusal


def _divergence(given: Json, world: World) -> Divergence | None:
    """Return the first exchange that is another; then the first step; then whatever else is.

    Raises:
        NotReplayable: all is the same, and the record still is not what it was sealed as.
    """
    entries = world.log.entries()
    found = _other_exchange(given, [exchange_body(each) for each in world.log.exchanges])
    steps = [_step(entry) for entry in entries if not isinstance(entry, Move)]
    if found is None:
        found = _other_step(given["steps"], steps)
    if found is not None:
        return found
    told, _, expected = given["seal"].partition(".")
    still_told, _, got = _seal(given, world).partition(".")
    if expected != got:
        last = len(entries) - 1
        return Divergence(last, "moves of the sessions", "$", expected, got)
    if told != still_told:
        raise NotReplayable("the record was changed after it was made: its seal does not fit")
    return None


def _other_exchange(given: Json, got: list[Json]) -> Divergence | None:
    expected = given.get("journal")
    digests = given["digests"] if expected is None else [_digest(each) for each in expected]
    for index, digest in enumerate(digests):
        if index >= len(got):
            return Divergence(index, "missing", "$", "an exchange", "none")
        entry = got[index]
        if _digest(entry) == digest:
            continue
        call = f"{entry['method']} {entry['path']}"
        if expected is None:
            return Divergence(
                entry["number"], call, "$", digest, _shortened(_text(entry["response"]))
            )
        where, was, now = next(_differences("$", expected[index], entry))
        return Divergence(entry["number"], call, where, was, now)
    if len(got) > len(digests):
        entry = got[len(digests)]
        return Divergence(entry["number"], "more", "$", "none", _text(entry["path"]))
    return None


def _other_step(expected: list[Json], got: list[Json]) -> Divergence | None:
    for was, now in zip(expected, got, strict=True):
        if _digest(was) != _digest(now):
            call = now.get("act") or f"{now['method']} {now['path']}"
            where, one, other = next(_differences("$", was, now))
            return Divergence(now["number"], call, where, one, other)
    return None


def _differences(where: str, was: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the places where two values become other bytes: 1 is neither 1.0 nor true."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted({*was, *now}):
            if key in was and key in now:
                yield from _differences(f"{where}.{key}", was[key], now[key])
            else:
                one, other = (_shown(each, key) for each in (was, now))
                yield f"{where}.{key}", one, other
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differences(f"{where}[{index}]", one, other)
    elif _text(was) != _text(now):
        yield where, _shortened(_text(was)), _shortened(_text(now))


def _shown(given: Mapping[str, Any], key: str) -> str:
    return _shortened(_text(given[key])) if key in given else "nothing"


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def journal_bytes(world: World) -> bytes:
    """Return all entries of a world as lines of JSON: what has to be the same after a replay."""
    return b"\n".join(orjson.dumps(entry_body(entry)) for entry in world.log.entries())
