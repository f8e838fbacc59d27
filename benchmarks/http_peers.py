"""Other mock servers for `http_calls.py`, each as fast as its options make it: their logs are off.

Steady, Prism and Mockoon get an OpenAPI document; WireMock and Express, which take none, get the
answers of our fake. What comes from npm is installed once, in the user's cache folder.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children import HERE, HOST, free_port, serving
from benchmarks.http_cases import SESSIONS, Kind
from benchmarks.http_contestants import Answers, Json, Stateless
from benchmarks.report import progress
from tests.clients.npm import INSTALL_S, NotInstalled

STEADY = "@stdy/cli@0.22.2"
PRISM = "@stoplight/prism-cli@5.14.2"  # the last one that runs on Node 20
MOCKOON = "@mockoon/cli@9.9.0"
WIREMOCK = "wiremock@3.13.2"
EXPRESS = "express@5.3.0"

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "fake-runway", "benchmarks")
CONTRACT = HERE.parent / "contracts" / "wire" / "schemas" / "runway.json"
PUBLISHED = HERE.parents[1] / "shared" / "reference" / "runway-openapi.json"
"""The published document, which is not ours to ship: RUNWAY_OPENAPI says where it is, else here."""

_OPERATIONS = ("createSession", "getSession", "consumeSession")
_ANY_ID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


@dataclass(frozen=True, slots=True)
class DocumentMock:
    """A mock server that takes an OpenAPI document: the cut contract, or the whole published one.

    Attributes:
        options: its command line behind the script, where `{port}` and `{document}` are filled in.
    """

    name: str
    package: str
    script: str
    options: str
    whole: bool = False

    @contextmanager
    def serving(self, key: str) -> Iterator[Stateless]:
        """Serve the document.

        Raises:
            NotInstalled: the package or the document cannot be had.
        """
        document = _published() if self.whole else _cut_contract()
        script = _installed(self.package) / ".bin" / self.script
        with TemporaryDirectory() as folder:
            file = Path(folder, "openapi.json")
            file.write_text(json.dumps(document))
            port = free_port()
            command = [str(script), *self.options.format(port=port, document=file).split()]
            with serving(self.name, command, url=f"http://{HOST}:{port}") as server:
                # what is published has no consume
                kinds = frozenset(Kind) - ({Kind.CONNECT} if self.whole else set())
                ids = {Kind.GET_READY: _ANY_ID, Kind.GET_NOT_READY: _ANY_ID}
                yield Stateless(key, self.name, server, ids, kinds)


DOCUMENT_MOCKS = {
    "steady": DocumentMock(
        "Steady, cut document", STEADY, "steady", "--quiet --port={port} {document}"
    ),
    "steady-whole": DocumentMock(
        "Steady, whole document", STEADY, "steady", "--quiet --port={port} {document}", whole=True
    ),
    "prism": DocumentMock(
        "Prism, cut document", PRISM, "prism", "mock --verboseLevel=silent --port={port} {document}"
    ),
    "mockoon": DocumentMock(  # it logs each request to stdout, and that cannot be switched off
        "Mockoon, cut document",
        MOCKOON,
        "mockoon-cli",
        "start --disable-log-to-file --disable-admin-api --port={port} --data={document}",
    ),
}


@contextmanager
def wiremock(answers: Answers) -> Iterator[Stateless]:
    """Serve the fake's answers with WireMock, without its journal."""
    java = _program("java")
    jar = next((_installed(WIREMOCK) / "wiremock" / "build").glob("*.jar"))
    with TemporaryDirectory() as folder:
        mappings = Path(folder, "mappings")
        mappings.mkdir()
        (mappings / "all.json").write_text(json.dumps({"mappings": list(_stubs(answers))}))
        port = free_port()
        command = [java, "-jar", str(jar), f"--port={port}", f"--root-dir={folder}"]
        command += ["--no-request-journal", "--disable-banner"]
        with serving("WireMock", command, url=f"http://{HOST}:{port}") as server:
            yield Stateless("wiremock", "WireMock", server, answers.ids)


@contextmanager
def express(answers: Answers) -> Iterator[Stateless]:
    """Serve the fake's answers with Express."""
    packages, port = _installed(EXPRESS), free_port()
    script = HERE / "express_handler.mjs"
    command = [_program("node"), str(script), str(packages), str(port), answers.as_json()]
    environment = {"NODE_ENV": "production"}
    url = f"http://{HOST}:{port}"
    with serving("Express", command, url=url, environment=environment) as server:
        yield Stateless("express", "Express", server, answers.ids)


KEYS = (*DOCUMENT_MOCKS, "wiremock", "express")


def start(key: str, answers: Answers) -> AbstractContextManager[Stateless]:
    """Return a peer to be served."""
    if key in DOCUMENT_MOCKS:
        return DOCUMENT_MOCKS[key].serving(key)
    return wiremock(answers) if key == "wiremock" else express(answers)


def _published() -> Json:
    file = Path(os.environ.get("RUNWAY_OPENAPI", PUBLISHED))
    if not file.is_file():
        raise NotInstalled(f"the published document is not at {file}; set RUNWAY_OPENAPI")
    document: Json = json.loads(file.read_bytes())
    return document


def _cut_contract() -> Json:
    """Return our contract with the measured operations alone."""
    document: Json = json.loads(CONTRACT.read_bytes())
    for path, item in list(document["paths"].items()):
        kept = {
            name: value
            for name, value in item.items()
            if name == "parameters" or value["operationId"] in _OPERATIONS
        }
        if kept.keys() - {"parameters"}:
            document["paths"][path] = kept
        else:
            del document["paths"][path]
    return document


def _stubs(answers: Answers) -> Iterator[Json]:
    def stub(method: str, path: str, body: Json, **matching: object) -> Json:
        headers = {"Content-Type": "application/json"}
        response = {"status": 200, "jsonBody": body, "headers": headers}
        return {
            "request": {"method": method, "urlPath": path, **matching},
            "response": response,
        }

    for session in answers.sessions.values():
        yield stub("GET", f"{SESSIONS}/{session['id']}", session)
    # so that the body is parsed, as the others do
    parsed = [{"matchesJsonPath": "$.model"}]
    yield stub("POST", SESSIONS, answers.created, bodyPatterns=parsed)
    path = f"{SESSIONS}/{answers.created['id']}/consume"
    yield stub("POST", path, answers.credentials)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed")
    return found


def _installed(package: str) -> Path:
    """Install a package unless it is in the cache, and return the folder of modules.

    Raises:
        NotInstalled: npm is missing, or failed.
    """
    npm = _program("npm")
    folder = CACHE / re.sub(r"[^\w.-]+", "_", package)
    stamp = folder / ".installed"
    if not stamp.exists():
        progress(f"installing {package}")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run(
                [*command, "--prefix", str(folder), package],
                check=True,
                capture_output=True,
                text=True,
                timeout=INSTALL_S,
            )
        except subprocess.TimeoutExpired as error:
            raise NotInstalled(f"npm took more than {INSTALL_S:g} s for {package}") from error
        except subprocess.CalledProcessError as error:
            raise NotInstalled(f"npm failed: {' '.join(error.stderr.split())[:300]}") from error
        stamp.touch()
    return folder / "node_modules"
