"""Scenarios and runs that hypothesis draws. Every scenario is one that a file could hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from fake_runway.core.faults.parsing import parse_fault
from fake_runway.core.lifecycles.session import TRANSITIONS, Event, State
from fake_runway.core.lifecycles.task import TaskState
from fake_runway.core.scenario.scenario import avatar_of
from fake_runway.core.scenario.settings import EXAMPLE_AVATAR
from fake_runway.scenarios.catalogue import Catalogue, ScenarioFileError
from tests.support.effort import examples
from tests.support.fake.runs import FOREIGN_ID, PRESET, Ask, Do, Step

Json = Mapping[str, Any]

CATALOGUE = Catalogue.builtin()
PLANTED = "planted-secret-4711"

LAW = settings(
    max_examples=examples(40),
    deadline=None,  # a busy machine is no defect
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],  # as above
)

SPANS = ["0s", "1.5s", "1.5s", "5s", "6s", "300s"]
DURATIONS = ["0s", "1.5s", "6s", "uniform(0s, 3s)", "lognormal(5s, 0.3)", "never"]

spans = st.sampled_from(SPANS)
durations = st.sampled_from(DURATIONS)
numbers = st.integers(0, 3)
_limits = st.sampled_from([0, 1, 2, 3, "unlimited", "unlimited"])
_possible = [
    (state.value, event.value)
    for state, row in TRANSITIONS.items()
    for event in row
    if event not in (Event.ADMITTED, Event.RELEASED, Event.BILLED)
]
_happenings = st.lists(
    st.builds(
        lambda where, after, failure: {
            "in": where[0],
            "event": where[1],
            "after": after,
            **({"failure": {"code": "SAFETY.INPUT", "text": "No."}} if failure else {}),
        },
        st.sampled_from(_possible),
        durations,
        st.booleans(),
    ),
    max_size=2,
    unique_by=lambda each: each["in"],
)


def _some_of(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


_instead: list[Json] = [
    {"status": 503},
    {"status": {"code": 429, "error": "Later."}, "headers": {"Retry-After": "1"}},
    {"status": 204},
    {"status": 502, "page": "<html>"},
    {"reset": True},
    {"empty": True},
    {"hang": True},
]
_altered: list[Json] = [
    {"set": {"status": "SURPRISE", "extra": None}},
    {"omit": ["sessionKey", "id"]},
    {"shift": {"expiresAt": "-10m", "createdAt": "5m"}},
    {"headers": {"X-Extra": "yes"}},
    {"content_type": "text/plain"},
    {"malformed": True},
    {"delay": "uniform(0s, 2s)"},
    {"dribble": {"bytes": 3, "every": "10ms"}},
    {"truncate": 5},
    {"lost": True},
]
_events: list[Json] = [
    {"event": event.value}
    for event in Event
    if event not in (Event.ADMITTED, Event.RELEASED, Event.BILLED)
]
_where = {
    "operation": st.sampled_from(["createSession", "getSession", "consumeSession"]),
    "session": numbers,
    "nth": st.integers(1, 3),
    "state": st.sampled_from([state.value for state in State]),
}
_when = {
    "times": st.integers(1, 3),
    "skip": st.integers(0, 2),
    "from": st.sampled_from(["0s", "1.5s"]),
    "until": st.sampled_from(["6s", "300s"]),
    "probability": st.sampled_from([0.3, 0.7, 1]),
}


def _fault(effects: list[Json], acted: bool, **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    match = _some_of(**_where, **more)
    return st.fixed_dictionaries(
        {"effect": st.sampled_from(effects), "match": match, "acted": st.just(acted)},
        optional=_when,
    )


def _agrees(fault: Json) -> bool:
    try:
        parse_fault(fault, name="any", per_session=True)
    except ValueError:
        return False
    return True


faults = st.one_of(
    _fault(_instead, acted=False, moment=st.sampled_from(["create", "consume", "ready"])),
    _fault(_instead, acted=True, moment=st.sampled_from(["created", "consumed", "running"])),
    _fault(_altered, acted=True, status=st.sampled_from([200, 404])),
    _fault(_events, acted=False),
).filter(_agrees)

_account = _some_of(
    credits=st.sampled_from([0, 2, 5, 9, 1000, "unlimited"]),
    concurrency=_limits,
    daily=_limits,
    retained=st.sampled_from([0, 1, 50]),
    key=st.sampled_from(["valid", "valid", "suspended"]),
    errors=st.sampled_from(["guide", "observed"]),
    unpaid=st.sampled_from(["complete", "fail", "overdraw"]),
    retry_after=st.booleans(),
    doc_url=st.booleans(),
    delete_again=st.sampled_from([204, 404]),
    unknown_ids=st.sampled_from(["refuse", "materialise"]),
    custom_avatars=st.sampled_from(["any", [EXAMPLE_AVATAR]]),
    latency=durations,
    faults=st.lists(faults, max_size=2),
)
_session = _some_of(
    queued=durations,
    provision_time=durations,
    expires_in=spans,
    session_cap=st.sampled_from(["none", "0s", "10s"]),
    running_on=st.sampled_from(["consume", "join"]),
    token_room=st.sampled_from([None, "elsewhere"]),
    then=_happenings,
    faults=st.lists(faults, max_size=2),
)
_usual = st.sampled_from([{"provision_time": "1.5s"}, {"provision_time": "0s"}])


def _parses(data: Json) -> bool:
    try:
        CATALOGUE.parse(data)
    except ScenarioFileError:
        return False
    return True


scenarios = st.fixed_dictionaries(
    {"name": st.sampled_from(["made-up", "another"])},
    optional={
        "about": st.just("Made up."),
        "account": _account,
        "session": _session | _usual,
        "avatars": st.dictionaries(
            st.sampled_from(["cat-character", FOREIGN_ID]),
            (_session | _usual).filter(bool) | st.just("never-ready"),
            max_size=2,
        ),
        "seed": st.sampled_from([1, "one"]),
    },
).filter(_parses)
"""What `Catalogue.parse` takes; hardly anything is filtered out."""

_avatars = st.sampled_from(
    [
        PRESET,
        {"type": "runway-preset", "presetId": "cat-character"},
        {"type": "custom", "avatarId": EXAMPLE_AVATAR},
        {"type": "custom", "avatarId": FOREIGN_ID},
        {"type": "custom", "avatarId": avatar_of("never-ready")},
    ]
)
_secret_parts = st.sampled_from(
    [
        {},
        {},
        {"integration": {"type": "elevenlabs", "signedUrl": f"wss://v.example.com/?s={PLANTED}"}},
        {"livekit": {"url": "wss://r.example.com", "token": PLANTED, "roomName": "a room"}},
    ]
)
creates = st.builds(
    lambda avatar, length_s, more: Ask(
        "createSession",
        body={"model": "gwm1_avatars", "avatar": avatar, "maxDuration": length_s, **more},
    ),
    _avatars,
    st.sampled_from([10, 12, 300]),
    _secret_parts,
)
_which = st.integers(0, 3)
_tags = ["", "", "[fake:throttled-for-a-minute]", "[fake:bad-output]", "[fake:task-polls-fail]"]
task_creates = st.builds(
    lambda tag, video: Ask(
        "createTextToVideo" if video else "createTextToImage",
        body={
            "model": "gen4.5" if video else "gen4_image",
            "promptText": f"A cat. {tag}",
            "ratio": "1280:720",
            **({"duration": 5} if video else {}),
        },
    ),
    st.sampled_from(_tags),
    st.booleans(),
)
_task_asks = st.one_of(
    task_creates,
    st.builds(
        Ask,
        st.sampled_from(["getTask", "getTask", "deleteTask"]),
        _which,
        refused=st.sampled_from([False] * 7 + [True]),
    ),
)
_asks = st.one_of(
    creates,
    _task_asks,
    st.builds(
        Ask,
        st.sampled_from(["getSession", "deleteSession", "connectBackend", "consumeSession"]),
        _which,
        fits=st.booleans(),
        refused=st.sampled_from([False] * 7 + [True]),
    ),
    st.builds(Ask, st.sampled_from(["getOrganization", "queryUsage", "listAvatars", "getAvatar"])),
    st.builds(
        Ask,
        st.sampled_from(["listConversations", "getConversation", "getConversation"]),
        _which,
    ),
    st.builds(Ask, st.just("deleteConversation"), _which),
)
_identities = st.sampled_from(["user:1", "user:2", "backend:1"])
_tool_calls = st.sampled_from(["1", "2"])
_values = st.sampled_from([None, "yes", {"price": 5}, [1, [2]], "x" * 20_000])
_of_a_participant: Sequence[Json] = (
    {"event": "left", "how": "leave"},
    {"event": "left", "how": "end_call"},
    {"event": "left", "how": "lost"},
    {"event": "away"},
    {"event": "back"},
    {"event": "published", "source": "microphone"},
    {"event": "unpublished", "source": "camera"},
    {"event": "data", "bytes": 12, "known": False},
    {"event": "spoke", "seconds": 1.5},
)
_reports = st.one_of(
    st.builds(
        lambda who, hidden: {"event": "joined", "participant": who, "hidden": hidden},
        _identities,
        st.sampled_from([False, False, True]),
    ),
    st.builds(
        lambda who, what: {**what, "participant": who},
        _identities,
        st.sampled_from(_of_a_participant),
    ),
    st.builds(
        lambda role, turn: {
            "event": "said",
            "role": role,
            "turn": turn,
            "text": f"line {turn}",
            "seconds": 1.0,
        },
        st.sampled_from(["assistant", "user"]),
        st.integers(0, 9),
    ),
    st.builds(
        lambda value: {"event": "client_event", "tool": "show", "args": {"it": value}}, _values
    ),
    st.builds(
        lambda call, value: {
            "event": "tool_called",
            "call": call,
            "tool": "look",
            "args": {"it": value},
        },
        _tool_calls,
        _values,
    ),
    st.builds(
        lambda call, value, error: {
            "event": "tool_answered",
            "call": call,
            "result": value,
            "error": error,
            "seconds": 0.5,
        },
        _tool_calls,
        _values,
        st.sampled_from([None, "timeout", "it broke"]),
    ),
    st.just({"event": "data_ignored", "count": 3}),
    st.just({"event": "unheard", "seconds": 10.0}),
    st.just({"event": "entered", "room": "a room"}),
    st.sampled_from(["ended", "cancelled", "dropped"]).map(
        lambda reason: {"event": "closed", "reason": reason}
    ),
)
call_reports: st.SearchStrategy[list[Json]] = st.lists(_reports, max_size=12)
"""What rooms report, also in orders that none would."""
_jumps = st.one_of(
    spans.map(lambda by: Do("moveClock", {"by": by})),
    st.just(Do("moveClock", {"to": "next"})),
)
_by_hand = [event.value for event in Event if event not in (Event.ADMITTED, Event.RELEASED)]
_names = st.sampled_from(["one", "two"])
_acts = st.one_of(
    st.builds(lambda name, fault: Do("addFault", {"name": name, **fault}), _names, faults),
    faults.map(lambda fault: Do("addFault", fault)),
    st.builds(lambda name: Do("removeFault", name=name), _names),
    st.just(Do("removeFaults")),
    scenarios.map(lambda data: Do("putScenario", {"scenario": data})),
    st.sampled_from(["never-ready", "no-such-scenario"]).map(
        lambda name: Do("putScenario", {"name": name})
    ),
    st.builds(
        lambda form, avatar: Do("bindAvatar", form, name=avatar),
        _session | _usual,
        st.sampled_from(["cat-character", FOREIGN_ID]),
    ),
    st.just(Do("unbindAvatar", name="cat-character")),
    st.builds(
        lambda event, which: Do("occur", {"event": event}, which),
        st.sampled_from(_by_hand),
        _which,
    ),
    st.builds(lambda report, which: Do("reportCall", report, which), _reports, _which),
    st.builds(
        lambda event, which: Do("occurTask", {"event": event}, which),
        st.sampled_from(["started", "succeeded", "failed", "cancelled"]),
        _which,
    ),
    st.builds(
        lambda status, which: Do("reportDownload", {"output": 0, "status": status}, which),
        st.sampled_from([200, 403]),
        _which,
    ),
    st.sampled_from([state.value for state in TaskState]).map(
        lambda state: Do("makeTask", {"state": state})
    ),
    st.integers(0, 12).map(lambda left: Do("putCredits", {"left": left})),
    st.sampled_from([state.value for state in State]).map(
        lambda state: Do("makeSession", {"state": state})
    ),
    st.sampled_from([0.0, 1.0, 7.0]).map(lambda rate: Do("setClockRate", {"rate": rate})),
)
_conversations: st.SearchStrategy[list[Step]] = st.builds(
    lambda create, jump, fits, reports, end: [
        create,
        jump,
        Ask("getSession"),
        Ask("consumeSession", fits=fits),
        Ask("consumeSession"),
        *(Do("reportCall", report) for report in reports),
        end,
    ],
    creates,
    _jumps,
    st.sampled_from([True, True, False]),
    call_reports,
    _jumps | _asks,
)
_single: st.SearchStrategy[list[Step]] = st.one_of(_asks, _jumps, _acts).map(lambda step: [step])

runs: st.SearchStrategy[list[Step]] = st.lists(
    _conversations | _single, min_size=3, max_size=12
).map(lambda parts: [step for part in parts for step in part])
