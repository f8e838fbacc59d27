"""How a secret is spelled where it leaks, and the one search for secrets in foreign text."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

API_SECRET, SESSION_KEY, LIVEKIT_TOKEN = "API secret", "session key", "token"
PART_OF_SECRET = "part of the API secret"
KEY = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}")
TOKEN = re.compile(r"(?<![\w-])eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{16,1024}")
"""Bounded, and only at the beginning of a word: linear in any text."""
PART = 12
"""So many characters in a row show which secret it is; fewer may be those of an id."""
EDGE = 8
"""So many characters at its beginning or end show it as well."""
_LONGEST = 256  # a secret of more characters is recognised by its beginning
_CREDENTIALS = ("auth", "cookie", "token", "key", "secret", "session")
_SHORTEST_TOKEN = 6


def spellings(secret: str) -> Iterator[str]:
    """Yield the likely spellings of a secret in bodies, headers and logs; none if it is empty."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield secret.encode().hex()
    yield secret.encode().hex().upper()
    yield secret[::-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")
        for before in range(3):  # as a part of a text, such as `user:secret`
            spelled = encode(b"-" * before + secret.encode()).decode().rstrip("=")
            inside = spelled[before + 1 if before else 0 : -1]
            if len(inside) >= PART:
                yield inside


def tokens_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the credentials in headers that a caller sends.

    The values of headers whose name says so: without their scheme, and each cookie by itself.
    """
    found = []
    for name, value in headers.items():
        if not any(word in name.lower() for word in _CREDENTIALS):
            continue
        if name.lower() == "cookie":
            found += [cookie.partition("=")[2].strip() for cookie in value.split(";")]
        else:
            found.append(value.rpartition(" ")[2])
    return tuple(each for each in found if len(each) >= _SHORTEST_TOKEN)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: what it is, and where it stands."""

    what: str
    begin: int
    end: int


@dataclass(frozen=True)
class Searched:
    """What a text of a target must not contain. Searches in linear time.

    Attributes:
        secret: the API secret of the target.
    """

    secret: str

    def found_in(self, text: str) -> Iterator[Secret]:
        """Yield the secrets in a text, kind by kind.

        Every spelling of the API secret, every session key, every token, and the parts of the API
        secret that stand by themselves.
        """
        whole = []
        for spelling in dict.fromkeys(spellings(self.secret)):
            begin = text.find(spelling)
            while begin >= 0:
                whole.append(Secret(API_SECRET, begin, begin + len(spelling)))
                begin = text.find(spelling, begin + len(spelling))
        yield from whole
        for what, pattern in ((SESSION_KEY, KEY), (LIVEKIT_TOKEN, TOKEN)):
            for match in pattern.finditer(text):
                yield Secret(what, *match.span())
        if not whole and (part := self._part_in(text)):
            yield part

    def _part_in(self, text: str) -> Secret | None:
        """Return a part of the API secret. One without a digit may be a word."""
        secret = self.secret[:_LONGEST]
        inner = (secret[first : first + PART] for first in range(len(secret) - PART + 1))
        for part in (*inner, secret[:EDGE], secret[-EDGE:]):
            if len(part) < EDGE or not any(map(str.isdigit, part)):
                continue
            if (begin := text.find(part)) >= 0:
                return Secret(PART_OF_SECRET, begin, begin + len(part))
        return None

    def redacted(self, text: str) -> str:
        """Return a text with the name of each secret in its place."""
        parts, until = [], 0
        for each in sorted(self.found_in(text), key=lambda each: (each.begin, -each.end)):
            if each.end <= until:
                continue
            if each.begin >= until:
                parts += [text[until : each.begin], f"[{each.what}]"]
            until = each.end
        return "".join([*parts, text[until:]])
