"""Every situation that the judge plays, as data.

Whatever depends on the target's own deadline is computed from it. Errors that the fake is asked to
send carry a marker word, so that a target which passes Runway's texts on is found out.

Tags: `success`, `slow`; `error` (Runway fails); `create`, `poll`, `consume` (which hop fails);
`late-id` (nobody waits any more when the create is answered); `kept` (the cancel cannot succeed);
`consuming` (the caller leaves during the consume);
`ends` (the session ends while the target waits); `made` (a session exists that must not be left
behind); `refused` (the caller is wrong); `deadline`; `lost`; `repeat` (an error that passes).
"""

import json
from collections.abc import Iterator
from typing import Any

from contracts.case import Expect, Shape, Situation

Json = dict[str, Any]

CUSTOM_AVATAR = "0b6f8a52-6c1e-4f0d-9a3b-5d2c7e914f60"
SLOW_S = 2.5
"""A consume that others must not wait for takes so long, if the deadline leaves the time."""
SLOW_CONNECT_S = 8.0
"""So does a session that others must not wait for, until it is READY."""
LATE_S = 1.0
"""READY so long before the deadline still has to be handed out."""
MORE_THAN_HALF = 0.6
"""What takes this part of the deadline leaves less than as much again."""


def situations(timeout_s: float, marker: str) -> tuple[Situation, ...]:
    """Return all situations for a target with this deadline."""
    return (
        *_successes(timeout_s),
        *_requests(),
        *_endings(marker),
        *_never(timeout_s),
        *_create_errors(marker),
        *_poll_errors(marker),
        *_consume_errors(timeout_s, marker),
        *_callers(timeout_s, marker),
    )


def _situation(id_: str, about: str, expect: Expect, tags: str, **more: Any) -> Situation:
    return Situation(id_, about, expect, frozenset(tags.split()), **more)


def _fault(operation: str, effect: Json, **more: Any) -> Json:
    match = {"operation": operation, **more.pop("match", {})}
    return {"provision_time": "300ms", "faults": [{"match": match, "effect": effect, **more}]}


def _late_create(after_s: float) -> Json:
    late = _fault("createSession", {"delay": f"{after_s:.3f}s"})
    return {**late, "provision_time": "never"}


def _error(status: int, marker: str, **headers: str) -> Json:
    effect: Json = {"status": {"code": status, "error": f"{marker}: the upstream says {status}."}}
    if headers:
        effect["headers"] = {name.replace("_", "-"): text for name, text in headers.items()}
    return effect


def _successes(timeout_s: float) -> Iterator[Situation]:
    success = Expect.SUCCESS
    yield _situation(
        "ready-at-once",
        "The session is READY at the first look.",
        success,
        "success",
        session={"provision_time": "0s"},
        quick=True,
    )
    yield _situation(
        "ready-after-a-while",
        "The session becomes READY after 1.2 s.",
        success,
        "success slow",
        session={"provision_time": "1.2s"},
        quick=True,
    )
    yield _situation(
        "queued-then-ready",
        "The session waits in the queue before it is provisioned.",
        success,
        "success slow",
        session={"queued": "700ms", "provision_time": "300ms"},
    )
    last = max(timeout_s - LATE_S, timeout_s * 0.5)
    yield _situation(
        "ready-at-the-last-moment",
        "The session becomes READY just before the deadline.",
        success,
        "success slow last",
        session={"provision_time": f"{last:.3f}s"},
        whole_deadline=True,
    )
    yield _situation(
        "custom-avatar",
        "The caller asks for a custom avatar by its UUID.",
        success,
        "success custom",
        session={"provision_time": "0s"},
        custom=True,
        quick=True,
    )


