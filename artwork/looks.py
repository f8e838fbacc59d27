"""What tells the avatars apart: a `Look` for each preset of the Runway API, and one more."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Colour = str
"""`#rrggbb`."""


@dataclass(frozen=True, slots=True)
class Look:
    """How an avatar is drawn.

    Attributes:
        wall: the colours of the wall behind it, in the middle and at the edges.
        skin: of face and neck; a cat's fur.
        hair: its colour.
        shirt: its colour, and that of its collar.
        cut: the form of the hair: `long`, `short`, `bob`, `bun`, `curls`, `spikes` or `none`.
        wears: things on top, drawn in this order; each is a method of `drawing.Portrait`.
        iris: the colour of the eyes.
    """

    wall: tuple[Colour, Colour]
    skin: Colour
    hair: Colour
    shirt: tuple[Colour, Colour]
    cut: str
    wears: tuple[str, ...] = ()
    iris: Colour = "#5a3d28"


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "game-character": Look(
            ("#3f6f8f", "#16283f"), "#f2c9a8", "#2fb5a0", ("#4b3b7a", "#d8b45a"),
            "long", ("elf_ears", "circlet"), "#2c8f6a",
        ),
        "music-superstar": Look(
            ("#8a3fa0", "#2a1140"), "#c98f68", "#f06ab0", ("#1d1d2b", "#f06ab0"),
            "curls", ("headphones",), "#4a2f6a",
        ),
        "game-character-man": Look(
            ("#7a5a3a", "#2b1d12"), "#e8b990", "#8a4a22", ("#5c6b78", "#aab6c0"),
            "spikes", ("beard", "scar"), "#39698f",
        ),
        "cat-character": Look(
            ("#f2b766", "#a85f2a"), "#f4a261", "#d9803a", ("#4f9d8f", "#f7e3c0"),
            "none", ("cat",), "#4f9a3a",
        ),
        "influencer": Look(
            ("#f7a8b8", "#b8557a"), "#f6d2b8", "#f2cf74", ("#ffffff", "#f3d0da"),
            "long", ("sunglasses",), "#3f7fb0",
        ),
        "tennis-coach": Look(
            ("#5fae5a", "#1f5a34"), "#b97a50", "#2a1b14", ("#f7f7f2", "#3c8f4a"),
            "short", ("sweatband",), "#3a2416",
        ),
        "human-resource": Look(
            ("#8fa9c4", "#3d5672"), "#e9bf9c", "#4a2c20", ("#2f3f5c", "#f4f4f4"),
            "bun", ("glasses",), "#5a3d28",
        ),
        "fashion-designer": Look(
            ("#d8d2c8", "#8f857a"), "#f3cfb3", "#1c1a20", ("#202024", "#c23a3a"),
            "bob", ("beret", "earrings"), "#4a5a3a",
        ),
        "cooking-teacher": Look(
            ("#e8c07a", "#a3652c"), "#d9a27a", "#3a2a22", ("#fbfaf6", "#c8402f"),
            "short", ("moustache", "chefs_hat"), "#4a3222",
        ),
        "custom": Look(
            ("#6a7fd0", "#232b5c"), "#e3b48e", "#5a4638", ("#39a0b8", "#e8f4f6"),
            "bob", (), "#3a6a5a",
        ),
    }
)  # fmt: skip
