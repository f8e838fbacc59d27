"""Clients of the admin API. Public: all that is needed stands here.

`AsyncAdmin` is awaited, `Admin` blocks. `AsyncFake` and `Fake` are the same, with what an
application needs to find their world. All others are what clients return and raise.
"""

from fake_runway.client.aio import AsyncAdmin
from fake_runway.client.answers import (
    AdminError,
    BadRequest,
    ClockView,
    Conflict,
    CreditsView,
    Due,
    Exchange,
    Exchanges,
    Failure,
    FaultView,
    Finding,
    Health,
    NoSuch,
    NotAllowed,
    Recording,
    Replayed,
    Request,
    Response,
    ScenarioLine,
    ScenarioView,
    SessionView,
    Snapshot,
    Timeline,
    Unreachable,
    WaitTimedOut,
    WorldView,
)
from fake_runway.client.blocking import Admin
from fake_runway.client.fake import AsyncFake, Fake

__all__ = [
    "Admin",
    "AdminError",
    "AsyncAdmin",
    "AsyncFake",
    "BadRequest",
    "ClockView",
    "Conflict",
    "CreditsView",
    "Due",
    "Exchange",
    "Exchanges",
    "Failure",
    "Fake",
    "FaultView",
    "Finding",
    "Health",
    "NoSuch",
    "NotAllowed",
    "Recording",
    "Replayed",
    "Request",
    "Response",
    "ScenarioLine",
    "ScenarioView",
    "SessionView",
    "Snapshot",
    "Timeline",
    "Unreachable",
    "WaitTimedOut",
    "WorldView",
]
