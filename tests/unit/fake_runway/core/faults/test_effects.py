"""Effects: the fields of an answer that each changes, the others that stay, and combinations."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.durations import LONGEST_S
from fake_runway.core.faults.effects.base import Delivery, EffectContext, Ending, When
from fake_runway.core.faults.effects.catalogue import EFFECTS, parse_effects
from fake_runway.core.lifecycles.asset import AssetEvent
from fake_runway.core.lifecycles.runway import RUNWAY_API
from fake_runway.core.lifecycles.session import Event
from fake_runway.core.lifecycles.task import TaskEvent
from tests.unit.fake_runway.core.allowed import allowed_by
from tests.unit.fake_runway.core.playing import LAW

CONTEXT = EffectContext(number=0.5, envelope=lambda text: {"error": text, "in": "an envelope"})
BODY: dict[str, Any] = {
    "id": "an id",
    "createdAt": "2027-01-15T08:00:00.250Z",
    "queued": False,
    "n": 1,
}
ANSWER = Delivery(200, headers={"Content-Type": "application/json", "X-Id": "7"}, body=BODY)
KINDS = {kind.name: kind for kind in EFFECTS}
JUST_TRUE = ("malformed", "reset", "empty", "hang", "lost")


def applied(to: Delivery = ANSWER, *, number: float = 0.5, **given: Any) -> Delivery:
    """Return what becomes of an answer by the effects that `given` describes."""
    for effect in parse_effects(given):
        to = effect.apply(to, CONTEXT._replace(number=number))
    return to


def changed(delivery: Delivery) -> set[str]:
    """Return the names of the fields in which an answer differs from the usual one."""
    return {name for name in Delivery._fields if getattr(delivery, name) != getattr(ANSWER, name)}


EXAMPLES: list[tuple[str, Any, set[str]]] = [
    ("event", "failed", set()),
    ("status", 503, {"status", "headers", "body"}),
    ("status", {"code": 418, "error": "Tea."}, {"status", "headers", "body"}),
    ("page", "<h1>Sorry</h1>", {"headers", "body"}),
    ("set", {"queued": True, "more": None}, {"body"}),
    ("omit", ["id"], {"body"}),
    ("shift", {"createdAt": "-10m"}, {"body"}),
    ("headers", {"Retry-After": "3"}, {"headers"}),
    ("content_type", "text/plain", {"headers"}),
    ("malformed", True, {"body"}),
    ("delay", "2s", {"wait_s"}),
    ("dribble", {}, {"pace"}),
    ("truncate", 5, {"sent", "ending"}),
    ("reset", True, {"silent", "ending"}),
    ("empty", True, {"silent", "ending"}),
    ("hang", True, {"silent", "ending"}),
    ("lost", True, {"silent", "ending"}),
]


@pytest.mark.parametrize(("name", "value", "different"), EXAMPLES)
def test_an_effect_changes_its_own_fields(name: str, value: Any, different: set[str]) -> None:
    """Each effect alters its own fields and no other, and the answer itself stays."""
    before = repr(ANSWER)

    assert changed(applied(**{name: value})) == different
    assert repr(ANSWER) == before


def test_every_effect_has_an_example() -> None:
    """None is left out here, and no two have the same name."""
    assert {name for name, _, _ in EXAMPLES} == set(KINDS)
    assert len(KINDS) == len(EFFECTS)


# Each of them


@pytest.mark.parametrize(
    ("value", "status", "body"),
    [
        (503, 503, {"error": "Service unavailable.", "in": "an envelope"}),
        (599, 599, {"error": "Error.", "in": "an envelope"}),
        ({"code": 500, "error": "Tea."}, 500, {"error": "Tea.", "in": "an envelope"}),
        (204, 204, None),
        ({"code": 304, "error": "Unseen."}, 304, None),
    ],
)
def test_a_status_has_a_body_in_the_provider_s_form(value: Any, status: int, body: object) -> None:
    """The text is the given one or the usual one; a status without a body has none."""
    delivery = applied(status=value)

    assert (delivery.status, delivery.body, dict(delivery.headers)) == (status, body, {})


def test_a_page_is_html_unless_its_type_is_given() -> None:
    """The body is the text itself, and other headers stay."""
    usual = applied(page="<p>é</p>")
    other = applied(page={"text": "no", "type": "text/plain"})

    assert (usual.body, other.body) == ("<p>é</p>".encode(), b"no")
    assert usual.headers["Content-Type"] == "text/html; charset=utf-8"
    assert dict(other.headers) == {"Content-Type": "text/plain", "X-Id": "7"}


def test_fields_are_set_and_left_out() -> None:
    """Known fields get the new value, unknown ones are added, null included; absent ones stay."""
    assert applied(set={"n": None, "more": [1]}).body == {**BODY, "n": None, "more": [1]}
    assert applied(omit=["id", "createdAt", "queued", "never there"]).body == {"n": 1}


@pytest.mark.parametrize(
    ("span", "moved"),
    [
        ("-10m", "2027-01-15T07:50:00.250Z"),
        ("1.5s", "2027-01-15T08:00:01.750Z"),
        ("24h", "2027-01-16T08:00:00.250Z"),
        ("0s", "2027-01-15T08:00:00.250Z"),
    ],
)
def test_instants_are_moved(span: str, moved: str) -> None:
    """They keep their form, in both directions."""
    assert applied(shift={"createdAt": span}).body == {**BODY, "createdAt": moved}


def test_what_is_no_instant_is_not_moved() -> None:
    """Other texts, numbers, absent fields and instants beyond the calendar stay as they are."""
    late = Delivery(200, body={"at": "9999-12-31T23:59:59.000Z", "early": "0001-01-01T00:00:00Z"})

    assert applied(shift={"id": "1s", "n": "1s", "absent": "1s"}).body == BODY
    assert applied(late, shift={"at": "87000h", "early": "-1h"}).body == late.body


@pytest.mark.parametrize("body", [None, b'{"id": 1}', ["id"], "id"])
@pytest.mark.parametrize("effect", ["set", "omit", "shift"])
def test_only_objects_have_fields(body: object, effect: str) -> None:
    """Any other body goes out as it is."""
    value: Any = {"set": {"id": 1}, "omit": ["id"], "shift": {"id": "1s"}}[effect]
    delivery = Delivery(200, body=body)

    assert applied(delivery, **{effect: value}) == delivery


def test_headers_are_added_or_replaced() -> None:
    """Those that are not mentioned stay."""
    headers = applied(headers={"Retry-After": "3", "X-Id": "8"}, content_type="text/plain").headers

    assert dict(headers) == {"Content-Type": "text/plain", "X-Id": "8", "Retry-After": "3"}


@pytest.mark.parametrize("body", [BODY, [], "text", 1.5])
def test_malformed_json_lacks_its_last_byte(body: object) -> None:
    """It is no JSON, and would be with one byte more."""
    cut = applied(Delivery(200, body=body), malformed=True).body

    assert isinstance(cut, bytes)
    whole = json.dumps(body, separators=(",", ":")).encode()
    assert (cut, len(cut)) == (whole[:-1], len(whole) - 1)


def test_bytes_are_cut_as_they_are() -> None:
    """A page loses its last byte as well; where there is no body nothing can be lost."""
    assert applied(page="<p>", malformed=True).body == b"<p"
    assert not applied(Delivery(204), malformed=True).body


def test_delays_are_draws_and_add_up() -> None:
    """A distribution takes the effect's own draw; delays of several faults come one by one."""
    assert applied(delay="uniform(1s, 3s)", number=0.25).wait_s == 1.5
    assert applied(applied(delay="2s"), delay="3s").wait_s == 5.0
    assert applied(delay="never").wait_s == float("inf")


