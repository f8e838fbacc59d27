"""Files that clients send, each made once, and how they are sent."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import Any

import aiohttp

from fake_runway.media.making import make
from fake_runway.media.wanted import CONTENT_TYPES, Format, Wanted


@cache
def made(format_: Format, width: int = 640, height: int = 480, seconds: float = 2.0) -> bytes:
    """Return a file that opens."""
    wanted = Wanted(format=format_, width=width, height=height, seconds=seconds)
    return make(wanted).content


def data_uri(format_: Format, content: bytes | None = None) -> str:
    """Return a file as a text in a body; of another type than it is, if `content` is given."""
    raw = base64.b64encode(made(format_) if content is None else content).decode()
    return f"data:{CONTENT_TYPES[format_]};base64,{raw}"


def form(slot: Any, content: bytes, *, filename: str = "cat.png") -> aiohttp.FormData:
    """Return the form that brings a file to its slot, as the official helpers send it."""
    data = aiohttp.FormData()
    for name, text in slot["fields"].items():
        data.add_field(name, text)
    data.add_field("file", io.BytesIO(content), filename=filename, content_type="image/png")
    return data
