"""A connect endpoint in Flask, with requests.

It hands out {sessionId, serverUrl, token, roomName}. A thread serves a caller; between two looks at
the session it asks the caller's socket, which the server lends, whether the caller is still there.

Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.
"""

import os
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import requests
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

BASE = os.environ.get("RUNWAYML_BASE_URL", "https://api.dev.runwayml.com").rstrip("/")
SECRET = os.environ["RUNWAYML_API_SECRET"]
TIMEOUT_S = float(os.environ.get("CONNECT_TIMEOUT_S", "30"))
PRESETS = {
    "game-character",
    "music-superstar",
    "game-character-man",
    "cat-character",
    "influencer",
    "tennis-coach",
    "human-resource",
    "fashion-designer",
    "cooking-teacher",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
POLL_EVERY_S = 0.4
MOST_CREATES = 3
LONGEST_PAUSE_S = 5.0

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 16 * 1024
background = ThreadPoolExecutor(max_workers=64)


class ConnectError(Exception):
    """A failure that a caller may read."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UpstreamError(Exception):
    """No success of Runway's. `status`: 0 without an answer."""

    def __init__(self, status: int, retry_after: str = "") -> None:
        super().__init__(f"Runway: {status or 'no answer'}")
        self.status = status
        self.retry_after = float(retry_after) if retry_after.isdecimal() else 0.0

    @property
    def passing(self) -> bool:
        """Whether looking again may help."""
        return self.status in (0, 429) or self.status >= 500


def call(
    method: str, path: str, bearer: str = SECRET, *, json: Any = None, within_s: float
) -> dict[str, Any]:
    """Call Runway once and return its JSON object."""
    headers = {"Authorization": f"Bearer {bearer}", "X-Runway-Version": "2024-11-06"}
    url = f"{BASE}/v1/realtime_sessions{path}"
    try:
        response = requests.request(method, url, json=json, headers=headers, timeout=within_s)
        if not response.ok:
            raise UpstreamError(response.status_code, response.headers.get("Retry-After", ""))
        body = response.json() if response.content else {}
    except requests.RequestException as error:
        raise UpstreamError(0) from error
    if not isinstance(body, dict):
        raise UpstreamError(0)
    return body


class Connect:
    """One caller's connect."""

    def __init__(self, gone: Callable[[], bool]) -> None:
        self.end_at = time.monotonic() + TIMEOUT_S
        self.gone = gone

    def credentials(self, avatar: dict[str, str]) -> dict[str, str]:
        """Return what the page needs; the session is cancelled if that fails."""
        session_id = self.create(avatar)
        try:
            key = self.key_of(session_id)
            room = self.consume(session_id, key)
            self.pause(0)
        except BaseException:
            background.submit(cancel, session_id)
            raise
        return {"sessionId": session_id, **room}

    def create(self, avatar: dict[str, str]) -> str:
        """Repeat only 429 and 503: they say that there is no session, and when to come back."""
        body = {"model": "gwm1_avatars", "avatar": avatar}
        for attempt in range(1, MOST_CREATES + 1):
            creating = background.submit(call, "POST", "", json=body, within_s=60)
            try:
                session_id = creating.result(self.left()).get("id")
            except NotYet:
                creating.add_done_callback(cancel_late)
                raise ConnectError(504, "The session took too long") from None
            except UpstreamError as error:
                repeatable = error.status in (429, 503) and 0 < error.retry_after <= LONGEST_PAUSE_S
                if not repeatable or attempt == MOST_CREATES:
                    raise
                self.pause(error.retry_after)
                continue
            if isinstance(session_id, str):
                return session_id
            raise ConnectError(502, "Runway gave no session")
        raise AssertionError("the last attempt returns or raises")

    def key_of(self, session_id: str) -> str:
        """Poll until the session is READY; looking changes nothing, so it may be repeated."""
        while True:
            try:
                session = call("GET", f"/{session_id}", within_s=min(self.left(), 3))
            except UpstreamError as error:
                if not error.passing:
                    raise
            else:
                key = session.get("sessionKey")
                if session.get("status") == "READY" and isinstance(key, str) and key:
                    return key
                if session.get("status") != "NOT_READY":  # ended, or used by another caller
                    raise ConnectError(502, "The session will not become ready")
            self.pause(POLL_EVERY_S)

    def consume(self, session_id: str, key: str) -> dict[str, str]:
        """Use the session's key, in the place of the API secret: it works once."""
        room = call("POST", f"/{session_id}/consume", key, json={}, within_s=self.left())
        fields = [room.get(name) for name in ("url", "token", "roomName")]
        if not all(isinstance(each, str) and each for each in fields):
            raise ConnectError(502, "Runway gave no credentials")
        return dict(zip(("serverUrl", "token", "roomName"), map(str, fields), strict=True))

    def pause(self, seconds: float) -> None:
        """Sleep, unless the caller leaves or the time is up."""
        until = time.monotonic() + seconds
        while True:
            self.left()
            if self.gone():
                raise ConnectError(499, "The caller has left")
            if (rest := until - time.monotonic()) <= 0:
                return
            time.sleep(min(rest, 0.1))

    def left(self) -> float:
        """Return the seconds until the deadline."""
        if (left := self.end_at - time.monotonic()) <= 0:
            raise ConnectError(504, "The session took too long")
        return left


def cancel(session_id: str) -> None:
    """Cancel a session that is not handed out: it is paid for until it ends."""
    for attempt in range(1, 4):
        try:
            call("DELETE", f"/{session_id}", within_s=5)
        except UpstreamError:
            app.logger.warning("session %s is not cancelled yet", session_id)
            time.sleep(attempt)
        else:
            return


def cancel_late(creating: Future[dict[str, Any]]) -> None:
    """Cancel the session of a create that was answered too late."""
    if not creating.exception() and isinstance(late := creating.result().get("id"), str):
        threading.Thread(target=cancel, args=(late,)).start()


def requested_avatar() -> dict[str, str]:
    """Return the avatar as Runway wants it."""
    body = request.get_json()
    avatar_id = body.get("avatarId") if isinstance(body, dict) else None
    if not isinstance(avatar_id, str) or not avatar_id:
        raise ConnectError(400, "avatarId is required")
    if avatar_id in PRESETS:
        return {"type": "runway-preset", "presetId": avatar_id}
    if UUID.fullmatch(avatar_id):
        return {"type": "custom", "avatarId": avatar_id}
    raise ConnectError(404, "Unknown avatar")


def has_closed(connection: socket.socket) -> bool:
    """Tell whether the caller has closed: one who waits sends nothing."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


@app.post("/api/avatar/connect")
def connect() -> Response:
    """POST {"avatarId": ...}: the credentials of a session."""
    avatar = requested_avatar()
    connection: socket.socket = request.environ["werkzeug.socket"]
    response = jsonify(Connect(lambda: has_closed(connection)).credentials(avatar))
    response.headers["Cache-Control"] = "no-store"
    return response


@app.errorhandler(ConnectError)
def refused(error: ConnectError) -> tuple[Response, int]:
    """Answer a failure of ours."""
    return jsonify(error=str(error)), error.status


@app.errorhandler(UpstreamError)
def unavailable(error: UpstreamError) -> tuple[Response, int]:
    """Answer a failure of Runway's, without its text."""
    app.logger.warning("%s", error)
    if error.status in (402, 429):
        return jsonify(error="No session is available right now"), 503
    return jsonify(error="The session could not be started"), 502


@app.errorhandler(HTTPException)
def wrong_request(error: HTTPException) -> tuple[Response, int]:
    """Answer Flask's own refusals, such as of a body that is no JSON, as JSON."""
    return jsonify(error=error.name), error.code or 500


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "3000")), threaded=True)
