"""What the avatar does during a call, as values: the steps of a script, and how the call begins.

A plan carries both (`session.py`), `core/scenario/script.py` writes them as data, and
`room/player.py` plays them. Nothing here knows of rooms, media or time.
"""

from dataclasses import field
from enum import Enum

from fake_runway.core.sessions.options import NO_OPTIONS, CreateOptions
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass

DEFAULT_WORDS_PER_S = 2.5
"""An easy pace of speech in English. Ours; Runway publishes none."""

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
    args: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallTool:
    """The avatar calls a tool of the backend, and goes on by what comes of it.

    Attributes:
        timeout_s: how long it waits for the answer, in seconds of the world's clock; None: as long
            as the tool declared.
        answered, failed, timed_out: what follows an answer, an error, and neither in time.
    """

    tool: str
    args: Json = field(default_factory=dict)
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
    times: int


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


def why_not(step: Step, options: CreateOptions) -> str:
    """Say why a step cannot be played in a session with these options; empty if it can.

    It names no tool of the session, or one of another type. What an admin made had no create, so
    nothing is known of its tools. The steps after a tool's answer are not looked at.
    """
    match step:
        case SendClientEvent(tool):
            type_ = CLIENT_EVENT
        case CallTool(tool):
            type_ = BACKEND_RPC
        case _:
            return ""
    names = [each.name for each in options.tools if each.type == type_]
    if tool in names or options == NO_OPTIONS:
        return ""
    known = ", ".join(names) or "none"
    return f"expected a {type_} tool that the session declared ({known}), got {tool}"
