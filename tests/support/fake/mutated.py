"""Bodies of the admin API: valid ones, and what is left of them after some random damage."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from fake_runway.core.scenario.scenario import data_of
from fake_runway.scenarios.catalogue import Catalogue

SCENARIOS = [dict(data_of(scenario)) for scenario in Catalogue.builtin()]
FORMS = [each["session"] for each in SCENARIOS if each.get("session")]
FAULTS = [
    fault
    for each in SCENARIOS
    for part in ("session", "account")
    for fault in each.get(part, {}).get("faults", ())
]
FAILURE = {"code": "SAFETY.INPUT", "text": "The worker gave up."}
VALID: dict[str, list[Any]] = {
    "resetWorld": [{"seed": "7", "rate": 0, "name": "default"}, {}],
    "forkWorld": [{"name": "copy"}],
    "takeSnapshot": [{"name": "before"}, {}],
    "setClockRate": [{"rate": 0}, {"rate": 2.5}],
    "moveClock": [{"by": "1.5s"}, {"to": "next"}, {"by": "1h"}],
    "putScenario": [{"name": "default"}, *({"scenario": each} for each in SCENARIOS)],
    "bindAvatar": FORMS,
    "addFault": FAULTS,
    "makeSession": [
        {"state": "ready", "max_duration_s": 60},
        {"state": "failed", "failure": FAILURE},
        {},
    ],
    "occur": [{"event": "cancelled"}, {"event": "failed", "failure": FAILURE}],
    "reportCall": [
        {"event": "joined", "participant": "user:1", "hidden": False},
        {"event": "said", "role": "user", "turn": 1, "text": "Hello", "seconds": 1.5},
        {"event": "tool_called", "call": "1", "tool": "look", "args": {"at": ["this"]}},
    ],
    "direct": [
        {"say": "Hello."},
        {"steps": [{"client_event": {"tool": "show", "args": {"a": 1}}}, {"wait": "1s"}]},
    ],
    "makeAsset": [
        {"kind": "avatar", "state": "failed", "failure": FAILURE},
        {"kind": "voice", "name": "Deep"},
    ],
    "occurToAsset": [{"event": "failed", "failure": FAILURE}, {"event": "deleted"}],
    "makeTask": [{"state": "running"}, {"state": "failed", "failure": FAILURE}, {}],
    "occurTask": [{"event": "cancelled"}, {"event": "failed", "failure": FAILURE}],
    "reportDownload": [{"output": 0, "status": 403, "late_s": 1.5}, {"output": 1, "status": 200}],
    "applySeed": [
        {"credits": 5},
        {
            "avatars": ["123e4567-e89b-42d3-a456-426614174000"],
            "sessions": [{"state": "ready", "max_duration_s": 60, "count": 2}],
            "tasks": [
                {
                    "operation": "createTextToImage",
                    "body": {"model": "gen4_image", "promptText": "A cat", "ratio": "1280:720"},
                    "state": "succeeded",
                }
            ],
        },
    ],
    "putCredits": [{"left": 5}],
    "awaitSession": [{"states": ["ready"], "timeout": "0s"}],
    "awaitTask": [{"states": ["running"], "timeout": "0s"}],
    "awaitCalls": [{"match": {"operation": "createSession"}, "count": 1, "timeout": "0s"}],
    "postReplay": [{"name": "again", "token": "fr1.x"}],
}
"""At least one body of each operation that takes one, by its id."""

_JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, 2**53, 2**64, -(2**63)),
    *("", "x", "x" * 3_000, "\x00", "\u2028", "é" * 100, "never", "1s", "99999999999h", "next"),
    *("default", "no-such", "any", "unlimited", "music-superstar", "$.a", "{}", "%s", "../.."),
    *([], {}, [[]], [{}], [None], {"": {}}, {"a": 1}, {"name": 5}, ["1s"] * 30, [{}] * 13_000),
)


def _deep(levels: int) -> Any:
    value: Any = {}
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in a value with each of its keys or indexes."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


def damaged(body: Any, random: Random, *, donors: list[Any]) -> Any:
    """Return `body` with up to four random changes: other types, missing, extra, deep, huge."""
    whole = [deepcopy(body)]
    for _ in range(random.randint(1, 4)):
        container, key = random.choice(list(_places(whole)))
        match random.randrange(6):
            case 0 if container is not whole:
                del container[key]
            case 1 if isinstance(container, dict):
                container[random.choice(["", "extra", "tools", "name", "faults"])] = _junk(random)
            case 2:
                container[key] = _deep(random.choice([3, 30, 70, 300]))
            case 3:
                donor = [deepcopy(random.choice(donors))]
                where, what = random.choice(list(_places(donor)))
                container[key] = where[what]
            case _:
                container[key] = _junk(random)
    return whole[0]


def _junk(random: Random) -> Any:
    return deepcopy(random.choice(_JUNK))
