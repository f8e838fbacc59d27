"""The gateway's log: one line per request, ids on every line, and no secret on any.

Code that logs does not log secrets. What is done here is the last line of defence, for words of
libraries and for mistakes. Redaction happens where a line is made, after message and arguments are
one text and before JSON escapes anything: a filter on the record would miss a secret that is put
together only then, and would change the record under other handlers.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote

import orjson
from aiohttp.http import HttpProcessingError

from gateway.variables import LogFormat, LogLevel
from gateway.watching import CURRENT, Exchange

FIELDS = (
    *("method", "path", "status", "code", "ms", "caller", "session_id", "bytes"),
    *("avatar", "hop", "reason"),
)
"""What `extra` may add to a line; anything else in it is left out."""

ELSEWHERE = "(other)"
COVER = "[redacted]"

_access = logging.getLogger("gateway.access")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
_SHORTEST_INSIDE = 4  # characters of a secret that is covered inside of words, too
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
_SIGNS = ("bearer", "basic", "key", "secret", "passw", "authoriz", "token", "://", "eyj", "stk_")
"""One of these is in whatever has the form of a secret; in lower case."""


class Redaction:
    """Covers secrets in texts.

    Args:
        secrets: covered wherever they stand, also quoted or escaped; those of 1 to 3 characters
            only where no word goes on beside them, or no word would stay whole. What has the form
            of a secret (bearer tokens, session keys, JWTs, passwords in URLs) is covered anyway.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        inside = {  # whether it is covered inside of words; of two secrets with a form, the longer
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

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        if self._known is not None:
            # first: a form may end inside a secret and leave its rest
            text = self._known.sub(COVER, text)
        small = text.lower()
        if not any(sign in small for sign in _SIGNS):  # saves 20 us on almost every line
            return text
        return _SECRET_FORMS.sub(_covered, text)

    def plain(self, value: object, depth: int = 0) -> object:
        """Return `value` as what JSON knows, without secrets; unknown types become text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping) and depth < _DEEPEST:
            return {
                self.text(key): COVER
                if _SECRET_NAME.fullmatch(key)
                else self.plain(inner, depth + 1)
                for key, inner in zip(map(_text, value), value.values(), strict=True)
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
            return [self.plain(inner, depth + 1) for inner in value]
        return self.text(_text(value))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # somebody's own __str__; a line is worth more than its error
        return f"(a {type(value).__name__})"


def _covered(match: re.Match[str]) -> str:
    return f"{match[match.lastgroup] if match.lastgroup else ''}{COVER}"


def _spellings(secret: str) -> Iterator[str]:
    """Yield patterns for a secret as it is, in a repr, in JSON, and in a URL."""
    parts = re.findall(r"\\+|['\"]|[^\\'\"]+", secret)
    yield "".join(map(_part, ["", *parts], parts))
    known = {ascii(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")}
    yield from (re.escape(spelling) for spelling in known - {secret})


def _part(before: str, part: str) -> str:
    # in the repr of a longer text, backslashes are doubled and quotes may get one
    if part.startswith("\\"):
        return rf"\\{{{len(part)},}}+"
    if part in "'\"" and not before.endswith("\\"):
        return rf"\\*+{part}"
    return re.escape(part)


class _Formatter(logging.Formatter):
    """Turns a record into values without secrets; subclasses write them down. Never raises:
    `logging` would print the arguments of the record that it could not format.
    """

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def values(self, record: logging.LogRecord) -> dict[str, object]:
        """Return what a line says, in this order; `time` is RFC 3339 in UTC."""
        exchange = CURRENT.get()
        instant = datetime.fromtimestamp(record.created, UTC)
        values: dict[str, object] = {
            "time": f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redaction.text(_message(record)),
        }
        if exchange is not None:
            values["request_id"] = self._redaction.text(exchange.identity.request_id)
            values["trace_id"] = exchange.identity.trace_id
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is not None:
                values[name] = self._redaction.plain(value)
        if trace := self._trace(record):
            values["exception"] = self._redaction.text(trace)
        return values

    def _trace(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            # aiohttp quotes a request that it cannot parse, and that may hold a secret
            return type(error).__name__
        texts = [self.formatException(record.exc_info)] if record.exc_info and error else []
        return "\n".join([*texts, record.stack_info] if record.stack_info else texts)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # whatever the arguments' own __str__ raises
        return f"{record.msg} (its arguments do not fit)"


class JsonFormatter(_Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        values = self.values(record)
        try:
            return orjson.dumps(values).decode()
        except TypeError:  # what orjson refuses and JSON can say: lone surrogates, huge integers
            return json.dumps(values)


class TextFormatter(_Formatter):
    """Lines for people: `time LEVEL logger message key=value`, then the traceback, indented.

    Control characters are escaped, so that no text can pass for a line of the log.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines with a traceback."""
        values = self.values(record)
        trace = str(values.pop("exception", ""))
        level = str(values.pop("level")).upper()
        head = [f"{values.pop('time')} {level:<7} {values.pop('logger')} {values.pop('message')}"]
        line = " ".join(head + [f"{name}={value}" for name, value in values.items()])
        return "\n    ".join(map(_printable, [line, *trace.splitlines()]))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def access(
    exchange: Exchange, *, method: str, path: str, seconds: float, size: int, level: int
) -> None:
    """Log that a request was answered.

    Args:
        level: of the line: what probes ask every few seconds is not worth as much as a connect.
        path: of a route of this gateway, else `ELSEWHERE`: callers put secrets into paths and
            query strings.
        seconds: from the request's headers to its answer.
        size: bytes of the answer's body.
    """
    fields = {
        "method": method if method in _METHODS else ELSEWHERE,
        "path": path,
        "status": exchange.status,
        "code": exchange.code,
        "ms": round(seconds * 1000, 1),
        "caller": exchange.caller or None,
        "session_id": exchange.session_id or None,
        "avatar": exchange.avatar or None,
        "bytes": size,
    }
    _access.log(level, "answered", extra=fields)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line: what `logging` would print instead shows the record's arguments."""


def setup_logging(
    level: LogLevel, form: LogFormat, secrets: Iterable[str], *, stream: TextIO | None = None
) -> None:
    """Send everything that is logged in this process through one handler, without secrets.

    For programs that own their process; an embedding application has its own logging. Handlers
    that the root logger had are removed.

    Args:
        level: from which importance on.
        stream: where to; None: standard error.
    """
    handler = _Handler(stream or sys.stderr)
    redaction = Redaction(secrets)
    handler.setFormatter(
        {LogFormat.JSON: JsonFormatter, LogFormat.TEXT: TextFormatter}[form](redaction)
    )
    root = logging.getLogger()
    for other in tuple(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level.name)
