"""Files inside of requests: `data:<type>;base64,<content>` (RFC 2397)."""

import re
from binascii import Error, a2b_base64

from fake_runway.core.values import dataclass
from fake_runway.media.errors import DataUriTooLong, MalformedDataUri

LONGEST_IMAGE = 5_242_880
LONGEST = 16_777_216
"""In characters: of a picture, and of a film or a sound. Source: OpenAPI document."""

_LONGEST_HEAD = 256
_HEAD = re.compile(
    r"data:([!#$&^.+\w-]{1,64}/[!#$&^.+\w-]{1,64})(?:;[^;,]{1,80})*;base64", re.ASCII
)


@dataclass(frozen=True, slots=True)
class DataUri:
    """A file in a request.

    Attributes:
        content_type: as the client declares it, in lower case, without parameters.
        content: the bytes.
    """

    content_type: str
    content: bytes


def read_data_uri(uri: str, *, longest: int = LONGEST) -> DataUri:
    """Return what a data URI holds. Takes time in proportion to its length.

    Args:
        uri: begins with `data:`, in upper or lower case.
        longest: how many characters it may have.

    Raises:
        DataUriTooLong: it has more; nothing of it was decoded.
        MalformedDataUri: it has another form, or is empty.
    """
    if len(uri) > longest:
        raise DataUriTooLong(longest, len(uri))
    comma = uri.find(",", 0, _LONGEST_HEAD)
    head = uri[: max(comma, 0)].lower()
    if (match := _HEAD.fullmatch(head)) is None:
        raise MalformedDataUri(
            f"Expected a data URI of the form data:<type>/<subtype>;base64,<content>, "
            f"got one that begins with {uri[:40]!r}."
        )
    try:
        content = a2b_base64(uri[comma + 1 :], strict_mode=True)
    except (Error, ValueError) as error:
        raise MalformedDataUri(f"Expected base64 after the comma, got: {error}.") from None
    if not content:
        raise MalformedDataUri("Expected content after the comma, got none.")
    return DataUri(match[1], content)
