"""What a router holds: names, and settings that grow a version with each change."""

from typing import Any, NamedTuple

from fake_runway.core.errors import Refused
from fake_runway.core.routing.choosing import Preference
from fake_runway.core.types import Json

SCHEMA_VERSION = 1
NO_LIST: Json = {"mode": "allow_new_except", "ids": []}


class RouterContent(NamedTuple):
    """What a client has said of a router.

    Attributes:
        version: of the settings, from 1.
        settings: as the API shows them; never changed.
    """

    slug: str
    name: str
    description: str | None
    version: int
    settings: Json

    @property
    def prefers(self) -> Preference:
        """What it prefers among eligible models."""
        return Preference(self.settings.get("optimizeFor", Preference.COST.value))

    @property
    def on_capacity(self) -> bool:
        """Whether models without free capacity are passed over."""
        return bool(self.settings.get("fallback", {}).get("onCapacity", False))

    def ceiling(self, modality: str) -> int | None:
        """Return the most credits that one output of `modality` may cost; None: no limit."""
        most: int | None = self.settings.get("maxCreditsPerGeneration", {}).get(modality)
        return most

    def allows(self, model: str) -> bool:
        """Return whether its list lets a model be chosen."""
        models = self.settings.get("models", NO_LIST)
        return bool((model in models["ids"]) == (models["mode"] == "allowlist_only"))


class RoutingRecord(NamedTuple):
    """One request that a router was asked with.

    Attributes:
        ordinal: which of its world it is, counted from 0.
        router: the id of the router.
        status: as the API has it, such as `routed`.
    """

    ordinal: int
    router: str
    at: float
    status: str
    model: str | None
    reason_code: str | None
    credits: float | None
    task: str | None
    pipeline: tuple[Json, ...]
    emptied_by: tuple[str, ...]


class UnknownRouterConfig(Refused):
    """No router of this world has that slug, or it was deleted."""

    code = "router_config_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("Could not find a router config with this slug.")
        self.fields = {"code": self.code}


class SlugTaken(Refused):
    """Another router has that slug. Text and status are assumed."""

    code = "slug_taken"


class UnknownModelId(Refused):
    """The list of a router's settings names a model that does not exist. The text is assumed."""

    code = "unknown_model_id"


class NoEligibleModel(Refused):
    """The filters have left no model."""

    code = "no_eligible_model"

    def __init__(self, pipeline: tuple[Json, ...], emptied_by: tuple[str, ...]) -> None:
        super().__init__("No eligible model was found for this request.")
        self.fields = {
            "code": self.code,
            "pipeline": [step for step in pipeline if step["type"] == "filter"],
            "emptiedBy": list(emptied_by),
        }


def new_router(body: Json) -> RouterContent:
    """Return the router that the valid body of a create describes."""
    slug = body["slug"]
    settings = {"schemaVersion": SCHEMA_VERSION, "optimizeFor": Preference.COST.value}
    settings |= body.get("settings", {})
    return RouterContent(slug, body.get("name", slug), body.get("description"), 1, settings)


def changed_router(router: RouterContent, body: Json) -> RouterContent:
    """Return the router after a PATCH: settings are merged, and a change of them is a version."""
    settings = _merged(router.settings, body.get("settings", {}))
    return router._replace(
        name=body.get("name", router.name),
        description=body.get("description", router.description),
        version=router.version + (settings != router.settings),
        settings=settings,
    )


def _merged(old: Json, new: Json) -> Json:
    merged: dict[str, Any] = {**old, **new}
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            merged[key] = _merged(old[key], value)
    return merged
