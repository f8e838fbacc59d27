"""Our document knows every field and every choice of a body that the official Python SDK knows."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Required, Union, get_args, get_origin, get_type_hints

import pytest
import runwayml.types
import typing_extensions

from contracts.wire.documents import follow
from contracts.wire.shapes import OperationShapes, Shapes

SHAPES = {
    (each.operation.method, each.operation.template): each
    for each in Shapes.load()
    if each.operation.request
}
METHODS: Mapping[str, str] = {"create": "POST", "update": "PATCH"}


def bodies() -> Iterator[tuple[str, Any]]:
    """Yield the name of each module of parameters, with the type in it."""
    for found in pkgutil.walk_packages(runwayml.types.__path__, "runwayml.types."):
        if found.name.endswith(("_create_params", "_update_params")) or ".recipe_" in found.name:
            module = importlib.import_module(found.name)
            if found.name.endswith("_params"):
                yield found.name.rpartition(".")[2], getattr(module, module.__all__[0])


def template_of(module: str, method: str) -> str | None:
    """Return the path of the operation that takes the parameters of a module."""
    name = module.removesuffix("_params").removesuffix("_create").removesuffix("_update")
    name = name.replace("recipe_", "recipes/")
    ending = "/{id}" if method == "PATCH" else ""
    paths = {f"/v1/{name}{plural}{ending}" for plural in ("", "s")} | {f"/v1/generate/{name}"}
    return next((each for each in paths if (method, each) in SHAPES), None)


def variants(of: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the fields of each alternative of a body, with their types, as they go out."""
    if get_origin(of) is Union:
        for each in get_args(of):
            yield from variants(each)
        return
    fields = {}
    for name, found in get_type_hints(of, include_extras=True).items():
        while get_origin(found) in (Required, typing_extensions.Required, Annotated):
            for note in get_args(found)[1:]:
                name = getattr(note, "alias", None) or name
            found = get_args(found)[0]
        fields[name] = found
    yield fields


def choices(of: Any) -> set[object]:
    """Return what a type lists, at any place of a union."""
    if get_origin(of) in (Literal, typing_extensions.Literal):
        return {*get_args(of)}
    return (
        set().union(*(choices(each) for each in get_args(of))) if get_origin(of) is Union else set()
    )


def known_choices(shape: Mapping[str, Any], whole: Mapping[str, Any]) -> set[object]:
    """Return what a shape lists, at any place of a union."""
    if "$ref" in shape:
        return known_choices(follow(whole, shape["$ref"]), whole)
    inner = (known_choices(each, whole) for each in shape.get("anyOf", ()))
    return {*shape.get("enum", ()), *([shape["const"]] if "const" in shape else ())}.union(*inner)


def alternative(shapes: OperationShapes, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return our shape for an alternative of the SDK."""
    request = shapes.operation.request or {}
    shape: Mapping[str, Any] = follow(request, request["$ref"])
    if "discriminator" not in shape:
        return shape
    (value,) = choices(fields[shape["discriminator"]["propertyName"]])
    return follow(request, shape["discriminator"]["mapping"][value])  # type: ignore[no-any-return]  # JSON


BODIES = dict(bodies())


@pytest.mark.parametrize("module", BODIES)
def test_the_contract_knows_what_the_sdk_sends(module: str) -> None:
    """Every alternative, every field and every choice is in our document."""
    method = METHODS.get(module.removesuffix("_params").rpartition("_")[2], "POST")
    template = template_of(module, method)
    assert template, f"no operation takes {module}"
    shapes = SHAPES[method, template]
    whole = shapes.operation.request or {}
    for fields in variants(BODIES[module]):
        ours = alternative(shapes, fields)["properties"]
        assert {*fields} <= {*ours}, module
        for name, kind in fields.items():
            missing = choices(kind) - known_choices(ours[name], whole)
            assert not missing, (module, name)
