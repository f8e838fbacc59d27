"""What a file says of itself is read as other programs read it, and hostile bytes do no harm."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any

import av
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from fake_runway.media.data_uri import DataUri, read_data_uri
from fake_runway.media.errors import DataUriTooLong, MalformedDataUri, UnreadableMedia
from fake_runway.media.fields import MOST_FRAMES, Description
from fake_runway.media.making import make
from fake_runway.media.reading import read
from fake_runway.media.wanted import CONTENT_TYPES, FORMATS, Format, Wanted
from tests.support.fake.files import aac, webm

FILMS = ("mpeg4", "libvpx")
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")


def saved(format: str, *, mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture of 61 times 37 pixels, as Pillow writes it."""
    output = BytesIO()
    Image.linear_gradient("L").resize((61, 37)).convert(mode).save(output, format, **options)
    return output.getvalue()


def encoded(container: str, *codecs: str, rate: int = 44_100, **options: str) -> bytes:
    """Return half a second of film or sound, as FFmpeg writes it."""
    output = BytesIO()
    with av.open(output, "w", format=container, options=options) as writing:
        streams = [writing.add_stream(one, rate=20 if one in FILMS else rate) for one in codecs]
        for stream in streams:
            if isinstance(stream, VideoStream):
                stream.width, stream.height, stream.pix_fmt = 66, 38, "yuv420p"
            elif isinstance(stream, AudioStream):
                stream.layout = "mono"
                stream.codec_context.open()
        for stream in streams:
            if isinstance(stream, VideoStream):
                for at in range(10):
                    frame = av.VideoFrame(66, 38, "yuv420p")
                    frame.pts = at
                    writing.mux(stream.encode(frame))
                writing.mux(stream.encode(None))
            elif isinstance(stream, AudioStream):
                for sound in silence(stream, rate):
                    writing.mux(stream.encode(sound))
                writing.mux(stream.encode(None))
    return output.getvalue()


