"""The files that a body names: where they stand, and what the models take.

Source: the published descriptions of the request bodies, each limit where its model is described.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fake_runway.core.files import FileFacts
from fake_runway.core.tasks.orders import NOT_READ, InputMedia
from fake_runway.core.types import Json
from fake_runway.core.values import dataclass

INPUT_KEYS: Mapping[str, str] = {
    **dict.fromkeys(("promptImage", "imageUri", "maskUri", "referenceImage"), "image"),
    **dict.fromkeys(("referenceImages", "references", "keyframes", "newProductImages"), "image"),
    **dict.fromkeys(("productImage", "productImages", "characterImage", "styleImage"), "image"),
    **dict.fromkeys(("videoUri", "promptVideo", "referenceVideo", "referenceVideos"), "video"),
    **dict.fromkeys(("audioUri", "audio", "referenceAudio", "referenceAudios"), "audio"),
    "uri": "",
}
"""The keys under which a text is the address of a file, and its kind; empty: what is above says it.
A test compares them with the contract."""

_KINDS = ("image", "video", "audio")
_CHANGED = ("videoUri", "promptVideo", "audioUri", "media", "reference", "imageUri")
"""The keys of the file that a task changes, which decides how long or large its output is."""

Path = tuple[str | int, ...]


class Input(NamedTuple):
    """The address of a file in a body.

    Attributes:
        path: where it stands.
        kind: `image`, `video` or `audio`; empty: any.
        address: `https://`, `runway://` or `data:`.
    """

    path: Path
    kind: str
    address: str


def inputs_of(body: Json) -> Iterator[Input]:
    """Yield the files that a body names, in its order. O(its parts)."""
    yield from _below(body, (), "", is_file=False)


def _below(value: Any, path: Path, kind: str, *, is_file: bool) -> Iterator[Input]:
    if isinstance(value, str):
        if is_file:
            yield Input(path, kind, value)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _below(each, (*path, index), kind, is_file=is_file)
    elif isinstance(value, Mapping):
        own = value.get("type")
        inner = own if own in _KINDS else kind
        for key, each in value.items():
            known = INPUT_KEYS.get(key)
            named = inner if known in (None, "") else known
            yield from _below(each, (*path, key), named or "", is_file=known is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimit:
    """What one model takes at one place; a value that is not known breaks no limit.

    Attributes:
        endpoint: below /v1/.
        key: the first one of the place.
        model: empty: every one of the endpoint.
        seconds: from, to; of all files at the place together, if `total`.
        sides: the least and the most pixels of each side.
        ratio: the least and the most of width / height.
        most_output: pixels of the image that is made of it, with `scaleFactor`.
    """

    endpoint: str
    key: str
    model: str = ""
    seconds: tuple[float, float] | None = None
    total: bool = False
    sides: tuple[int, int] | None = None
    ratio: tuple[float, float] | None = None
    most_output: int | None = None

    def problem(self, files: list[FileFacts], body: Json) -> str:
        """Return what is wrong with the files at the place, empty if nothing."""
        if self.total and self.seconds:
            return self._of_length(sum(each.seconds or 0.0 for each in files), "together ")
        for file in files:
            if problem := self._of(file, body):
                return problem
        return ""

    def _of(self, file: FileFacts, body: Json) -> str:
        if self.seconds and file.seconds is not None and (problem := self._of_length(file.seconds)):
            return problem
        if file.width is None or file.height is None:
            return ""
        size = f"{file.width} x {file.height}"
        if self.sides and not (
            self.sides[0] <= min(file.width, file.height)
            and max(file.width, file.height) <= self.sides[1]
        ):
            return f"expected sides of {self.sides[0]} to {self.sides[1]} pixels, got {size}"
        if self.ratio and not self.ratio[0] <= file.width / file.height <= self.ratio[1]:
            least, most = self.ratio
            return f"expected a width of {least:g} to {most:g} times the height, got {size}"
        factor = float(body.get("scaleFactor", 2))
        if self.most_output and file.width * file.height * factor**2 > self.most_output:
            return f"expected at most {self.most_output} pixels when it is enlarged, got {size}"
        return ""

    def _of_length(self, seconds: float, together: str = "") -> str:
        assert self.seconds is not None
        least, most = self.seconds
        if least <= seconds <= most:
            return ""
        return f"expected {together}{least:g} to {most:g} seconds, got {seconds:.4g}"


_SHORT, _LONG = (0.0, 15.0), (0.0, 30.0)
_SEEDANCES = ("seedance2", "seedance2_fast", "seedance2_mini")

FILE_LIMITS = (
    FileLimit(endpoint="video_to_video", model="aleph2", key="videoUri", seconds=_LONG),
    *(
        FileLimit(endpoint="video_to_video", model=model, key="videoUri", seconds=(0.0, 10.0))
        for model in ("gemini_omni_flash", "gemini_omni_flash_1.1")
    ),
    FileLimit(
        endpoint="video_upscale",
        model="magnific_video_upscaler_creative",
        key="videoUri",
        seconds=_LONG,
    ),
    FileLimit(
        endpoint="video_upscale", model="enhance_frame_rate", key="videoUri", seconds=(0.0, 300.0)
    ),
    FileLimit(endpoint="character_performance", key="reference", seconds=(3.0, 30.0)),
    FileLimit(endpoint="voice_isolation", key="audioUri", seconds=(4.6, 3600.0)),
    FileLimit(endpoint="recipes/product_swap", key="referenceVideo", seconds=(1.8, 15.0)),
    *(
        FileLimit(endpoint="recipes/product_ugc", key=key, ratio=(0.4, 4.0))
        for key in ("characterImage", "productImage")
    ),
    FileLimit(endpoint="image_upscale", key="imageUri", sides=(300, 8000), most_output=25_300_000),
    *(
        FileLimit(endpoint=endpoint, model=model, key=key, seconds=_SHORT, total=True)
        for endpoint in ("text_to_video", "image_to_video", "video_to_video")
        for model in (*_SEEDANCES, "hailuo3")
        for key in ("referenceVideos", "referenceAudio")
    ),
    *(
        FileLimit(endpoint=endpoint, model="seedance2_5", key=key, seconds=_LONG, total=True)
        for endpoint in ("text_to_video", "image_to_video", "video_to_video")
        for key in ("referenceVideos", "referenceAudio")
    ),
)


class Misfit(NamedTuple):
    """A file that its model does not take: where it stands, and why."""

    path: Path
    problem: str


def misfits(
    endpoint: str, model: str, body: Json, files: Mapping[Path, FileFacts]
) -> Iterator[Misfit]:
    """Yield what breaks a limit of a model.

    Args:
        files: those that are known, by their places.
    """
    for limit in FILE_LIMITS:
        if limit.endpoint != endpoint or limit.model not in ("", model):
            continue
        places = [path for path in files if path[0] == limit.key]
        if places and (problem := limit.problem([files[each] for each in places], body)):
            yield Misfit(places[0], problem)


def media_of(files: Mapping[Path, FileFacts]) -> InputMedia:
    """Return what is known of the inputs, for prices and outputs."""
    if not files:
        return NOT_READ
    changed = next(
        (file for key in _CHANGED for path, file in files.items() if path[0] == key), None
    )
    referred = [
        file.seconds
        for path, file in files.items()
        if path[0] == "referenceVideos" and file.seconds is not None
    ]
    return InputMedia(
        seconds=NOT_READ.seconds if changed is None or not changed.seconds else changed.seconds,
        references_s=sum(referred) if referred else None,
        width=(changed and changed.width) or NOT_READ.width,
        height=(changed and changed.height) or NOT_READ.height,
    )
