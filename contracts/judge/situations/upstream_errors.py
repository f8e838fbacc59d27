"""Failures of Runway at each hop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from contracts.judge.situation import RETRY_AFTER_S, Expect, Json, Shape, Situation, Trait
from contracts.judge.situations.building import (
    MORE_THAN_HALF,
    error_effect,
    fails,
    fault_form,
    ready_after,
)


@dataclass(frozen=True, slots=True)
class _Hop:
    """A hop whose calls go wrong."""

    trait: Trait
    operation: str
    marker: str
    shape: Shape | None = None

    def fails(self, name: str, about: str, effect: Json, *traits: Trait, **more: Any) -> Situation:
        """Return the situation in which all calls go wrong."""
        session = {**fault_form(self.operation, effect), **more.pop("session", {})}
        more = {"session": session, "shape": self.shape, **more}
        return fails(f"{self.trait.name.lower()}-{name}", about, self.trait, *traits, **more)

    def answers(
        self, statuses: Sequence[int], what: str, *traits: Trait, **more: Any
    ) -> Iterator[Situation]:
        """Yield the situations in which all calls get a status."""
        for status in statuses:
            about = f"Runway answers {status} to {what}."
            unauthorized = (Trait.UNAUTHORIZED,) if status in (401, 403) else ()
            effect = error_effect(status, self.marker)
            yield self.fails(str(status), about, effect, *traits, *unauthorized, **more)

    def fails_once(self, name: str, about: str, effect: Json) -> Situation:
        """Return the situation in which the first call goes wrong."""
        id_ = f"{self.trait.name.lower()}-{name}-once"
        traits = {Trait.ERROR, self.trait, Trait.PASSING}
        session = fault_form(self.operation, effect, times=1)
        return Situation(id_, about, Expect.EITHER, traits, session=session)


def create_errors(marker: str) -> Iterator[Situation]:
    hop = _Hop(Trait.CREATE, "createSession", marker)
    soon, in_an_hour = (
        error_effect(429, marker, Retry_After=after) for after in (f"{RETRY_AFTER_S}", "3600")
    )
    html = f"<html><body>{marker}</body></html>"
    yield from hop.answers((400, 401, 402, 403, 404), "the create", Trait.FINAL)
    yield from hop.answers((429,), "every create")
    yield hop.fails(
        "429-retry-after",
        f"Runway answers 429 with Retry-After: {RETRY_AFTER_S} to every create.",
        soon,
        Trait.RETRY_AFTER,
    )
    yield hop.fails(
        "429-in-an-hour", "Runway answers 429 with Retry-After: 3600 to every create.", in_an_hour
    )
    yield from hop.answers((500, 502, 503, 504), "every create")
    yield hop.fails(
        "html", "A proxy answers the create with 502 and a page.", {"status": 502, "page": html}
    )
    yield hop.fails("reset", "The create's connection is reset.", {"reset": True})
    yield hop.fails("empty", "The create gets no byte in answer.", {"empty": True})
    yield hop.fails(
        "hang",
        "The create is never answered.",
        {"hang": True},
        whole_deadline=True,
        retried_late=True,
    )
    yield hop.fails("truncated", "The create's answer is cut off.", {"truncate": 5})
    yield hop.fails("malformed", "The create's answer is broken JSON.", {"malformed": True})
    yield hop.fails("no-id", "The create's answer has no id.", {"omit": ["id"]})
    yield hop.fails("null-id", "The create's answer has a null id.", {"set": {"id": None}})
    yield hop.fails("page", "The create is answered 200 with a page.", {"page": marker})
    yield hop.fails("lost", "The create's reply is lost.", {"lost": True}, Trait.LOST_REPLY)
    for status in (429, 503):
        effect = error_effect(status, marker, Retry_After="1")
        yield hop.fails_once(str(status), f"The first create gets {status}.", effect)


def poll_errors(marker: str) -> Iterator[Situation]:
    hop = _Hop(Trait.POLL, "getSession", marker)
    yield from hop.answers((401, 402, 403, 404), "every poll", Trait.FINAL)
    yield from hop.answers((429, 500, 502, 503, 504), "every poll", whole_deadline=True)
    lasting = partial(hop.fails, whole_deadline=True)
    no_status = {"omit": ["status"]}
    yield lasting("reset", "Every poll's connection is reset.", {"reset": True})
    yield lasting("hang", "No poll is ever answered.", {"hang": True})
    yield lasting("malformed", "Every poll is answered with broken JSON.", {"malformed": True})
    yield lasting("truncated", "Every poll's answer is cut off.", {"truncate": 9})
    yield lasting("no-status", "No poll's answer has a status.", no_status, Trait.UNKNOWN_STATUS)
    yield lasting("page", "Every poll is answered 200 with a page.", {"page": f"<p>{marker}</p>"})
    busy = error_effect(429, marker, Retry_After="1")
    yield hop.fails_once("500", "The first poll gets 500.", error_effect(500, marker))
    yield hop.fails_once("429", "The first poll gets 429.", busy)
    yield hop.fails_once("reset", "The first poll's connection is reset.", {"reset": True})


def consume_errors(timeout_s: float, marker: str) -> Iterator[Situation]:
    hop = _Hop(Trait.CONSUME, "consumeSession", marker, Shape.CREDENTIALS)
    page = {"page": f"<p>{marker}</p>"}
    yield from hop.answers((400, 401, 403, 404), "every consume", Trait.FINAL)
    yield from hop.answers((429, 500, 503), "every consume")
    yield hop.fails("reset", "Every consume's connection is reset.", {"reset": True})
    yield hop.fails("lost", "The consume's reply is lost.", {"lost": True})
    yield hop.fails("empty", "No consume gets a byte in answer.", {"empty": True})
    yield hop.fails("malformed", "The consume's answer is broken JSON.", {"malformed": True})
    yield hop.fails("truncated", "The consume's answer is cut off.", {"truncate": 9})
    yield hop.fails("no-token", "The consume's answer has no token.", {"omit": ["token"]})
    yield hop.fails("no-url", "The consume's answer has no url.", {"omit": ["url"]})
    yield hop.fails("no-room", "The consume's answer has no roomName.", {"omit": ["roomName"]})
    yield hop.fails("null-token", "The consume's token is null.", {"set": {"token": None}})
    yield hop.fails("empty-url", "The consume's url is an empty string.", {"set": {"url": ""}})
    yield hop.fails("page", "The consume is answered 200 with a page.", page)
    yield hop.fails(
        "hang",
        "The session becomes READY after half of the deadline, and no consume is answered.",
        {"hang": True},
        session=ready_after(timeout_s * MORE_THAN_HALF),
        whole_deadline=True,
    )
