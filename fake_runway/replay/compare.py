"""The first difference between a recorded run and its replay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fake_runway.core.history.journal import Move
from fake_runway.core.history.views import exchange_body
from fake_runway.core.types import Json
from fake_runway.replay.record import NotReplayable, digest_of, seal_of, step_of
from fake_runway.worlds.world import World


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where a replay differs from its record.

    Attributes:
        number: of the exchange.
        call: what the exchange was, for people.
        where: the path in its journal entry; `$` if only its digest is known.
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


def find_divergence(recorded: Json, world: World) -> Divergence | None:
    """Return the first exchange that differs; else the first step; else the transitions.

    Raises:
        NotReplayable: nothing differs, but the record is not the one that was sealed.
    """
    entries = world.log.entries()
    found = _different_exchange(recorded, [exchange_body(each) for each in world.log.exchanges])
    steps = [step_of(entry) for entry in entries if not isinstance(entry, Move)]
    if found is None:
        found = _different_step(recorded["steps"], steps)
    if found is not None:
        return found
    sealed, _, expected = recorded["seal"].partition(".")
    inputs, _, got = seal_of(recorded, world).partition(".")
    if expected != got:
        last = len(entries) - 1
        return Divergence(last, "moves of the sessions", "$", expected, got)
    if sealed != inputs:
        raise NotReplayable(
            "expected a record that fits its seal, got one that was changed after it was sealed"
        )
    return None


def _different_exchange(recorded: Json, got: list[Json]) -> Divergence | None:
    expected = recorded.get("journal")
    digests = recorded["digests"] if expected is None else [digest_of(each) for each in expected]
    for index, digest in enumerate(digests):
        if index >= len(got):
            return Divergence(index, "missing", "$", "an exchange", "none")
        entry = got[index]
        if digest_of(entry) == digest:
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


def _different_step(expected: list[Json], got: list[Json]) -> Divergence | None:
    for was, now in zip(expected, got, strict=True):
        if digest_of(was) != digest_of(now):
            call = now.get("act") or f"{now['method']} {now['path']}"
            where, one, other = next(_differences("$", was, now))
            return Divergence(now["number"], call, where, one, other)
    return None


def _differences(where: str, was: Any, now: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the places where two values are different JSON bytes: 1 is neither 1.0 nor true."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted({*was, *now}):
            if key in was and key in now:
                yield from _differences(f"{where}.{key}", was[key], now[key])
            elif key in was:
                yield f"{where}.{key}", _shortened(_text(was[key])), "nothing"
            else:
                yield f"{where}.{key}", "nothing", _shortened(_text(now[key]))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differences(f"{where}[{index}]", one, other)
    elif _text(was) != _text(now):
        yield where, _shortened(_text(was)), _shortened(_text(now))


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."
