"""Runway's own hosts on a fake that other programs reach: by variables, and by TLS on a port."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.processes import PATIENCE_S, running

if TYPE_CHECKING:
    from pathlib import Path

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
