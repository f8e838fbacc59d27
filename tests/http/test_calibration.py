"""Calibration against our own fake, with every value of every switch: it finds each from outside.

The endpoint's clock is frozen, and moves where the calibration pauses: so times are exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.calibration.endpoint import Endpoint, EndpointFailed, RealTime, sender
from fake_runway.calibration.har import NotHar, read_har
from fake_runway.calibration.history import History, Seen
from fake_runway.calibration.plays import ALL_CREDITS, PLAYS, play_all
from fake_runway.calibration.result import FORMS, scenario, table
from fake_runway.calibration.rules import NOT_LEARNED, learned_from
from fake_runway.core.scenario.scenario import Scenario, parse_scenario
from fake_runway.core.scenario.settings import BadInputs, Settings
from fake_runway.core.tasks.task import Downloads
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW, describe_workflow
from fake_runway.core.types import Json
from fake_runway.scenarios.catalogue import Catalogue
from fake_runway.scenarios.check import broken_rules
from fake_runway.scenarios.yaml_lines import read_documents
from tests.support.servers import SECRET, Fake, StartFake

if TYPE_CHECKING:
    from pathlib import Path

    from fake_runway.worlds.world import World

LOOK, SESSION, CANCELLED, TASK, VOICES, DOCUMENTS, UPLOADS, EXPIRING, *_OTHERS = PLAYS
ROUTERS, CAPACITY, WORKFLOWS, WORKSPACE, CALL, BEYOND, INPUTS, RUN, RUNS = _OTHERS
A_DAY_S = 86_400.0
DEFAULTS = {(form, switch.key): switch.default for form, rows in FORMS.items() for switch in rows}


class WorldTime(RealTime):
    """A world's frozen clock, moved by each pause."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._clock = world.clock

    def now(self) -> float:
        """Return its instant."""
        return self._clock.now()

    async def pause(self, seconds: float) -> None:
        """Move it."""
        self._clock.jump(seconds)


@dataclass
class Case:
    """A value of a switch, what else has to be set to see it, and which plays show it."""

    form: str
    key: str
    value: Any
    plays: tuple[Any, ...] = (LOOK,)
    more: Json | None = None
    found: Any = None  # where it is not the value itself

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


