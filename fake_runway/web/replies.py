"""An answer before it is bytes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    pass


NO_BODY: Mapping[str, Any] = MappingProxyType({})


NO_QUERY: Mapping[str, str] = MappingProxyType({})


class Reply(NamedTuple):
    """An answer before it is bytes. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
