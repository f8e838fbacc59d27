"""What a caller may ask of a session besides its avatar, as far as the operator allows it. Pure.

An option that is not allowed is rejected, not dropped: an avatar that lacks its personality for no
visible reason is worse than an error.

The schema beside this module is taken from the contract of the upstream's API; a test compares.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gateway.errors import InvalidRequest

if TYPE_CHECKING:
    from jsonschema_rs import Validator

OPTIONS: Mapping[str, str] = {
    "personality": "a text of 1 to 10000 characters",
    "startScript": "a text of 1 to 2000 characters",
    "tools": "at most 20 tools in the form of Runway's API",
    "maxDuration": "whole seconds from 10 to 1800",
}
"""The options by their names on the wire, with what each has to be, as `SessionOptions` has them.

Source: the Runway OpenAPI document of 2024-11-06.
"""

DEEPEST = 64


def parse_options(text: str) -> frozenset[str]:
    """Return the options named in a comma separated list."""
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    for name in sorted(names - OPTIONS.keys()):
        raise ValueError(f"{name!r} is none of {', '.join(OPTIONS)}")
    return names


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a session shall be besides its avatar; None: what the upstream does by itself.

    Attributes:
        tools: dicts in the form of Runway's API.
        max_duration: whole seconds.
    """

    personality: str | None = None
    start_script: str | None = None
    tools: Sequence[dict[str, Any]] | None = None
    max_duration: int | None = None

    def wire(self) -> dict[str, Any]:
        """Return those that are set, by their names on the wire."""
        values = (self.personality, self.start_script, self.tools, self.max_duration)
        return {
            name: value for name, value in zip(OPTIONS, values, strict=True) if value is not None
        }

    def check(self, allowed: Collection[str]) -> None:
        """Do nothing if each option is allowed (by its name on the wire) and well formed.

        Raises:
            InvalidRequest: one is not.
        """
        asked = self.wire()
        for name in asked:
            if name not in allowed:
                raise InvalidRequest(f"{name} is not allowed by this gateway")
        if not asked:
            return
        if _is_deep(asked):
            raise InvalidRequest(f"tools: expected at most {DEEPEST} levels")
        from jsonschema_rs import ValidationError  # when first needed, as below

        try:
            _validator().validate(asked)  # stops at the first error: to find all takes long
        except ValidationError as error:
            option, *below = error.instance_path
            place = "".join(f"[{each}]" for each in below)  # the schema looks at no names there
            text = f"{option}{place}: expected {OPTIONS[str(option)]}"
            raise InvalidRequest(text) from None


NO_OPTIONS = SessionOptions()


def requested_options(body: object, allowed: Collection[str]) -> SessionOptions:
    """Return the options in a request body; null counts as absent.

    Raises:
        InvalidRequest: as `SessionOptions.check`.
    """
    if not isinstance(body, Mapping):
        return NO_OPTIONS  # such a body names no avatar either
    if body.keys().isdisjoint(OPTIONS):
        return NO_OPTIONS
    options = SessionOptions(*map(body.get, OPTIONS))
    options.check(allowed)
    return options


def _is_deep(asked: Mapping[str, Any]) -> bool:
    """Return whether options have more levels than can be written again, as JSON or by anyone."""
    level: list[Any] = list(asked.values())
    for _ in range(DEEPEST):
        values = [inner for each in level if isinstance(each, Mapping) for inner in each.values()]
        level = values + [
            inner for each in level if isinstance(each, list | tuple) for inner in each
        ]
    return bool(level)


@cache
def _validator() -> "Validator":
    import jsonschema_rs  # when first needed: most gateways allow no option

    schema = json.loads(files("gateway.flow").joinpath("options.schema.json").read_text())
    return jsonschema_rs.validator_for(schema)
