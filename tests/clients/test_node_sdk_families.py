"""The official Node SDK: a call for each family of resources, uploads, and waiting in no time."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path

from fake_runway.core.scenario.settings import Settings
from tests.clients.npm import Node
from tests.clients.processes import environment
from tests.support.fake.files import made
from tests.support.processes import PATIENCE_S
from tests.support.servers import SECRET, serving_fake

PAGE = Path(__file__).parents[2] / "docs/tasks.md"


async def test_each_family_is_served_and_the_helper_waits_in_no_time(
    node: Node, tmp_path: Path
) -> None:
    """A film is made of an upload, its world's clock is moved by the sleeps of the helper."""
    [lines] = re.findall(r"```js\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert "setTimeout" in lines
    module = tmp_path / "no_waiting.mjs"
    module.write_text(f"const {{ fake }} = globalThis;\n{lines}")
    picture = base64.b64encode(made("png")).decode()
    async with serving_fake(Settings()) as fake:
        program = await asyncio.create_subprocess_exec(
            node.binary,
            node.script("families.mjs"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(fake.url, SECRET, NO_WAITING=module.as_uri(), PICTURE=picture),
        )
        async with asyncio.timeout(PATIENCE_S):
            out, errors = await program.communicate()
    assert program.returncode == 0, errors.decode()
    results = json.loads(out)
    assert results.pop("uploads").startswith("runway://")
    assert results.pop("organization") > 0
    assert 3 <= results.pop("moves") < 60
    assert results == {
        "tasks": "SUCCEEDED",
        "failure": "SAFETY.INPUT.TEXT",
        "realtimeSessions": "NOT_READY",
        "avatars": 1,
        "avatarConversations": "in_progress",
        "usage": 0,
    }
