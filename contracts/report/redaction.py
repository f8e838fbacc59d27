"""Redact what a target sent: no secrets, and no characters that a terminal would obey.

Every text of a report that is not the judge's own goes through a `Redaction`, made once per report.
Secrets are replaced first, in several spellings, before the text is escaped or cut: half a secret
is a secret too.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

from contracts.judge.observation import Observation, TargetAnswer
from contracts.judge.spellings import spellings
from contracts.judge.verdict import Report

API_SECRET, SESSION_KEY, TOKEN = "[API secret]", "[session key]", "[token]"
LONGEST = 4_000
"""How many characters of a body a report shows."""

_KEY = re.compile(r"stk_[0-9A-Za-z_-]+")
# The second branch skips a run of letters that holds no token: else each eyJ in it would look
# through the rest of the run.
_JWT = re.compile(r"(?P<before>(?:(?!\beyJ)[\w-])*+)\beyJ[\w-]++\.[\w-]++\.[\w-]*+|[\w-]++")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+(?!\[)[\w.~+/=-]{6,}")
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_SHORTEST = 6  # shorter values are no secrets, and replacing them would spoil other texts


class Redaction:
    """Replaces the secrets of one run.

    Args:
        secret: the API secret of the target.
        keys, tokens: those that the target handed out.
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
        """Return a redaction for every secret in a report."""
        return cls.seen(report.context.secret, report.observations)

    @classmethod
    def seen(cls, secret: str, observations: Iterable[Observation]) -> "Redaction":
        """Return a redaction for the API secret, and for all that was handed out."""
        answers = [each for seen in observations for each in seen.answers]
        return cls(
            secret,
            keys=frozenset(_handed_out(answers, "sessionKey")),
            tokens=frozenset(_handed_out(answers, "token")),
        )

    def block(self, text: str | bytes, *, longest: int = LONGEST) -> str:
        """Return a printable text without secrets; line breaks and tabs stay."""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        for secret, label in self._known:
            text = text.replace(secret, label)
        text = _KEY.sub(SESSION_KEY, text)
        if "eyJ" in text:
            text = _JWT.sub(_without_token, text)
        text = _BEARER.sub(rf"\1 {TOKEN}", text)
        text = _USER.sub("", text)
        if len(text) > longest:
            text = f"{text[:longest]}… ({len(text) - longest} more characters)"
        return "".join(map(_printable, text.replace("\r\n", "\n")))

    def line(self, text: str | bytes, *, longest: int = LONGEST) -> str:
        """Return a printable text without secrets, in one line."""
        return self.block(text, longest=longest).replace("\n", "\\n").replace("\t", " ")


def _without_token(match: re.Match[str]) -> str:
    before = match["before"]
    return match[0] if before is None else f"{before}{TOKEN}"


def short(text: str, most: int) -> str:
    """Return a text cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _handed_out(answers: Iterable[TargetAnswer], name: str) -> Iterator[str]:
    for answer in answers:
        value = answer.fields.get(name)
        if isinstance(value, str) and len(value) >= _SHORTEST:
            yield value
            yield json.dumps(value)[1:-1]


def _printable(character: str) -> str:
    """Return a character, or its Python escape if it is not safe to print.

    Controls move cursors and colour terminals, bidirectional marks reorder lines, and XML forbids
    most of the first, lone surrogates and U+FFFE.
    """
    if character in "\n\t" or (character.isascii() and character.isprintable()):
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character