def test_the_body_dribbles() -> None:
    """By default one byte each 50 ms."""
    assert applied(dribble={}).pace == (1, 0.05)
    assert applied(dribble={"bytes": 10, "every": "2s"}).pace == (10, 2.0)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("reset", Ending.RESET),
        ("empty", Ending.CLOSED),
        ("hang", Ending.HUNG),
        ("lost", Ending.RESET),
    ],
)
def test_silence_ends_in_one_of_three_ways(name: str, ending: Ending) -> None:
    """Not a byte goes out, and the connection is reset, closed or kept."""
    silence: dict[str, Any] = {name: True}
    delivery = applied(**silence)

    assert (delivery.silent, delivery.ending) == (True, ending)


def test_which_answers_arrive() -> None:
    """The client gets the whole answer, late or slowly, unless bytes or the connection are lost."""
    whole = {"status", "page", "set", "omit", "shift", "headers", "content_type", "malformed"}
    whole |= {"event", "delay", "dribble"}

    arriving = {name for name, value, _ in EXAMPLES if applied(**{name: value}).arrives}

    assert arriving == whole


def test_the_phase_of_each_effect() -> None:
    """Some stand for an answer, one happens before, a lost reply needs the server to act."""
    by_when = {when: {kind.name for kind in EFFECTS if kind.when is when} for when in When}

    assert by_when.pop(When.AFTER) == {name for name, _, _ in EXAMPLES} - set().union(
        *by_when.values()
    )
    assert by_when == {
        When.BEFORE: {"event"},
        When.INSTEAD: {"status", "reset", "empty", "hang"},
        When.ONLY_ACTED: {"lost"},
    }


