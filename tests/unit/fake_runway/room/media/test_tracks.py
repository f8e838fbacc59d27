"""The avatar's tracks, on a clock that jumps: what they hand out, when, and what a viewer sees."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import async_solipsism
import av
import pytest
from aiortc.mediastreams import MediaStreamError

from fake_runway.room.media.caption import Caption, unpadded
from fake_runway.room.media.loops import (
    CUSTOM,
    FRAMES,
    HEIGHT,
    PACKETS,
    PRESETS,
    RATE,
    SAMPLE_RATE,
    SEGMENTS,
    STRIP,
    WIDTH,
)
from fake_runway.room.media.tracks import LATE_S, AvatarAudio, AvatarVideo

LOOP = FRAMES * SEGMENTS
CAPTION = Caption("Cat Character", "RUNNING  12:00:05", "1f0e6a52-77b1-4c06-9c55-0a1b2c3d4e5f")

# The mouth of every avatar, while it speaks.
MOUTH = [row * WIDTH + at for row in range(STRIP + 94, STRIP + 104) for at in range(150, 170)]


@pytest.fixture
def run() -> Callable[[Awaitable[Any]], Any]:
    """Run a coroutine on a loop whose time jumps to the next timer."""

    def running(waited: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await waited

        with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
            return runner.run(whole())

    return running


async def taken(track: AvatarVideo | AvatarAudio, count: int) -> "list[av.Packet[Any]]":
    """Return the next packets."""
    return [await track.recv() for _ in range(count)]


def is_keyframe(packet: "av.Packet[Any]") -> bool:
    """Return whether a VP8 frame needs no other: the lowest bit of its first byte, RFC 6386 9.1."""
    return not bytes(packet)[0] & 1


def decoded(packets: "list[av.Packet[Any]]") -> list[bytes]:
    """Return the planes of each picture, as a viewer gets them."""
    decoder = av.CodecContext.create("vp8", "r")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(bytes(packet)))]
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT)}
    return [unpadded(frame) for frame in frames]


def samples(packets: "list[av.Packet[Any]]") -> list[int]:
    """Return the decoded sound, one channel, 16 bits."""
    decoder = av.CodecContext.create("libopus", "r")
    found: list[int] = []
    for packet in packets:
        for frame in decoder.decode(av.Packet(bytes(packet))):
            channels = len(frame.layout.channels)
            data = bytes(frame.planes[0])[: 2 * channels * frame.samples]
            found += memoryview(data).cast("h").tolist()[::channels]
    return found


def heard(packets: "list[av.Packet[Any]]") -> float:
    """Return the loudest sample, 0 to 1."""
    return max(abs(one) for one in samples(packets)) / 2**15


def moved(pictures: list[bytes], pixels: list[int]) -> float:
    """Return the largest mean change of brightness (0 to 255) against the first picture."""
    first = pictures[0]
    return max(sum(abs(one[at] - first[at]) for at in pixels) / len(pixels) for one in pictures)


def test_a_picture_that_was_prepared_is_the_one_that_comes_first(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """It is drawn once, and a keyframe as ever."""
    track = AvatarVideo(PRESETS[0], lambda: CAPTION)
    track.prepare()
    drawn = track._keyframes.of(0, CAPTION)
    (first,) = run(taken(track, 1))
    assert bytes(first) is not drawn
    assert bytes(first) == drawn
    assert is_keyframe(first)


def test_pictures_and_sound_never_drift(run: Callable[[Awaitable[Any]], Any]) -> None:
    """After a minute each packet comes when its timestamp says, although sending takes time."""

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        for track, rate, clock in (
            (AvatarVideo(), RATE, 90_000),
            (AvatarAudio(), PACKETS * RATE / FRAMES, SAMPLE_RATE),
        ):
            started = loop.time()
            for number in range(round(60 * rate)):
                packet = await track.recv()
                assert packet.pts is not None
                assert packet.pts == number * round(clock / rate)
                assert packet.time_base == pytest.approx(1 / clock)
                assert loop.time() - started == pytest.approx(packet.pts / clock, abs=0.011)
                await asyncio.sleep(0.01)  # noqa: TID251 - the sender's work, in virtual time

    run(watch())


def test_a_track_that_was_held_up_leaves_out_what_it_missed(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """It goes on with a keyframe, at its time, instead of a burst."""

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        track = AvatarVideo()
        started = loop.time()
        await taken(track, FRAMES)
        await asyncio.sleep(30 + LATE_S)  # noqa: TID251 - virtual time
        resumed = await track.recv()
        assert is_keyframe(resumed)
        assert resumed.pts is not None
        assert 0 <= loop.time() - started - resumed.pts / 90_000 <= LATE_S

    run(watch())


def test_loops_are_exchanged_at_keyframes_only(run: Callable[[Awaitable[Any]], Any]) -> None:
    """A change in the middle of a segment waits for its end, in picture and sound."""

    async def watch() -> None:
        still, speaking = AvatarVideo(), AvatarVideo()
        before = await taken(still, LOOP)
        first = await taken(speaking, 2)
        speaking.talking = True
        rest = await taken(speaking, 2 * FRAMES - 2)
        assert [bytes(one) for one in first + rest][:FRAMES] == [bytes(one) for one in before][
            :FRAMES
        ]
        assert [bytes(one) for one in rest[-FRAMES:]] != [bytes(one) for one in before][
            FRAMES : 2 * FRAMES
        ]
        assert bytes(rest[-FRAMES]) == bytes(before[FRAMES])  # where both loops meet
        assert [at for at, one in enumerate(before) if is_keyframe(one)] == list(
            range(0, LOOP, FRAMES)
        )

        voice = AvatarAudio()
        silence = bytes(await voice.recv())
        voice.talking = True
        sound = [bytes(one) for one in await taken(voice, 2 * PACKETS - 1)]
        assert sound[: PACKETS - 1] == [silence] * (PACKETS - 1)
        assert silence not in sound[PACKETS - 1 :]

    run(watch())


@pytest.mark.parametrize("preset", [*PRESETS, CUSTOM])
def test_the_mouth_moves_while_it_talks_and_only_then(
    run: Callable[[Awaitable[Any]], Any], preset: str
) -> None:
    """Every avatar's; the eyes and the breath move always."""

    async def pictures(*, talking: bool) -> list[bytes]:
        track = AvatarVideo(preset)
        track.talking = talking
        return decoded(await taken(track, LOOP))

    idle, talking = run(pictures(talking=False)), run(pictures(talking=True))
    head = list(range((STRIP + 30) * WIDTH, (STRIP + 60) * WIDTH, 11))
    assert moved(talking, MOUTH) > 2 * moved(idle, MOUTH)
    assert moved(idle, head) > 0.2


