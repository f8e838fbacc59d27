"""All worlds of one server in one file, so that a restart loses nothing.

The file is a log: frames, each with its length and checksum, of whole worlds, of calls and acts,
of the bytes of uploads, and of worlds that were dropped. A whole world replaces all calls and acts
of its name before it. The bytes of an upload stand before the call that brought them. A process
that is killed may leave half a frame at the end; it is cut off when the file is read, and nothing
was answered that it holds. When the file has grown to a multiple of what it tells, a shorter one is
written beside it, a world at a time, and put in its place.

SQLite was the other choice. It keeps as much, takes 20 us for a call where this takes 5, and cuts
off a damaged end without saying so.
"""

import asyncio
import logging
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from fake_runway.clock import call_after, next_turn, pause
from fake_runway.worlds.preserved import contents_of, preserved
from fake_runway.worlds.state_place import StateFileError, Sync
from fake_runway.worlds.store import KeptWorlds, NotKept
from fake_runway.worlds.world import World

_MAGIC = b"fake-runway worlds 1\n"
_HEAD = Struct("<IIcB")  # length of name and body, their checksum with the kind, kind, and of name
_WHOLE, _ENTRY, _CONTENT, _DROPPED = b"W", b"E", b"U", b"D"
_DIGEST = 32  # letters of it, before the bytes
_LARGEST = 1 << 30
_SOON_S = 0.1
_SYNC_EVERY_S = 1.0
_GROWS_BY = 32 << 20
"""Bytes by which a file outgrows what it tells at least, before it is written anew."""

_log = logging.getLogger("fake_runway")


class Found(NamedTuple):
    """A world as a file tells it: the snapshot, the entries after it, and bytes of uploads."""

    snapshot: bytes
    entries: list[bytes]
    contents: dict[str, bytes]


def _frame(kind: bytes, name: str, body: bytes) -> bytes:
    named = name.encode()
    content = named + body
    return _HEAD.pack(len(content), zlib.crc32(content, kind[0]), kind, len(named)) + content


def _content_frame(name: str, digest: str, raw: bytes) -> bytes:
    return _frame(_CONTENT, name, digest.encode() + raw)