def silence(stream: AudioStream, rate: int) -> Iterator[av.AudioFrame]:
    """Yield half a second of silence, in whole frames."""
    size = stream.frame_size or 1000
    for at in range(0, rate // 2 - size + 1, size):
        frame = av.AudioFrame(stream.format.name, "mono", size)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield frame


@cache
def examples() -> tuple[bytes, ...]:
    """Files of all kinds, small ones."""
    ours = [
        make(Wanted(format=one, width=64, height=36, seconds=0.5, prompt="A cat.")).content
        for one in FORMATS
        if one != "zip"
    ]
    others = [
        saved("GIF"),
        saved("JPEG", progressive=True),
        saved("WEBP", exif=b"Exif\0\0"),
        encoded("mp4", "mpeg4", movflags="frag_keyframe+empty_moov"),
        encoded("mp3", "libmp3lame", rate=22_050, write_xing="0"),
    ]
    return (*ours, *others)


@cache
def newer() -> tuple[bytes, ...]:
    """Files of the kinds that nothing here makes."""
    pictures = [saved("AVIF", speed=10)] if features.check("avif") else []
    return (
        *pictures,
        heif(),
        encoded("matroska", "mpeg4", "aac"),
        encoded("webm", "libvpx", "libopus", rate=48_000),
        encoded("adts", "aac"),
        encoded("avi", "mpeg4"),
        encoded("ogg", "libopus", rate=48_000),
    )


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of MPEG-4."""
    content = b"".join(parts)
    return (8 + len(content)).to_bytes(4) + kind + content


def ispe(width: int, height: int) -> bytes:
    """Return the property of a size."""
    return box(b"ispe", bytes(4), width.to_bytes(4), height.to_bytes(4))


def heif(
    *more: bytes,
    properties: bytes = ispe(512, 512) + ispe(61, 37),
    places: bytes = b"\0\1\1\1" + b"\0\2\1\2",
    brand: bytes = b"heic",
) -> bytes:
    """Return a picture of which item 2 is the primary one, with a tile and no content."""
    table = box(b"ipma", bytes(4), (len(places) // 4).to_bytes(4), places)
    return box(b"ftyp", brand, bytes(4), b"mif1miaf") + box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), b"\0\2"),
        *more,
        box(b"iprp", box(b"ipco", properties), table),
    )


def ogg(first: bytes, granule: int) -> bytes:
    """Return a stream of two pages: the first packet, and the end."""
    page = b"OggS\0\2" + bytes(20) + b"\1" + bytes([len(first)])
    return page + first + b"OggS\0\4" + granule.to_bytes(8, "little") + bytes(14)


@settings(max_examples=15)
@given(
    format=st.sampled_from([one for one in FORMATS if one != "zip"]),
    width=st.integers(16, 300).map(lambda side: side * 2),
    height=st.integers(16, 300).map(lambda side: side * 2),
    seconds=st.floats(0.1, 30),
)
def test_what_is_made_is_read_as_what_was_wanted(
    format: Format, width: int, height: int, seconds: float
) -> None:
    """Type, size and length of each format that the maker makes."""
    made = make(Wanted(format=format, width=width, height=height, seconds=seconds, prompt="A cat."))
    found = read(made.content)

    assert found.content_type == CONTENT_TYPES[format] == made.content_type
    assert found.content_type.startswith(found.kind)
    if found.kind == "image":
        assert (found.width, found.height, found.seconds) == (width, height, None)
    else:
        assert found.seconds == pytest.approx(seconds, abs=1e-4)
    if found.kind == "video":
        assert found.width is not None
        assert found.height is not None
        assert (found.width > found.height) >= (width > 1.5 * height)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (saved("PNG", mode="LA"), "image/png"),
        (saved("GIF"), "image/gif"),
        (saved("JPEG", progressive=True, comment=b"\xff" * 300), "image/jpeg"),
        (saved("JPEG", mode="L", exif=b"Exif\0\0" + bytes(500)), "image/jpeg"),
        (saved("WEBP", quality=50), "image/webp"),
        (saved("WEBP", lossless=True), "image/webp"),
        (saved("WEBP", mode="RGBA", exif=b"Exif\0\0"), "image/webp"),
    ],
)
def test_pictures_of_others_are_read(content: bytes, content_type: str) -> None:
    """Each of the ways in which the formats store a size."""
    assert read(content) == Description(content_type, "image", 61, 37)


@needs_avif
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_picture_in_avif_is_read(mode: str) -> None:
    """The picture's size, not that of its transparency; turned, as viewers show it."""
    turned = Image.Exif()
    turned[0x112] = 6

    assert read(saved("AVIF", mode=mode, speed=10)) == Description("image/avif", "image", 61, 37)
    assert read(saved("AVIF", mode=mode, speed=10, exif=turned)).width == 37


@pytest.mark.parametrize(
    ("content", "width", "height"),
    [
        (heif(), 61, 37),
        (heif(properties=ispe(512, 512) + box(b"irot", b"\3") + ispe(61, 37)), None, None),
        (heif(properties=ispe(9, 9) + ispe(61, 37) + box(b"irot", b"\1")), 61, 37),
        (
            heif(
                properties=box(b"irot", b"\1") + ispe(61, 37),
                places=b"\0\2\2\x82\1"[:5] + b"\0\1\0",
            ),
            37,
            61,
        ),
        (heif(properties=ispe(0, 9) + ispe(0, 37)), None, None),
    ],
)
def test_a_picture_in_heic_has_the_size_of_its_primary_item(
    content: bytes, width: int | None, height: int | None
) -> None:
    """Not that of a tile; a turn counts if it is that item's; without a size it is damaged."""
    if width is None:
        with pytest.raises(UnreadableMedia, match="AVIF or HEIC"):
            read(content)
        return
    assert read(content) == Description("image/heic", "image", width, height)


def test_a_picture_of_several_brands_has_the_type_of_the_one_that_says_it() -> None:
    """`mif1` may come first in both."""
    either = heif(brand=b"mif1")
    of_avif = either.replace(b"miaf", b"avif", 1)
    files = (heif(brand=b"avif"), either, of_avif)
    assert [read(each).content_type for each in files] == ["image/avif", "image/heic", "image/avif"]


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (ogg(b"\1vorbis" + bytes(5) + (44_100).to_bytes(4, "little"), 88_200), 2.0),
        (ogg(b"Speex   " + bytes(28) + (16_000).to_bytes(4, "little"), 24_000), 1.5),
        (ogg(b"OpusHead\1\1" + (312).to_bytes(2, "little"), 48_312), 1.0),
        (ogg(b"OpusHead\1\1\0\0", (1 << 64) - 1), None),
        (ogg(b"another", 48_000), None),
    ],
)
def test_sounds_in_ogg_are_as_long_as_their_last_page_says(
    content: bytes, seconds: float | None
) -> None:
    """In the codec's samples a second; what the codec only begins with does not count."""
    assert read(content) == Description("audio/ogg", "audio", seconds=seconds)


SOUND = (None, None)


