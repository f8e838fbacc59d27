"""The judge finds nothing at all wrong with correct gateways, whoever wrote them in whatever."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contracts.case import Shape
from contracts.target import Output, Target, started
from tests.clients.npm import Node, NotInstalled, find_node, install
from tests.clients.processes import environment
from tests.contract.judged import Judge, fake_process, findings
from tests.contract.sdk_gateway import SdkGateway
from tests.contract.small_gateway import PATH, Gateway, served

DEADLINE_S = 4.0
HERE = Path(__file__).parent
NODE_SERVERS = ("express.mjs", "route.mjs")

Findings = Mapping[str, list[str]]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def program(
    command: Sequence[str], port: int, judge: Judge, output: Output
) -> AsyncIterator[str]:
    """Run a gateway as a program; yield the URL of its endpoint."""
    variables = {"PORT": str(port), "CONNECT_TIMEOUT_S": str(DEADLINE_S)}
    target = Target(f"http://127.0.0.1:{port}{PATH}", output=output)
    env = environment(judge.fake_url, judge.secret, **variables)
    async with started(command, target, environment=env, wait_s=30):
        yield target.url


def ours(port: int, shape: Shape) -> list[str]:
    """Return the command of our own gateway."""
    options = [f"--port={port}", f"--shape={shape.value}", f"--deadline={DEADLINE_S:g}"]
    return [sys.executable, "-m", "gateway", "serve", *options]


@pytest.mark.parametrize("shape", Shape)
async def test_in_this_project(shape: Shape) -> None:
    """Our gateway, the small one and one with the official Python SDK, side by side."""
    async with fake_process() as fake_url:

        async def judged(name: str) -> Findings:
            judge, output = Judge(fake_url, name, shape, DEADLINE_S), Output()
            kinds = {"small": Gateway, "sdk": SdkGateway}
            if name == "ours":
                port = free_port()
                gateway = program(ours(port, shape), port, judge, output)
            else:
                gateway = served(
                    kinds[name],
                    fake_url,
                    judge.secret,
                    output,
                    shape=shape,
                    deadline_s=DEADLINE_S,
                )
            return findings(await judge.judge(gateway, output))

        names = ("ours", "small", "sdk")
        found = dict(zip(names, await asyncio.gather(*map(judged, names)), strict=True))

    assert found == {"ours": {}, "small": {}, "sdk": {}}


async def test_with_the_official_node_sdk(tmp_path: Path) -> None:
    """An Express server and a route handler of Next.js, side by side."""
    node = node_with_packages(tmp_path)
    async with fake_process() as fake_url:

        async def judged(server: str) -> Findings:
            judge = Judge(fake_url, server.partition(".")[0], None, DEADLINE_S)
            output, port = Output(), free_port()
            command = [node.binary, str(tmp_path / server)]
            return findings(await judge.judge(program(command, port, judge, output), output))

        found = dict(
            zip(NODE_SERVERS, await asyncio.gather(*map(judged, NODE_SERVERS)), strict=True)
        )

    assert found == {server: {} for server in NODE_SERVERS}


def node_with_packages(folder: Path) -> Node:
    """Copy the servers to a folder that has the official packages."""
    node = find_node()
    if node is None:
        pytest.skip("needs Node and npm")
    try:
        install()
    except NotInstalled as error:
        pytest.skip(str(error))
    node.lend_packages(folder)
    for server in ("connect.mjs", *NODE_SERVERS):
        shutil.copy(HERE / "node" / server, folder)
    return node
