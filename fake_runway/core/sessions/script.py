"""What the avatar does during a call, as values: the steps of a script, and how the call begins.

A plan carries both (`session.py`), `core/scenario/script.py` writes them as data, and
`room/player.py` plays them. Nothing here knows of rooms, media or time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from fake_runway.core.types import Json

DEFAULT_WORDS_PER_S = 2.5
"""An easy pace of speech in English. Ours; Runway publishes none."""

DEFAULT_TOOL_TIMEOUT_S = 4.0
"""What a tool declares unless it says otherwise. Source: `timeoutSeconds` of the published API."""

CLIENT_EVENT, BACKEND_RPC = "client_event", "backend_rpc"
"""The types of tools. Source: `Tool` of the published API."""


class AvatarAppears(Enum):
    """When the avatar is announced to the others in the room."""

    AT_ONCE = "at once"
    LATE = "late"
    NEVER = "never"


class TranscriptForm(Enum):
    """How a transcript is sent: as data of Runway's, as LiveKit's own packets, or as both."""

    DATA = "data"
    NATIVE = "native"
    BOTH = "both"


class DataDelivery(Enum):
    """What becomes of each data packet from the avatar."""

    ONCE = "once"
    LOST = "lost"
    DOUBLED = "doubled"

    @property
    def copies(self) -> int:
        """How many of each packet arrive."""
        return {"once": 1, "lost": 0, "doubled": 2}[self.value]


@dataclass(frozen=True, slots=True)
class CallSetup:
    """How a call begins, and how the avatar's data travels.

    Attributes:
        refuses_join: the room refuses everyone who wants to join.
        avatar_after_s: from the first join to an avatar that is late, in seconds.
    """

    refuses_join: bool = False
    avatar: AvatarAppears = AvatarAppears.AT_ONCE
    avatar_after_s: float = 2.0
    transcript: TranscriptForm = TranscriptForm.DATA
    data: DataDelivery = DataDelivery.ONCE


@dataclass(frozen=True, slots=True)
class Say:
    """The avatar says a text, at this many words a second."""

    text: str
    words_per_s: float = DEFAULT_WORDS_PER_S


@dataclass(frozen=True, slots=True)
class SendClientEvent:
    """The avatar sends a client event: a call of a tool in the browser, without an answer."""

    tool: str
    args: Json = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class CallTool:
    """The avatar calls a tool of the backend, and goes on by what comes of it.

    Attributes:
        timeout_s: how long it waits for the answer, in real seconds, because the backend is real;
            None: as long as the tool declared.
        answered, failed, timed_out: what follows an answer, an error, and neither in time.
    """

    tool: str
    args: Json = field(default_factory=dict, hash=False)
    timeout_s: float | None = None
    answered: "tuple[Step, ...]" = ()
    failed: "tuple[Step, ...]" = ()
    timed_out: "tuple[Step, ...]" = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes, in seconds of the world's clock; what the avatar is told meanwhile, it does."""

    span_s: float


@dataclass(frozen=True, slots=True)
class StaySilent:
    """The same, and the avatar does nothing meanwhile: what it is told waits for the end."""

    span_s: float


@dataclass(frozen=True, slots=True)
class WaitForSpeech:
    """The avatar listens until a user has spoken; at most so many seconds of the world's clock.

    As in a `Wait`, it does what it is told meanwhile.
    """

    at_most_s: float | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The server removes everyone from the room, for a reason that is LiveKit's word."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """The avatar ends the call: the session is completed."""


@dataclass(frozen=True, slots=True)
class FreezeVideo:
    """The picture stands still, or moves again."""

    on: bool


@dataclass(frozen=True, slots=True)
class MuteAudio:
    """No sound comes any more, or comes again."""

    on: bool


@dataclass(frozen=True, slots=True)
class DropSocket:
    """The connections of all participants break, as in a network that fails."""


@dataclass(frozen=True, slots=True)
class SendData:
    """A data packet of this text is sent so many times, whatever `CallSetup.data` says."""

    text: str
    times: int = 1


Step = (
    Say
    | SendClientEvent
    | CallTool
    | Wait
    | StaySilent
    | WaitForSpeech
    | Leave
    | EndCall
    | FreezeVideo
    | MuteAudio
    | DropSocket
    | SendData
)


class Declared(NamedTuple):
    """What a session's create said about the call.

    Attributes:
        start_script: what the avatar says first; empty: nothing.
        tools: the type of each tool by its name; None: unknown, so every tool may be called.
        timeouts_s: how long each tool of the backend may take, in seconds, by its name.
    """

    start_script: str = ""
    tools: Mapping[str, str] | None = None
    timeouts_s: Mapping[str, float] = {}  # only read

    def why_not(self, step: Step) -> str:
        """Say why a step cannot be played, because it names no tool of the session; else nothing.

        The steps after a tool's answer are not looked at.
        """
        match step:
            case SendClientEvent(tool):
                type_ = CLIENT_EVENT
            case CallTool(tool):
                type_ = BACKEND_RPC
            case _:
                return ""
        if self.tools is None or self.tools.get(tool) == type_:
            return ""
        known = ", ".join(name for name, each in self.tools.items() if each == type_) or "none"
        return f"expected a {type_} tool that the session declared ({known}), got {tool}"


def declared_in(body: Json) -> Declared:
    """Return what the body of a create, valid by the Runway API's document, says about the call."""
    tools = body.get("tools", ())
    return Declared(
        body.get("startScript", ""),
        {each["name"]: each["type"] for each in tools},
        {each["name"]: each["timeoutSeconds"] for each in tools if "timeoutSeconds" in each},
    )
