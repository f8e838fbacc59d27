"""Our own example servers keep the whole contract, SHOULD included."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.clients.judged import Server, TakePort, found, judge_all
from tests.clients.npm import Node

EXAMPLES = Path(__file__).parents[2] / "examples"
TIMEOUT_S = 4.0


@pytest.mark.alone
async def test_examples_are_strictly_right(node: Node, tmp_path: Path, take_port: TakePort) -> None:
    """`check --strict` has no finding for any of them."""
    node.lend_packages(tmp_path)
    server = shutil.copy(EXAMPLES / "express_server" / "server.mjs", tmp_path)
    route = shutil.copy(EXAMPLES / "next_route" / "route.mjs", tmp_path)
    preload = ("--import", node.script("any_port.mjs"))
    commands: dict[str, list[str | Path]] = {
        "express_server": [node.binary, server],
        "next_route": [node.binary, *preload, node.script("serve_export.mjs"), "route", route],
        "aiohttp_app": [sys.executable, EXAMPLES / "aiohttp_app" / "app.py"],
        "starlette_app": [sys.executable, EXAMPLES / "starlette_app" / "app.py"],
    }
    ports = [take_port() for _ in commands]
    deadline = {"CONNECT_TIMEOUT_S": str(TIMEOUT_S), "GATEWAY_DEADLINE": str(TIMEOUT_S)}
    variables = {**deadline, "PYTHONUNBUFFERED": "1"}
    servers = [
        Server(
            name, command, port, {**variables, "PORT": str(port), "SERVE_AT": str(port)}, TIMEOUT_S
        )
        for (name, command), port in zip(commands.items(), ports, strict=True)
    ]
    findings = {name: found(report) for name, report in (await judge_all(servers)).items()}
    assert findings == {name: {} for name in commands}
