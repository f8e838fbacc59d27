"""The judge sees where a target calls a host that is written into its code."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tests.support.processes import running

if TYPE_CHECKING:
    from pathlib import Path

TARGET = """
import http.server, json, os, sys, time, urllib.request

BASE = os.environ["RUNWAYML_BASE_URL"]
ELSEWHERE = "https://api.dev.runwayml.com"  # the defect
SECRET = os.environ["RUNWAYML_API_SECRET"]


def call(base, method, path, body=None, bearer=SECRET):
    headers = {"Authorization": f"Bearer {bearer}", "X-Runway-Version": "2024-11-06"}
    data = None
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    url = f"{base}/v1/realtime_sessions{path}"
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        avatar = {"type": "runway-preset", "presetId": sent["avatarId"]}
        session = call(BASE, "POST", "", {"model": "gwm1_avatars", "avatar": avatar})["id"]
        while "sessionKey" not in (seen := call(BASE, "GET", f"/{session}")):
            time.sleep(0.2)
        room = call(ELSEWHERE, "POST", f"/{session}/consume", {}, seen["sessionKey"])
        raw = json.dumps({
            "sessionId": session,
            "serverUrl": room["url"],
            "token": room["token"],
            "roomName": room["roomName"],
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


async def test_a_host_in_the_code_is_seen_and_named(tmp_path: Path) -> None:
    """The call arrives at the fake, so everything else is judged; the report says which it was."""
    target, report = tmp_path / "target.py", tmp_path / "report.json"
    target.write_text(TARGET)
    address = "http://127.0.0.1:{port}/connect"
    options = ("--profile=quick", "--only=upstream.base-url", f"--report=json={report}")
    arguments = ("check", *options, f"--target={address}", "--", sys.executable, str(target))
    async with running("contracts", *arguments) as judge:
        output, errors = await judge.rest(), await judge.errors()
        assert await judge.exit_code() == 1, errors
    assert "POST /v1/realtime_sessions/{id}/consume to https://api.dev.runwayml.com" in output
    assert "by Python-urllib" in output
    [broken] = [
        each for each in json.loads(report.read_text())["requirements"] if each["outcome"] == "fail"
    ]
    assert broken["id"] == "upstream.base-url"
