"""A page that makes a video from a prompt, with the official Python SDK and Flask.

A thread follows each video to its end, so that no request of a browser takes minutes. Four things
go wrong often enough to be handled: moderation, no free place, no credits, and a file that cannot
be downloaded in time.
"""

from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from flask import Flask, abort, jsonify, request, send_file
from runwayml import APIStatusError, DefaultHttpxClient, RunwayML, TaskFailedError, TaskTimeoutError

MODEL: Final = "gen4.5"
RATIO: Final = "1280:720"
SECONDS = 5
LONGEST_PROMPT = 1_000
GIVE_UP_S = 5 * 60  # of waiting for one video
DOWNLOADS = 3  # tries
DOWNLOAD_S = 30.0
HTTP = DefaultHttpxClient()  # one for all: to read the certificates takes a while

TEXTS = {
    "starting": "Your video is on its way.",
    "waiting": "All places are taken. Your video starts as soon as one is free.",
    "making": "Your video is being made.",
    "done": "Here it is.",
    "refused": "This text cannot be made into a video. Please describe something else.",
    "busy": "Too many videos today. Please come back later.",
    "unpaid": "We cannot make videos at the moment. Please come back later.",
    "lost": "Your video was made, and we could not save it. Please try again.",
    "failed": "Your video could not be made. Please try again.",
}


@dataclass
class Video:
    """One video, as the page shows it. `state`: a key of `TEXTS`; `progress`: 0 to 1."""

    prompt: str
    state: str = "starting"
    progress: float = 0.0
    file: Path | None = None


class NotSaved(Exception):
    """The output could not be downloaded, whole and as a video."""


def create_app(folder: Path | None = None) -> Flask:
    """Return the application; videos are kept in `folder`, by default a new one."""
    app, videos = Flask(__name__), dict[str, Video]()
    runway = RunwayML(http_client=HTTP)  # address and key: RUNWAYML_BASE_URL, RUNWAYML_API_SECRET
    folder = folder or Path(tempfile.mkdtemp(prefix="videos-"))

    @app.get("/")
    def page() -> Any:
        return send_file(Path(__file__).with_name("page.html"))

    @app.post("/videos")
    def make() -> Any:
        prompt = (request.get_json(silent=True) or {}).get("prompt")
        if not isinstance(prompt, str) or not 0 < len(prompt.strip()) <= LONGEST_PROMPT:
            return jsonify(error=f"expected a prompt of 1 to {LONGEST_PROMPT} characters"), 400
        name = uuid4().hex
        video = videos[name] = Video(prompt.strip())
        file = folder / f"{name}.mp4"
        threading.Thread(target=follow, args=(video, file, runway), daemon=True).start()
        return jsonify(id=name), 202

    @app.get("/videos/<name>")
    def show(name: str) -> Any:
        video = videos.get(name) or abort(404)
        return jsonify(
            state=video.state, text=TEXTS[video.state], progress=round(video.progress, 2)
        )

    @app.get("/videos/<name>/file")
    def file(name: str) -> Any:
        video = videos.get(name) or abort(404)
        return send_file(video.file, mimetype="video/mp4") if video.file else abort(404)

    return app


def follow(video: Video, file: Path, runway: RunwayML) -> None:
    """Make a video and save it; whatever happens, the video says how it ended."""
    try:
        task_id = create(runway, video.prompt)
        wait(runway, task_id, video)
        save(runway, task_id, file)
        video.file, video.state = file, "done"
    except TaskFailedError as error:
        code = getattr(error.task_details, "failure_code", None) or ""
        video.state = "refused" if "SAFETY" in code.split(".") else "failed"
    except NotSaved:
        video.state = "lost"
    except APIStatusError as error:
        video.state = state_after(error)
    except Exception:
        video.state = "failed"
        raise


def create(runway: RunwayML, prompt: str) -> str:
    """Start a video and return the id of its task.

    Without retries: a create whose reply is lost may have worked, and another one is paid as well.
    """
    once = runway.with_options(max_retries=0)
    task_id: str = once.text_to_video.create(
        model=MODEL, prompt_text=prompt, ratio=RATIO, duration=SECONDS
    ).id
    return task_id


def wait(runway: RunwayML, task_id: str, video: Video) -> None:
    """Wait for a task; with a short timeout, the SDK's helper polls once at its own pace."""
    task, waited = runway.tasks.retrieve(task_id), 0.0
    while True:
        try:
            task.wait_for_task_output(timeout=1)
        except TaskTimeoutError as error:
            details = error.task_details
            video.state = "waiting" if details.status == "THROTTLED" else "making"
            video.progress = max(video.progress, getattr(details, "progress", None) or 0.0)
            waited += 6.0  # what the helper sleeps on average
        else:
            return
        if waited > GIVE_UP_S:
            runway.tasks.delete(task_id)  # else it runs on, and is paid
            raise TaskFailedError(details)


def save(runway: RunwayML, task_id: str, file: Path) -> None:
    """Download the output of a task; each try asks for a new address, for the old may be over.

    Raises:
        NotSaved: no try had a whole video.
    """
    for _ in range(DOWNLOADS):
        task = runway.tasks.retrieve(task_id)
        if task.status != "SUCCEEDED" or not task.output:
            break
        try:
            answer = HTTP.get(task.output[0], timeout=DOWNLOAD_S).raise_for_status()
        except httpx.HTTPError:
            continue  # 403, 503, or it broke off
        if answer.headers.get("Content-Type", "").startswith("video/"):
            file.write_bytes(answer.content)
            return
    raise NotSaved(task_id)


def state_after(error: APIStatusError) -> str:
    """Return what the page shows for a call that was refused."""
    if error.status_code == 429:
        return "busy"
    # 402 by the documentation; 400 with a sentence was seen
    if error.status_code == 402 or "credits" in str(error.body):
        return "unpaid"
    return "failed"


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "3000")))