def _requests() -> Iterator[Situation]:
    bodies: dict[str, tuple[str, bytes, str]] = {
        "bad-json": ("The body is no JSON.", b'{"avatarId": ', "bad-json"),
        "empty-body": ("The body is empty.", b"", "bad-json"),
        "no-avatar": ("The body names no avatar.", b"{}", "no-avatar"),
        "avatar-null": ("The avatar is null.", b'{"avatarId": null}', "no-avatar"),
        "avatar-number": ("The avatar is a number.", b'{"avatarId": 42}', "wrong-type"),
        "avatar-object": (
            "The avatar is an object.",
            b'{"avatarId": {"id": "music-superstar"}}',
            "wrong-type",
        ),
        "avatar-list": (
            "The avatar is a list with one in it.",
            b'{"avatarId": ["music-superstar"]}',
            "wrong-type",
        ),
        "avatar-empty": ("The avatar is an empty text.", b'{"avatarId": ""}', "no-avatar"),
        "body-list": ("The body is a list.", b'["music-superstar"]', "bad-json"),
        "body-null": ("The body is null.", b"null", "bad-json"),
        "more-than-json": (
            "Something follows the JSON.",
            b'{"avatarId": "music-superstar"}}',
            "bad-json",
        ),
        "not-utf-8": ("The body is no UTF-8.", b'{"avatarId": "\xff\xfe"}', "bad-json"),
        "unknown-preset": (
            "The avatar is no preset that exists.",
            b'{"avatarId": "no-such-avatar"}',
            "unknown",
        ),
        "part-of-a-preset": (
            "The avatar is a part of the name of a preset.",
            b'{"avatarId": "character"}',
            "unknown",
        ),
        "more-than-a-preset": (
            "The avatar begins like a preset.",
            b'{"avatarId": "music-superstar-2"}',
            "unknown",
        ),
        "preset-in-capitals": (
            "The avatar is a preset in capitals.",
            b'{"avatarId": "MUSIC-SUPERSTAR"}',
            "unknown",
        ),
        "more-than-a-uuid": (
            "There is a UUID somewhere in the avatar.",
            json.dumps({"avatarId": f"x{CUSTOM_AVATAR}x"}).encode(),
            "unknown",
        ),
        "uuid-and-line-break": (
            "The avatar is a UUID and a line break.",
            json.dumps({"avatarId": f"{CUSTOM_AVATAR}\n"}).encode(),
            "hostile",
        ),
        "hostile-path": (
            "The avatar tries to leave its place in a path.",
            b'{"avatarId": "../../v1/organization"}',
            "hostile",
        ),
        "hostile-object-name": (
            "The avatar is the name of something that every JavaScript object has.",
            b'{"avatarId": "__proto__"}',
            "hostile",
        ),
        "hostile-line-break": (
            "The avatar holds line breaks and a header.",
            json.dumps({"avatarId": "music-superstar\r\nX-Injected: 1"}).encode(),
            "hostile",
        ),
        "hostile-long": (
            "The avatar is 5,000 characters long.",
            json.dumps({"avatarId": "a" * 5_000}).encode(),
            "hostile",
        ),
        "big-body": (
            "The body is 2 MiB long.",
            json.dumps({"avatarId": "music-superstar", "x": "y" * (2 << 20)}).encode(),
            "big",
        ),
    }
    for id_, (about, body, tag) in bodies.items():
        yield _situation(
            id_,
            about,
            Expect.REFUSAL,
            f"refused {tag}",
            session=None,
            body=body,
            quick=id_ in ("bad-json", "no-avatar", "unknown-preset", "avatar-number"),
        )


