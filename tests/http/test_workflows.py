"""Workflows over HTTP: list, read, run, poll, cancel, download."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest

from fake_runway.core.lifecycles.session import Failure
from fake_runway.core.scenario.settings import BadInputs, Limits, Settings
from fake_runway.core.tasks.courses import NodeEnd, NodePlan, OnNodeError
from fake_runway.core.tasks.rules import TaskCost, TaskCosts
from fake_runway.core.tasks.task import TaskPlan
from fake_runway.core.tasks.tiers import TaskLimits
from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW, parse_workflow
from fake_runway.replay.record import journal_bytes, read, record, token_of
from fake_runway.replay.rerun import replay
from fake_runway.room.tokens import LiveKit
from tests.support.checked import Answer
from tests.support.fake.files import data_uri, form, made
from tests.support.fake.tasks import IMAGE, VIDEO, path_of_task
from tests.support.servers import Fake, StartFake

NODES = {node.name: node.id for node in EXAMPLE_WORKFLOW.nodes}
PICTURE, SPEECH, FILM = NODES["Picture"], NODES["Speech"], NODES["Film"]
WORKFLOW = EXAMPLE_WORKFLOW.version_id(2)
COSTS = {"gen4_image": 5, "eleven_multilingual_v2": 1, "gen4.5": 60}
WHOLE = sum(COSTS.values())
SPEECH_ENDS_S, PICTURE_ENDS_S, ENDS_S = 9, 16, 106
BAD = Failure("ASSET.INVALID", "Too large.")
MODERATED = Failure("SAFETY.OUTPUT.IMAGE", "No.")


def planned(*nodes: NodePlan, **more: Any) -> Settings:
    """Return settings with a plan of nodes."""
    return Settings(task=TaskPlan(nodes=nodes, **more))


async def run(fake: Fake, body: Any = None, *, workflow: str = WORKFLOW) -> str:
    """Run a workflow, which has to succeed, and return the id of the invocation."""
    answer = await fake.call("POST", f"/v1/workflows/{workflow}", json=body or {})
    assert answer.status == 200, answer
    assert answer.json.keys() == {"id"}
    invocation: str = answer.json["id"]
    return invocation


async def poll(fake: Fake, invocation: str) -> Any:
    """Get an invocation, which has to succeed, and return the body."""
    answer = await fake.call("GET", f"/v1/workflow_invocations/{invocation}")
    assert answer.status == 200, answer
    return answer.json


def spent(fake: Fake) -> dict[str, int]:
    """Return the credits spent by model, without those that nothing was spent on."""
    by_model = {model: credits for (_, model), credits in fake.world.account.tasks.spent.items()}
    assert sum(by_model.values()) == fake.world.account.spent
    return {model: credits for model, credits in by_model.items() if credits}


async def test_published_workflows_are_listed_and_read(start_fake: StartFake) -> None:
    """Versions come newest first; a version has its graph, whose inputs are exposed."""
    fake = await start_fake()
    [listed] = (await fake.call("GET", "/v1/workflows")).json["data"]
    assert listed["name"] == "Product film"
    assert [each["version"] for each in listed["versions"]] == [2, 1]
    assert listed["versions"][0]["createdAt"] > listed["versions"][1]["createdAt"]
    one = (await fake.call("GET", f"/v1/workflows/{listed['versions'][0]['id']}")).json
    assert (one["version"], one["id"]) == (2, WORKFLOW)
    nodes = {each["id"]: each for each in one["graph"]["nodes"]}
    assert {name: nodes[id_]["name"] for name, id_ in NODES.items()} == {
        name: name for name in NODES
    }
    prompt = nodes[NODES["Prompt"]]
    assert prompt["nodeType"] == "constant-node"
    assert prompt["nodeOutputs"]["prompt"]["exposedToApp"] is True
    edges = {(each["source"], each["target"]) for each in one["graph"]["edges"]}
    assert edges == {
        (NODES["Prompt"], PICTURE),
        (NODES["Script"], SPEECH),
        (PICTURE, FILM),
        (NODES["Prompt"], FILM),
    }


async def test_an_invocation_goes_its_way(start_fake: StartFake) -> None:
    """PENDING, RUNNING with what is there so far, SUCCEEDED with all outputs and the cost."""
    fake = await start_fake()
    invocation = await run(fake)
    assert (await poll(fake, invocation))["status"] == "PENDING"
    assert spent(fake) == COSTS
    fake.world.clock.jump(SPEECH_ENDS_S)
    early = await poll(fake, invocation)
    assert (early["status"], early["progress"], [*early["output"]]) == ("RUNNING", 0.33, [SPEECH])
    fake.world.clock.jump(PICTURE_ENDS_S - SPEECH_ENDS_S)
    later = await poll(fake, invocation)
    assert (later["progress"], {*later["output"]}) == (0.67, {SPEECH, PICTURE})
    assert "nodeErrors" not in later
    fake.world.clock.jump(ENDS_S - PICTURE_ENDS_S)
    done = await poll(fake, invocation)
    assert (done["status"], done["cost"]) == ("SUCCEEDED", {"credits": WHOLE})
    assert {*done["output"]} == {SPEECH, PICTURE, FILM}
    assert spent(fake) == COSTS
    assert path_of_task(fake.world, invocation) == ["throttled", "pending", "running", "succeeded"]


async def test_outputs_can_be_downloaded_as_soon_as_they_are_there(start_fake: StartFake) -> None:
    """A file of a node that is over opens while the run goes on, and expires as any other."""
    fake = await start_fake()
    invocation = await run(fake)
    fake.world.clock.jump(PICTURE_ENDS_S)
    output = (await poll(fake, invocation))["output"]
    types = {PICTURE: "image/png", SPEECH: "audio/wav"}
    async with aiohttp.ClientSession() as http:
        for node, expected in types.items():
            [address] = output[node]
            async with http.get(address) as file:
                assert (file.status, file.content_type) == (200, expected)
        film = address.replace("/1.", "/2.").replace("/0.", "/2.")
        async with http.get(film) as file:
            assert file.status == 403  # the signature is that of another file
        fake.world.clock.jump(2 * 86_400)
        async with http.get(address) as file:
            assert file.status == 403
        [film] = (await poll(fake, invocation))["output"][FILM]
        async with http.get(film) as file:
            assert (file.status, file.content_type) == (200, "video/mp4")


@pytest.mark.parametrize(
    ("node", "at_s", "left", "costs"),
    [
        ("first", SPEECH_ENDS_S, set[str](), {}),
        ("middle", PICTURE_ENDS_S, {"eleven_multilingual_v2"}, {"Speech"}),
        ("last", ENDS_S, {"eleven_multilingual_v2", "gen4_image"}, {"Speech", "Picture"}),
    ],
)
async def test_a_failed_node_fails_its_run(
    start_fake: StartFake, node: str, at_s: float, left: set[str], costs: set[str]
) -> None:
    """FAILED when the node is over, with its error; only what was done before is paid."""
    fake = await start_fake(planned(NodePlan(node, NodeEnd.FAILED, BAD)))
    invocation = await run(fake)
    fake.world.clock.jump(at_s - 0.25)
    assert (await poll(fake, invocation))["status"] == "RUNNING"
    fake.world.clock.jump(0.25)
    failed = await poll(fake, invocation)
    name = {"first": "Speech", "middle": "Picture", "last": "Film"}[node]
    error = {"nodeName": name, "message": "Too large.", "failureCode": "ASSET.INVALID"}
    assert failed["nodeErrors"] == {NODES[name]: error}
    assert (failed["status"], failed["failureCode"]) == ("FAILED", "ASSET.INVALID")
    assert "output" not in failed
    assert spent(fake) == {model: COSTS[model] for model in left}
    assert failed["cost"]["credits"] == sum(COSTS[model] for model in left)


async def test_a_moderated_node_is_paid(start_fake: StartFake) -> None:
    """As a moderated task is; what ran beside it or never began is given back."""
    fake = await start_fake(planned(NodePlan("first", NodeEnd.FAILED, MODERATED)))
    invocation = await run(fake)
    fake.world.clock.jump(ENDS_S)
    assert (await poll(fake, invocation))["cost"]["credits"] == 1
    assert spent(fake) == {"eleven_multilingual_v2": 1}


async def test_a_run_can_succeed_without_some_nodes(start_fake: StartFake) -> None:
    """With `on_node_error: continue` others go on; the errors stand beside the outputs."""
    node = NodePlan("Speech", NodeEnd.FAILED, BAD)
    fake = await start_fake(planned(node, on_node_error=OnNodeError.CONTINUE))
    invocation = await run(fake)
    fake.world.clock.jump(SPEECH_ENDS_S)
    running = await poll(fake, invocation)
    assert (running["status"], {*running["nodeErrors"]}) == ("RUNNING", {SPEECH})
    fake.world.clock.jump(ENDS_S)
    done = await poll(fake, invocation)
    assert (done["status"], {*done["output"]}) == ("SUCCEEDED", {PICTURE, FILM})
    assert {*done["nodeErrors"]} == {SPEECH}
    assert done["cost"]["credits"] == WHOLE - 1


async def test_no_last_node_with_an_output_fails_the_run(start_fake: StartFake) -> None:
    """Even if others may go on."""
    node = NodePlan("all", NodeEnd.FAILED, BAD)
    fake = await start_fake(planned(node, on_node_error=OnNodeError.CONTINUE))
    invocation = await run(fake)
    fake.world.clock.jump(ENDS_S)
    failed = await poll(fake, invocation)
    assert (failed["status"], {*failed["nodeErrors"]}) == ("FAILED", {SPEECH, PICTURE})
    assert spent(fake) == {}


@pytest.mark.parametrize(("cancelled", "expected"), [(TaskCost.FULL, WHOLE), (TaskCost.ZERO, 6)])
async def test_a_delete_of_the_task_cancels_an_invocation(
    start_fake: StartFake, cancelled: TaskCost, expected: int
) -> None:
    """404 then; what had not begun is given back, and what ran by the switch."""
    fake = await start_fake(Settings(task_costs=TaskCosts(cancelled=cancelled)))
    invocation = await run(fake)
    fake.world.clock.jump(PICTURE_ENDS_S + 1)
    assert (await fake.call("GET", f"/v1/tasks/{invocation}")).status == 404
    assert (await fake.call("DELETE", f"/v1/tasks/{invocation}")).status == 204
    gone = await fake.call("GET", f"/v1/workflow_invocations/{invocation}")
    assert (gone.status, fake.world.account.spent) == (404, expected)


async def test_a_cancelled_invocation_can_stay_readable(start_fake: StartFake) -> None:
    """With `deleted_task: cancelled`; and `workflow_delete: 404` forbids the DELETE."""
    fake = await start_fake(Settings(deleted_task_is_gone=False))
    invocation = await run(fake)
    assert (await fake.call("DELETE", f"/v1/tasks/{invocation}")).status == 204
    assert (await poll(fake, invocation))["status"] == "CANCELLED"
    assert spent(fake) == {}
    fake = await start_fake(Settings(task_delete_ends_runs=False))
    invocation = await run(fake)
    assert (await fake.call("DELETE", f"/v1/tasks/{invocation}")).status == 404
    assert (await poll(fake, invocation))["status"] == "PENDING"


async def test_a_run_replaces_what_nodes_expose(start_fake: StartFake) -> None:
    """A longer text costs more to be spoken; a tag in it selects a scenario."""
    fake = await start_fake()
    value = {"type": "primitive", "value": "x" * 120}
    await run(fake, {"nodeOutputs": {NODES["Script"].upper(): {"text": value}}})
    assert spent(fake)["eleven_multilingual_v2"] == 3
    tag = {"type": "primitive", "value": "A cat. [fake:stuck-at-50]"}
    invocation = await run(fake, {"nodeOutputs": {NODES["Prompt"]: {"prompt": tag}}})
    fake.world.clock.jump(86_400)
    assert (await poll(fake, invocation))["progress"] == 0.5


@pytest.mark.parametrize(
    "outputs",
    [
        {WORKFLOW: {"text": {"type": "primitive", "value": "x"}}},
        {NODES["Film"]: {"video": {"type": "video", "uri": "https://example.com/x.mp4"}}},
        {NODES["Script"]: {"prompt": {"type": "primitive", "value": "x"}}},
        {NODES["Script"]: {"text": {"type": "primitive", "value": 7}}},
        {NODES["Script"]: {"text": {"type": "image", "uri": "https://example.com/x.png"}}},
    ],
)
async def test_what_no_node_exposes_is_refused(start_fake: StartFake, outputs: Any) -> None:
    """400, and nothing is charged: unknown nodes and keys, values of another type."""
    fake = await start_fake()
    path = f"/v1/workflows/{WORKFLOW}"
    answer = await fake.call("POST", path, json={"nodeOutputs": outputs})
    assert (answer.status, answer.headers["X-Fake-Code"]) == (400, "bad_node_output")
    assert (fake.world.account.tasks.by_id, fake.world.account.spent) == ({}, 0)


SHARPER = parse_workflow(
    {
        "name": "Sharper",
        "nodes": [
            {"name": "Photo", "gives": {"key": "image", "type": "image", "value": IMAGE}},
            {"name": "Take", "gives": {"key": "video", "type": "video", "value": VIDEO}},
            {
                "name": "Larger",
                "endpoint": "image_upscale",
                "body": {"model": "magnific_precision_upscaler_v2"},
                "takes": [{"field": "imageUri", "from": "Photo"}],
            },
            {
                "name": "Other",
                "endpoint": "video_to_video",
                "body": {"model": "aleph2"},
                "takes": [{"field": "videoUri", "from": "Take"}],
            },
        ],
    }
)
LARGER, OTHER = (node.id for node in SHARPER.nodes[2:])


def with_files(**uris: str) -> dict[str, Any]:
    """Return the body of a run of `SHARPER` with files by the names of its nodes."""
    keys = {"Photo": "image", "Take": "video"}
    ids = {node.name: node.id for node in SHARPER.nodes}
    return {
        "nodeOutputs": {
            ids[name]: {keys[name]: {"type": keys[name], "uri": uri}} for name, uri in uris.items()
        }
    }


async def run_sharper(fake: Fake, **uris: str) -> Answer:
    """Run `SHARPER` with files."""
    data = io.BytesIO(orjson.dumps(with_files(**uris)))
    path, headers = f"/v1/workflows/{SHARPER.version_id(1)}", {"Content-Type": "application/json"}
    return await fake.call("POST", path, data=data, headers=headers)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("data:image/png;base64,aGVsbG8=", "Expected a picture, a film or a sound"),
        (data_uri("jpeg", made("png")), "Expected image/jpeg as declared, got image/png"),
        ("https://127.0.0.1/cat.png", "domain name"),
        ("runway://0f8fad5b-d9cb-469f-a165-70867728950e", "unknown"),
    ],
)
async def test_a_file_that_a_run_cannot_use_is_an_issue(
    start_fake: StartFake, uri: str, says: str
) -> None:
    """At its place in nodeOutputs, and nothing is charged; unless no file is looked at."""
    fake = await start_fake(Settings(workflows=(SHARPER,)))
    answer = await run_sharper(fake, Photo=uri)
    assert answer.status == 400, answer
    (issue,) = answer.json["issues"]
    assert issue["path"] == ["nodeOutputs", SHARPER.nodes[0].id, "image", "uri"]
    assert says in issue["message"]
    assert (fake.world.account.tasks.by_id, fake.world.account.spent) == ({}, 0)
    blind = await start_fake(Settings(workflows=(SHARPER,), bad_inputs=BadInputs.ACCEPT))
    assert (await run_sharper(blind, Photo=uri)).status == 200


async def test_a_run_costs_by_the_files_that_it_is_given(start_fake: StartFake) -> None:
    """A film of 20 s, larger than other bodies may be; the journal has its facts alone."""
    fake = await start_fake(Settings(workflows=(SHARPER,)))
    film = made("mp4", seconds=20) + (1_200_000).to_bytes(4) + b"free" + bytes(1_199_992)
    answer = await run_sharper(fake, Photo=data_uri("png"), Take=data_uri("mp4", film))
    assert answer.status == 200, answer
    assert spent(fake) == {"magnific_precision_upscaler_v2": 25, "aleph2": 20 * 28}
    raw = orjson.dumps(record(fake.world))
    assert f"data:video/mp4;bytes={len(film)}".encode() in raw
    assert len(raw) < 10_000
    assert replay(orjson.loads(raw), livekit=LiveKit()).divergence is None


async def test_an_upload_is_an_input_of_a_run(start_fake: StartFake) -> None:
    """One of another kind than its place is an issue."""
    fake = await start_fake(Settings(workflows=(SHARPER,)))
    sent = {"filename": "cat.png", "type": "ephemeral"}
    slot = (await fake.call("POST", "/v1/uploads", json=sent)).json
    data = form(slot, made("png"))
    async with aiohttp.ClientSession() as http, http.post(slot["uploadUrl"], data=data) as stored:
        assert stored.status == 204
    uri = slot["runwayUri"]
    assert (await run_sharper(fake, Photo=uri)).status == 200
    refused = await run_sharper(fake, Take=uri)
    assert refused.status == 400, refused
    assert "expected video, got image/png" in refused.json["issues"][0]["message"]


async def test_a_file_that_does_not_fit_a_node_makes_the_node_fail(start_fake: StartFake) -> None:
    """At once, with ASSET.INVALID and the place in the run's body; a switch refuses the run."""
    film = data_uri("mp4", made("mp4", seconds=31))
    plan = TaskPlan(on_node_error=OnNodeError.CONTINUE)
    fake = await start_fake(Settings(workflows=(SHARPER,), task=plan))
    invocation = (await run_sharper(fake, Take=film)).json["id"]
    fake.world.clock.jump(3)
    errors = (await poll(fake, invocation))["nodeErrors"]
    fake.world.clock.jump(3_600)
    made_of = await poll(fake, invocation)
    assert made_of["nodeErrors"] == errors
    assert (made_of["status"], [*made_of["output"]]) == ("SUCCEEDED", [LARGER])
    place = f'$.nodeOutputs["{SHARPER.nodes[1].id}"].video.uri'
    assert errors[OTHER]["failureCode"] == "ASSET.INVALID"
    assert errors[OTHER]["message"].startswith(place), errors
    assert "aleph2" not in spent(fake)
    strict = await start_fake(Settings(workflows=(SHARPER,), bad_inputs=BadInputs.REFUSE))
    refused = await run_sharper(strict, Take=film)
    assert (refused.status, refused.headers["X-Fake-Where"]) == (400, place)


