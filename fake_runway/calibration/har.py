"""Calls from recorded traffic, as browsers and proxies write it (HAR 1.2).

Of a recording only what the rules need is kept, in memory; nothing of it is written anywhere.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fake_runway.calibration.history import History, Seen, instant, path_of
from fake_runway.core.text import printable

LARGEST_HAR = 256 * 1024 * 1024
_MOST_ENTRIES = 100_000
_LARGEST_BODY = 1024 * 1024


class NotHar(Exception):
    """A file that is no recording. The message says what was expected."""


def read_har(file: Path) -> History:
    """Return the calls to a Runway API in a recording, in the order of their answers.

    Raises:
        NotHar: it cannot be read, is too large, is none, or has no such call.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_HAR + 1)
    except OSError as error:
        raise NotHar(f"{file}: {error.strerror or 'cannot be read'}") from None
    if len(raw) > LARGEST_HAR:
        raise NotHar(f"{file}: expected at most {LARGEST_HAR >> 20} MiB, got more")
    try:
        entries = json.loads(raw)["log"]["entries"]
    except (ValueError, RecursionError) as error:
        reason = printable(str(error)[:80])
        raise NotHar(f"{file}: expected a HAR file, which is JSON: {reason}") from None
    except (KeyError, TypeError):
        raise NotHar(f"{file}: expected log.entries, as HAR files have") from None
    if not isinstance(entries, list) or len(entries) > _MOST_ENTRIES:
        raise NotHar(f"{file}: expected a list of at most {_MOST_ENTRIES} as log.entries")
    calls = [seen for each in entries if (seen := _seen(each)) is not None]
    if not calls:
        raise NotHar(
            f"{file}: none of its {len(entries)} entries is a call of /v1/... with an answer"
        )
    return History(sorted(calls, key=lambda each: each.at))


def _seen(entry: Any) -> Seen | None:
    """Return what an entry says; None: it is no answered call of the API."""
    try:
        asked, answered = entry["request"], entry["response"]
        path = path_of(str(asked["url"])[:4000])
        began, status = instant(entry["startedDateTime"]), int(answered["status"])
        took_s = max(float(entry.get("time", 0)), 0.0) / 1000
    except (KeyError, TypeError, ValueError):
        return None
    if not path or began is None or not 100 <= status <= 599 or asked.get("method") == "OPTIONS":
        return None
    sent, came = _headers(asked), _headers(answered)
    return Seen(
        at=began + took_s,
        took_s=took_s,
        method=str(asked.get("method"))[:10].upper(),
        path=path,
        query=str(asked["url"])[:4000].partition("?")[2].partition("#")[0],
        content_type=sent.get("content-type"),
        versioned="x-runway-version" in sent,
        asked=_object(asked.get("postData")),
        status=status,
        headers=came,
        body=_object(answered.get("content")),
        agent=sent.get("user-agent", "")[:120],
        retry=sent.get("x-stainless-retry-count", "")[:3],
    )


def _headers(message: Any) -> Mapping[str, str]:
    given = message.get("headers")
    return {
        str(each.get("name")).lower(): str(each.get("value"))[:300]
        for each in (given if isinstance(given, list) else [])
        if isinstance(each, dict)
    }


def _object(content: Any) -> dict[str, Any]:
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(text, str) or len(text) > _LARGEST_BODY:
        return {}
    try:
        if content.get("encoding") == "base64":
            text = base64.b64decode(text)
        body = json.loads(text)
    except (ValueError, RecursionError, binascii.Error):
        return {}
    return body if isinstance(body, dict) else {}
