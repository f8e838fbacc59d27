"""The gateway's environment variables: what sets which field, and what each may hold."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gateway.access.addresses import parse_networks
from gateway.access.cors import Origins
from gateway.access.settings import (
    LONGEST_LEEWAY_S,
    Mode,
    parse_algorithms,
    parse_jwks_url,
    parse_tokens,
)
from gateway.flow.avatars import AllowList
from gateway.flow.credentials import Shape
from gateway.flow.options import OPTIONS, parse_options
from gateway.limits.rates import LARGEST_IN_FLIGHT, parse_rate
from gateway.limits.storage import Outage, parse_storage
from gateway.telemetry.logs import LogFormat, LogLevel

N = TypeVar("N", int, float)


def _secret(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    if text != text.strip():
        raise ValueError("it begins or ends with white space")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("it holds characters that cannot be sent in a header")
    return text


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port, (parts.hostname or "").encode("idna")  # each a ValueError if it is none
    except ValueError:
        raise ValueError("its host or its port cannot be read") from None
    if any(character.isspace() for character in text):
        raise ValueError("it holds white space")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it has no http(s) scheme or no host")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("it has a query, a fragment or a user")
    return text.rstrip("/")


def _port(text: str) -> int:
    if text.startswith("tcp://"):
        raise ValueError(
            "this looks like Kubernetes' variable for a Service named `gateway`;"
            " set `enableServiceLinks: false` in the pod's spec"
        )
    return _within(int, 0, 65_535)(text)


def _within(number: Callable[[str], N], low: float, high: float) -> Callable[[str], N]:
    def parse(text: str) -> N:
        try:
            parsed = number(text)
        except ValueError:
            raise ValueError(f"got {text!r}") from None
        if not low <= parsed <= high:
            raise ValueError(f"got {text!r}")
        return parsed

    return parse


def _choice(choices: type[Enum]) -> Callable[[str], Enum]:
    def parse(text: str) -> Enum:
        try:
            return choices(text)
        except ValueError:
            raise ValueError(f"got {text!r}") from None

    return parse


def _switch(text: str) -> bool:
    try:
        return {"on": True, "off": False}[text.lower()]
    except KeyError:
        raise ValueError(f"got {text!r}") from None


def _list(text: str) -> AllowList:
    return AllowList.parse(entry.strip() for entry in text.split(",") if entry.strip())


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _in_flight(text: str) -> int:
    return 0 if text.strip().lower() == "off" else _within(int, 0, LARGEST_IN_FLIGHT)(text)


def _file(text: str) -> str:
    _text_of(text)  # whether it can be read
    return text


def _text_of(path: str) -> str:
    """Return what a file holds, which is never shown."""
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{path!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path!r} is no PEM file") from None


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable, the field it sets, and what it may hold.

    Attributes:
        field: of `Config`; with a dot, of one of its groups.
        private: its value is nobody's business, so it is no option of the command line, which
            every user of the machine can see.
    """

    name: str
    field: str
    parse: Callable[[str], Any]
    expected: str
    private: bool = False

    @property
    def key(self) -> str:
        """The field's name as an identifier."""
        return self.field.replace(".", "_")

    @property
    def flag(self) -> str:
        """The command line's name for it."""
        return "--" + self.name.removeprefix("GATEWAY_").removeprefix("RUNWAYML_").lower().replace(
            "_", "-"
        )