def cases() -> list[Case]:
    """Return every value of every switch that takes words, and telling ones of all others."""
    a, s, t = "account", "session", "task"
    poor = {"account": {"credits": 6}}
    other = "11111111-2222-4333-8444-555555555555"
    return [
        Case(a, "credits", 77),
        Case(a, "credits", 100_000),
        Case(a, "concurrency", 3),
        Case(a, "daily", 12),
        Case(a, "retained", 1, (SESSION,)),
        *(Case(a, "key", word) for word in ("valid", "unknown", "suspended")),
        *(
            Case(a, "errors", word, (CALL,), {"account": {"credits": 6, "unpaid": "complete"}})
            for word in ("guide", "observed")
        ),
        *(Case(a, "unpaid", word, (CALL,), poor) for word in ("complete", "fail", "overdraw")),
        *(
            Case(a, "retry_after", flag, (SESSION, BEYOND), {"account": {"daily": 2}})
            for flag in (True, False)
        ),
        *(Case(a, "doc_url", flag) for flag in (True, False)),
        *(Case(a, "delete_again", code, (SESSION,)) for code in (204, 404)),
        *(Case(a, "unknown_ids", word) for word in ("refuse", "materialise")),
        *(Case(a, "unknown_keys", word) for word in ("refuse", "ignore")),
        *(Case(a, "consume_body", word, (SESSION,)) for word in ("strict", "lenient", "typed")),
        *(Case(a, "version_header", word) for word in ("required", "ignored")),
        Case(a, "custom_avatars", "any"),
        Case(a, "custom_avatars", [other]),
        *(Case(a, "unknown_cursor", word) for word in ("refuse", "first-page")),
        *(Case(a, "tier", number) for number in (1, 2, 3, 4, 5)),
        *(Case(a, "task_concurrency", value) for value in ("tier", 7)),
        *(Case(a, "task_daily", value) for value in ("tier", 9, "unlimited")),
        Case(a, "latency", "0s"),
        *(Case(a, "cancelled_task_cost", word, (CANCELLED,)) for word in ("full", "zero")),
        *(Case(a, "deleted_task", word, (CANCELLED,)) for word in (404, "cancelled")),
        *(Case(a, "prompt_tags", flag, (CANCELLED,)) for flag in (True, False)),
        Case(a, "failed_task_cost", "full", (TASK,), {"task": {"failure": "INTERNAL"}}),
        Case(a, "failed_task_cost", "zero", (TASK,), {"task": {"failure": "SAFETY.INPUT.TEXT"}}),
        Case(s, "queued", "0s", (SESSION,)),
        Case(s, "queued", "4s", (SESSION,), found="3.9s"),
        *(Case(s, "provision_time", span, (SESSION,)) for span in ("0s", "1.5s", "12.3s", "never")),
        *(Case(s, "expires_in", span, (SESSION,)) for span in ("300s", "45s")),
        Case(s, "session_cap", "none", (CALL,)),
        Case(s, "session_cap", "12s", (CALL,), found="11.5s"),
        *(Case(s, "running_on", word, (SESSION,)) for word in ("consume", "join")),
        Case(s, "join_time", "3s", (SESSION,), {"session": {"running_on": "join"}}, "2.9s"),
        Case(s, "join_time", "1s", (SESSION,), {"session": {"running_on": "join"}}),
        Case(s, "token_room", None, (SESSION,)),
        Case(s, "token_room", "elsewhere", (SESSION,)),
        Case(t, "throttled", "0s", (TASK,)),
        Case(t, "throttled", "7s", (TASK,), found="6.8s"),
        Case(t, "pending", "1s", (TASK,)),
        Case(t, "pending", "9s", (TASK,), found="8.8s"),
        Case(t, "run", "usual", (TASK,)),
        Case(t, "run", "40s", (TASK,), found="40s"),
        Case(t, "failure", None, (TASK,)),
        Case(t, "failure", "ASSET.INVALID", (TASK,)),
        Case(t, "failure", {"code": "NEW.CODE", "text": "Never seen."}, (TASK,)),
        *(Case(t, "output", word, (TASK,)) for word in ("files", "none")),
        *(Case(t, "output_lifetime", span, (TASK,)) for span in ("86400s", "600s")),
        *(Case(t, "downloads", each.value, (TASK,)) for each in Downloads),
        *cases_of_assets(),
        *cases_of_files(),
        *cases_of_routing(),
    ]


def cases_of_assets() -> list[Case]:
    """Return those of avatars, voices and documents."""
    a = "account"
    odd = {"code": "ODD", "text": "Never seen."}
    return [
        *(Case(a, "avatar_processing", span, (VOICES,)) for span in ("0s", "30s", "never")),
        Case(a, "avatar_processing", "12s", (VOICES,), found="11.5s"),
        *(Case(a, "voice_processing", span, (VOICES,)) for span in ("0s", "10s", "never")),
        *(Case(a, "avatar_failure", code, (VOICES,)) for code in (None, "NO_FACE")),
        Case(a, "avatar_failure", odd, (VOICES,), found={**odd, "code": "UNNAMED"}),
        *(Case(a, "voice_failure", code, (VOICES,)) for code in (None, "AUDIO_TOO_NOISY")),
        Case(a, "document_processing", "0s", (VOICES, DOCUMENTS)),
        Case(a, "document_processing", "7s", (DOCUMENTS,), found="6.5s"),
        Case(a, "max_avatars", 1, (VOICES,)),
        Case(a, "max_voices", 1, (VOICES,)),
        Case(a, "max_documents", 1, (DOCUMENTS,)),
        *(Case(a, "knowledge_tokens", n, (DOCUMENTS,)) for n in (1, 777, 50_000, 60_000)),
        Case(a, "knowledge_tokens", "unlimited", (DOCUMENTS,)),
        Case(a, "knowledge_tokens", 200, (DOCUMENTS,), {a: {"document_characters": 1_000}}),
        *(Case(a, "document_characters", n, (DOCUMENTS,)) for n in (1, 4_321, "unlimited")),
        *(Case(a, "assets_not_ready", word, (VOICES,)) for word in ("refuse", "accept")),
        *(Case(a, "empty_update", word, (VOICES,)) for word in ("refuse", "accept")),
        *(Case(a, "other_client", word, (DOCUMENTS,)) for word in ("none", "creates", "deletes")),
    ]


