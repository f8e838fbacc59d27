"""Making what came from a target fit to be shown: no secrets, nothing that a terminal would obey.

Every text of a report that is not our own goes through a `Redaction`, which is made once a report.
Secrets are looked for first and in several spellings, before anything is escaped or cut: half a
secret is one too.
"""

import json
import re
import unicodedata
from collections.abc import Iterator

from contracts.judge.spellings import spellings
from contracts.judge.verdict import Report

API_SECRET, SESSION_KEY, TOKEN = "[API secret]", "[session key]", "[token]"
LONGEST = 4_000
"""So many characters of a body are shown."""

_KEY = re.compile(r"stk_[0-9A-Za-z_-]+")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+(?!\[)[\w.~+/=-]{6,}")
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_SHORTEST = 6  # a shorter value of a field is no secret, and covering it would spoil the report


class Redaction:
    """Covers the secrets of one run.

    Args:
        secret: the API secret of the target.
        keys, tokens: what was handed out in the run.
    """

    def __init__(
        self,
        secret: str,
        *,
        keys: frozenset[str] = frozenset(),
        tokens: frozenset[str] = frozenset(),
    ) -> None:
        known = [
            *((spelling, API_SECRET) for spelling in spellings(secret)),
            *((key, SESSION_KEY) for key in keys),
            *((token, TOKEN) for token in tokens),
        ]
        self._known = sorted(known, key=lambda each: -len(each[0]))

    @classmethod
    def of(cls, report: Report) -> "Redaction":
        """Return the cover for everything that is a secret in a report."""
        return cls(
            report.context.secret,
            keys=frozenset(_handed_out(report, "sessionKey")),
            tokens=frozenset(_handed_out(report, "token")),
        )

    def block(self, text: str | bytes, *, longest: int = LONGEST) -> str:
        """Return a text without secrets, with its line breaks, everything else printable."""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        for secret, label in self._known:
            text = text.replace(secret, label)
        text = _KEY.sub(SESSION_KEY, text)
        text = _JWT.sub(TOKEN, text)
        text = _BEARER.sub(rf"\1 {TOKEN}", text)
        text = _USER.sub("", text)
        if len(text) > longest:
            text = f"{text[:longest]}… ({len(text) - longest} more characters)"
        return "".join(map(_printable, text.replace("\r\n", "\n")))

    def line(self, text: str | bytes, *, longest: int = LONGEST) -> str:
        """Return a text without secrets, in one line."""
        return self.block(text, longest=longest).replace("\n", "\\n").replace("\t", " ")


def short(text: str, most: int) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _handed_out(report: Report, name: str) -> Iterator[str]:
    for observation in report.observations:
        for answer in observation.answers:
            value = answer.fields.get(name)
            if isinstance(value, str) and len(value) >= _SHORTEST:
                yield value
                yield json.dumps(value)[1:-1]


def _printable(character: str) -> str:
    """Return a character, or how it is written in Python if it would do something.

    Controls move cursors and colour terminals, bidirectional marks reorder lines, and XML forbids
    most of the first, lone surrogates and U+FFFE.
    """
    if character in "\n\t" or (character.isascii() and character.isprintable()):
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character
