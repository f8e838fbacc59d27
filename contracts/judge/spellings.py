"""How a secret is spelled where it leaks, and the one search for secrets in foreign text."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

API_SECRET, SESSION_KEY = "API secret", "session key"
KEY = re.compile(r"stk_[0-9a-f]{12}_[0-9a-f]{32}")
_CREDENTIALS = ("auth", "cookie", "token", "key", "secret", "session")
_SHORTEST_TOKEN = 6


def spellings(secret: str) -> Iterator[str]:
    """Yield the likely spellings of a secret in bodies, headers and logs; none if it is empty."""
    if not secret:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")


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
        """Yield the secrets in a text: every spelling of the API secret, then every session key."""
        for spelling in dict.fromkeys(spellings(self.secret)):
            begin = text.find(spelling)
            while begin >= 0:
                yield Secret(API_SECRET, begin, begin + len(spelling))
                begin = text.find(spelling, begin + len(spelling))
        for match in KEY.finditer(text):
            yield Secret(SESSION_KEY, *match.span())

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