def cases_of_files() -> list[Case]:
    """Return those of uploads, and of files that creates name."""
    a = "account"
    return [
        *(Case(a, "smallest_upload", n, (UPLOADS,)) for n in (0, 1, 77, 512, 3_000)),
        *(Case(a, "largest_upload", n, (UPLOADS,)) for n in (512, 5_000, 1_000_000)),
        Case(a, "upload_slot", "900s", (EXPIRING,)),
        Case(a, "upload_slot", "60s", (EXPIRING,), found="57.5s"),
        Case(a, "upload_lifetime", "86400s", (EXPIRING,)),
        Case(a, "upload_lifetime", "10m", (EXPIRING,), found="623s"),
        Case(a, "cursor_lifetime", "forever", (EXPIRING,)),
        Case(a, "cursor_lifetime", "90s", (EXPIRING,), found="92.6s"),
        *(Case(a, "bad_inputs", each.value, (INPUTS,)) for each in BadInputs),
        *(Case(a, "retired_models", word, (INPUTS,)) for word in ("refuse", "accept")),
    ]


def cases_of_routing() -> list[Case]:
    """Return those of routers, workflows and the workspace."""
    a, t = "account", "task"
    some, fails = ["eleven_text_to_sound_v2", "gen4_turbo", "muse_image"], {"node": "Picture"}
    lost = {t: {"nodes": [{**fails, "failure": "INTERNAL"}]}}
    poster = describe_workflow(replace(EXAMPLE_WORKFLOW, name="Poster", versions=3))
    runs = (WORKFLOWS, RUN)
    return [
        *(Case(a, "same_slug", value, (ROUTERS,)) for value in (400, "replace")),
        *(Case(a, "disabled_models", models, (ROUTERS,)) for models in ([], some, "all")),
        *(Case(a, "busy_models", models, (CAPACITY,)) for models in ([], some[1:], "all")),
        *(Case(a, "router_ranking", word, (ROUTERS,)) for word in ("works", "fails")),
        *(Case(a, "default_price", credits, (ROUTERS,)) for credits in (0, 10, 77)),
        *(Case(a, "workspace", word, (SESSION, WORKSPACE)) for word in ("linked", "none")),
        *(Case(a, "workflows", each, (WORKFLOWS,)) for each in ("example", [], [poster])),
        *(Case(a, "workflow_delete", code, runs) for code in (204, 404)),
        Case(a, "workflow_concurrency", 1, (WORKFLOWS, RUNS)),
        Case(t, "nodes", [], runs),
        Case(t, "nodes", [{**fails, "failure": "INTERNAL"}], runs),
        Case(t, "nodes", [{**fails, "failure": {"code": "NEW", "text": "Odd."}}], runs),
        *(Case(t, "nodes", [{"node": "Speech", "output": w}], runs) for w in ("none", "never")),
        *(Case(t, "on_node_error", word, runs, lost) for word in ("stop", "continue")),
    ]


BY_ANOTHER_TEST = {
    "latency": "test_an_answer_that_is_held_back_is_measured",
    "failed_task_cost": "test_two_failures_tell_what_failing_costs",
}


async def played(fake: Fake, *plays: Any) -> History:
    """Make some plays against a fake, and return what was seen."""
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(sender(http, fake.url), SECRET, 1_000, WorldTime(fake.world))
        endpoint.wait_s = A_DAY_S + 1_000.0
        for play in plays:
            await play.calls(endpoint)
    forget_dry_runs(fake)
    return endpoint.history()


def forget_dry_runs(fake: Fake) -> None:
    """Drop what a dry run lacks: the published answer has an id, and only notes know dryRun."""
    assert fake.app is not None
    left = [each for each in fake.app.violations if "$.id" not in str(each)]
    assert left == []
    fake.app.violations.clear()


def found(history: History) -> dict[tuple[str, str], Any]:
    """Return what was learned, by form and key."""
    return {(each.form, each.key): each.value for each in learned_from(history)}


