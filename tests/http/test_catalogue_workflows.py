"""The catalogue: workflows and routers. Each is selected for a world by the secret."""

from __future__ import annotations

from typing import Any

from fake_runway.core.tasks.workflows import EXAMPLE_WORKFLOW
from tests.http.test_catalogue_tasks import call, poll
from tests.support.fake.catalogue import Chosen, is_refusal, shows, shows_each

NODES = {node.name: node.id for node in EXAMPLE_WORKFLOW.nodes}
NAMES = {id_: name for name, id_ in NODES.items()}
WORKFLOW = f"workflows/{EXAMPLE_WORKFLOW.version_id(2)}"
WHOLE = 66
ENDS_S = 106


async def run(chosen: Chosen) -> str:
    """Run the example, which has to succeed, and return the id of the invocation."""
    answer = await call(chosen, "POST", WORKFLOW, {})
    assert answer.status == 200, answer
    invocation: str = answer.json["id"]
    return invocation


async def seen(chosen: Chosen, invocation: str) -> Any:
    """Get an invocation, which has to succeed, and return the body."""
    answer = await call(chosen, "GET", f"workflow_invocations/{invocation}")
    assert answer.status == 200, answer
    return answer.json


def named(nodes: Any) -> set[str]:
    """Return the names of nodes by their ids."""
    return {NAMES[each] for each in nodes}


@shows_each(
    {
        "workflow-first-node-fails": (9, "Speech", "INTERNAL.BAD_OUTPUT.CODE01", 0),
        "workflow-middle-node-fails": (16, "Picture", "THIRD_PARTY.UNAVAILABLE", 1),
        "workflow-last-node-fails": (ENDS_S, "Film", "ASSET.INVALID", 6),
        "workflow-node-moderated": (ENDS_S, "Film", "SAFETY.OUTPUT.VIDEO", WHOLE),
    },
    avatar=False,
)
async def test_a_node_fails(chosen: Chosen, expected: tuple[float, str, str, int]) -> None:
    """RUNNING until the node is over, then FAILED with its error; the rest is given back."""
    at_s, node, code, cost = expected
    invocation = await run(chosen)
    chosen.jump(at_s - 0.25)
    assert (await seen(chosen, invocation))["status"] == "RUNNING"
    chosen.jump(0.25)
    failed = await seen(chosen, invocation)
    assert (failed["status"], failed["failureCode"]) == ("FAILED", code)
    assert named(failed["nodeErrors"]) == {node}
    assert failed["cost"]["credits"] == chosen.spent == cost


@shows("workflow-partial-output", avatar=False)
async def test_others_go_on(chosen: Chosen) -> None:
    """SUCCEEDED with two outputs and an error."""
    invocation = await run(chosen)
    chosen.jump(ENDS_S)
    done = await seen(chosen, invocation)
    assert (done["status"], named(done["output"])) == ("SUCCEEDED", {"Picture", "Film"})
    assert named(done["nodeErrors"]) == {"Speech"}
    assert chosen.spent == WHOLE - 1


@shows("workflow-all-nodes-fail", avatar=False)
async def test_all_nodes_fail(chosen: Chosen) -> None:
    """FAILED once the last that could begin is over; the one after it never began."""
    invocation = await run(chosen)
    chosen.jump(15.75)
    assert named((await seen(chosen, invocation))["nodeErrors"]) == {"Speech"}
    chosen.jump(0.25)
    failed = await seen(chosen, invocation)
    assert (failed["status"], chosen.spent) == ("FAILED", 0)
    assert named(failed["nodeErrors"]) == {"Speech", "Picture"}


@shows("workflow-node-without-output", avatar=False)
async def test_a_node_makes_nothing(chosen: Chosen) -> None:
    """SUCCEEDED with what does not need it; the node itself is paid."""
    invocation = await run(chosen)
    chosen.jump(16)
    done = await seen(chosen, invocation)
    assert (done["status"], named(done["output"])) == ("SUCCEEDED", {"Speech"})
    assert ("nodeErrors" not in done, chosen.spent) == (True, 6)


@shows_each(
    {
        "workflow-stuck": (0.67, {"Speech", "Picture"}),
        "workflow-stuck-at-the-start": (0, set()),
    },
    avatar=False,
)
async def test_never_ends(chosen: Chosen, expected: tuple[float, set[str]]) -> None:
    """RUNNING with the same progress and outputs after a day; a DELETE ends it."""
    invocation = await run(chosen)
    for seconds in (200, 86_400):
        chosen.jump(seconds)
        running = await seen(chosen, invocation)
        assert running["status"] == "RUNNING"
        assert (running["progress"], named(running["output"])) == expected
    assert (await call(chosen, "DELETE", f"tasks/{invocation}")).status == 204


@shows("workflow-cancelled-while-running", avatar=False)
async def test_is_cancelled_by_another(chosen: Chosen) -> None:
    """RUNNING with two outputs, then CANCELLED; all had begun, so all is paid."""
    invocation = await run(chosen)
    chosen.jump(20.75)
    assert named((await seen(chosen, invocation))["output"]) == {"Speech", "Picture"}
    chosen.jump(0.25)
    assert (await seen(chosen, invocation))["status"] == "CANCELLED"
    assert chosen.spent == WHOLE


