"""Uploads of a world: laws of slots, files, bounds and time."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_runway.core.draws import Draws
from fake_runway.core.files import FileFacts, read_facts, type_of_name
from fake_runway.core.uploads import (
    MOST_SLOTS,
    Content,
    SlotExpired,
    SlotUsed,
    UnknownUpload,
    UnusableUpload,
    UploadRules,
    Uploads,
    UploadsFull,
    UploadTooLarge,
    UploadTooSmall,
    WrongFileName,
)

DRAWS = Draws("0", "world")
RULES = UploadRules(smallest=10, largest=100, kept=250, slot_s=60.0, lifetime_s=600.0)
PICTURE = FileFacts("image/png", 50, 16, 9)

facts = st.builds(
    FileFacts,
    st.sampled_from(["image/png", "video/mp4", "audio/mpeg", "application/octet-stream"]),
    st.integers(0, 10**12),
    *[st.integers(0, 2**32 - 1)] * 2,  # as many pixels as a PNG can say
    st.none() | st.floats(0.0, 604_800.0).map(lambda one: round(one, 6)),
) | st.builds(FileFacts, st.just("audio/wav"), st.integers(0, 10**12))


@given(facts)
def test_facts_are_read_as_they_are_written(given: FileFacts) -> None:
    """A journal that holds them in place of a file loses nothing of them."""
    assert read_facts(given.written()) == given


@pytest.mark.parametrize("text", ["", "image/png", "image/png;bytes=", "x;bytes=1", "a/b;bytes=1;"])
def test_other_texts_are_no_facts(text: str) -> None:
    """Nothing is guessed."""
    assert read_facts(text) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PNG", "image/png"), ("b.c.mov", "video/quicktime"), ("d.txt", None), ("png", None)],
)
def test_a_name_promises_a_type_by_its_ending(name: str, expected: str | None) -> None:
    """In upper and lower case; a name without a dot promises nothing."""
    assert type_of_name(name) == expected


def test_a_file_can_be_used_until_it_expires() -> None:
    """From the instant when it came to the end of the time that began with its slot."""
    uploads = Uploads()
    upload = uploads.create("cat.png", rules=RULES, draws=DRAWS, at=0.0)
    with pytest.raises(UnusableUpload, match="without a file"):
        uploads.file(upload.uri, at=1.0)
    uploads.store(upload.id, PICTURE, rules=RULES, at=59.9)
    uploads.keep(upload.id, Content.of(b"x" * 50))

    assert uploads.file(upload.uri, at=599.9) == PICTURE
    assert uploads.content(upload.id, at=599.9) == b"x" * 50
    with pytest.raises(UnusableUpload, match="has expired"):
        uploads.file(upload.uri, at=600.0)
    assert uploads.content(upload.id, at=600.0) is None
    assert uploads.bytes == 0


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda up, id_: up.store("other", PICTURE, rules=RULES, at=0.0), UnknownUpload),
        (lambda up, id_: up.store(id_, PICTURE, rules=RULES, at=60.0), SlotExpired),
        (lambda up, id_: up.store(id_, FileFacts("a/b", 9), rules=RULES, at=0.0), UploadTooSmall),
        (lambda up, id_: up.store(id_, FileFacts("a/b", 101), rules=RULES, at=0.0), UploadTooLarge),
        (
            lambda up, id_: up.store(id_, PICTURE, rules=UploadRules(smallest=0, kept=49), at=0.0),
            UploadsFull,
        ),
        (lambda up, id_: up.create("a.txt", rules=RULES, draws=DRAWS, at=0.0), WrongFileName),
    ],
)
def test_a_refused_call_changes_nothing(
    wrong: Callable[[Uploads, str], object], expected: type[Exception]
) -> None:
    """The slot still takes a file after it."""
    uploads = Uploads()
    upload = uploads.create("cat.png", rules=RULES, draws=DRAWS, at=0.0)
    with pytest.raises(expected):
        wrong(uploads, upload.id)

    assert (len(uploads), uploads.bytes) == (1, 0)
    uploads.store(upload.id, PICTURE, rules=RULES, at=0.0)
    with pytest.raises(SlotUsed):
        uploads.store(upload.id, PICTURE, rules=RULES, at=0.0)
    assert uploads.bytes == 50


@given(st.lists(st.tuples(st.integers(0, 120), st.floats(0.0, 300.0)), max_size=30))
def test_bytes_are_those_of_the_files_that_can_be_used(steps: list[tuple[int, float]]) -> None:
    """Whatever comes and expires, and never more than the rules allow."""
    uploads, now, kept = Uploads(), 0.0, dict[str, FileFacts]()
    for size, passed in steps:
        now += passed
        upload = uploads.create("a.png", rules=RULES, draws=DRAWS, at=now)
        try:
            uploads.store(upload.id, FileFacts("image/png", size), rules=RULES, at=now)
        except (UploadTooSmall, UploadTooLarge, UploadsFull):
            continue
        kept[upload.uri] = FileFacts("image/png", size)
    usable = 0
    for uri, file in kept.items():
        try:
            assert uploads.file(uri, at=now) == file
        except UnusableUpload:
            continue
        usable += file.size
    uploads.content("any", at=now)
    assert uploads.bytes == usable <= 250


class _Instant(float):
    """An instant that counts what it is compared with."""

    compared = 0

    def __ge__(self, other: float) -> bool:
        _Instant.compared += 1
        return float(self) >= other

    def __lt__(self, other: float) -> bool:
        return not self >= other


def test_expiry_costs_what_expires() -> None:
    """However many files wait in the order of their slots or in another, a call asks the next."""
    uploads = Uploads()
    for index in range(100):  # the odd ones live shorter
        rules = UploadRules(smallest=0, lifetime_s=1000.0 - 500 * (index % 2))
        upload = uploads.create("a.png", rules=rules, draws=DRAWS, at=float(index))
        uploads.store(upload.id, PICTURE, rules=rules, at=float(index))

    for at, expired in [(501.0, 1), (501.5, 0), (521.0, 10), (999.5, 39), (1098.0, 50)]:
        _Instant.compared, before = 0, uploads.bytes
        uploads.content("any", at=_Instant(at))
        assert (before - uploads.bytes) // PICTURE.size == expired
        assert _Instant.compared <= expired + 1
    assert uploads.bytes == 0


def test_a_copy_shares_nothing_that_changes() -> None:
    """What comes to one of the two is not in the other."""
    uploads = Uploads()
    upload = uploads.create("cat.png", rules=RULES, draws=DRAWS, at=0.0)
    twin = uploads.copy()
    twin.store(upload.id, PICTURE, rules=RULES, at=0.0)
    twin.create("dog.png", rules=RULES, draws=DRAWS, at=0.0)

    assert (len(uploads), uploads.bytes, len(twin), twin.bytes) == (1, 0, 2, 50)


def test_the_oldest_slot_is_forgotten() -> None:
    """A client that asks for slots for ever takes up no more memory; all of them are counted."""
    uploads = Uploads()
    assert uploads.created_count == 0
    first = uploads.create("0.png", rules=RULES, draws=DRAWS, at=0.0)
    uploads.store(first.id, PICTURE, rules=RULES, at=0.0)
    for index in range(MOST_SLOTS + 1):  # the last makes it forget one that has no file
        uploads.create(f"{index}.png", rules=RULES, draws=DRAWS, at=0.0)
    assert (len(uploads), uploads.bytes) == (MOST_SLOTS, 0)
    assert uploads.created_count == MOST_SLOTS + 2
    with pytest.raises(UnusableUpload, match="unknown"):
        uploads.file(first.uri, at=0.0)


def test_files_of_forgotten_slots_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does what was to expire of them."""
    monkeypatch.setattr("fake_runway.core.uploads.MOST_SLOTS", 5)
    uploads, kept = Uploads(), list[int]()
    for _ in range(50):
        upload = uploads.create("a.png", rules=RULES, draws=DRAWS, at=0.0)
        uploads.store(upload.id, PICTURE, rules=replace(RULES, kept=None), at=0.0)
        kept.append(len(pickle.dumps(uploads)))
    assert max(kept[11:]) < kept[4] * 2
    uploads.content("any", at=600.0)
    assert (len(uploads), uploads.bytes) == (5, 0)


@pytest.mark.parametrize("size", [RULES.smallest, RULES.largest])
def test_a_file_of_the_very_limit_is_taken(size: int) -> None:
    """Also the one that makes the world's files as large as they may be together."""
    uploads = Uploads()
    rules = replace(RULES, kept=size)
    upload = uploads.create("cat.png", rules=rules, draws=DRAWS, at=0.0)
    uploads.store(upload.id, FileFacts("image/png", size), rules=rules, at=0.0)
    assert uploads.bytes == size