def test_only_an_event_happens_before_the_call() -> None:
    """It names the event; no other effect has one."""
    before = {
        name: effect.event_before()
        for name, value, _ in EXAMPLES
        for effect in parse_effects({name: value})
    }

    assert {name: event for name, event in before.items() if event} == {"event": Event.FAILED.value}


# Together


@LAW
@given(st.permutations([(name, value) for name, value, _ in EXAMPLES[:1] + EXAMPLES[2:]]))
def test_the_order_in_which_effects_are_written_does_not_matter(
    given_effects: list[tuple[str, Any]],
) -> None:
    """They are applied in the order of the catalogue."""
    effects = parse_effects(dict(given_effects))

    assert [effect.name for effect in effects] == [kind.name for kind in EFFECTS]


def test_effects_compose() -> None:
    """A late 503 with a header of its own, cut in the middle, is all of that."""
    delivery = applied(
        truncate=5, delay="2s", headers={"Retry-After": "9"}, set={"extra": 1}, status=503
    )

    assert delivery == Delivery(
        503,
        headers={"Retry-After": "9"},
        body={"error": "Service unavailable.", "in": "an envelope", "extra": 1},
        wait_s=2.0,
        sent=5,
        ending=Ending.CLOSED,
    )


# Data


@pytest.mark.parametrize("kind", EFFECTS, ids=lambda kind: kind.name)
def test_every_schema_is_a_schema_with_a_description(kind: type[Any]) -> None:
    """It is valid, refuses a value of another kind, and has a description."""
    schema = kind.schema_in(RUNWAY_API)
    jsonschema.Draft202012Validator.check_schema(schema)

    assert schema["description"].endswith(".")
    assert not jsonschema.Draft202012Validator(schema).is_valid(None)
    assert not jsonschema.Draft202012Validator(schema).is_valid([[]])


bodies = st.sampled_from([None, {}, BODY, [1], b"", b"bytes", "text", 1.5, True])


@pytest.mark.parametrize("kind", EFFECTS, ids=lambda kind: kind.name)
@LAW
@given(st.data())
def test_what_a_schema_allows_is_parsed_or_refused_and_can_be_applied(
    kind: type[Any], data: st.DataObject
) -> None:
    """Nothing but a ValueError that names the effect is raised, and the result can be sent."""
    schema = kind.schema_in(RUNWAY_API)
    value = data.draw(allowed_by(schema))
    assert jsonschema.Draft202012Validator(schema).is_valid(value)
    try:
        (effect,) = parse_effects({kind.name: value})
    except ValueError as refused:
        why = str(refused)
    else:
        why = ""
    if why:
        assert why.startswith(f"{kind.name}: ")
        return

    delivery = effect.apply(Delivery(200, body=data.draw(bodies)), CONTEXT)

    assert isinstance(delivery.status, int)
    assert 200 <= delivery.status <= 599
    assert delivery.sent is None or isinstance(delivery.sent, int)
    assert delivery.pace is None or isinstance(delivery.pace[0], int)
    assert delivery.wait_s == float("inf") or delivery.wait_s >= 0
    if not isinstance(delivery.body, bytes):
        json.dumps(delivery.body)
    for name, text in delivery.headers.items():
        assert f"{name}{text}".isprintable()
        assert f"{name}{text}".isascii()


@pytest.mark.parametrize("text", ["text/plain\n", "text/plain\r\nX-Other: 1", "é"])
@pytest.mark.parametrize("effect", ["headers", "content_type", "page"])
def test_no_header_holds_more_than_one_line(effect: str, text: str) -> None:
    """What would break the header's line is refused by the schema or at last when it is parsed."""
    value: Any = {"headers": {"X": text}, "content_type": text}.get(
        effect, {"text": "", "type": text}
    )
    allowed = jsonschema.Draft202012Validator(KINDS[effect].schema_in(RUNWAY_API)).is_valid(value)

    if allowed:
        with pytest.raises(ValueError, match=f"{effect}: a header is one line"):
            parse_effects({effect: value})


