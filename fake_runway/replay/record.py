"""Records of runs, and running them again somewhere else.

A record holds the inputs of a world's history: the settings of the server, the scenario, the seed,
the world's name and first instant, and every call and act with its instant, in order. A replay
creates such a world with a frozen clock, moves it from instant to instant, and applies the same
calls by the same code. Nothing waits, so the order is the same. A record holds no secrets: a
consume says only whether its key was right, and a replay uses the right key or a wrong one.

The replayed journal has to be the same, byte for byte; else the first difference is reported. A
token is a record with a digest of each exchange instead of the journal; a file can hold both. The
seal is a digest of what an exchange does not show: the inputs, and the transitions of sessions.
Without it, a record that was edited could be reported as identical.
"""

import base64
import binascii
import math
import zlib
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

from contracts.wire.schema import BodyValidator, load
from fake_runway.clock import LARGEST_RATE
from fake_runway.core.history.journal import Act, Exchange, Move
from fake_runway.core.history.views import act_body, entry_body, exchange_body
from fake_runway.core.scenario.forms import describe_account, describe_session, describe_task
from fake_runway.core.scenario.scenario import data_of
from fake_runway.core.text import printable
from fake_runway.core.types import Json
from fake_runway.version import __version__
from fake_runway.web.bodies import DEEPEST_BODY, check_extent
from fake_runway.web.errors import BodyTooDeep
from fake_runway.worlds.naming import is_name
from fake_runway.worlds.world import World

FORMAT = 1
PREFIX = "fr1."
LARGEST_RECORD = 64 * 1024 * 1024
_DEEPEST_RECORD = DEEPEST_BODY + 16  # what is replayed has to be written as JSON too
_LAST_INSTANT = 2e11  # in the year 8307: the ten years that a clock can move stay below 9999
_OUTCOMES = frozenset({"response", "acted", "faults", "nearest"})
_NOT_INPUTS = frozenset({"fake_runway", "journal", "digests", "seal"})
_KEYS = frozenset(
    {"world", "origin", "seed", "epoch", "rate", "account", "session", "scenario", "scenarios"}
    | {"steps", "now", "seal"}
)


class NotReplayable(Exception):
    """A text that is not a record, or a world whose journal is not complete."""


def record(world: World) -> dict[str, Any]:
    """Return the record of everything that happened in `world`.

    Shape: `Record` in contracts/wire/schemas/admin.json.

    Raises:
        NotReplayable: its journal is not complete.
    """
    if not world.log.complete:
        if world.log.deleted:
            raise NotReplayable(
                "expected a complete journal, got one that was deleted: the world can be"
                " recorded again after POST /__admin/reset"
            )
        gone = world.log.dropped + world.log.lost_moves
        mib = -(-world.log.bytes_needed >> 20)
        raise NotReplayable(
            f"expected a complete journal, got one without {gone} entries: a run as long as this"
            " one so far can be recorded by a server that was started with --journal"
            f" {world.log.capacity_needed} --journal-mib {mib} or more"
        )
    now = world.clock.now()
    world.account.advance(now)
    given: Json = {
        "format": FORMAT,
        "fake_runway": __version__,
        "world": world.name,
        "origin": world.origin,
        "seed": world.draws.seed,
        "epoch": world.epoch,
        "rate": world.first_rate,
        "now": now,
        "account": describe_account(world.base),
        "session": describe_session(world.base.plan),
        "task": describe_task(world.base.task),
        "scenario": world.first_scenario.name,
        "scenarios": dict(_scenarios_of(world)),
        "steps": [step_of(entry) for entry in world.log.entries() if not isinstance(entry, Move)],
        "journal": [exchange_body(exchange) for exchange in world.log.exchanges],
    }
    return {**given, "seal": seal_of(given, world)}


def _scenarios_of(world: World) -> Iterator[tuple[str, Json]]:
    """Yield the scenarios that are not built in; the first one, if not in the catalogue, as "".

    Scenarios of the catalogue have ready-made avatars, so a replay must not add one to it.
    """
    for name in world.catalogue.own:
        if (scenario := world.catalogue.get(name)) is not None:
            yield name, data_of(scenario)
    if world.catalogue.get(world.first_scenario.name) != world.first_scenario:
        yield "", data_of(world.first_scenario)


def seal_of(given: Json, world: World) -> str:
    """Return the digests of a record's inputs and of the entries that followed from them."""
    inputs = {key: value for key, value in given.items() if key not in _NOT_INPUTS}
    return f"{digest_of(inputs)}.{blake2b(journal_bytes(world), digest_size=6).hexdigest()}"


