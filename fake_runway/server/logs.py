"""How log lines look: text for people, or one JSON object a line for programs."""

import logging

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class CallersMistakes(logging.Filter):
    """Turns a caller's mistake into one line with its reason.

    aiohttp logs a traceback for it, which quotes the request, and that may hold a secret.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass; of a mistake, only its kind."""
        from aiohttp.http import HttpProcessingError
        from aiohttp.web import RequestPayloadError

        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | RequestPayloadError | UnicodeError):
            record.msg = "request that is not valid HTTP: %s"
            record.args = (type(error).__name__,)
        elif isinstance(error, ConnectionError):
            record.msg, record.args = "client left before the answer was written", ()
        else:
            return True
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
        return True


def server_logger() -> logging.Logger:
    """Return the logger of a server's connections: it quotes no request."""
    logger = logging.getLogger("fake_runway.server")
    if not logger.filters:
        logger.addFilter(CallersMistakes())
    return logger


def formatter(form: str) -> logging.Formatter:
    """Return what writes log lines in `form`, "text" or "json"."""
    if form == "text":
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    return _Json()


class _Json(logging.Formatter):
    """Shape: `{time, level, logger, message}`, what was given as `extra`, and a `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        import orjson

        extra = {key: each for key, each in vars(record).items() if key not in _OF_EVERY_RECORD}
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **extra,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=repr).decode()