async def test_a_node_without_a_known_price_costs_the_default(start_fake: StartFake) -> None:
    """As such a task does."""
    body = {"model": "kling3.0_pro", "promptText": "A cat.", "ratio": "16:9", "duration": 5}
    node = {"name": "Film", "endpoint": "text_to_video", "body": body}
    own = parse_workflow({"name": "Own", "nodes": [node]})
    fake = await start_fake(Settings(workflows=(own,), default_price=7))
    await run(fake, workflow=own.version_id(1))
    assert fake.world.account.spent == 7


async def test_unknown_ids_are_not_found_or_made(start_fake: StartFake) -> None:
    """404 for workflows and invocations, a task's id included; with a switch they exist."""
    unknown = "11111111-2222-4333-8444-555555555555"
    fake = await start_fake()
    picture = {"model": "gen4_image", "promptText": "A cat.", "ratio": "1280:720"}
    task = (await fake.call("POST", "/v1/text_to_image", json=picture)).json["id"]
    for method, path in (
        ("GET", f"workflows/{unknown}"),
        ("POST", f"workflows/{unknown}"),
        ("GET", f"workflow_invocations/{unknown}"),
        ("GET", f"workflow_invocations/{task}"),
    ):
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        assert (await fake.call(method, f"/v1/{path}", **body)).status == 404
    fake = await start_fake(Settings(materialise=True))
    assert (await fake.call("GET", f"/v1/workflows/{unknown}")).json["id"] == unknown
    await run(fake, workflow=unknown)
    given = {unknown: {"prompt": {"type": "primitive", "value": "A cat."}}}
    await run(fake, {"nodeOutputs": given}, workflow=unknown)
    made = await poll(fake, unknown)
    assert (made["status"], made["output"]) == ("SUCCEEDED", {})


