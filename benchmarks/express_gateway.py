"""A connect endpoint in Express with the official Node SDK, for `connects.py` to compare with.

There are two. One is our own example, which consumes as our gateway does: three upstream requests.
The other is the Express server of the document that this project starts from, where that is at
hand: cut out of its text when it is run, with a line added that makes it listen. The packages are
those that the tests with real clients install.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children import HERE, HOST, Server, free_port, serving
from tests.clients.npm import Node, NotInstalled, find_node, install
from tests.clients.seeds import Kind, read_seeds

PATH = "/api/avatar/connect"
EXAMPLE = HERE.parent / "examples" / "express_server" / "server.mjs"


class CannotBeHad(Exception):
    """Express cannot be run here. The message says why."""


@dataclass(frozen=True, slots=True)
class Express:
    """A server that is ready to be run.

    Attributes:
        name: the kind of server, for a table.
        upstream_requests: of one connect that finds its session READY.
        command: the command that runs the server.
    """

    name: str
    upstream_requests: int
    command: Sequence[str]

    @contextmanager
    def serving(self, environment: Mapping[str, str]) -> Iterator[Server]:
        """Run the server on the core of the measured contestant, until the block ends."""
        port = free_port()
        # Express is measured in production mode: it caches more and explains less
        settings = {"SERVE_AT": str(port), "NODE_ENV": "production", **environment}
        url = f"http://{HOST}:{port}{PATH}"
        with serving(self.name, self.command, url=url, environment=settings) as server:
            yield server


@contextmanager
def prepared() -> Iterator[Sequence[Express]]:
    """Make the servers, ours last, in a folder that is deleted when the block ends.

    Raises:
        CannotBeHad: Node or npm is missing, or the packages could not be installed.
    """
    node = find_node()
    if node is None:
        raise CannotBeHad("Node and npm are not installed")
    try:
        install()
    except (NotInstalled, OSError) as error:
        raise CannotBeHad(str(error)) from error
    with TemporaryDirectory() as folder:
        node.lend_packages(Path(folder))
        yield [*_the_documents(node, Path(folder)), _example(node, Path(folder))]


def _command(node: Node, module: Path) -> Sequence[str]:
    return [node.binary, "--import", str(node.script("any_port.mjs")), str(module)]


def _example(node: Node, folder: Path) -> Express:
    module = folder / "example.mjs"
    shutil.copy(EXAMPLE, module)
    return Express("Express + Node SDK (our example)", 3, _command(node, module))


def _the_documents(node: Node, folder: Path) -> Iterator[Express]:
    try:
        seed = next(seed for seed in read_seeds() if seed.kind is Kind.EXPRESS)
    except FileNotFoundError:
        return
    module, source = folder / "server.mjs", folder / "server.ts"
    # the document's first one leaves listening to its reader; any_port.mjs chooses the port
    listening = "" if "app.listen(" in seed.code else "\napp.listen(0);\n"
    source.write_text(seed.code + listening)
    esbuild = node.folder / "node_modules" / ".bin" / "esbuild"
    subprocess.run([esbuild, source, f"--outfile={module}"], check=True, capture_output=True)
    consumes = "consume" in seed.code
    yield Express("Express + Node SDK (the seed)", 2 + consumes, _command(node, module))
