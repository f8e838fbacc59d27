"""The Locust files of `examples/load`, where Locust is installed."""

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from fake_runway.core.scenario.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.servers import provisioned_in, serving_fake, serving_gateway

FOLDER = Path(__file__).parents[2] / "examples" / "load"
LOCUST = shutil.which("locust")


async def loaded(file: str, host: str, fake: str, *options: str) -> str:
    """Put load on a host for a moment; return what Locust has printed."""
    arguments = ["-f", file, "--host", host, "--headless", "--users", "2", "--run-time", "8s"]
    assert LOCUST is not None
    process = await asyncio.create_subprocess_exec(
        *(LOCUST, *arguments, *options),
        cwd=FOLDER,
        env=os.environ
        | {"RUNWAYML_BASE_URL": fake, "RUNWAYML_API_SECRET": "test-secret", "POLL_S": "0.2"},
        stdout=PIPE,
        stderr=STDOUT,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    return out.decode()


@pytest.mark.skipif(LOCUST is None, reason="Locust is not installed")
async def test_load_ends_with_what_was_left_behind() -> None:
    """Both files put load in both models, and say what is left at the fake."""
    async with (
        serving_fake(provisioned_in(0.1, Settings()), rate=1.0) as fake,
        serving_gateway(fake.url) as gateway,
    ):
        connects = await loaded("connect.py", gateway.base_url, fake.url)
        tasks = await loaded("tasks.py", fake.url, fake.url, "--model", "open", "--arrivals", "2")
        refused = await loaded("tasks.py", "http://198.51.100.1", fake.url)
    assert "left behind at the fake" in connects, connects
    assert " running" in connects.partition("left behind")[2]
    assert "POST     create" in tasks
    assert "left behind at the fake" in tasks
    assert "expected an address of this machine" in refused
