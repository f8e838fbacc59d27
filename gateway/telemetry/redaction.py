"""Redaction of secrets in log lines."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

REDACTED = "[redacted]"

_SHORTEST_INSIDE = 4  # characters of a secret that is redacted inside of words, too
_DEEPEST = 5  # levels of nested values; deeper ones are shown as text
_SECRET_KEY = r"(?:session|api)[_-]?key|(?:api|client)[_-]?secret|passw(?:or)?d|authorization"
_SECRET_NAME = re.compile(rf"{_SECRET_KEY}|(?:\w+[_-])?token|secret", re.IGNORECASE)
_SECRET_FORMS = re.compile(
    r"(?P<scheme>\b(?:bearer|basic)(?:\s|%20|\+)+)[^\s\"']+"
    rf"|(?P<key>(?:{_SECRET_KEY})[\"'\\]*\s*(?:[:=]|(?<=[\"']),)[\s\"'\\]*(?:b[\"'])?)"
    r"(?!(?:bearer|basic)\s)[^\s\"'\\,}&]+"
    r"|(?P<token>\btoken(?:[\"'\\]+\s*:|=)[\s\"'\\]*)[^\s\"'\\,}&]+"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
    r"|\bstk_[\w-]{8,}"
    r"|eyJ[\w.+/=-]{6,}",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\\+|['\"]|[^\\'\"]+")
_SIGNS = ("bearer", "basic", "key", "secret", "passw", "authoriz", "token", "://", "eyj", "stk_")
"""Every text with the form of a secret has one of these, in lower case."""


class Redaction:
    """Redacts secrets in texts.

    Args:
        secrets: redacted wherever they stand, also quoted or escaped; those of 1 to 3 characters
            only as whole words, or few words would stay readable. What has the form of a secret
            (bearer tokens, session keys, JWTs, passwords in URLs) is redacted in any case.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        inside = {  # whether a form counts inside of words; of two secrets with it, the longer's
            form: len(secret) >= _SHORTEST_INSIDE
            for secret in sorted(secrets, key=len)
            if secret
            for form in _spellings(secret)
        }
        # longest first, or the beginning of a secret that is another one would hide its rest
        known = "|".join(
            form if inside[form] else rf"(?<!\w){form}(?!\w)"
            for form in sorted(inside, key=lambda form: (-len(form), form))
        )
        self._known = re.compile(known) if known else None

    def clears(self, texts: Iterable[str]) -> bool:
        """Return whether `text` would leave each of these as it is; False also when in doubt.

        One search over a line's eight texts costs a fourth of a search in each.
        """
        # to a lookaround of a secret's pattern a line break is what the end of a text is
        joined = "\n".join(texts)
        found = self._known is not None and self._known.search(joined) is not None
        return not found and not _has_sign(joined)

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        if self._known is not None:
            # first: a form may end inside a secret and leave its rest
            text = self._known.sub(REDACTED, text)
        if not _has_sign(text):  # spares almost every line the long search
            return text
        return _SECRET_FORMS.sub(
            lambda match: f"{match[match.lastgroup] if match.lastgroup else ''}{REDACTED}", text
        )

    def plain(self, value: object, depth: int = 0) -> object:
        """Return `value` as what JSON knows, without secrets; unknown types become text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping) and depth < _DEEPEST:
            return {
                self.text(key): REDACTED
                if _SECRET_NAME.fullmatch(key)
                else self.plain(inner, depth + 1)
                for key, inner in zip(map(_text, value), value.values(), strict=True)
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
            return [self.plain(inner, depth + 1) for inner in value]
        return self.text(_text(value))


def _has_sign(text: str) -> bool:
    small = text.lower()
    return any(sign in small for sign in _SIGNS)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # of the value's own __str__; a line is worth more than its error
        return f"(a {type(value).__name__})"


def _spellings(secret: str) -> Iterator[str]:
    """Yield patterns for a secret as it is, in a repr, in JSON, and in a URL."""
    parts = _PARTS.findall(secret)
    spelled = "".join(map(_part, ["", *parts], parts))
    # a run of backslashes is looked at from its beginning alone, not from each of them
    yield rf"(?<!\\){spelled}" if secret[0] in "\\'\"" else spelled
    known = {ascii(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")}
    yield from (re.escape(spelling) for spelling in known - {secret})


def _part(before: str, part: str) -> str:
    # in the repr of a longer text, backslashes are doubled and quotes may get one
    if part.startswith("\\"):
        return rf"\\{{{len(part)},}}+"
    if part in "'\"" and not before.endswith("\\"):
        return rf"\\*+{part}"
    return re.escape(part)
