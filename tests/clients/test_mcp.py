"""`fake-runway mcp` with the official client of the protocol."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.processes import held_port

mcp = pytest.importorskip("mcp", reason="needs the extra mcp")

COMMAND = ["-P", "-m", "fake_runway", "mcp", "--port=0", "--time-scale=0"]
CREATE = {
    "model": "gwm1_avatars",
    "avatar": {"type": "runway-preset", "presetId": "music-superstar"},
}
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def connected() -> Any:
    """Return a client whose server is a process of ours."""
    parameters = mcp.StdioServerParameters(
        command=sys.executable, args=COMMAND, env=dict(os.environ)
    )
    return mcp.Client(parameters)


async def called(client: Any, name: str, **arguments: Any) -> tuple[Any, bool]:
    """Call a tool; return what it says, and whether that is an error."""
    result = await client.call_tool(name, arguments)
    (part,) = result.content
    try:
        return json.loads(part.text), result.is_error
    except ValueError:
        return part.text, result.is_error


async def test_an_agent_sets_up_looks_and_makes_things_fail(tmp_path: Path) -> None:
    """From the variables of an application to its timeline, and a judged endpoint."""
    async with connected() as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"applicationEnvironment", "judgeEndpoint", "addFault", "getTimeline"} <= names
        environment, _ = await called(client, "applicationEnvironment", world="mine")
        headers = {
            "Authorization": f"Bearer {environment['RUNWAYML_API_SECRET']}",
            "X-Runway-Version": "2024-11-06",
        }
        url = f"{environment['RUNWAYML_BASE_URL']}/v1/realtime_sessions"
        fault = {"effect": {"status": 503}, "times": 1}
        assert not (await called(client, "addFault", **fault, world="mine"))[1]
        async with aiohttp.ClientSession(headers=headers) as http:
            statuses = [(await http.post(url, json=CREATE)).status for _ in range(2)]
        assert statuses == [503, 200]
        await called(client, "moveClock", to="next", world="mine")
        sessions, _ = await called(client, "listSessions", world="mine")
        assert [each["state"] for each in sessions["sessions"]] == ["ready"]
        ready, wrong = await called(client, "makeSession", state="ready", world="mine")
        assert (ready["session_key"], wrong) == ("[session key]", False)

        refused, wrong = await called(client, "occur", id=ready["id"], event="joined", world="mine")
        assert wrong
        assert refused["code"] == "illegal_transition"
        assert (await called(client, "moveClock", hours=1)) == (
            "expected by, to, world, got 'hours'",
            True,
        )
        assert (await called(client, "noSuchTool"))[1]

        with held_port() as port:
            code = tmp_path / "server.py"
            code.write_text(SERVER)
            found, wrong = await called(
                client,
                "judgeEndpoint",
                target=f"http://127.0.0.1:{port}/connect",
                command=[sys.executable, str(code), str(port)],
                only=["request.bad-json"],
                timeout="1s",
            )
        assert not wrong
        assert (found["exit_code"], found["passed"]) == (1, False)
        assert [each["id"] for each in found["broken"]] == ["request.bad-json"]
        assert found["broken"][0]["caller_got"][0]["status"] == 200
