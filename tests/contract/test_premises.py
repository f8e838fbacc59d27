"""No verdict without its premise: gateways that do only a part of what a correct one does.

A gateway that creates nothing leaves nothing behind, and one that never waits never waits too long:
whatever depends on a part that is switched off must not be "passed" for them.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

from aiohttp import web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.judge.case import Case
from contracts.judge.output import Output
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Shape
from contracts.judge.situations.catalogue import QUICK, situations
from contracts.judge.verdict import Outcome, Report
from tests.contract.judged import MARKER, SECRET, SimulatedJudge
from tests.contract.small_gateway import Gateway, Problem, served

DEADLINE_S = 3.0
PARTS = ("avatar", "create", "body", "poll", "consume", "cancel", "answer")
"""What can be switched off, in the order in which a connect needs it."""


class Partial(Gateway):
    """Correct, but for the parts that are switched off: it answers 500 there."""

    off: ClassVar[frozenset[str]] = frozenset()

    def avatar(self, body: Any) -> str:
        known = super().avatar(body)
        if "avatar" in self.off:
            raise Problem(400, "there is no such avatar")
        return known

    async def create(self, avatar: str) -> str:
        if "create" in self.off:
            raise Problem(500, "out of order")
        return await super().create(avatar)

    def wanted(self, avatar: str) -> Mapping[str, Any]:
        return {"type": "nonsense"} if "body" in self.off else super().wanted(avatar)

    async def until_ready(self, session: str, request: web.Request) -> str:
        if "poll" in self.off:
            raise Problem(500, "out of order")
        return await super().until_ready(session, request)

    async def hand_out(self, session: str, key: str) -> Mapping[str, Any]:
        if "consume" in self.off:
            raise Problem(500, "out of order")
        answer = await super().hand_out(session, key)
        if "answer" in self.off:
            raise Problem(500, "out of order")
        return answer

    async def cancel(self, session: str) -> None:
        if "cancel" not in self.off:
            await super().cancel(session)


_CREATES = {"avatar", "create", "body"}
_POLLS = _CREATES | {"poll"}
_CONSUMES = _POLLS | {"consume"}
_SUCCEEDS = _CONSUMES | {"answer"}
NEEDS: Mapping[str, set[str]] = {
    "shape": _SUCCEEDS,
    "request": _CREATES,
    "request.preset": _CREATES,
    "request.custom-avatar": _CREATES,
    "poll": _POLLS,
    "poll.waits": _SUCCEEDS,
    "time": _CREATES,
    "time.last-moment": _SUCCEEDS,
    "terminal": _POLLS,
    "state": _POLLS,
    "upstream": {"avatar", "create"},
    "upstream.poll": _POLLS,
    "upstream.final-ends-the-wait": {"avatar", "create"},
    "upstream.consume": _CONSUMES,
    "error": set(),
    "retry": {"avatar", "create"},
    "retry.passing-error": _POLLS,
    "consume": _CONSUMES,
    "header.version": _POLLS,
    "header.version-on-consume": _CONSUMES,
    "slow": _SUCCEEDS,
    "survive": {"avatar", "create"},
    "state.only-ready": _POLLS,
    "unexpected": _CREATES,
    "unexpected.foreign-origin": set(),
    "unexpected.charset": _SUCCEEDS,
    "cancel": _CREATES | {"cancel"},
    "cancel.at-the-deadline": _POLLS | {"cancel"},
    "cancel.after-a-failure": _POLLS | {"cancel"},
    "cancel.caller-gone": _CREATES | {"cancel", "poll"},
    "cancel.caller-gone-soon": _CREATES | {"cancel", "poll"},
    "cancel.not-what-was-handed-out": _SUCCEEDS,
    "many": _SUCCEEDS,
    "many.side-by-side": _CREATES,
    "secrecy": {"avatar", "create"},
    "secrecy.session-key": _POLLS,
    "secrecy.callers-credentials": set(),
    "secrecy.cached": _SUCCEEDS,
    "secrecy.trace": set(),
    "secrecy.session-id": _CREATES,
}
"""On which parts a requirement depends, by its id or its family."""


def needs(id_: str) -> set[str]:
    """Return the parts on which a requirement depends."""
    return NEEDS[id_] if id_ in NEEDS else NEEDS[id_.partition(".")[0]]


def judged(off: Iterable[str], only: str = "", shape: Shape = Shape.CREDENTIALS) -> Report:
    """Judge the gateway without some parts, in two situations of each requirement in `only`."""

    without = frozenset(off)

    def serve(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
        class Kind(Partial):
            off = without

        return served(Kind, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)

    chosen = [each for each in REQUIREMENTS if each.id.startswith(only)]
    every = situations(DEADLINE_S, MARKER)
    about = ([one.id for one in every if each.is_about(one)] for each in chosen)
    few = {id_ for ids in about for id_ in ids[:2]} | {every[0].id}
    return SimulatedJudge(shape, DEADLINE_S, only=few).judge(serve)


def outcomes(report: Report, begins: str = "") -> dict[str, Outcome]:
    """Return the outcome of each requirement whose id begins so."""
    return {
        each.requirement.id: each.outcome
        for each in report.verdicts
        if each.requirement.id.startswith(begins)
    }


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@example(off={"avatar"}, shape=Shape.CREDENTIALS)
@example(off={"create"}, shape=Shape.CREDENTIALS)
@example(off={"body"}, shape=Shape.CREDENTIALS)
@example(off={"poll"}, shape=Shape.CREDENTIALS)
@example(off={"consume"}, shape=Shape.CREDENTIALS)
@example(off={"cancel"}, shape=Shape.CREDENTIALS)
@example(off={"answer"}, shape=Shape.CREDENTIALS)
@given(off=st.sets(st.sampled_from(PARTS), min_size=2), shape=st.sampled_from(Shape))
def test_nothing_passes_that_depends_on_what_is_switched_off(off: set[str], shape: Shape) -> None:
    """The law: without a part, no requirement that depends on it is passed."""
    report = judged(off, shape=shape)

    passed = {id_ for id_, each in outcomes(report).items() if each is Outcome.PASS}
    assert {id_ for id_ in passed if needs(id_) & off} == set()
    assert bool(report.not_exercised) == bool(off & _SUCCEEDS)
    causes = [each.reason for each in report.verdicts if each.outcome is Outcome.NOT_OBSERVED]
    assert all(causes)


def test_everything_is_observed_where_nothing_is_switched_off() -> None:
    """The same gateway passes everything with all of its parts."""
    report = judged(())

    assert set(outcomes(report).values()) <= {Outcome.PASS, Outcome.SKIP}
    assert report.not_exercised == ""


def test_the_quick_profile_observes_every_family() -> None:
    """A correct gateway passes a requirement of each family at least in the quick situations."""
    report = SimulatedJudge(Shape.CREDENTIALS, DEADLINE_S, only={*QUICK}).judge(_served_whole)

    passed = {each.requirement.family for each in report.verdicts if each.outcome is Outcome.PASS}
    assert passed == {each.family for each in REQUIREMENTS}


CANCEL = [each.id for each in REQUIREMENTS if each.id.startswith("cancel.")]


def test_malformed_creates_and_errors_keep_no_cancel() -> None:
    """A target that sends one malformed create, then answers 500, left nothing to be cancelled."""
    report = judged({"body"}, "cancel")

    assert set(outcomes(report, "cancel")) == {*CANCEL}
    assert set(outcomes(report, "cancel").values()) == {Outcome.NOT_OBSERVED}
    assert report.no_connect.startswith(
        "no connect succeeded: in ready-at-once, the create got 400"
    )
    assert not report.kept(strict=False)


def test_a_server_that_does_not_know_the_avatar_cancels_nothing() -> None:
    """Its refusal says nothing about the session of a caller who hangs up."""
    report = judged({"avatar"}, "cancel.caller-gone")

    assert outcomes(report, "cancel.caller-gone")["cancel.caller-gone"] is Outcome.NOT_OBSERVED
    assert not report.kept(strict=False)


def test_the_first_cause_has_the_situation_and_what_came() -> None:
    """The reason leads to the hop that has to work first."""
    report = judged({"poll"}, "state")
    reasons = {each.requirement.id: each.reason for each in report.verdicts}

    assert reasons["state.running"].startswith("running-before-ready: no poll showed RUNNING: ")
    assert "its later calls went to another host than RUNWAYML_BASE_URL" in reasons["state.running"]


def test_wrong_requests_alone_need_no_connect() -> None:
    """No connect was tried, so that none could succeed: the rejections are judged."""
    wrong = [each for each in REQUIREMENTS if each.id == "request.bad-json"]
    report = SimulatedJudge(Shape.CREDENTIALS, DEADLINE_S, about=wrong).judge(_served_whole)

    assert outcomes(report, "request.bad-json") == {"request.bad-json": Outcome.PASS}
    assert report.kept(strict=False)


def _served_whole(fake_url: str, output: Output) -> AbstractAsyncContextManager[str]:
    shape = Shape.CREDENTIALS
    return served(Gateway, fake_url, SECRET, output, shape=shape, deadline_s=DEADLINE_S)


def test_premises_are_pure() -> None:
    """A premise asked twice about the same case says the same, and changes nothing."""
    report = judged({"consume"}, "upstream")

    for seen in report.observations:
        case = Case(seen, report.context)
        for each in REQUIREMENTS:
            assert each.premise(case) == each.premise(case)
