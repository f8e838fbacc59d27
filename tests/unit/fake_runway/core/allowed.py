"""Values drawn from a JSON schema: everything that it allows, odd corners included.

Only the keywords that our schemas use are known; any other is an error here, so that a schema
which begins to use more is noticed. Integers come as floats now and then, because 503.0 is an
integer for a JSON schema, and texts may end in a line break where `$` lets one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

KNOWN = {
    *("$schema", "title", "description", "default", "const", "enum", "anyOf", "type", "pattern"),
    *("minLength", "minimum", "maximum", "exclusiveMinimum", "items", "minItems", "properties"),
    *("required", "additionalProperties", "propertyNames", "minProperties"),
    *("maxLength", "maxItems", "maxProperties"),
}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def allowed_by(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy of values that `schema` allows."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([allowed_by(choice) for choice in schema["anyOf"]])
    kinds: dict[str, Callable[[Mapping[str, Any]], st.SearchStrategy[Any]]] = {
        "null": lambda _: st.none(),
        "boolean": lambda _: st.booleans(),
        "integer": _integers,
        "number": _numbers,
        "string": _strings,
        "array": _arrays,
        "object": _objects,
    }
    return kinds[schema["type"]](schema)


def _integers(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    low, high = schema.get("minimum"), schema.get("maximum")
    whole = st.integers(low, high) | st.integers(low or 0, min(high or 600, 600))
    return whole | st.integers(low or 0, min(high or 600, 600)).map(float)


def _numbers(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    open_low = "exclusiveMinimum" in schema
    low = schema.get("exclusiveMinimum", schema.get("minimum"))
    return st.floats(
        low, schema.get("maximum"), exclude_min=open_low, allow_nan=False, allow_infinity=False
    )


def _strings(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    return st.text(
        min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 10), 10)
    )


def _arrays(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    most = min(schema.get("maxItems", 3), 3)
    return st.lists(allowed_by(schema["items"]), min_size=schema.get("minItems", 0), max_size=most)


def _objects(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    others = schema.get("additionalProperties")
    if others is False:
        each = {name: allowed_by(one) for name, one in schema["properties"].items()}
        required = set(schema.get("required", ()))
        fixed = {name: one for name, one in each.items() if name in required}
        optional = {name: one for name, one in each.items() if name not in required}
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", len(each))
        if least == most == 1:  # a step, of which too few would pass the filter
            return st.one_of([st.fixed_dictionaries({name: one}) for name, one in each.items()])
        return _some(fixed, optional).filter(lambda value: least <= len(value) <= most)
    assert "properties" not in schema
    names = _strings(schema.get("propertyNames", {}))
    values = any_json if others is None else allowed_by(others)
    return st.dictionaries(names, values, min_size=schema.get("minProperties", 0), max_size=3)


def _some(
    fixed: Mapping[str, st.SearchStrategy[Any]], optional: Mapping[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with all that is `fixed` and, mostly, very little of what is `optional`."""

    def chosen(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({**fixed, **{name: optional[name] for name in names}})

    if not optional:
        return st.fixed_dictionaries(dict(fixed))
    return st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=3).flatmap(chosen)