VARIABLES = (
    Variable("RUNWAYML_API_SECRET", "secret", _secret, "the upstream's API secret", private=True),
    Variable(
        "RUNWAYML_BASE_URL",
        "base_url",
        _base_url,
        "the upstream's URL, such as https://api.dev.runwayml.com",
    ),
    Variable("GATEWAY_HOST", "host", _text, "an address to listen on"),
    Variable("GATEWAY_PORT", "port", _port, "a port from 0 to 65535, 0 for any free one"),
    Variable("GATEWAY_SHAPE", "shape", _choice(Shape), "`credentials` or `session-key`"),
    Variable("GATEWAY_SHAPE_CHOICE", "choice", _switch, "`on` or `off`: may callers use ?shape="),
    Variable(
        "GATEWAY_DEADLINE",
        "deadline_s",
        _within(float, 1, 600),
        "a number of seconds from 1 to 600",
    ),
    Variable(
        "GATEWAY_POLL_INTERVAL",
        "longest_wait_s",
        _within(float, 0.1, 1),
        "the longest pause between polls, a number of seconds from 0.1 to 1",
    ),
    Variable(
        "GATEWAY_AVATARS",
        "avatars",
        _list,
        "preset ids and UUIDs, comma separated; `presets` for all presets, `custom` for any UUID",
    ),
    Variable(
        "GATEWAY_OPTIONS",
        "options",
        parse_options,
        f"what callers may ask of a session, comma separated: {', '.join(OPTIONS)}",
    ),
    Variable(
        "GATEWAY_CORS_ORIGINS",
        "origins",
        Origins.parse,
        "origins whose pages may call, comma separated, or *",
    ),
    Variable(
        "GATEWAY_AUTH",
        "auth.mode",
        _choice(Mode),
        "`none`, `bearer` or `jwt`: how callers show who they are",
    ),
    Variable(
        "GATEWAY_AUTH_TOKENS",
        "auth.tokens",
        parse_tokens,
        "tokens of 16 characters or more, comma separated",
        private=True,
    ),
    Variable(
        "GATEWAY_JWT_SECRET",
        "auth.jwt_secret",
        str,
        "the secret of HS256, 32 bytes or more",
        private=True,
    ),
    Variable(
        "GATEWAY_JWT_PUBLIC_KEY_FILE",
        "auth.jwt_public_key",
        _text_of,
        "a PEM file with the public key of RS256 or ES256",
    ),
    Variable(
        "GATEWAY_JWT_JWKS_URL",
        "auth.jwks_url",
        parse_jwks_url,
        "the https URL of a key set for RS256 and ES256",
    ),
    Variable(
        "GATEWAY_JWT_ALGORITHMS",
        "auth.algorithms",
        parse_algorithms,
        "fewer algorithms than go with the key, comma separated",
    ),
    Variable("GATEWAY_JWT_ISSUER", "auth.issuer", _text, "what the claim iss has to be"),
    Variable("GATEWAY_JWT_AUDIENCE", "auth.audience", _text, "what the claim aud has to be"),
    Variable(
        "GATEWAY_JWT_LEEWAY",
        "auth.leeway_s",
        _within(float, 0, LONGEST_LEEWAY_S),
        "a number of seconds that clocks may differ, 0 to 300",
    ),
    Variable(
        "GATEWAY_RATE_LIMIT",
        "limits.rates",
        parse_rate,
        "how often one caller may connect, such as 30/minute;500/day, or `off`",
    ),
    Variable(
        "GATEWAY_IN_FLIGHT_LIMIT",
        "limits.in_flight",
        _in_flight,
        f"a number of connects under way at once over all callers and replicas,"
        f" at most {LARGEST_IN_FLIGHT}, or `off`",
    ),
    Variable(
        "GATEWAY_RATE_LIMIT_STORAGE",
        "limits.storage",
        parse_storage,
        "memory:// or the redis:// URL that replicas share; may hold a password",
        private=True,
    ),
    Variable(
        "GATEWAY_RATE_LIMIT_OUTAGE",
        "limits.on_outage",
        _choice(Outage),
        "`open` or `closed`: whether callers may connect while that storage is away",
    ),
    Variable(
        "GATEWAY_TRUSTED_PROXIES",
        "limits.trusted",
        parse_networks,
        "addresses and networks whose X-Forwarded-For is believed, comma separated",
    ),
    Variable(
        "GATEWAY_CONCURRENCY",
        "concurrency",
        _within(int, 1, 100_000),
        "a number of connects at once, 1 to 100000",
    ),
    Variable(
        "GATEWAY_QUEUE",
        "queue",
        _within(int, 0, 100_000),
        "a number of callers who may wait, 0 to 100000",
    ),
    Variable(
        "GATEWAY_SHUTDOWN_GRACE",
        "grace_s",
        _within(float, 0, 600),
        "a number of seconds that connects may go on when the gateway is stopped, 0 to 600",
    ),
    Variable("GATEWAY_TLS_CERT_FILE", "tls.cert", _file, "a PEM file with the certificate chain"),
    Variable("GATEWAY_TLS_KEY_FILE", "tls.key", _file, "a PEM file with its key, unencrypted"),
    Variable("GATEWAY_METRICS", "metrics", _switch, "`on` or `off`: /metrics"),
    Variable("GATEWAY_LOG_FORMAT", "log_format", _choice(LogFormat), "`json` or `text`"),
    Variable(
        "GATEWAY_LOG_LEVEL", "log_level", _choice(LogLevel), "`debug`, `info`, `warning` or `error`"
    ),
)


def unknown(environment: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each variable that looks like one of the gateway's and is none.

    Kubernetes' own variables for a Service named `gateway` are left out.
    """
    names = [variable.name for variable in VARIABLES]
    for name in sorted(environment):
        ours = name.startswith("GATEWAY_") and name not in names
        if ours and not name.startswith(("GATEWAY_SERVICE_", "GATEWAY_PORT_")):
            near = get_close_matches(name, names, 1)
            yield f"{name} is no variable of the gateway" + (f"; {near[0]} is" if near else "")
