"""Fetching the files that a create names by URL: with `--fetch-assets`, and else never.

The rules are those of the documentation: HTTPS, a domain name, HEAD and GET answered with 200 and
no redirect, a type that is that of the file, a length, and bounds of size and time. What a file
says of itself is put behind its URL (`inputs.py`), and the file is forgotten.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from fake_runway.core.files import UNKNOWN_TYPE, FileFacts
from fake_runway.core.tasks.inputs import Input, inputs_of
from fake_runway.core.types import Json
from fake_runway.media.errors import UnreadableMedia
from fake_runway.media.reading import read
from fake_runway.runway_api.inputs import BadInput, facts_of, has_ip_address, with_facts, with_text

LARGEST: Mapping[str, int] = {"image": 16_000_000, "video": 32_000_000, "audio": 32_000_000}
"""Bytes of a file by its kind. Source: the public documentation."""
FETCH_S = 10.0
"""Seconds of real time for one file, its HEAD included; assumed."""
AT_ONCE = 4
MOST_FILES = 40
_AGENT = "RunwayML API/fake"  # the real one begins like this
_LONGEST_URL = 2048
_PIECE = 1 << 16


class AssetFetcher:
    """Fetches files, some at once.

    Args:
        schemes: of URLs that are fetched; other URLs are refused.
    """

    def __init__(self, *, schemes: tuple[str, ...] = ("https",)) -> None:
        self._schemes = schemes
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def with_facts(self, body: Json) -> Json:
        """Return a body with what is known of its files behind their URLs.

        Raises:
            BadInput: one of them cannot be fetched, or is no file of its kind.
        """
        found = [each for each in inputs_of(body) if "://" in each.address[:10]]
        found = [each for each in found if not each.address.startswith("runway:")]
        if len(found) > MOST_FILES:
            raise BadInput(found[MOST_FILES].path, f"expected at most {MOST_FILES} files, got more")
        for each in found:
            facts = await self._facts(each)
            text = with_facts(each.address, facts)
            if len(text) <= _LONGEST_URL:
                body = with_text(body, each.path, text)
        return body

    async def _facts(self, each: Input) -> FileFacts:
        if has_ip_address(each.address):
            raise BadInput(each.path, "expected a domain name in the URL, got an IP address")
        try:
            if urlsplit(each.address).scheme.lower() not in self._schemes:
                raise BadInput(each.path, f"expected a URL with {' or '.join(self._schemes)}")
            async with self._turns, asyncio.timeout(FETCH_S):
                return await _fetched(each)
        except TimeoutError:
            problem = f"expected the file within {FETCH_S:g} seconds"
        except (aiohttp.ClientError, ValueError, OSError) as error:
            problem = f"the file cannot be fetched: {type(error).__name__}"
        raise BadInput(each.path, problem)


async def _fetched(each: Input) -> FileFacts:
    headers = {"User-Agent": _AGENT}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.head(each.address, allow_redirects=False) as head:
            _check(each, "HEAD", head)
        async with http.get(each.address, allow_redirects=False) as answer:
            _check(each, "GET", answer)
            content = await _content(each, answer)
    try:
        description = await asyncio.to_thread(read, content)
    except UnreadableMedia as error:
        raise BadInput(each.path, str(error)) from None
    declared = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    if not description.matches(declared):
        raise BadInput(
            each.path, f"expected Content-Type: {description.content_type}, got {declared[:60]}"
        )
    return facts_of(description, len(content))


def _check(each: Input, method: str, answer: aiohttp.ClientResponse) -> None:
    if answer.status != 200:  # a redirect, too
        raise BadInput(each.path, f"expected 200 to a {method} of the URL, got {answer.status}")
    declared = answer.headers.get("Content-Type", UNKNOWN_TYPE).partition(";")[0].strip().lower()
    if declared == UNKNOWN_TYPE:
        raise BadInput(each.path, "expected a Content-Type, got none or that of any bytes")
    if answer.content_length is None:
        raise BadInput(each.path, f"expected a Content-Length in the answer to a {method}")
    if answer.content_length > _largest(each):
        raise BadInput(each.path, f"expected at most {_largest(each)} bytes, got more")


async def _content(each: Input, answer: aiohttp.ClientResponse) -> bytes:
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(_PIECE):
        size += len(piece)
        if size > _largest(each):  # it was encoded
            raise BadInput(each.path, f"expected at most {_largest(each)} bytes, got more")
        pieces.append(piece)
    return b"".join(pieces)


def _largest(each: Input) -> int:
    return LARGEST.get(each.kind, max(LARGEST.values()))