async def test_runs_have_a_capacity_of_their_own(start_fake: StartFake) -> None:
    """A second run is THROTTLED until the first has ended; without credits there is none."""
    fake = await start_fake(Settings(task_limits=TaskLimits(workflows=1)))
    first, second = await run(fake), await run(fake)
    assert (await poll(fake, second))["status"] == "THROTTLED"
    fake.world.clock.jump(ENDS_S)
    assert (await poll(fake, first))["status"] == "SUCCEEDED"
    assert (await poll(fake, second))["status"] == "PENDING"
    poor = await start_fake(replace(Settings(), limits=Limits(credits=WHOLE - 1)))
    answer = await poor.call("POST", f"/v1/workflows/{WORKFLOW}", json={})
    assert (answer.status, poor.world.account.spent) == (402, 0)


async def test_a_replay_answers_the_same(start_fake: StartFake) -> None:
    """Bodies and journal are the same bytes, outputs included."""
    fake = await start_fake(planned(NodePlan("last", NodeEnd.FAILED, BAD)))
    invocation = await run(fake)
    for seconds in (SPEECH_ENDS_S, PICTURE_ENDS_S, ENDS_S):
        fake.world.clock.jump(seconds)
        await poll(fake, invocation)
    recorded = record(fake.world)
    again = replay(read(token_of(recorded)), livekit=LiveKit())
    assert again.divergence is None
    assert journal_bytes(again.world) == journal_bytes(fake.world)
    assert again.world.account.tasks == fake.world.account.tasks
