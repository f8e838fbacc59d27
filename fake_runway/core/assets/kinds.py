"""The kinds of stored resources of the Runway API, and what they hold."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.core.assets.asset import AssetKind
from fake_runway.core.errors import UnknownAvatar, UnknownDocument, UnknownRouter, UnknownVoice
from fake_runway.core.lifecycles.avatar import AVATAR
from fake_runway.core.lifecycles.document import DOCUMENT
from fake_runway.core.lifecycles.router import ROUTER
from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.lifecycles.voice import VOICE

AVATARS = AssetKind(AVATAR, UnknownAvatar, "Could not find avatar.")
VOICES = AssetKind(VOICE, UnknownVoice, "Could not find voice.")
DOCUMENTS = AssetKind(DOCUMENT, UnknownDocument, "Could not find document.")
ROUTERS = AssetKind(ROUTER, UnknownRouter, "Could not find router.")

ASSET_KINDS: Mapping[str, AssetKind] = MappingProxyType(
    {kind.name: kind for kind in (AVATARS, VOICES, DOCUMENTS, ROUTERS)}
)

ASSET_FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "NO_FACE": "No face was detected in the reference image.",
        "MODERATION": "The content was rejected by content moderation.",
        "IMAGE_INVALID": "The reference image could not be read.",
        "AUDIO_INVALID": "The audio sample could not be read.",
        "AUDIO_TOO_SHORT": "The audio sample is too short.",
        "AUDIO_TOO_NOISY": "The audio sample has too much noise.",
        "DOCUMENT_UNREADABLE": "The document could not be read.",
        "INTERNAL": "An internal error occurred.",
    }
)
"""Why processing can fail. The wire shows the text alone; codes and texts are ours."""


def asset_failure(code: str) -> Failure:
    """Return the failure of a code."""
    return Failure(code, ASSET_FAILURES[code])


class VoiceChoice(NamedTuple):
    """The voice of an avatar.

    Attributes:
        id: of a custom voice, or of a preset one.
    """

    custom: bool
    id: str


class AvatarContent(NamedTuple):
    """What an avatar holds.

    Attributes:
        start_script: None: it has none.
        documents: the ids of its documents, in the order in which the client named them.
        created_at: instead of the instant at which it was kept; None: that one.
    """

    name: str
    personality: str
    voice: VoiceChoice
    start_script: str | None = None
    documents: tuple[str, ...] = ()
    created_at: float | None = None


class VoiceContent(NamedTuple):
    """What a voice holds."""

    name: str
    description: str | None = None


class DocumentContent(NamedTuple):
    """What a document holds."""

    name: str
    text: str


DEFAULT_VOICE = VoiceChoice(False, "clara")

MADE_AVATAR = AvatarContent("Custom avatar", "It exists.", DEFAULT_VOICE)
MADE_VOICE = VoiceContent("Custom voice")
MADE_DOCUMENT = DocumentContent("Document", "It exists.")
"""What resources hold that exist because their id was asked for."""

MADE: Mapping[str, Any] = MappingProxyType(
    {AVATARS.name: MADE_AVATAR, VOICES.name: MADE_VOICE, DOCUMENTS.name: MADE_DOCUMENT}
)
"""The same by the name of the kind."""