def test_too_long_a_span_is_refused_by_name() -> None:
    """The message says which effect it is about."""
    with pytest.raises(ValueError, match=r"delay: .*ten years"):
        parse_effects({"delay": f"{LONGEST_S * 2:.0f}s"})


def test_events_are_those_that_can_happen_by_hand() -> None:
    """All of the lifecycles but the two that belong to capacity, and two to what a client sends."""
    events = set(KINDS["event"].schema_in(RUNWAY_API)["enum"])

    every = {event.value for event in (*Event, *TaskEvent, *AssetEvent)}
    assert events == every - {"admitted", "released", "updated", "replaced"}


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection"])
def test_headers_that_frame_the_body_are_not_for_scenarios(name: str) -> None:
    """Setting them would break the connection in ways that no effect means."""
    with pytest.raises(ValueError, match=name):
        parse_effects({"headers": {name: "1"}})


@pytest.mark.parametrize(
    ("change", "at_once"),
    [
        ({}, True),
        ({"wait_s": 9.0}, True),
        ({"silent": True}, False),
        ({"pace": (1, 0.1)}, False),
        ({"sent": 0}, False),
    ],
)
def test_an_answer_goes_out_at_once_or_needs_its_connection(
    change: dict[str, Any], at_once: bool
) -> None:
    """Waiting is no part of it: after it, a whole answer is one response."""
    assert Delivery(200, **change).at_once is at_once


LIMITS: list[tuple[str, Any, bool]] = [
    *[("status", code, 200 <= code <= 599) for code in (199, 200, 599, 600)],
    *[("status", {"code": code}, 200 <= code <= 599) for code in (199, 200, 599, 600)],
    ("status", {"code": 500, "text": "no such key"}, False),
    ("page", {"text": "", "body": "no such key"}, False),
    ("set", {}, False),
    ("set", {"a": None}, True),
    ("omit", [], False),
    ("omit", ["a"], True),
    ("shift", {}, False),
    ("shift", {"a": "-1s"}, True),
    ("headers", {}, False),
    ("headers", {"A": ""}, True),
    ("dribble", {"bytes": 0}, False),
    ("dribble", {"bytes": 1}, True),
    ("dribble", {"size": 1}, False),
    ("truncate", -1, False),
    ("truncate", 0, True),
    *[(name, value, value) for name in JUST_TRUE for value in (True, False)],
]


@pytest.mark.parametrize(("name", "value", "allowed"), LIMITS)
def test_the_limits_of_a_value_are_allowed_and_nothing_beyond(
    name: str, value: Any, allowed: bool
) -> None:
    """The schema says them, and scenario files are checked by it."""
    schema = KINDS[name].schema_in(RUNWAY_API)

    assert jsonschema.Draft202012Validator(schema).is_valid(value) == allowed


def test_usual_errors_have_texts_of_their_own() -> None:
    """Other statuses have the same plain one."""
    bodies: dict[int, Any] = {code: applied(status=code).body for code in range(200, 600)}
    own = {code for code, body in bodies.items() if body and body["error"] != "Error."}

    assert own == {400, 401, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504}
    assert {code for code, body in bodies.items() if body is None} == {204, 304}
    assert len({str(bodies[code]) for code in own}) == len(own)


@pytest.mark.parametrize(
    "change", [{"silent": True}, {"sent": 3}, {"ending": Ending.CLOSED}, {"ending": Ending.HUNG}]
)
def test_an_answer_that_lacks_anything_does_not_arrive(change: dict[str, Any]) -> None:
    """No byte, not all bytes, or no proper end: each alone is enough; waiting is not."""
    assert not Delivery(200, **change).arrives
    assert Delivery(200, wait_s=9.0, pace=(1, 1.0)).arrives


def test_a_plain_answer_waits_for_nothing() -> None:
    """It goes out whole, at once."""
    plain = Delivery(200)

    assert (plain.wait_s, plain.pace, plain.sent, plain.silent) == (0, None, None, False)
    assert (plain.body, dict(plain.headers), plain.ending) == (None, {}, Ending.KEPT)