def _endings(marker: str) -> Iterator[Situation]:
    def ends(id_: str, about: str, *then: Json, tags: str = "", **more: Any) -> Situation:
        session = {"provision_time": "600ms", "then": list(then), **more.pop("session", {})}
        return _situation(id_, about, Expect.FAILURE, f"error ends {tags}", session=session, **more)

    failure = {"code": "INTERNAL", "text": f"{marker}: it broke."}
    yield ends(
        "fails-while-provisioning",
        "The session fails while it is provisioned.",
        {"in": "provisioning", "event": "failed", "after": "500ms", "failure": failure},
        quick=True,
    )
    yield ends(
        "fails-while-queued",
        "The session fails in the queue.",
        {"in": "queued", "event": "failed", "after": "500ms"},
        session={"queued": "never"},
    )
    yield ends(
        "cancelled-while-polling",
        "Somebody else cancels the session while the target waits.",
        {"in": "provisioning", "event": "cancelled", "after": "500ms"},
        quick=True,
    )
    yield ends(
        "completed-while-polling",
        "The session is COMPLETED before the target has seen it READY.",
        {"in": "ready", "event": "consumed"},
        {"in": "running", "event": "ended"},
    )
    yield ends(
        "running-before-ready",
        "The session is RUNNING before the target has seen it READY.",
        {"in": "ready", "event": "consumed"},
        tags="running made",
        quick=True,
    )
    for id_, about, event in (
        ("expired-before-consume", "The key expires before the consume.", "expired"),
        ("consumed-by-somebody-else", "Somebody else uses the key first.", "consumed"),
        ("cancelled-before-consume", "The session is cancelled before the consume.", "cancelled"),
    ):
        yield _situation(
            id_,
            about,
            Expect.FAILURE,
            "error consume" + (" made" if event == "consumed" else ""),
            session={
                "provision_time": "300ms",
                "faults": [{"match": {"moment": "consume"}, "effect": {"event": event}}],
            },
            shape=Shape.CREDENTIALS,
        )


def _never(timeout_s: float) -> Iterator[Situation]:
    yield _situation(
        "never-ready",
        "The session never becomes READY.",
        Expect.FAILURE,
        "error deadline made",
        session={"provision_time": "never"},
        whole_deadline=True,
    )
    yield _situation(
        "queued-for-ever",
        "The session never leaves the queue.",
        Expect.FAILURE,
        "error deadline made",
        session={"queued": "never"},
        whole_deadline=True,
    )
    yield _situation(
        "ready-too-late",
        "The session becomes READY after the deadline.",
        Expect.FAILURE,
        "error deadline made late",
        session={"provision_time": f"{timeout_s + 2:.3f}s"},
        whole_deadline=True,
    )
    yield _situation(
        "created-late-never-ready",
        "The create takes half of the deadline, and the session never becomes READY.",
        Expect.FAILURE,
        "error deadline late-id",
        session=_late_create(timeout_s * MORE_THAN_HALF),
        whole_deadline=True,
    )
    yield _situation(
        "created-too-late",
        "The create is answered after the deadline.",
        Expect.FAILURE,
        "error deadline late-id",
        session=_late_create(timeout_s + 0.5),
        whole_deadline=True,
    )
    yield _situation(
        "never-ready-cancel-hangs",
        "The session never becomes READY, and no cancel is answered.",
        Expect.FAILURE,
        "error deadline kept",
        session={**_fault("deleteSession", {"hang": True}), "provision_time": "never"},
        whole_deadline=True,
    )
    for id_, about, effect, state, tags in (
        (
            "ready-without-key",
            "The session is READY, and the answer has no key.",
            {"omit": ["sessionKey"]},
            "ready",
            "keyless",
        ),
        (
            "unknown-status",
            "The session has a status that nobody knows.",
            {"set": {"status": "PAUSED"}},
            None,
            "strange",
        ),
    ):
        match: Json = {"state": state} if state else {}
        yield _situation(
            id_,
            about,
            Expect.FAILURE,
            f"error made may-wait {tags}",
            session=_fault("getSession", effect, match=match),
            whole_deadline=True,
        )


