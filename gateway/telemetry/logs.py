"""The gateway's log: one line per request, ids on every line, and no secret on any.

Redaction is the last line of defence, for words of libraries and for mistakes. It happens where a
line is made, after message and arguments are one text and before JSON escapes anything: a filter on
the record would miss a secret that is put together only then.
"""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TextIO

import orjson
from aiohttp.http import HttpProcessingError

from gateway.telemetry.record import CURRENT, RequestRecord
from gateway.telemetry.redaction import Redaction

FIELDS = (
    *("method", "path", "status", "code", "ms", "caller", "session_id", "bytes"),
    *("avatar", "hop", "reason"),
)
"""What `extra` may add to a line; anything else in it is left out."""

ELSEWHERE = "(other)"

_access = logging.getLogger("gateway.access")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


class LogFormat(Enum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class LogLevel(Enum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Formatter(logging.Formatter):
    """Turns a record into values without secrets, which subclasses format.

    Never raises: `logging` would print the arguments of the record that it could not format.
    """

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def values(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the fields of a line in their order; `time` is RFC 3339 in UTC."""
        instant = datetime.fromtimestamp(record.created, UTC)
        values: dict[str, Any] = {
            "time": f"{instant.isoformat(timespec='milliseconds')[:-6]}Z",  # without +00:00
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        texts = ["message"]  # the names of those that may hold a secret
        if (request := CURRENT.get()) is not None:
            values["request_id"] = request.identity.request_id
            values["trace_id"] = request.identity.trace_id
            texts.append("request_id")
        for name in FIELDS:
            value = record.__dict__.get(name)
            if type(value) is str:
                values[name] = value
                texts.append(name)
            elif value is not None:
                values[name] = self._redaction.plain(value)
        if trace := self._trace(record):
            values["exception"] = trace
            texts.append("exception")
        if not self._redaction.clears(values[name] for name in texts):
            for name in texts:
                values[name] = self._redaction.text(values[name])
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
    except Exception:  # of the arguments' own __str__
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


def access(record: RequestRecord, *, seconds: float, level: int, reason: str = "") -> None:
    """Log that a request was answered.

    Args:
        seconds: from the request's headers to its answer.
        level: of the line; a probe every few seconds deserves a lower one than a connect.
        reason: what the code does not say; no word of the caller's.
    """
    fields = {
        "method": record.method if record.method in _METHODS else ELSEWHERE,
        "path": record.path or ELSEWHERE,
        "status": record.status,
        "code": record.code,
        "ms": round(seconds * 1000, 1),
        "caller": record.caller or None,
        "session_id": record.session_id or None,
        "avatar": record.avatar or None,
        "bytes": record.size,
        "reason": reason or None,
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
        stream: None: standard error.
    """
    handler = _Handler(stream or sys.stderr)
    redaction = Redaction(secrets)
    handler.setFormatter(
        {LogFormat.JSON: JsonFormatter, LogFormat.TEXT: TextFormatter}[form](redaction)
    )
    logging.basicConfig(handlers=[handler], level=level.name, force=True)
