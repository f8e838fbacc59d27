"""What the judge says of one requirement, from what each situation showed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.judge.case import Breach, Breaches, Case, Context, NotJudged, Requirement
from contracts.judge.observation import Observation
from contracts.judge.reached import why_no_connect
from contracts.judge.situation import Expect, Shape, Trait
from contracts.judge.verdict import Outcome, Verdict, judge
from tests.support.judge.made_reports import answer, call, observation, requirement, session

CONTEXT = Context(8.0, None, "a-secret", "marker", "wss://media.invalid")
KINDS = ("broken", "kept", "missing", "not-about")
CREDENTIALS = b'{"sessionId": "a", "sessionKey": "b"}'


def check(case: Case) -> Breaches:
    """Find what the id of the situation names."""
    if case.seen.situation.id.startswith("not-about"):
        raise NotJudged("it is about another target")
    if case.seen.situation.id.startswith("broken"):
        yield Breach("this", "that")


def premise(case: Case) -> str:
    """Hold but where the id of the situation names a missing one."""
    return "no create reached Runway" if case.seen.situation.id.startswith("missing") else ""


REQUIREMENT = replace(requirement("made.up"), check=check, premise=premise)


def judged(kinds: Sequence[str], *, unexercised: str = "") -> Verdict:
    """Judge situations of these kinds."""
    played = [observation(f"{kind}-{at}", answer(500)) for at, kind in enumerate(kinds)]
    return judge(REQUIREMENT, played, CONTEXT, unexercised=unexercised)


@given(st.lists(st.sampled_from(KINDS)))
def test_a_requirement_passes_by_evidence_alone(kinds: list[str]) -> None:
    """A breach breaks it; else one held premise keeps it; else a missing one is its cause."""
    verdict = judged(kinds)

    if "broken" in kinds:
        assert verdict.outcome is Outcome.FAIL
        assert len(verdict.findings) == kinds.count("broken")
    elif "kept" in kinds:
        assert verdict.outcome is Outcome.PASS
        assert verdict.judged == kinds.count("kept")
    elif "missing" in kinds:
        first = f"missing-{kinds.index('missing')}"
        assert verdict.outcome is Outcome.NOT_OBSERVED
        assert verdict.reason == f"{first}: no create reached Runway"
    else:
        assert verdict.outcome is Outcome.SKIP


@given(st.lists(st.sampled_from(KINDS)))
def test_nothing_passes_where_the_target_was_not_exercised(kinds: list[str]) -> None:
    """And nothing is broken: it was not observed, for that reason."""
    verdict = judged(kinds, unexercised="the wrong address")

    assert verdict.outcome in (Outcome.NOT_OBSERVED, Outcome.SKIP)
    assert verdict.findings == ()
    if {"broken", "kept", "missing"} & {*kinds}:
        assert (verdict.outcome, verdict.reason) == (Outcome.NOT_OBSERVED, "the wrong address")


@given(st.lists(st.sampled_from(KINDS)))
def test_what_stands_alone_is_broken_there_all_the_same(kinds: list[str]) -> None:
    """A leak is one wherever it happens; but that there is none is no evidence."""
    played = [observation(f"{kind}-{at}", answer(500)) for at, kind in enumerate(kinds)]
    alone = replace(REQUIREMENT, stands_alone=True)
    verdict = judge(alone, played, CONTEXT, unexercised="the wrong address")

    assert (verdict.outcome is Outcome.FAIL) == ("broken" in kinds)
    assert verdict.outcome is not Outcome.PASS


def test_what_was_not_played_has_its_own_cause_there() -> None:
    """The target was gone, which says more than that it had not been exercised."""
    lost = [(observation("ready-at-once", answer(500)).situation, "it could not be started again")]
    verdict = judge(REQUIREMENT, [], CONTEXT, unexercised="the wrong address", lost=lost)

    assert verdict.reason == "ready-at-once: it could not be started again"


@pytest.mark.parametrize("unexercised", ["", "the wrong address"])
def test_a_check_knows_whether_the_target_was_exercised(unexercised: str) -> None:
    """No answer at all may be the silence of another server."""
    seen: list[bool] = []
    spy = replace(REQUIREMENT, premise=lambda case: seen.append(case.context.exercised) or "")  # type: ignore[func-returns-value]
    judge(spy, [observation("kept", answer(500))], CONTEXT, unexercised=unexercised)

    assert seen == [not unexercised]


@pytest.mark.parametrize(
    ("status", "traits", "creates"),
    [
        (200, frozenset(), True),
        (400, frozenset(), False),
        (200, frozenset({Trait.UNEXPECTED}), None),
    ],
)
def test_a_right_request_has_to_create_a_session(
    status: int, traits: frozenset[Trait], creates: bool | None
) -> None:
    """A create that Runway rejects makes none, and a GET that makes one is no right request."""
    made: list[bool | None] = []
    spy = replace(REQUIREMENT, premise=lambda case: made.append(case.context.creates) or "")  # type: ignore[func-returns-value]
    created = call(1, 0.0, "POST", status=status)
    seen = observation("kept", answer(500), upstream=(created,), expect=Expect.EITHER)
    judge(spy, [replace(seen, situation=replace(seen.situation, traits=traits))], CONTEXT)

    assert made == [creates]


@pytest.mark.parametrize(
    ("expects", "creates"),
    [([], None), ([Expect.REFUSAL], None), ([Expect.REFUSAL, Expect.EITHER], False)],
)
def test_a_premise_knows_whether_right_requests_create(
    expects: list[Expect], creates: bool | None
) -> None:
    """A run without a right request does not know."""
    seen: list[bool | None] = []
    spy = replace(REQUIREMENT, premise=lambda case: seen.append(case.context.creates) or "")  # type: ignore[func-returns-value]
    played = [observation(f"kept-{each.value}", answer(400), expect=each) for each in expects]
    judge(spy, played, CONTEXT)

    assert {*seen} == ({creates} if expects else set())


def connect(id_: str, expect: Expect, status: int, body: bytes = b"") -> Observation:
    """Return a connect that stopped at its create, with this answer."""
    rejected = (call(1, 0.0, "POST", status=400),)
    return observation(
        id_, answer(status, body), upstream=rejected, sessions=(session(),), expect=expect
    )


@pytest.mark.parametrize(
    ("played", "why"),
    [
        ([], ""),
        ([connect("bad-json", Expect.REFUSAL, 400)], ""),
        ([connect("gone", Expect.NO_ANSWER, 500)], ""),
        ([connect("fails", Expect.FAILURE, 500)], ""),
        ([connect("ready", Expect.SUCCESS, 200, CREDENTIALS)], ""),
        (
            [
                connect("ready", Expect.SUCCESS, 500),
                connect("once", Expect.EITHER, 200, CREDENTIALS),
            ],
            "",
        ),
        (
            [connect("bad-json", Expect.REFUSAL, 400), connect("ready", Expect.SUCCESS, 500)],
            "in ready, the create got 400, and the caller got 500 after 1.0s",
        ),
        (
            [connect("ready", Expect.SUCCESS, 200, b'{"error": "no"}')],
            "in ready, the create got 400, and the caller got no credentials with 200 after 1.0s",
        ),
    ],
)
def test_that_no_connect_succeeded_needs_one_that_has_to(
    played: list[Observation], why: str
) -> None:
    """Without one the run claims nothing; with one it names situation, hop and answer."""
    expected = f"no connect succeeded: {why}" if why else ""

    assert why_no_connect(played, Shape.CREDENTIALS) == expected


def test_every_requirement_has_a_premise() -> None:
    """The type demands one, and so does the decorator."""
    with pytest.raises(TypeError, match="premise"):
        Requirement("a.b", REQUIREMENT.level, "", "", "", check)  # type: ignore[call-arg]
