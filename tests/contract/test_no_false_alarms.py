"""The judge finds nothing at all wrong with correct gateways, whoever wrote them in whatever."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

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
    variables = {"PORT": str(port), "GATEWAY_PORT": str(port), "CONNECT_TIMEOUT_S": str(DEADLINE_S)}
    target = Target(f"http://127.0.0.1:{port}{PATH}", output=output)
    env = environment(judge.fake_url, judge.secret, **variables)
    async with started(command, target, environment=env, wait_s=30):
        yield target.url


def ours(shape: Shape) -> list[str]:
    """Return the command of our own gateway."""
    options = [f"--shape={shape.value}", f"--deadline={DEADLINE_S:g}"]
    return [sys.executable, "-m", "gateway", "serve", *options]


def kinds(folder: Path) -> Mapping[str, tuple[Shape | None, Sequence[str] | type[Gateway]]]:
    """Return what each gateway declares, and its class or its command without the port."""
    known: dict[str, tuple[Shape | None, Sequence[str] | type[Gateway]]] = {}
    for shape in Shape:
        known[f"ours-{shape.value}"] = (shape, ours(shape))
        known[f"small-{shape.value}"] = (shape, Gateway)
        known[f"sdk-{shape.value}"] = (shape, SdkGateway)
    if (node := node_with_packages(folder)) is not None:
        for server in NODE_SERVERS:
            known[server.partition(".")[0]] = (None, [node.binary, str(folder / server)])
    return known


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Findings]:
    """What was found out about each, judged side by side."""

    async def judged(
        fake_url: str, name: str, shape: Shape | None, kind: Sequence[str] | type[Gateway]
    ) -> Findings:
        judge, output = Judge(fake_url, name, shape, DEADLINE_S), Output()
        if isinstance(kind, type):
            gateway = served(
                kind,
                fake_url,
                judge.secret,
                output,
                shape=shape or Shape.CREDENTIALS,
                deadline_s=DEADLINE_S,
            )
        else:
            gateway = program(kind, free_port(), judge, output)
        return findings(await judge.judge(gateway, output))

    every = kinds(tmp_path_factory.mktemp("node"))
    async with fake_process() as fake_url:
        works = (judged(fake_url, name, *kind) for name, kind in every.items())
        return dict(zip(every, await asyncio.gather(*works), strict=True))


@pytest.mark.parametrize(
    "name", [f"{kind}-{shape.value}" for kind in ("ours", "small", "sdk") for shape in Shape]
)
def test_nothing_is_wrong_with_a_correct_gateway(name: str, found: Mapping[str, Findings]) -> None:
    """Ours, the small one and one with the official Python SDK, in both shapes."""
    assert found[name] == {}


@pytest.mark.parametrize("name", ["express", "route"])
def test_nothing_is_wrong_with_a_node_gateway(name: str, found: Mapping[str, Findings]) -> None:
    """An Express server and a route handler of Next.js, with the official Node SDK."""
    if name not in found:
        pytest.skip("needs Node, npm and the packages")

    assert found[name] == {}


def node_with_packages(folder: Path) -> Node | None:
    """Copy the servers to a folder that has the official packages; None where there is no Node."""
    node = find_node()
    if node is None:
        return None
    try:
        install()
    except NotInstalled:
        return None
    node.lend_packages(folder)
    for server in ("connect.mjs", *NODE_SERVERS):
        shutil.copy(HERE / "node" / server, folder)
    return node
