"""Failures of Runway at each hop."""

from collections.abc import Iterator
from typing import Any

from contracts.judge.case import Expect, Shape, Situation, Trait
from contracts.judge.observation import Json
from contracts.judge.situations.building import MORE_THAN_HALF, error_effect, fault_form

_OPERATIONS = {
    Trait.CREATE: "createSession",
    Trait.POLL: "getSession",
    Trait.CONSUME: "consumeSession",
}


def _fails(
    hop: Trait, name: str, about: str, effect: Json, *traits: Trait, **more: Any
) -> Situation:
    """Return the situation in which all calls of a hop go wrong."""
    session = {**fault_form(_OPERATIONS[hop], effect), **more.pop("session", {})}
    traits_ = {Trait.ERROR, hop, *traits}
    return Situation(
        f"{hop.name.lower()}-{name}", about, Expect.FAILURE, traits_, session=session, **more
    )


def _fails_once(
    hop: Trait, name: str, about: str, effect: Json, *, quick: bool = False
) -> Situation:
    """Return the situation in which the first call of a hop goes wrong."""
    return Situation(
        f"{hop.name.lower()}-{name}-once",
        about,
        Expect.EITHER,
        {Trait.ERROR, hop, Trait.PASSING},
        session=fault_form(_OPERATIONS[hop], effect, times=1),
        quick=quick,
    )


def _of_status(status: int) -> set[Trait]:
    return {Trait.UNAUTHORIZED} if status in (401, 403) else set()


def create_errors(marker: str) -> Iterator[Situation]:
    def fails(name: str, about: str, effect: Json, *traits: Trait, **more: Any) -> Situation:
        return _fails(Trait.CREATE, name, about, effect, *traits, **more)

    for status in (400, 401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to the create.",
            error_effect(status, marker),
            Trait.FINAL,
            *_of_status(status),
            quick=status in (401, 402),
        )
    yield fails("429", "Runway answers 429 to every create.", error_effect(429, marker))
    yield fails(
        "429-retry-after",
        "Runway answers 429 with Retry-After: 1 to every create.",
        error_effect(429, marker, Retry_After="1"),
        Trait.RETRY_AFTER,
    )
    yield fails(
        "429-in-an-hour",
        "Runway answers 429 with Retry-After: 3600 to every create.",
        error_effect(429, marker, Retry_After="3600"),
    )
    for status in (500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every create.",
            error_effect(status, marker),
            quick=status == 500,
        )
    yield fails(
        "html",
        "A proxy answers the create with 502 and a page.",
        {"status": 502, "page": f"<html><body>{marker}</body></html>"},
    )
    yield fails("reset", "The create's connection is reset.", {"reset": True})
    yield fails("empty", "The create gets no byte in answer.", {"empty": True})
    yield fails(
        "hang",
        "The create is never answered.",
        {"hang": True},
        whole_deadline=True,
        retried_late=True,
    )
    yield fails("truncated", "The create's answer is cut off.", {"truncate": 5})
    yield fails("malformed", "The create's answer is broken JSON.", {"malformed": True})
    yield fails("no-id", "The create's answer has no id.", {"omit": ["id"]})
    yield fails("null-id", "The create's answer has a null id.", {"set": {"id": None}})
    yield fails("page", "The create is answered 200 with a page.", {"page": marker})
    yield fails("lost", "The create's reply is lost.", {"lost": True}, Trait.LOST_REPLY)
    for status in (429, 503):
        effect = error_effect(status, marker, Retry_After="1")
        about = f"The first create gets {status}."
        yield _fails_once(Trait.CREATE, str(status), about, effect)


def poll_errors(marker: str) -> Iterator[Situation]:
    def fails(name: str, about: str, effect: Json, *traits: Trait, **more: Any) -> Situation:
        return _fails(Trait.POLL, name, about, effect, *traits, **more)

    for status in (401, 402, 403, 404):
        yield fails(
            str(status),
            f"Runway answers {status} to every poll.",
            error_effect(status, marker),
            Trait.FINAL,
            *_of_status(status),
            quick=status == 401,
        )
    for status in (429, 500, 502, 503, 504):
        yield fails(
            str(status),
            f"Runway answers {status} to every poll.",
            error_effect(status, marker),
            whole_deadline=True,
        )
    for name, about, effect, traits in (
        ("reset", "Every poll's connection is reset.", {"reset": True}, ()),
        ("hang", "No poll is ever answered.", {"hang": True}, ()),
        ("malformed", "Every poll is answered with broken JSON.", {"malformed": True}, ()),
        ("truncated", "Every poll's answer is cut off.", {"truncate": 9}, ()),
        (
            "no-status",
            "No poll's answer has a status.",
            {"omit": ["status"]},
            (Trait.UNKNOWN_STATUS,),
        ),
        ("page", "Every poll is answered 200 with a page.", {"page": f"<p>{marker}</p>"}, ()),
    ):
        yield fails(name, about, effect, *traits, whole_deadline=True)
    yield _fails_once(
        Trait.POLL, "500", "The first poll gets 500.", error_effect(500, marker), quick=True
    )
    yield _fails_once(
        Trait.POLL, "429", "The first poll gets 429.", error_effect(429, marker, Retry_After="1")
    )
    yield _fails_once(Trait.POLL, "reset", "The first poll's connection is reset.", {"reset": True})


def consume_errors(timeout_s: float, marker: str) -> Iterator[Situation]:
    def fails(name: str, about: str, effect: Json, *traits: Trait, **more: Any) -> Situation:
        return _fails(Trait.CONSUME, name, about, effect, *traits, shape=Shape.CREDENTIALS, **more)

    for status in (400, 401, 403, 404, 429, 500, 503):
        yield fails(
            str(status),
            f"Runway answers {status} to every consume.",
            error_effect(status, marker),
            *_of_status(status),
            quick=status == 401,
        )
    yield fails("reset", "Every consume's connection is reset.", {"reset": True})
    yield fails("lost", "The consume's reply is lost.", {"lost": True})
    yield fails("empty", "No consume gets a byte in answer.", {"empty": True})
    yield fails("malformed", "The consume's answer is broken JSON.", {"malformed": True})
    yield fails("truncated", "The consume's answer is cut off.", {"truncate": 9})
    yield fails("no-token", "The consume's answer has no token.", {"omit": ["token"]})
    yield fails("no-url", "The consume's answer has no url.", {"omit": ["url"]})
    yield fails("null-token", "The consume's token is null.", {"set": {"token": None}})
    yield fails("page", "The consume is answered 200 with a page.", {"page": f"<p>{marker}</p>"})
    yield fails(
        "hang",
        "The session becomes READY after half of the deadline, and no consume is answered.",
        {"hang": True},
        session={"provision_time": f"{timeout_s * MORE_THAN_HALF:.3f}s"},
        whole_deadline=True,
    )
