"""Downloads of outputs: GET and HEAD, whole or a range, 403 once the address has expired."""

import re
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from fake_runway.core.errors import Refused
from fake_runway.core.tasks.task import Downloads
from fake_runway.media.addresses import ROOT, is_valid, output_seed, read_address
from fake_runway.media.asset_files import asset_file
from fake_runway.web import cors
from fake_runway.web.paths import Path
from fake_runway.worlds.registry import Worlds

if TYPE_CHECKING:
    from fake_runway.media.wanted import Made
    from fake_runway.media.workshop import Workshop

_PIECE = 1 << 18  # bytes that are written at once
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_PAGE = "<!doctype html><title>Sign in</title><p>Please sign in to see this page."
_HEADERS = {**cors.ORIGIN, "X-Content-Type-Options": "nosniff"}


def is_media(path: Path) -> bool:
    """Return whether a path is that of an output."""
    return path.in_world[:1] == (ROOT,)


class MediaHandler:
    """The handler of every download."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    @cached_property
    def _workshop(self) -> "Workshop":
        from fake_runway.media.workshop import Workshop  # what makes files: with the first download

        return Workshop()

    def close(self) -> None:
        """End what makes files."""
        if "_workshop" in self.__dict__:
            self._workshop.close()

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request for an output."""
        try:
            return await self._answer(request, path)
        except Refused as refusal:
            return _refusal(refusal.status, refusal.message, dict(refusal.headers))

    async def _answer(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return _refusal(405, "Expected GET or HEAD.", {"Allow": "GET, HEAD"})
        world = None if path.world is None else self._worlds.used(path.world)
        address = read_address(path.in_world, request.rel_url.query)
        if world is None or address is None:
            return _refusal(404, "There is no such output.")
        await world.catch_up()
        task, now = world.account.tasks.by_id.get(address.task), world.clock.now()
        if not is_valid(address, draws=world.draws, now=now):
            if task is not None and is_valid(address, draws=world.draws, now=0.0):
                late_s = round(now - address.expires, 3)
                world.report_download(task.id, output=address.number, status=403, late_s=late_s)
                await world.kept()
            return _refusal(403, "The address has expired, or was not made by a GET of its task.")
        form = None if task is None else task.file_at(address.number, now)
        if task is None and (file := asset_file(world, address)) is not None:
            return await _send(request, await self._workshop.get(file))
        if task is None or form is None:
            return _refusal(404, "There is no such output.")
        seed = output_seed(world.draws, task, address.number)
        from fake_runway.media.files import wanted_of  # late, as above

        wanted = wanted_of(task, address.number, form=form, seed=seed)
        downloads = task.plan.downloads
        first = not world.has_downloaded(task.id, output=address.number, status=503)
        fails = downloads is Downloads.FAIL or (downloads is Downloads.FAIL_ONCE and first)
        status = 503 if fails else 501 if wanted is None else 200
        if request.method == "GET":
            world.report_download(task.id, output=address.number, status=status)
            await world.kept()
        if fails:
            return _refusal(503, "The output cannot be read now.")
        if wanted is None:
            return _refusal(501, f"This fake makes no {form.format}.")
        if downloads is Downloads.ANOTHER_TYPE:
            return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)
        made = await self._workshop.get(wanted)
        return await _send(request, made, whole=downloads is not Downloads.TRUNCATED)


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=_HEADERS | (headers or {}))


async def _send(
    request: web.BaseRequest, file: "Made", *, whole: bool = True
) -> web.StreamResponse:
    """Send a file, or the part that is asked for; without `whole`, half of it."""
    length = len(file.content)
    part = _range_of(request.headers.get("Range", ""), length)
    if part is None:
        return _refusal(
            416, "The range is not in the file.", {"Content-Range": f"bytes */{length}"}
        )
    start, stop = part
    is_all = part == (0, length)
    answer = web.StreamResponse(status=200 if is_all else 206, headers=_HEADERS)
    answer.content_type = file.content_type
    answer.content_length = stop - start
    answer.headers["Accept-Ranges"] = "bytes"
    if not is_all:
        answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
    await answer.prepare(request)
    if not whole:
        stop -= (stop - start + 1) // 2
        answer.force_close()
    if request.method == "GET":
        for at in range(start, stop, _PIECE):
            await answer.write(file.content[at : min(stop, at + _PIECE)])
    await answer.write_eof()
    return answer


def _range_of(header: str, length: int) -> tuple[int, int] | None:
    """Return what a Range asks for, from and to; None: no byte of the file.

    What is no single range of bytes asks for the whole, as the standard has it.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return 0, length
    if match[1] == "":
        last = min(int(match[2]), length)
        return (length - last, length) if last else None
    start = int(match[1])
    stop = length if match[2] == "" else min(length, int(match[2]) + 1)
    if match[2] != "" and int(match[2]) < start:
        return 0, length
    return (start, stop) if start < length else None
