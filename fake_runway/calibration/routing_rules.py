"""How an endpoint routes, and how it runs workflows, by its answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from fake_runway.calibration.history import (
    AUDIT_LOG,
    ROUTERS,
    RUNS,
    TASKS,
    WORKFLOWS,
    History,
    Seen,
)
from fake_runway.calibration.measures import Learned, Rule, credits_of
from fake_runway.core.lifecycles.task import TASK_FAILURES
from fake_runway.core.tasks.workflows import (
    EXAMPLE_WORKFLOW,
    Workflow,
    describe_workflow,
    parse_workflow,
)

GENERATE = "/v1/generate"
UNPRICED = "kling_4"
"""A model without a known price."""

_FOR_EVER_S = 300.0
_OF_US = "allow_deny"


# Routers


def _same_slug(history: History) -> Iterator[Learned]:
    there: dict[str, str] = {}
    for each in history.calls:
        slug = str(each.asked.get("slug"))
        if (each.method, each.path) == ("POST", ROUTERS):
            if slug in there and (each.ok or each.status == 400):
                evidence = f"{each.words()} with the slug of another"
                yield Learned("account", "same_slug", "replace" if each.ok else 400, evidence)
            if each.ok and each.id:
                there[slug] = each.id
        elif each.method == "DELETE" and each.ok and each.path.startswith(f"{ROUTERS}/"):
            there = {slug: router for slug, router in there.items() if router != each.name}


def _dry_runs(history: History) -> Iterator[tuple[Seen, Mapping[str, Any]]]:
    """Yield each dry run with the settings that its router has then."""
    of_slug: dict[str, dict[str, Any]] = {}
    of_router: dict[str, dict[str, Any]] = {}
    for each in history.calls:
        given = each.asked.get("settings")
        settings = given if isinstance(given, dict) else {}
        if (each.method, each.path) == ("POST", ROUTERS) and each.ok:
            of_slug[str(each.asked.get("slug"))] = of_router[each.id] = dict(settings)
        elif each.method == "PATCH" and each.path.startswith(f"{ROUTERS}/") and each.ok:
            of_router.setdefault(each.name, {}).update(settings)
        elif each.path.startswith(f"{GENERATE}/") and each.asked.get("dryRun") is True:
            yield each, of_slug.get(str(each.asked.get("configId")), {})


def _disabled(history: History) -> Iterator[Learned]:
    """Models that are left by the filters before the lists, and not by the lists."""
    gone: set[str] = set()
    left = 0
    for each, settings in _dry_runs(history):
        excepted = _excepted(settings)
        steps = each.body.get("pipeline")
        if excepted is None or not isinstance(steps, list):
            continue
        before: set[str] | None = None
        for step in steps:
            if not isinstance(step, dict) or not isinstance(step.get("models"), list):
                continue
            models = {str(model) for model in step["models"]}
            if step.get("filter") == _OF_US and before is not None:
                gone |= before - models - excepted
                left += len(models | excepted)
            before = models
    for each, settings in _dry_runs(history):
        if each.ok and _excepted(settings) is not None:
            gone.discard(_routed(each))
    if gone or left:
        evidence = f"a dry run left out {len(gone)} models that its router allows"
        yield Learned("account", "disabled_models", sorted(gone) if left else "all", evidence)


def _excepted(settings: Mapping[str, Any]) -> set[str] | None:
    """Return the models that a router leaves out; None: it allows only some."""
    models = settings.get("models", {})
    if not isinstance(models, dict) or models.get("mode", "allow_new_except") == "allowlist_only":
        return None
    ids = models.get("ids", [])
    return {str(each) for each in ids} if isinstance(ids, list) else None


def _routed(call: Seen) -> str:
    routing = call.body.get("routing")
    return str(routing.get("model", "")) if isinstance(routing, dict) else ""


def _busy(history: History) -> Iterator[Learned]:
    """Models that a router passes over for want of capacity, or would not have chosen else."""
    busy: set[str] = set()
    free: set[str] = set()
    for each, settings in _dry_runs(history):
        fallback = settings.get("fallback")
        if not each.ok or not isinstance(fallback, dict) or fallback.get("onCapacity") is not True:
            continue
        routing = each.body["routing"] if isinstance(each.body.get("routing"), dict) else {}
        passed = routing.get("capacityFallback")
        passed = passed if isinstance(passed, dict) else {}
        skipped = passed.get("skipped")
        busy |= {str(one) for one in skipped} if isinstance(skipped, list) else set()
        (busy if passed.get("allExhausted") is True else free).add(_routed(each))
    if busy or free:
        evidence = f"routers passed over {len(busy)} models, and chose {len(free)}"
        yield Learned("account", "busy_models", sorted(busy) if free else "all", evidence)


def _ranking(history: History) -> Iterator[Learned]:
    chosen: dict[str, str] = {}
    for each, settings in _dry_runs(history):
        if each.ok and settings.get("models") is None and "optimizeFor" in settings:
            chosen[str(settings["optimizeFor"])] = _routed(each)
    fastest, best = chosen.get("latency"), chosen.get("quality")
    if fastest and best and len(_films(history)) > 1:
        same = fastest == best
        evidence = f"latency and quality choose {'the same model' if same else 'two models'}"
        yield Learned("account", "router_ranking", "fails" if same else "works", evidence)


def _films(history: History) -> set[str]:
    """Return the models of films that a router left until their price was asked for."""
    found: set[str] = set()
    for each, _settings in _dry_runs(history):
        steps = each.body.get("pipeline")
        for step in steps if each.path.endswith("/video") and isinstance(steps, list) else ():
            if isinstance(step, dict) and step.get("filter") == _OF_US:
                found |= {str(model) for model in step.get("models", ())}
    return found


def _default_price(history: History) -> Iterator[Learned]:
    for each, _settings in _dry_runs(history):
        if each.ok and _routed(each) == UNPRICED:
            price = credits_of(each.body["routing"].get("estimatedCost"))
            if price is not None and price == int(price):
                evidence = f"the estimate of a dry run for {UNPRICED}"
                yield Learned("account", "default_price", int(price), evidence)


# Workflows


def graph_of(body: Mapping[str, Any]) -> Workflow | None:
    """Return the workflow that the answer of GET describes; None: it has other nodes than ours.

    The published shape says nothing of nodes; what is read here is what this fake answers.
    """
    try:
        edges, nodes = body["graph"]["edges"], body["graph"]["nodes"]
        names = {str(node["id"]): str(node["name"]) for node in nodes}
        data: dict[str, Any] = {
            "name": body["name"],
            "versions": body["version"],
            "nodes": [_node(node, edges, names) for node in nodes],
        }
        if isinstance(body.get("description"), str):
            data["description"] = body["description"]
        return parse_workflow(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def _node(node: Mapping[str, Any], edges: Any, names: Mapping[str, str]) -> dict[str, Any]:
    written: dict[str, Any] = {"name": str(node["name"]), "id": str(node["id"])}
    if node["nodeType"] == "constant-node":
        ((key, output),) = node["nodeOutputs"].items()
        gives = {"key": key, "type": output["type"], "value": output["value"]}
        label = "" if output["label"] == node["name"] else output["label"]
        return {**written, "gives": {**gives, "exposed": output["exposedToApp"], "label": label}}
    into = [edge for edge in edges if edge["target"] == node["id"]]
    return {
        **written,
        "endpoint": node["task"],
        "body": dict(node["options"]),
        "takes": [
            {"field": edge["targetHandle"], "from": names[edge["source"]]}
            for edge in into
            if edge["targetHandle"]
        ],
        "after": [names[edge["source"]] for edge in into],
    }


def _published(history: History) -> Iterator[Learned]:
    """The workflows themselves, where all of them can be described."""
    for listed in history.of("GET", WORKFLOWS):
        if not listed.ok or not isinstance(listed.body.get("data"), list):
            continue
        read: list[Workflow] = []
        for each in listed.data:
            versions = each.get("versions")
            newest = versions[0] if isinstance(versions, list) and versions else {}
            name = str(newest.get("id")) if isinstance(newest, dict) else ""
            graphs = [one for one in history.about(WORKFLOWS, name) if one.ok]
            if not graphs or (workflow := graph_of(graphs[0].body)) is None:
                break
            read.append(workflow)
        else:
            found = [describe_workflow(each) for each in read]
            value = "example" if found == [describe_workflow(EXAMPLE_WORKFLOW)] else found
            yield Learned("account", "workflows", value, f"the list has {len(found)}")


def _run_deleted(history: History) -> Iterator[Learned]:
    for run in _runs(history):
        for each in history.about(TASKS, run.id):
            if each.method == "DELETE" and each.status in (204, 404):
                evidence = f"{each.words()} for a run of a workflow"
                yield Learned("account", "workflow_delete", each.status, evidence)


def _runs(history: History) -> list[Seen]:
    return [
        each
        for each in history.calls
        if each.method == "POST" and each.path.startswith(f"{WORKFLOWS}/") and each.ok and each.id
    ]


def _polls(history: History, run: Seen) -> list[Seen]:
    return [each for each in history.about(RUNS, run.id) if each.method == "GET" and each.ok]


def _runs_at_once(history: History) -> Iterator[Learned]:
    """How many runs go on at a time, if one has to wait while others of them go on."""
    runs = _runs(history)
    for run in runs:
        for poll in _polls(history, run):
            if poll.body.get("status") != "THROTTLED":
                continue
            others = [
                each
                for each in runs
                if each.number < run.number and _goes_on(history, each, at=poll.number)
            ]
            if others:
                evidence = f"a run is THROTTLED while {len(others)} go on"
                yield Learned("account", "workflow_concurrency", len(others), evidence)


def _goes_on(history: History, run: Seen, *, at: int) -> bool:
    polls = [each.body.get("status") for each in _polls(history, run) if each.number < at]
    ends = history.about(TASKS, run.id)
    deleted = any(each.method == "DELETE" and each.ok and each.number < at for each in ends)
    return bool(polls) and polls[-1] in ("PENDING", "RUNNING") and not deleted


def _nodes(history: History) -> Iterator[Learned]:
    """What goes otherwise with nodes of a run, and what one that fails does to it."""
    for run in _runs(history):
        graphs = [each for each in history.about(WORKFLOWS, run.name) if each.method == "GET"]
        workflow = graph_of(graphs[0].body) if graphs else None
        polls = _polls(history, run)
        if workflow is None or not polls:
            continue
        last = polls[-1]
        failed, output = last.body.get("nodeErrors"), last.body.get("output")
        errors = failed if isinstance(failed, dict) else {}
        status = last.body.get("status")
        ended = status in ("SUCCEEDED", "FAILED")
        stuck = status == "RUNNING" and last.at - run.at > _FOR_EVER_S
        if not (ended or stuck):
            continue
        if status == "FAILED" and not errors:
            continue  # the run failed, and none of its nodes did
        made = output if isinstance(output, dict) else {}
        plans = list(_plans(workflow, errors, made, status=str(status)))
        evidence = f"of a run that is {status}, nodes with errors: {len(errors)}"
        yield Learned("task", "nodes", plans, evidence)
        if errors and status == "SUCCEEDED":
            yield Learned("task", "on_node_error", "continue", evidence)
        elif errors and status == "FAILED" and _others_go_on(workflow, errors):
            yield Learned("task", "on_node_error", "stop", evidence)


def _plans(
    workflow: Workflow, errors: Mapping[str, Any], made: Mapping[str, Any], *, status: str
) -> Iterator[dict[str, Any]]:
    """Yield what goes otherwise with each node that nothing before it explains."""
    lost: set[str] = set()
    for node in workflow.nodes:
        if node.constant is not None or lost & set(node.after):
            lost |= {node.name} if lost & set(node.after) else set()
            continue
        if node.id in errors:
            lost.add(node.name)
            yield {"node": node.name, "failure": _failure(errors[node.id])}
        elif status != "FAILED" and not made.get(node.id):
            lost.add(node.name)
            yield {"node": node.name, "output": "none" if status == "SUCCEEDED" else "never"}


def _failure(error: Any) -> Any:
    given = error if isinstance(error, dict) else {}
    code, text = str(given.get("failureCode") or "UNNAMED"), given.get("message")
    if code in TASK_FAILURES and text in (None, TASK_FAILURES[code]):
        return code
    return {"code": code[:200], "text": str(text or code)[:1000]}


def _others_go_on(workflow: Workflow, errors: Mapping[str, Any]) -> bool:
    """Return whether a node at the end of the graph does not wait for one that has failed."""
    lost: set[str] = set()
    for node in workflow.nodes:
        if node.id in errors or lost & set(node.after):
            lost.add(node.name)
    waited_for = {name for node in workflow.nodes for name in node.after}
    asked = [node for node in workflow.nodes if node.constant is None]
    return any(node.name not in waited_for and node.name not in lost for node in asked)


def _workspace(history: History) -> Iterator[Learned]:
    for each in history.of("GET", AUDIT_LOG):
        if each.ok and isinstance(each.body.get("data"), list):
            word = "linked" if each.data else "none"
            evidence = f"the audit log has {len(each.data)} entries"
            yield Learned("account", "workspace", word, evidence)


ROUTING_RULES: tuple[Rule, ...] = (
    *(_same_slug, _disabled, _busy, _ranking, _default_price),
    *(_published, _run_deleted, _runs_at_once, _nodes, _workspace),
)
