"""Reports written by hand, as a run could have produced them."""

from dataclasses import replace

from contracts.judge.case import Breach, Context, Level, Requirement
from contracts.judge.observation import Observation, ObservedSession, TargetAnswer, UpstreamCall
from contracts.judge.situation import Expect, Situation
from contracts.judge.verdict import Finding, Outcome, Report, Verdict

SECRET = "judge-5ec2e7/with+signs="
KEY = "stk_0123456789ab_0123456789abcdef0123456789abcdef"
OTHER_KEY = "a key of another form"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
SESSION = "3f2a9c01-0000-4000-8000-000000000001"
HOSTILE = (
    b"</pre><script>alert(1)</script><img src=x onerror=alert(2)>]]>&amp;\x00\x1b[31mred\r\n"
    b"::error::injected\xff\xfe\xed\xa0\x80 \xef\xbf\xbe \xe2\x80\xaeback \xc2\x85 100% \"quoted' "
)
BEGAN_AT = 1_700_000_000.0


def requirement(id_: str, level: Level = Level.MUST, text: str = "It is so.") -> Requirement:
    """Return a requirement that finds nothing by itself."""
    return Requirement(id_, level, text, "Because.", "ours", lambda *_: (), lambda _: "")


def situation(id_: str, expect: Expect = Expect.FAILURE) -> Situation:
    """Return a situation."""
    return Situation(id_, f"About {id_}.", expect)


def call(number: int, at_s: float, method: str = "GET", **more: object) -> UpstreamCall:
    """Return a request upstream, so many seconds after the beginning; a poll without `more`."""
    path = "/v1/realtime_sessions" + ("" if method == "POST" else f"/{SESSION}")
    usual = UpstreamCall(
        number=number,
        at=BEGAN_AT + at_s,
        operation="createSession" if method == "POST" else "getSession",
        method=method,
        path=path,
        session=SESSION,
        status=200,
        arrives=True,
        acted=True,
        wait_s=0.0,
        key_fits=None,
        versioned=True,
        secret_in_url=False,
        body={},
        shown=None if method == "POST" else "NOT_READY",
        faults=(),
    )
    return replace(usual, **more)  # type: ignore[arg-type]  # names are checked when it is called


def session(*moves: tuple[float, str, str]) -> ObservedSession:
    """Return a session with these moves: seconds, event, state."""
    stamped = tuple((BEGAN_AT + at_s, event, after) for at_s, event, after in moves)
    return ObservedSession(SESSION, moves[-1][2] if moves else "unknown", stamped)


def answer(
    status: int | None, body: bytes = b"", *, after_s: float = 1.0, **more: str
) -> TargetAnswer:
    """Return an answer; what is in `more` is its headers, `failure` apart."""
    failure = more.pop("failure", "")
    return TargetAnswer(BEGAN_AT, BEGAN_AT + after_s, status, more, body, failure)


def observation(
    id_: str,
    *answers: TargetAnswer,
    upstream: tuple[UpstreamCall, ...] = (),
    sessions: tuple[ObservedSession, ...] = (),
    output: str = "",
    expect: Expect = Expect.FAILURE,
) -> Observation:
    """Return the observation of a situation."""
    until, about = BEGAN_AT + 3.5, situation(id_, expect)
    return Observation(about, "music-superstar", answers, upstream, sessions, until, output)


def ready_at_once() -> Observation:
    """Return an observation in which nothing is broken."""
    answered = answer(200, b'{"sessionId": "x"}', after_s=0.2)
    return observation("ready-at-once", answered, expect=Expect.SUCCESS)