@pytest.mark.parametrize(
    ("file", "options", "content_type", "size"),
    [
        (("mp4", "mpeg4", "aac"), {}, "video/mp4", (66, 38)),
        (("mp4", "mpeg4"), {}, "video/mp4", (66, 38)),
        (("mov", "aac", "mpeg4"), {}, "video/quicktime", (66, 38)),
        (("3gp", "mpeg4"), {}, "video/3gpp", (66, 38)),
        (("ipod", "aac"), {}, "audio/mp4", SOUND),
        (("wav", "pcm_s16le"), {}, "audio/wav", SOUND),
        (("wav", "pcm_u8"), {}, "audio/wav", SOUND),
        (("mp3", "libmp3lame"), {}, "audio/mpeg", SOUND),
        (("mp3", "libmp3lame"), {"write_xing": "0"}, "audio/mpeg", SOUND),
        (("mp3", "libmp3lame"), {"write_xing": "0", "id3v2_version": "0"}, "audio/mpeg", SOUND),
        (("matroska", "mpeg4", "aac"), {}, "video/webm", (66, 38)),
        (("matroska", "aac"), {}, "audio/webm", SOUND),
        (("adts", "aac"), {}, "audio/aac", SOUND),
        (("adts", "aac"), {"write_id3v2": "1"}, "audio/aac", SOUND),
        (("avi", "mpeg4"), {}, "video/x-msvideo", (66, 38)),
    ],
)
@pytest.mark.parametrize("rate", [44_100, 22_050])
def test_films_and_sounds_of_others_are_read(
    file: tuple[str, ...],
    options: dict[str, str],
    rate: int,
    content_type: str,
    size: tuple[int | None, int | None],
) -> None:
    """The tables behind the samples, any order of tracks, with and without a mark."""
    container, *codecs = file
    found = read(encoded(container, *codecs, rate=rate, **options))

    assert (found.content_type, found.width, found.height) == (content_type, *size)
    assert found.seconds == pytest.approx(0.5, abs=0.09)  # whole frames, and what encoders add


def test_a_film_in_fragments_has_a_size_and_perhaps_a_length() -> None:
    """Its header need not say how long it will be."""
    found = read(encoded("mp4", "mpeg4", movflags="frag_keyframe+empty_moov"))

    assert found == Description("video/mp4", "video", 66, 38, None)


def test_a_film_of_a_browser_has_a_size_and_perhaps_a_length() -> None:
    """What is recorded live says no length, and its parts no size."""
    film = read(encoded("webm", "libvpx", "libopus", rate=48_000))
    assert film == Description("video/webm", "video", 66, 38, film.seconds)
    assert film.seconds == pytest.approx(0.5, abs=0.05)
    live = read(encoded("webm", "libvpx", rate=48_000, live="1"))

    assert live == Description("video/webm", "video", 66, 38, None)


def test_a_film_in_matroska_that_is_cut_off_is_read() -> None:
    """As far as it is described; an element that ends behind the one around it is damaged."""
    film = encoded("matroska", "mpeg4")
    assert read(film[:-200]) == read(film)
    described = webm(1)
    track = described.index(b"\xae\x40")
    with pytest.raises(UnreadableMedia, match="an element inside of"):
        read(described[: track + 1] + b"\x7f\xfe" + described[track + 3 :])


def test_a_frame_of_aac_may_have_several_blocks() -> None:
    """Each of 1024 samples; two bits say how many more than one."""
    frames = aac(2)
    assert read(frames.replace(b"\xff\xfc", b"\xff\xff")).seconds == pytest.approx(8, abs=0.5)


def test_a_film_that_is_turned_has_the_size_that_is_seen() -> None:
    """Phones write films lying on their side, and that players turn them."""
    film = make(Wanted(format="mp4", seconds=0.2)).content
    at = film.index(b"tkhd") + 4 + 40
    quarter = b"".join(one.to_bytes(4, signed=True) for one in (0, 1 << 16, 0, -(1 << 16), 0))

    found = read(film[:at] + quarter + film[at + 20 :])

    assert (found.width, found.height) == (720, 1280)


@pytest.mark.parametrize(
    ("start", "content_type"),
    [
        (b"RIFF\0\0\0\0AVI ", "video/x-msvideo"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (b"OggS", "audio/ogg"),
    ],
)
def test_of_some_types_only_the_type_is_known(start: bytes, content_type: str) -> None:
    """Size and length are then not known, which is no error."""
    found = read(start + bytes(100))

    assert found == Description(content_type, content_type.partition("/")[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\0", b"<svg/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"GIF89a\0\0\1\0", b"ID3"),
        *(b"\0\0\0\x10ftypavif\0\0\0\0", b"\x1a\x45\xdf\xa3\x80", b"\xff\xf1\x50\x80\0\0\0\0"),
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x80",
    ],
)
def test_what_is_no_media_is_an_error(content: bytes) -> None:
    """The message says what was expected and what came."""
    with pytest.raises(UnreadableMedia, match=r"^Expected .+, got .+\.$"):
        read(content)


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    """Cut, changed, or with parts of others in them: nothing but our own error comes out."""
    content = bytearray(data.draw(st.sampled_from(examples()) | st.sampled_from(newer())))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content), 1500)))
        number = data.draw(st.sampled_from([0, 1, 2, 4, 8]))
        parts = [b"\xff" * 8, bytes(8), b"moov", b"ispe", b"\x16\x54\xae\x6b\xff"]
        new = data.draw(st.binary(max_size=8) | st.sampled_from(parts))
        content[at : at + number] = new
    end = data.draw(st.just(len(content)) | st.integers(0, len(content)))

    try:
        found = read(bytes(content[:end]))
    except UnreadableMedia:
        return
    assert all(side is None or 0 < side <= 65_535 for side in (found.width, found.height))
    assert found.seconds is None or 0 <= found.seconds <= 7 * 86_400


