"""The storage of uploads: takes a form with a file for a slot, and gives the file back.

A client of the API is told where to send its file, and with which fields. It comes as
`multipart/form-data`, the file last, without any header of the API. Where the real one is built is
not public; this one answers 204 as such storages do.

Files come from anyone, so none is ever shown in a browser: they are downloads, of a type that is
not guessed, in a sandbox.
"""

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import MultipartReader, web
from aiohttp.multipart import BodyPartReader

from fake_runway.core.errors import Refused
from fake_runway.core.files import UNKNOWN_TYPE, FileFacts
from fake_runway.core.history.journal import Exchange, Rejection
from fake_runway.core.history.redaction import redacted_text
from fake_runway.core.lifecycles.runway import UPLOAD
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.uploads import Content, Upload, UploadsFull, fields_of
from fake_runway.media.errors import UnreadableMedia
from fake_runway.room.tokens import LiveKit
from fake_runway.runway_api.calls import RunwayCall
from fake_runway.runway_api.pipeline import apply_call
from fake_runway.runway_api.uploads import ROOT, STORE
from fake_runway.web import cors
from fake_runway.web.bodies import is_uuid4
from fake_runway.web.errors import BadForm, BodyTooSlow
from fake_runway.web.large import LONGEST_S, LargeBodies, Taking, drain
from fake_runway.web.paths import Path
from fake_runway.web.sending import send
from fake_runway.worlds.registry import Worlds
from fake_runway.worlds.world import World

FORM = "multipart/form-data"
MOST_KEPT = 2 << 30
"""Bytes of the uploads of all worlds."""
_MOST_PARTS = 32
_LONGEST_FIELD = 64 << 10
_LONGEST_AGENT = 120
_PIECE = 1 << 18  # bytes that are written at once
_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_NEVER_SHOWN = {
    **cors.ORIGIN,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
}


def is_storage(path: Path) -> bool:
    """Return whether a path is that of the storage."""
    return path.in_world[:1] == (ROOT,)


class StorageHandler:
    """The handler of every request to the storage.

    Args:
        bodies: counts what is on its way.
    """

    def __init__(self, worlds: Worlds, livekit: LiveKit, bodies: LargeBodies) -> None:
        self._worlds = worlds
        self._livekit = livekit
        self._bodies = bodies

    async def handle(self, request: web.BaseRequest, path: Path) -> web.StreamResponse:
        """Answer a request to the storage."""
        if request.method == "OPTIONS":
            asked = request.headers.get("Access-Control-Request-Headers", "")
            return web.Response(status=204, headers=cors.preflight(_METHODS, asked))
        world = None if path.world is None else self._worlds.used(path.world)
        if world is None or len(path.in_world) != 2 or not is_uuid4(path.in_world[1]):
            return _refusal(404, "There is no such upload.")
        upload_id = path.in_world[1].lower()
        if request.method == "POST":
            return await self._take(request, world, upload_id)
        if request.method in ("GET", "HEAD"):
            return await _download(request, world, upload_id)
        return _refusal(405, "Expected GET, HEAD or POST.", {"Allow": ", ".join(_METHODS)})

    async def _take(
        self, request: web.BaseRequest, world: World, upload_id: str
    ) -> web.StreamResponse:
        headers = request.headers
        exchange = Exchange(
            STORE.id,
            "POST",
            f"/{ROOT}/{upload_id}",
            subject=Subject(UPLOAD.name, upload_id),
            agent=redacted_text(headers.get("User-Agent", "")[:1000], "")[:_LONGEST_AGENT],
            content_type=headers.get("Content-Type", "").partition(";")[0][:_LONGEST_AGENT],
            cookies="Cookie" in headers,
        )
        with self._bodies.taking() as taking:
            try:
                upload = _slot(request, world, upload_id)
                form = await _form(request, taking, longest=world.settings.uploads.largest)
                content, facts = await asyncio.to_thread(_read, taking.pieces, form.size)
                _check_fields(form, upload)
                exchange.body = {"filename": form.filename, "file": facts.written()}
                kept = sum(each.uploads.bytes for each in self._worlds)
                if kept + facts.size > MOST_KEPT:
                    raise UploadsFull(
                        f"Expected at most {MOST_KEPT} bytes in the uploads of all worlds."
                    )
            except Refused as refusal:
                content = None
                exchange.rejection = Rejection(
                    refusal.code, refusal.status, refusal.message, refusal.headers
                )
            await world.catch_up()
            call = RunwayCall(world, self._livekit, STORE, exchange, "", content=content)
            delivery = apply_call(call)
        self._worlds.answered[exchange.operation, delivery.status] += 1
        try:
            await world.kept()
        except Refused as refusal:
            return _refusal(refusal.status, refusal.message, dict(refusal.headers))
        return await send(delivery, request, world.clock)


