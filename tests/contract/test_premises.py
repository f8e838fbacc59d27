"""No verdict without its premise: gateways that do only a part of what a correct one does.

A gateway that creates nothing leaves nothing behind, and one that never waits never waits too long:
whatever depends on a part that is switched off must not be "passed" for them.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar

import pytest
from aiohttp import web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.judge.case import Case
from contracts.judge.clock import sleep
from contracts.judge.output import Output
from contracts.judge.requirements import REQUIREMENTS
from contracts.judge.situation import Shape
from contracts.judge.situations.catalogue import QUICK, situations
from contracts.judge.verdict import Outcome, Report
from contracts.report.findings import headline, to_mend_first
from tests.contract.judged import MARKER, SECRET, SimulatedJudge, findings
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


def quick(kind: type[Gateway] = Gateway, *, secret: str = SECRET, path: str = "") -> Report:
    """Judge a gateway in the quick situations, by this secret, at this path below its own."""

    @asynccontextmanager
    async def serve(fake_url: str, output: Output) -> AsyncIterator[str]:
        shape = Shape.CREDENTIALS
        async with served(kind, fake_url, secret, output, shape=shape, deadline_s=3.0) as url:
            yield f"{url}{path}"

    return SimulatedJudge(Shape.CREDENTIALS, DEADLINE_S, only={*QUICK}).judge(serve)


class OutOfOrder(Gateway):
    """Answers 502 to everything."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=502, text="Bad Gateway")


class AnsweredByAPage(Gateway):
    """Another server: it answers everything with a page."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="<h1>Welcome</h1>", content_type="text/html")


UNUSED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "another secret": (
        {"secret": "of-another-account"},
        "requests reached the fake with another API secret than RUNWAYML_API_SECRET",
    ),
    "a wrong path": ({"path": "/nope"}, "not one request of the target reached the fake; in "),
    "502 to everything": ({"kind": OutOfOrder}, "and the caller got 502 after 0.0s. Does it use "),
    "a page for everything": ({"kind": AnsweredByAPage}, "and the caller got 200 after 0.0s. "),
}


@pytest.mark.parametrize("name", UNUSED)
def test_a_target_that_does_not_use_the_fake_is_accused_of_nothing(name: str) -> None:
    """None of its answers is wrong for certain; the first line has the situation and what came."""
    options, why = UNUSED[name]
    report = quick(**options)

    assert findings(report) == {}
    assert {*outcomes(report).values()} <= {Outcome.NOT_OBSERVED, Outcome.SKIP}
    assert why in report.nothing_judged
    assert "in ready-at-once, no create " in report.nothing_judged
    assert not report.kept(strict=False)


class LeaksOfAnotherAccount(Gateway):
    """Hands out the session key beside the credentials, and answers after its deadline."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        answer = await super().handle(request)
        await sleep(4.0)
        answer.headers["X-Key"] = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
        return answer


def test_what_is_wrong_without_runway_stays_broken() -> None:
    """A leak and a late answer, also of a target with another secret."""
    report = quick(LeaksOfAnotherAccount, secret="of-another-account")

    assert findings(report).keys() == {"secrecy.session-key", "time.deadline"}
    assert headline(report, strict=False).startswith(
        "broken: 2 MUST; nothing else was judged: requests reached the fake with another"
    )


class RejectedCreates(Partial):
    """Asks for what Runway rejects, also for a GET."""

    off = frozenset({"body"})
    methods = ("POST", "GET")


def test_rejected_creates_are_no_evidence_that_others_are_not_sent() -> None:
    """Where Runway rejects every create, nothing tells right requests from others."""
    report = quick(RejectedCreates)
    about = ("unexpected.method", "unexpected.extra-keys", "unexpected.own-credentials")

    assert {outcomes(report)[each] for each in about} == {Outcome.NOT_OBSERVED}
    assert outcomes(report)["many.side-by-side"] is not Outcome.PASS
    assert to_mend_first(report) == "request.preset"


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
