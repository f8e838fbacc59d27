"""Runs that failed here are identical in another process, and the command that replays them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import orjson

from fake_runway.replay.record import journal_bytes, record, token_of
from fake_runway.scenarios.catalogue import Catalogue
from tests.support.fake.runs import Player, alone, failing, scripted
from tests.support.processes import PATIENCE_S

RUNS = 300

CHILD = """
import hashlib, sys, time
from fake_runway.replay.record import journal_bytes, read
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from fake_runway.scenarios.catalogue import Catalogue
catalogue = Catalogue.builtin()
print(hash("a text"), time.tzname[0])
for line in sys.stdin.buffer:
    done = replay(read(line), livekit=LiveKit(), catalogue=catalogue)
    same = "same" if done.divergence is None else str(done.divergence)
    print(hashlib.sha256(journal_bytes(done.world)).hexdigest(), same)
"""


async def _in_another_process(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run Python as installed, with other hashes and in another time zone than here."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd="/",
        env=os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham"},
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        out, errors = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def _replayed(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    return await _in_another_process("-m", "fake_runway", "replay", *arguments, stdin=stdin)


def _failed(number: int, catalogue: Catalogue) -> Player:
    """Return the client of a run whose last call failed."""
    player = alone(f"run-{number}", catalogue=catalogue, seed=str(number % 7))
    player.play_all(failing(number))
    last = player.world.log.exchanges[-1]
    assert last.status >= 400 or not last.arrives, last
    return player


def _recorded(number: int = 1) -> dict[str, Any]:
    player = alone()
    player.play_all(scripted(number))
    return record(player.world)


async def test_hundreds_of_failing_runs_are_the_same_in_another_process() -> None:
    """Recorded here, replayed there from tokens and from files: byte-identical journals."""
    catalogue = Catalogue.builtin()
    expected, lines = [], []
    for number in range(RUNS):
        world = _failed(number, catalogue).world
        expected.append(f"{hashlib.sha256(journal_bytes(world)).hexdigest()} same")
        recorded = record(world)
        lines.append(token_of(recorded).encode() if number % 2 else orjson.dumps(recorded))
    assert len(set(expected)) == RUNS
    code, out, errors = await _in_another_process("-c", CHILD, stdin=b"\n".join(lines))
    assert (code, errors) == (0, "")
    clock_line, *got = out.splitlines()
    assert clock_line != f"{hash('a text')} UTC"
    assert clock_line.endswith("+1245")
    assert got == expected


async def test_the_command_replays_a_token_a_file_and_standard_input(tmp_path: Path) -> None:
    """Exit code 0, and the number of identical exchanges."""
    recorded = _recorded()
    token, file = token_of(recorded), tmp_path / "run.json"
    file.write_bytes(orjson.dumps({"token": token, "record": recorded}))
    last = f"{len(recorded['journal'])} exchanges, identical"
    outcomes = await asyncio.gather(
        _replayed(token), _replayed(str(file)), _replayed("-", stdin=token.encode() + b"\n")
    )
    for code, out, errors in outcomes:
        assert (code, errors) == (0, "")
        assert out.splitlines()[-1] == last


async def test_the_command_reports_where_a_run_diverges() -> None:
    """Exit code 1; the exchange, the path in it, and "recorded ..., got ..."."""
    recorded = _recorded()
    changed = recorded["journal"][2]
    changed["response"]["status"] = 299
    (code, _, errors), (token_code, _, token_errors) = await asyncio.gather(
        _replayed("-", stdin=orjson.dumps(recorded)), _replayed(token_of(recorded))
    )
    assert code == token_code == 1
    assert f"exchange {changed['number']} (" in errors
    assert "diverges at $.response.status: recorded 299" in errors
    assert f"exchange {changed['number']} (" in token_errors


async def test_the_command_refuses_a_malformed_record(tmp_path: Path) -> None:
    """Exit code 2 and one line: "expected ..., got ..."."""
    recorded = _recorded()
    token = token_of(recorded)
    cases = {
        token[:-9]: "damaged",
        token[:40] + "!" + token[44:]: "damaged",
        str(tmp_path / "nowhere.json"): "No such file",
    }
    texts = {
        orjson.dumps(recorded | {"format": 2}): "expected a record of format 1, got 2",
        b"not a record": "expected a replay token",
        b'{"error": "Which world?\\n\\u001b[2J", "code": "which_world"}': (
            r"got an error: Which world?\n\x1b[2J"
        ),
        orjson.dumps(recorded | {"steps": [{"at": None}]}): "the record is damaged",
    }
    outcomes = await asyncio.gather(
        *[_replayed(argument) for argument in cases],
        *[_replayed("-", stdin=text) for text in texts],
    )
    for (code, out, errors), expected in zip(
        outcomes, [*cases.values(), *texts.values()], strict=True
    ):
        assert (code, out) == (2, ""), errors
        assert errors.startswith("fake-runway: ")
        assert expected in errors
        assert errors.count("\n") == 1
