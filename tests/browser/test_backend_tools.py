"""Tools of a backend by the official `@runwayml/avatars-node-rpc`, called by the avatar."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_runway.room.stage import ToolFailed
from tests.browser.calls import PAGE
from tests.clients.npm import node_with_packages
from tests.clients.processes import environment, running
from tests.support.room import HOSTED, call_of, gathers_candidates, joined, session_of
from tests.support.servers import serving_fake


@pytest.mark.skipif(not gathers_candidates(), reason="needs an interface that is not loopback")
async def test_the_avatar_calls_a_tool_of_the_backend(tmp_path: Path) -> None:
    """Its answer comes back, and what it throws is the error of the call."""
    node = node_with_packages(PAGE)
    async with serving_fake(livekit=HOSTED) as fake:
        session = await session_of(fake)
        command = (node.binary, node.script("backend.mjs"), session.id)
        async with (
            joined(session.user),
            running(
                command, errors=tmp_path / "errors", env=environment(fake.url), talk=True
            ) as backend,
        ):
            while await backend.line() != "connected":
                pass  # the package logs to stdout too
            call = call_of(fake, session)
            assert await call.call_tool("add", {"a": 2, "b": 3}, 8.0) == {"sum": 5}
            with pytest.raises(ToolFailed, match="the shop is closed"):
                await call.call_tool("fail", {}, 8.0)
