"""Uploads of a world: slots that wait for a file, and the files that came.

A client asks for a slot, sends the file to it, and names the slot's `runway://` address in a task.
A slot waits for some time, takes one file, and the file can be used for some time, all on the
world's clock. Whether a file is taken follows from its facts alone (`files.py`); the bytes are kept
beside, because a replay has none. Stores keep them by their digests, so the same once.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from fake_runway.core.draws import Draws, draw
from fake_runway.core.errors import Refused
from fake_runway.core.files import FileFacts, type_of_name
from fake_runway.core.values import dataclass

SCHEME = "runway://"
MOST_SLOTS = 10_000
"""Slots that a world remembers; beyond it the oldest is forgotten, with its file."""
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What a world takes as uploads. Source of sizes and lifetime: the public documentation.

    Attributes:
        smallest, largest: bytes of a file.
        kept: bytes of all files of a world together.
        slot_s: how long a slot waits for its file, in seconds; assumed.
        lifetime_s: how long a file can be used, counted from its slot.
    """

    smallest: int = 512
    largest: int = 200_000_000
    kept: int | None = 256 << 20
    slot_s: float = 900.0
    lifetime_s: float = 86_400.0


class Content(NamedTuple):
    """The bytes of a file, and the digest that tells them from all others."""

    raw: bytes
    digest: str

    @classmethod
    def of(cls, raw: bytes) -> "Content":
        """Return bytes with their digest. O(bytes)."""
        return cls(raw, blake2b(raw, digest_size=16).hexdigest())


@dataclass(frozen=True, slots=True)
class Upload:
    """One slot, and the facts of its file once it came.

    Attributes:
        filename: as the client called it.
        signature: in the address of the slot, which cannot be guessed.
        waits_until, until: when the slot and when the file expire, POSIX seconds of the world.
        file: None: nothing has come.
    """

    id: str
    filename: str
    signature: str
    waits_until: float
    until: float
    file: FileFacts | None = None

    @property
    def uri(self) -> str:
        """The address by which requests name the file."""
        return SCHEME + self.id


class UploadRefused(Refused):
    """The storage does not take a file. The real one's texts are unknown."""

    code: ClassVar[str] = "upload_refused"


class UnknownUpload(UploadRefused):
    """There is no such slot, or it was forgotten."""

    code = "unknown_upload"
    status = 404


class SlotExpired(UploadRefused):
    """The slot has waited too long."""

    code = "upload_slot_expired"
    status = 403


class SlotUsed(UploadRefused):
    """The slot has its file."""

    code = "upload_slot_used"
    status = 403


class UploadTooSmall(UploadRefused):
    """The file has fewer bytes than the limit."""

    code = "upload_too_small"


class UploadTooLarge(UploadRefused):
    """The file has more bytes than the limit."""

    code = "upload_too_large"
    status = 413


class UploadsFull(UploadRefused):
    """The files of the world have reached the memory that they may take."""

    code = "uploads_full"
    status = 507


class WrongFileName(Refused):
    """The name ends like that of no picture, film or sound."""

    code = "wrong_file_name"


class UnusableUpload(Refused):
    """An address names no file that can be used now."""

    code = "unusable_upload"


