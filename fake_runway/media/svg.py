"""The landscape as SVG: the same colours and shapes as in `picture.py`, as a few lines of text."""

from xml.sax.saxutils import escape

from fake_runway.media.picture import HILLS, SKY, Picture
from fake_runway.media.wanted import Wanted

_STEPS = 48
"""The corners of each hill."""


def svg(wanted: Wanted) -> bytes:
    """Return an SVG of this size. It holds no script and refers to nothing."""
    picture, width, height = Picture(wanted, text=False), wanted.width, wanted.height
    colours = [picture.palette[at : at + 3].hex() for at in range(0, len(picture.palette), 3)]
    panel, ink, sky = colours[0], colours[3], colours[4 : 4 + SKY]
    halo, sun, *hills = colours[4 + SKY :]
    x, y = picture.sun
    least = min(width, height)
    disc = f'<circle cx="{x * width:.1f}" cy="{y * height:.1f}"'
    size = f'width="{width}" height="{height}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">',
        f"<title>{escape(wanted.title)}</title>",
        '<defs><linearGradient id="sky" x2="0" y2="1">',
        f'<stop stop-color="#{sky[0]}"/><stop offset="1" stop-color="#{sky[-1]}"/>',
        "</linearGradient></defs>",
        f'<rect {size} fill="url(#sky)"/>',
        f'{disc} r="{0.17 * least:.1f}" fill="#{halo}"/>',
        f'{disc} r="{0.12 * least:.1f}" fill="#{sun}"/>',
    ]
    for at in range(HILLS):
        corners = " ".join(
            f"{step / _STEPS * width:.1f},{picture.level(at, step / _STEPS) * height:.1f}"
            for step in range(_STEPS + 1)
        )
        parts.append(
            f'<polygon points="0,{height} {corners} {width},{height}" fill="#{hills[at]}"/>'
        )
    parts += _texts(wanted, panel, ink)
    return "\n".join([*parts, "</svg>", ""]).encode()


def _texts(wanted: Wanted, panel: str, ink: str) -> list[str]:
    lines = [line for line in (wanted.title[:60], *wanted.details) if line]
    size = min(wanted.width / 40, wanted.height / 24)
    high = size * 1.5 * (len(lines) + 0.5)
    if not lines or high > wanted.height / 2:
        return []
    top = wanted.height - high
    return [
        f'<rect y="{top:.1f}" width="{wanted.width}" height="{high:.1f}" fill="#{panel}"/>',
        *(
            f'<text x="{size:.1f}" y="{top + size * 1.5 * (at + 1):.1f}" fill="#{ink}"'
            f' font-family="sans-serif" font-size="{size:.1f}">{escape(line)}</text>'
            for at, line in enumerate(lines)
        ),
    ]
