"""Plays with routers and workflows.

Routers are asked for dry runs, which cost nothing: a price that no model has makes the answer list
all models that are left, and an empty list of models makes it say nothing. A workflow is run only
if what its nodes cost is known.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from fake_runway.calibration.endpoint import Endpoint
from fake_runway.calibration.history import AUDIT_LOG, ROUTERS, RUNS, TASKS, WORKFLOWS, Seen
from fake_runway.calibration.play import Play
from fake_runway.calibration.routing_rules import GENERATE, UNPRICED, graph_of
from fake_runway.core.tasks.requests import request_of
from fake_runway.core.tasks.workflows import Workflow, bodies_of

_SLUG = "fake-runway-calibration"
_CAT = "https://example.com/cat.png"
_FILM: Mapping[str, Any] = {"promptText": "A cat"}
_ASKED: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("video", _FILM),
    ("video", {**_FILM, "referenceImages": [{"uri": _CAT, "role": "first"}]}),
    ("image", {"promptText": "A cat"}),
    ("image", {"promptText": "A cat", "referenceImages": [{"uri": _CAT}]}),
    ("audio", {"promptText": "A cat purrs", "type": "audio"}),
    ("audio", {"promptText": "A cat purrs", "type": "speech"}),
)
"""What routers are asked for: each has models that no other one has."""
_EXCEPT, _ONLY = "allow_new_except", "allowlist_only"
_MOST_MODELS = 80
_MOST_WORKFLOWS = 20
RUN_COSTS = 70
"""Credits that a run of a workflow may cost at most, to be made."""


async def _routers(endpoint: Endpoint) -> None:
    """Create a router twice, and ask it which models are left, and which of them it prefers."""
    lowest = {"maxCreditsPerGeneration": {"video": 1, "image": 1, "audio": 1}}
    body: dict[str, Any] = {"slug": _SLUG, "settings": lowest}
    async with AsyncExitStack() as kept:
        first = await kept.enter_async_context(endpoint.made(ROUTERS, body))
        second = await kept.enter_async_context(endpoint.made(ROUTERS, body))
        if (router := second or first) is None:
            return
        for kind, asked in _ASKED:
            await _left(endpoint, router, kind, asked)
    for prefers in ("latency", "quality"):
        body = {"slug": _SLUG, "settings": {"optimizeFor": prefers}}
        async with endpoint.made(ROUTERS, body) as router:
            if router is not None:
                await _ask(endpoint, "video", _FILM)
    body = {"slug": _SLUG, "settings": {"models": {"mode": _ONLY, "ids": [UNPRICED]}}}
    async with endpoint.made(ROUTERS, body) as router:
        if router is not None:
            await _ask(endpoint, "video", _FILM)


async def _left(endpoint: Endpoint, router: str, kind: str, asked: Mapping[str, Any]) -> None:
    """Ask until no model is left that costs so little; the refusal lists all others."""
    cheap: list[str] = []
    while len(cheap) < _MOST_MODELS and (model := await _ask(endpoint, kind, asked)) is not None:
        if model in cheap:
            return
        cheap.append(model)
        settings = {"models": {"mode": _EXCEPT, "ids": cheap}}
        if not (await endpoint.call("PATCH", f"{ROUTERS}/{router}", {"settings": settings})).ok:
            return


async def _capacity(endpoint: Endpoint) -> None:
    """Ask for the cheapest model that is free, leave that out, and ask again, until none is."""
    settings: dict[str, Any] = {"optimizeFor": "cost", "fallback": {"onCapacity": True}}
    async with endpoint.made(ROUTERS, {"slug": _SLUG, "settings": settings}) as router:
        if router is None:
            return
        known: list[str] = []
        for kind, asked in _ASKED:
            while len(known) < _MOST_MODELS:
                model = await _ask(endpoint, kind, asked)
                if model is None or model in known:
                    break
                known.append(model)
                left = {"models": {"mode": _EXCEPT, "ids": known}}
                await endpoint.call("PATCH", f"{ROUTERS}/{router}", {"settings": left})


async def _ask(endpoint: Endpoint, kind: str, asked: Mapping[str, Any]) -> str | None:
    """Ask the router for a dry run, and return the model that it names."""
    body = {"configId": _SLUG, "input": asked, "dryRun": True}
    routing = (await endpoint.call("POST", f"{GENERATE}/{kind}", body)).body.get("routing")
    model = routing.get("model") if isinstance(routing, dict) else None
    return model if isinstance(model, str) else None


async def _workflows(endpoint: Endpoint) -> None:
    """List the workflows, and read the newest version of each."""
    listed = await endpoint.call("GET", WORKFLOWS)
    for each in listed.data[:_MOST_WORKFLOWS]:
        versions = each.get("versions")
        newest = versions[0] if isinstance(versions, list) and versions else None
        if isinstance(newest, dict) and isinstance(newest.get("id"), str):
            await endpoint.call("GET", f"{WORKFLOWS}/{newest['id'][:100]}")


async def _run(endpoint: Endpoint) -> None:
    """Let the cheapest workflow run to its end, and delete the run."""
    if (version := _cheapest(endpoint)) is None:
        return
    created = await endpoint.call("POST", f"{WORKFLOWS}/{version}", {})
    if created.ok and created.id:
        await endpoint.poll(
            f"{RUNS}/{created.id}", _is_over, every_s=2.0, at_most_s=8 * endpoint.patience_s
        )
        await endpoint.call("DELETE", f"{TASKS}/{created.id}")


async def _runs(endpoint: Endpoint) -> None:
    """Begin a run while another one goes on."""
    if (version := _cheapest(endpoint)) is None:
        return
    runs = [await endpoint.call("POST", f"{WORKFLOWS}/{version}", {}) for _ in range(2)]
    for run in runs:
        if run.ok and run.id:
            await endpoint.call("GET", f"{RUNS}/{run.id}")
    for run in runs:
        if run.ok and run.id:
            await endpoint.call("DELETE", f"{TASKS}/{run.id}")


def _is_over(seen: Seen) -> bool:
    return not seen.ok or seen.body.get("status") in ("SUCCEEDED", "FAILED", "CANCELLED")


def _cheapest(endpoint: Endpoint) -> str | None:
    """Return the version of a workflow that costs least, of those whose costs are known."""
    costs: dict[str, float] = {}
    for each in endpoint.calls:
        if each.method == "GET" and each.path.startswith(f"{WORKFLOWS}/") and each.ok:
            workflow = graph_of(each.body)
            if workflow is not None and (cost := _cost(workflow)) <= RUN_COSTS:
                costs[each.name] = cost
    if not costs:
        why = f"runs of workflows: there is none that is known to cost at most {RUN_COSTS} credits"
        if why not in endpoint.left_out:
            endpoint.left_out.append(why)
        return None
    return min(costs, key=lambda version: costs[version])


def _cost(workflow: Workflow) -> float:
    asked = bodies_of(workflow, {})
    return sum(request_of("", body, endpoint=node.endpoint).charge for node, body in asked)


async def _workspace(endpoint: Endpoint) -> None:
    """Read the audit log, behind all that was done."""
    await endpoint.call("GET", AUDIT_LOG)


ROUTING_PLAYS = (
    Play("routers", 0, _routers),
    Play("the capacity of models, by routers", 0, _capacity),
    Play("workflows", 0, _workflows),
    Play("the workspace", 0, _workspace),
)
RUN_PLAYS = (
    Play("a run of a workflow", RUN_COSTS, _run),
    Play("two runs of a workflow at a time", 2 * RUN_COSTS, _runs),
)
