"""The shapes of scenarios in the admin document, made of the schema of scenario files.

`python -m tests.support.fake.scenario_shapes` writes them; a test fails while they are out of date.
What stands twice in the schema is a shape of its own here, so that clients get one type for it.
"""

import json
from pathlib import Path
from typing import Any

from fake_runway.admin_api.seeds import seed_schema
from fake_runway.core.faults.schema import fault_schema, match_schema
from fake_runway.core.scenario.schema import account_schema, scenario_schema, session_schema
from fake_runway.core.scenario.script import script_schema, setup_schema

DOCUMENT = Path(__file__).parents[3] / "contracts" / "wire" / "schemas" / "admin.json"
_WIDTH = 100
_ALTERNATIVES = {
    "string": "a text",
    "integer": "a number",
    "number": "a figure",
    "boolean": "true or false",
    "object": "an object",
    "array": "several",
    "null": "nothing",
}


def shapes() -> dict[str, Any]:
    """Return the shapes by name, each before those that refer to it."""
    step = script_schema()["items"]
    follow_up = step["properties"]["call_tool"]["properties"]["then"]["properties"]["answered"]
    named: dict[str, Any] = {
        "AnyObject": {"description": "Any JSON object.", "type": "object"},
        "FollowUpStep": {"description": "A step after a tool call.", **follow_up["items"]},
        "ScriptStep": {"description": "A step of a script: one of these keys.", **step},
        "CallSetup": {"description": "How calls are set up.", **_bare(setup_schema())},
        "FaultMatch": match_schema(),
        "FaultEffect": fault_schema()["properties"]["effect"],
        "Fault": fault_schema(),
        "SessionForm": session_schema(),
        "AccountForm": account_schema(),
        "ScenarioData": scenario_schema(),
        "Seed": {
            "description": "The state in which a world begins; `fake-runway init` shows it.",
            **seed_schema(),
        },
    }
    bodies = {name: _bare(shape) for name, shape in named.items()}
    return {
        name: _referring(shape, {other: bodies[other] for other in named if other != name})
        for name, shape in named.items()
    }


def _bare(shape: Any) -> Any:
    return {key: part for key, part in shape.items() if key != "description"}


def _referring(node: Any, named: dict[str, Any]) -> Any:
    """Return a schema as the document spells it: with references to what has a name.

    Alternatives get a title for messages. A `default` stands in the description, because generators
    of types take such a key for one that is always there.
    """
    if isinstance(node, list):
        return [_referring(each, named) for each in node]
    if not isinstance(node, dict):
        return node
    for name, bare in named.items():
        if _bare(node) == bare:
            about = {"description": node["description"]} if "description" in node else {}
            return {"$ref": f"#/components/schemas/{name}", **about}
    made = {
        key: _referring(part, named)
        for key, part in node.items()
        if key not in ("$schema", "title") and not (key == "default" and "description" in node)
    }
    if "default" in node and "description" in node:
        made["description"] = f"{node['description']} Default: {json.dumps(node['default'])}."
    if "anyOf" in made:
        made["anyOf"] = [
            each if "$ref" in each else {"title": _title(each), **each} for each in made["anyOf"]
        ]
    if made.get("type") == "object" and not {"properties", "additionalProperties"} & made.keys():
        made["additionalProperties"] = True  # without it, generators take it for an empty object
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace(r"\s", " ")  # engines differ about that class
    return made


def _title(shape: Any) -> str:
    if "const" in shape:
        return json.dumps(shape["const"])
    return "one of them" if {"enum", "anyOf"} & shape.keys() else _ALTERNATIVES[shape["type"]]


def document() -> str:
    """Return the text of the admin document, with the shapes of now."""
    found = json.loads(DOCUMENT.read_text())
    found["components"]["schemas"] |= shapes()
    return f"{_written(found)}\n"


def _written(node: Any, indent: int = 0, taken: int = 0) -> str:
    """Return JSON as the document has it: what fits stands on one line.

    Args:
        indent: of the line.
        taken: characters of the line beside the value.
    """
    line = json.dumps(node, ensure_ascii=False)
    if not node or not isinstance(node, dict | list) or indent + taken + len(line) <= _WIDTH:
        return line
    inner = " " * (indent + 2)
    if isinstance(node, list):
        parts = [_written(each, indent + 2, 1) for each in node]
        opening, closing = "[", "]"
    else:
        parts = [
            f"{json.dumps(key)}: {_written(part, indent + 2, len(json.dumps(key)) + 3)}"
            for key, part in node.items()
        ]
        opening, closing = "{", "}"
    lines = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{lines}\n{' ' * indent}{closing}"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
