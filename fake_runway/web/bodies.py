"""Request bodies and ids: read, check against the contract, refuse in the provider's words.

The live API answers a bad body of `realtime_sessions` with a single sentence of its validation
library and no `issues` (observed for an unknown key and for a number that is too big). The other
sentences here are in the style of the same library, and assumed. The side header X-Fake-Where lists
the places in the body that are wrong.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property

import orjson
from aiohttp import web

from contracts.wire.documents import load
from contracts.wire.problems import Kind, Problem, Wording, in_json, levels, where
from contracts.wire.shapes import OperationShapes, Shapes
from fake_runway.core.lifecycles.vocabulary import quick_to_find
from fake_runway.core.text import short
from fake_runway.core.types import Json
from fake_runway.web.errors import (
    BadBody,
    BadId,
    BadVersion,
    BodyTooDeep,
    BodyTooLarge,
    WrongContentType,
)
from fake_runway.web.replies import NO_BODY

API_VERSION = "2024-11-06"
LONGEST_BODY = 1 << 20  # bytes; the real limit is unknown, and aiohttp's is the same
DEEPEST_BODY = 64
"""Levels of a JSON body. Journals and records nest it once more, and JSON is written to 254."""
MOST_VALUES = 12_000
"""Values in a JSON body: to check one costs time. The largest create of the contract has fewer."""
_LONGEST_MESSAGE = 1_000
_JSON = "application/json"

RETIRED: Mapping[str, str] = {
    "veo3": "veo3.1",
    "gen4_aleph": "aleph2",
    "gen3a_turbo": "gen4_turbo",
}
"""Models that are in no published request any more, and those that came after them."""

PROVIDER = Wording(
    phrases={
        Kind.UNKNOWN_KEY: "Unrecognized key{s}: {}",  # observed
        Kind.MAXIMUM: "Too big: expected number to be <={}",  # observed
        Kind.MINIMUM: "Too small: expected number to be >={}",
        Kind.MAX_LENGTH: "Too big: expected string to have <={} characters",
        Kind.MIN_LENGTH: "Too small: expected string to have >={} characters",
        Kind.MAX_ITEMS: "Too big: expected array to have <={} items",
        Kind.CONST: "Invalid input: expected {}",
        Kind.ENUM: "Invalid option: expected one of {}",
        Kind.PATTERN: "Invalid string: must match pattern {}",
        Kind.REQUIRED: "Invalid input: expected {}, received undefined",
        Kind.TYPE: "Invalid input: expected {}, received {got}",
    },
    otherwise="Invalid input",
    quoted=in_json,
    between="|",
)
"""What the provider's validation library says of a problem."""

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_UUID7 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)


@quick_to_find
class Body(Enum):
    """What an operation does with the request's body."""

    NONE = "none"  # not read
    IGNORED = "ignored"  # empty or JSON with any content
    OPTIONAL = "optional"  # validated; empty means {}
    REQUIRED = "required"  # validated


def check_version(version: str | None) -> None:
    """Refuse a missing or unknown X-Runway-Version. The text is assumed.

    Raises:
        BadVersion.
    """
    if version != API_VERSION:
        got = "none" if version is None else "another"
        raise BadVersion(f"Expected the header X-Runway-Version: {API_VERSION}, got {got}.")


def is_uuid4(text: str) -> bool:
    """Return whether `text` is a version 4 UUID, in either case."""
    return _UUID4.fullmatch(text) is not None


def checked_id(session_id: str, *, sortable: bool = False) -> str:
    """Return the id of a path in lower case, as the account spells it.

    Args:
        sortable: it is a version 7 UUID.

    Raises:
        BadId: the text is not a version 4 UUID, or not of the version that is asked for.
    """
    if (_UUID7 if sortable else _UUID4).fullmatch(session_id) is None:
        raise BadId("Invalid UUID", where="path: id")
    return session_id.lower()