@pytest.mark.parametrize("preset", [*PRESETS, CUSTOM])
def test_a_caption_survives_what_follows_its_keyframe(
    run: Callable[[Awaitable[Any]], Any], preset: str
) -> None:
    """The strip stays as it was written, and the face below looks as it does without a caption."""

    async def pictures(caption: Caption) -> list[bytes]:
        track = AvatarVideo(preset, lambda: caption)
        track.talking = True
        return decoded(await taken(track, LOOP))

    with_it, without = run(pictures(CAPTION)), run(pictures(Caption()))
    split = STRIP * WIDTH
    for start in range(0, LOOP, FRAMES):
        segment = [picture[:split:3] for picture in with_it[start : start + FRAMES]]
        assert max(segment[0]) > 200, "no text"
        assert worst(segment, [segment[0]] * FRAMES) < 1.5
    faces = [
        [picture[split : WIDTH * HEIGHT : 17] for picture in one] for one in (with_it, without)
    ]
    assert worst(*faces) < 2.5  # too little to be seen


def worst(some: list[bytes], others: list[bytes]) -> float:
    """Return the largest root mean square of a difference between two pictures (0 to 255)."""
    squares = (
        sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / len(one)
        for one, other in zip(some, others, strict=True)
    )
    return float(max(squares) ** 0.5)


def test_the_caption_is_asked_for_before_each_keyframe(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """So the clock in the picture is at most a segment behind."""
    times: list[int] = []

    def caption() -> Caption:
        times.append(len(times))
        return Caption(upper=f"12:00:{times[-1]:02}")

    async def watch() -> None:
        packets = await taken(AvatarVideo(CUSTOM, caption), 2 * LOOP)
        assert len(times) == 2 * SEGMENTS
        keyframes = [bytes(one) for one in packets if is_keyframe(one)]
        assert all(one != another for one, another in pairwise(keyframes))

    run(watch())


def test_it_sounds_while_it_talks_and_is_silent_else(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """A soft voice, that never clips."""

    async def sound(preset: str, *, talking: bool, muted: bool = False) -> float:
        track = AvatarAudio(preset)
        track.talking, track.muted = talking, muted
        return heard(await taken(track, PACKETS * SEGMENTS))

    for preset in ("cat-character", "tennis-coach"):
        assert 0.1 < run(sound(preset, talking=True)) < 0.8
        assert run(sound(preset, talking=False)) < 0.001
        assert run(sound(preset, talking=True, muted=True)) < 0.001


def test_the_loop_of_sound_has_no_click_where_it_begins_again(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """Between two segments it is nearly silent."""

    async def watch() -> "list[av.Packet[Any]]":
        track = AvatarAudio()
        track.talking = True
        return await taken(track, 2 * PACKETS * SEGMENTS)

    sound = samples(run(watch()))
    segment = round(SAMPLE_RATE * FRAMES / RATE)
    for border in range(segment, len(sound) - segment, segment):
        assert max(abs(one) for one in sound[border - 240 : border + 240]) < 1500


def test_a_frozen_picture_sends_nothing_until_it_thaws_with_a_keyframe(
    run: Callable[[Awaitable[Any]], Any],
) -> None:
    """The timestamps go on meanwhile: a viewer sees a still picture, then the present."""

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        track = AvatarVideo()
        started = loop.time()
        await taken(track, 4)
        track.frozen = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await track.recv()
        track.frozen = False
        thawed = await track.recv()
        assert is_keyframe(thawed)
        assert thawed.pts is not None
        assert loop.time() - started == pytest.approx(thawed.pts / 90_000, abs=0.001)
        assert 5 < thawed.pts / 90_000 < 6.2

    run(watch())


@pytest.mark.parametrize("track", [AvatarVideo, AvatarAudio])
def test_a_stopped_track_ends(
    run: Callable[[Awaitable[Any]], Any], track: type[AvatarVideo | AvatarAudio]
) -> None:
    """Also one that is waiting."""

    async def watch() -> None:
        one = track()
        await one.recv()
        asyncio.get_running_loop().call_later(0.01, one.stop)
        with pytest.raises(MediaStreamError):
            await one.recv()
        with pytest.raises(MediaStreamError):
            await one.recv()

    run(watch())


def test_an_unknown_avatar_looks_like_a_custom_one(run: Callable[[Awaitable[Any]], Any]) -> None:
    """Whatever its name; and presets differ from each other."""

    async def first(preset: str) -> bytes:
        return bytes(await AvatarVideo(preset).recv())

    looks = {preset: run(first(preset)) for preset in (*PRESETS, CUSTOM)}
    assert len(set(looks.values())) == len(looks)
    assert run(first("../../etc/passwd")) == looks[CUSTOM]
