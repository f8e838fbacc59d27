"""An answer before it is bytes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fake_runway.core.types import Json

NO_BODY: Json = MappingProxyType({})


class Reply(NamedTuple):
    """What an operation answers. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
