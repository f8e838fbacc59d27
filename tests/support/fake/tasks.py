"""Creates of tasks that the contract allows, and what tests ask of a world's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_runway.worlds.world import World

IMAGE = "https://example.com/cat.png"
VIDEO = "https://example.com/cat.mp4"
AUDIO = "https://example.com/cat.mp3"

MOVIE: tuple[str, Mapping[str, Any]] = (
    "text_to_video",
    {"model": "gen4.5", "promptText": "A cat.", "ratio": "1280:720", "duration": 5},
)
PICTURE: tuple[str, Mapping[str, Any]] = (
    "text_to_image",
    {"model": "gen4_image", "promptText": "A cat.", "ratio": "1280:720"},
)
SPEECH: tuple[str, Mapping[str, Any]] = (
    "text_to_speech",
    {
        "model": "eleven_multilingual_v2",
        "promptText": "A cat sat on a mat, and another one looked at it.",
        "voice": {"type": "runway-preset", "presetId": "Maya"},
    },
)
MOVIE_COSTS = 60
MOVIE_RUNS_S = 91  # with the second before it starts


def tagged(create: tuple[str, Mapping[str, Any]], scenario: str) -> tuple[str, Mapping[str, Any]]:
    """Return a create whose prompt has the tag of a scenario."""
    endpoint, body = create
    return endpoint, {**body, "promptText": f"{body['promptText']} [fake:{scenario}]"}


def path_of_task(world: World, task_id: str) -> list[str]:
    """Return all states that a task has been in, in their order."""
    world.account.advance(world.clock.now())
    path: list[str] = []
    for _, _, change in world.log.moves:
        state = change.after.state.value
        if change.after.id == task_id and path[-1:] != [state]:
            path.append(state)
    return path