def report(
    verdicts: tuple[Verdict, ...],
    observations: tuple[Observation, ...],
    **more: object,
) -> Report:
    """Return a report on a target with a deadline of 4 seconds."""
    context = Context(4.0, None, SECRET, "upstreammarker", "wss://media.invalid")
    made = Report(
        verdicts=verdicts,
        observations=observations,
        context=context,
        target_url="http://127.0.0.1:3000/api/connect",
        seed="7",
        took_s=12.34,
        replay_token="fr1.abcdef",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # names are checked when it is called


def mixed() -> Report:
    """Return a report with a verdict of each kind.

    `poll.stops` (MUST) is broken in `never-ready`, twice, and in `poll-500`; `shape.content-type`
    (SHOULD) in `poll-500`; `shape.types` is kept, `time.status` skipped.
    """
    never = observation(
        "never-ready",
        answer(504, b'{"error": "too late"}', after_s=4.0),
        upstream=(
            call(1, 0.01, "POST"),
            *(call(2 + poll, 0.5 + poll * 0.45) for poll in range(9)),
        ),
        sessions=(session((0.01, "created", "queued"), (0.01, "admitted", "provisioning")),),
    )
    failed = observation(
        "poll-500",
        answer(500, b"<h1>oops</h1>", after_s=0.6, server="made-up"),
        upstream=(
            call(11, 0.01, "POST"),
            call(12, 0.5, status=500, shown=None, faults=("poll-fails/1",)),
        ),
    )
    fine = ready_at_once()
    late = Breach("no poll after the answer", "2, the first 0.5s later")
    later = Breach("no poll after the answer", "another")
    stops = requirement("poll.stops", text="Polls end with the answer.")
    declared = requirement("shape.content-type", Level.SHOULD)
    return report(
        (
            Verdict(requirement("shape.types"), Outcome.PASS, judged=3),
            Verdict(
                stops,
                Outcome.FAIL,
                (Finding(stops, never, (late, later)), Finding(stops, failed, (late,))),
                judged=3,
            ),
            Verdict(
                declared,
                Outcome.FAIL,
                (Finding(declared, failed, (Breach("application/json", "text/html"),)),),
                judged=3,
            ),
            Verdict(requirement("time.status"), Outcome.SKIP, reason="nothing was played"),
        ),
        (fine, failed, never),
    )


def kept() -> Report:
    """Return a report in which everything is right."""
    fine = ready_at_once()
    verdict = Verdict(requirement("shape.types"), Outcome.PASS, judged=1)
    return report((verdict,), (fine,))


def unexercised() -> Report:
    """Return a report on a target that never asked the fake, at an address with a password."""
    seen = observation("ready-at-once", answer(404, b"no such page"), expect=Expect.SUCCESS)
    nothing = "not one request reached the fake, from http://user:pass-word@127.0.0.1:3000/"
    verdict = Verdict(requirement("poll.stops"), Outcome.NOT_OBSERVED, reason=nothing)
    return report((verdict,), (seen,), nothing_judged=nothing)


def everywhere() -> Report:
    """Return a report in which one SHOULD is broken in five situations with four callers each."""
    callers = [answer(200, b"[1]")] * 4
    places = (f"place-{number}" for number in range(5))
    seen = tuple(observation(each, *callers, expect=Expect.EITHER) for each in places)
    rest = requirement("many.rest", Level.SHOULD)
    findings = tuple(Finding(rest, each, (Breach("an object", "a list"),)) for each in seen)
    return report((Verdict(rest, Outcome.FAIL, findings, judged=5),), seen)


def optional() -> Report:
    """Return a report in which all is right, and one MAY is not done."""
    report = kept()
    may = requirement("header.more", Level.MAY, "A header is sent too.")
    finding = Finding(may, report.observations[0], (Breach("the header", "none"),))
    verdict = Verdict(may, Outcome.FAIL, (finding,), judged=1)
    return replace(report, verdicts=(*report.verdicts, verdict))


def partly_observed() -> Report:
    """Return a report in which one MUST is kept, and one of each level was not observed."""
    cause = "never-ready: no create reached Runway"
    rest = tuple(
        Verdict(requirement(f"cancel.{level.value}", level), Outcome.NOT_OBSERVED, reason=cause)
        for level in Level
    )
    made = kept()
    return replace(made, verdicts=(*made.verdicts, *rest))


def never_connected() -> Report:
    """Return a report in which one requirement is kept, although no connect succeeded."""
    why = "no connect succeeded: in ready-at-once, the create got 400, and the caller got 500"
    return replace(partly_observed(), no_connect=why)


def hostile() -> Report:
    """Return a report on a target that sends and writes harmful bytes, and secrets."""
    secrets = f"{SECRET} {KEY} {JWT} Authorization: Bearer abcdef.ghijkl".encode()
    body = b'{"sessionKey": "%s", "token": "%s"}' % (OTHER_KEY.encode(), JWT.encode())
    bad = observation(
        "bad-json",
        answer(500, HOSTILE + secrets, after_s=0.5, **{"x-evil": f"<b>\x1b[0m{SECRET}"}),
        answer(200, body, after_s=0.6),
        upstream=(
            call(1, 0.1, "POST", path="/v1/<svg onload=alert(3)>\x1b" + SECRET),
            call(2, 0.2, shown=f"<i>{KEY}</i>", faults=("<u>fault</u>",)),
        ),
        sessions=(session((0.1, "<created>", "<queued>")),),
        expect=Expect.REFUSAL,
        output=f"log {SECRET} {KEY} {OTHER_KEY}\n" + HOSTILE.decode(errors="replace"),
    )
    breach = Breach("less", f"{HOSTILE.decode(errors='replace')} {SECRET} {KEY} \ud800")
    error = requirement("error.json")
    verdict = Verdict(error, Outcome.FAIL, (Finding(error, bad, (breach,)),), judged=1)
    skipped = Verdict(requirement("time.status"), Outcome.SKIP, reason=f"<b>{SECRET}\x1b")
    return report(
        (verdict, skipped),
        (bad,),
        target_url="http://user:pass-word@127.0.0.1:3000/<b>",
    )