def following(forms: Json) -> Scenario:
    """Return a scenario with some forms."""
    return parse_scenario(forms, default_name="elsewhere")


def with_switch(case: Case) -> Json:
    """Return the forms in which the switch has the case's value."""
    forms = {form: dict(keys) for form, keys in (case.more or {}).items()}
    forms.setdefault(case.form, {})[case.key] = case.value
    return forms


@pytest.mark.parametrize("case", cases(), ids=str)
async def test_every_value_is_found(case: Case, start_fake: StartFake) -> None:
    """The calls that tell it apart lead to it."""
    fake = await start_fake(Settings(), scenario=following(with_switch(case)))
    learned = found(await played(fake, *case.plays))
    assert (case.form, case.key) in learned, sorted(learned)
    expected = case.value if case.found is None else case.found
    assert learned[case.form, case.key] == expected


def test_no_switch_is_forgotten() -> None:
    """Each is found with at least two values, or has a reason why not."""
    values: dict[str, set[str]] = {}
    for case in cases():
        values.setdefault(case.key, set()).add(json.dumps(case.value))
    few = {"concurrency", "daily", "retained"}  # the default is another value
    few |= {"max_avatars", "max_voices", "max_documents", "workflow_concurrency"}  # if reached
    for _form, key in DEFAULTS:
        if key in NOT_LEARNED or key in BY_ANOTHER_TEST:
            continue
        assert len(values.get(key, ())) >= (1 if key in few else 2), key


async def test_an_endpoint_like_ours_is_told_to_be_so(start_fake: StartFake) -> None:
    """A whole run against the defaults differs in nothing, and leaves nothing behind."""
    fake = await start_fake()
    history = await played(fake, *PLAYS)
    different = {key: value for key, value in found(history).items() if value != DEFAULTS[key]}
    assert different == {}
    assert all(
        fake.world.account.has_ended(each.id) for each in fake.world.account.sessions.values()
    )
    spent = 100_000 - (fake.world.account.left or 0)
    assert 0 < spent <= ALL_CREDITS


async def test_two_failures_tell_what_failing_costs(start_fake: StartFake) -> None:
    """One that was moderated and one that was not."""
    calls = []
    for failure in ("INTERNAL", "SAFETY.OUTPUT.IMAGE"):
        form = {"task": {"failure": failure}}
        fake = await start_fake(scenario=following(form), seed=failure)  # so other ids
        history = await played(fake, TASK)
        assert ("account", "failed_task_cost") not in found(history)
        calls += history.calls
    assert found(History(calls))["account", "failed_task_cost"] == "documented"


async def test_failures_of_some_are_shares(start_fake: StartFake) -> None:
    """Of sessions before they are READY, of calls, of tasks; and a fake can follow them."""
    calls: list[Seen] = []
    for code in (None, None, "INTERNAL", "SAFETY.OUTPUT.IMAGE"):
        forms: dict[str, Any] = {"task": {"failure": code}}
        if code == "INTERNAL":
            gone = {"code": "LOST", "text": "It was lost."}
            then = {"in": "provisioning", "event": "failed", "after": "1s", "failure": gone}
            forms["session"] = {"then": [then]}
        fake = await start_fake(scenario=following(forms), seed=str(code) + str(len(calls)))
        calls += (await played(fake, SESSION, TASK)).calls
    learned = found(History(calls))
    assert learned["task", "failure"] is None
    assert [(each["event"], each["weight"]) for each in learned["task", "then"]] == [
        ("nothing", 2),
        ("failed", 1),
        ("failed", 1),
    ]
    [well, wrong] = learned["session", "then"]
    assert (well["event"], well["weight"]) == ("nothing", 3)
    assert (wrong["in"], wrong["failure"]["code"], wrong["weight"]) == ("provisioning", "LOST", 1)
    text = scenario(learned_from(History(calls)), name="mixed", source="a test")
    [document] = read_documents(text)
    assert list(broken_rules(document.value)) == []
    assert document.value["task"]["then"] == learned["task", "then"]
    assert "task.then" in table(learned_from(History(calls)))


