"""The gateway's schema of session options, taken from the contract of the upstream's API.

The gateway ships alone and cannot read the contract, so it has a copy of the part that it needs.
`python -m tests.support.options_schema` writes it anew.
"""

import json
from pathlib import Path
from typing import Any

from contracts.wire.documents import load
from gateway.flow.options import OPTIONS

FILE = Path(__file__).parents[3] / "gateway" / "flow" / "options.schema.json"
_PREFIX = "#/components/schemas/"


def options_schema() -> dict[str, Any]:
    """Return the options of a new session as a JSON schema of its own."""
    schemas = load("runway").raw["components"]["schemas"]
    create = schemas["CreateSession"]["properties"]
    needed: dict[str, Any] = {}

    def own(part: Any) -> Any:
        """Point references at `$defs`, and bring along what they refer to."""
        if isinstance(part, list):
            return [own(each) for each in part]
        if not isinstance(part, dict):
            return part
        if isinstance(reference := part.get("$ref"), str):
            name = reference.removeprefix(_PREFIX)
            if name not in needed:
                needed[name] = {}  # first: schemas may refer to themselves
                needed[name] = own(schemas[name])
            return {"$ref": f"#/$defs/{name}"}
        return {key: own(value) for key, value in part.items() if key != "discriminator"}

    properties = {name: own(create[name]) for name in OPTIONS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "$defs": dict(sorted(needed.items())),
    }


def text() -> str:
    """Return the file's text."""
    return json.dumps(options_schema(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