@shows("one-run-at-a-time", avatar=False)
async def test_one_run_at_a_time(chosen: Chosen) -> None:
    """The second waits until the first has ended."""
    _, second = await run(chosen), await run(chosen)
    assert (await seen(chosen, second))["status"] == "THROTTLED"
    chosen.jump(ENDS_S)
    assert (await seen(chosen, second))["status"] == "PENDING"


@shows("no-workflows", avatar=False)
async def test_no_workflow_is_published(chosen: Chosen) -> None:
    """An empty list; versions are not found, neither to be read nor to be run."""
    assert (await call(chosen, "GET", "workflows")).json == {"data": []}
    assert is_refusal(await call(chosen, "GET", WORKFLOW), 404)
    assert is_refusal(await call(chosen, "POST", WORKFLOW, {}), 404)
    assert chosen.spent == 0


@shows("workflow-cannot-be-deleted", avatar=False)
async def test_a_run_cannot_be_deleted(chosen: Chosen) -> None:
    """404, and it succeeds."""
    invocation = await run(chosen)
    assert is_refusal(await call(chosen, "DELETE", f"tasks/{invocation}"), 404)
    chosen.jump(ENDS_S)
    assert (await seen(chosen, invocation))["status"] == "SUCCEEDED"


# Routers

INPUTS: dict[str, Any] = {
    "video": {"promptText": "A cat."},
    "image": {"promptText": "A cat."},
    "audio": {
        "type": "speech",
        "promptText": "A cat.",
        "voice": {"type": "preset", "presetId": "Maya"},
    },
}


async def router(chosen: Chosen, **settings: Any) -> str:
    """Create a router, which has to succeed, and return its id."""
    body = {"slug": "any", "settings": settings}
    answer = await call(chosen, "POST", "routers", body)
    assert answer.status == 200, answer
    router_id: str = answer.json["id"]
    return router_id


async def ask(chosen: Chosen, kind: str = "video") -> Any:
    """Ask the router."""
    return await call(
        chosen, "POST", f"generate/{kind}", {"configId": "any", "input": INPUTS[kind]}
    )


async def kept(chosen: Chosen, router_id: str) -> Any:
    """Return what the router was asked last."""
    return (await call(chosen, "GET", f"routers/{router_id}/requests")).json["data"][0]


@shows("router-no-eligible-model", avatar=False)
async def test_no_model_is_eligible(chosen: Chosen) -> None:
    """The documented refusal for each kind, and a record of it."""
    router_id = await router(chosen)
    for kind in INPUTS:
        refused = await ask(chosen, kind)
        assert (refused.status, refused.json["code"]) == (400, "no_eligible_model")
        assert refused.json["emptiedBy"] == ["allow_deny"]
    assert (await kept(chosen, router_id))["status"] == "no_eligible_model"
    assert chosen.spent == 0


@shows("router-second-model", avatar=False)
async def test_the_second_model_is_chosen(chosen: Chosen) -> None:
    """The busy models are those that would be chosen; the next one runs at once."""
    await router(chosen, fallback={"onCapacity": True})
    skipped = set()
    for kind in INPUTS:
        answer = (await ask(chosen, kind)).json
        fallback = answer["routing"]["capacityFallback"]
        assert fallback["skipped"]
        assert not fallback["allExhausted"]
        assert answer["routing"]["model"] not in fallback["skipped"]
        skipped |= {*fallback["skipped"]}
        assert (await poll(chosen, answer["id"]))["status"] == "PENDING"
    assert skipped <= (chosen.world.settings.task_limits.busy or set())


@shows("router-all-models-busy", avatar=False)
async def test_no_model_has_capacity(chosen: Chosen) -> None:
    """The best is chosen all the same, and its task waits for ever."""
    await router(chosen, fallback={"onCapacity": True})
    answer = (await ask(chosen)).json
    fallback = {"skipped": [], "allExhausted": True}
    assert answer["routing"]["capacityFallback"] == fallback
    chosen.jump(86_400)
    assert (await poll(chosen, answer["id"]))["status"] == "THROTTLED"


@shows("router-ranking-fails", avatar=False)
async def test_models_cannot_be_ranked(chosen: Chosen) -> None:
    """The first in the order of the filters is chosen, and the record says so."""
    router_id = await router(chosen, optimizeFor="quality")
    model = (await ask(chosen)).json["routing"]["model"]
    last = await kept(chosen, router_id)
    assert last["reasonCode"] == "filter_order_fallback"
    assert last["pipeline"][-1] == {"type": "rank", "outcome": "fallback"}
    assert last["pipeline"][-2]["models"][0] == model


@shows("router-model-quota", avatar=False)
async def test_the_quota_of_a_model_is_used_up(chosen: Chosen) -> None:
    """The third request is refused, although other models have not been used."""
    router_id = await router(chosen)
    for _ in range(2):
        assert (await ask(chosen)).status == 200
    paid = chosen.spent
    refused = await ask(chosen)
    assert is_refusal(refused, 429)
    assert "Retry-After" in refused.headers
    last = await kept(chosen, router_id)
    assert (last["status"], last["taskId"], chosen.spent) == ("error", None, paid)


@shows("no-linked-workspace", avatar=False)
async def test_no_workspace_is_linked(chosen: Chosen) -> None:
    """Empty pages."""
    await run(chosen)
    path = "organization/webapp/usage?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    for each in (path, "organization/webapp/audit_logs"):
        assert (await call(chosen, "GET", each)).json["data"] == []