class _Form:
    """What a form holds beside the bytes of its file.

    Attributes:
        size: of the file, in bytes; more than were kept, if it is too large.
    """

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.filename = ""
        self.size = -1


def _slot(request: web.BaseRequest, world: World, upload_id: str) -> Upload | None:
    """Return the slot, None if there is none: the operation says so.

    Raises:
        BadForm: the address is not that of the slot, or what comes is no form.
    """
    upload = world.uploads.get(upload_id)
    signature = request.rel_url.query.get("signature", "")
    if upload is not None and signature != upload.signature:
        raise BadForm("Expected the whole address that the upload was answered with, got another.")
    declared = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if declared != FORM:
        raise BadForm(f"Expected Content-Type: {FORM}, got {declared[:60] or 'none'}.")
    return upload


async def _form(request: web.BaseRequest, taking: Taking, *, longest: int) -> _Form:
    """Read a form; of a file beyond `longest` bytes nothing is kept.

    Raises:
        BadForm, BodyTooSlow, NoRoomForBody.
    """
    form = _Form()
    try:
        async with asyncio.timeout(LONGEST_S):
            await _read_parts(request, taking, form, longest=longest)
            await drain(request)
    except TimeoutError:
        raise BodyTooSlow(f"Expected the file within {LONGEST_S:g} seconds.") from None
    except (Refused, ConnectionError):
        raise
    except Exception as error:  # aiohttp's reader raises many kinds for what is no form
        raise BadForm(f"The form cannot be read: {type(error).__name__}.") from error
    if form.size < 0:
        raise BadForm("Expected a form with a part called file at its end, got none.")
    return form


async def _read_parts(
    request: web.BaseRequest, taking: Taking, form: _Form, *, longest: int
) -> None:
    reader = MultipartReader(request.headers, request.content)
    for _ in range(_MOST_PARTS):
        part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise BadForm("Expected a form without forms in it, got one.")
        if part.name == "file":
            form.filename = (part.filename or "")[:255]
            form.size = 0
            while piece := await part.read_chunk(1 << 16):
                form.size += len(piece)
                if form.size <= longest:
                    taking.add(bytes(piece))
            return  # what comes behind the file does not count
        text = b""
        while piece := await part.read_chunk(1 << 13):
            text += piece
            if len(text) > _LONGEST_FIELD:
                raise BadForm(f"Expected fields of at most {_LONGEST_FIELD} bytes, got a longer.")
        form.fields[part.name or ""] = text.decode(errors="replace")
    raise BadForm(f"Expected at most {_MOST_PARTS} parts, got more.")


def _check_fields(form: _Form, upload: Upload | None) -> None:
    """Refuse a form that lacks a field of its slot, before the file.

    Raises:
        BadForm.
    """
    wanted = {} if upload is None else fields_of(upload)
    wrong = [name for name, text in wanted.items() if form.fields.get(name) != text]
    if wrong:
        raise BadForm(
            f"Expected the fields of the upload before the file, got none or another for"
            f" {', '.join(wrong)}."
        )


def _read(pieces: Sequence[bytes], size: int) -> tuple[Content | None, FileFacts]:
    """Return a file, and what it says of itself; `size` counts what was not kept of it, too."""
    raw = b"".join(pieces)
    if size > len(raw):
        return None, FileFacts(UNKNOWN_TYPE, size)
    from fake_runway.media.reading import read as read_media  # a start needs none of it

    try:
        read = read_media(raw)
    except UnreadableMedia:
        facts = FileFacts(UNKNOWN_TYPE, size)
    else:
        facts = FileFacts(read.content_type, size, read.width, read.height, read.seconds)
    return Content.of(raw), facts


async def _download(request: web.BaseRequest, world: World, upload_id: str) -> web.StreamResponse:
    upload = world.uploads.get(upload_id)
    signature = request.rel_url.query.get("signature", "")
    if upload is not None and signature != upload.signature:
        return _refusal(403, "Expected the whole address of the upload, got another.")
    content = world.uploads.content(upload_id, at=world.clock.now())
    if upload is None or content is None:
        return _refusal(404, "There is no such upload, it has no file, or it has expired.")
    name = quote(upload.filename, safe="")
    kind = upload.file.content_type if upload.file else UNKNOWN_TYPE
    headers = {**_NEVER_SHOWN, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    answer = web.StreamResponse(headers=headers)
    answer.content_type, answer.content_length = kind, len(content)
    await answer.prepare(request)
    if request.method == "GET":
        for at in range(0, len(content), _PIECE):
            await answer.write(content[at : at + _PIECE])
    await answer.write_eof()
    return answer


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=_NEVER_SHOWN | (headers or {}))
