"""Runway's own hosts on a fake that other programs reach: by variables, and by TLS on a port."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fake_runway.cli.serve import serve
from fake_runway.intercept.variables import HOSTS
from tests.support.processes import PATIENCE_S, running

HOST = "api.dev.runwayml.com"
REQUEST = (
    f"GET /v1/organization HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer of-a-container\r\n"
    "X-Runway-Version: 2024-11-06\r\nConnection: close\r\n\r\n"
)
READS = f"""
import urllib.request
headers = {{"Authorization": "Bearer by-variables", "X-Runway-Version": "2024-11-06"}}
asked = urllib.request.Request("https://{HOST}/v1/organization", headers=headers)
print(urllib.request.urlopen(asked).status)
"""
# What a container network does: the name leads to the fake. Here, the name is resolved by hand.
ALIAS = f"""
import socket
usual = socket.getaddrinfo
def to_the_fake(host, *more, **options):
    return usual("127.0.0.1" if host in ("{HOST}", b"{HOST}") else host, *more, **options)
socket.getaddrinfo = to_the_fake
import json, sys
url, headers = sys.argv[1], {{"Authorization": "Bearer by-name", "X-Runway-Version": "2024-11-06"}}
asked = {{"prompt": "A calm voice that reads a story at night.", "model": "eleven_ttv_v3"}}
"""
NODE_ALIAS = f"""
const dns = require("node:dns");
const usual = dns.lookup;
dns.lookup = (name, options, done) =>
  usual(name === "{HOST}" ? "127.0.0.1" : name, options, done);
const url = process.argv[1];
const headers = {{ Authorization: "Bearer by-name", "X-Runway-Version": "2024-11-06",
  "Content-Type": "application/json" }};
const asked = {{ prompt: "A calm voice that reads a story at night.", model: "eleven_ttv_v3" }};
const method = "POST", body = JSON.stringify(asked);
"""
PYTHON_CLIENTS = {
    "urllib": """
import urllib.request
headers["Content-Type"] = "application/json"
request = urllib.request.Request(url, json.dumps(asked).encode(), headers)
print(json.load(urllib.request.urlopen(request))["url"])
""",
    "requests": """
import requests
print(requests.post(url, json=asked, headers=headers).json()["url"])
""",
    "httpx": """
import httpx
print(httpx.post(url, json=asked, headers=headers).json()["url"])
""",
    "aiohttp": """
import aiohttp, asyncio, os, ssl
from aiohttp.resolver import ThreadedResolver
async def main():
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connector = aiohttp.TCPConnector(resolver=ThreadedResolver(), ssl=trust)
    async with aiohttp.ClientSession(connector=connector) as http:
        async with http.post(url, json=asked, headers=headers) as answer:
            print((await answer.json())["url"])
asyncio.run(main())
""",
    "sdk": """
from runwayml import RunwayML
client = RunwayML(api_key="by-name", base_url=url.partition("/v1")[0])
print(client.voices.preview(**asked).url)
""",
}
NODE_CLIENTS = {
    "fetch": """
fetch(url, { method, body, headers }).then((answer) => answer.json())
  .then((made) => console.log(made.url));
""",
    "https": """
