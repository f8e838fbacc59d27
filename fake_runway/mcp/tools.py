"""Tools from the admin API's document: one for each operation, and the request that a call is.

A tool takes what stands in the path, the query and the body of its operation, side by side, and
the world. What is answered is bounded, and holds no key.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fake_runway.core.types import Json

LONGEST = 24_000
"""Characters of an answer; a model reads all of it."""
ROOT = "/__admin"
_REF = "#/components/schemas/"
_LEFT_OUT = {"getAdminHealth", "getAdminDocument", "reportCall", "getEvents"}
"""Of no use for an agent: about the document itself, of rooms, or a stream."""
_BODY = "body"
_WORLD = {
    "type": "string",
    "description": "The name of the world; may be left out while the server has one alone.",
}
_IN_OUTLINE = frozenset({"AccountForm", "BoundForm", "FaultMatch", "ScenarioData", "SessionForm"})
"""Shapes that fill pages. What the fake answers to a wrong one says what is wrong, and where."""
_WHERE = "As in a scenario file: `fake-runway scenarios schema` has it all."
_HIDDEN = frozenset({"session_key", "sessionKey"})


class BadArguments(Exception):
    """The arguments of a call are not those of the tool."""


@dataclass(frozen=True)
class AdminTool:
    """An operation of the admin API as a tool.

    Attributes:
        name: its operationId.
        request: method and path, below `/__admin`, with names in braces.
        about: what it does.
        schema: of its arguments.
        path, query: the names of the arguments that stand there.
        flat: whether the parts of the body stand beside them, else under `body`.
    """

    name: str
    request: str
    about: str
    schema: Json
    path: frozenset[str]
    query: frozenset[str]
    has_body: bool
    flat: bool

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return self.request.startswith("GET ") or "/await/" in self.request

    @property
    def destroys(self) -> bool:
        """Whether something is lost by it."""
        return self.request.startswith("DELETE ") or self.name in ("resetWorld", "restoreSnapshot")

    def parts(self, arguments: Json) -> tuple[dict[str, str], dict[str, Any], Json | None]:
        """Return what stands in the path, in the query and in the body of a call.

        Raises:
            BadArguments: one is missing, or unknown.
        """
        known = set(self.schema["properties"])
        if unknown := sorted(set(arguments) - known):
            raise BadArguments(f"expected {', '.join(sorted(known))}, got {unknown[0]!r}")
        if missing := [name for name in self.schema["required"] if name not in arguments]:
            raise BadArguments(f"expected the argument {missing[0]!r}, got none")
        names = {name: str(arguments[name]) for name in sorted(self.path)}
        query = {name: arguments[name] for name in self.query if name in arguments}
        if not self.has_body:
            return names, query, None
        if not self.flat:
            return names, query, arguments.get(_BODY) or {}
        body = set(arguments) - self.path - self.query - {"world"}
        return names, query, {name: arguments[name] for name in sorted(body)}


def admin_tools(document: Json) -> tuple[AdminTool, ...]:
    """Return a tool for each operation of the admin API's document that is of use."""
    return tuple(
        _tool(document, path, method, operation)
        for path, operations in document["paths"].items()
        if path.startswith(f"{ROOT}/")
        for method, operation in operations.items()
        if operation.get("operationId") not in _LEFT_OUT and method != "parameters"
    )


def _tool(document: Json, path: str, method: str, operation: Json) -> AdminTool:
    places: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
    required = []
    for given in operation.get("parameters", ()):
        parameter = _resolved(document, given)
        schema = {**parameter["schema"], "description": parameter.get("description", "")}
        places[parameter["in"]][parameter["name"]] = schema
        if parameter["in"] == "path":
            required.append(parameter["name"])
    beside = {**places["path"], **places["query"]}
    if places["header"]:
        beside["world"] = _WORLD
    body = _body_of(document, operation)
    parts = dict(body.get("properties", {})) if body else {}
    flat = bool(parts) and not set(parts) & set(beside)
    if body and flat:
        beside |= parts
        required += body.get("required", ())
    elif body:
        beside[_BODY] = body
        required += [_BODY] if operation["requestBody"].get("required") else ()
    schema = {
        "type": "object",
        "properties": beside,
        "required": required,
        "additionalProperties": False,
    }
    open_body = flat and body is not None and body.get("additionalProperties") is not False
    if open_body:  # such as a fault: everything that a scenario file can say
        flat = False
        schema["properties"] = {
            **{key: part for key, part in beside.items() if key not in parts},
            _BODY: body,
        }
        schema["required"] = [*places["path"], _BODY]
    return AdminTool(
        name=operation["operationId"],
        request=f"{method.upper()} {path.removeprefix(ROOT)}",
        about=operation.get("description") or operation.get("summary", ""),
        schema=_with_definitions(document, schema),
        path=frozenset(places["path"]),
        query=frozenset(places["query"]),
        has_body=body is not None,
        flat=flat,
    )


def _resolved(document: Json, given: Json) -> Json:
    if "$ref" not in given:
        return given
    found: Any = document
    for step in given["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _body_of(document: Json, operation: Json) -> Json | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else _resolved(document, content["schema"])


def _with_definitions(document: Json, schema: Json) -> Json:
    """Return a schema that stands alone: with the definitions that it names, and no others."""
    wanted, found = list(_named(schema)), dict[str, Any]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = document["components"]["schemas"][name]
            wanted += _named(found[name])
    for name in sorted(_IN_OUTLINE & found.keys()):
        about = found[name].get("description", "")
        found[name] = {"description": f"{about} {_WHERE}".strip(), "type": "object"}
    found = {name: found[name] for name in found if name in _reached(schema, found)}
    text = json.dumps({**schema, "$defs": found} if found else dict(schema))
    return dict(json.loads(text.replace(f'"{_REF}', '"#/$defs/')))


def _reached(schema: Json, definitions: Json) -> set[str]:
    """Return the names of the definitions that a schema needs, directly or by another."""
    reached, wanted = set[str](), list(_named(schema))
    while wanted:
        name = wanted.pop()
        if name not in reached:
            reached.add(name)
            wanted += _named(definitions[name])
    return reached


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REF):
            yield reference.removeprefix(_REF)
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


def told(answer: Any) -> str:
    """Return an answer as text for a model: without keys, and cut where it is too long."""
    text = json.dumps(_without_keys(answer), ensure_ascii=False)
    if len(text) <= LONGEST:
        return text
    more = len(text) - LONGEST
    return f"{text[:LONGEST]}\n... {more} more characters: ask for less, by a filter or a limit"


def _without_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: "[session key]" if key in _HIDDEN and part is not None else _without_keys(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_without_keys(part) for part in value]
    return value