class Uploads:
    """The uploads of one world, oldest first.

    Attributes:
        created_count: how many slots there were.
        bytes: of all files that can still be used, as their facts say.
        contents_changed: whether bytes of files have come or gone since that was last set.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Upload] = {}
        self._contents: dict[str, Content] = {}
        self.created_count = 0
        self.bytes = 0
        self.contents_changed = False
        self._due: list[tuple[float, str]] = []  # a heap: when each file expires, and its slot
        self._digests: Mapping[str, str] = {}  # of bytes that are not here yet

    def __len__(self) -> int:
        return len(self._by_id)

    def __repr__(self) -> str:
        return f"<Uploads {len(self._by_id)} slots, {self.bytes} bytes>"

    def __getstate__(self) -> dict[str, object]:
        """Return the facts of each file, as records have them, and the digests of their bytes."""
        digests = {id_: content.digest for id_, content in self._contents.items()}
        return {**self.__dict__, "_contents": {}, "contents_changed": False, "_digests": digests}

    @property
    def contents(self) -> Mapping[str, Content]:
        """The bytes of files, by the ids of their uploads."""
        return MappingProxyType(self._contents)

    def copy(self) -> "Uploads":
        """Return an independent copy; the bytes of files are shared, as nothing changes them."""
        twin = copy(self)
        twin._by_id, twin._contents = self._by_id.copy(), self._contents.copy()
        twin._due = self._due.copy()
        twin._digests = self._digests  # a copy is made of `__getstate__`, which says others
        return twin

    def create(self, filename: str, *, rules: UploadRules, draws: Draws, at: float) -> Upload:
        """Make a slot.

        Raises:
            WrongFileName: nothing was made.
        """
        self._expire(at)
        if type_of_name(filename) is None:
            raise WrongFileName(
                "Expected the name of an image, a video or an audio file, such as cat.png, got one"
                " with another ending."
            )
        upload = Upload(
            draws.uuid("upload-id", self.created_count),
            filename,
            draw(draws.seed, draws.world, "upload", self.created_count).hex()[:_DIGITS],
            at + rules.slot_s,
            at + rules.lifetime_s,
        )
        self.created_count += 1
        if len(self._by_id) >= MOST_SLOTS:
            self._forget(next(iter(self._by_id)))
        self._by_id[upload.id] = upload
        return upload

    def get(self, upload_id: str) -> Upload | None:
        """Return the slot with this id, also one that has expired; None: it is unknown."""
        return self._by_id.get(upload_id)

    def store(self, upload_id: str, file: FileFacts, *, rules: UploadRules, at: float) -> Upload:
        """Put a file into its slot; `keep` takes its bytes.

        Raises:
            UploadRefused: nothing has changed.
        """
        self._expire(at)
        upload = self._by_id.get(upload_id)
        if upload is None:
            raise UnknownUpload("There is no such upload.")
        if upload.file is not None:
            raise SlotUsed("The upload has its file already: expected a new upload for each file.")
        if at >= upload.waits_until:
            raise SlotExpired("The upload has expired: expected its file sooner.")
        if file.size < rules.smallest:
            raise UploadTooSmall(f"Expected at least {rules.smallest} bytes, got {file.size}.")
        if file.size > rules.largest:
            raise UploadTooLarge(f"Expected at most {rules.largest} bytes, got more.")
        if rules.kept is not None and self.bytes + file.size > rules.kept:
            raise UploadsFull(
                f"Expected at most {rules.kept} bytes in all uploads of this world, got"
                f" {file.size} more than the {self.bytes} that it has."
            )
        self.bytes += file.size
        stored = self._by_id[upload_id] = replace(upload, file=file)
        heappush(self._due, (upload.until, upload_id))
        if len(self._due) > 2 * MOST_SLOTS:  # most are of slots that were forgotten
            self._due = [each for each in self._due if each[1] in self._by_id]
            heapify(self._due)
        return stored

    def keep(self, upload_id: str, content: Content) -> None:
        """Keep the bytes of a file that `store` has taken."""
        if upload_id in self._by_id:
            self._contents[upload_id] = content
            self.contents_changed = True

    def have_again(self, contents: Mapping[str, bytes]) -> None:
        """Have the bytes of files again that a store has kept, by their digests."""
        for upload_id, digest in self._digests.items():
            if (raw := contents.get(digest)) is not None:
                self._contents[upload_id] = Content(raw, digest)
        self._digests = {}

    def content(self, upload_id: str, *, at: float) -> bytes | None:
        """Return the bytes of a file; None: there are none, or they have expired."""
        self._expire(at)
        content = self._contents.get(upload_id)
        return None if content is None else content.raw

    def file(self, uri: str, *, at: float) -> FileFacts:
        """Return the file that an address names.

        Raises:
            UnusableUpload: there is none, it has not come, or it has expired.
        """
        upload = self._by_id.get(uri.removeprefix(SCHEME).lower())
        if upload is None:
            raise UnusableUpload("Expected the address of an upload, got an unknown one.")
        if at >= upload.until:
            raise UnusableUpload("Expected the address of an upload, got one that has expired.")
        if upload.file is None:
            raise UnusableUpload("Expected the address of an upload, got one without a file.")
        return upload.file

    def _expire(self, at: float) -> None:
        """Drop the bytes of what has expired; the slots stay, to be told from unknown ones."""
        while self._due and at >= self._due[0][0]:
            upload = self._by_id.get(heappop(self._due)[1])
            if upload is not None and upload.file is not None:
                self.bytes -= upload.file.size
                self._drop_content(upload.id)
                self._by_id[upload.id] = replace(upload, file=None)

    def _forget(self, upload_id: str) -> None:
        upload = self._by_id.pop(upload_id)
        self.bytes -= upload.file.size if upload.file else 0
        self._drop_content(upload_id)

    def _drop_content(self, upload_id: str) -> None:
        if self._contents.pop(upload_id, None) is not None:
            self.contents_changed = True


def fields_of(upload: Upload) -> Mapping[str, str]:
    """Return the fields that a client has to send along with the file."""
    return {"key": f"uploads/{upload.id}"}