require("node:https").request(url, { method, headers }, (answer) => {
  let text = "";
  answer.on("data", (piece) => (text += piece));
  answer.on("end", () => console.log(JSON.parse(text).url));
}).end(body);
""",
}


def commands(url: str, port: int) -> dict[str, list[str]]:
    """Return the command of each kind of client; each prints an address in an answer."""
    curl = ["curl", "-s", "--resolve", f"{HOST}:{port}:127.0.0.1", url, "-d"]
    curl += ['{"prompt": "A calm voice that reads a story at night.", "model": "eleven_ttv_v3"}']
    for header in ("Authorization: Bearer by-name", "Content-Type: application/json"):
        curl += ["-H", header]
    curl += ["-H", "X-Runway-Version: 2024-11-06"]
    return {
        "curl": curl,
        **{
            name: [sys.executable, "-c", ALIAS + text, url] for name, text in PYTHON_CLIENTS.items()
        },
        **{name: ["node", "-e", NODE_ALIAS + text, url] for name, text in NODE_CLIENTS.items()},
    }


@pytest.mark.exhaustive  # nine programs
async def test_every_kind_of_client_reaches_the_fake_by_the_name(tmp_path: Path) -> None:
    """With the file in the variables of the guide; addresses in answers lead there by that name."""
    trusted = tmp_path / "fake.pem"
    arguments = ("serve", "--port=0", "--tls-port=0", f"--tls-authority={trusted}")
    async with running("fake_runway", *arguments) as fake:
        here = (await fake.line(containing="fake Runway:")).rpartition(":")[2].strip().strip("/")
        line = await fake.line(containing="Runway's hosts: port ")
        port = int(line.partition("port ")[2].partition(",")[0])
        url = f"https://{HOST}:{port}/v1/voices/preview"
        names = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        environment = {"PATH": os.environ["PATH"], **dict.fromkeys(names, str(trusted))}

        def run(command: list[str]) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command,
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )

        for name, command in commands(url, port).items():
            done = await asyncio.to_thread(run, command)
            assert f"http://{HOST}:{here}/w/" in done.stdout, (name, done.stdout, done.stderr)


async def test_a_port_serves_them_to_those_who_trust_the_file(tmp_path: Path) -> None:
    """With the certificate in it and no other; it is gone when the fake ends."""
    trusted = tmp_path / "fake.pem"
    arguments = ("serve", "--port=0", "--tls-port=0", f"--tls-authority={trusted}")
    async with running("fake_runway", *arguments) as fake:
        line = await fake.line(containing="Runway's hosts: port ")
        port = int(line.partition("port ")[2].partition(",")[0])
        context = ssl.create_default_context(cafile=str(trusted))
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=HOST
            )
            writer.write(REQUEST.encode())
            answer = (await reader.read()).decode()
            writer.close()
        assert answer.startswith("HTTP/1.1 200 ")
        assert json.loads(answer.partition("\r\n\r\n")[2])["creditBalance"] == 100_000
        assert await fake.stop() == 0
    assert not trusted.exists()


async def test_the_ready_file_has_the_variables_for_other_programs(tmp_path: Path) -> None:
    """A program that gets them reaches the fake in the world of its secret."""
    ready = tmp_path / "ready.json"
    arguments = ("serve", "--port=0", "--intercept", f"--ready-file={ready}")
    async with running("fake_runway", *arguments) as fake:
        await fake.line(containing="FAKE_RUNWAY_INTERCEPT=")
        async with asyncio.timeout(PATIENCE_S):
            while not ready.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)  # noqa: TID251 - the same
        told = json.loads(ready.read_text())
        program = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", READS],
            env={"PATH": "/usr/bin:/bin", **told["variables"]},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        assert program.stdout == "200\n"


def test_the_compose_file_of_the_guide_fits_together() -> None:
    """Options are those of `serve`, the name is one of Runway's, volumes and services are there."""
    guide = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    text = guide.partition("```yaml\nservices:")[2].partition("```")[0]
    compose = yaml.safe_load(f"services:{text}")
    fake, app = compose["services"]["fake"], compose["services"]["app"]
    known = {name for parameter in serve.params for name in parameter.opts}
    assert {word for word in fake["command"][1:] if word.startswith("--")} <= known
    assert set(fake["networks"]["default"]["aliases"]) <= set(HOSTS)
    trusted = fake["command"][-1]
    assert fake["healthcheck"]["test"] == ["CMD", "test", "-f", trusted]
    assert app["environment"]["NODE_EXTRA_CA_CERTS"] == trusted
    assert app["depends_on"] == {"fake": {"condition": "service_healthy"}}
    for service in (fake, app):
        for volume in service["volumes"]:
            name, _, place = volume.partition(":")
            assert name in compose["volumes"]
            assert trusted.startswith(place.removesuffix(":ro"))


async def test_both_tls_options_belong_together(tmp_path: Path) -> None:
    """And a file that cannot be written is named."""
    for options, expected in (
        (("--tls-port=0",), "expected --tls-port and --tls-authority"),
        (("--tls-port=0", f"--tls-authority={tmp_path}/no/fake.pem"), "--tls-authority"),
    ):
        async with running("fake_runway", "serve", "--port=0", *options) as fake:
            errors = await fake.errors()
            assert await fake.exit_code() == 2, errors
        assert expected in errors
        assert "Traceback" not in errors
