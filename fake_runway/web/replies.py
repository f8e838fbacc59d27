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
        # a copy: those of orjson are made with room for 1,024 bytes, and to keep them is to take
        # that room anew each time, which takes five times as long as a copy
        self.raw = b"%b" % orjson.dumps(body)
        self.redacted = redacted


class Reply(NamedTuple):
    """What an operation answers. `body` None: an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = MappingProxyType({})
