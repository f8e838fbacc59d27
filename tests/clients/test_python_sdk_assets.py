"""Every method of the official Python SDK for avatars, voices, documents and avatar videos.

Both clients check each answer against the SDK's own types.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from runwayml import AsyncRunwayML, BadRequestError, ConflictError, NotFoundError, RunwayML
from runwayml.pagination import AsyncCursorPage, SyncCursorPage

from fake_runway import FakeRunway
from fake_runway.client.fake import Fake
from tests.support.fake.tasks import IMAGE

AVATAR: Any = {
    "name": "Ada",
    "personality": "You like to count.",
    "reference_image": IMAGE,
    "voice": {"type": "runway-live-preset", "preset_id": "clara"},
}
DESIGN: Any = {"prompt": "A calm voice, and quite deep.", "model": "eleven_ttv_v3"}
VOICE: Any = {"name": "Deep", "from_": {"type": "text", **DESIGN}}
SAMPLE: Any = {"type": "audio", "audio": "https://example.com/sample.mp3"}
FAMILIES = ("avatars", "voices", "documents", "avatar_videos")
LATER = "2027-02-01T00:00:00Z"


@pytest.fixture(scope="module")
def served() -> Iterator[Fake]:
    """A fake for all tests here; each has a world of its own."""
    with FakeRunway(frozen=True) as fake:
        yield fake


@pytest.fixture
def fake(served: Fake) -> Fake:
    """A world of the test."""
    return served.world()


class Watched:
    """A client whose calls are counted: `watched.avatars.create(...)`, awaited if need be."""

    def __init__(self, client: RunwayML | AsyncRunwayML, run: Any = None) -> None:
        self.client = client
        self.called: set[str] = set()
        self._run = run

    def __call__(self, method: str, /, *given: Any, **named: Any) -> Any:
        """Call a method by its name, such as `avatars.create`, and return the answer."""
        family, _, name = method.partition(".")
        self.called.add(method)
        answer = getattr(getattr(self.client, family), name)(*given, **named)
        return answer if self._run is None else self._run(answer)

    @property
    def methods(self) -> set[str]:
        """The names of all methods of the families."""
        return {
            f"{family}.{name}"
            for family in FAMILIES
            for name, value in inspect.getmembers(type(getattr(self.client, family)))
            if inspect.isfunction(value) and not name.startswith("_")
        }


def every_method(call: Watched, fake: Fake, items: Any) -> None:
    """Call every method at least once, as an application would, and look at the answers.

    Args:
        items: returns all items of a list, over its pages.
    """
    assert call("voices.preview", **DESIGN).duration_secs > 0
    voice = call("voices.create", **VOICE)
    sampled = call("voices.create", name="Sampled", description="Mine.", from_=SAMPLE)
    assert call("voices.retrieve", voice.id).status == "PROCESSING"
    fake.clock.jump("10s")
    ready = call("voices.retrieve", voice.id)
    assert ready.status == "READY"
    assert ready.preview_url is not None
    assert call("voices.update", voice.id, name="Deeper", description=None).name == "Deeper"
    assert [each.id for each in items("voices", limit=1)] == [sampled.id, voice.id]

    document = call("documents.create", name="Notes", content="Two and two are four.")
    assert call("documents.update", document.id, content="And three is seven.") is None
    assert call("documents.retrieve", document.id).content == "And three is seven."
    other = call("documents.create", name="More", content="Eight.")
    listed = items("documents", limit=1, order="asc", sort="createdAt")
    assert [each.id for each in listed] == [document.id, other.id]

    choice: Any = {"type": "custom", "id": voice.id}
    avatar = call(
        "avatars.create", **{**AVATAR, "voice": choice}, document_ids=[document.id, other.id]
    )
    assert avatar.status == "PROCESSING"
    with pytest.raises(ConflictError):
        call("avatars.update", avatar.id, reference_image=IMAGE)
    custom: Any = {"type": "custom", "avatar_id": avatar.id}
    with pytest.raises(BadRequestError):
        call("avatar_videos.create", model="gwm1_avatars", avatar=custom, speech=SAMPLE)
    fake.clock.jump("30s")
    assert call("avatars.retrieve", avatar.id).status == "READY"
    assert call("avatars.update", avatar.id, start_script="Hello.").start_script == "Hello."
    assert items("avatars", limit=40)[0].id == avatar.id
    made = call("avatar_videos.create", model="gwm1_avatars", avatar=custom, speech=SAMPLE)
    assert made.id
    usage = call("avatars.get_usage", start_date="2027-01-01T00:00:00Z", end_date=LATER)
    assert usage.total_sessions == 0

    assert call("voices.delete", voice.id) is None
    assert call("avatars.retrieve", avatar.id).voice.deleted
    assert call("documents.delete", document.id) is None
    assert call("avatars.retrieve", avatar.id).document_ids == [other.id]
    assert call("avatars.delete", avatar.id) is None
    for name, gone in (("avatars", avatar), ("voices", voice), ("documents", document)):
        with pytest.raises(NotFoundError):
            call(f"{name}.retrieve", gone.id)
    assert call.called == call.methods


def test_every_method_of_the_synchronous_client(fake: Fake) -> None:
    """Each is called, and its answer has the types of the SDK; a new method fails this."""
    with RunwayML(
        base_url=fake.base_url,
        api_key=fake.secret,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        call = Watched(client)

        def items(family: str, **query: Any) -> list[Any]:
            page: SyncCursorPage[Any] = call(f"{family}.list", **query)
            return list(page)

        every_method(call, fake, items)


def test_every_method_of_the_asynchronous_client(fake: Fake) -> None:
    """The same calls, with the same answers."""
    with asyncio.Runner() as runner:
        client = AsyncRunwayML(
            base_url=fake.base_url,
            api_key=fake.secret,
            max_retries=0,
            _strict_response_validation=True,
        )

        def run(answer: Any) -> Any:
            async def awaited() -> Any:
                return await answer

            return runner.run(awaited())

        call = Watched(client, run)

        def items(family: str, **query: Any) -> list[Any]:
            async def every() -> list[Any]:
                page: AsyncCursorPage[Any] = await getattr(client, family).list(**query)
                return [each async for each in page]

            call.called.add(f"{family}.list")
            return runner.run(every())

        try:
            every_method(call, fake, items)
        finally:
            runner.run(client.close())


def test_pages_are_read_while_others_are_made_and_removed(fake: Fake) -> None:
    """The iterator of the SDK has each voice that stays once, and ends."""
    with RunwayML(
        base_url=fake.base_url, api_key=fake.secret, _strict_response_validation=True
    ) as client:
        ids = [client.voices.create(**VOICE).id for _ in range(6)]
        seen = []
        for number, voice in enumerate(client.voices.list(limit=2)):
            seen.append(voice.id)
            if number == 1:
                client.voices.delete(ids[4])  # it was on a page that was read
                client.voices.delete(ids[1])  # it was not yet
                client.voices.create(**VOICE)
        assert seen == [ids[5], ids[4], ids[3], ids[2], ids[0]]
