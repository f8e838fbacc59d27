"""The models that a router may choose, with the body that asks each of them.

What a model takes is read from the shape of its body on the endpoint that fits the request: lengths
of prompts, ratios, durations, references. So a model that the served contract has is a candidate,
and a newer one needs no table here. What no shape says is assumed: which models always make sound,
who provides a model, what is meant where the request leaves something out.

Source: the published document of `generate/*` for what excludes a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from contracts.wire.documents import follow
from contracts.wire.shapes import OperationShapes, Shapes
from fake_runway.core.routing.choosing import Candidate, Filter
from fake_runway.core.tasks.models import Quota, estimate, substitute
from fake_runway.core.tasks.orders import Property
from fake_runway.core.tasks.prices import DEFAULT_PRICE
from fake_runway.core.tasks.table import MODELS
from fake_runway.core.types import Json

DURATION_S = 5
ASPECTS: Mapping[str, str] = MappingProxyType({"video": "16:9", "image": "1:1"})
RESOLUTIONS: Mapping[str, str] = MappingProxyType({"video": "720p", "image": "1k"})
"""What is meant where a request leaves it out; assumed."""

RATIOS: Mapping[str, str] = MappingProxyType(
    {
        "16:9": "1280:720",
        "9:16": "720:1280",
        "1:1": "960:960",
        "4:3": "1104:832",
        "3:4": "832:1104",
        "21:9": "1584:672",
    }
)
"""The ratio of a video by the asked aspect. Source: the published example, and `gen4.5`."""

_SPEAKS_ALWAYS = frozenset({"gemini_omni_flash", "gemini_omni_flash_1.1", "grok_imagine_1_5"})
_SAME_ASPECT = 0.03
_TIERS: Mapping[str, str] = {"768p": "720p", "2k": "1080p"}
_PROVIDERS = (
    ("gen", "runway"),
    ("aleph", "runway"),
    ("veo", "google"),
    ("gemini", "google"),
    ("nano_banana", "google"),
    ("seed", "bytedance"),
    ("hailuo", "minimax"),
    ("h3", "minimax"),
    ("happyhorse", "alibaba"),
    ("wan", "alibaba"),
    ("kling", "kuaishou"),
    ("grok", "xai"),
    ("gpt", "openai"),
    ("eleven", "elevenlabs"),
    ("muse", "meta"),
)


def provider_of(model: str) -> str:
    """Return who provides a model; assumed: no source has the words."""
    for beginning, provider in _PROVIDERS:
        if model.startswith(beginning):
            return "google" if model.startswith("gemini") else provider
    return model.partition("_")[0]


class _Shape(NamedTuple):
    """What the body of an endpoint takes for one model."""

    model: str
    fields: Mapping[str, Any]
    required: frozenset[str]


@lru_cache(maxsize=64)
def _models(endpoint: OperationShapes) -> tuple[_Shape, ...]:
    """Return what an endpoint takes for each of its models: one, if its body has no others."""
    request = endpoint.operation.request
    if request is None:
        return ()
    whole = follow(request, request["$ref"]) if "$ref" in request else request
    if "discriminator" in whole:
        shapes = [follow(request, each) for each in whole["discriminator"]["mapping"].values()]
        names: Iterable[str] = whole["discriminator"]["mapping"]
    else:
        named = whole.get("properties", {}).get("model", {})
        names = [named["const"]] if "const" in named else named.get("enum", ())
        shapes = [whole for _ in names]
    found = []
    for model, shape in zip(names, shapes, strict=True):
        properties = shape.get("properties", {})
        fields = {name: _resolved(request, each) for name, each in properties.items()}
        found.append(_Shape(model, fields, frozenset(shape.get("required", ()))))
    return tuple(found)


def _of_endpoint(shapes: Shapes, endpoint: str) -> tuple[_Shape, ...]:
    return _models(shapes.for_operation("POST", f"/v1/{endpoint}"))


def _resolved(document: Json, node: Json) -> Json:
    """Return what a rule refers to, so for its items and alternatives."""
    if "$ref" in node:
        return _resolved(document, follow(document, node["$ref"]))
    resolved = dict(node)
    if "items" in node:
        resolved["items"] = _resolved(document, node["items"])
    if "anyOf" in node:
        resolved["anyOf"] = [_resolved(document, each) for each in node["anyOf"]]
    return resolved


class Asked(NamedTuple):
    """What became of a request for one model: the body so far, and what the model cannot do."""

    shape: _Shape
    body: dict[str, Any]
    fails: set[Filter]

    def need(self, is_met: bool, of: Filter) -> None:
        """Note that the model does not pass a filter, if something is not met."""
        if not is_met:
            self.fails.add(of)


def candidates(
    kind: str,
    asked: Json,
    *,
    shapes: Shapes,
    is_free: Callable[[str, Quota], bool],
    default_price: float = DEFAULT_PRICE,
) -> Iterator[Candidate]:
    """Yield every model of `kind`, a key of `generate/*`, for the valid input of a request.

    Args:
        shapes: of the API that is served.
        is_free: whether what a task takes up capacity of has some left.
        default_price: what a model costs whose price is not known.
    """
    endpoint = _endpoint(kind, asked)
    for shape in _of_endpoint(shapes, endpoint):
        each = Asked(shape, {"model": shape.model}, set())
        _prompt(each, asked)
        if kind == "video":
            _video(each, asked, endpoint)
        elif kind == "image":
            _image(each, asked)
        else:
            _audio(each, asked)
        missing = shape.required - each.body.keys() - {"promptText"}
        each.need(not missing, Filter.INPUT_SUPPORT)
        row = MODELS.find(endpoint, each.body) or substitute(endpoint, each.body)
        yield Candidate(
            shape.model,
            endpoint,
            each.body,
            frozenset(each.fails),
            estimate(row, each.body, default=default_price),
            row.typical_s,
            is_free(row.limited_as or row.id, row.quota),
            row.price is not None,
        )


def models_of(kind: str, shapes: Shapes) -> frozenset[str]:
    """Return the ids of all models that make `kind` in the API that is served."""
    return frozenset(
        shape.model for each in _ENDPOINTS[kind] for shape in _of_endpoint(shapes, each)
    )


_ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "video": ("text_to_video", "image_to_video", "video_to_video"),
    "image": ("text_to_image",),
    "audio": ("text_to_speech", "sound_effect"),
}


def _endpoint(kind: str, asked: Json) -> str:
    if kind == "image":
        return "text_to_image"
    if kind == "audio":
        return "text_to_speech" if asked["type"] == "speech" else "sound_effect"
    if asked.get("keyframes") or _roles(asked, "referenceVideos", "source"):
        return "video_to_video"
    if _roles(asked, "referenceImages", "first") or _roles(asked, "referenceImages", "last"):
        return "image_to_video"
    return "text_to_video"


def _roles(asked: Json, key: str, role: str) -> list[Json]:
    return [each for each in asked.get(key, ()) if each["role"] == role]


def _prompt(each: Asked, asked: Json) -> None:
    prompt, rules = asked.get("promptText"), each.shape.fields.get("promptText", {})
    if prompt is None:
        each.need("promptText" not in each.shape.required, Filter.PROMPT_LENGTH)
        return
    length = len(prompt.encode("utf-16-le", "surrogatepass")) // 2
    fits = rules.get("minLength", 0) <= length <= rules.get("maxLength", length)
    each.need(bool(rules) and fits, Filter.PROMPT_LENGTH)
    each.body["promptText"] = prompt


def _passed_on(each: Asked, asked: Json, *names: str) -> None:
    """Take over fields that both spell alike; a model without one is not eligible."""
    for name in names:
        if name in asked:
            each.need(name in each.shape.fields, Filter.INPUT_SUPPORT)
            each.body[name] = asked[name]


def _moderation(each: Asked, asked: Json) -> None:
    if "contentModeration" in asked and "contentModeration" in each.shape.fields:
        each.body["contentModeration"] = asked["contentModeration"]


# Videos


def _video(each: Asked, asked: Json, endpoint: str) -> None:
    fields, body = each.shape.fields, each.body
    _duration(each, asked, input_decides=endpoint == "video_to_video")
    _frame_size(each, asked, "video")
    if (wish := asked.get("audio")) is not None:
        if "audio" in fields:
            body["audio"] = wish
        else:
            each.need(wish == (each.shape.model in _SPEAKS_ALWAYS), Filter.CAPABILITY)
    _passed_on(
        each, asked, "negativePrompt", "seed", *(["keyframes"] if asked.get("keyframes") else [])
    )
    _moderation(each, asked)
    source = _roles(asked, "referenceVideos", "source")
    each.need(len(source) <= 1, Filter.INPUT_SUPPORT)
    if endpoint == "video_to_video" and source:
        body["videoUri" if "videoUri" in fields else "promptVideo"] = source[0]["uri"]
    frames = [*_roles(asked, "referenceImages", "first"), *_roles(asked, "referenceImages", "last")]
    if frames:
        _frames(each, frames)
    _references(each, "references", _roles(asked, "referenceImages", "reference"))
    _references(each, "referenceVideos", _roles(asked, "referenceVideos", "reference"))
    _references(each, "referenceAudio", asked.get("referenceAudio", ()))


def _frames(each: Asked, frames: Sequence[Json]) -> None:
    rules = each.shape.fields.get("promptImage")
    each.need(rules is not None, Filter.INPUT_SUPPORT)
    if rules is None:
        return
    many: Json = next((one for one in rules.get("anyOf", ()) if one.get("type") == "array"), {})
    last = any(frame["role"] == "last" for frame in frames)
    if last or len(frames) > 1:
        both = {frame["role"] for frame in frames} == {"first", "last"} and len(frames) == 2
        each.need(both and many.get("maxItems", 2) >= 2, Filter.INPUT_SUPPORT)
        each.body["promptImage"] = [
            {"uri": frame["uri"], "position": frame["role"]} for frame in frames
        ]
    else:
        each.body["promptImage"] = frames[0]["uri"]


_KIND_OF_REFERENCE = {"references": "image", "referenceVideos": "video", "referenceAudio": "audio"}


def _references(each: Asked, name: str, items: Sequence[Json]) -> None:
    if not items:
        return
    rules = each.shape.fields.get(name, {})
    many = next((one for one in rules.get("anyOf", ()) if one.get("type") == "array"), rules)
    most = many.get("maxItems", len(items))
    each.need(many.get("type") == "array" and len(items) <= most, Filter.INPUT_SUPPORT)
    typed = "type" in many.get("items", {}).get("properties", {})
    kind = {"type": _KIND_OF_REFERENCE[name]} if typed else {}
    each.body[name] = [{**kind, "uri": one["uri"]} for one in items]


def _duration(each: Asked, asked: Json, *, input_decides: bool) -> None:
    rules, wish = each.shape.fields.get("duration"), asked.get("duration")
    if rules is None:
        each.need(wish is None, Filter.CAPABILITY)
        return
    if wish is None:
        if input_decides and "duration" not in each.shape.required:
            return
        wish = _nearest(rules, DURATION_S)
    each.need(_allows(rules, wish), Filter.CAPABILITY)
    each.body["duration"] = wish


def _allows(rules: Json, value: float) -> bool:
    if "anyOf" in rules:
        return any(_allows(one, value) for one in rules["anyOf"])
    if "const" in rules or "enum" in rules:
        return value in rules.get("enum", (rules.get("const"),))
    low = rules.get("minimum", rules.get("exclusiveMinimum", value))
    return bool(low <= value <= rules.get("maximum", value))


def _nearest(rules: Json, wish: int) -> int:
    allowed = [value for value in range(1, 61) if _allows(rules, value)]
    return min(allowed, key=lambda value: abs(value - wish), default=wish)


# Ratio and resolution


def _frame_size(each: Asked, asked: Json, kind: str) -> None:
    """Choose ratio and resolution of an image or a video as near as possible to what is asked."""
    fields, body = each.shape.fields, each.body
    aspect, tier = asked.get("aspectRatio"), asked.get("resolution")
    resolutions = fields.get("resolution", {}).get("enum", ())
    if resolutions:
        wished = tier or RESOLUTIONS[kind]
        fitting = [one for one in resolutions if _tier(one) == wished]
        each.need(bool(fitting) or tier is None, Filter.CAPABILITY)
        if fitting:
            body["resolution"] = fitting[0]
    name = "ratio" if "ratio" in fields else "targetAspectRatio"
    ratios: Sequence[str] = fields.get(name, {}).get("enum", ())
    if not ratios:
        each.need(aspect is None and (tier is None or bool(resolutions)), Filter.CAPABILITY)
        return
    wanted = aspect or ASPECTS[kind]
    shaped = [one for one in ratios if _is_aspect(one, wanted)]
    if aspect is not None:
        each.need(bool(shaped), Filter.CAPABILITY)
    every = shaped or [one for one in ratios if one not in ("auto", "adaptive")] or [*ratios]
    if not resolutions:
        wished = tier or RESOLUTIONS[kind]
        sized = [one for one in every if _tier_of_ratio(each, one, kind) == wished]
        if name == "targetAspectRatio":
            sized = []
        each.need(bool(sized) or tier is None, Filter.CAPABILITY)
        every = sized or every
    if aspect is not None or name in each.shape.required or shaped or name == "ratio":
        body[name] = every[0]


def _tier(name: str) -> str:
    lower = name.lower()
    return _TIERS.get(lower, lower)


def _tier_of_ratio(each: Asked, ratio: str, kind: str) -> str:
    row = substitute(
        "text_to_image" if kind == "image" else "text_to_video", {"model": each.shape.model}
    )
    of = Property.SIZE if kind == "image" else Property.RESOLUTION
    named = row.order({"ratio": ratio}).value(of)
    return _tier(named) if kind == "video" else named


def _is_aspect(ratio: str, aspect: str) -> bool:
    width, _, height = ratio.partition(":")
    if not (width.isdigit() and height.isdigit()):
        return False
    wide, _, high = aspect.partition(":")
    wanted = int(wide) / int(high)
    return abs(int(width) / int(height) - wanted) <= _SAME_ASPECT * wanted


# Images


def _image(each: Asked, asked: Json) -> None:
    fields = each.shape.fields
    _frame_size(each, asked, "image")
    if (count := asked.get("outputCount", 1)) > 1 or "outputCount" in asked:
        rules = fields.get("outputCount")
        each.need(count == 1 if rules is None else _allows(rules, count), Filter.CAPABILITY)
        if rules is not None:
            each.body["outputCount"] = count
    _passed_on(each, asked, "seed")
    _moderation(each, asked)
    if references := asked.get("referenceImages"):
        rules = fields.get("referenceImages", {})
        fits = len(references) <= rules.get("maxItems", len(references))
        each.need(bool(rules) and fits, Filter.INPUT_SUPPORT)
        each.body["referenceImages"] = [{"uri": one["uri"]} for one in references]


# Sounds


def _audio(each: Asked, asked: Json) -> None:
    fields = each.shape.fields
    if (voice := asked.get("voice")) is not None:
        kinds = fields.get("voice", {}).get("discriminator", {}).get("mapping", {})
        if voice["type"] == "preset":
            each.need("runway-preset" in kinds, Filter.INPUT_SUPPORT)
            each.body["voice"] = {"type": "runway-preset", "presetId": voice["presetId"]}
        else:
            each.need("reference-audio" in kinds, Filter.INPUT_SUPPORT)
            each.body["voice"] = dict(voice)
    if references := asked.get("referenceAudios"):
        rules = fields.get("referenceAudios", {})
        fits = len(references) <= rules.get("maxItems", len(references))
        each.need(bool(rules) and fits, Filter.INPUT_SUPPORT)
        each.body["referenceAudios"] = [one["uri"] for one in references]
    if "duration" in asked or "duration" in each.shape.required:
        _duration(each, asked, input_decides=False)
    _passed_on(each, asked, "loop")
