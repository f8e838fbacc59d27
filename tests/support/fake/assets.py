"""Creates of avatars, voices and documents that the contract allows, and calls about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.fake.tasks import IMAGE

AVATAR: Mapping[str, Any] = {
    "name": "Ada",
    "personality": "You like to count.",
    "referenceImage": IMAGE,
    "voice": {"type": "runway-live-preset", "presetId": "clara"},
}
VOICE: Mapping[str, Any] = {
    "name": "Deep",
    "from": {
        "type": "text",
        "prompt": "A calm voice, and quite deep.",
        "model": "eleven_ttv_v3",
    },
}
DOCUMENT: Mapping[str, Any] = {"name": "Notes", "content": "Two and two are four."}

CREATES: Mapping[str, Mapping[str, Any]] = {
    "avatar": AVATAR,
    "voice": VOICE,
    "document": DOCUMENT,
}
"""By kind, what creates one."""

PROCESSED_S = {"avatar": 30.0, "voice": 10.0, "document": 0.0}
"""How long each kind is processed where no scenario says otherwise."""