class Bodies:
    """Reads and checks the bodies of all operations; each schema is compiled when first needed.

    Args:
        shapes: of operations by id; None: all of the document.

    Attributes:
        document: the contract that the operations are in.
    """

    document = "runway"

    def __init__(self, shapes: Mapping[str, OperationShapes] | None = None) -> None:
        self._given = shapes

    async def read(
        self,
        request: web.BaseRequest,
        operation_id: str,
        *,
        use: Body,
        strict_keys: bool,
        strict_type: bool,
    ) -> Json:
        """Return the validated body of a request, empty where its operation takes none.

        Args:
            use: what the operation does with it.
            strict_keys: unknown keys are refused.
            strict_type: a content type other than JSON is refused even if the body is ignored.

        Raises:
            WrongContentType, BodyTooLarge, BodyTooDeep, BadBody.
        """
        declared = request.headers.get("Content-Type")
        if not self.wants(declared, use, strict_type=strict_type):
            return NO_BODY
        return self.checked(await read(request), operation_id, use=use, strict_keys=strict_keys)

    def wants(self, declared: str | None, use: Body, *, strict_type: bool) -> bool:
        """Return whether the body of a request is looked at, whose content type is right then.

        Args:
            declared: the content type, None if there is none.

        Raises:
            WrongContentType.
        """
        if use is Body.NONE or (use is Body.IGNORED and not strict_type):
            return False
        if declared is None and use is not Body.REQUIRED:
            return True
        if declared != _JSON and _media_type(declared or "") != _JSON:
            raise WrongContentType(self._wrong_type(declared))
        return True

    def checked(
        self,
        raw: bytes,
        operation_id: str,
        *,
        use: Body,
        strict_keys: bool,
        retired: bool = False,
    ) -> Json:
        """Return the validated value of a body that is wanted; arguments as of `check`.

        Raises:
            BodyTooLarge, BodyTooDeep, BadBody.
        """
        if not raw and use is not Body.REQUIRED:
            return NO_BODY
        value = _parse(raw)
        if use is not Body.IGNORED:
            self.check(value, operation_id, strict_keys=strict_keys, retired=retired)
        if not isinstance(value, dict):
            raise BadBody("Invalid input: expected object")
        return value

    def check(
        self, value: object, operation_id: str, *, strict_keys: bool, retired: bool = False
    ) -> None:
        """Refuse a body that is not of the operation's shape.

        Args:
            retired: one for a model that is gone is checked as one for the model after it.

        Raises:
            BadBody.
        """
        if retired and isinstance(value, dict) and value.get("model") in RETIRED:
            value = {**value, "model": RETIRED[value["model"]]}
        validator = self._shapes[operation_id].body
        if validator is None or validator.is_valid(value):
            return
        if problems := validator.problems(value, unknown_keys=strict_keys):
            places = "; ".join(where(problem.path) for problem in problems[:8])
            in_ascii = places.encode("ascii", "backslashreplace").decode()
            message = self._wrong_body(problems, value)
            raise BadBody(
                short(message, _LONGEST_MESSAGE),
                where=short(in_ascii, _LONGEST_MESSAGE),
                problems=problems,
            )

    def _wrong_type(self, declared: str | None) -> str:
        """Say what is wrong with a content type, None where there is none."""
        return "Incorrect content type"  # observed

    def _wrong_body(self, problems: Sequence[Problem], value: object) -> str:
        """Say what is wrong with the value of a body."""
        return PROVIDER.expected(problems[0])

    @cached_property
    def _shapes(self) -> Mapping[str, OperationShapes]:
        if self._given is not None:
            return self._given
        every = Shapes.load() if self.document == "runway" else Shapes(load(self.document))
        return {each.operation.id: each for each in every}


def check_tool_names(create: Json) -> None:
    """Refuse two tools of the same name in a valid create, which a JSON schema cannot say.

    Source: the public documentation of tools; the text is assumed.

    Raises:
        BadBody.
    """
    names: set[str] = set()
    for index, tool in enumerate(create.get("tools", ())):
        if tool["name"] in names:
            raise BadBody("Tool names must be unique", where=f"$.tools[{index}].name")
        names.add(tool["name"])


def _media_type(content_type: str) -> str:
    # aiohttp reads the whole header as one of an e-mail: up to half a second, or no end of brackets
    return content_type.partition(";")[0].strip().lower()


async def read(request: web.BaseRequest) -> bytes:
    """Return the body of a request.

    Raises:
        BodyTooLarge.
        BadBody: its Content-Encoding is not what it says.
    """
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyTooLarge("Request body too large") from None
    except web.RequestPayloadError:
        raise BadBody("The body cannot be read") from None


def _parse(raw: bytes) -> object:
    # first by its commas, outside of texts: to make so many values costs more than to count them
    if raw.count(b",") >= MOST_VALUES and _TEXT.sub(b"", raw).count(b",") >= MOST_VALUES:
        raise BodyTooLarge(f"Expected a body of at most {MOST_VALUES} values, got more.")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadBody("The body is not valid JSON", where=place) from None
    brackets = raw.count(b"[") + raw.count(b"{")
    if brackets >= DEEPEST_BODY or brackets + raw.count(b",") >= MOST_VALUES:
        check_extent(value)
    return value


def check_extent(value: object, *, deepest: int = DEEPEST_BODY, most: float = MOST_VALUES) -> None:
    """Refuse a JSON value that has more than `deepest` levels or `most` parts. O(parts).

    Raises:
        BodyTooDeep, BodyTooLarge.
    """
    count = 0
    for depth, level in enumerate(levels(value)):
        if depth == deepest:
            raise BodyTooDeep(f"Expected a body of at most {deepest} levels, got more.")
        count += len(level)
        if count > most:
            raise BodyTooLarge(f"Expected a body of at most {most} values, got more.")
