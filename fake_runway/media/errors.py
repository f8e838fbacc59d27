"""What can be wrong with media: of a request to make a file, and of a file that is read."""

from collections.abc import Iterable
from typing import ClassVar


class MediaError(Exception):
    """Something is wrong with a file, or with what a file was to be.

    Attributes:
        code: stable, for programs. The text is for people.
    """

    code: ClassVar[str] = "media"


class UnknownFormat(MediaError):
    """No file of that format can be made."""

    code = "unknown_format"

    def __init__(self, got: str, expected: Iterable[str]) -> None:
        super().__init__(f"Expected a format of {', '.join(expected)}, got {got[:40]!r}.")


class UnreadableMedia(MediaError):
    """The bytes are no file of a known type, or the file is damaged."""

    code = "unreadable_media"


class MalformedDataUri(MediaError):
    """The text is no data URI with base64."""

    code = "malformed_data_uri"


class DataUriTooLong(MediaError):
    """The data URI has more characters than the limit."""

    code = "data_uri_too_long"

    def __init__(self, limit: int, got: int) -> None:
        super().__init__(f"Expected a data URI of at most {limit:,} characters, got {got:,}.")
