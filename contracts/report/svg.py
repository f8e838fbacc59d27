"""Where the parts of a sequence stand in its drawing, which `templates/sequence.svg` draws."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType

from contracts.judge.verdict import Finding
from contracts.report.redaction import Redaction
from contracts.report.sequence import Arrow, DeadlineLine, Fold, Lane, Mark, Row

WIDTH = 1040
LANES: Mapping[Lane, int] = MappingProxyType({Lane.BROWSER: 118, Lane.GATEWAY: 424, Lane.FAKE: 816})
_KINDS: Mapping[type[Row], str] = MappingProxyType(
    {Arrow: "arrow", Mark: "mark", DeadlineLine: "deadline", Fold: "fold"}
)
_HEAD, _ABOVE, _BELOW, _DETAIL, _LINE = 68, 8, 23, 15, 17
_COLUMNS = 108


@dataclass(frozen=True, slots=True)
class Box:
    """One broken requirement below the lifelines.

    Attributes:
        counts: whether it makes the run fail.
        lines: each a text and its class.
    """

    y: int
    height: int
    counts: bool
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Rows at their heights, with the kind of each, and boxes below them.

    Attributes:
        foot: where the lifelines end.
    """

    rows: Sequence[tuple[int, str, Row]]
    boxes: Sequence[Box]
    foot: int
    height: int


def drawing(
    rows: Iterable[Row], findings: Iterable[Finding], redact: Redaction, *, strict: bool
) -> Drawing:
    """Place rows below each other, then a box for each finding."""
    placed = []
    y = _HEAD
    for row in rows:
        y += _ABOVE + (_DETAIL if isinstance(row, Arrow) and row.detail else 0)
        placed.append((y, _KINDS[type(row)], row))
        y += _BELOW
    foot = y + 2
    boxes = []
    y = foot + 18
    for finding in findings:
        lines = _lines(finding, redact)
        counts = finding.requirement.level.counts(strict=strict)
        boxes.append(Box(y, len(lines) * _LINE + 14, counts, lines))
        y += boxes[-1].height + 8
    return Drawing(placed, boxes, foot, y)


def _lines(finding: Finding, redact: Redaction) -> list[tuple[str, str]]:
    lines = [(f"✗ {finding.id}", "note-id")]
    for breach in finding.breaches:
        for head, part, kind in (
            ("expected: ", breach.expected, ""),
            ("got:      ", breach.got, "got"),
        ):
            text = redact.line(part, longest=600)
            first, *more = wrap(text, _COLUMNS, max_lines=6, placeholder=" …") or [""]
            lines += [(head + first, kind), *((" " * len(head) + each, kind) for each in more)]
    return lines
