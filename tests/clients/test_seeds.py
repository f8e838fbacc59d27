"""The servers of the documents that this project starts from, run as they are written.

esbuild drops their types. The servers that Next.js would call are called by `node/serve_export.mjs`
and the Express servers listen by themselves, on a port that `node/any_port.mjs` chooses.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fake_runway.room.tokens import LiveKit, read
from tests.clients.npm import Node
from tests.clients.processes import environment, running
from tests.clients.seeds import FOLDER, Kind, Seed, read_seeds
from tests.clients.watched import Watched, watching
from tests.support.processes import PATIENCE_S
from tests.support.servers import provisioned_in


@dataclass(frozen=True, slots=True)
class Expected:
    """The kind of a seed, and the consumer of the session that it hands out."""

    name: str
    kind: Kind
    consumes: bool


SEEDS = (
    Expected("endpoint-route", Kind.ROUTE, consumes=False),
    Expected("endpoint-express", Kind.EXPRESS, consumes=False),
    Expected("guide-route", Kind.ROUTE, consumes=True),
    Expected("guide-express", Kind.EXPRESS, consumes=True),
    Expected("guide-action", Kind.ACTION, consumes=True),
)


@pytest.fixture(scope="module")
def seeds() -> list[Seed]:
    """The seeds, or a skip where their documents are not."""
    try:
        return read_seeds()
    except FileNotFoundError:
        pytest.skip(f"needs the seed documents in {FOLDER}")


def test_documents_hold_five_servers(seeds: list[Seed]) -> None:
    """The servers found are the ones that are run below, each of them whole."""
    assert [seed.kind for seed in seeds] == [expected.kind for expected in SEEDS]
    for seed in seeds:
        assert seed.code.count("{") == seed.code.count("}")


@pytest.mark.parametrize("index", range(len(SEEDS)), ids=[each.name for each in SEEDS])
async def test_seed_connects(index: int, seeds: list[Seed], node: Node, tmp_path: Path) -> None:
    """The server answers an avatar's id with credentials of its shape that open the room."""
    module = await build(seeds[index], node, tmp_path)
    async with watching(provisioned_in(0.5), rate=1.0) as watched:  # all poll after a second
        command = serve_command(seeds[index], node, module)
        env = environment(watched.fake.url)
        async with running(command, errors=tmp_path / "stderr", env=env) as server:
            port = json.loads(await server.line())["port"]
            answer = await connect(port)
            credentials = await judge(answer, watched, consumes=SEEDS[index].consumes)
    assert list(watched.fake.world.account.sessions) == [answer["sessionId"]]
    claims = read(credentials["token"], LiveKit().api_secret, now=watched.fake.world.clock.now())
    assert claims["video"]["room"] == credentials["roomName"] == answer["sessionId"]


async def connect(port: int) -> dict[str, Any]:
    """POST an avatar's id as a frontend does and return the JSON of the answer."""
    url = f"http://127.0.0.1:{port}/api/avatar/connect"
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(url, json={"avatarId": "music-superstar"}) as response,
    ):
        text = await response.text()
        assert response.status == 200, text
        answer: dict[str, Any] = json.loads(text)
        return answer


async def judge(answer: dict[str, Any], watched: Watched, *, consumes: bool) -> dict[str, Any]:
    """Check shape and session, and return the room's credentials."""
    session = await watched.fake.get(answer["sessionId"])
    if consumes:
        assert sorted(answer) == ["roomName", "serverUrl", "sessionId", "token"]
        assert answer["serverUrl"] == LiveKit().url
        assert session["status"] == "RUNNING"
        return answer
    assert sorted(answer) == ["sessionId", "sessionKey"]
    assert session["status"] == "READY"
    consumed = await watched.fake.consume(answer["sessionId"], answer["sessionKey"])
    assert consumed.status == 200
    credentials: dict[str, Any] = consumed.json
    return credentials


async def build(seed: Seed, node: Node, folder: Path) -> Path:
    """Write the seed as a module that Node runs."""
    code = seed.code
    if seed.kind is Kind.EXPRESS and "app.listen(" not in code:
        code += "\napp.listen(3001);\n"
    node.lend_packages(folder)
    source, module = folder / "seed.ts", folder / "seed.mjs"
    source.write_text(code)
    esbuild = node.folder / "node_modules" / ".bin" / "esbuild"
    async with asyncio.timeout(PATIENCE_S):
        process = await asyncio.create_subprocess_exec(esbuild, source, f"--outfile={module}")
        assert await process.wait() == 0
    return module


def serve_command(seed: Seed, node: Node, module: Path) -> Sequence[str | Path]:
    """Return what serves a built seed."""
    command: list[str | Path] = [node.binary, "--import", node.script("any_port.mjs")]
    if seed.kind is Kind.EXPRESS:
        return [*command, module]
    return [*command, node.script("serve_export.mjs"), seed.kind.value, module, seed.export]
