"""Clients of the admin API. Public: everything that callers need is imported here.

`AsyncAdmin` is awaited, `Admin` blocks. `AsyncFake` and `Fake` also have what an application needs
to find their world. The other names are what clients return and raise.
"""
# ruff: noqa: I001  # `A as A` exports a name, and stands once in this list

from fake_runway.client.aio import (
    AsyncAdmin as AsyncAdmin,
    AsyncFaultHandle as AsyncFaultHandle,
    AsyncSession as AsyncSession,
)
from fake_runway.client.answers import (
    AdminError as AdminError,
    BadRequest as BadRequest,
    ClockView as ClockView,
    Conflict as Conflict,
    CreditsView as CreditsView,
    Due as Due,
    EventView as EventView,
    Exchanges as Exchanges,
    ExchangeView as ExchangeView,
    FailureView as FailureView,
    FaultView as FaultView,
    FindingView as FindingView,
    Health as Health,
    Kept as Kept,
    NoSuch as NoSuch,
    NotAllowed as NotAllowed,
    Recording as Recording,
    ReplayView as ReplayView,
    RequestView as RequestView,
    ResponseView as ResponseView,
    ScenarioLine as ScenarioLine,
    ScenarioView as ScenarioView,
    SessionView as SessionView,
    Snapshot as Snapshot,
    SpecView as SpecView,
    TaskTimeline as TaskTimeline,
    TaskView as TaskView,
    Timeline as Timeline,
    Unreachable as Unreachable,
    Viewer as Viewer,
    WaitTimedOut as WaitTimedOut,
    WorldView as WorldView,
)
from fake_runway.client.blocking import (
    Admin as Admin,
    FaultHandle as FaultHandle,
    Session as Session,
)
from fake_runway.client.fake import AsyncFake as AsyncFake, Fake as Fake
from fake_runway.client.participant import (
    ClientEvent as ClientEvent,
    NoLiveKit as NoLiveKit,
    Participant as Participant,
)
from fake_runway.client.verifying import (
    CallMatch as CallMatch,
    VerificationFailed as VerificationFailed,
)
