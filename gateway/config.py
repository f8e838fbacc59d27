"""The gateway's configuration: read once, checked whole, frozen.

Every variable is listed in `VARIABLES`; the command line has a flag for each but the secret, which
would be visible in the process list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gateway.avatars import AllowList
from gateway.credentials import Shape


class ConfigError(Exception):
    """A variable is missing or wrong. The message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a gateway needs to know.

    Attributes:
        secret: the upstream's API secret.
        base_url: the upstream, without a trailing slash.
        shape: the answer's shape, unless the caller asks for the other one and `choice` allows it.
        deadline_s: from a request to its answer.
        longest_wait_s: between two looks at a session, at most 1.
        avatars: whom sessions may be made for.
    """

    secret: str = field(repr=False)
    base_url: str = "https://api.dev.runwayml.com"
    host: str = "127.0.0.1"
    port: int = 4011
    shape: Shape = Shape.CREDENTIALS
    choice: bool = True
    deadline_s: float = 30.0
    longest_wait_s: float = 0.25
    avatars: AllowList = field(default_factory=lambda: AllowList.parse(["presets", "custom"]))

    @property
    def upstream_host(self) -> str:
        """The upstream's host and port, fit for a log line."""
        return urlsplit(self.base_url).netloc

    @classmethod
    def read(
        cls, environment: Mapping[str, str], flags: Mapping[str, str | None] | None = None
    ) -> "Config":
        """Build from environment variables; a flag (named like its field) wins.

        Raises:
            ConfigError: the first thing that is wrong, with what was expected.
        """
        values: dict[str, Any] = {}
        for variable in VARIABLES:
            flag = (flags or {}).get(variable.field)
            text = flag if flag is not None else environment.get(variable.name)
            if text is None:
                continue
            try:
                values[variable.field] = variable.parse(text)
            except ValueError as error:
                source = variable.flag if flag is not None else variable.name
                raise ConfigError(f"{source}: expected {variable.expected}: {error}") from None
        if "secret" not in values:
            raise ConfigError("RUNWAYML_API_SECRET: expected the upstream's API secret: not set")
        return cls(**values)


def _secret(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    if text != text.strip():
        raise ValueError("it begins or ends with white space")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("it holds characters that cannot be sent in a header")
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port  # a ValueError if it is none
    if any(character.isspace() for character in text):
        raise ValueError("it holds white space")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has no http(s) scheme or no host")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it has a query, a fragment or a user")
    parts.hostname.encode("idna")  # a UnicodeError, which is a ValueError, if it is none
    return text.rstrip("/")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError(f"got {port}")
    return port


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        seconds = float(text)
        if not low <= seconds <= high:
            raise ValueError(f"got {seconds:g}")
        return seconds

    return parse


def _switch(text: str) -> bool:
    try:
        return {"on": True, "off": False}[text.lower()]
    except KeyError:
        raise ValueError(f"got {text!r}") from None


def _list(text: str) -> AllowList:
    return AllowList.parse(entry.strip() for entry in text.split(",") if entry.strip())


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable, the field it sets, and what it may hold."""

    name: str
    field: str
    parse: Callable[[str], Any]
    expected: str

    @property
    def flag(self) -> str:
        """The command line's name for it."""
        return "--" + self.name.removeprefix("GATEWAY_").removeprefix("RUNWAYML_").lower().replace(
            "_", "-"
        )


VARIABLES = (
    Variable("RUNWAYML_API_SECRET", "secret", _secret, "the upstream's API secret"),
    Variable("RUNWAYML_BASE_URL", "base_url", _base_url, "the upstream's URL"),
    Variable("GATEWAY_HOST", "host", str, "an address to listen on"),
    Variable("GATEWAY_PORT", "port", _port, "a port from 0 to 65535, 0 for any free one"),
    Variable("GATEWAY_SHAPE", "shape", Shape, "credentials or session-key"),
    Variable("GATEWAY_SHAPE_CHOICE", "choice", _switch, "on or off: may callers use ?shape="),
    Variable("GATEWAY_DEADLINE", "deadline_s", _seconds(1, 600), "seconds from 1 to 600"),
    Variable(
        "GATEWAY_POLL_INTERVAL",
        "longest_wait_s",
        _seconds(0.1, 1),
        "the longest pause between polls, 0.1 to 1 seconds",
    ),
    Variable(
        "GATEWAY_AVATARS",
        "avatars",
        _list,
        "preset ids and UUIDs, comma separated; `presets` for all presets, `custom` for any UUID",
    ),
)
