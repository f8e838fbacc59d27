"""How much a task costs: rules as values, which `models.py` puts together.

A rule takes an `Order` to credits, and says itself in words for docs/prices.md. One credit is
0.01 US dollars. Estimates may be fractional; what is charged is whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from fake_runway.core.tasks.orders import FOUR_MEGAPIXELS, Order, Property
from fake_runway.core.values import dataclass

DEFAULT_PRICE = 10
"""Credits for a task of a model whose price is unknown; assumed. `--default-price` says another."""

_DEEP_FORMATS = frozenset({"hdr10", "hlg", "sdr_rec709_10bit", "hdr_pq_12bit_master"})
_PRO_FORMATS = frozenset({"prores", "png_sequence"})


class Price(Protocol):
    """A rule for the credits of one task."""

    def credits(self, order: Order) -> float:
        """Return the credits, perhaps a fraction."""
        ...

    def words(self) -> str:
        """Return the rule for people, such as `12 a second`."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Credits for one unit of something: always the same, or by properties of the order.

    `table` is keyed by the properties' values, with a slash between two. A value that the table
    does not know costs as much as the dearest.
    """

    table: Mapping[str, float]
    by: tuple[Property, ...] = ()

    def of(self, order: Order) -> float:
        """Return the credits of one unit."""
        key = "/".join(order.value(each) for each in self.by)
        return self.table.get(key, max(self.table.values()))

    def words(self) -> str:
        """Return the rate for people, such as `36 (720p), 40 (1080p)`."""
        if not self.by:
            return _figure(self.table[""])
        names: dict[float, list[str]] = {}
        for name, price in self.table.items():
            names.setdefault(price, []).append(name)
        return ", ".join(f"{_figure(price)} ({', '.join(each)})" for price, each in names.items())


def always(figure: float) -> Rate:
    """Return a rate that depends on nothing."""
    return Rate({"": figure})


def by(*properties: Property, **table: float) -> Rate:
    """Return a rate by one property whose values are names in Python, such as `quality`."""
    return Rate(table, properties)


def by_resolution(table: Mapping[str, float]) -> Rate:
    """Return a rate by the resolution of the video."""
    return Rate(table, (Property.RESOLUTION,))


@dataclass(frozen=True, slots=True)
class Flat:
    """The same for each task."""

    figure: float

    def credits(self, order: Order) -> float:
        return self.figure

    def words(self) -> str:
        return _figure(self.figure)


@dataclass(frozen=True, slots=True)
class PerSecond:
    """For each second of the output; fewer than `least_s` cost as many as those."""

    rate: Rate
    least_s: float = 0.0

    def credits(self, order: Order) -> float:
        return self.rate.of(order) * max(order.seconds, self.least_s)

    def words(self) -> str:
        least = f", {_figure(self.least_s)} s at least" if self.least_s else ""
        return f"{self.rate.words()} a second{least}"


@dataclass(frozen=True, slots=True)
class PerSecondIfAsked:
    """For each second if the body names a duration, else the same for each task."""

    rate: Rate
    otherwise: float

    def credits(self, order: Order) -> float:
        return self.otherwise if order.asked_s is None else self.rate.of(order) * order.asked_s

    def words(self) -> str:
        return (
            f"{self.rate.words()} a second of the asked duration,"
            f" {_figure(self.otherwise)} without one"
        )


@dataclass(frozen=True, slots=True)
class PerStarted:
    """For each started stretch of the output."""

    seconds: float
    rate: Rate = field(default_factory=lambda: always(1))

    def credits(self, order: Order) -> float:
        return self.rate.of(order) * math.ceil(round(order.seconds / self.seconds, 6))

    def words(self) -> str:
        return f"{self.rate.words()} for each started {_figure(self.seconds)} s"


@dataclass(frozen=True, slots=True)
class PerReferenceSecond:
    """For each second of the reference videos, at most `most_s` of them."""

    rate: Rate
    most_s: float

    def credits(self, order: Order) -> float:
        return self.rate.of(order) * min(order.references_s, self.most_s)

    def words(self) -> str:
        return (
            f"{self.rate.words()} a second of reference video (of {_figure(self.most_s)} s at most)"
        )


@dataclass(frozen=True, slots=True)
class PerInputSecond:
    """For each second of the input video, at most `most_s` of them."""

    rate: Rate
    most_s: float

    def credits(self, order: Order) -> float:
        return self.rate.of(order) * min(order.media.seconds, self.most_s)

    def words(self) -> str:
        return f"{self.rate.words()} a second of input (of {_figure(self.most_s)} s at most)"


@dataclass(frozen=True, slots=True)
class PerImage:
    """For each image that is made, and perhaps again for each of its reference images."""

    rate: Rate
    reference: float = 0.0

    def credits(self, order: Order) -> float:
        return (self.rate.of(order) + self.reference * order.images) * order.count

    def words(self) -> str:
        more = f", and {_figure(self.reference)} for each reference" if self.reference else ""
        return f"{self.rate.words()} an image{more}"


@dataclass(frozen=True, slots=True)
class PerCharacters:
    """For each started group of characters of the text."""

    characters: int
    figure: float = 1.0

    def credits(self, order: Order) -> float:
        return self.figure * max(1, math.ceil(order.characters / self.characters))

    def words(self) -> str:
        return f"{_figure(self.figure)} for each started {self.characters} characters"


@dataclass(frozen=True, slots=True)
class PerFrame:
    """For each frame of a video."""

    rate: Rate

    def credits(self, order: Order) -> float:
        return self.rate.of(order) * math.ceil(order.seconds * order.media.frames_per_s)

    def words(self) -> str:
        return f"{self.rate.words()} a frame"


@dataclass(frozen=True, slots=True)
class PerUpscaledImage:
    """By whether a side of the enlarged image has more than 4,096 pixels."""

    small: float
    large: float
    side: int = 4096

    def credits(self, order: Order) -> float:
        longest = max(order.media.width, order.media.height) * order.factor
        return self.large if longest > self.side else self.small

    def words(self) -> str:
        return (
            f"{_figure(self.small)} an image,"
            f" {_figure(self.large)} if a side has more than {self.side} pixels"
        )


@dataclass(frozen=True, slots=True)
class PerReference:
    """Once for each thing that the output refers to."""

    figure: float
    images: bool = False
    frames: bool = False
    sounds: bool = False

    def credits(self, order: Order) -> float:
        count = order.images * self.images + order.frames * self.frames + order.sounds * self.sounds
        return self.figure * count

    def words(self) -> str:
        kinds = {"reference image": self.images, "frame": self.frames, "sound": self.sounds}
        named = " or ".join(name for name, counts in kinds.items() if counts)
        return f"{_figure(self.figure)} for each {named}"


@dataclass(frozen=True, slots=True)
class PerLargeSecond:
    """For each second, by whether a frame of the input has more than four megapixels."""

    small: float
    large: float

    def credits(self, order: Order) -> float:
        is_large = order.media.width * order.media.height > FOUR_MEGAPIXELS
        return (self.large if is_large else self.small) * order.seconds

    def words(self) -> str:
        return f"{_figure(self.small)} a second, {_figure(self.large)} above 4 megapixels"


@dataclass(frozen=True, slots=True)
class FormatSurcharge:
    """What other formats than MP4 cost more: 5 a second, with more than 8 bits 20 or 40."""

    def credits(self, order: Order) -> float:
        asked = order.format
        if asked in _PRO_FORMATS:
            return 5.0 * order.seconds
        if asked in _DEEP_FORMATS or asked.startswith("hdr_"):
            width, height = order.pixels
            return (40.0 if width * height > FOUR_MEGAPIXELS else 20.0) * order.seconds
        return 0.0

    def words(self) -> str:
        return (
            "5 a second for prores and png_sequence,"
            " 20 for formats of 10 bits and more (40 above 4 megapixels)"
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """Several rules together."""

    parts: tuple[Price, ...]
    minimum: float = 0.0

    def credits(self, order: Order) -> float:
        return max(self.minimum, sum(each.credits(order) for each in self.parts))

    def words(self) -> str:
        least = f"; {_figure(self.minimum)} at least" if self.minimum else ""
        return "; plus ".join(each.words() for each in self.parts) + least


def total(*parts: Price, minimum: float = 0.0) -> Sum:
    """Return several rules as one."""
    return Sum(parts, minimum)


def _figure(number: float) -> str:
    return f"{number:g}"
