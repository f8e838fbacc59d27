"""A sequence as an inline SVG. Colours are the page's: everything is styled by class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from contracts.judge.case import Breach
from contracts.report.sequence import Arrow, Fold, Lane, Mark, Row, Rule, Tone

WIDTH = 1040
_X = {Lane.BROWSER: 118, Lane.GATEWAY: 424, Lane.FAKE: 816}
_NAMES = {Lane.BROWSER: "browser", Lane.GATEWAY: "gateway", Lane.FAKE: "fake Runway"}
_HEAD, _ROW, _DETAIL, _NOTE_LINE = 52, 31, 15, 17
_NOTE_COLUMNS = 118
_GLYPH = {Tone.GOOD: "✓ ", Tone.BAD: "✗ "}


@dataclass(frozen=True)
class Note:
    """One broken requirement, as a box below the lifelines.

    Attributes:
        counts: whether it makes the run fail.
    """

    id: str
    breaches: tuple[Breach, ...]
    counts: bool


def drawing(rows: Sequence[Row], notes: Iterable[Note], *, title: str) -> str:
    """Return the SVG element; `title` is for those who hear it instead of seeing it."""
    body: list[str] = []
    y = _HEAD + 16.0
    for row in rows:
        y += _above(row)
        body.append(_drawn(row, y))
        y += _ROW - 8
    foot = y + 2
    y = foot + 18
    for note in notes:
        box, height = _note(note, y)
        body.append(box)
        y += height + 8
    lines = "".join(
        f'<line class="life" x1="{x}" y1="{_HEAD - 10}" x2="{x}" y2="{foot:.0f}"/>'
        for x in _X.values()
    )
    heads = "".join(
        f'<rect class="head" x="{x - 66}" y="10" width="132" height="30" rx="6"/>'
        f'<text class="name" x="{x}" y="30">{_NAMES[lane]}</text>'
        for lane, x in _X.items()
    )
    return (
        f'<svg class="sequence" viewBox="0 0 {WIDTH} {y:.0f}" role="img"'
        f' xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
        f"{lines}{heads}{''.join(body)}</svg>"
    )


def _above(row: Row) -> float:
    """Return the room that a row takes above its line."""
    return 8 + (_DETAIL if isinstance(row, Arrow) and row.detail else 0)


def _drawn(row: Row, y: float) -> str:
    stamp = f'<text class="time" x="44" y="{y + 4:.0f}">{row.at_s:+.2f}s</text>'
    match row:
        case Arrow():
            return stamp + _arrow(row, y)
        case Mark(label=label, tone=tone):
            x = _X[Lane.FAKE]
            return (
                f'{stamp}<g class="mark {tone.value}"><circle cx="{x}" cy="{y:.0f}" r="5"/>'
                f'<text x="{x + 14}" y="{y + 4:.0f}">{escape(label)}</text></g>'
            )
        case Rule(label=label):
            return (
                f'{stamp}<g class="rule"><line x1="78" y1="{y:.0f}" x2="{WIDTH - 10}"'
                f' y2="{y:.0f}"/><text x="{WIDTH - 14}" y="{y - 5:.0f}">{escape(label)}</text></g>'
            )
        case Fold(label=label):
            x = (_X[Lane.GATEWAY] + _X[Lane.FAKE]) // 2
            return f'{stamp}<text class="fold" x="{x}" y="{y + 4:.0f}">⋮ {escape(label)} ⋮</text>'


def _arrow(row: Arrow, y: float) -> str:
    """Draw from lifeline to lifeline; one that is lost ends half way, in a cross."""
    start, end = _X[row.source], _X[row.to]
    way = 1 if end > start else -1
    tip = start + (end - start) * 0.62 if row.lost else end - way * 2
    middle = (start + end) / 2
    if row.lost:
        point = f'<path class="cross" d="M{tip - 5:.0f} {y - 5:.0f}l10 10m0 -10l-10 10"/>'
    else:
        point = f'<path class="tip" d="M{tip:.0f} {y:.0f}l{-way * 9} -4.5v9z"/>'
    label = escape(_GLYPH.get(row.tone, "") + row.label)
    texts = f'<text x="{middle:.0f}" y="{y - 6:.0f}">{label}</text>'
    if row.detail:
        detail = escape(row.detail)
        texts = (
            f'<text x="{middle:.0f}" y="{y - 6 - _DETAIL:.0f}">{label}</text>'
            f'<text class="detail" x="{middle:.0f}" y="{y - 6:.0f}">{detail}</text>'
        )
    dashed = " reply" if way < 0 else ""
    return (
        f'<g class="arrow {row.tone.value}{dashed}">'
        f'<line x1="{start}" y1="{y:.0f}" x2="{tip:.0f}" y2="{y:.0f}"/>{point}{texts}</g>'
    )


def _note(note: Note, y: float) -> tuple[str, float]:
    """Draw the box of one broken requirement; return it and its height."""
    lines = [(f"✗ {note.id}", "note-id")]
    for breach in note.breaches:
        lines += [(each, "") for each in _wrapped("expected: ", breach.expected)]
        lines += [(each, "got") for each in _wrapped("got:      ", breach.got)]
    height = len(lines) * _NOTE_LINE + 14
    texts = "".join(
        f'<text class="{kind}" x="92" y="{y + 20 + index * _NOTE_LINE:.0f}"'
        f' xml:space="preserve">{escape(line)}</text>'
        for index, (line, kind) in enumerate(lines)
    )
    box = f'<rect x="78" y="{y:.0f}" width="{WIDTH - 88}" height="{height}" rx="6"/>'
    kind = "note" if note.counts else "note should"
    return f'<g class="{kind}">{box}{texts}</g>', height


def _wrapped(head: str, text: str) -> list[str]:
    lines = wrap(text, _NOTE_COLUMNS - len(head), max_lines=6, placeholder=" …") or [""]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]