def _create_errors(marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        schedule = more.pop("schedule", {})
        return _situation(
            f"create-{id_}",
            about,
            more.pop("expect", Expect.FAILURE),
            f"error create {tags}",
            session=_fault("createSession", effect, **schedule),
            **more,
        )

    for status in (400, 401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to the create.",
            _error(status, marker),
            "final " + ("unauthorized" if status in (401, 403) else ""),
            quick=status in (401, 402),
        )
    yield fails("429", "Runway answers 429 to every create.", _error(429, marker), "busy")
    yield fails(
        "429-retry-after",
        "Runway answers 429 with Retry-After: 1 to every create.",
        _error(429, marker, Retry_After="1"),
        "busy after",
    )
    yield fails(
        "429-in-an-hour",
        "Runway answers 429 with Retry-After: 3600 to every create.",
        _error(429, marker, Retry_After="3600"),
        "busy",
    )
    for status in (500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every create.",
            _error(status, marker),
            "unsure" if status != 503 else "busy",
            quick=status == 500,
        )
    yield fails(
        "html",
        "A proxy answers the create with 502 and a page.",
        {"status": 502, "page": f"<html><body>{marker}</body></html>"},
        "unsure unreadable",
    )
    yield fails("reset", "The create's connection is reset.", {"reset": True}, "unsure network")
    yield fails("empty", "The create gets no byte in answer.", {"empty": True}, "unsure network")
    yield fails(
        "hang",
        "The create is never answered.",
        {"hang": True},
        "unsure network hangs",
        whole_deadline=True,
    )
    yield fails("truncated", "The create's answer is cut off.", {"truncate": 5}, "unsure half")
    yield fails("malformed", "The create's answer is broken JSON.", {"malformed": True}, "half")
    yield fails("no-id", "The create's answer has no id.", {"omit": ["id"]}, "half")
    yield fails("null-id", "The create's answer has a null id.", {"set": {"id": None}}, "half")
    yield fails("page", "The create is answered 200 with a page.", {"page": marker}, "half")
    yield fails("lost", "The create's reply is lost.", {"lost": True}, "unsure lost half")
    for id_, about, effect in (
        ("429-once", "The first create gets 429.", _error(429, marker, Retry_After="1")),
        ("503-once", "The first create gets 503.", _error(503, marker, Retry_After="1")),
    ):
        yield fails(
            id_,
            about,
            effect,
            "repeat",
            schedule={"times": 1},
            expect=Expect.EITHER,
        )


def _poll_errors(marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        schedule = more.pop("schedule", {})
        return _situation(
            f"poll-{id_}",
            about,
            more.pop("expect", Expect.FAILURE),
            f"error poll made {tags}",
            session=_fault("getSession", effect, **schedule),
            **more,
        )

    for status in (401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to every look.",
            _error(status, marker),
            "final " + ("unauthorized" if status in (401, 403) else ""),
            quick=status == 401,
        )
    for status in (429, 500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every look.",
            _error(status, marker),
            "passing may-wait",
            whole_deadline=True,
        )
    for id_, about, effect, tags in (
        ("reset", "Every look's connection is reset.", {"reset": True}, "network"),
        ("hang", "No look is ever answered.", {"hang": True}, "network hangs"),
        ("malformed", "Every look is answered with broken JSON.", {"malformed": True}, ""),
        ("truncated", "Every look's answer is cut off.", {"truncate": 9}, "network"),
        ("no-status", "No look's answer has a status.", {"omit": ["status"]}, "strange"),
        ("page", "Every look is answered 200 with a page.", {"page": f"<p>{marker}</p>"}, ""),
    ):
        yield fails(id_, about, effect, f"may-wait {tags}", whole_deadline=True)
    for id_, about, effect in (
        ("500-once", "The first look gets 500.", _error(500, marker)),
        ("429-once", "The first look gets 429.", _error(429, marker, Retry_After="1")),
        ("reset-once", "The first look's connection is reset.", {"reset": True}),
    ):
        yield fails(
            id_,
            about,
            effect,
            "repeat",
            schedule={"times": 1},
            expect=Expect.EITHER,
            quick=id_ == "500-once",
        )


def _consume_errors(timeout_s: float, marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        return _situation(
            f"consume-{id_}",
            about,
            Expect.FAILURE,
            f"error consume made {tags}",
            session={**_fault("consumeSession", effect), **more.pop("session", {})},
            shape=Shape.CREDENTIALS,
            **more,
        )

    for status in (400, 401, 403, 404, 429, 500, 503):
        yield fails(
            str(status),
            f"Runway answers {status} to every consume.",
            _error(status, marker),
            "unauthorized" if status in (401, 403) else "",
            quick=status == 401,
        )
    for id_, about, effect, tags in (
        ("reset", "Every consume's connection is reset.", {"reset": True}, "network"),
        ("lost", "The consume's reply is lost.", {"lost": True}, "network used"),
        ("empty", "No consume gets a byte in answer.", {"empty": True}, "network"),
        ("malformed", "The consume's answer is broken JSON.", {"malformed": True}, "used"),
        ("truncated", "The consume's answer is cut off.", {"truncate": 9}, "network used"),
        ("no-token", "The consume's answer has no token.", {"omit": ["token"]}, "used"),
        ("no-url", "The consume's answer has no url.", {"omit": ["url"]}, "used"),
        ("null-token", "The consume's token is null.", {"set": {"token": None}}, "used"),
        ("page", "The consume is answered 200 with a page.", {"page": f"<p>{marker}</p>"}, "used"),
    ):
        yield fails(id_, about, effect, tags)
    yield fails(
        "hang",
        "The session becomes READY after half of the deadline, and no consume is answered.",
        {"hang": True},
        "network hangs",
        session={"provision_time": f"{timeout_s * MORE_THAN_HALF:.3f}s"},
        whole_deadline=True,
    )


def _callers(timeout_s: float, marker: str) -> Iterator[Situation]:
    yield _situation(
        "caller-gone",
        "The caller hangs up while the session is provisioned.",
        Expect.NOBODY,
        "gone made",
        session={"provision_time": "never"},
        leaves_after_s=0.7,
        quick=True,
    )
    yield _situation(
        "caller-gone-then-ready",
        "The caller hangs up, and the session becomes READY a second later.",
        Expect.NOBODY,
        "gone made",
        session={"provision_time": "1.7s"},
        leaves_after_s=0.7,
    )
    yield _situation(
        "caller-gone-while-creating",
        "The caller hangs up before the create is answered.",
        Expect.NOBODY,
        "gone late-id",
        session=_late_create(1.5),
        leaves_after_s=0.7,
    )
    yield _situation(
        "caller-gone-while-consuming",
        "The caller hangs up before the consume is answered.",
        Expect.NOBODY,
        "gone made consuming",
        session={**_fault("consumeSession", {"delay": "2s"}), "provision_time": "0s"},
        leaves_after_s=0.7,
        shape=Shape.CREDENTIALS,
    )
    yield _situation(
        "cancel-500-once",
        "Every look gets 404, and the first cancel 500.",
        Expect.FAILURE,
        "error cancel-again",
        session={
            "provision_time": "300ms",
            "faults": [
                {"match": {"operation": "getSession"}, "effect": _error(404, marker)},
                {
                    "match": {"operation": "deleteSession"},
                    "effect": _error(500, marker),
                    "times": 1,
                },
            ],
        },
    )
    yield _situation(
        "many-callers",
        "Many call at once, each for an avatar of its own.",
        Expect.SUCCESS,
        "success many",
        session={"provision_time": "400ms"},
        callers=99,  # as many as there are avatars
    )
    yield _situation(
        "one-slow-connect",
        "One connect waits for its session while the others are quick.",
        Expect.EITHER,
        "one-slow",
        session={"provision_time": "0s"},
        callers=99,
        slow=({"provision_time": f"{min(SLOW_CONNECT_S, timeout_s / 2):.3f}s"},),
    )
    slow_s = min(SLOW_S, timeout_s / 2)
    slow_consume = _fault("consumeSession", {"delay": f"{slow_s:.3f}s"})
    yield _situation(
        "slow-consumes",
        "Some consumes are answered seconds later while the others are quick.",
        Expect.EITHER,
        "one-slow",
        session={"provision_time": "0s"},
        callers=99,
        slow=({**slow_consume, "provision_time": "0s"},) * 4,
        shape=Shape.CREDENTIALS,
    )
    yield _situation(
        "same-avatar",
        "Two call at once for the same avatar.",
        Expect.SUCCESS,
        "success many",
        session={"provision_time": "400ms"},
        callers=2,
        same_avatar=True,
    )
