"""Read files that should hold an OpenAPI document, or an overlay: JSON or YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import orjson

DEEPEST = "the document is nested too deeply"
# without an end, too: else each quotation mark in such a text would look through the rest of it
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_DEEP = 128  # levels that no document needs and every parser follows


class BadDocument(ValueError):
    """Not an OpenAPI 3 document, or one that breaks its rules; the message names the place."""


def read_spec(file: Path) -> Mapping[str, Any]:
    """Return the content of a JSON or YAML file.

    Raises:
        BadDocument: no such file, or its content is neither, or no object; the message names it.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadDocument(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if file.suffix.lower() not in (".yaml", ".yml"):
            why = DEEPEST if _is_deep_json(content) else error
            raise BadDocument(f"{file}: not JSON: {why}") from None
        document = _yaml(file, content)
    if not isinstance(document, Mapping):
        raise BadDocument(f"{file}: expected an OpenAPI document, got no object")
    return document


def _yaml(file: Path, content: bytes) -> object:
    import yaml  # not at the start of every command

    value = None
    try:
        # Through JSON, because YAML makes dates of some texts and numbers of statuses as keys.
        value = yaml.safe_load(content)
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        deep = isinstance(error, RecursionError) or _is_deep(value)
        what = DEEPEST if deep else " ".join(str(error).split())
        wanted = "expected YAML that can be written as JSON"
        raise BadDocument(f"{file}: {wanted}: {what[:200]}") from None


# What is too deep for a parser is said in our words, whatever its own are.


def _is_deep_json(content: bytes) -> bool:
    without_texts = _TEXT.sub(b"", content)
    steps = (1 if each in b"[{" else -1 for each in without_texts if each in b"[{}]")
    return max(accumulate(steps), default=0) > _DEEP


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEP):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)