def step_of(entry: Exchange | Act) -> Json:
    """Return what a replay applies again: an act, or an exchange without its outcome."""
    if isinstance(entry, Act):
        return act_body(entry)
    step = {key: part for key, part in exchange_body(entry).items() if key not in _OUTCOMES}
    if entry.media_url:
        step["media_url"] = entry.media_url
    if (rejection := entry.rejection) is None:
        return step
    door = {**rejection._asdict(), "headers": dict(rejection.headers)}
    if not rejection.issues:  # absent from the records of older versions
        del door["issues"]
    return {**step, "door": door}


def token_of(given: Json) -> str:
    """Return a record as one short text that fits on a command line."""
    lean = {key: value for key, value in given.items() if key != "journal"}
    if "journal" in given:
        lean["digests"] = [digest_of(each) for each in given["journal"]]
    packed = zlib.compress(orjson.dumps(lean), level=9)
    return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(
    text: str | bytes, *, largest: int = LARGEST_RECORD, most: float = math.inf
) -> dict[str, Any]:
    """Return the record in a token or in the text of a file.

    Shape: `Record` in contracts/wire/schemas/admin.json; a token's has `digests` instead of
    `journal`.

    Args:
        largest: bytes that a token may unpack to.
        most: values that a record may have; they take many times the memory of their text.

    Raises:
        NotReplayable: there is none in it, or one of another format, shape or size.
    """
    # bytes of a command line that are not UTF-8 are surrogates in `text`
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    raw = raw.strip()
    if raw.startswith(PREFIX.encode()):
        raw = _unpacked(raw[len(PREFIX) :], largest)
    # each value but the first stands behind one of these; those in texts count too
    if most < math.inf and sum(map(raw.count, (b",", b"[", b"{"))) > most:
        raise NotReplayable(f"expected a record of at most {most:g} values, got more")
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
    try:
        check_extent(given, deepest=_DEEPEST_RECORD, most=math.inf)
    except BodyTooDeep:
        raise NotReplayable(
            f"expected a record of at most {_DEEPEST_RECORD} levels, got more"
        ) from None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        got = given.get("format") if isinstance(given, dict) else type(given).__name__
        raise NotReplayable(f"expected a record of format {FORMAT}, got {got!r}")
    missing = sorted(_KEYS - given.keys())
    if not given.keys() & {"journal", "digests"}:
        missing.append("journal")
    if missing:
        raise NotReplayable(f"the record lacks {', '.join(missing)}")
    _check_shape(given)
    for name, last in (("rate", LARGEST_RATE), ("epoch", _LAST_INSTANT), ("now", _LAST_INSTANT)):
        if not 0 <= given[name] <= last:
            raise NotReplayable(f"expected a number from 0 to {last:g} as {name} of the record")
    for name in ("world", "origin"):
        if not is_name(given[name]):
            raise NotReplayable(f"expected the name of a world as {name} of the record")
    return given


@cache
def _shape() -> BodyValidator:
    """Return the shape of a record whose journal may be digests, as in a token."""
    shapes = load("admin").raw["components"]["schemas"]
    record, digests = shapes["Record"], {"type": "array", "items": {"type": "string"}}
    scenario = {"type": "object"}  # the rules of scenario files check it, when the world is made
    return BodyValidator(
        {
            **record,
            "required": sorted(_KEYS),
            "properties": {**record["properties"], "digests": digests},
            "components": {"schemas": {**shapes, "ScenarioData": scenario}},
        }
    )


def _check_shape(given: Json) -> None:
    # a world is made of it, and every answer about that world shows parts of it
    if _shape().is_valid(given):
        return
    if problems := _shape().problems(given):
        raise NotReplayable(f"the record is damaged: {printable(problems[0].sentence())}")


def _unpacked(raw: bytes, largest: int) -> bytes:
    try:
        packed = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
        reader = zlib.decompressobj()
        unpacked = reader.decompress(packed, largest)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise NotReplayable("the replay token is damaged: it cannot be unpacked") from error
    if reader.unconsumed_tail or not reader.eof:
        raise NotReplayable("the replay token is damaged: it is cut off, or too large")
    return unpacked


def digest_of(entry: Json) -> str:
    """Return a short digest of a JSON object; the order of its keys does not matter."""
    raw = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
    return blake2b(raw, digest_size=6).hexdigest()


def journal_bytes(world: World) -> bytes:
    """Return all entries of a world as lines of JSON. A replay has to give the same bytes."""
    return b"\n".join(orjson.dumps(entry_body(entry)) for entry in world.log.entries())
