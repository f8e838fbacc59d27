"""The operations of uploads: a slot, and the storage that takes its file (`storage.py`)."""

from fake_runway.core.files import read_facts
from fake_runway.core.lifecycles.runway import STORE_UPLOAD, UPLOAD
from fake_runway.core.lifecycles.vocabulary import Subject
from fake_runway.core.uploads import UnknownUpload, Upload, fields_of
from fake_runway.runway_api.calls import RunwayCall, RunwayOperation
from fake_runway.web.bodies import Body
from fake_runway.web.replies import Reply

ROOT = "_uploads"
"""The first segment of the paths of the storage, behind that of the world."""


def create_upload(call: RunwayCall) -> Reply:
    """Answer where to send the file, and the address to use it by."""
    world, exchange = call.world, call.exchange
    upload = world.uploads.create(
        exchange.body["filename"],
        rules=world.settings.uploads,
        draws=world.draws,
        at=exchange.at,
    )
    exchange.subject = Subject(UPLOAD.name, upload.id)
    return Reply(
        200,
        {
            "uploadUrl": address_of(upload, base=exchange.media_url),
            "fields": dict(fields_of(upload)),
            "runwayUri": upload.uri,
        },
    )


def store_upload(call: RunwayCall) -> Reply:
    """Take a file, by its facts in the body; a replay has no bytes of it."""
    world, exchange = call.world, call.exchange
    file = read_facts(str(exchange.body.get("file", "")))
    if file is None:
        raise UnknownUpload("There is no such upload.")
    world.uploads.store(exchange.subject.id, file, rules=world.settings.uploads, at=exchange.at)
    if call.content is not None:
        world.uploads.keep(exchange.subject.id, call.content)
    return Reply(204)


def address_of(upload: Upload, *, base: str) -> str:
    """Return where the file of an upload is sent, and read back.

    Args:
        base: where the world is, such as `http://127.0.0.1:4010/w/name`.
    """
    return f"{base}/{ROOT}/{upload.id}?signature={upload.signature}"


STORE = RunwayOperation(
    STORE_UPLOAD, "POST", f"/{ROOT}/{{id}}", store_upload, body=Body.IGNORED, versioned=False
)
"""What the storage does with a file. It is no part of the API, but faults, journal and replay know
it."""
