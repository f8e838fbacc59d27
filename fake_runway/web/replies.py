"""An answer before it is bytes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from fake_runway.core.types import Json

NO_BODY: Json = MappingProxyType({})


class Rendered(dict[str, Any]):
    """A body that is answered again and again, so that what it becomes is made once.

    Attributes:
        raw: its bytes.
        redacted: what a journal keeps of it.
    """

    __slots__ = ("raw", "redacted")

    def __init__(self, body: Json, *, redacted: object) -> None:
        super().__init__(body)
        self.raw = orjson.dumps(body)
        self.redacted = redacted


class Reply(NamedTuple):
    """What an operation answers. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