@settings(max_examples=100)
@given(
    start=st.sampled_from([b"", *(one[:12] for one in (b"ID3\4\0\0", b"\xff\xfb\x90\x40"))])
    | st.sampled_from(examples()).map(lambda one: one[:12]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    """With the first bytes of any type, or none."""
    with suppress(UnreadableMedia):
        read(start + rest)


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\0\x08free" * 200_000,
        b"\0\0\0\x08ftyp" + (8 + 800_000).to_bytes(4) + b"moov" + b"\0\0\0\x08trak" * 100_000,
        b"\xff\xd8" + b"\xff\xe0\0\2" * 200_000,
        b"\xff\xd8" + b"\xff" * 800_000,
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 100_000,
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff" + b"\xec\x80" * 400_000,
        heif(properties=ispe(61, 37) + b"\0\0\0\x08free" * 100_000),
        heif(places=b"\0\1\1\1" * 100_000),
    ],
)
def test_a_file_of_countless_parts_is_refused(content: bytes) -> None:
    """The walk through it has a bound."""
    with pytest.raises(UnreadableMedia, match=r"Expected (at most 4096 parts|a movie's header)"):
        read(content)


@pytest.mark.parametrize("size", [1, 4, 7, 17, 1 << 31])
def test_a_box_that_cannot_be_is_refused(size: int) -> None:
    """One that is shorter than its own header, or ends behind the file."""
    with pytest.raises(UnreadableMedia, match="a box inside of 0 to 16"):
        read(size.to_bytes(4) + b"moov" + bytes(8))


def test_a_very_long_mp3_is_estimated() -> None:
    """Frames are counted up to a bound; the rest is assumed to be alike."""
    frame = b"\xff\xf3\x14\xc4".ljust(24, b"\0")  # 8 kbit/s at 24 kHz: 24 bytes, 576 samples
    count = MOST_FRAMES * 6 // 5

    assert read(frame * count).seconds == pytest.approx(count * 576 / 24_000)


@pytest.mark.parametrize(
    ("declared", "matches"),
    [("image/jpeg", True), ("IMAGE/JPG", True), ("image/png", False), ("", False)],
)
def test_a_declared_type_is_compared_by_any_of_its_names(declared: str, matches: bool) -> None:
    """In upper or lower case."""
    assert read(saved("JPEG")).matches(declared) is matches


# Data URIs


@given(content=st.binary(min_size=1), extra=st.sampled_from(["", ";charset=utf-8", ';a="b";c=d']))
def test_a_data_uri_gives_its_bytes_back(content: bytes, extra: str) -> None:
    """Whatever the content; parameters of the type are left out."""
    uri = f"data:Image/PNG{extra};base64,{b64encode(content).decode()}"

    assert read_data_uri(uri) == DataUri("image/png", content)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "data:",
        "data:,",
        "data:image/png,abc",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,AAA",
        "data:image/png;base64,AA\nAA",
        "data:image/png;base64,AAé=",
        "data:;base64,AAAA",
        "data:image;base64,AAAA",
        "https://example.com/a.png",
        "data:image/" + "x" * 300 + ";base64,AAAA",
    ],
)
def test_another_form_of_a_data_uri_is_an_error(uri: str) -> None:
    """The message says what was expected, and does not repeat the content."""
    with pytest.raises(MalformedDataUri, match=r"^Expected .+, got") as caught:
        read_data_uri(uri)
    assert len(str(caught.value)) < 200


def test_a_long_data_uri_is_refused_unread() -> None:
    """The limit counts characters of the whole URI."""
    uri = "data:image/png;base64,AAAA"

    assert read_data_uri(uri, longest=len(uri)).content == bytes(3)
    with pytest.raises(DataUriTooLong, match="at most 25 characters, got 26"):
        read_data_uri(uri, longest=25)


@settings(max_examples=60)
@given(text=st.text(max_size=110) | st.text(max_size=60).map(lambda rest: f"data:{rest}"))
def test_any_text_is_a_data_uri_or_refused(text: str) -> None:
    """Nothing but our own error comes out."""
    with suppress(MalformedDataUri, DataUriTooLong):
        read_data_uri(text, longest=100)
