"""Values made from a schema, valid and spoiled: many, cheap, and the same in each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from contracts.wire.documents import Json, follow
from tests.unit.contracts.wire.examples import at, places, removed, replaced

UUID4 = "17f20503-6c24-4c16-946b-35dbbce2af2f"
TEXTS: Mapping[str, str] = {  # by the beginning of a pattern
    "^https:": "https://example.com/a.png",
    "^runway:": "runway://0123456789",
    "^data:image": "data:image/png;base64,AAAA",
    "^data:video": "data:video/mp4;base64,AAAA",
    "^data:audio": "data:audio/mp3;base64,AAAA",
    "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7": UUID4.replace("-4c16", "-7c16"),
    "^([0-9a-fA-F]{8}": UUID4,
    "^(?:(?:": "2026-02-28T10:20:30.5Z",
    "^[0-9]{4}": "2026-02-28T10:20:30.5+00:00",
    "^[a-z": "abc",
    "^[0-9]+$": "12",
}
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 2.5, 10**7, "", "a", "a" * 40, "gen4.5", "custom", [], {}, [{}]),
    *(["a", 1], {"uri": "https://example.com/a.png"}, {"type": "text", "text": "a"}),
)


def sampled(schema: Json, count: int, *, seed: str) -> Iterator[Any]:
    """Yield `count` values for a self-contained schema: every second one is valid to it."""
    chance = Random(seed)
    for number in range(count):
        value = valid(chance, schema, schema)
        for _ in range(number % 2 and chance.randint(1, 3)):
            value = spoiled(chance, value)
        yield value


def valid(chance: Random, shape: Json, whole: Json) -> Any:
    """Return a value that keeps the rules of a shape."""
    while "$ref" in shape:
        shape = follow(whole, shape["$ref"])
    if "const" in shape:
        return shape["const"]
    if "enum" in shape:
        return chance.choice(shape["enum"])
    for union in ("anyOf", "oneOf"):
        if union in shape:
            return valid(chance, chance.choice(shape[union]), whole)
    kind = shape.get("type", "string")
    match chance.choice(kind) if isinstance(kind, list) else kind:
        case "object":
            return _object(chance, shape, whole)
        case "array":
            least = shape.get("minItems", 0)
            count = chance.randint(least, min(shape.get("maxItems", least + 2), least + 2))
            return [valid(chance, shape.get("items", {}), whole) for _ in range(count)]
        case "string":
            return _text(chance, shape)
        case "boolean":
            return chance.random() < 0.5
        case "null":
            return None
        case number:
            low = shape.get("minimum", shape.get("exclusiveMinimum", -9))
            high = shape.get("maximum", low + 60)
            low, high = max(low, -1000), min(high, 1000)
            if number == "number":
                return chance.choice([low + 0.5, high - 0.5, (low + high) / 2])
            return chance.randint(int(low) + ("exclusiveMinimum" in shape), int(high))


def _object(chance: Random, shape: Json, whole: Json) -> dict[str, Any]:
    required = set(shape.get("required", ()))
    found = {
        name: valid(chance, inner, whole)
        for name, inner in shape.get("properties", {}).items()
        if name in required or chance.randint(0, 2)
    }
    extra = shape.get("additionalProperties")
    if isinstance(extra, dict):
        found["any"] = valid(chance, extra, whole)
    return found


def _text(chance: Random, shape: Json) -> str:
    pattern: str = shape.get("pattern", "").replace("\\/", "/").replace("\\d", "[0-9]")
    if pattern:
        known = next((text for start, text in TEXTS.items() if pattern.startswith(start)), None)
        return known or "a_b"
    low: int = shape.get("minLength", 0)
    high: int = shape.get("maxLength", low + 3)
    return "é" * chance.choice([low, min(low + 3, high)])


def spoiled(chance: Random, value: Any) -> Any:
    """Return a value with something replaced, left out or added."""
    path = chance.choice(list(places(value)))
    if path and chance.randint(0, 1):
        return removed(value, path)
    if isinstance(at(value, path), dict) and chance.randint(0, 1):
        return replaced(
            value, (*path, chance.choice(["surprise", "model", "type"])), chance.choice(ODD)
        )
    return replaced(value, path, chance.choice(ODD))
