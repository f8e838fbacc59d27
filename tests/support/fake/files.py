"""Files that clients send, each made once, and how they are sent."""

from __future__ import annotations

import base64
import io
from functools import cache
from struct import pack
from typing import Any

import aiohttp

from fake_runway.media.making import make
from fake_runway.media.wanted import CONTENT_TYPES, Format, Wanted


@cache
def made(format_: Format, width: int = 640, height: int = 480, seconds: float = 2.0) -> bytes:
    """Return a file that opens."""
    wanted = Wanted(format=format_, width=width, height=height, seconds=seconds)
    return make(wanted).content


def webm(seconds: float, width: int = 640, height: int = 480) -> bytes:
    """Return what describes a film in WebM, without its frames."""

    def element(id_: str, content: bytes) -> bytes:
        return bytes.fromhex(id_) + (0x4000 | len(content)).to_bytes(2) + content

    sides = element("B0", width.to_bytes(2)) + element("BA", height.to_bytes(2))
    track = element("AE", element("83", b"\1") + element("E0", sides))
    info = element("4489", pack(">d", seconds * 1000))
    described = element("1549A966", info) + element("1654AE6B", track)
    return element("1A45DFA3", b"") + element("18538067", described)


def aac(seconds: float) -> bytes:
    """Return a sound of empty frames at 8,000 samples a second."""
    return bytes.fromhex("FFF16C0000FFFC") * round(seconds * 8000 / 1024)


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
