"""Clients of the admin API. Public: everything that callers need is imported here.

`AsyncAdmin` is awaited, `Admin` blocks. `AsyncFake` and `Fake` also have what an application needs
to find their world. The other names are what clients return and raise.
"""

from fake_runway.client.aio import AsyncAdmin, AsyncFaultHandle
from fake_runway.client.answers import (
    AdminError,
    BadRequest,
    ClockView,
    Conflict,
    CreditsView,
    Due,
    Exchanges,
    ExchangeView,
    FailureView,
    FaultView,
    FindingView,
    Health,
    NoSuch,
    NotAllowed,
    Recording,
    ReplayView,
    RequestView,
    ResponseView,
    ScenarioLine,
    ScenarioView,
    SessionView,
    Snapshot,
    Timeline,
    Unreachable,
    WaitTimedOut,
    WorldView,
)
from fake_runway.client.blocking import Admin, FaultHandle
from fake_runway.client.fake import AsyncFake, Fake

__all__ = [
    "Admin",
    "AdminError",
    "AsyncAdmin",
    "AsyncFake",
    "AsyncFaultHandle",
    "BadRequest",
    "ClockView",
    "Conflict",
    "CreditsView",
    "Due",
    "ExchangeView",
    "Exchanges",
    "FailureView",
    "Fake",
    "FaultHandle",
    "FaultView",
    "FindingView",
    "Health",
    "NoSuch",
    "NotAllowed",
    "Recording",
    "ReplayView",
    "RequestView",
    "ResponseView",
    "ScenarioLine",
    "ScenarioView",
    "SessionView",
    "Snapshot",
    "Timeline",
    "Unreachable",
    "WaitTimedOut",
    "WorldView",
]