async def test_an_answer_that_is_held_back_is_measured(start_fake: StartFake) -> None:
    """In the endpoint's own time."""
    form = {"account": {"latency": "10m"}}
    fake = await start_fake(scenario=following(form), rate=10_000.0)
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(sender(http, fake.url), SECRET, 100, RealTime(10_000.0))
        await LOOK.calls(endpoint)
    learned = found(endpoint.history())
    assert float(learned["account", "latency"].removesuffix("s")) >= 600


async def test_the_allowance_bounds_what_is_spent(start_fake: StartFake) -> None:
    """What it does not cover is left out and said; without any, nothing is spent."""
    fake = await start_fake()
    said: list[str] = []
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(sender(http, fake.url), SECRET, 9, WorldTime(fake.world))
        await play_all(endpoint, said.append)
    paid = [line for line in said if not line.endswith("at most 0 credits")]
    assert [line.split(",")[0] for line in paid] == [
        "1/17 limits",
        "3/17 a task that is cancelled",
    ]
    assert len(said) == 9
    assert len(endpoint.left_out) == 8
    forget_dry_runs(fake)
    assert 100_000 - (fake.world.account.left or 0) <= 9


async def test_a_refused_secret_ends_it(start_fake: StartFake) -> None:
    """Nothing else can be learned then, and the secret is nowhere."""
    fake = await start_fake()
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(sender(http, fake.url), "fake.unauthorized", 99, WorldTime(fake.world))
        await play_all(endpoint, lambda _: None)
    learned = learned_from(endpoint.history())
    assert {each.key: each.value for each in learned}["key"] == "unknown"
    assert len(endpoint.calls) == 1
    assert "fake.unauthorized" not in table(learned)


async def test_no_endpoint_is_a_clear_error() -> None:
    """The address is named, the secret is not."""
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(sender(http, "http://127.0.0.1:1"), "sEcReT", 9)
        with pytest.raises(EndpointFailed, match="GET /v1/organization: no answer") as failed:
            await play_all(endpoint, lambda _: None)
    assert "sEcReT" not in str(failed.value)


async def test_the_scenario_makes_the_fake_alike(start_fake: StartFake, tmp_path: Path) -> None:
    """What was learned of one fake makes another that differs in nothing."""
    odd = {
        "account": {"doc_url": False, "delete_again": 404, "deleted_task": "cancelled"},
        "session": {"running_on": "join", "expires_in": "45s"},
        "task": {"run": "40s", "failure": "INTERNAL"},
    }
    first = await start_fake(scenario=following(odd))
    learned = learned_from(await played(first, *PLAYS))
    file = tmp_path / "real.yaml"
    file.write_text(scenario(learned, name="calibrated", source="a test"))
    catalogue = Catalogue.builtin().with_file(file)
    alike = catalogue.get("calibrated")
    assert alike is not None
    second = await start_fake(scenario=alike, catalogue=catalogue)
    assert found(await played(second, *PLAYS)) == {
        (each.form, each.key): each.value for each in learned
    }


def har_of(history: History, url: str) -> Json:
    """Return what a browser would have recorded of some calls."""

    def named(headers: Mapping[str, str]) -> list[Json]:
        return [{"name": name, "value": value} for name, value in headers.items()]

    entries = []
    for each in history.calls:
        sent = {"Authorization": f"Bearer {SECRET}"}
        sent |= {"X-Runway-Version": "2024-11-06"} if each.versioned else {}
        sent |= {} if each.content_type is None else {"Content-Type": each.content_type}
        request: dict[str, Any] = {
            "method": each.method,
            "url": f"{url}{each.path}{'?' if each.query else ''}{each.query}",
            "headers": named(sent),
        }
        if each.asked:
            request["postData"] = {"mimeType": "application/json", "text": json.dumps(each.asked)}
        content = {"text": json.dumps(each.body)} if each.body else {}
        entries.append(
            {
                "startedDateTime": datetime.fromtimestamp(each.at - each.took_s, UTC).isoformat(),
                "time": each.took_s * 1000,
                "request": request,
                "response": {
                    "status": each.status,
                    "headers": named(each.headers),
                    "content": content,
                },
            }
        )
    return {"log": {"entries": entries}}


