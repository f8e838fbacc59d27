"""The files of this package as they are sent: read, hashed and compressed once."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""By the end of a file's name; other files are not sent."""
_COMPRESSED_ALREADY = frozenset({".png"})


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file. `compressed` is the same as gzip, None where that saves nothing."""

    content_type: str
    raw: bytes
    compressed: bytes | None
    etag: str


def page_files(folder: Traversable | None = None) -> Mapping[str, PageFile]:
    """Return the files by their path below this package, such as `demo/index.html`."""
    return dict(_found(folder or files(__package__), ""))


def _found(folder: Traversable, prefix: str) -> Iterator[tuple[str, PageFile]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _found(entry, f"{prefix}{entry.name}/")
            continue
        end = entry.name[entry.name.rfind(".") :]
        if end in CONTENT_TYPES:
            raw = entry.read_bytes()
            packed = None if end in _COMPRESSED_ALREADY else gzip.compress(raw, 9, mtime=0)
            etag = f'"{sha256(raw).hexdigest()[:32]}"'
            yield f"{prefix}{entry.name}", PageFile(CONTENT_TYPES[end], raw, packed, etag)