class StateFile:
    """The store in one file.

    Args:
        grows_by: for tests: see `_GROWS_BY`.

    Raises:
        StateFileError: it cannot be opened, is another server's, or no such file.
    """

    def __init__(self, path: Path, *, sync: Sync, grows_by: int = _GROWS_BY) -> None:
        self._path = path
        self._sync = sync
        self._grows_by = grows_by
        self._fd = _opened(path)
        self._size = 0  # up to here the file has whole frames
        self._told = 0  # its size when it was last written anew
        self._waiting: list[Callable[[], bytes]] = []  # frames, in order
        self._timer: asyncio.TimerHandle | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._synced: asyncio.Future[None] | None = None  # of the next sync
        self._unkept: dict[World, None] = {}  # those whose answers wait for it
        self._rewriting: asyncio.Task[None] | None = None
        self._beside: _Beside | None = None
        self._contents: dict[str, set[str]] = {}  # by world, the digests that the file has
        self._failed = False
        self.worlds: KeptWorlds | None = None

    # Reading

    def read(self) -> dict[str, Found]:
        """Return the worlds that it tells, used longest ago first; cut off a damaged end."""
        found: dict[str, Found] = {}
        contents: dict[str, dict[str, bytes]] = {}
        with open(self._fd, "rb", closefd=False) as file:
            raw = file.read()
        if raw and not raw.startswith(_MAGIC):
            if not _MAGIC.startswith(raw):  # else a beginning that was cut off
                raise StateFileError(f"expected a file of fake-runway, got another: {self._path}")
            raw = b""
        self._size = len(_MAGIC) if raw else 0
        for kind, name, body, end in _frames(raw, self._size):
            self._size = end
            if kind == _WHOLE:
                found.pop(name, None)
                found[name] = Found(body, [], contents.setdefault(name, {}))
            elif kind == _ENTRY and name in found:
                found[name].entries.append(body)
            elif kind == _CONTENT:
                digest = body[:_DIGEST].decode()
                contents.setdefault(name, {})[digest] = body[_DIGEST:]
            elif kind == _DROPPED:
                found.pop(name, None)
                contents.pop(name, None)
        self._contents = {name: set(each) for name, each in contents.items()}
        if raw and len(raw) > self._size:
            _log.warning(
                "%s: the last %d bytes are no whole entry and were dropped: the server was ended"
                " while it wrote them",
                self._path,
                len(raw) - self._size,
            )
        os.ftruncate(self._fd, self._size)
        if not raw:
            self._write(_MAGIC)
        return found

    # Writing

    def entry(self, world: World, raw: Callable[[], bytes], *, soon: bool) -> None:
        """Keep an entry, as of `Store`."""
        name = world.name
        if soon:
            self._waiting.append(lambda: _frame(_ENTRY, name, raw()))
            if self._timer is None:
                self._timer = call_after(_SOON_S, self._flush_quietly)
            return
        frame = _frame(_ENTRY, name, raw())
        self._waiting.append(lambda: frame)
        self._keep(world)

    def whole(self, world: World, raw: bytes) -> None:
        """Keep a whole world, as of `Store`."""
        frame = _frame(_WHOLE, world.name, raw)
        self._waiting.append(lambda: frame)
        self._keep(world)

    def contents(self, world: World, found: Mapping[str, bytes]) -> None:
        """Keep bytes of uploads, as of `Store`. Others go when the file is written anew."""
        known = self._contents.setdefault(world.name, set())
        for digest in found.keys() - known:
            known.add(digest)
            frame = _content_frame(world.name, digest, found[digest])
            self._waiting.append(lambda frame=frame: frame)  # type: ignore[misc]  # bound now

    def drop(self, world: World, *, reason: str) -> None:
        """Forget a world, as of `Store`; in this file, for any reason."""
        del reason
        self._contents.pop(world.name, None)
        frame = _frame(_DROPPED, world.name, b"")
        self._waiting.append(lambda: frame)
        self._keep(world)

    def _keep(self, world: World) -> None:
        """Write what waits; where that is not enough, let the answers of a world wait."""
        loop = asyncio.get_running_loop()
        try:
            self.flush()
        except OSError as error:
            world.unkept = loop.create_future()
            world.unkept.set_exception(
                NotKept(f"The call could not be written down: {error.strerror or 'no file'}.")
            )
            world.unkept.exception()  # else asyncio complains where no answer waits for it
            loop.call_soon(_keeps_again, world, world.unkept)
            return
        world.unkept = None
        if self._sync is Sync.ALWAYS:
            if self._synced is None:
                self._synced = loop.create_future()
            world.unkept = self._synced
            self._unkept[world] = None
        if self._sync is not Sync.NEVER and self._syncing is None:
            self._syncing = asyncio.ensure_future(self._sync_all())

    def _flush_quietly(self) -> None:
        self._timer = None
        with suppress(OSError):  # said already; tried again with the next
            self.flush()

    def flush(self) -> None:
        """Write what waits.

        Raises:
            OSError: it waits on, and the file has whole frames only.
        """
        frames = [each() for each in self._waiting]
        written = b"".join(frames)
        try:
            self._write(written)
        except OSError as error:
            if not self._failed:
                _log.error("%s cannot be written: %s", self._path, error.strerror)
            self._failed = True
            self._waiting = [lambda: written]
            raise
        if self._beside is not None:
            self._beside.later.append(written)
        self._failed = False
        self._waiting.clear()
        if self._size > 2 * self._told + self._grows_by and self._rewriting is None:
            self._rewriting = asyncio.ensure_future(self.write_anew())

    def _write(self, raw: bytes) -> None:
        rest = memoryview(raw)
        try:
            while rest:
                rest = rest[os.pwrite(self._fd, rest, self._size + len(raw) - len(rest)) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += len(raw)

    async def _sync_all(self) -> None:
        try:
            if self._sync is Sync.SECOND:
                await pause(_SYNC_EVERY_S)
            while True:
                done, self._synced = self._synced, None
                worlds, self._unkept = list(self._unkept), {}
                try:
                    await asyncio.to_thread(os.fsync, self._fd)
                except OSError as error:
                    _log.error("%s cannot be synced: %s", self._path, error.strerror)
                    if done is not None:
                        done.set_exception(NotKept("The call could not be written down."))
                        done.exception()
                else:
                    if done is not None:
                        done.set_result(None)
                for world in worlds:
                    _keeps_again(world, done)
                if self._synced is None:
                    return
        finally:
            self._syncing = None

    # Writing it anew

    async def write_anew(self) -> None:
        """Write a file that tells the same and nothing twice, and put it in place of this one."""
        assert self.worlds is not None
        path = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._beside = beside = _Beside(_opened(path, new=True), [])
            os.write(beside.fd, _MAGIC)
            for world in list(self.worlds):
                if self.worlds.get(world.name) is world:
                    with suppress(OSError):
                        self.flush()  # what is behind its snapshot must not stand before it too
                    beside.later.append(
                        _frame(_WHOLE, world.name, preserved(world, self.worlds.catalogue))
                    )
                    contents = contents_of(world)
                    self._contents[world.name] = set(contents)
                    for digest, raw in contents.items():
                        beside.later.append(_content_frame(world.name, digest, raw))
                await next_turn()
                await asyncio.to_thread(beside.write)
            await asyncio.to_thread(os.fsync, beside.fd)
            beside.write()
            os.fsync(beside.fd)
            path.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            _log.error("%s cannot be written anew: %s", self._path, error.strerror)
            path.unlink(missing_ok=True)
            self._told = self._size  # not again at once
        else:
            old, self._fd = self._fd, beside.fd
            if self._syncing is None:
                os.close(old)
            else:  # a thread may have it
                self._syncing.add_done_callback(lambda _: os.close(old))
            self._size = self._told = os.fstat(self._fd).st_size
        finally:
            self._beside = self._rewriting = None

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if self._timer is not None:
            self._timer.cancel()
        if self._syncing is not None and self._sync is Sync.SECOND:
            self._syncing.cancel()  # it waits; all is synced below
        for task in (self._rewriting, self._syncing):
            if task is not None:
                await asyncio.gather(task, return_exceptions=True)
        with suppress(OSError):
            self.flush()
            os.fsync(self._fd)
        os.close(self._fd)


class _Beside(NamedTuple):
    """The file that is being written anew.

    Attributes:
        later: what is to be written to it, in order.
    """

    fd: int
    later: list[bytes]

    def write(self) -> None:
        """Write it."""
        while self.later:
            rest = memoryview(self.later.pop(0))
            while rest:
                rest = rest[os.write(self.fd, rest) :]


def _keeps_again(world: World, done: asyncio.Future[None] | None) -> None:
    if world.unkept is done:
        world.unkept = None


def _frames(raw: bytes, start: int) -> Iterator[tuple[bytes, str, bytes, int]]:
    """Yield kind, name, body and end of each frame, up to the first that is damaged."""
    while start + _HEAD.size <= len(raw):
        length, checksum, kind, named = _HEAD.unpack_from(raw, start)
        begin, end = start + _HEAD.size, start + _HEAD.size + length
        if length > _LARGEST or end > len(raw) or named > length:
            return
        content = raw[begin:end]
        if zlib.crc32(content, kind[0]) != checksum:
            return
        yield kind, content[:named].decode(), content[named:], end
        start = end


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _opened(path: Path, *, new: bool = False) -> int:
    """Open a file that no other server has open.

    Raises:
        StateFileError: it cannot be.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if new else 0), 0o600)
    except OSError as error:
        raise StateFileError(f"{path}: {error.strerror}") from None
    try:
        import fcntl  # not on Windows
    except ImportError:
        return fd
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise StateFileError(f"{path} is in use by another server") from None
    return fd