async def test_recorded_traffic_teaches_the_same(start_fake: StartFake, tmp_path: Path) -> None:
    """All but what only an invented id can show, or a file at an address outside of the API."""
    forms = {"account": {"doc_url": False}, "session": {"running_on": "join"}}
    fake = await start_fake(scenario=following(forms))
    history = await played(fake, *PLAYS)
    file = tmp_path / "traffic.har"
    file.write_text(json.dumps(har_of(history, fake.url)))
    live, recorded = found(history), found(read_har(file))
    only_live = {key for _, key in set(live) - set(recorded)}
    assert only_live <= {"unknown_ids", "smallest_upload", "upload_slot", "downloads"}
    assert {key: live[key] for key in recorded} == recorded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected a HAR file, which is JSON"),
        ("[" * 100_000, "expected a HAR file, which is JSON"),
        ("{}", "expected log.entries"),
        ('{"log": {"entries": {}}}', "expected a list"),
        (
            '{"log": {"entries": [1, null, {}, {"request": 1, "response": []}]}}',
            "none of its 4 entries",
        ),
    ],
)
def test_a_file_that_is_no_recording_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    """With what was expected of it, and where."""
    file = tmp_path / "traffic.har"
    file.write_text(text)
    with pytest.raises(NotHar, match=expected) as refused:
        read_har(file)
    assert str(file) in str(refused.value)
    with pytest.raises(NotHar, match="No such file"):
        read_har(tmp_path / "none.har")


ANSWERED = (
    *("status", "id", "tier", "models", "gwm1_avatars", "maxDailyGenerations", "creditBalance"),
    *("data", "output", "cost", "credits", "estimatedCost", "failureCode", "failure", "token"),
    *("expiresAt", "createdAt", "queued", "sessionKey", "error", "hasMore", "nextCursor"),
    *("routing", "model", "capacityFallback", "skipped", "allExhausted", "pipeline", "filter"),
    *("graph", "nodes", "edges", "versions", "nodeErrors", "failureReason", "issues", "path"),
    *("runwayUri", "uploadUrl", "fields", "name", "bytes", "whole"),
)
PATHS = (
    *("/v1/organization", "/v1/avatars", "/v1/realtime_sessions", "/v1/tasks/a"),
    *("/v1/realtime_sessions/a", "/v1/realtime_sessions/a/consume", "/v1/text_to_image"),
    *("/v1/avatars/a", "/v1/voices", "/v1/voices/a", "/v1/documents", "/v1/documents/a"),
    *("/v1/routers", "/v1/routers/a", "/v1/generate/video", "/v1/workflows", "/v1/workflows/a"),
    *("/v1/workflow_invocations/a", "/v1/uploads", "/storage/upload/a", "/storage/output/a"),
    *("/v1/organization/webapp/audit_logs", "/v1/voice_isolation", "/v1/image_to_video"),
)
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"dryRun": True, "configId": "a", "input": {"referenceImages": [{"uri": "a"}]}},
    {"slug": "a", "settings": {"fallback": {"onCapacity": True}, "optimizeFor": "cost"}},
    {"settings": {"models": {"mode": "allow_new_except", "ids": ["a"]}}},
    {"documentIds": ["a"]},
    {"content": "text"},
    {"voice": {"type": "custom", "id": "a"}},
    {"bytes": 7},
)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(ANSWERED),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    ).filter(lambda value: isinstance(value, dict)),
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
            st.sampled_from(PATHS),
            st.integers(100, 599) | st.sampled_from([200, 400, 404]),
            st.sampled_from(ASKED),
        ),
        max_size=12,
    ),
)
def test_no_answer_breaks_the_rules(body: Json, calls: list[tuple[str, str, int, Json]]) -> None:
    """Whatever an endpoint answers, what is learned of it can be written as a scenario."""
    seen = [
        Seen(
            at=float(n),
            took_s=0.1,
            method=method,
            path=path,
            status=status,
            asked=asked,
            body={**body, "id": "a"},
        )
        for n, (method, path, status, asked) in enumerate(calls)
    ]
    learned = learned_from(History(seen))
    table(learned)
    documents = read_documents(scenario(learned, name="made-up", source="a test"))
    assert [each for document in documents for each in broken_rules(document.value)] == []
