"""Failures of Runway at each hop."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.case import Expect, Shape, Situation
from contracts.judge.situations.building import Json, error_effect, fault_form, situation
from contracts.judge.situations.endings import MORE_THAN_HALF


def create_errors(marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        schedule = more.pop("schedule", {})
        return situation(
            f"create-{id_}",
            about,
            more.pop("expect", Expect.FAILURE),
            f"error create {tags}",
            session=fault_form("createSession", effect, **schedule),
            **more,
        )

    for status in (400, 401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to the create.",
            error_effect(status, marker),
            "final " + ("unauthorized" if status in (401, 403) else ""),
            quick=status in (401, 402),
        )
    yield fails("429", "Runway answers 429 to every create.", error_effect(429, marker), "busy")
    yield fails(
        "429-retry-after",
        "Runway answers 429 with Retry-After: 1 to every create.",
        error_effect(429, marker, Retry_After="1"),
        "busy after",
    )
    yield fails(
        "429-in-an-hour",
        "Runway answers 429 with Retry-After: 3600 to every create.",
        error_effect(429, marker, Retry_After="3600"),
        "busy",
    )
    for status in (500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every create.",
            error_effect(status, marker),
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
        ("429-once", "The first create gets 429.", error_effect(429, marker, Retry_After="1")),
        ("503-once", "The first create gets 503.", error_effect(503, marker, Retry_After="1")),
    ):
        yield fails(
            id_,
            about,
            effect,
            "repeat",
            schedule={"times": 1},
            expect=Expect.EITHER,
        )


def poll_errors(marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        schedule = more.pop("schedule", {})
        return situation(
            f"poll-{id_}",
            about,
            more.pop("expect", Expect.FAILURE),
            f"error poll made {tags}",
            session=fault_form("getSession", effect, **schedule),
            **more,
        )

    for status in (401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to every look.",
            error_effect(status, marker),
            "final " + ("unauthorized" if status in (401, 403) else ""),
            quick=status == 401,
        )
    for status in (429, 500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every look.",
            error_effect(status, marker),
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
        ("500-once", "The first look gets 500.", error_effect(500, marker)),
        ("429-once", "The first look gets 429.", error_effect(429, marker, Retry_After="1")),
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


def consume_errors(timeout_s: float, marker: str) -> Iterator[Situation]:
    def fails(id_: str, about: str, effect: Json, tags: str = "", **more: Any) -> Situation:
        return situation(
            f"consume-{id_}",
            about,
            Expect.FAILURE,
            f"error consume made {tags}",
            session={**fault_form("consumeSession", effect), **more.pop("session", {})},
            shape=Shape.CREDENTIALS,
            **more,
        )

    for status in (400, 401, 403, 404, 429, 500, 503):
        yield fails(
            str(status),
            f"Runway answers {status} to every consume.",
            error_effect(status, marker),
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
